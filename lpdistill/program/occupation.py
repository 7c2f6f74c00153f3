r"""The linear program over occupation measures, as an object.

.. math::

    \min_x\ \sum_{s,a} c(s,a)\, x(s,a) \quad\text{s.t.}\quad
    \sum_a x(s,a) - \sum_{s',a} P(s \mid s',a)\, x(s',a) = b(s), \qquad x \ge 0 .

``x(s, a)`` is the expected number of times action ``a`` is taken in configuration ``s``; the dual values are expected
times to go, and the reduced cost of a column is the regret of its action.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.budgets import Budget
from lpdistill.process.process import PROCESS, Choice, Process
from lpdistill.program.objective import FIRST_DELIVERY, Objective


@dataclass(frozen=True, repr=False, eq=False)
class OccupationProgram:
    r"""The occupation program over some or all columns of a process.

    Budgets add one row each, :math:`l_i \le \sum_{s,a} d_i(s,a)\, x(s,a) \le u_i`.

    Attributes
    ----------
    process
        Where columns and labels come from.
    choice
        The columns of the program, written out.
    start
        Expected number of times each configuration is entered from outside, (configurations,): all weight on the
        first.
    budgets
        Limits on resources.
    objective
        What is made least.
    kept
        The configurations that have a row, increasing; None for all.  What leads elsewhere counts as if nothing had
        happened, or for what is expected from there on.
    beyond
        What that is, (1 + budgets, configurations), 0 where there is a row: the cost, and what is used of the resource
        of each budget; None where it does not count.
    """

    process: Process
    choice: Choice
    start: FloatArray
    budgets: tuple[Budget, ...] = ()
    objective: Objective = FIRST_DELIVERY
    kept: IntArray | None = None
    beyond: FloatArray | None = None

    @staticmethod
    def of(
        process: Process,
        columns: IntArray | None = None,
        budgets: tuple[Budget, ...] = (),
        objective: Objective = FIRST_DELIVERY,
    ) -> OccupationProgram:
        """The program over the given columns, or over all that are allowed.

        Raises
        ------
        LimitError
            If all columns of a problem, written out, do not fit into this machine's memory.
        """
        process = PROCESS.meant(process, "process")
        chosen = process.everything() if columns is None else process.choose(columns)
        return OccupationProgram(process, chosen, objective.entered(process), budgets, objective)

    def within(self, kept: IntArray, always: IntArray) -> OccupationProgram:
        """The program of runs in some configurations only, over the columns that never leave them, and some others.

        Parameters
        ----------
        kept
            The configurations, increasing.
        always
            Columns of the program that belong to it even if they may leave these configurations.
        """
        inside = np.zeros(self.process.size, dtype=bool)
        inside[kept] = True
        some = self.choice.at(inside[self.choice.configuration])
        stays = some.expect((~inside).astype(np.float64)) == 0
        chosen = some.at(stays | np.isin(some.columns, always))
        return replace(self, choice=chosen, start=self.start[kept], kept=kept)

    def deciding(self, kept: IntArray, beyond: FloatArray) -> OccupationProgram:
        """The program of what is done in some configurations, until others are entered.

        Parameters
        ----------
        kept
            The configurations, increasing.
        beyond
            What is expected from each configuration on, (1 + budgets, configurations): the cost, and what is used of
            the resource of each budget, by a policy that is followed from the others to the end.
        """
        inside = np.zeros(self.process.size, dtype=bool)
        inside[kept] = True
        some = self.choice.at(inside[self.choice.configuration])
        return replace(self, choice=some, start=self.start[kept], kept=kept, beyond=np.where(inside, 0.0, beyond))

    @property
    def shape(self) -> tuple[int, int]:
        """Flow rows (configurations) and columns (configurations with an action)."""
        return len(self.start), len(self.choice.columns)

    @property
    def whole(self) -> bool:
        """Whether no column of the process is left out."""
        return self.kept is None and len(self.choice.columns) == self.process.column_count

    @cached_property
    def owner(self) -> IntArray:
        """The row of each column's own configuration, (columns,)."""
        own = self.choice.configuration
        return own if self.kept is None else np.searchsorted(self.kept, own)

    @cached_property
    def cost(self) -> FloatArray:
        """What each column costs, (columns,): the duration of its step, and what is expected beyond."""
        cost = self.objective.cost(self.choice)
        return cost if self.beyond is None else cost + self.choice.expect(self.beyond[0])

    @property
    def offset(self) -> float:
        """Constant of the objective: minus the last step's duration where that is free."""
        return 0.0 + float(self.objective.offset(self.process))

    @property
    def _moves(self) -> tuple[sparse.csr_array, FloatArray | None]:
        """Moves into the configurations that have a row, (columns, rows), and what leads elsewhere, if anything may."""
        if self.kept is None:
            return self.choice.moves, None
        found = self.choice.following.into(self.kept)
        if found is not None:
            return found
        moves = sparse.csr_array(self.choice.moves[:, self.kept])
        return moves, np.asarray(self.choice.moves.sum(axis=1) - moves.sum(axis=1)).ravel()

    @cached_property
    def matrix(self) -> sparse.csc_array:
        """Flow matrix, (configurations, columns): what a column takes out of each configuration, minus what it adds."""
        moves, lost = self._moves
        own = self.choice.repetition.flow(self.owner, len(self.start), lost if self.beyond is None else None)
        matrix = sparse.csc_array(own - moves.T)
        matrix.eliminate_zeros()
        return matrix

    @cached_property
    def amounts(self) -> FloatArray:
        """What each column uses of the resource of each budget, and is expected to use beyond, (budgets, columns)."""
        rows = [self.process.amounts(budget.resource, self.choice.columns) for budget in self.budgets]
        if self.beyond is not None:
            rows = [row + self.choice.expect(used) for row, used in zip(rows, self.beyond[1:], strict=True)]
        return np.array(rows).reshape(len(rows), self.shape[1])

    @cached_property
    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit of each budget, infinite where there is none, (budgets,)."""
        least, most = np.array([budget.ends for budget in self.budgets]).reshape(-1, 2).T.copy()
        return least, most

    def row_label(self, row: int) -> Hashable:
        """The configuration of a row."""
        return self.process.names.key(row if self.kept is None else int(self.kept[row]))

    def column_label(self, column: int) -> tuple[Hashable, Hashable]:
        """The configuration and the action of a column."""
        action = self.process.names.actions(self.choice.columns[[column]])[0]
        return self.row_label(int(self.owner[column])), action

    def regrets(self, values: FloatArray) -> FloatArray:
        """Reduced cost of every column for given dual values, (columns,): ``c + P V - leaving * V``."""
        return self.choice.regrets(values, self.cost)

    def __repr__(self) -> str:
        rows, columns = self.shape
        budgets = "".join(f", {budget}" for budget in self.budgets)
        return (
            f"OccupationProgram: min c x{f' - {-self.offset:g}' if self.offset else ''}, x >= 0, "
            f"{rows:,} flow rows (configurations), {columns:,} of {self.process.column_count:,} columns{budgets}"
        )
