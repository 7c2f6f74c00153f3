r"""Policies evaluated: the two linear systems of a fixed policy.

A proper policy with moves ``P`` and probability ``leaving`` of leaving each configuration has expected times to go and
expected visits

.. math:: \ell\, V = c + P V, \qquad \ell\, x - P^\top x = b .
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NoReturn

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import LinearOperator, bicgstab, gmres, splu

from lpdistill.arrays import BoolArray, FloatArray
from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.model.dynamics import Choice

RESIDUALS = (1e-10, 1e-5)
"""Relative residuals asked of the iterative solvers: for the solution, and for its correction."""

ACCEPTED = 1e-13
"""Relative residual beyond which a system is factorised instead."""

MOST_SWEEPS, SETTLED = 100, 1e-14
"""Sweeps over a policy's equations, and the relative change of every value at which they end."""

SMALL = 80
"""Configurations up to which a policy is solved as a dense system."""

MEDIUM = 1000
"""Configurations up to which factorising a sparse system is quicker than iterating."""


def evaluate(choice: Choice, local: FloatArray, scale: FloatArray | None = None) -> FloatArray:
    r"""Solve ``V = local + P V / leaving`` for one column per configuration.

    Parameters
    ----------
    choice
        The policy: one column for every configuration.
    local
        What is collected in each configuration until it is left, (configurations,).
    scale
        Positive values close to the solution, (configurations,): the solution is then accurate in every
        configuration relative to its own value, however much the values differ.

    Raises
    ------
    ImproperPolicyError
        If some configuration never reaches the target.
    """
    leaving = choice.leaving
    require_leaving(choice)
    unit = np.where(scale > 0, scale, 1.0) if scale is not None else np.ones_like(local)

    def image(x: FloatArray) -> FloatArray:
        return x - choice.expect(unit * x) / leaving / unit

    def factorise() -> FloatArray:
        conditional = choice.conditional.copy()
        conditional.data *= unit[conditional.indices] / np.repeat(unit, np.diff(conditional.indptr))
        return _factorise(conditional, local / unit)

    values = unit * _solve(lambda: _iterate(image, local / unit), factorise, local)
    if not np.isfinite(values).all() or values.min() < -ACCEPTED * values.max():
        raise_improper(choice)
    return _swept(np.maximum(values, 0.0), lambda x: local + choice.expect(x) / leaving)


def visits(choice: Choice, start: int) -> FloatArray:
    """Expected number of times that a run from ``start`` takes each column of a policy, (configurations,)."""
    require_leaving(choice)
    reached = _reachable(choice.moves, start)
    back = sparse.csr_array(choice.conditional.T)
    weights = np.zeros(len(choice.leaving))
    weights[start] = 1.0
    left = _solve(lambda: _iterate(lambda z: z - back @ z, weights), lambda: _factorise(back, weights), weights)
    # A sweep replaces the rounding of the largest visits by that of each configuration's own.
    left = weights + back @ np.where(reached, np.maximum(left, 0.0), 0.0)
    return np.where(reached, left / choice.leaving, 0.0)


def stuck(choice: Choice) -> BoolArray:
    """Configurations from which a policy never reaches the target, (configurations,), by search of its graph."""
    size = len(choice.leaving)
    goal = sparse.csr_array(((choice.leaving > 0) & (choice.reaching > 0)).astype(np.float64)[None, :])
    graph = sparse.block_array([[None, goal], [sparse.csr_array((size, 1)), choice.moves.T]], format="csr")
    return np.asarray(~_reachable(graph, 0)[1:])


def require_leaving(choice: Choice) -> None:
    """Raise ImproperPolicyError if a policy waits forever somewhere."""
    if not (choice.leaving > 0).all():
        raise_improper(choice)


def raise_improper(choice: Choice) -> NoReturn:
    """Say which configurations a policy never leaves towards the target.

    Raises
    ------
    ImproperPolicyError
        If there are any.
    NotCertifiedError
        If there are none, so that only arithmetic has failed.
    """
    deadlock = np.flatnonzero(stuck(choice))
    if not len(deadlock):
        raise NotCertifiedError(
            "the policy reaches the target from everywhere, but its expected time exceeds what double precision can "
            "hold; take a larger p"
        )
    counts = choice.dynamics.configurations.unrank(choice.configuration[deadlock])
    named = tuple(tuple(int(n) for n in row) for row in counts)
    raise ImproperPolicyError(
        f"the policy never reaches the target from {len(named)} configurations, such as {named[0]} "
        "(pairs at each level); choose an action there that distils or generates",
        deadlock=named,
    )


def _reachable(graph: sparse.csr_array, start: int) -> BoolArray:
    """Nodes that can be reached from ``start``."""
    reached = np.zeros(graph.shape[0], dtype=bool)
    reached[breadth_first_order(graph, start, return_predecessors=False)] = True
    return reached


class NoConvergenceError(Exception):
    """The iterative solvers gave up; never leaves this module."""


def _solve(iterate: Callable[[], FloatArray], factorise: Callable[[], FloatArray], right: FloatArray) -> FloatArray:
    """Solve a system by the way that is quicker for its size, or by factorisation where iterating fails."""
    if len(right) > MEDIUM:
        with suppress(NoConvergenceError):
            return iterate()
    return factorise()


def _swept(values: FloatArray, sweep: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Repeat a policy's equations until values settle: small ones then carry as many digits as large ones."""
    for _ in range(MOST_SWEEPS):
        before, values = values, np.maximum(sweep(values), 0.0)
        if (np.abs(values - before) <= SETTLED * values).all():
            break
    return values


def _iterate(image: Callable[[FloatArray], FloatArray], right: FloatArray) -> FloatArray:
    """Solve ``image(x) = right`` by Krylov iteration."""
    operator = LinearOperator((len(right), len(right)), matvec=image, dtype=np.float64)
    accepted = ACCEPTED * float(np.linalg.norm(right))
    methods: tuple[Callable[..., tuple[FloatArray, int]], ...] = (
        partial(bicgstab, maxiter=200),
        partial(gmres, maxiter=4, restart=50),
    )
    for method in methods:
        x = np.zeros_like(right)
        for residual in RESIDUALS:
            with np.errstate(all="ignore"):
                correction, _ = method(operator, right - image(x), rtol=residual, atol=0.0)
            x = x + correction
        if np.isfinite(x).all() and np.linalg.norm(image(x) - right) <= accepted:
            return x
    raise NoConvergenceError


def _factorise(conditional: sparse.csr_array, right: FloatArray) -> FloatArray:
    """Solve ``(1 - conditional) x = right`` by factorisation; not a number where it is singular."""
    size = len(right)
    try:
        if size <= SMALL:
            return np.linalg.solve(np.eye(size) - conditional.toarray(), right)
        return np.asarray(splu((sparse.eye_array(size) - conditional).tocsc()).solve(right))
    except (RuntimeError, np.linalg.LinAlgError):
        return np.full(size, np.nan)
