"""What is made least is asked in one place."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from lpdistill import Budget, Dynamics, Problem
from lpdistill.process.tariff import Tariff
from lpdistill.program.budgeted import within_budgets
from lpdistill.program.highs import Algorithm, solve_program
from lpdistill.program.objective import FIRST_DELIVERY, FirstDelivery
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration

TWO = Problem("1/2", 2, "3/4", "79/100", final_step="free")


@dataclass(frozen=True, slots=True)
class Twice(FirstDelivery):
    """Twice the time of the first delivery."""

    def cost(self, choice):
        return choice.cost + self._again(choice.process)[choice.process.durations.kind(choice.columns)]

    def after(self, process, values):
        return replace(FirstDelivery.after(self, process, values), charge=self._again(process))

    def _again(self, process):
        return process.tariff.time * np.array([float(time) for time in process.durations.times])


def test_the_first_delivery_starts_once_and_ends_with_any():
    """A run begins in the first configuration, and a step absorbs whoever it delivers to."""
    process = Dynamics(TWO)
    every = process.choose(process.columns)
    assert FIRST_DELIVERY.entered(process).tolist() == [1.0] + [0.0] * (process.size - 1)
    assert FIRST_DELIVERY.offset(process) == -2.0
    whole = every.leaving + every.staying
    moved = np.asarray(every.moves.sum(axis=1)).ravel() + every.staying + FIRST_DELIVERY.absorbed(every)
    assert moved == pytest.approx(whole, rel=1e-15)
    assert every.delivering.shape == (len(every.columns), 1)


@pytest.mark.parametrize("relative", [0.0, 0.9e-9])
def test_a_proof_is_closed_within_the_gap(relative):
    """Bounds may differ by a billionth of the upper one, in any configuration, and by no more."""
    upper = np.array([1.0, 5.0])
    assert FIRST_DELIVERY.closed(upper * (1 - relative), upper)
    assert not FIRST_DELIVERY.closed(upper * np.array([1, 1 - 1.1e-9]), upper)


def test_everything_asks_the_objective():
    """With costs twice as large, the program finds twice the time, as policy iteration does under such a tariff."""
    process = Dynamics(TWO)
    plain = policy_iteration(process, process.admission.proper())
    program = OccupationProgram.of(process, objective=Twice())
    assert solve_program(program, Algorithm.SIMPLEX).objective == pytest.approx(2 * plain.values[0] - 2, rel=1e-9)
    dear = process.under(Tariff(2.0))
    assert policy_iteration(dear, process.admission.proper()).values == pytest.approx(2 * plain.values, rel=1e-14)


def test_policy_iteration_proves_what_the_objective_asks():
    """All columns are priced for what the objective says comes after a step: values and proof are twice as large."""
    process = Dynamics(TWO.replace(memories=4))
    plain = policy_iteration(process, process.admission.proper())
    twice = policy_iteration(process, process.admission.proper(), objective=Twice())
    assert twice.values == pytest.approx(2 * plain.values, rel=1e-14)
    assert twice.lower == pytest.approx(twice.upper, rel=1e-9)
    assert (Plan.optimal(twice).objective, twice.policy.columns.tolist()) == (Twice(), plain.policy.columns.tolist())


def test_budgets_bind_for_any_objective():
    """Within a budget, twice the time costs twice as much, and its limit is worth twice as much."""
    problem = TWO.replace(memories=4)
    process, limits = Dynamics(problem, "all"), (Budget("generation_attempts", "12.85"),)
    once, twice = (
        within_budgets(process, limits, policy_iteration(process, process.admission.proper(), objective=objective))
        for objective in (FIRST_DELIVERY, Twice())
    )
    assert once.uses[0].price < 0
    assert twice.uses[0].price == pytest.approx(2 * once.uses[0].price, rel=1e-9)
    assert (twice.plan.objective, twice.plan.values[0]) == (Twice(), pytest.approx(2 * once.plan.values[0], rel=1e-12))
    assert twice.bound == pytest.approx(2 * once.bound, rel=1e-9)
