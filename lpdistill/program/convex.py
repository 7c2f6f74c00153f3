"""The occupation program as a cvxpy problem."""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import NotCertifiedError
from lpdistill.program.occupation import OccupationProgram


@dataclass(frozen=True)
class ConvexProgram:
    """An occupation program in cvxpy.

    Attributes
    ----------
    problem
        The cvxpy problem: least expected time subject to flow balance.
    occupation
        The variable: expected uses of each column, (columns,).
    flow
        The flow constraint, one row per configuration.
    """

    problem: cp.Problem
    occupation: cp.Variable
    flow: cp.Constraint

    @staticmethod
    def of(program: OccupationProgram) -> ConvexProgram:
        """State a program in cvxpy."""
        occupation = cp.Variable(program.shape[1], nonneg=True, name="occupation")
        flow = program.matrix @ occupation == program.start
        objective = cp.Minimize(program.cost @ occupation + program.offset)
        return ConvexProgram(cp.Problem(objective, [flow]), occupation, flow)

    def solve(self) -> float:
        """Solve with HiGHS through cvxpy and return the least expected time.

        Raises
        ------
        NotCertifiedError
            If cvxpy does not report an optimum.
        """
        self.problem.solve(solver=cp.HIGHS)
        if self.problem.status != cp.OPTIMAL:
            raise NotCertifiedError(f"cvxpy ended with status {self.problem.status!r} instead of an optimum")
        return float(self.problem.value)

    @property
    def values(self) -> FloatArray:
        """Dual values with the sign of every price here, d(time)/d(right-hand side), (configurations,).

        cvxpy's own sign is the opposite.
        """
        return -np.asarray(self.flow.dual_value, dtype=np.float64)
