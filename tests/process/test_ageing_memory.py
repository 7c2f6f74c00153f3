"""A memory that ages while nothing happens: a process of its own, in which "nothing happened" moves the configuration.

One pair is stored, and grows older with every attempt that fails, until it is as old as it gets; the older it is, the
less probably an attempt succeeds.  An attempt that fails is a repetition where nothing ages, and a move elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log

import numpy as np
import pytest
from scipy import sparse

from lpdistill.process.derived import Written
from lpdistill.process.durations import Durations
from lpdistill.process.graph.graph_process import Nodes
from lpdistill.process.outcomes import Plain, Weighted
from lpdistill.process.process import Choice
from lpdistill.process.repetition import Repetition
from lpdistill.process.tariff import TIME, Resource, Tariff
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.solution.chain import Chain
from lpdistill.times.propagation import propagate
from lpdistill.times.renewal import Renewal
from lpdistill.times.tail import tail_rate

CHANCE = np.array([1 / 2, 1 / 2, 1 / 4, 1 / 8])
"""Chance of success with an empty memory, and with a pair that is fresh, older, and as old as it gets."""

OLDEST = len(CHANCE) - 1


@dataclass(frozen=True, eq=False)
class Ageing(Written):
    """Attempts, with one memory: a first success stores a pair, a second one while it is stored reaches the target."""

    tariff: Tariff = TIME
    size: int = len(CHANCE)
    column_count: int = len(CHANCE)

    @property
    def names(self) -> Nodes:
        states = tuple(range(self.size))
        return Nodes(states, tuple((n, "attempt") for n in states), np.arange(self.size))

    @property
    def durations(self) -> Durations:
        return Durations((Fraction(1),), np.zeros_like, least=1.0, greatest=1.0, per_column=1.0)

    @property
    def resources(self) -> Mapping[str, Resource]:
        return {}

    def amounts(self, resource: Resource, columns: np.ndarray) -> np.ndarray:
        raise AssertionError(resource)

    def under(self, tariff: Tariff) -> "Ageing":
        return replace(self, tariff=tariff)

    def choose(self, columns: np.ndarray) -> Choice:
        chance, shape = CHANCE[columns], (len(columns), self.size)
        plain, ages = Repetition(chance, 1.0 - chance), (columns > 0) & (columns < OLDEST)
        aged = plain.passing(ages).loops(np.minimum(columns + 1, OLDEST), shape)
        empty = np.flatnonzero(columns == 0)
        stored = sparse.csr_array((chance[empty], (empty, columns[empty] + 1)), shape=shape)
        cost = self.tariff.cost(np.ones(len(columns)), lambda resource: self.amounts(resource, columns))
        delivering = np.where(columns > 0, chance, 0.0)[:, None]
        moves = sparse.csr_array(stored + aged)
        return Choice(self, columns, columns, cost, plain.within(ages), delivering, Weighted(moves, Plain(self.size)))


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The only policy."""
    return Plan.optimal(policy_iteration(Ageing(), np.arange(len(CHANCE))))


def test_its_values_are_those_of_the_recursion_over_ages(plan):
    """The oldest pair waits ``1 / c``; a younger one takes a step, and then as long as one that is older."""
    expected = [0.0, 0.0, 0.0, 1 / CHANCE[3]]
    for age in (2, 1):
        expected[age] = 1 + (1 - CHANCE[age]) * expected[age + 1]
    expected[0] = 1 / CHANCE[0] + expected[1]
    assert plan.values == pytest.approx(expected, rel=1e-14)


def test_its_chain_grows_old(plan):
    """Written out, a pair that is kept is one that is older; what may happen has probability 1."""
    chain = Chain.of(plan)
    assert chain.matrix.toarray().tolist() == [
        [1 / 2, 1 / 2, 0, 0],
        [0, 0, 1 / 2, 0],
        [0, 0, 0, 3 / 4],
        [0, 0, 0, 7 / 8],
    ]
    assert (chain.matrix.sum(axis=1) + chain.reaching).tolist() == [1.0] * 4


def test_its_waiting_time_has_the_tail_of_the_oldest_pair(plan):
    """Where nothing ages any more, the waiting time is geometric; its law and its moments are those of the chain."""
    renewal = Renewal.of(Chain.of(plan), TimeLattice.of(plan.uses.process))
    law = propagate(renewal, 400, 0.0)
    assert tail_rate(renewal) == pytest.approx(-log(7 / 8), rel=1e-14)
    assert law.pmf[:5].tolist() == [0, 0, 1 / 4, 1 / 8 + 1 / 16, 1 / 16 + 1 / 32 + 3 / 128]
    assert law.pmf @ np.arange(len(law.pmf)) == pytest.approx(plan.values[0], rel=1e-12)
    assert law.pmf @ (np.arange(len(law.pmf)) - plan.values[0]) ** 2 == pytest.approx(plan.variance[0], rel=1e-12)
