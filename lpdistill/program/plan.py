"""Stationary policies, perhaps randomised: their expected times, and how often they take each action."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

import numpy as np

from lpdistill.arguments import Kind
from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.process import Choice
from lpdistill.process.tariff import Resource
from lpdistill.program.differences import Twofold
from lpdistill.program.evaluation import deadlocked, doomed, entered, evaluate, raise_improper, visits
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.policy_iteration import Optimum
from lpdistill.program.proof import bounds, evaluated


@dataclass(frozen=True, eq=False)
class Plan:
    """A stationary policy: in every configuration some columns, and the probability of each.

    Attributes
    ----------
    uses
        The columns that the policy uses, in order of configuration.
    probability
        Probability of each, given the configuration, (uses,).
    values, upper
        Expected time to go of the policy, and a proven upper bound on it, (configurations,); 0 where the policy has no
        column, infinite where it may never reach the target.
    ceiling
        The values that prove the upper bound.
    objective
        What the values are expectations of, and what bounds prove of it.
    """

    uses: Choice
    probability: FloatArray
    values: FloatArray
    upper: FloatArray
    ceiling: Twofold
    objective: Objective = FIRST_DELIVERY

    @staticmethod
    def of(uses: Choice, probability: FloatArray, objective: Objective = FIRST_DELIVERY) -> Plan:
        """Evaluate a policy.

        Raises
        ------
        ImproperPolicyError
            If it does not reach the target from every configuration in which it has a column.
        NotCertifiedError
            If its expected time cannot be bounded in double precision.
        """
        mixed = uses.mixed(probability)
        found = evaluated(mixed, objective)
        ceiling = found.raised
        _, upper = bounds(uses.process, found.values, ceiling)
        return Plan(uses, probability, np.minimum(found.values.nearest, upper), upper, ceiling, objective)

    @staticmethod
    def improper(uses: Choice, probability: FloatArray) -> Plan:
        """Evaluate a policy that may never reach the target: its expected time is infinite where that can happen."""
        mixed = uses.mixed(probability)
        never = doomed(mixed)
        if not never.any():
            return Plan.of(uses, probability)
        lost = mixed.configuration[never]
        kept = ~np.isin(uses.configuration, lost)
        values, upper, ceiling = (
            np.zeros(uses.process.size),
            np.zeros(uses.process.size),
            Twofold.of(np.zeros(uses.process.size)),
        )
        if kept.any():
            part = Plan.of(uses.at(kept), probability[kept])
            values, upper, ceiling = part.values, part.upper, part.ceiling
        values[lost] = upper[lost] = ceiling.head[lost] = np.inf
        return Plan(uses, probability, values, upper, ceiling)

    @staticmethod
    def optimal(optimum: Optimum) -> Plan:
        """The policy that policy iteration ended with."""
        certain = np.ones(len(optimum.policy.columns))
        return Plan(optimum.policy, certain, optimum.values, optimum.upper, optimum.ceiling, optimum.objective)

    @cached_property
    def mixed(self) -> Choice:
        """One column per configuration, with the randomisation inside."""
        return self.uses.mixed(self.probability)

    @property
    def proper(self) -> bool:
        """Whether runs from the start reach the target with probability 1."""
        return bool(np.isfinite(self.values[0]))

    @cached_property
    def entered(self) -> BoolArray:
        """Whether runs from the start may enter a configuration, (configurations,)."""
        found = np.zeros(self.uses.process.size, dtype=bool)
        found[self.mixed.configuration[entered(self.mixed, 0)]] = True
        return found

    @cached_property
    def deadlock(self) -> IntArray:
        """Configurations in which runs from the start are trapped for ever: ranks, increasing."""
        return deadlocked(self.mixed, 0)

    @cached_property
    def _sure(self) -> Choice:
        """The configurations from which the target is reached with probability 1.

        Raises
        ------
        ImproperPolicyError
            If the start is none of them.
        """
        if not self.proper:
            raise_improper(self.mixed, self.deadlock)
        return self.mixed.at(np.isfinite(self.values[self.mixed.configuration]))

    @cached_property
    def visits(self) -> FloatArray:
        """Expected number of steps that a run takes in each configuration, (configurations,).

        Raises
        ------
        ImproperPolicyError
            If runs may never reach the target.
        """
        found = np.zeros(self.uses.process.size)
        found[self._sure.configuration] = visits(self._sure, self.objective.entered(self.uses.process))
        return found

    @property
    def variance(self) -> FloatArray:
        r"""Variance of the time to go, (configurations,); infinite where the target may never be reached.

        With step durations :math:`\tau_a` it solves :math:`\sigma^2(s) = \mathrm E[(\tau_a + V(s') - V(s))^2 +
        \sigma^2(s')]` (the law of total variance): squares, nothing is subtracted.
        """
        return self._variance(self._sure)

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the time to go from the start, found among the configurations that runs enter.

        Raises
        ------
        ImproperPolicyError
            If runs may never reach the target.
        """
        sure = self._sure
        return float(np.sqrt(self._variance(sure.at(self.visits[sure.configuration] > 0))[0]))

    def _variance(self, among: Choice) -> FloatArray:
        """Variance of the time to go from some configurations that runs never leave short of the target."""
        sure = among.configuration
        kept = np.isin(self.uses.configuration, sure)
        uses, probability = self.uses.at(kept), self.probability[kept]
        moves, here = uses.moves, self.values[uses.configuration]
        row = np.repeat(np.arange(len(uses.columns)), np.diff(moves.indptr))
        with np.errstate(invalid="ignore"):  # of configurations from which the target may not be reached
            surprise = (uses.cost - here)[row] + self.values[moves.indices]
            later = np.bincount(row, moves.data * surprise**2, minlength=len(uses.columns))
            square = later + uses.reaching * (uses.cost - here) ** 2 + uses.repetition.idle(uses.cost**2)
        owners = np.searchsorted(sure, uses.configuration)
        local = np.bincount(owners, probability * square, minlength=len(sure))
        found = evaluate(among, among.repetition.until(local.astype(np.float64)))
        found[~np.isfinite(self.values)] = np.inf
        return found

    @cached_property
    def occupation(self) -> FloatArray:
        """Expected number of times that a run takes each column, (uses,)."""
        return np.asarray(self.visits[self.uses.configuration] * self.probability)

    def used(self, resource: Resource) -> float:
        """Expected use of a resource."""
        rows = np.flatnonzero(self.occupation)
        return float(self.occupation[rows] @ self.uses.process.amounts(resource, self.uses.columns[rows]))

    def flow_residual(self) -> float:
        """Greatest imbalance of expected visits in any configuration."""
        balance = -self.uses.following.push(self.occupation) - self.objective.entered(self.uses.process)
        np.add.at(balance, self.uses.configuration, self.uses.repetition.changes(self.occupation))
        return float(np.abs(balance).max())


def _is_plan(given: object) -> TypeGuard[Plan]:
    return isinstance(given, Plan)


PLAN: Kind[Plan] = Kind(
    "a Plan", _is_plan, "plan", {"Problem": "the chain of a policy of a problem is policy.to_chain()"}
)
"""A policy as columns, or what has one."""
