r"""Problems that differ in probability and durations only, solved together: one more axis, that of the points.

Whatever p and the durations are, configurations, columns and what their distillations make are the same.  A
:class:`Family` has them once, from the dynamics of one of its problems; attempt tables, action values and policies then
have a trailing axis of points, and every step of policy iteration is taken at all points at once.

The proof is that of :mod:`lpdistill.program.proof`, point by point: values for costs lowered by a few roundings are
compared with the action values of *all* columns, and values for raised costs with those of the policy.  Action values
are the same sums and products of what is not negative as those of the dynamics, so that their bound on rounding holds.
What is not proved, and where several policies are optimal, is left to whoever solves problems one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray, ragged
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.generation import Generation
from lpdistill.process.process import Choice
from lpdistill.process.tariff import Quantities
from lpdistill.program.objective import FIRST_DELIVERY
from lpdistill.program.points import Attempted, Points, middles, neighbourhoods
from lpdistill.program.proof import MARGIN

MOST_ROUNDS = 50
"""Far beyond what policy iteration takes (one to six rounds)."""

AT_ONCE = 1 << 21
"""Numbers in the largest array of the points that are solved at once: sixteen megabytes."""

TIED, ENTERED = 1e-11, 1e-14
"""Relative difference of action values that may be rounding, and of visits from none."""


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

    @staticmethod
    def of(choice: Choice, owners: IntArray, generation: Generation, attempts: IntArray) -> Moves:
        """The moves of columns with the given numbers of attempts."""
        index = choice.outcomes.indices.astype(np.int64)
        entry, rank, _ = generation.expand(index)
        _, successes = ragged(np.bincount(entry, minlength=len(index)))
        successes += (index >= generation.offsets[-1])[entry]
        known = np.isin(rank, owners)  # other configurations are entered with probability 0
        entry, rank, successes = entry[known], rank[known], successes[known]
        column = np.repeat(np.arange(len(choice.columns)), np.diff(choice.outcomes.indptr))[entry]
        return Moves(
            first=np.searchsorted(column, np.arange(len(choice.columns) + 1)),
            owner=np.searchsorted(owners, rank),
            weight=choice.outcomes.data[entry],
            binomial=attempts[column] * (generation.configurations.most + 1) + successes,
        )


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


class Family:
    """Problems that differ in probability and durations only.

    Parameters
    ----------
    dynamics
        The decision process of one of the problems.
    columns
        The columns among which policies choose: at least one for every configuration that they enter, the start first.
    policy
        One of them for each of these configurations, a policy that is proper whatever p and the durations are.
    """

    def __init__(self, dynamics: Dynamics, columns: IntArray, policy: IntArray) -> None:
        choice = dynamics.choose(columns)
        useful = np.flatnonzero(~choice.repetition.waits)
        order = useful[np.argsort(choice.configuration[useful], kind="stable")]
        self.dynamics, self.choice = dynamics, dynamics.choose(columns[order])
        self.owners, self.first = np.unique(self.choice.configuration, return_index=True)
        self.kind = dynamics.durations.kind(self.choice.columns)
        self.usage = dynamics.kernel.usage(self.choice.columns)
        self.attempts = np.asarray(self.usage.attempts)
        self.resources = tuple(dynamics.resources)
        order = np.argsort(self.choice.columns)
        self._policy = order[np.searchsorted(self.choice.columns[order], policy)]
        self._neighbours: dict[tuple[int, int], IntArray] = {}

    @cached_property
    def moves(self) -> Moves:
        """Where the columns lead."""
        return Moves.of(self.choice, self.owners, self.dynamics.kernel.generation, self.attempts)

    @property
    def distils_last(self) -> bool:
        """Whether the step that reaches the target distils."""
        return self.dynamics.kernel.generation.raw is not None

    @property
    def at_once(self) -> int:
        """How many points are solved at once."""
        widest = max(len(self.owners) ** 2, len(self.choice.columns), self.choice.outcomes.shape[1])
        return max(1, AT_ONCE // widest)

    def optima(self, points: Points) -> Costs:
        """The costs of optimal policies, as far as they are proved."""
        found = Costs.unknown(len(points), len(self.resources))
        for i in range(0, len(points), self.at_once):
            some = slice(i, i + self.at_once)
            here = points.at(some)
            with np.errstate(all="ignore"):  # what is no number is not proved
                found.put(some, self._settled(here, self._starts(here))[0])
        return found

    def _starts(self, points: Points) -> IntArray:
        """Policies to start from, (configurations, points): those that are optimal in the neighbourhood.

        They are a matter of the point alone, so that its numbers do not depend on which others are solved with it.
        """
        generation = self.dynamics.kernel.generation
        if len(self.choice.columns) == len(self.owners) or not generation.failure:
            return np.repeat(self._policy[:, None], len(points), axis=1)
        where = neighbourhoods(points)
        missing = [one for one in dict.fromkeys(where) if one not in self._neighbours]
        if missing:
            _, policies = self._settled(middles(missing), np.repeat(self._policy[:, None], len(missing), axis=1))
            self._neighbours.update(zip(missing, policies.T, strict=True))
        return np.stack([self._neighbours[one] for one in where], axis=1)

    def _settled(self, points: Points, policy: IntArray) -> tuple[Costs, IntArray]:
        """Policy iteration at all points at once: costs, and the policies in the end, (configurations, points).

        Points drop out as soon as no column improves their policy.
        """
        found, policy = Costs.unknown(len(points), len(self.resources)), policy.copy()
        left = np.arange(len(points))
        for _ in range(MOST_ROUNDS):
            system = System(self, points.at(left), policy[:, left])
            found.put(left, system.costs())
            policy[:, left] = system.improved
            left = left[system.improvable]
            if not len(left):
                break
        return found, policy


class System:
    """Policies of a family evaluated at some points, and compared with all columns.

    Arrays of values have the shape (points, configurations), as far as equations are solved; (configurations, points)
    where columns are priced.

    Parameters
    ----------
    family, points
        What is solved.
    policy
        Position of the column of every configuration, (configurations, points).
    """

    def __init__(self, family: Family, points: Points, policy: IntArray) -> None:
        self._family, self._points, self._policy = family, points, policy
        self._attempts = Attempted(family.dynamics.kernel.generation, points)
        self._rounding = family.dynamics.rounding

    @cached_property
    def _cost(self) -> FloatArray:
        """Duration of every column, (columns, points)."""
        return self._points.times[self._family.kind]

    @cached_property
    def _leaving(self) -> FloatArray:
        """Probability that anything happens, (columns, points)."""
        generating = (self._family.kind == 0)[:, None]
        return np.where(generating, self._attempts.leaving[self._family.attempts], 1.0)

    def _chosen(self, by_column: FloatArray) -> FloatArray:
        """What the policies have of what columns have, (points, configurations)."""
        return np.ascontiguousarray(np.take_along_axis(by_column, self._policy, axis=0).T)

    @cached_property
    def _moves(self) -> FloatArray:
        """Probability, given that anything happens, of every move of the policies, (points, from, to)."""
        moves, (size, points) = self._family.moves, self._policy.shape
        columns = self._policy.T.ravel()
        row, position = ragged((moves.first[1:] - moves.first[:-1])[columns])
        move = moves.first[columns][row] + position
        point = row // size
        chance = self._attempts.binomials.reshape(-1, points)
        mass = moves.weight[move] * chance[moves.binomial[move], point]
        mass /= self._leaving[columns[row], point]
        summed = np.bincount(row * size + moves.owner[move], mass, minlength=points * size**2)
        return np.asarray(summed.reshape(points, size, size), dtype=np.float64)

    @cached_property
    def _inverse(self) -> FloatArray:
        """Expected number of times that each configuration is entered from each, (points, from, entered)."""
        return inverses(np.eye(len(self._policy)) - self._moves)

    def _solved(self, collected: FloatArray) -> FloatArray:
        """Expected total of what is collected whenever a configuration is entered, (points, configurations)."""
        return np.asarray((self._inverse @ collected[..., None])[..., 0])

    @cached_property
    def values(self) -> FloatArray:
        """Expected cost to go, (points, configurations)."""
        local = self._chosen(self._cost / self._leaving)
        found = self._solved(local)
        return found + self._solved(local + (self._moves @ found[..., None])[..., 0] - found)

    @cached_property
    def _margin(self) -> FloatArray:
        """What a few roundings in every step add up to, (points, configurations)."""
        return self._solved(MARGIN * self._rounding * self.values)

    @cached_property
    def _lowered(self) -> FloatArray:
        return np.ascontiguousarray((self.values - self._margin).T)

    @cached_property
    def _raised(self) -> FloatArray:
        """Values for raised costs, and then as far as is needed, (configurations, points); infinite if that fails."""
        high = np.ascontiguousarray((self.values + self._margin).T)
        value = np.take_along_axis(self._action_values(high), self._policy, axis=0)
        missing = np.maximum((value * (1 + self._rounding) - high).max(axis=0), 0.0)
        room = self._points.least - 2 * missing
        scale = np.where(missing > 0, np.where(room > 0, 1 + 2 * missing / room, np.inf), 1.0)
        return high * scale

    def _action_values(self, values: FloatArray) -> FloatArray:
        """Cost and expected value after every column, given that anything happens, (columns, points)."""
        family = self._family
        everywhere = np.zeros((family.dynamics.size, len(self._points)))
        everywhere[family.owners] = values
        found = family.choice.outcomes @ self._attempts.tabulate(everywhere)
        found += self._cost
        found /= self._leaving
        return np.asarray(found)

    @cached_property
    def _priced(self) -> FloatArray:
        return self._action_values(self._lowered)

    @cached_property
    def _best(self) -> FloatArray:
        """The least action value of every configuration, (configurations, points)."""
        return np.minimum.reduceat(self._priced, self._family.first)

    @cached_property
    def _better(self) -> BoolArray:
        """Where some column may improve the policy, (configurations, points)."""
        return self._lowered > self._best * (1 - self._rounding)

    @property
    def improvable(self) -> BoolArray:
        """Points at which some column may improve the policy, (points,)."""
        return np.asarray(self._better.any(axis=0))

    def _tied(self, steps: FloatArray) -> BoolArray:
        """Points at which some configuration that is entered has several columns that may be the best, (points,)."""
        near = self._priced <= np.repeat(self._best * (1 + TIED), self._columns, axis=0)
        several = np.add.reduceat(near, self._family.first, axis=0, dtype=np.int64) > 1
        return np.asarray((several & (steps.T > ENTERED)).any(axis=0))

    @property
    def _columns(self) -> IntArray:
        """Number of columns of every configuration, (configurations,)."""
        return np.diff(self._family.first, append=len(self._family.choice.columns))

    @property
    def improved(self) -> IntArray:
        """The policies with a best column wherever one is better, (configurations, points)."""
        if not self.improvable.any():
            return self._policy
        least = self._priced <= np.repeat(self._best, self._columns, axis=0)
        place = np.where(least, np.arange(len(least))[:, None], len(least))
        return np.where(self._better, np.minimum.reduceat(place, self._family.first), self._policy)

    def costs(self) -> Costs:
        """What the policies cost, as far as they are proved to be optimal."""
        lower, upper = np.maximum(self._lowered, 0.0), self._raised
        values = np.ascontiguousarray(self.values.T.clip(lower, upper).T)
        closed = (upper - lower <= FIRST_DELIVERY.gap * upper).all(axis=0)
        steps, variance = self._steps, self._variance(values)
        return Costs(
            settled=closed & np.isfinite(variance) & ~(self.improvable | self._tied(steps)),
            value=values[:, 0],
            lower=lower[0],
            upper=upper[0],
            variance=variance,
            totals=np.array([(steps * amounts).sum(axis=1) for amounts in self._amounts()]),
        )

    @property
    def _steps(self) -> FloatArray:
        """Expected number of steps that a run takes in each configuration, (points, configurations)."""
        entered = (self._inverse[:, None, 0] @ self._moves)[:, 0]  # a sweep, after which each has its own rounding
        entered[:, 0] += 1.0
        return np.asarray(entered / self._chosen(self._leaving))

    def _variance(self, values: FloatArray) -> FloatArray:
        """Variance of the cost from the start, as :attr:`Plan.variance <lpdistill.program.plan.Plan.variance>`."""
        cost, leaving = self._chosen(self._cost), self._chosen(self._leaving)
        surprise = (cost - values)[:, :, None] + values[:, None, :]
        square = leaving * (self._moves * surprise**2).sum(axis=2) + (1 - leaving) * cost**2
        square += self._chosen(self._reaching) * (cost - values) ** 2
        return np.asarray(self._solved(square / leaving)[:, 0])

    @property
    def _reaching(self) -> FloatArray:
        """Probability that the target is reached with every column, (columns, points)."""
        if self._family.dynamics.kernel.generation.raw is None:
            return np.where((self._family.kind == 0)[:, None], self._leaving, self._family.choice.reaching[:, None])
        return np.broadcast_to(self._family.choice.reaching[:, None], self._cost.shape)

    def _amounts(self) -> Iterator[FloatArray]:
        """What the policies use of every resource in each configuration, (points, configurations) each."""
        family, columns = self._family, self._policy.T
        known = {
            item.name: np.broadcast_to(getattr(family.usage, item.name), len(family.kind))[columns]
            for item in fields(Quantities)
        }
        known |= {"duration": self._chosen(self._cost), "made": known["attempts"] * self._points.success[:, None]}
        usage = replace(family.usage, **known)  # type: ignore[arg-type]  # mypy takes them for all of its fields
        for resource in family.dynamics.resources.values():
            yield resource.amounts(usage)


def inverses(matrices: FloatArray) -> FloatArray:
    """Inverses of some matrices, (matrices, n, n), each for itself; not a number where there is none."""
    try:
        return np.asarray(np.linalg.inv(matrices), dtype=np.float64)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full_like(matrices, np.nan)
        half = len(matrices) // 2
        return np.concatenate([inverses(matrices[:half]), inverses(matrices[half:])])
