"""Prices of the constraints of a cvxpy program: one-sided derivatives of what was solved, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import cvxpy as cp
import numpy as np
from cvxpy.constraints.nonpos import Inequality
from cvxpy.constraints.zero import Equality

from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError

STEP = 1e-6
"""How far a right-hand side is moved to look at the price on either side, relative to its size if that is above 1."""

ALIKE = 1e-3
"""Relative difference of the prices on both sides that is taken for none; a curved objective makes less of the step."""

NO_DIFFERENCE = 1e-6
"""Difference of such prices that is none, whatever their size: solvers promise no more."""


class Price(float):
    """d(objective)/d(right-hand side) of a constraint: a number that also knows the prices to both sides.

    Where a constraint is redundant (stated twice, say) or at a breakpoint, solvers report any price between the two.
    The program is solved again, a little to each side, when one of the attributes is asked for.

    Attributes
    ----------
    below, above
        The price for a right-hand side that is a little less, and a little more; infinite where there is no policy.
    """

    _sides: Callable[[], tuple[float, float]]

    def __new__(cls, value: float, sides: Callable[[], tuple[float, float]]) -> Price:
        """A price, and how to find out about its sides."""
        price = super().__new__(cls, value)
        price._sides = sides
        return price

    @cached_property
    def _both(self) -> tuple[float, float]:
        return self._sides()

    @property
    def below(self) -> float:
        """The price of a little less."""
        return self._both[0]

    @property
    def above(self) -> float:
        """The price of a little more."""
        return self._both[1]

    @property
    def degenerate(self) -> bool:
        """Whether more than one price would do, so that this is one of them."""
        return not math.isclose(self.below, self.above, rel_tol=ALIKE, abs_tol=NO_DIFFERENCE)

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a constraint when a program with it was solved last.

    Attributes
    ----------
    program
        The program.
    status
        How it ended, in cvxpy's words.
    dual
        The dual value of the constraint, None if there is no optimum.
    """

    program: AskedProblem
    status: str
    dual: FloatArray | None


Record: TypeAlias = MutableMapping[int, Outcome]


class AskedProblem(cp.Problem):  # type: ignore[misc]  # cvxpy has no types
    """A cvxpy problem that leaves a record of what came of its constraints."""

    def __init__(self, goal: cp.Minimize, constraints: list[cp.Constraint], record: Record) -> None:
        super().__init__(goal, constraints)
        self._record = record

    def solve(self, *args: Any, **options: Any) -> Any:
        """Solve, as cvxpy does."""
        ended = "error"
        try:
            value = super().solve(*args, **options)
            ended = self.status
        finally:
            optimal = ended == cp.OPTIMAL
            for one in self.constraints:
                dual = np.array(one.dual_value, dtype=np.float64) if optimal and _priced(one) else None
                self._record[one.id] = Outcome(self, ended, dual)
        return value


def _priced(constraint: cp.Constraint) -> bool:
    """Whether a constraint has a right-hand side."""
    return isinstance(constraint, Inequality | Equality)


def _lower(constraint: cp.Constraint) -> bool:
    """Whether the side that a user calls the right-hand side is the first: cvxpy keeps ``x >= b`` as ``b <= x``."""
    return bool(constraint.args[0].is_constant())


def prices(record: Record, constraint: cp.Constraint) -> FloatArray:
    """d(objective)/d(right-hand side) of every row of a constraint, in its shape.

    Raises
    ------
    ModelError
        If it has no right-hand side, or was not part of a program that was solved to an optimum.
    """
    dual = _outcome(record, constraint).dual
    assert dual is not None  # noqa: S101 - of an optimum
    return dual if _lower(constraint) else 0.0 - dual


def price(record: Record, constraint: cp.Constraint) -> Price:
    """The price of a scalar constraint.

    Raises
    ------
    ModelError
        As :func:`prices`, and if the constraint is not scalar.
    """
    found = prices(record, constraint)
    if found.size != 1:
        raise ModelError(
            "constraint", "must be a single inequality or equality; read one price for each row with prices", constraint
        )
    program = record[constraint.id].program
    return Price(float(found.item()), lambda: _both_sides(program, constraint))


def _outcome(record: Record, constraint: cp.Constraint) -> Outcome:
    """What came of a constraint that has a price."""
    if not _priced(constraint):
        raise ModelError("constraint", "must be an inequality (<=, >=) or an equality (==) to have a price", constraint)
    if constraint.id not in record:
        raise ModelError(
            "constraint", "was not part of this program when it was solved; pass it to solve or problem", constraint
        )
    found = record[constraint.id]
    if found.dual is None:
        raise ModelError(
            "constraint",
            f"has no price, for the program with it ended with status {found.status!r}; relax a constraint",
            constraint,
        )
    return found


def _both_sides(program: AskedProblem, constraint: cp.Constraint) -> tuple[float, float]:
    """The prices a little below and a little above a right-hand side."""
    sides = constraint.args[0].value, constraint.args[1].value
    size = max(1.0, *(float(np.abs(side).max()) for side in sides if side is not None))
    with _untouched(program):
        below, above = (_moved(program, constraint, step) for step in (-STEP * size, STEP * size))
    return below, above


def _moved(program: AskedProblem, constraint: cp.Constraint, step: float) -> float:
    """The price once a right-hand side has moved by a step."""
    sign, (first, second) = -1.0 if _lower(constraint) else 1.0, constraint.args
    by = sign * step
    moved = first - second == by if isinstance(constraint, Equality) else first - second <= by
    others = [one for one in program.constraints if one is not constraint]
    beyond = cp.Problem(program.objective, [*others, moved])
    beyond.solve(solver=program.solver_stats.solver_name)
    if beyond.status != cp.OPTIMAL:
        return float(np.copysign(np.inf, step))
    return 0.0 - sign * float(np.asarray(moved.dual_value).item())


@contextmanager
def _untouched(program: AskedProblem) -> Iterator[None]:
    """Let variables and dual values be as they are, whatever is solved meanwhile."""
    duals = [dual for one in program.constraints for dual in one.dual_variables]
    kept = [(variable, variable.value) for variable in [*program.variables(), *duals]]
    try:
        yield
    finally:
        for variable, value in kept:
            variable.save_value(value)
