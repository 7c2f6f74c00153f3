"""Baseline policies: what they do in count form is what they are said to do, pair by pair."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from cases import Additive, problems
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import (
    Banded,
    EqualLevelsOnly,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    Rule,
    baseline,
)
from lpdistill.hardware.actions import Attempts
from lpdistill.policies.named import baseline_named
from lpdistill.process.factored.dynamics import Dynamics

NAMES = ["pumping", "nested", "greedy", "banded:0", "banded:1", "banded:2"]


def pumping(pairs, most):
    """Match each raw pair with the best pair of a higher level, then raw pairs with each other."""
    raw, higher = [p for p in pairs if p == 0], sorted((p for p in pairs if p > 0), reverse=True)
    made = []
    while raw and higher and len(made) < most:
        made.append((raw.pop(), higher.pop(0)))
    while len(raw) > 1 and len(made) < most:
        made.append((raw.pop(), raw.pop()))
    return made


def nested(pairs, most):
    """Within each level, the highest first, match pairs as long as there are two."""
    made, left = [], sorted(pairs, reverse=True)
    while len(left) > 1 and len(made) < most:
        if left[0] == left[1]:
            made.append((left.pop(0), left.pop(0)))
        else:
            left.pop(0)
    return made


def closest(pairs, most, fidelities, width):
    """Again and again match the two pairs of smallest difference in fidelity, the best where there are several."""
    made, left = [], list(pairs)
    while len(made) < most:
        found = [
            (abs(fidelities[a] - fidelities[b]), -max(a, b), i, j)
            for i, a in enumerate(left)
            for j, b in enumerate(left)
            if i < j and abs(a - b) <= width
        ]
        if not found:
            break
        *_, i, j = min(found)
        made.append((left[i], left[j]))
        left = [pair for place, pair in enumerate(left) if place not in {i, j}]
    return made


def matched(name, pairs, most, fidelities):
    """What a baseline matches, by its name."""
    if name in {"pumping", "nested"}:
        return {"pumping": pumping, "nested": nested}[name](pairs, most)
    return closest(pairs, most, fidelities, 10**9 if name == "greedy" else int(name.removeprefix("banded:")))


def literally(name, problem, counts, most=10**9, attempts=10**9):
    """What a baseline does in a configuration, pair by pair: distillations and attempts."""
    pairs = [level for level, count in enumerate(counts) for _ in range(count)]
    made = matched(name, pairs, most, [level.fidelity for level in problem.levels])
    return tuple(sorted(tuple(sorted(pair)) for pair in made)), min(problem.memories - len(pairs), attempts)


def chosen(problem, name, ranks=None):
    """What the package's baseline does in some configurations, in the same words."""
    dynamics = Dynamics(problem, Attempts.FULL).unguarded()
    columns = baseline_named(name).columns(dynamics.kernel)
    ranks = np.arange(dynamics.size) if ranks is None else ranks
    for rank, action in zip(ranks.tolist(), dynamics.names.actions(columns[ranks]), strict=True):
        yield dynamics.names.key(rank), (tuple(sorted(action.distil)), action.generate)


@settings(max_examples=40)
@given(problems(most_memories=8), st.sampled_from(NAMES), st.integers(1, 4), st.integers(1, 8))
def test_baselines_are_what_they_are_said_to_be(problem, name, most, attempts):
    """In every configuration a baseline does what its description says of pairs with names, also where rules cut it."""
    limited = problem.with_constraints(MaxDistillations(most), MaxAttempts(attempts))
    if len(problem.levels) > 4 and problem.memories > 6:
        problem, limited = problem.replace(memories=5), limited.replace(memories=5)
    for counts, found in chosen(problem, name):
        assert found == literally(name, problem, counts), counts
    for counts, found in chosen(limited, name):
        assert found == literally(name, limited, counts, most, attempts), counts


@pytest.mark.parametrize("name", NAMES)
def test_equal_differences_are_broken_by_the_best(name):
    """With levels at equal distances, where differences tie, the best pairs are matched first."""
    problem = Problem("1/2", 6, "3/5", "19/20", distillation=Additive())
    gaps = {b.fidelity - a.fidelity for a, b in zip(problem.levels, problem.levels[1:], strict=False)}
    assert (len(problem.levels), gaps) == (4, {Fraction(1, 10)})
    for counts, found in chosen(problem, name):
        assert found == literally(name, problem, counts), counts


@pytest.mark.parametrize("name", NAMES)
def test_many_memories_agree_rank_by_rank(name):
    """With 32 memories, all 6,545 configurations at once decide as a sample does one by one."""
    problem = Problem("1/2", 32, "9/10", "94/100")
    ranks = np.random.default_rng(5).choice(6545, size=150, replace=False)
    for counts, found in chosen(problem, name, ranks):
        assert found == literally(name, problem, counts), counts


@settings(max_examples=15)
@given(problems(most_memories=5))
def test_the_widths_of_bands_lead_from_nested_to_greedy(problem):
    """A band of width 0 is nested, and one of all levels is greedy."""
    widest = f"banded:{len(problem.levels)}"
    for narrow, known in (("banded:0", "nested"), (widest, "greedy")):
        assert dict(baseline(problem, narrow)) == dict(baseline(problem, known))


SAME = {
    "greedy among equal levels is nested": (EqualLevelsOnly(), "greedy", "nested"),
    "greedy within a band is banded": (Banded(1), "greedy", "banded:1"),
    "pumping consumes raw pairs anyway": (RawPairOnly(), "pumping", "pumping"),
    "nested keeps to equal levels anyway": (EqualLevelsOnly(), "nested", "nested"),
}


@pytest.mark.parametrize(("rule", "name", "other"), SAME.values(), ids=SAME)
def test_rules_on_pairs_leave_kinds_out(rule, name, other):
    """A baseline under a rule about pairs does what is left of it."""
    free = Problem("1/2", 5, "9/10", "94/100")
    assert list(chosen(free.with_constraints(rule), name)) == list(chosen(free, other))


def test_no_generation_while_distilling_is_kept():
    """Where a step that distils may not generate, a baseline attempts nothing while it distils."""
    problem = Problem("1/2", 4, "3/4", "79/100", rules=[NoGenerationWhileDistilling()])
    for counts, (pairs, attempts) in chosen(problem, "greedy"):
        assert attempts == (0 if pairs else 4 - sum(counts))


def test_a_predicate_that_forbids_a_baseline_names_the_place():
    """A rule that refuses what a baseline does is an error with the configuration and the action."""
    rule = Rule(lambda step: step.distil != ((0, 0),), name="no two raw pairs alone")
    with pytest.raises(ModelError, match=r"policy nested at \(2, 0\).*every rule allows") as caught:
        baseline(Problem("1/2", 3, "3/4", "79/100", rules=[rule]), "nested")
    assert caught.value.value.distil == ((0, 0),)


def test_nested_in_two_memories_is_trapped():
    """Nested with two memories and two rounds is trapped with one pair at each level, and nowhere else."""
    policy = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested")
    assert policy.waiting_time == float("inf")
    assert policy.deadlock == ((1, 1),)


def test_nested_with_a_memory_for_every_round_is_not_trapped():
    """With three memories two nested rounds always go on, and with two memories one round does."""
    assert baseline(Problem("1/2", 3, "3/4", "79/100"), "nested").deadlock == ()
    assert baseline(Problem("1/2", 2, "3/4", "31/40"), "nested").deadlock == ()


@settings(max_examples=25)
@given(problems(most_memories=6), st.sampled_from([(), (MaxDistillations(1),), (NoGenerationWhileDistilling(),)]))
def test_pumping_is_never_trapped(problem, rules):
    """Pumping always reaches the target.

    A step that distils leaves a memory empty, for none that it frees can generate in the same step; a step that does
    not adds raw pairs only.  So full memories hold a raw pair, which is pumped; with an empty memory generation is
    attempted; and the best pair rises with every success.
    """
    policy = baseline(problem.with_constraints(*rules), "pumping")
    assert policy.deadlock == ()
    assert np.isfinite(policy.waiting_time)


@pytest.mark.parametrize("name", ["", "best", "banded", "banded:", "banded:x", "banded:-1", "banded:1.5", "Nested"])
def test_an_unknown_name_is_refused(name):
    """A name that stands for no policy is an error of input."""
    with pytest.raises(ModelError, match=r"policy"):
        baseline(Problem("1/2", 2, "3/4", "79/100"), name)
