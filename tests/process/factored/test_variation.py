"""The same columns on other hardware, and the raw fidelities with the same levels."""

from fractions import Fraction

import numpy as np
import pytest
from cases import REACHED_BY_DISTILLATION, dynamics_of, result, solved

from lpdistill import Dynamics, ModelError, Problem
from lpdistill.process.factored.variation import same_levels, varied

OTHERS = [
    {"p": "0.37"},
    {"generation_time": 3},
    {"distillation_time": "1/7"},
    {"f0": "0.7501"},
    {"p": 1, "f0": ".7499"},
]


@pytest.mark.parametrize("changes", OTHERS, ids=str)
@pytest.mark.parametrize("name", ["four memories", "last step free"])
def test_columns_are_those_of_the_other_problem(name, changes):
    """Every column costs and leads where it does in the problem written anew."""
    dynamics = dynamics_of(REACHED_BY_DISTILLATION[name])
    found, expected = varied(dynamics, **changes), Dynamics(dynamics.problem.replace(**changes))
    values = np.linspace(1.0, 2.0, found.size)
    some, others = (process.choose(process.columns) for process in (found, expected))
    assert (some.columns == others.columns).all()
    assert (some.regrets(values) == others.regrets(values)).all()
    assert (found.price(values).best == expected.price(values).best).all()


def test_rules_are_kept():
    """A rule that is asked about every action forbids the same ones."""
    from lpdistill import Rule  # noqa: PLC0415

    rule = Rule(lambda step: step.counts[0] != 2 or not step.distil, name="reserve")
    problem = Problem("1/2", 4, "3/4", "79/100", rules=[rule])
    dynamics = solved(problem).process
    assert (varied(dynamics, p="0.9").columns == Dynamics(problem.replace(p="0.9"), "all").columns).all()


@pytest.mark.parametrize("name", ["four memories", "four memories, three levels", "target exactly a level"])
def test_levels_change_just_beyond_the_ends(name):
    """Within the ends the levels are made by the same trees; just beyond either they are not."""
    problem = REACHED_BY_DISTILLATION[name]
    low, high = same_levels(problem)
    trees = [level.tree for level in problem.levels]
    results = [result(recipe) for recipe in problem.recipes]

    def same(f0):
        try:
            other = problem.replace(f0=f0)
            found = [level.tree for level in other.levels], [result(recipe) for recipe in other.recipes]
        except Exception:  # noqa: BLE001 - out of reach is not the same either
            return False
        return found == (trees, results)

    aside = Fraction(1, 10**12)
    assert [same(f0) for f0 in (low - aside, low, (low + high) / 2, high, high + aside)] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_lower_end_where_the_target_is_a_level():
    """With the target exactly at a level, no smaller f0 keeps the levels."""
    problem = REACHED_BY_DISTILLATION["target exactly a level"]
    assert float(same_levels(problem)[0]) == pytest.approx(float(problem.f0), abs=1e-15)


def test_other_levels_are_refused():
    """With an f0 of other levels the message names the fidelities that keep them."""
    with pytest.raises(ModelError, match=r"f0: must keep the levels .* between 0.7328172\d* and 0.7514957\d*"):
        varied(dynamics_of(REACHED_BY_DISTILLATION["four memories"]), f0="0.76")


def test_values_out_of_range_are_refused():
    """A probability above 1 is refused as everywhere."""
    with pytest.raises(ModelError, match="p: must be a probability"):
        varied(dynamics_of(REACHED_BY_DISTILLATION["four memories"]), p=2)
