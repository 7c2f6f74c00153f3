"""Derivatives past the pumping limit, where both label models of a grid have the same ones."""

from fractions import Fraction

import pytest

from lpdistill import Budget, ModelError, Problem, solve
from lpdistill.worth.sensitivity import sensitivity

PAST = Problem("1/2", 4, "8/10", "88/100")
PARAMETERS = ("p", "f0", "generation_time", "distillation_time")


def test_derivatives_on_labels():
    """Known derivatives of an exact optimum, by f0 of labels that go along with their trees."""
    found = sensitivity(solve(PAST)).derivatives
    known = {"p": -16.442647, "f0": -44.277244, "generation_time": 6.493734, "distillation_time": 4.771336}
    assert {name: one.value for name, one in found.items()} == pytest.approx(known, abs=5e-7)


@pytest.mark.parametrize(
    "problem",
    [PAST.replace(target="89/100").with_constraints(Budget("generation_attempts", 29)), PAST.replace(target="91/100")],
    ids=["within a budget", "many labels"],
)
@pytest.mark.parametrize("name", PARAMETERS)
def test_derivatives_are_quotients_of_differences(problem, name):
    """Optima nearby, each with labels of its own, have the slope that is claimed."""
    step, at = Fraction(1, 10**5), getattr(problem, name)
    times = [solve(problem.replace(**{name: at + side * step})).waiting_time for side in (-1, 1)]
    slope = (times[1] - times[0]) / float(2 * step)
    assert sensitivity(solve(problem)).derivatives[name].value == pytest.approx(slope, rel=1e-5)


def test_reachable_configurations_are_priced_in_factored_form():
    """Where columns are written out over what memories can reach, derivatives are those of factored ones."""
    solution = solve(PAST.replace(memories=5, target="90/100"))
    assert solution.process.numbering.repertoire is solution.process.names.listed.repertoire
    assert sensitivity(solution).derivatives["p"].value == pytest.approx(-21.315808446, rel=1e-9)


def test_an_open_bracket_has_no_derivatives():
    """Where the bounds are apart, it is refused, with what to do."""
    with pytest.raises(ModelError, match=r"needs a proven optimum; allow more time .* until the bounds .* meet"):
        sensitivity(solve(PAST.replace(target="91/100"), within=".1"))
