"""A link as it was planned: a problem and the policy in use, and what these predict of telemetry."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from lpdistill.errors import ImproperPolicyError, ModelError
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.labelled import require_memories
from lpdistill.solution.policy import Policy
from lpdistill.solving import solve
from lpdistill.telemetry.records import Levels
from lpdistill.telemetry.sums import SumLaw
from lpdistill.times.distribution import Distribution, distribution

QUANTILES = (Fraction(1, 2), Fraction(9, 10))
"""Shares of the waits, at whose predicted times it is counted how many were longer."""


@dataclass(frozen=True, eq=False)
class Link:
    """A problem and the policy in use.

    Attributes
    ----------
    problem
        The hardware as it should be.
    policy
        What is done on it.
    """

    problem: Problem
    policy: Policy
    _sums: dict[int, SumLaw] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(policy: Policy) -> Link:
        """A policy on its own problem.

        Raises
        ------
        ModelError
            If it is one for a state graph, on labels that stand for levels, or for memories that forget.
        ImproperPolicyError
            If it may never deliver.
        """
        refused = "must be one for a Problem: a state graph has no memories to report of"
        process = require_memories(policy.process, "policy", refused, policy)
        problem = PROBLEM.meant(process, "policy")
        require_levels(problem)
        if policy.deadlock:
            raise ImproperPolicyError(
                f"policy: never delivers once it is trapped in {policy.deadlock[0]}; watch one that is proper",
                deadlock=policy.deadlock,
            )
        return Link(problem, policy)

    @cached_property
    def recipes(self) -> dict[Levels, Fraction]:
        """Success probability of every distillation that the hardware allows, by the levels that go in."""
        process = require_memories(self.policy.process, "policy", "must be one for a Problem", self.policy)
        return {one.consumed: one.success for one in process.numbering.repertoire.distillations}

    @cached_property
    def chances(self) -> dict[Levels, Fraction]:
        """The same of those that runs of the policy make."""
        plan = self.policy.plan
        columns = plan.uses.columns[plan.occupation > 0]
        used = {levels for action in plan.uses.process.names.actions(columns) for levels in action.distil}
        return {levels: self.recipes[levels] for levels in sorted(used)}

    @cached_property
    def law(self) -> Distribution:
        """The law of a waiting time that begins with empty memories."""
        return distribution(self.policy)

    def sum_of(self, count: int) -> SumLaw:
        """The law of the sum of so many waiting times, in slots."""
        if count not in self._sums:
            self._sums[count] = SumLaw.of(self.law.law.pmf, count)
        return self._sums[count]

    def slots(self, total: float, count: int) -> float:
        """The sum of so many waiting times in slots of the law."""
        lattice = self.law.lattice
        return (total + count * float(lattice.uncharged)) / float(lattice.unit)

    def time(self, slots: float, count: int) -> float:
        """A sum of so many waiting times in the user's unit."""
        lattice = self.law.lattice
        return slots * float(lattice.unit) - count * float(lattice.uncharged)

    def cuts(self, ends: tuple[float, ...] | None) -> list[float]:
        """Times at which it is counted how many waits were longer: predicted quantiles, or the nearest of some ends."""
        found = []
        for share in QUANTILES:
            cut = self.law.quantile(share)
            if ends is not None:
                cut = min(ends, key=lambda end: abs(end - cut), default=-1.0)
            if cut >= 0 and 0 < self.law.survival(cut) < 1:
                found.append(cut)
        return list(dict.fromkeys(found))

    def at(self, p: Fraction) -> Link | None:
        """The same policy where attempts succeed with another probability; None where it never delivers then."""
        if p <= 0:
            return None
        found = Policy.of(self.problem.replace(p=p), self.policy, improper=True)
        return None if found.deadlock else Link(PROBLEM.meant(found.process, "policy"), found)

    def cost(self, p: Fraction) -> Cost:
        """What another probability of generation costs, and what a new policy would save."""
        there, planned = self.at(p), self.policy.waiting_time
        best = solve(self.problem.replace(p=p)).waiting_time if p > 0 else None
        return Cost(p, planned, None if there is None else there.policy.waiting_time, best)


def require_levels(problem: Problem) -> None:
    """Refuse a problem whose distillations have no counts by levels: labels stand for them, or pairs age.

    Raises
    ------
    ModelError
        If it is one.
    """
    if problem.hardware.coherence_time is not None:
        raise ModelError(
            "coherence_time",
            "must be none for a link that is watched: pairs that age have no fixed levels to count by",
            problem.hardware.coherence_time,
        )
    if labels_of(problem) is not None or not problem.reach.finite:
        raise ModelError(
            "target",
            "must be within the limit of pumping for a link that is watched: beyond it labels stand for levels",
            problem.target,
        )


class Cost(NamedTuple):
    """Expected waiting times at another probability of generation.

    Attributes
    ----------
    p
        The probability.
    planned
        What was expected.
    kept, best
        What is to be expected there of the policy in use, and of the best one; None for never.
    """

    p: Fraction
    planned: float
    kept: float | None
    best: float | None

    def to_dict(self) -> dict[str, float | None]:
        """It as JSON data."""
        return {"p": float(self.p), "planned": self.planned, "kept": self.kept, "best": self.best}
