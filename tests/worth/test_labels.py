"""What moves an optimum to other hardware needs all levels told apart: each optimum has labels of its own."""

import pytest

from lpdistill import ModelError, Problem, requests, solve
from lpdistill.worth.regret_curve import regret_curve
from lpdistill.worth.robust import robust
from lpdistill.worth.validity import validity

PAST = Problem("1/2", 4, "8/10", "88/100")
FINITE = Problem("1/2", 12, "65/100", "71/100")


@pytest.mark.parametrize(
    "asked",
    [validity, lambda problem: regret_curve(problem, "p"), lambda problem: robust(problem, ("0.4", "0.6"))],
    ids=["validity", "regret curve", "robust"],
)
def test_labels_are_not_moved_to_other_hardware(asked):
    """Past the pumping limit it is refused, with what to do."""
    with pytest.raises(ModelError, match=r"needs all levels told apart.*below the pumping limit"):
        asked(PAST)


def test_a_solution_on_labels_is_refused_where_levels_are_finite():
    """The remedy is to solve with all levels."""
    with pytest.raises(ModelError, match="all_levels=True"):
        validity(solve(FINITE))


def test_a_configuration_of_finite_levels_is_explained():
    """All levels are counted, though an optimum needs fewer labels."""
    assert len(solve(FINITE).problem.levels) < len(FINITE.levels)
    assert requests.explain(FINITE, (2, 0, 0, 0, 0)).counts == (2, 0, 0, 0, 0)
