r"""The dynamics, factored: every column of the program priced without writing its transitions out.

A column is a configuration with an action: a matching ``X`` (which distillations), and ``g`` generation attempts.  Its
outcome does not depend on the pairs ``r`` left alone, so with ``k = |X|``

.. math::

    Q[X, r, g] = \tau_k + \sum_u O_k[X, u]\, W[r + u, g],

where :math:`O_k` is the sparse matrix of outcomes (:class:`~lpdistill.model.matchings.Matchings`) and ``W`` the attempt
table (:class:`~lpdistill.model.generation.Generation`): all columns with ``k`` distillations are one
sparse-times-dense product, and the configuration of a column is ``r`` plus what ``X`` consumes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.model.columns import Block, Numbering
from lpdistill.model.configurations import CountVectors
from lpdistill.model.generation import Attempts, Generation
from lpdistill.model.matchings import Matchings
from lpdistill.model.numbers import member
from lpdistill.model.problem import Problem

CHUNK = 1 << 17
"""Action values computed at a time: a megabyte, so that they are reduced while still in cache."""

PARALLEL = 200_000
"""Columns from which starting threads costs less than they save."""


@dataclass(frozen=True)
class Choice:
    r"""Some columns, ready to be evaluated for any values: ``moves @ values == outcomes @ attempt table``.

    A generation step in which no attempt succeeds changes nothing, so it is kept out of the moves, and ``leaving`` is
    the probability of the contrary.  The equations of a policy are then
    :math:`\ell V = c + P V` with :math:`\ell` = ``leaving``, and nothing in them is computed by subtraction.

    Attributes
    ----------
    dynamics, columns
        Where the columns come from, and their numbers, (columns,).
    configuration
        Rank of the configuration of each column, (columns,).
    cost
        Duration of the step, (columns,).
    leaving
        Probability that anything happens, (columns,): 0 for waiting, 1 for every step that distils.
    reaching
        Probability that the step reaches the target, (columns,).
    outcomes
        Weights on the two attempt tables (see :meth:`Generation.expect`), joined, (columns, 2 * table).
    """

    dynamics: Dynamics
    columns: IntArray
    configuration: IntArray
    cost: FloatArray
    leaving: FloatArray
    reaching: FloatArray
    outcomes: sparse.csr_array

    def expect(self, values: FloatArray) -> FloatArray:
        """Expected value after the step, over all moves, (columns,)."""
        return np.asarray(self.outcomes @ np.concatenate(self.dynamics.generation.expect(values)))

    def action_values(self, values: FloatArray) -> FloatArray:
        """Cost and expected value after the step, given that anything happens, (columns,); infinite for waiting."""
        found = np.full(len(self.columns), np.inf)
        np.divide(self.cost + self.expect(values), self.leaving, out=found, where=self.leaving > 0)
        return found

    def regrets(self, values: FloatArray) -> FloatArray:
        """Reduced cost of every column, (columns,): ``c + P V - leaving * V``."""
        return np.asarray(self.cost + self.expect(values) - self.leaving * values[self.configuration])

    @cached_property
    def moves(self) -> sparse.csr_array:
        """Probability of every next configuration, (columns, configurations)."""
        generation = self.dynamics.generation
        entry, rank, probability = generation.expand(self.outcomes.indices.astype(np.int64))
        row = np.repeat(np.arange(len(self.columns)), np.diff(self.outcomes.indptr))
        shape = len(self.columns), self.dynamics.configurations.size
        moves = sparse.csr_array((self.outcomes.data[entry] * probability, (row[entry], rank)), shape=shape)
        moves.eliminate_zeros()
        return moves

    @cached_property
    def conditional(self) -> sparse.csr_array:
        """The moves given that anything happens: each row of :attr:`moves` divided by its ``leaving``."""
        weight = np.repeat(self.leaving, np.diff(self.moves.indptr))
        return sparse.csr_array((self.moves.data / weight, self.moves.indices, self.moves.indptr), self.moves.shape)


class Priced:
    """The least action value of every configuration, and the columns that attain it.

    Attributes
    ----------
    best
        Least action value, (configurations,): of a step that only generates, the value once anything happens,
        ``(cost + moves @ values) / leaving``.
    """

    def __init__(self, dynamics: Dynamics, cells: FloatArray, values: FloatArray) -> None:
        self._dynamics, self._cells, self._values = dynamics, cells, values
        self.best = np.full(dynamics.configurations.size, np.inf)
        np.minimum.at(self.best, dynamics.numbering.cell_configuration, cells)

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        numbering = self._dynamics.numbering
        owner = numbering.cell_configuration
        attaining = np.flatnonzero(wanted[owner] & (self._cells <= self.best[owner]))
        _, first = np.unique(owner[attaining], return_index=True)
        columns, count = numbering.of_cells(attaining[first])
        value = self._dynamics.action_values(columns, self._values)
        order = np.lexsort((value, np.repeat(np.arange(len(count)), count)))
        return np.asarray(columns[order[np.cumsum(count) - count]])


@dataclass(frozen=True)
class Dynamics:
    """The columns of a problem's program: numbered, priced all at once, and written out on demand.

    Attributes
    ----------
    problem
        Parameters and levels.
    attempts
        Whether an action attempts generation on every empty memory, or on any number of them.
    """

    problem: Problem
    attempts: Attempts = Attempts.FULL

    def __post_init__(self) -> None:
        object.__setattr__(self, "attempts", member(Attempts, self.attempts, "attempts"))

    @cached_property
    def configurations(self) -> CountVectors:
        """All configurations: counts of pairs at each level."""
        return CountVectors(self.problem.memories, len(self.problem.levels))

    @cached_property
    def matchings(self) -> Matchings:
        """All sets of parallel distillations."""
        return Matchings(self.problem.levels, self.problem.memories // 2 if self.problem.levels.kinds else 0)

    @cached_property
    def generation(self) -> Generation:
        """The attempt tables."""
        p = self.problem.p
        return Generation(self.configurations, self.problem.levels.raw, float(p), float(1 - p))

    @cached_property
    def numbering(self) -> Numbering:
        """Which column is which."""
        return Numbering(self.configurations, self.matchings, self.attempts)

    @cached_property
    def durations(self) -> FloatArray:
        """Duration of a step that does not distil, and of one that does, (2,)."""
        return np.array([float(self.problem.generation_time), float(self.problem.distillation_time)])

    @property
    def size(self) -> int:
        """Number of configurations."""
        return self.configurations.size

    @cached_property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value, for values that are not negative.

        Everything is a sum or product of numbers that are not negative, so relative errors only add up, at most
        ``2**-53`` an operation.  On the way to one action value there are at most

        - three operations and one rounded probability in each of ``M`` steps of the attempt recursion, and as many
          for the probability of leaving: ``8 M``;
        - as many in each step of the binomial tables, over all kinds at most ``M / 2`` trials: ``2 M``;
        - a power and a product for every kind, each power within a few roundings: ``4 m``;
        - one addition for every outcome of a matching, whether outcomes merge before or in the product;
        - a handful more: the duration, its addition, one division.
        """
        below = self.matchings.results >= 0
        outcomes = int(np.prod(1 + self.matchings.counts[:, below], axis=1).max())
        operations = 10 * self.problem.memories + 4 * len(self.problem.levels.kinds) + outcomes + 32
        return operations * 2.0**-53

    def price(self, values: FloatArray) -> Priced:
        """Price every column: the least action value of each configuration for the given values, (configurations,)."""
        whole, some = self.generation.expect(values)
        cells = np.full(self.numbering.blocks[-1].cells.stop, np.inf)
        first, *others = self.numbering.blocks
        leave = self.generation.leaving[first.attempts]
        gained = some[self.generation.index(first.rest, first.attempts)]
        np.divide(self.durations[0] + gained, leave, out=cells[: first.cells.stop], where=leave > 0)
        if self.numbering.size < PARALLEL:
            for block in others:
                self._price_block(block, whole, cells)
        else:
            # Sparse products and reductions release the interpreter lock, and blocks write to disjoint cells.
            with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
                list(threads.map(lambda block: self._price_block(block, whole, cells), others))
        return Priced(self, cells, values)

    def _price_block(self, block: Block, whole: FloatArray, cells: FloatArray) -> None:
        """Least action value over the matchings of every group, into the cells of a block that distils."""
        least = cells[block.cells.start : block.cells.stop].reshape(len(block.groups), len(block.rest))
        outcomes, producible = self.matchings.outcomes, self.matchings.produced.up_to(block.pairs)
        sums = self.matchings.produced_sums[:, :producible, None] + self.configurations.sums[:, None, block.rest]
        gathered = whole[self.generation.index(self.configurations.rank_sums(sums), block.attempts)]
        for groups, matchings, size in self._runs(block):
            rows = slice(matchings.start, matchings.stop)
            values = outcomes[rows, :producible] @ gathered
            least[groups.start : groups.stop] = values.reshape(len(groups), size, -1).min(axis=1)
        least += self.durations[1]

    def _runs(self, block: Block) -> Iterator[tuple[range, range, int]]:
        """Consecutive groups (numbered within the block) of equally many matchings, at most a chunk at a time."""
        edges = self.matchings.groups[block.groups.start : block.groups.stop + 1]
        sizes = np.diff(edges)
        starts = np.concatenate([[0], np.flatnonzero(np.diff(sizes)) + 1, [len(sizes)]])
        for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            step = max(1, CHUNK // (int(sizes[first]) * len(block.rest)))
            for a in range(first, last, step):
                b = min(a + step, last)
                yield range(a, b), range(int(edges[a]), int(edges[b])), int(sizes[first])

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        what, generation, matchings = self.numbering.describe(columns), self.generation, self.matchings
        table = int(generation.offsets[-1])
        distils = what.pairs > 0
        rows = matchings.outcomes[what.matching]
        entry = np.repeat(np.arange(len(columns)), np.diff(rows.indptr))
        sums = matchings.produced_sums[:, rows.indices] + self.configurations.sums[:, what.rest[entry]]
        index = generation.index(self.configurations.rank_sums(sums), what.attempts[entry])
        outcomes = sparse.csr_array(
            (rows.data, index + np.where(distils[entry], 0, table), rows.indptr), shape=(len(columns), 2 * table)
        )
        leaving = np.where(distils, 1.0, generation.leaving[what.attempts])
        reaching = np.where(distils, matchings.reaching[what.matching], leaving if generation.raw is None else 0.0)
        cost = self.durations[distils.astype(np.int64)]
        return Choice(self, columns, what.configuration, cost, leaving, reaching, outcomes)

    def action_values(self, columns: IntArray, values: FloatArray) -> FloatArray:
        """Value of each column, as :attr:`Priced.best` takes it, (columns,); infinite for waiting."""
        return self.choose(columns).action_values(values)

    def greedy(self) -> IntArray:
        """Column of the greedy policy in every configuration, (configurations,).

        Greedy repeatedly distils the two unmatched pairs of smallest fidelity difference, until fewer than two are
        left, and attempts generation on every empty memory (arXiv:2606.14908, section IV).  In count form: all it can
        within each level, then the odd ones out by increasing difference.
        """
        levels = self.problem.levels
        odd = self.configurations.counts % 2
        chosen = np.zeros((self.size, len(levels.kinds)), dtype=np.int64)
        by_difference = sorted(
            enumerate(levels.kinds), key=lambda item: levels[item[1].high].fidelity - levels[item[1].low].fidelity
        )
        for column, kind in by_difference:
            if kind.low == kind.high:
                chosen[:, column] = self.configurations.counts[:, kind.low] // 2
            else:
                both = odd[:, kind.low] & odd[:, kind.high]
                chosen[:, column] = both
                odd[:, kind.low] -= both
                odd[:, kind.high] -= both
        return self.numbering.find(self.matchings.number(chosen))
