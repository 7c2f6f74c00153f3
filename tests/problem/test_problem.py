"""Problems: exact numbers in, wrong numbers refused, unreachable targets named with their limits."""

import dataclasses
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from cases import Additive

from lpdistill import (
    Budget,
    FinalStep,
    InfiniteLevelsError,
    LpdistillError,
    MaxDistillations,
    ModelError,
    Problem,
    UnreachableTargetError,
    solve,
)
from lpdistill.problem.problem import last_step_time

LIMITS = [0.75, 0.8256939094329987, 0.8910850673951699, 0.9377015642636094]
"""Memory limits of 3/4 for one to four memories: roots of Eq. 7, computed to 50 digits and rounded."""


@pytest.mark.parametrize("p", [0.5, "0.5", "1/2", Fraction(1, 2), Decimal("0.5"), "5e-1"])
@pytest.mark.parametrize("f0", [0.9, "0.9", "9/10", Fraction(9, 10), Decimal("0.90")])
def test_spellings_of_a_problem_are_equal(p, f0):
    """Floats, text, fractions and decimals of the same numbers make the same problem, with the same hash."""
    problem, plain = Problem(p, "4", f0, "0.94"), Problem("1/2", 4, "9/10", "47/50")
    assert problem == plain
    assert hash(problem) == hash(plain)


def test_gap_is_added_exactly():
    """``f0 + gap`` is 47/50 and not 0.9 + 0.04 in double precision."""
    assert Problem(0.5, 4, 0.9, gap=0.04).target == Fraction(47, 50)


def test_defaults():
    """Generation takes 1, distillation 2, and the last step counts."""
    problem = Problem(0.5, 4, 0.9, 0.94)
    assert (problem.generation_time, problem.distillation_time, problem.final_step) == (1, 2, FinalStep.CHARGED)


def test_a_problem_cannot_be_changed():
    """Problems are frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Problem(0.5, 4, 0.9, 0.94).p = Fraction(1)


def test_replace_changes_what_it_names():
    """``replace`` keeps everything else, and leaves the original alone."""
    problem = Problem("1/3", 4, 0.9, 0.94, generation_time="1/7", final_step="free")
    changed = problem.replace(memories=3)
    assert changed == Problem("1/3", 3, 0.9, 0.94, generation_time="1/7", final_step="free")
    assert problem.memories == 4


def test_replace_with_a_gap():
    """A new gap replaces the target."""
    assert Problem(0.5, 4, 0.9, 0.94).replace(gap="0.01").target == Fraction(91, 100)


def test_replace_checks_its_numbers():
    """A replaced value is checked like a given one."""
    with pytest.raises(ModelError, match="p"):
        Problem(0.5, 4, 0.9, 0.94).replace(p=2)


def test_replacing_the_target_forgets_the_levels():
    """Levels belong to the new target, even if those of the old one were computed."""
    problem = Problem(0.5, 4, 0.75, 0.79)
    before = len(problem.levels)
    assert (before, len(problem.replace(target="31/40").levels)) == (2, 1)


@pytest.mark.parametrize(
    "constraints", [{}, {"rules": (MaxDistillations(1),)}, {"budgets": (Budget("steps", 9),)}], ids=str
)
def test_a_problem_survives_pickling(constraints):
    """A problem comes back equal from a pickle, as parallel work needs, with its rules and budgets."""
    problem = Problem("1/3", 4, 0.9, 0.94, **constraints)
    assert pickle.loads(pickle.dumps(problem)) == problem  # noqa: S301 - made here


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("p", {"p": 0}),
        ("p", {"p": "1.0000001"}),
        ("p", {"p": -0.5}),
        ("p", {"p": "half"}),
        ("memories", {"memories": 0}),
        ("memories", {"memories": -3}),
        ("memories", {"memories": 2.5}),
        ("memories", {"memories": None}),
        ("f0", {"f0": "1/2"}),
        ("f0", {"f0": 1.01}),
        ("f0", {"f0": None}),
        ("target", {"target": 0}),
        ("target", {"target": 1.01}),
        ("target", {"target": None}),
        ("target", {"gap": 0.01}),
        ("gap", {"target": None, "gap": 0.5}),
        ("gap", {"target": None, "gap": -1}),
        ("generation_time", {"generation_time": -1}),
        ("generation_time", {"generation_time": float("nan")}),
        ("distillation_time", {"distillation_time": "-1/2"}),
        ("distillation_time", {"distillation_time": float("inf")}),
        ("generation_time", {"generation_time": 0, "distillation_time": 0}),
        ("final_step", {"final_step": "cheap"}),
        ("distillation", {"distillation": "bbpsw"}),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(where, arguments):
    """A number out of its range, or no number, is a ModelError that names the argument."""
    with pytest.raises(ModelError) as caught:
        Problem(**{"p": 0.5, "memories": 4, "f0": 0.75, "target": 0.79, **arguments})
    assert caught.value.where == where


@pytest.mark.parametrize("time", ["1e-400", "1e400"])
def test_times_beyond_double_precision_are_refused(time):
    """A duration that double precision takes for zero or infinity is an error of the package, and no answer."""
    with pytest.raises(LpdistillError):
        solve(Problem(0.5, 2, 0.75, 0.79, generation_time=time, distillation_time=time))


@pytest.mark.parametrize(
    ("memories", "target"), [(1, "0.7500001"), (2, "0.8257"), (3, "0.8911"), (4, "0.9378"), (4, 1)]
)
def test_an_unreachable_target_states_both_limits(memories, target):
    """Beyond what the memories can reach, the error carries the target, the pumping limit and the memory limit."""
    with pytest.raises(UnreachableTargetError) as caught:
        _ = Problem(0.5, memories, "3/4", target).levels
    error = caught.value
    assert not isinstance(error, InfiniteLevelsError)
    assert error.target == float(target)
    assert error.pumping_limit == pytest.approx(LIMITS[1], rel=1e-15)
    assert error.memory_limit == pytest.approx(LIMITS[memories - 1], rel=1e-15)


@pytest.mark.parametrize(("memories", "target"), [(3, "0.8257"), (3, "0.8910"), (4, "0.9377")])
def test_infinitely_many_levels_state_both_limits(memories, target):
    """Between the pumping limit and the memory limit there is no finite program: the error carries both limits."""
    with pytest.raises(InfiniteLevelsError) as caught:
        _ = Problem(0.5, memories, "3/4", target).levels
    assert caught.value.pumping_limit == pytest.approx(LIMITS[1], rel=1e-15)
    assert caught.value.memory_limit == pytest.approx(LIMITS[memories - 1], rel=1e-15)


@pytest.mark.parametrize(("memories", "kind"), [(2, UnreachableTargetError), (3, InfiniteLevelsError)])
def test_the_limit_itself_is_not_reached(memories, kind):
    """The pumping limit 9/10 of ``f0 = 139/166`` is out of reach for two memories, and infinitely far for three."""
    with pytest.raises(UnreachableTargetError) as caught:
        _ = Problem(0.5, memories, "139/166", "9/10").levels
    assert type(caught.value) is kind


@pytest.mark.parametrize("memories", [10**6, 10**9])
def test_many_memories_are_answered_at_once(memories):
    """Limits of any number of memories are known without iterating over the memories: they tend to 1."""
    assert Problem(0.5, memories, "3/4", "79/100").reach.memory_limit == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("target", "final_step", "charged", "uncharged"),
    [("79/100", "charged", 2, 0), ("79/100", "free", 2, 2), ("3/4", "charged", 1, 0), ("3/4", "free", 1, 1)],
)
def test_last_step(target, final_step, charged, uncharged):
    """The last step is a distillation, or a generation where a raw pair meets the target; free, it is not counted."""
    problem = Problem(0.5, 4, "3/4", target, final_step=final_step)
    assert (last_step_time(problem), problem.uncharged_time) == (charged, uncharged)


def test_problem_as_data():
    """As JSON data, numbers are exact text under the names that users rely on."""
    promised = {
        "p": "1/2",
        "memories": 4,
        "f0": "3/4",
        "target": "79/100",
        "generation_time": "1",
        "distillation_time": "2",
        "final_step": "charged",
        "rules": [],
        "budgets": {},
        "discarding": False,
    }
    assert promised.items() <= Problem(0.5, 4, 0.75, 0.79).to_dict().items()


def test_another_map_makes_another_problem():
    """Problems with different maps are different, even where all numbers agree."""
    assert Problem(0.5, 4, "0.6", "0.61", distillation=Additive()) != Problem(0.5, 4, "0.6", "0.61")
