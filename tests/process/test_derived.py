"""A process of a third kind, which says the nine things that are its own: all else follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from lpdistill import Budget, Dynamics, Problem
from lpdistill.hardware.actions import Attempts
from lpdistill.process.derived import Written
from lpdistill.process.durations import Durations
from lpdistill.process.graph.graph_process import GraphProcess, Nodes
from lpdistill.process.outcomes import Plain, Weighted
from lpdistill.process.process import PROCESS, Choice
from lpdistill.process.repetition import Repetition
from lpdistill.process.tariff import TIME, Resource, Tariff
from lpdistill.process.time_augmented import TimeAugmented
from lpdistill.program.budgeted import within_budgets
from lpdistill.program.column_generation import lagrangian_bound
from lpdistill.program.highs import Algorithm, solve_program
from lpdistill.program.objective import FIRST_DELIVERY
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.program.proof import shortfall

RUNGS = 5
ENERGY = Resource("energy", lambda _: 0)


@dataclass(frozen=True, eq=False)
class Ladder(Written):
    """Rungs to climb one after the other: a jump always succeeds and takes much energy, a step fails every other time.

    Columns ``2 n`` step and columns ``2 n + 1`` jump from rung ``n``; above the last one is the target.
    """

    tariff: Tariff = TIME
    size: int = RUNGS
    column_count: int = 2 * RUNGS

    @property
    def names(self) -> Nodes:
        actions = tuple((n, how) for n in range(RUNGS) for how in ("step", "jump"))
        return Nodes(tuple(range(RUNGS)), actions, np.arange(2 * RUNGS) // 2)

    @property
    def durations(self) -> Durations:
        return Durations((Fraction(1),), np.zeros_like, least=1.0, greatest=1.0, per_column=1.0)

    @property
    def resources(self) -> Mapping[str, Resource]:
        return {ENERGY.name: ENERGY}

    def amounts(self, resource: Resource, columns: np.ndarray) -> np.ndarray:
        assert resource is ENERGY
        return np.where(columns % 2, 5.0, 1.0)

    def under(self, tariff: Tariff) -> "Ladder":
        return replace(self, tariff=tariff)

    def choose(self, columns: np.ndarray) -> Choice:
        rung, chance = columns // 2, np.where(columns % 2, 1.0, 0.5)
        last = rung == RUNGS - 1
        climbs = np.flatnonzero(~last)
        moves = sparse.csr_array((chance[climbs], (climbs, rung[climbs] + 1)), shape=(len(columns), RUNGS))
        cost = self.tariff.cost(np.ones(len(columns)), lambda resource: self.amounts(resource, columns))
        delivering = np.where(last, chance, 0.0)[:, None]
        return Choice(
            self, columns, rung, cost, Repetition(chance, 1.0 - chance), delivering, Weighted(moves, Plain(self.size))
        )


def test_it_is_a_process():
    """What follows is all there."""
    ladder = Ladder()
    assert PROCESS.meant(ladder, "process") is ladder
    assert ladder.live.all()
    assert ladder.columns.tolist() == list(range(2 * RUNGS))
    assert ladder.admission.of_configuration(2).tolist() == [4, 5]
    assert not len(ladder.admission.waiting)


def test_policy_iteration_proves_its_optimum():
    """Jumping takes a unit of time for every rung, from wherever one is."""
    found = policy_iteration(Ladder(), Ladder().admission.proper())
    assert found.policy.columns.tolist() == [2 * n + 1 for n in range(RUNGS)]
    assert found.values.tolist() == [RUNGS - n for n in range(RUNGS)]
    assert ((found.lower <= found.values) & (found.values <= found.upper)).all()
    assert lagrangian_bound(Ladder(), TIME, found.floor, [])[0] == pytest.approx(RUNGS, rel=1e-14)
    plan = Plan.optimal(found)
    assert shortfall(plan.mixed, plan.ceiling).max() <= 0
    assert plan.visits.tolist() == [1.0] * RUNGS


def test_the_occupation_program_agrees():
    """HiGHS finds the same on the whole program, whose right-hand side is the objective's."""
    program = OccupationProgram.of(Ladder())
    assert program.start.tolist() == FIRST_DELIVERY.entered(Ladder()).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert solve_program(program, Algorithm.SIMPLEX).objective == pytest.approx(RUNGS, rel=1e-12)


@pytest.mark.parametrize("limit", [11, 16, 24])
def test_column_generation_keeps_a_budget(limit):
    """A unit of energy less costs a third of a unit of time: a jump saves one, and takes three more than steps do."""
    free = policy_iteration(Ladder(), Ladder().admission.proper())
    found = within_budgets(Ladder(), (Budget(ENERGY, limit),), free)
    assert found.bound == pytest.approx(RUNGS + (5 * RUNGS - limit) / 3, rel=1e-12)
    assert float(found.plan.upper[0]) == pytest.approx(found.bound, rel=1e-12)
    assert found.uses[0].used == pytest.approx(limit, rel=1e-12)
    assert found.uses[0].price == pytest.approx(-1 / 3, rel=1e-12)


def test_time_in_its_configurations_makes_it_another():
    """With the time that has passed it is solved like any other: late is who does not jump in time."""
    process = TimeAugmented(Ladder(), RUNGS, late_price=100.0)
    assert float(policy_iteration(process, process.admission.proper()).values[0]) == RUNGS


@pytest.mark.parametrize(
    "process",
    [
        Dynamics(Problem("1/2", 2, "3/4", "79/100"), Attempts.ALL),
        TimeAugmented(Dynamics(Problem("1/2", 2, "3/4", "79/100")), 3),
        GraphProcess,
    ],
    ids=["dynamics", "with time", "graph"],
)
def test_processes_are_small(process):
    """What a process offers can be kept in mind, all that it inherits included."""
    fields = getattr(process, "__dataclass_fields__", {})
    assert len({name for name in {*dir(process), *fields} if not name.startswith("_")}) <= 25
