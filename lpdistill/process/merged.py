"""Configurations between which runs move for nothing, merged into one.

In an *end component* one can stay for ever, and get from everywhere to everywhere.  Where its columns cost nothing,
going in circles looks as good as reaching the target; but all its configurations are worth the same, and count as one
here: the first of them.  What then still costs nothing leads out sooner or later, so that every policy that does not
reach the target costs infinitely much, as policy iteration needs (Bertsekas and Yu, "Stochastic Shortest Path Problems
Under Weak Conditions").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.process.process import Choice, Process


@dataclass(frozen=True)
class Merged:
    """A process whose end components without costs are merged.

    Attributes
    ----------
    process
        The process with merged components: columns keep their numbers, and only the first configuration of each
        component has any.
    label
        The first configuration of the component of every configuration, (configurations,).
    inner
        The columns that stay in their component, as they were.
    """

    process: Process
    label: IntArray
    inner: Choice

    def projected(self, columns: IntArray) -> IntArray:
        """A proper policy of the merged process, made of the columns of one before it was merged."""
        choice = self.process.choose(columns)
        edges = choice.edges
        rows = edges.approach(np.array([edges.size]))
        return columns[rows[rows >= 0]]

    def lifted(self, owners: IntArray, columns: IntArray) -> tuple[IntArray, IntArray]:
        """A policy of the merged process as one of the process before it was merged.

        From the rest of a component, runs go to where the policy goes on, at no cost.

        Parameters
        ----------
        owners, columns
            The columns, and the configurations that they belonged to before.

        Returns
        -------
        tuple
            Owners and columns, with those of all other configurations of these components, in order of configuration.
        """
        rows = self.inner.edges.approach(owners)
        found = np.full(len(self.label), -1)
        found[rows >= 0] = self.inner.columns[rows[rows >= 0]]
        found[owners] = columns
        kept = np.flatnonzero(found >= 0)
        return kept, found[kept]
