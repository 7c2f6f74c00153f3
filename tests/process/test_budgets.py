"""Budgets and resources as inputs: what is refused, and with which words."""

import math
from fractions import Fraction

import numpy as np
import pytest

from lpdistill import Budget, ModelError, Problem, Resource, Visits, solve

PROBLEM = Problem("1/2", 3, "3/4", "79/100")


@pytest.mark.parametrize("limit", [12, "12", 12.0, Fraction(12), "24/2", np.int64(12), np.float64(12)])
def test_limits_are_kept_exactly(limit):
    """A limit may be any kind of number, and is kept as a fraction."""
    budget = Budget("steps", limit)
    assert budget.most == 12
    assert isinstance(budget.most, Fraction)
    assert (budget.least, budget.name, str(budget)) == (None, "steps", "steps <= 12")


def test_a_decimal_limit_is_its_shortest_decimal():
    """``0.1`` is one tenth."""
    assert Budget("steps", 0.1).most == Fraction(1, 10)


def test_budgets_with_two_sides_read_like_mathematics():
    """A budget prints as the inequalities that it is."""
    assert str(Budget("steps", 9, least="1/2")) == "0.5 <= steps <= 9"
    assert repr(Budget("raw_pairs", least=3)) == "Budget(3 <= raw_pairs)"


def test_equal_budgets_are_equal():
    """Budgets are values: equal, hashable, and independent of how the limit was written."""
    assert Budget("steps", 12) == Budget("steps", "24/2")
    assert len({Budget("steps", 12), Budget("steps", 12.0), Budget("steps", 13)}) == 2


@pytest.mark.parametrize("limits", [{"most": -1}, {"least": -1}, {"most": "-1/2"}, {"most": 3, "least": -0.5}])
def test_a_negative_limit_is_refused(limits):
    """A limit below 0 is refused, with the resource and the value."""
    with pytest.raises(ModelError, match="steps") as caught:
        Budget("steps", **limits)
    assert any(str(value) in str(caught.value) for value in limits.values() if str(value).startswith("-"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "many", "", "1/0", [12], {}, 1j, True, b"1"])
@pytest.mark.parametrize("side", ["most", "least"])
def test_a_limit_must_be_a_finite_number(side, value):
    """What is no finite number is refused, with the resource and the value."""
    with pytest.raises(ModelError, match="steps") as caught:
        Budget("steps", **{side: value})
    assert str(value) in str(caught.value)


def test_a_budget_needs_a_limit():
    """No limit at all is refused."""
    with pytest.raises(ModelError, match=r"steps.*limit"):
        Budget("steps")


def test_limits_must_not_contradict():
    """At least 5 and at most 4 is refused with both numbers, in one budget and in two."""
    for make in (
        lambda: Budget("steps", 4, least=5),
        lambda: PROBLEM.with_constraints(Budget("steps", 4), Budget("steps", least=5)),
        lambda: PROBLEM.with_constraints(Budget("steps", 4)).with_constraints(Budget("steps", least=5)),
    ):
        with pytest.raises(ModelError, match="steps") as caught:
            make()
        assert "4" in str(caught.value)
        assert "5" in str(caught.value)


@pytest.mark.parametrize("name", ["step", "Steps", "time", "", None, 3, ["steps"], len])
def test_an_unknown_resource_is_refused(name):
    """What names no resource is refused with the value (if one is given) and with the names that exist."""
    with pytest.raises(ModelError, match="generation_attempts") as caught:
        Budget(name, 3)
    assert callable(name) or name is None or str(name) in str(caught.value)


def test_two_resources_must_not_share_a_name():
    """Different resources of one name are refused."""
    one, other = Resource("heat", lambda _: 1), Resource("heat", lambda _: 2)
    with pytest.raises(ModelError, match="heat"):
        PROBLEM.with_constraints(Budget(one, 3), Budget(other, 4))


def test_a_resource_must_not_take_a_standard_name():
    """A resource of the user's called ``steps`` beside the standard one is refused."""
    with pytest.raises(ModelError, match="steps"):
        PROBLEM.with_constraints(Budget(Resource("steps", lambda _: 2), 3), Budget("steps", 4))


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_resource_must_have_a_name(name):
    """Text that says something names a resource."""
    with pytest.raises(ModelError, match="name"):
        Resource(name, lambda _: 1)


@pytest.mark.parametrize("function", [None, 3, "2 * generate"])
def test_a_resource_must_be_a_function(function):
    """What cannot be called is refused, naming the resource."""
    with pytest.raises(ModelError, match="heat"):
        Resource("heat", function)


@pytest.mark.parametrize("found", [math.nan, math.inf, -1, -1e-300, "text", None, [1], 1j])
def test_a_resource_must_return_finite_numbers(found):
    """A resource that is not a finite number >= 0 for some step is refused: resource, step and answer are named."""
    heat = Resource("heat", lambda step: found if step.generate == 2 else 1)
    with pytest.raises(ModelError, match=r"heat.*2") as caught:
        solve(PROBLEM.with_constraints(Budget(heat, 100)))
    assert any(word in str(caught.value) for word in (str(found), type(found).__name__))


def test_a_resource_that_raises_is_named():
    """An error inside a resource is reported with the resource and the error."""
    heat = Resource("heat", lambda step: 1 / (2 - step.generate))
    with pytest.raises(ModelError, match=r"heat.*ZeroDivisionError"):
        solve(PROBLEM.with_constraints(Budget(heat, 100)))


@pytest.mark.parametrize("configurations", [[(1, 2, 3)], [(4, 0)], [(-1, 0)], [(0.5, 0)], [("a", 0)], [(2, 2)]])
def test_visits_must_name_configurations(configurations):
    """Configurations of the wrong size, sum or kind are refused with what was given."""
    with pytest.raises(ModelError) as caught:
        solve(PROBLEM.with_constraints(Budget(Visits(configurations), 3)))
    assert str(configurations[0]) in str(caught.value)


@pytest.mark.parametrize("configurations", [[], None, 3, [3], (2, 0)])
def test_visits_must_be_given_as_a_collection_of_configurations(configurations):
    """No configuration, or one that is not in a collection, is a model error where it is given."""
    with pytest.raises(ModelError):
        Visits(configurations)


@pytest.mark.parametrize("name", ["energy", 3, "", math.nan])
def test_ties_are_broken_by_a_resource(name):
    """An unknown resource to break ties with is refused, and shown."""
    with pytest.raises(ModelError) as caught:
        solve(PROBLEM, least=name)
    assert str(name) in str(caught.value)


def test_bad_input_is_refused_before_work_starts():
    """A budget on visits of configurations that do not exist is refused before any message of progress."""
    told = []
    with pytest.raises(ModelError):
        solve(PROBLEM.with_constraints(Budget(Visits([(9, 9)]), 3)), progress=told.append)
    assert not told


def test_each_side_of_a_budget_has_its_own_tolerance():
    """A great upper limit does not make a small lower one loose, nor the other way round."""
    budget = Budget("steps", 10**10, least=5)
    assert [budget.kept(used) for used in (0.0, 4.999, 5.0, 10.0**10, 10.0**10 + 100)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_a_limit_beyond_floating_point_is_refused():
    """No program could have it."""
    with pytest.raises(ModelError, match="is beyond 1e300"):
        Budget("steps", "1e900")
