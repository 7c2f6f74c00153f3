"""What is made least is asked in one place."""

from dataclasses import dataclass

import numpy as np
import pytest

from lpdistill import Dynamics, Problem
from lpdistill.process.tariff import Tariff
from lpdistill.program.highs import Algorithm, solve_program
from lpdistill.program.objective import FIRST_DELIVERY, FirstDelivery
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.policy_iteration import policy_iteration

TWO = Problem("1/2", 2, "3/4", "79/100", final_step="free")


@dataclass(frozen=True, slots=True)
class Twice(FirstDelivery):
    """Twice the time of the first delivery."""

    def cost(self, choice):
        return 2 * choice.cost


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
