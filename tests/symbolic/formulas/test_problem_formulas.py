"""The formulas of one problem."""

from fractions import Fraction

import pytest
import sympy
from cases import Additive

from lpdistill import ModelError, Problem
from symbolic import ProblemFormulas, level_range, pumping_limit

PROBLEM = Problem(p=1, memories=3, f0="0.65", target="0.71")
FORMULAS = ProblemFormulas.of(PROBLEM)


def test_formulas_are_the_levels():
    """At the raw fidelity of the problem the formulas are its levels, in the same order."""
    found = [level.formula.at(PROBLEM.f0) for level in FORMULAS.lattice]
    assert found == [level.fidelity for level in PROBLEM.levels]


def test_ranges_keep_gap_or_target():
    """Of the two ranges one keeps the gap and the other the target."""
    assert FORMULAS.same_gap == level_range("0.65", gap="0.06")
    assert FORMULAS.same_target == level_range("0.65", target="0.71")


@pytest.mark.parametrize(
    "ends", [("lower", Fraction(-1, 10**9)), ("upper", Fraction(1, 10**9))], ids=["below", "above"]
)
def test_beyond_the_range_levels_differ(ends):
    """Just beyond either end of the range the closure has another number of levels than inside."""
    name, step = ends
    end = getattr(FORMULAS.same_target, name)
    outside = PROBLEM.replace(f0=(end.low if step < 0 else end.high) + step)
    assert len(outside.levels) != len(PROBLEM.levels)


def test_as_data():
    """As JSON data the formulas are text that sympy reads back."""
    data = FORMULAS.to_dict()
    assert sympy.sympify(data["pumping_limit"]["formula"]) == pumping_limit()
    assert [level["trees"] for level in data["levels"]] == [[str(level.tree)] for level in PROBLEM.levels]
    assert (data["pumping_rounds"], data["memory_limit"]) == (5, {"iterations_of_pumping_limit": 2})


def test_no_levels_no_ranges():
    """Where a raw pair meets the target there are neither levels nor ranges."""
    data = ProblemFormulas.of(Problem(1, 2, "0.75", "0.7")).to_dict()
    assert (data["levels"], data["same_levels"]) == ([], {"gap": None, "target": None})


def test_other_maps_have_no_formulas():
    """A map other than that of the formulas is refused by name."""
    with pytest.raises(ModelError, match="distillation"):
        ProblemFormulas.of(Problem(1, 2, "0.6", "0.7", distillation=Additive()))
