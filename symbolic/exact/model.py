r"""The model over any commutative ring: rows of columns, and the reduced costs of all columns at once.

The factored dynamics of :mod:`lpdistill.process.factored.dynamics`, without rounding.  With the probabilities
of a recipe's outcomes written as quotients ``weight / total``, and generation as ``p = a / b``, every row and every
reduced cost times its scale is a polynomial in these numbers, so that one program serves integers (a rational ``p``),
integer polynomials in ``p``, and integer polynomials in ``p`` and ``f0``.  Arrays hold the ring's elements as objects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from lpdistill.arrays import BoolArray, IntArray, ragged
from lpdistill.hardware.recipes import Recipe
from lpdistill.process.factored.columns import Columns
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.matchings import Kind
from lpdistill.process.repetition import leaving_by_success
from symbolic.exact.charges import Charges

Element: TypeAlias = Any
"""An element of the ring: an integer or a polynomial."""

Elements: TypeAlias = NDArray[Any]
"""An array of elements, as objects."""

GENERATES, DISTILS, DISCARDS = range(3)
"""What a step does, and where its duration stands in ``Parameters.durations``."""

CHUNK = 20_000
"""Reduced costs computed at a time: they may have thousands of digits each."""


def elements(items: list[Element]) -> Elements:
    """A vector of ring elements."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def scalar(item: Element) -> Elements:
    """A ring element that numpy does not take apart: some polynomials look like sequences."""
    array = np.empty((), dtype=object)
    array[()] = item
    return array


def powers(base: Element, most: int) -> Elements:
    """``base**0`` to ``base**most``, (most + 1,)."""
    return elements([base**exponent for exponent in range(most + 1)])


@dataclass(frozen=True)
class Parameters:
    """The generation probability ``success / total``, and the durations of a step, as ring elements.

    Attributes
    ----------
    success, total
        ``p`` is their quotient.
    durations
        Duration of a step that only generates, of a step that distils, and of a discard, in units of ``1 / unit``.
    unit
        An integer that makes what columns cost integral.
    charges
        What columns cost instead of their durations, if anything.
    """

    success: Element
    total: Element
    durations: tuple[Element, Element, Element]
    unit: int
    charges: Charges | None = None

    @staticmethod
    def of(dynamics: Dynamics, success: Element, total: Element) -> Parameters:
        """The given generation probability, and the durations of a problem."""
        times = dynamics.problem.hardware.generation_time, dynamics.problem.hardware.distillation_time
        unit = math.lcm(*(time.denominator for time in times))
        durations = fmpz(int(times[0] * unit)), fmpz(int(times[1] * unit)), fmpz(0)
        return Parameters(success, total, durations, unit)

    @staticmethod
    def rational(dynamics: Dynamics) -> Parameters:
        """The generation probability and durations of a problem, as integers."""
        p = dynamics.problem.hardware.p
        if dynamics.problem.levels.raw is None and not dynamics.kernel.delivery.ends:  # made and gone: nothing changes
            return Parameters.of(dynamics, fmpz(0), fmpz(1))
        return Parameters.of(dynamics, fmpz(p.numerator), fmpz(p.denominator))

    def charging(self, charges: Charges) -> Parameters:
        """The same numbers where columns cost what they are charged."""
        return replace(self, unit=charges.unit, charges=charges)

    def costs(self, columns: IntArray, doing: IntArray) -> Elements:
        """What some columns cost, in units of ``1 / unit``, (columns,); ``doing`` says what their steps do."""
        if self.charges is not None:
            return np.asarray(self.charges.of(columns))
        return elements([self.durations[what] for what in doing.tolist()])

    @property
    def failure(self) -> Element:
        """``1 - p`` in units of ``1 / total``."""
        return self.total - self.success


@dataclass(frozen=True)
class Rows:
    """Some columns, their transitions written out; see :meth:`ExactModel.rows`.

    Attributes
    ----------
    columns, configuration, doing, attempts, scale
        Number of the column, rank of its configuration, what the step does, number of attempts, and what the weights
        are to be divided by, (columns,).
    row, following, successes, weight
        Column, rank of the next configuration, attempts that succeed, and probability of the distillations' outcome
        times ``scale``, (transitions,).
    """

    columns: IntArray
    configuration: IntArray
    doing: IntArray
    attempts: IntArray
    scale: Elements
    row: IntArray
    following: IntArray
    successes: IntArray
    weight: Elements

    @property
    def moving(self) -> BoolArray:
        """Whether the step changes something for sure: all but those that only generate, (columns,)."""
        return self.doing > GENERATES

    @cached_property
    def degrees(self) -> IntArray:
        """Degree of each column's equation in ``p``, once a factor ``p`` is taken out of generation steps."""
        return np.where(self.moving, self.attempts, np.maximum(self.attempts - 1, 0))

    @cached_property
    def binomial_weight(self) -> Elements:
        """Weight of every transition times the binomial coefficient of its attempts, (transitions,)."""
        most = int(self.attempts.max(initial=0))
        table = np.array([[math.comb(g, j) for j in range(most + 1)] for g in range(most + 1)], dtype=object)
        return np.asarray(self.weight * table[self.attempts[self.row], self.successes])

    @cached_property
    def classes(self) -> list[IntArray]:
        """Positions of the columns whose configurations can follow each other in circles, class by class."""
        position = self._positions
        pattern = (np.ones(len(self.row)), (self.row, position[self.following]))
        graph = sparse.csr_array(pattern, shape=(len(self.configuration),) * 2)
        _, label = connected_components(graph, connection="strong")
        order = np.argsort(label, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)

    @cached_property
    def _positions(self) -> IntArray:
        """Position of each configuration among the columns, -1 where there is none."""
        positions = np.full(max(self.configuration.max(), self.following.max(initial=0)) + 1, -1)
        positions[self.configuration] = np.arange(len(self.configuration))
        return positions

    def system(self, at: Parameters) -> tuple[Elements, Elements]:
        r"""The equations of these columns, one per configuration, for ``y = success * V``.

        A generation step is divided by ``success``, once "no attempt succeeds" is taken out of it; any other step
        keeps its right-hand side multiplied by it.  This saves one degree in ``p`` for every generation step.

        Returns
        -------
        tuple
            The matrix, (columns, columns), and the right-hand side, (columns,): ``matrix @ y == right * cost``.  The
            configurations must be closed: every next configuration belongs to one of the columns.
        """
        most = int(self.attempts.max(initial=0))
        won, lost, whole = (powers(base, most) for base in (at.success, at.failure, at.total))
        position = self._positions
        g, j, moving = self.attempts[self.row], self.successes, self.moving[self.row]
        kept = moving | (j > 0)
        weight = self.binomial_weight[kept] * won[(j - ~moving)[kept]] * lost[(g - j)[kept]]
        matrix = np.zeros((len(self.configuration),) * 2, dtype=object)
        np.subtract.at(matrix, (self.row[kept], position[self.following[kept]]), weight)
        leaving = elements([leaving_by_success(lost, whole, g) for g in range(most + 1)])
        own = np.arange(len(matrix)), position[self.configuration]
        matrix[own] += np.where(self.moving, self.scale * whole[self.attempts], leaving[self.attempts])
        right = self.scale * whole[self.attempts]
        right[self.moving] *= scalar(at.success)
        return matrix, right

    def chances(self, at: Parameters) -> tuple[Elements, Elements]:
        """Probability of every transition times the scale of its column, and the scales, (columns,)."""
        most = int(self.attempts.max(initial=0))
        won, lost, whole = (powers(base, most) for base in (at.success, at.failure, at.total))
        chance = self.binomial_weight * won[self.successes] * lost[self.attempts[self.row] - self.successes]
        return chance, self.scale * whole[self.attempts]

    def reduced_costs(self, values: Elements, weight: Element, at: Parameters) -> tuple[Elements, Elements]:
        """Reduced costs of these columns times their scales, and the scales; see :meth:`ExactModel.reduced_costs`."""
        chance, scale = self.chances(at)
        cost = at.costs(self.columns, self.doing) * scalar(weight)
        found = scale * (cost - values[self.configuration])
        np.add.at(found, self.row, chance * values[self.following])
        return found, scale * scalar(weight * at.unit)


@dataclass(frozen=True)
class ReducedCosts:
    """Reduced costs of some columns, times positive scales.

    Attributes
    ----------
    columns, configuration
        Numbers of the columns and ranks of their configurations, (columns,).
    value, scale
        Reduced cost times scale, and scale, (columns,).
    """

    columns: IntArray
    configuration: IntArray
    value: Elements
    scale: Elements

    def at(self, rows: BoolArray) -> ReducedCosts:
        """Some of the columns."""
        return ReducedCosts(self.columns[rows], self.configuration[rows], self.value[rows], self.scale[rows])


@dataclass(frozen=True)
class ExactModel:
    """The columns of a problem over a ring.

    Attributes
    ----------
    dynamics
        The columns, numbered, and their combinatorics.
    weights, total
        The probabilities of the outcomes of every recipe, in their order, times what they are to be divided by,
        (recipes,).
    """

    dynamics: Dynamics
    weights: list[list[Element]]
    total: Elements

    @staticmethod
    def rational(dynamics: Dynamics) -> ExactModel:
        """The model with the rational probabilities of a problem, as quotients of integers."""
        exact = [[outcome.probability for outcome in recipe.outcomes] for recipe in dynamics.kernel.matchings.recipes]
        total = [math.lcm(*(chance.denominator for chance in chances)) for chances in exact]
        weights = [[fmpz(int(chance * of)) for chance in chances] for chances, of in zip(exact, total, strict=True)]
        return ExactModel(dynamics, weights, elements([fmpz(of) for of in total]))

    def scale(self, counts: IntArray) -> Elements:
        """What the outcomes of matchings with such counts of recipes are to be divided by, (matchings,)."""
        scale = elements([fmpz(1)] * len(counts))
        for recipe, total in enumerate(self.total):
            scale = scale * powers(total, self.dynamics.kernel.matchings.most)[counts[:, recipe]]
        return scale

    def outcomes(self, counts: IntArray) -> Elements:
        """Probability of every outcome after which a run goes on, times the scale, (matchings, produced).

        The matchings have such counts of recipes.  One more distillation turns ``O[X]`` into the sum of its shifts by
        what each outcome produces, times the weight of that outcome.
        """
        matchings = self.dynamics.kernel.matchings
        table = np.zeros((len(counts), matchings.produced.size), dtype=object)
        table[:, 0] = scalar(fmpz(1))
        done = np.zeros(len(counts), dtype=np.int64)
        for recipe, one in enumerate(matchings.recipes):
            left = self._left(one, self.weights[recipe])
            for times in range(int(counts[:, recipe].max(initial=0))):
                rows = np.flatnonzero(counts[:, recipe] > times)
                before = matchings.produced.up_to(int(done[rows].max()) * matchings.most_produced)
                grown, smaller = np.zeros((len(rows), table.shape[1]), dtype=object), table[rows, :before]
                for levels, weight in left.items():
                    sums = matchings.produced.sums[:, :before].copy()
                    for level in np.searchsorted(matchings.produced_levels, levels).tolist():
                        sums[level:] += 1
                    if weight != 0:
                        grown[:, matchings.produced.rank_sums(sums)] += scalar(weight) * smaller
                table[rows] = grown
                done[rows] += 1
        return table

    def _left(self, recipe: Recipe, weights: list[Element]) -> dict[tuple[int, ...], Element]:
        """What a recipe leaves where a run goes on, with probabilities times its total; what is delivered is gone."""
        found: dict[tuple[int, ...], Element] = {}
        for outcome, weight in zip(recipe.outcomes, weights, strict=True):
            if not (outcome.target and self.dynamics.kernel.delivery.ends):
                levels = () if outcome.target else outcome.produced
                found[levels] = found.get(levels, fmpz(0)) + weight
        return found

    def rows(self, columns: IntArray) -> Rows:
        """The given columns with their transitions written out."""
        what, some = self.dynamics.numbering.describe(columns), self.dynamics.configurations
        counts, matching = np.unique(what.counts, axis=0, return_inverse=True)
        matching = matching.ravel()  # numpy 2.0 has it in two dimensions
        weights = self.outcomes(counts)[matching]
        outcome, made = np.nonzero(weights != 0)
        raw = self.dynamics.problem.levels.raw
        most = what.attempts[outcome] if raw is not None else np.zeros_like(outcome)
        entry, successes = ragged(most + 1)
        row = outcome[entry]
        sums = self.dynamics.kernel.matchings.produced_sums[:, made[entry]] + some.sums[:, what.rest[row]]
        if raw is not None:
            sums[raw:] += successes
        return Rows(
            columns=columns,
            configuration=what.configuration,
            doing=what.kind,
            attempts=what.attempts,
            scale=self.scale(counts)[matching],
            row=row,
            following=some.rank_sums(sums),
            successes=successes,
            weight=weights[outcome, made][entry],
        )

    def attempt_table(self, values: Elements, at: Parameters) -> list[Elements]:
        """``W[c, g] * total**g`` for every number of attempts ``g``: expected value after ``g`` attempts."""
        generation, some = self.dynamics.kernel.generation, self.dynamics.configurations
        table = [values]
        for g in range(1, some.most + 1):
            before, size = table[-1], some.up_to(some.most - g)
            table.append(before[:size] * scalar(at.failure))
            if generation.raw is not None:
                sums = some.sums[:, :size].copy()
                sums[generation.raw :] += 1
                table[-1] = table[-1] + before[some.rank_sums(sums)] * scalar(at.success)
        return table

    def reduced_costs(self, values: Elements, weight: Element, at: Parameters) -> Iterator[ReducedCosts]:
        r"""Reduced costs of all columns that are allowed, some at a time: :math:`c + P V - V` times a positive scale.

        Parameters
        ----------
        values, weight
            ``V`` is their quotient, in units of ``1 / at.unit``, (configurations,).
        at
            Generation probability and durations.
        """
        for some in self._all_reduced_costs(values, weight, at):
            yield some.at(self.dynamics.admission.allows(some.columns))

    def _all_reduced_costs(self, values: Elements, weight: Element, at: Parameters) -> Iterator[ReducedCosts]:
        """Reduced costs of all columns, allowed or not, in the order of their numbers."""
        table, numbering = self.attempt_table(values, at), self.dynamics.numbering
        joined = np.concatenate(table)
        whole = powers(at.total, self.dynamics.configurations.most)
        for number, kind in enumerate(self.dynamics.kernel.matchings.kinds):
            every = numbering.of_kind(number)
            size = len(every) // kind.size
            rest = numbering.describe(np.arange(every.start, every.start + size))
            gathered = joined[self._gathered(kind, rest)]
            doing, step = DISTILS if kind.pairs else GENERATES, max(1, CHUNK // size)
            for first in range(0, kind.size, step):
                chosen = np.arange(first, min(first + step, kind.size))
                counts = self.dynamics.kernel.matchings.counts(np.full(len(chosen), number), chosen)
                scale = np.multiply.outer(self.scale(counts), whole[rest.attempts])
                columns = every.start + first * size + np.arange(len(chosen) * size)
                rank = numbering.describe(columns).configuration.reshape(scale.shape)
                cost = scalar(at.durations[doing] * weight)
                if at.charges is not None:
                    cost = at.charges.of(columns).reshape(rank.shape) * scalar(weight)
                value = self.outcomes(counts)[:, : len(gathered)] @ gathered + scale * (cost - values[rank])
                yield ReducedCosts(columns, rank.ravel(), value.ravel(), (scale * scalar(weight * at.unit)).ravel())
        if numbering.discards:
            discards, owners = np.array(numbering.discards), numbering.discarding.ravel()
            after = np.tile(values[: numbering.kept], len(self.dynamics.kernel.repertoire.discards))
            value = after - values[owners] + at.costs(discards, np.full(len(discards), DISCARDS)) * scalar(weight)
            yield ReducedCosts(discards, owners, value, elements([weight * at.unit] * len(discards)))

    def _gathered(self, kind: Kind, rest: Columns) -> IntArray:
        """Position in the joined attempt table for every outcome and rest of a kind of matching, (produced, rests)."""
        matchings, some = self.dynamics.kernel.matchings, self.dynamics.configurations
        most = matchings.produced.up_to(min(kind.pairs * matchings.most_produced, kind.consumed))
        sums = matchings.produced_sums[:, :most, None] + some.sums[:, None, rest.rest]
        return self.dynamics.kernel.generation.index(some.rank_sums(sums), rest.attempts)
