"""Cutoffs read off the policy: their numbers, what proves them, and where they are said."""

from math import exp

import pytest
from ageing_oracle import kept_alone
from jsonschema import validate

from lpdistill import Problem, solve
from lpdistill.schemas import schema
from lpdistill.solution.cutoffs import Cutoff, cutoffs_of

KEPT = [(2, 50, None), (2, 70, 1), (2, 100, 0), (2, 150, 3), (2, 200, 4), (3, 50, None), (3, 100, 3), (3, 200, 7)]
"""Memories, coherence time, and the greatest age of a lone raw pair that is kept (p = 1/2, 0.90 -> 0.93, fresh)."""


def _solved(memories, time, within="1e-4", products="fresh"):
    return solve(Problem(0.5, memories, 0.9, 0.93, coherence_time=time, products=products), within=within)


@pytest.fixture(scope="module")
def solved():
    """Two memories with a coherence time of 200."""
    return _solved(2, 200)


def _raw(solution) -> Cutoff:
    return next(one for one in solution.policy.cutoffs if one.raw and not one.beside)


@pytest.mark.parametrize(("memories", "time", "kept"), KEPT)
def test_a_lone_raw_pair_is_kept_up_to_an_age_that_is_proved(memories, time, kept):
    """Both label models say so: to keep it is faster than to discard it up to that age, and slower beyond."""
    found = _raw(_solved(memories, time))
    assert (found.kept, found.discarded) == (kept, 0 if kept is None else kept + 1)
    assert found.proved


@pytest.mark.parametrize(("time", "kept"), [(time, kept) for memories, time, kept in KEPT if memories == 2])
def test_a_recursion_over_true_parameters_has_the_same_cutoffs(time, kept):
    """It knows nothing of labels."""
    assert kept_alone(0.5, 0.9, 0.93, time, fresh=True) == kept


def test_cutoffs_of_lone_pairs_end_at_one_fidelity(solved):
    """What is discarded is worse than all that is kept, whatever made it."""
    lone = [one for one in solved.policy.cutoffs if not one.beside and one.discarded]
    made = [float(solved.problem.levels[one.level].fidelity) - 1 / 4 for one in lone]
    last = [w * exp(-float(one.kept) / 200) for w, one in zip(made, lone, strict=True)]
    gone = [w * exp(-float(one.discarded) / 200) for w, one in zip(made, lone, strict=True)]
    assert len(lone) > 20
    assert min(last) > max(gone)


def test_a_pair_that_is_never_old_enough_to_be_discarded_says_so():
    """Memories that hardly forget keep it as long as runs come by it."""
    found = _raw(_solved(2, 10**6))
    assert found.discarded is None
    assert not found.proved
    assert str(found).endswith("or more")


def test_beside_others_pairs_are_discarded_too():
    """With three memories, two pairs in the way of a third are said with it."""
    beside = [one for one in _solved(3, 100).policy.cutoffs if one.beside]
    assert {len(one.beside) for one in beside} <= {1, 2}
    assert any(one.raw for one in beside)
    assert not any(one.proved for one in beside)


def test_summary_and_table_say_cutoffs_in_words(solved):
    """The raw pair comes first."""
    lines = dict(solved.summary())
    assert lines["cutoffs"].startswith("a lone raw pair is kept up to age 4 (4 steps); a lone 0.9264 is kept up to age")
    [_, _, table] = solved.printed(3)
    assert table.title == "cutoffs"
    assert table.rows[0][:5] == ("raw", "nothing", "4", "5", "yes")


def test_a_pair_that_is_discarded_at_once_says_so():
    """Two memories that forget so fast that only two pairs at a time are of use."""
    assert f"{_raw(_solved(2, 50)).pair} {_raw(_solved(2, 50))}" == "a lone raw pair is discarded at once"


def test_documents_have_cutoffs_that_follow_their_schemas(solved):
    """Of a solution, and of the explanation of a configuration."""
    document = solved.to_dict()
    validate(document, schema("lpdistill.solution/1"))
    assert document["cutoffs"][0]["kept"] == 4
    raw = document["cutoffs"][0]["level"]
    explained = solved.explain(tuple(int(level == raw) for level in range(len(solved.problem.levels))))
    validate(explained.to_dict(), schema("lpdistill.explanation/1"))
    assert explained.to_dict()["cutoffs"] == document["cutoffs"][:1]
    assert dict(explained.summary())["cutoff"] == "a lone raw pair is kept up to age 4 (4 steps)"


def test_memories_that_keep_what_they_hold_have_none():
    """Nothing is discarded because it is old."""
    found = solve(Problem(0.5, 2, 0.9, 0.93))
    assert found.policy.cutoffs == cutoffs_of(found.plan) == ()
    assert "cutoffs" not in found.to_dict()
