"""The linear systems of a fixed policy: iterated where that ends soon, factorised where it does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray
from lpdistill.process.process import Choice

if TYPE_CHECKING:
    from scipy.sparse.linalg import SuperLU
    from threadpoolctl import ThreadpoolController

RESIDUALS = (1e-10, 1e-5)
"""Relative residuals asked of the iterative solvers: for the solution, and for its correction."""

MOST_ITERATIONS = 200
"""Iterations of one solver before the next is tried."""

CLOSE = 1e-8
"""Relative residual up to which a solution need only be corrected."""

ACCEPTED = 1e-13
"""Relative residual beyond which a system is factorised instead."""

DENSE = 80
"""Configurations up to which a policy is solved as a dense system."""

FACTORISED = 1000
"""Configurations up to which factorising a sparse system is quicker than iterating."""

TRIAL = 40
"""Iterations after which a system written out is factorised: its runs are long."""


class NoConvergenceError(Exception):
    """The iterative solvers gave up; never leaves this package."""


def square(choice: Choice) -> FloatArray | sparse.csr_array:
    """Probability, given that anything happens, of moving from column to column of a policy; dense if it is small."""
    if len(choice.columns) <= DENSE:
        return choice.dense
    if len(choice.columns) == choice.process.size:
        return choice.conditional
    return sparse.csr_array(choice.conditional[:, choice.configuration])


def iterate(
    image: Callable[[FloatArray], FloatArray], right: FloatArray, begin: FloatArray | None = None
) -> FloatArray:
    """Solve ``image(x) = right`` by Krylov iteration, from zero or from where it says.

    Raises
    ------
    NoConvergenceError
        If it does not converge.
    """
    methods = (
        partial(sparse.linalg.bicgstab, maxiter=MOST_ITERATIONS),
        partial(sparse.linalg.gmres, maxiter=4, restart=50),
    )
    return _iterated(image, right, methods, begin)


def _iterated(
    image: Callable[[FloatArray], FloatArray],
    right: FloatArray,
    methods: tuple[Callable[..., tuple[FloatArray, int]], ...],
    begin: FloatArray | None = None,
) -> FloatArray:
    operator = sparse.linalg.LinearOperator((len(right), len(right)), matvec=image, dtype=np.float64)
    accepted = ACCEPTED * float(np.linalg.norm(right))
    # Vectors this short are not worth several threads, which wait for each other on a busy machine.
    with one_thread(), np.errstate(all="ignore"):
        for method in methods:
            x = np.zeros_like(right) if begin is None else begin
            missing = right - image(x)
            close = np.linalg.norm(missing) <= CLOSE * np.linalg.norm(right)
            for residual in RESIDUALS[1:] if close else RESIDUALS:
                correction, _ = method(operator, missing, rtol=residual, atol=0.0)
                x = x + correction
                missing = right - image(x)
            if np.isfinite(x).all() and np.linalg.norm(missing) <= accepted:
                return x
    raise NoConvergenceError


def one_thread() -> AbstractContextManager[object]:
    """Have BLAS compute in one thread."""
    limited: AbstractContextManager[object] = _threads().limit(limits=1, user_api="blas")
    return limited


@cache
def _threads() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - only large systems need it

    return ThreadpoolController()


def factorised(conditional: FloatArray | sparse.csr_array, right: FloatArray) -> FloatArray:
    """Solve ``(1 - conditional) x = right`` by factorisation; not a number where it is singular."""
    size = len(right)
    try:
        if isinstance(conditional, np.ndarray):
            return np.asarray(np.linalg.solve(np.eye(size) - conditional, right))
        return np.asarray(sparse.linalg.splu((sparse.eye_array(size) - conditional).tocsc()).solve(right))
    except (RuntimeError, np.linalg.LinAlgError):
        return np.full(size, np.nan)


class System:
    r"""The equations :math:`x - C x = b` of a policy written out, with its moves ``C`` given that anything happens.

    However long runs are, a sparse one is factorised once at most.
    """

    def __init__(self, policy: Choice) -> None:
        self.moves = square(policy)
        self._iterates = len(policy.columns) > FACTORISED

    @cached_property
    def _sparse(self) -> SuperLU:
        return sparse.linalg.splu(sparse.csc_array(sparse.eye_array(self.moves.shape[0]) - self.moves))

    def solve(self, right: FloatArray, *, transposed: bool = False) -> FloatArray:
        """Solve the system, or the transposed one, for a right-hand side, (columns,); not a number if singular."""
        if isinstance(self.moves, np.ndarray):
            return factorised(self.moves.T if transposed else self.moves, right)
        if self._iterates:
            moves = sparse.csr_array(self.moves.T) if transposed else self.moves
            try:
                return _iterated(lambda x: x - moves @ x, right, (partial(sparse.linalg.bicgstab, maxiter=TRIAL),))
            except NoConvergenceError:
                self._iterates = False
        try:
            factors = self._sparse
        except RuntimeError:
            return np.full(len(right), np.nan)
        if transposed:
            return np.asarray(factors.solve(right, trans="T"))  # type: ignore[call-overload]  # the stubs lack it
        return np.asarray(factors.solve(right))
