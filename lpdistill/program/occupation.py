r"""The linear program over occupation measures, as an object.

.. math::

    \min_x\ \sum_{s,a} c(s,a)\, x(s,a) \quad\text{s.t.}\quad
    \sum_a x(s,a) - \sum_{s',a} P(s \mid s',a)\, x(s',a) = b(s), \qquad x \ge 0 .

``x(s, a)`` is the expected number of times action ``a`` is taken in configuration ``s``; the dual values are expected
times to go, and the reduced cost of a column is the regret of its action.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.model.dynamics import Choice, Dynamics
from lpdistill.model.size import require

if TYPE_CHECKING:
    from lpdistill.program.convex import ConvexProgram


@dataclass(frozen=True, repr=False)
class OccupationProgram:
    """The occupation program over some or all columns of a problem.

    Attributes
    ----------
    dynamics
        Where columns and labels come from.
    choice
        The columns of the program, written out.
    start
        Expected number of times each configuration is entered from outside, (configurations,): all weight on the
        empty memories.
    """

    dynamics: Dynamics
    choice: Choice
    start: FloatArray

    @staticmethod
    def of(dynamics: Dynamics, columns: IntArray | None = None) -> OccupationProgram:
        """The program over the given columns, or over all of them.

        Raises
        ------
        LimitError
            If all columns are asked for and do not fit into the memory of this machine.
        """
        if columns is None:
            require(dynamics.problem.memories, dynamics.problem.levels, dynamics.attempts, explicit=True)
            columns = np.arange(dynamics.numbering.size)
        start = np.zeros(dynamics.size)
        start[0] = 1.0
        return OccupationProgram(dynamics, dynamics.choose(columns), start)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (configurations) and columns (configurations with an action)."""
        return self.dynamics.size, len(self.choice.columns)

    @property
    def cost(self) -> FloatArray:
        """Duration of each column's step, (columns,)."""
        return self.choice.cost

    @property
    def offset(self) -> float:
        """Constant of the objective: minus the last step's duration where that is free."""
        return 0.0 - float(self.dynamics.problem.uncharged_time)

    @cached_property
    def matrix(self) -> sparse.csc_array:
        """Flow matrix, (configurations, columns): what a column takes out of each configuration, minus what it adds."""
        rows, columns = self.shape
        own = sparse.csc_array(
            (self.choice.leaving, self.choice.configuration, np.arange(columns + 1)), shape=(rows, columns)
        )
        matrix = sparse.csc_array(own - self.choice.moves.T)
        matrix.eliminate_zeros()
        return matrix

    def row_label(self, row: int) -> tuple[int, ...]:
        """The configuration of a row: pairs at each level."""
        return tuple(int(n) for n in self.dynamics.configurations.unrank(np.array(row)))

    def column_label(self, column: int) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...], int]:
        """The configuration, the pairs of levels distilled, and the number of attempts of a column."""
        what = self.dynamics.numbering.describe(self.choice.columns[[column]])
        distilled = self.dynamics.matchings.distilled(int(what.matching[0]))
        return self.row_label(int(what.configuration[0])), distilled, int(what.attempts[0])

    def regrets(self, values: FloatArray) -> FloatArray:
        """Reduced cost of every column for given dual values, (columns,): ``c + P V - leaving * V``."""
        return self.choice.regrets(values)

    def to_cvxpy(self) -> ConvexProgram:
        """The program as a cvxpy problem, with its occupation variable and flow constraint."""
        from lpdistill.program.convex import ConvexProgram  # noqa: PLC0415 - cvxpy takes a second to import

        return ConvexProgram.of(self)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return (
            f"OccupationProgram: min c x{f' - {-self.offset:g}' if self.offset else ''}, x >= 0, "
            f"{rows:,} flow rows (configurations), {columns:,} of {self.dynamics.numbering.size:,} columns"
        )
