"""Searches of the graph of columns that are written out: who can get where, and who can stay for nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Edges:
    """The possible outcomes of some columns, as edges between configurations; the target is one more.

    Attributes
    ----------
    size
        Number of configurations; also the number of the target.
    row, owner, after
        For each edge, the position of its column, the configuration it leaves, and the one it enters, (edges,).
    probability
        How likely it is taken whenever its column is, (edges,).
    """

    size: int
    row: IntArray
    owner: IntArray
    after: IntArray
    probability: FloatArray

    @staticmethod
    def of(configuration: IntArray, moves: sparse.csr_array, reaching: FloatArray) -> Edges:
        """The edges of columns with given configurations, moves to others, and probabilities to reach the target."""
        row, ends = np.repeat(np.arange(len(configuration)), np.diff(moves.indptr)), np.flatnonzero(reaching)
        rows = np.concatenate([row, ends])
        after = np.concatenate([moves.indices.astype(np.int64), np.full(len(ends), moves.shape[1])])
        probability = np.concatenate([moves.data, reaching[ends]])
        return Edges(moves.shape[1], rows, configuration[rows], after, probability)

    def of_rows(self, kept: BoolArray) -> Edges:
        """The edges of some of the columns, whose positions stay what they are."""
        edges = kept[self.row]
        return Edges(self.size, self.row[edges], self.owner[edges], self.after[edges], self.probability[edges])

    def leaving(self, inside: BoolArray, rows: int) -> BoolArray:
        """Which of so many columns may enter a configuration outside, (rows,); the target is none."""
        outside = ~np.append(inside, [True])
        return np.bincount(self.row, outside[self.after], minlength=rows) > 0

    def reached_from(self, goals: IntArray) -> BoolArray:
        """From where some goals (configurations, or the target) can be reached, themselves among them."""
        graph, source = self._backward(goals)
        reached = np.zeros(source + 1, dtype=bool)
        reached[sparse.csgraph.breadth_first_order(graph, source, return_predecessors=False)] = True
        return reached[: self.size]

    def approach(self, goals: IntArray) -> IntArray:
        """The column to take on the way to some goals (configurations, or the target).

        Ways are short if their edges are likely: each is as long as it takes trials on average.

        Returns
        -------
        rows
            Position of the column, (configurations,); -1 at the goals, and where none leads there.
        """
        graph, source = self._backward(goals)
        _, before = sparse.csgraph.dijkstra(graph, indices=[source], return_predecessors=True)
        before = before[0]
        here = np.flatnonzero((before[: self.size] >= 0) & (before[: self.size] != source))
        # Of the columns that lead from one configuration to another, the likeliest comes first.
        key = self.owner * source + self.after
        order = np.lexsort((-self.probability, key))
        rows = np.full(self.size, -1)
        rows[here] = self.row[order[np.searchsorted(key, here * source + before[here], sorter=order)]]
        return rows

    def _backward(self, goals: IntArray) -> tuple[sparse.csr_array, int]:
        """The edges turned round, with their lengths, and a source that leads to all goals."""
        source = self.size + 1
        order = np.argsort(self.probability, kind="stable")  # of parallel edges the likeliest is the last to be written
        from_, to = np.append(self.after[order], np.full(len(goals), source)), np.append(self.owner[order], goals)
        key, last = np.unique((from_ * (source + 1) + to)[::-1], return_index=True)
        length = np.append(1 / self.probability[order], np.ones(len(goals)))[::-1][last]
        ends = np.divmod(key, source + 1)
        return sparse.csr_array((length, ends), shape=(source + 1, source + 1)), source

    def end_components(self, rows: int) -> tuple[IntArray, BoolArray]:
        """The maximal end components of the graph: sets in which one can stay, and get from everywhere to everywhere.

        Parameters
        ----------
        rows
            Number of columns.

        Returns
        -------
        component
            Number of the component of each configuration; one that lies in none is a component by itself,
            (configurations,).
        inner
            Columns that never leave their component, (rows,).
        """
        inner = np.zeros(rows, dtype=bool)
        inner[self.row] = True
        inner[self.row[self.after == self.size]] = False
        while True:
            edges = self.of_rows(inner)
            graph = sparse.csr_array((np.ones(len(edges.row)), (edges.owner, edges.after)), shape=(self.size,) * 2)
            _, component = sparse.csgraph.connected_components(graph, directed=True, connection="strong")
            apart = component[edges.owner] != component[edges.after]
            if not apart.any():
                return np.asarray(component, dtype=np.int64), inner
            inner[edges.row[apart]] = False
