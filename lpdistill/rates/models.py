"""Optima of rates on finitely many levels: those of the map, or labels that stand for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import floor, inf

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.delivery import Delivery
from lpdistill.numbers import downwards
from lpdistill.physics.capped import capped
from lpdistill.physics.levels import Levels
from lpdistill.physics.maps import is_monotone
from lpdistill.physics.rounding import Grid, Labels, Rounding
from lpdistill.problem.labels import labels_of, with_labels
from lpdistill.problem.problem import Problem
from lpdistill.process.budgets import Budget
from lpdistill.process.factored.dynamics import Continued, Dynamics
from lpdistill.process.resources import REACHING, RESOURCES
from lpdistill.process.resources import Worth as Delivered
from lpdistill.process.tariff import Resource, Tariff
from lpdistill.program.label_models import label_model
from lpdistill.program.shares import Shares
from lpdistill.program.steadily import Optimum, Terms, optimum
from lpdistill.rates.worth import Worth

SHORTFALL = "shortfall of fidelity"
"""What a mean fidelity limits: by how much less what is delivered has, on average."""

FINEST_CAP = 10**9
"""Fidelities that nothing exceeds are rounded up to multiples of one by this."""


@dataclass(frozen=True)
class User:
    """Who is served with pairs.

    Attributes
    ----------
    name
        What it is called.
    target
        The fidelity that its pairs have at least.
    share
        How many it is to have per unit of time at least.
    """

    name: str
    target: Fraction
    share: Fraction


@dataclass(frozen=True)
class Line:
    """A supporting line of a frontier.

    Attributes
    ----------
    resource, price
        What has a price, and its price: the slope.
    scale
        What gains are about, of which those of a line may be small differences.
    """

    resource: Resource
    price: float
    scale: float


@dataclass(frozen=True)
class Earning:
    """What is earned, by whom.

    Attributes
    ----------
    worth
        What a pair is worth, where delivering one is a decision; None where those that meet the target count alike.
    users
        Who is served, if there are several.
    even
        Whether the least of their rates counts, instead of the sum.
    cost
        What an attempt costs.
    weights
        What a pair for each user counts, (users,).
    average
        The mean fidelity that what is delivered has at least, where a run begins anew after each delivery.
    line
        The supporting line of a frontier that is sought, if one is.
    kept
        Whether a pair that meets the target may be kept, and any other taken away for nothing, where all count alike.
    """

    worth: Worth | None = None
    users: tuple[User, ...] = ()
    even: bool = False
    cost: Fraction = Fraction(0)
    weights: FloatArray | None = None
    average: Fraction | None = None
    line: Line | None = None
    kept: bool = False

    @property
    def scale(self) -> float:
        """What gains are about, where that is known."""
        return 0.0 if self.line is None else self.line.scale

    @property
    def delivery(self) -> Delivery:
        """Whether delivering is a decision, and what comes after."""
        if self.average is not None:
            return Delivery.RESTART
        return Delivery.CHOSEN if self.worth is not None or self.users or self.kept else Delivery.EVERY

    @property
    def any_fidelity(self) -> bool:
        """Whether pairs of any fidelity may be delivered, so that no target cuts levels off."""
        return self.worth is not None or self.average is not None

    def tariff(self, levels: Levels) -> Tariff:
        """What columns cost, where nobody shares what is delivered."""
        costs: list[tuple[Resource, float]] = [(RESOURCES["generation_attempts"], float(self.cost))]
        if self.line is not None:
            costs.append((self.line.resource, self.line.price))
        if self.worth is not None:
            return Tariff(0.0, ((Delivered(self.worth.of_levels(levels)), -1.0),)).plus(costs)
        if self.kept:
            meets = np.array([float(level.fidelity >= levels.target) for level in levels])
            return Tariff(0.0, ((Delivered(meets), -1.0),)).plus(costs)
        return Tariff(0.0, () if self.users else ((REACHING, -1.0),)).plus(costs)

    def budgets(self, problem: Problem) -> tuple[Budget, ...]:
        """Limits per unit of time: those of a problem, and that what is delivered has no less than a mean fidelity."""
        if self.average is None:
            return problem.budgets
        short = np.array([downwards(self.average - level.fidelity) for level in problem.levels])  # never too strict
        return (*problem.budgets, Budget(Delivered(short, SHORTFALL), 0))

    def shares(self, levels: Levels) -> Shares | None:
        """Who is served with pairs of which level."""
        if not self.users:
            return None
        meets = np.array([[level.fidelity >= user.target for user in self.users] for level in levels])
        least = np.array([float(user.share) for user in self.users])
        worth = np.ones(len(self.users)) if self.weights is None else self.weights
        return Shares(meets, least, worth, tuple(user.name for user in self.users), self.even)


@dataclass(frozen=True)
class RateModel:
    """The optimum on some levels (:class:`~lpdistill.program.label_models.Rounded`).

    Attributes
    ----------
    problem
        The problem with these levels.
    optimum
        The greatest rate, with its policy.
    scale
        What it is about.
    """

    problem: Problem
    optimum: Optimum
    scale: float

    @staticmethod
    def of(
        problem: Problem, earning: Earning, progress: Callable[[str], None], near: RateModel | None = None
    ) -> RateModel | None:
        """The optimum of a problem on the levels that it has; None where nothing can ever be delivered.

        It is found from that of a similar one, if one is given.
        """
        levels = problem.levels
        # Where attempts always succeed, memories are empty again only if some are not made; limits make one wait.
        waits = problem.budgets or earning.line is not None or earning.average is not None
        choosy = earning.cost or problem.p == 1 or waits
        attempts = Attempts.ALL if choosy else problem.attempts
        process = Continued(problem, attempts, earning.tariff(levels), earning.delivery)
        if not process.live[0]:
            return None
        start = None if near is None else near.policy_on(process)
        terms = Terms(earning.budgets(problem), earning.shares(levels), earning.scale)
        found = optimum(process, terms, progress, start)
        return RateModel(problem, found, max(abs(found.gain), earning.scale))

    def policy_on(self, process: Dynamics) -> IntArray | None:
        """The policy, on the same columns under another tariff; None on others, or where it randomises."""
        known, levels = self.problem.levels, process.problem.levels
        alike = known.levels == levels.levels and self.process.column_count == process.column_count
        return self.optimum.columns if alike and len(self.optimum.columns) == process.live.sum() else None

    @property
    def process(self) -> Dynamics:
        """Its decision process."""
        return self.optimum.process

    @property
    def labels(self) -> Labels:
        """Its labels."""
        labels = labels_of(self.problem)
        assert labels is not None  # noqa: S101 - made of them
        return labels

    @property
    def exact(self) -> bool:
        """Whether the policy comes by no result that labels round, so that what it counts are true pairs."""
        labels, (columns, often) = labels_of(self.problem), self.taken
        if labels is None or not labels.results:
            return True
        recipes = self.process.numbering.repertoire.distillations
        met = np.unique(self.process.numbering.carried(columns[often > 0])[1]).tolist()
        return not any(recipes[one].consumed in labels.results for one in met)

    @property
    def taken(self) -> tuple[IntArray, FloatArray]:
        """The columns that the policy takes, and how often per unit of time, (columns,)."""
        return self.optimum.columns, self.optimum.rates

    @cached_property
    def values(self) -> FloatArray:
        """What the future costs beyond the average, (configurations,); infinite at dead ends."""
        found = np.full(self.process.size, inf)
        found[self.optimum.policy.choice.configuration] = self.optimum.evaluation.values
        return found


def exact_levels(problem: Problem, earning: Earning) -> Problem:
    """A problem with finitely many levels, below the target or, where delivering is a decision, with one above."""
    if earning.delivery is Delivery.EVERY:
        return problem
    return with_labels(problem, capped(problem.levels))


def labelled(problem: Problem, earning: Earning, grid: Grid, rounding: Rounding) -> Problem:
    """A problem with labels for its levels, those that are rounded that way."""
    labels = label_model(problem, grid, rounding)
    return with_labels(problem, labels if earning.delivery is Delivery.EVERY else capped(labels))


def highest(problem: Problem) -> Fraction:
    """A fidelity that no pair of so many memories exceeds, as far as the map has limits that are known.

    >>> from lpdistill.problem.problem import Problem
    >>> float(highest(Problem(0.5, 2, 0.85, 1)))
    0.909364654
    """
    if not is_monotone(problem.distillation):
        return max(problem.f0, getattr(problem.distillation, "ceiling", None) or Fraction(1))
    limit = problem.hardware.reach(Fraction(1)).memory_limit
    return min(Fraction(floor(limit * FINEST_CAP) + 2, FINEST_CAP), Fraction(1))
