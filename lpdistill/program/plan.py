"""Stationary policies, perhaps randomised: their expected times, and how often they take each action."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.model.process import Choice
from lpdistill.model.resources import Resource
from lpdistill.program.evaluation import evaluate, visits
from lpdistill.program.policy_iteration import MARGIN, Optimum, policy_shortfall, scaled_up


@dataclass(frozen=True)
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
        column.
    """

    uses: Choice
    probability: FloatArray
    values: FloatArray
    upper: FloatArray

    @staticmethod
    def of(uses: Choice, probability: FloatArray) -> Plan:
        """Evaluate a policy.

        Raises
        ------
        ImproperPolicyError
            If it does not reach the target from every configuration in which it has a column.
        NotCertifiedError
            If its expected time cannot be bounded in double precision.
        """
        mixed = uses.mixed(probability)
        process, least = uses.process, uses.process.tariff.time * uses.process.least_duration
        local = mixed.cost / np.where(mixed.leaving > 0, mixed.leaving, 1.0)
        values = evaluate(mixed, local)
        values = evaluate(mixed, local, scale=values)
        high = evaluate(mixed, local + MARGIN * process.rounding * values[mixed.configuration], scale=values)
        upper = scaled_up(high, float(policy_shortfall(mixed, high).max()), least)
        return Plan(uses, probability, np.minimum(values, upper), upper)

    @staticmethod
    def optimal(optimum: Optimum) -> Plan:
        """The policy that policy iteration ended with."""
        return Plan(optimum.policy, np.ones(len(optimum.policy.columns)), optimum.values, optimum.upper)

    @cached_property
    def mixed(self) -> Choice:
        """One column per configuration, with the randomisation inside."""
        return self.uses.mixed(self.probability)

    @cached_property
    def visits(self) -> FloatArray:
        """Expected number of steps that a run takes in each configuration, (configurations,)."""
        entered = np.zeros(self.uses.process.size)
        entered[0] = 1.0
        found = np.zeros(self.uses.process.size)
        found[self.mixed.configuration] = visits(self.mixed, entered)
        return found

    @cached_property
    def occupation(self) -> FloatArray:
        """Expected number of times that a run takes each column, (uses,)."""
        return np.asarray(self.visits[self.uses.configuration] * self.probability)

    def used(self, resource: Resource) -> float:
        """Expected use of a resource."""
        return float(self.occupation @ self.uses.process.amounts(resource, self.uses.columns))

    def flow_residual(self) -> float:
        """Greatest imbalance of expected visits in any configuration."""
        balance = -(self.uses.moves.T @ self.occupation)
        np.add.at(balance, self.uses.configuration, self.uses.leaving * self.occupation)
        balance[0] -= 1.0
        return float(np.abs(balance).max())
