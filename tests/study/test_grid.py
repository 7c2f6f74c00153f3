"""Grids: exact values, in the order given, and what is refused by the name of its axis."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Budget, Grid, LimitError, MaxDistillations, ModelError, NoGenerationWhileDistilling, Problem
from lpdistill.study import grid as room

FIXED = {"p": "1/2", "memories": 4, "f0": "3/4", "gap": "0.04"}
FOUR = Problem(**FIXED)


def values(name, given):
    """The values of the only axis of a grid."""
    (axis,) = Grid(**{**FIXED, name: given}).axes
    assert axis.name == name
    return list(axis.values)


@given(
    st.decimals("0.001", "0.4", places=3),
    st.decimals("0.001", "0.2", places=3),
    st.integers(0, 20),
    st.decimals(0, "0.99", places=2),
)
def test_ranges_are_exact(low, step, count, beyond):
    """A range of decimals has all of low, low + step, ..., and ends with its upper end exactly if that is hit."""
    low, step = Fraction(low), Fraction(step)
    high = low + (count + Fraction(beyond)) * step
    text = f"{Decimal(low.numerator) / low.denominator}:{high}:{step}"
    wanted = [low + i * step for i in range(count + 1)]
    assert room._values("p", text) == wanted  # noqa: SLF001 - ranges on their own, without a problem around them
    assert (wanted[-1] == high) == (beyond == 0)


@given(st.fractions("1/10", 1), st.fractions("1/100", 1), st.integers(1, 9))
def test_ranges_may_fall(high, step, count):
    """A range with a negative step is the range with the positive one, from the other end."""
    low = high - count * step
    down, up = (room._values("gap", text) for text in (f"{high}:{low}:-{step}", f"{low}:{high}:{step}"))  # noqa: SLF001
    assert down == up[::-1]


def test_both_ends_are_included_where_floats_would_miss_them():
    """0.3:0.9:0.1 ends with 9/10, though floating-point steps of 0.1 from 0.3 come to 0.8999999999999999."""
    assert values("p", "0.3:0.9:0.1") == [Fraction(n, 10) for n in range(3, 10)]
    assert values("p", "0.3:0.95:0.1")[-1] == Fraction(9, 10)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("0.6,0.7,3/4", ["3/5", "7/10", "3/4"]),
        ([0.6, "0.7", Fraction(3, 4), Decimal("0.1")], ["3/5", "7/10", "3/4", "1/10"]),
        ("0.9, 0.1:0.3:0.1", ["9/10", "1/10", "1/5", "3/10"]),
        (["0.9", "0.1:0.2:0.1"], ["9/10", "1/10", "1/5"]),
        ([0.5], ["1/2"]),
        ("0.5:0.5:0.1", ["1/2"]),
    ],
)
def test_lists_keep_their_order(given, wanted):
    """Values are kept exactly, in the order given, whether as text or as numbers."""
    assert values("p", given) == [Fraction(value) for value in wanted]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("2:6", [2, 3, 4, 5, 6]), ("2:6:2", [2, 4, 6]), ("6:2:-2", [6, 4, 2]), (range(2, 4), [2, 3]), ("2,4", [2, 4])],
)
def test_memories_are_whole(given, wanted):
    """Ranges of memories need no step, and have whole numbers."""
    assert values("memories", given) == wanted


WRONG = {
    "empty": ("p", "0.9:0.3:0.1", "empty range"),
    "step 0": ("p", "0.3:0.9:0", "not 0"),
    "sign": ("p", "0.3:0.9:-0.1", "empty range"),
    "no step": ("p", "0.3:0.9", "LOW:HIGH:STEP"),
    "four ends": ("p", "0.1:0.2:0.3:0.4", "LOW:HIGH:STEP"),
    "no number": ("p", "0.3:high:0.1", "number"),
    "nothing between commas": ("p", "0.3,,0.4", "number"),
    "no value": ("p", [], "at least one"),
    "infinite": ("p", "0.1:inf:0.1", "finite"),
    "repeated": ("p", "0.5,1/2", "repeat"),
    "repeated by a range": ("p", "0.1:0.5:0.1,0.2", "repeat"),
    "not whole": ("memories", "2:5:0.5", "whole"),
    "truth": ("p", [True], "number"),
    "empty memories": ("memories", "6:2", "empty range"),
    "rule": ("max_distillations", "one", "whole"),
    "rules": ("rules", [(), "crosstalk"], "rules"),
    "rules that are one": ("rules", 1, "rules"),
    "repeated rules": ("rules", [(), ()], "repeat"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_axis_is_named(wrong):
    """What describes no values is an error with the name of its axis and what would be right."""
    name, given, word = wrong
    with pytest.raises(ModelError, match=word) as caught:
        Grid(**{**FIXED, name: given})
    assert caught.value.where == name


@pytest.mark.parametrize("name", ["p", "memories", "f0"])
def test_what_is_missing_is_named(name):
    """Without a base, the settings that every problem has must be given."""
    with pytest.raises(ModelError, match="missing") as caught:
        Grid(**{key: value for key, value in FIXED.items() if key != name})
    assert caught.value.where == name


def test_unknown_settings_are_named():
    """A setting that no problem has is an error that lists those that there are."""
    with pytest.raises(ModelError, match="it has p, f0") as caught:
        Grid(**FIXED, q="0.1:0.2:0.1")
    assert caught.value.value == "q"


def test_gap_and_target_exclude_each_other():
    """A grid over both gap and target is refused."""
    with pytest.raises(ModelError, match="exclude each other"):
        Grid(p=0.5, memories=4, f0="3/4", gap="0.03,0.04", target="0.79,0.8")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"p": "0:1:1e-300"}, "p"),
        ({"p": "0.001:1:0.001", "f0": "0.501:1:0.001"}, "grid"),
        ({"memories": "1:1000000000"}, "memories"),
    ],
)
def test_huge_grids_are_refused_with_their_size(settings, name):
    """A grid beyond what anybody sweeps is refused at once, with its size, however fine its steps are."""
    with pytest.raises(LimitError, match=f"^{name}: ") as caught:
        Grid(**{**FIXED, **settings})
    assert max(caught.value.size.values()) > caught.value.size["most_points"]


def test_points_are_all_combinations():
    """The points are the problems of all combinations, the last axis running fastest."""
    grid = Grid(p="0.3,0.6", memories="2:3", f0="3/4", gap="0.04")
    wanted = [Problem(p, m, "3/4", gap="0.04") for p, m in product(("0.3", "0.6"), (2, 3))]
    assert [point.problem for point in grid.points()] == wanted
    assert grid.size == 4


def test_a_base_has_what_is_not_given():
    """Settings replace those of the base; its rules and budgets stay, and others join them."""
    base = FOUR.replace(final_step="free").with_constraints(NoGenerationWhileDistilling(), Budget("steps", 30))
    (two, three) = Grid(base, memories="2:3", rules=(MaxDistillations(1),)).points()
    wanted = base.replace(memories=2).with_constraints(MaxDistillations(1))
    assert (two.problem, three.problem) == (wanted, wanted.replace(memories=3))


def test_a_swept_target_replaces_the_gap_of_a_base():
    """A target, or a gap, along an axis replaces the target of the base."""
    assert [p.problem.target for p in Grid(FOUR, target="0.78,0.8").points()] == [Fraction(78, 100), Fraction(8, 10)]
    assert [p.problem.target for p in Grid(FOUR, gap="0.03,0.05").points()] == [Fraction(78, 100), Fraction(8, 10)]


def test_rules_may_be_alternatives():
    """An axis of rules has a set of rules for each alternative, with labels that say which."""
    laser = NoGenerationWhileDistilling()
    grid = Grid(FOUR, rules=[(), MaxDistillations(1), (MaxDistillations(1), laser)])
    assert [point.problem.rules for point in grid.points()] == [
        (),
        (MaxDistillations(1),),
        (MaxDistillations(1), laser),
    ]
    assert grid.axes[0].labels == (
        "none",
        "max_distillations=1",
        "max_distillations=1 + no_generation_while_distilling",
    )


def test_rules_with_a_number_may_run_over_it():
    """A rule with a number is an axis of its own, on which ``none`` is its absence."""
    grid = Grid(FOUR, max_distillations="none,1", banded=[0, None])
    rules = [tuple(rule.name for rule in point.problem.rules) for point in grid.points()]
    assert rules == [("banded",), (), ("max_distillations", "banded"), ("max_distillations",)]
    assert [axis.labels for axis in grid.axes] == [("none", "1"), ("0", "none")]


def test_values_that_describe_no_problem_are_refused():
    """A value out of its range is an error of the whole grid, before any work."""
    with pytest.raises(ModelError, match=r"^p: .*0 < p <= 1"):
        Grid(**{**FIXED, "p": "0.5:1.5:0.5"}).points()


def test_a_gap_beyond_fidelity_one_concerns_its_points_only():
    """Where the gap leads beyond fidelity 1 there is no problem; if it does so everywhere, that is an error."""
    near, far = Grid(p=0.5, memories=2, f0="0.9,0.99", gap="0.04").points()
    assert near.problem is not None
    assert far.problem is None
    assert "at most 1" in far.refusal
    with pytest.raises(ModelError, match=r"^gap: must keep the target"):
        Grid(p="0.5,0.6", memories=2, f0="0.99", gap="0.04").points()


def test_a_grid_says_what_it_is():
    """The representation has the number of problems and the axes, shortened."""
    assert repr(Grid(**FIXED)) == "Grid: 1 problem"
    assert repr(Grid(**{**FIXED, "p": "0.1:0.9:0.1"})) == "Grid: 9 problems, p = 1/10, 1/5, 3/10, ..., 9/10"
