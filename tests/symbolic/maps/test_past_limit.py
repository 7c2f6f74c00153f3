"""Policy maps past the pumping limit: on labels that no piece rounds."""

from fractions import Fraction

import pytest

from lpdistill import Problem, solve
from lpdistill.physics.rounding import Rounding
from symbolic import policy_map

PAST = Problem("1/2", 3, "8/10", "88/100")


@pytest.fixture(scope="module")
def mapped():
    """All optimal policies with three memories."""
    return policy_map(PAST)


def test_the_time_at_a_point_is_the_exact_optimum(mapped):
    """At p = 1/2 it is the fraction that a certificate proves."""
    assert mapped.waiting_time("1/2") == Fraction(609951961684204, 29696958095187)


@pytest.mark.parametrize("p", ["1/10", "1/3", "9/10", "1"])
def test_the_time_elsewhere_is_that_of_labels_of_its_own(mapped, p):
    """On both sides of the breakpoint."""
    assert float(mapped.waiting_time(p)) == pytest.approx(solve(PAST.replace(p=p)).waiting_time, rel=1e-11)


def test_the_policy_changes_once(mapped):
    """The breakpoint is the end of the range of the policy for p = 1/2; what is shown can be carried out."""
    assert [round(float(point.value), 9) for point in mapped.breakpoints] == [0.326633040]
    assert mapped.problem.levels.rounding is Rounding.FLOOR


def test_a_map_along_the_ratio_of_durations():
    """One policy is optimal for all of them."""
    found = policy_map(PAST, axis="tau_d/tau_g")
    assert found.breakpoints == ()
    assert float(found.waiting_time(2)) == pytest.approx(20.53920673387, rel=1e-12)
