"""Policies evaluated and compared with all columns at many points, at which p and durations differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray, ragged
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.tariff import Quantities
from lpdistill.program.objective import FIRST_DELIVERY
from lpdistill.program.points import Attempted, Points
from lpdistill.program.proof import MARGIN

TIED, ENTERED = 1e-11, 1e-14
"""Relative difference of action values that may be rounding, and number of visits that may be none."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What optimal policies cost from the start, and what they use.

    Attributes
    ----------
    settled
        Points at which the costs are proved, and a single policy is optimal where runs come, (points,).  The numbers of
        others mean nothing, or are those of one of several policies.
    value
        Expected cost, (points,).
    lower, upper
        What is proved of it, (points,).
    variance
        Variance of the cost, (points,).
    totals
        Expected use of every resource, (resources, points).
    """

    settled: BoolArray
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    variance: FloatArray
    totals: FloatArray

    @staticmethod
    def unknown(points: int, resources: int) -> Costs:
        """Nothing is settled yet."""
        value, lower, upper, variance = np.full((4, points), np.nan)
        return Costs(np.zeros(points, dtype=bool), value, lower, upper, variance, np.full((resources, points), np.nan))

    def put(self, some: IntArray | slice, others: Costs) -> None:
        """Fill in the costs of some of the points."""
        for item in fields(Costs):
            getattr(self, item.name)[..., some] = getattr(others, item.name)


@dataclass(frozen=True, slots=True)
class Moves:
    """Where some columns lead: each move a weight times the probability of so many successes in so many attempts.

    Attributes
    ----------
    first
        Where the moves of each column start, (columns + 1,).
    owner
        Position of the configuration that a move leads to, among those that have columns, (moves,).
    weight
        What does not depend on the point, (moves,).
    binomial
        Which binomial probability it is multiplied by, (moves,).
    """

    first: IntArray
    owner: IntArray
    weight: FloatArray
    binomial: IntArray

    def of(self, columns: IntArray) -> tuple[IntArray, IntArray]:
        """The moves of some columns: the position of the column of each, and its number."""
        row, position = ragged((self.first[1:] - self.first[:-1])[columns])
        return row, self.first[columns][row] + position


class Columns:
    """Columns of problems that differ in probability and durations only, in order of configuration.

    Those that change nothing are left out.

    Parameters
    ----------
    dynamics
        The decision process of one of the problems.
    columns
        Their numbers: at least one for every configuration that they enter, the start among them.

    Attributes
    ----------
    owners
        The configurations that have columns, increasing.
    first
        Where the columns of each of them start, (configurations,).
    """

    def __init__(self, dynamics: Dynamics, columns: IntArray) -> None:
        choice = dynamics.choose(columns)
        useful = np.flatnonzero(~choice.repetition.waits)
        order = useful[np.argsort(choice.configuration[useful], kind="stable")]
        self.dynamics, self.choice = dynamics, choice.at(order)
        self.owners, self.first = np.unique(self.choice.configuration, return_index=True)
        self.count = np.diff(self.first, append=len(self))
        self.kind = dynamics.durations.kind(self.choice.columns)
        self.usage = dynamics.kernel.usage(self.choice.columns)
        self.attempts = np.asarray(self.usage.attempts)

    def __len__(self) -> int:
        return len(self.choice.columns)

    @property
    def width(self) -> int:
        """How many numbers a point has in the largest array."""
        return max(len(self.owners) ** 2, len(self), self.choice.outcomes.shape[1])

    def positions(self, columns: IntArray) -> IntArray:
        """Where the columns of the given numbers stand, (columns,)."""
        order = np.argsort(self.choice.columns)
        return np.asarray(order[np.searchsorted(self.choice.columns[order], columns)])

    @cached_property
    def moves(self) -> Moves:
        """Where they lead, (moves,)."""
        generation, choice = self.dynamics.kernel.generation, self.choice
        index = choice.outcomes.indices.astype(np.int64)
        entry, rank, _ = generation.expand(index)
        _, successes = ragged(np.bincount(entry, minlength=len(index)))
        successes += (index >= generation.offsets[-1])[entry]
        column = np.repeat(np.arange(len(self)), np.diff(choice.outcomes.indptr))[entry]
        return Moves(
            first=np.searchsorted(column, np.arange(len(self) + 1)),
            owner=np.searchsorted(self.owners, rank),
            weight=choice.outcomes.data[entry],
            binomial=self.attempts[column] * (generation.configurations.most + 1) + successes,
        )


@dataclass(frozen=True)
class Comparison:
    """All columns, compared with values.

    Attributes
    ----------
    columns
        The columns.
    priced
        Their action values, (columns, points).
    best
        The least of every configuration, (configurations, points).
    better
        Where the values exceed it, (configurations, points).
    """

    columns: Columns
    priced: FloatArray
    best: FloatArray
    better: BoolArray

    @property
    def improvable(self) -> BoolArray:
        """Points at which some column is better, (points,)."""
        return np.asarray(self.better.any(axis=0))

    def improved(self, policy: IntArray) -> IntArray:
        """A policy with the first best column wherever one is better, (configurations, points)."""
        if not self.better.any():
            return policy
        least = self.priced <= np.repeat(self.best, self.columns.count, axis=0)
        place = np.where(least, np.arange(len(least))[:, None], len(least))
        return np.where(self.better, np.minimum.reduceat(place, self.columns.first), policy)

    def tied(self, entered: BoolArray) -> BoolArray:
        """Points at which some configuration that is entered has several columns that may be the best, (points,)."""
        near = self.priced <= np.repeat(self.best * (1 + TIED), self.columns.count, axis=0)
        several = np.add.reduceat(near, self.columns.first, axis=0, dtype=np.int64) > 1
        return np.asarray((several & entered).any(axis=0))


class System:
    """Policies at some points, one at each.

    What equations are solved for has the shape (points, configurations); where columns are priced, it is
    (configurations, points).

    Parameters
    ----------
    columns, points
        What policies choose from, and where.
    policy
        Position of the column of every configuration, (configurations, points).
    values
        What the policies cost, if that is known, (points, configurations).
    """

    def __init__(self, columns: Columns, points: Points, policy: IntArray, values: FloatArray | None = None) -> None:
        self._columns, self._points, self._policy = columns, points, policy
        self._attempts = Attempted(columns.dynamics.kernel.generation, points)
        self._rounding = columns.dynamics.rounding
        self._known = values

    @cached_property
    def _cost(self) -> FloatArray:
        """Duration of every column, (columns, points)."""
        return self._points.times[self._columns.kind]

    @cached_property
    def _leaving(self) -> FloatArray:
        """Probability that anything happens, (columns, points)."""
        generating = (self._columns.kind == 0)[:, None]
        return np.where(generating, self._attempts.leaving[self._columns.attempts], 1.0)

    @property
    def _staying(self) -> FloatArray:
        """Probability that nothing happens, (columns, points)."""
        generating = (self._columns.kind == 0)[:, None]
        return np.where(generating, self._attempts.binomials[self._columns.attempts, 0], 0.0)

    def _chosen(self, by_column: FloatArray) -> FloatArray:
        """What the policies have of what columns have, (points, configurations)."""
        return np.ascontiguousarray(np.take_along_axis(by_column, self._policy, axis=0).T)

    @cached_property
    def _moves(self) -> FloatArray:
        """Probability, given that anything happens, of every move of the policies, (points, from, to)."""
        moves, (size, points) = self._columns.moves, self._policy.shape
        columns = self._policy.T.ravel()
        row, move = moves.of(columns)
        point = row // size
        chance = self._attempts.binomials.reshape(-1, points)
        mass = moves.weight[move] * chance[moves.binomial[move], point]
        mass /= self._leaving[columns[row], point]
        summed = np.bincount(row * size + moves.owner[move], mass, minlength=points * size**2)
        return np.asarray(summed.reshape(points, size, size), dtype=np.float64)

    @cached_property
    def _matrix(self) -> FloatArray:
        """The equations of the policies, (points, configurations, configurations)."""
        return np.asarray(np.eye(len(self._policy)) - self._moves)

    @cached_property
    def values(self) -> FloatArray:
        """Expected cost to go, (points, configurations)."""
        if self._known is not None:
            return self._known
        local = self._chosen(self._cost / self._leaving)  # what is paid until the configuration is left
        return solved(self._matrix, local[..., None])[..., 0]

    def compared(self, values: FloatArray, slack: float) -> Comparison:
        """All columns, compared with values, (configurations, points), that may exceed the least by a share of it."""
        priced = self._priced(values)
        best = np.minimum.reduceat(priced, self._columns.first)
        return Comparison(self._columns, priced, best, values > best * (1 + slack))

    def _priced(self, values: FloatArray) -> FloatArray:
        """Cost and expected value after every column, given that anything happens, (columns, points)."""
        columns = self._columns
        everywhere = np.zeros((columns.dynamics.size, len(self._points)))
        everywhere[columns.owners] = values
        found = columns.choice.outcomes @ self._attempts.tabulate(everywhere)
        found += self._cost
        found /= self._leaving
        return np.asarray(found)

    def costs(self) -> tuple[Costs, Comparison]:
        """What the policies cost, as far as they are proved to be optimal, and what the proof compares.

        Values for costs lowered by a few roundings are compared with all columns, and those for raised costs with the
        columns of the policy.
        """
        margin, variance = self._collected(MARGIN * self._rounding * self.values, self._surprise)
        low, high = (np.ascontiguousarray((self.values + sign * margin).T) for sign in (-1, 1))
        comparison = self.compared(low, -self._rounding)
        lower, upper = np.maximum(low, 0.0), self._raised(high)
        closed = (upper - lower <= FIRST_DELIVERY.gap * upper).all(axis=0)
        steps = self._steps
        several = comparison.tied(steps.T > ENTERED)
        costs = Costs(
            settled=closed & np.isfinite(variance[:, 0]) & ~(comparison.improvable | several),
            value=self.values[:, 0].clip(lower[0], upper[0]),
            lower=lower[0],
            upper=upper[0],
            variance=variance[:, 0],
            totals=np.array([(steps * amounts).sum(axis=1) for amounts in self._amounts()]),
        )
        return costs, comparison

    def _collected(self, *each: FloatArray) -> Iterator[FloatArray]:
        """Expected totals of what is collected whenever a configuration is entered, (points, configurations) each."""
        found = solved(self._matrix, np.stack(each, axis=2))
        return (found[..., i] for i in range(len(each)))

    def _raised(self, high: FloatArray) -> FloatArray:
        """Values raised as far as is needed to bound the policies, (configurations, points); infinite if that fails."""
        value = np.take_along_axis(self._priced(high), self._policy, axis=0)
        missing = np.maximum((value * (1 + self._rounding) - high).max(axis=0), 0.0)
        room = self._points.least - 2 * missing
        return high * np.where(missing > 0, np.where(room > 0, 1 + 2 * missing / room, np.inf), 1.0)

    @property
    def _steps(self) -> FloatArray:
        """Expected number of steps that a run takes in each configuration, (points, configurations)."""
        start = np.zeros((len(self._policy), 1))
        start[0] = 1.0
        entered = solved(self._matrix.transpose(0, 2, 1), np.broadcast_to(start, (len(self._points), *start.shape)))
        return np.asarray(np.maximum(entered[..., 0], 0.0) / self._chosen(self._leaving))

    @property
    def _surprise(self) -> FloatArray:
        """What adds up to the variance of the cost, as in that of :class:`~lpdistill.program.plan.Plan`."""
        cost, leaving, values = self._chosen(self._cost), self._chosen(self._leaving), self.values
        square = (cost - values)[:, :, None] + values[:, None, :]
        square *= square
        square *= self._moves
        found = leaving * square.sum(axis=2) + self._chosen(self._staying) * cost**2
        return np.asarray((found + self._chosen(self._reaching) * (cost - values) ** 2) / leaving)

    @property
    def _reaching(self) -> FloatArray:
        """Probability that the target is reached with every column, (columns, points)."""
        if self._columns.dynamics.kernel.generation.raw is None:
            return np.where((self._columns.kind == 0)[:, None], self._leaving, self._columns.choice.reaching[:, None])
        return np.broadcast_to(self._columns.choice.reaching[:, None], self._cost.shape)

    def _amounts(self) -> Iterator[FloatArray]:
        """What the policies use of every resource in each configuration, (points, configurations) each."""
        columns = self._columns
        known = {
            item.name: np.broadcast_to(getattr(columns.usage, item.name), len(columns))[self._policy.T]
            for item in fields(Quantities)
        }
        known |= {"duration": self._chosen(self._cost), "made": known["attempts"] * self._points.success[:, None]}
        usage = replace(columns.usage, **known)  # type: ignore[arg-type]  # mypy takes them for all of its fields
        for resource in columns.dynamics.resources.values():
            yield resource.amounts(usage)


def solved(matrices: FloatArray, right: FloatArray) -> FloatArray:
    """Solutions of some systems, (systems, n, columns), each for itself; not a number where there is none."""
    try:
        return np.asarray(np.linalg.solve(matrices, right), dtype=np.float64)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full(right.shape, np.nan)
        half = len(matrices) // 2
        return np.concatenate([solved(matrices[:half], right[:half]), solved(matrices[half:], right[half:])])
