r"""Policies evaluated: the two linear systems of a fixed policy.

A proper policy with moves ``P`` and probability ``leaving`` of leaving each configuration has expected times to go and
expected visits

.. math:: \ell\, V = c + P V, \qquad \ell\, x - P^\top x = b .
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.process.outcomes import Accuracy
from lpdistill.process.process import Choice
from lpdistill.program.differences import Equations
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.systems import (
    ACCEPTED,
    CLOSE,
    DENSE,
    FACTORISED,
    MOST_ITERATIONS,
    RESIDUALS,
    NoConvergenceError,
    System,
    factorised,
    iterate,
    square,
)

MOST_SWEEPS, SETTLED_SWEEP = 100, 1e-14
"""Sweeps over a policy's equations, and the relative change of every value at which they end."""

LISTED = 5_000
"""Moves up to which writing them out takes less time than to do without, the other way round."""

WHOLE = 50_000
"""Moves up to which those of a whole policy are written out sooner than those of what is entered, step by step."""

ACCURACY = Accuracy(RESIDUALS, CLOSE, ACCEPTED, SETTLED_SWEEP, MOST_ITERATIONS, MOST_SWEEPS)
"""How accurately policies are evaluated."""

ROUGH = Accuracy((1e-3, 1.0), CLOSE, 1e-2, 1.0, MOST_ITERATIONS, 1)
"""How accurately where that is only where an evaluation starts from."""


def evaluate(
    choice: Choice, local: FloatArray, near: FloatArray | None = None, accuracy: Accuracy = ACCURACY
) -> FloatArray:
    r"""Solve ``V = local + P V / leaving`` for one column per configuration, (configurations,).

    Configurations without a column are taken to be never entered; their value is reported as 0.

    Parameters
    ----------
    choice
        The policy: at most one column for every configuration.
    local
        What is collected in each column's configuration until it is left, (columns,).
    near
        Positive values not too far from the solution, (configurations,), from which it is approached: it is then
        accurate in every configuration relative to its own value, however much the values differ.
    accuracy
        How accurately, where nothing is written out.

    Raises
    ------
    ImproperPolicyError
        If some configuration never reaches the target.
    """
    require_leaving(choice)
    if choice.process.written is not None:
        require_proper(choice)
        return Equations(choice, choice.repetition.changes(local)).values.nearest
    begin = near[choice.configuration] if near is not None else np.zeros_like(local)
    found = choice.following.solved(choice.configuration, choice.repetition, local, begin, accuracy)
    if found is not None:
        return _spread(choice, found)
    unit = np.where(begin > 0, begin, 1.0)

    def after(values: FloatArray) -> FloatArray:
        if choice.following.compact:
            return np.asarray(square(choice) @ values)
        return choice.repetition.until(choice.expect(_spread(choice, values)))

    def image(x: FloatArray) -> FloatArray:
        return x - after(unit * x) / unit

    def factorise() -> FloatArray:
        conditional = square(choice)
        if isinstance(conditional, np.ndarray):
            return factorised(conditional * unit / unit[:, None], local / unit)
        conditional = conditional.copy()
        conditional.data *= unit[conditional.indices] / np.repeat(unit, np.diff(conditional.indptr))
        return factorised(conditional, local / unit)

    quick = choice.following.quick and len(local) > DENSE
    values = unit * _solve(lambda: iterate(image, local / unit, begin / unit), factorise, quick or _large(local))
    if not np.isfinite(values).all() or values.min() < -ACCEPTED * values.max():
        raise_improper(choice)
    return _spread(choice, _swept(np.maximum(values, 0.0), lambda x: local + after(x)))


def collected(choice: Choice, amounts: FloatArray, near: FloatArray | None = None) -> FloatArray:
    """What a policy is expected to collect from each configuration on, (configurations,).

    Parameters
    ----------
    choice, amounts
        The policy, and what each step of its columns collects, (columns,).
    near
        About what is found, (configurations,), where that is known.
    """
    local = choice.repetition.until(amounts)
    return evaluate(choice, local, evaluate(choice, local) if near is None else near)


def visits(choice: Choice, entered: FloatArray) -> FloatArray:
    """Expected number of times that a policy takes each of its columns, (columns,).

    Parameters
    ----------
    choice
        The policy: at most one column for every configuration.
    entered
        Expected number of times that runs enter each configuration from outside, (configurations,).
    """
    require_leaving(choice)
    if not choice.following.quick and _listed(choice):
        return _visits(choice, entered)
    found = np.zeros(len(choice.columns))  # what runs never enter is left out
    rows = np.flatnonzero(_entered(choice, np.flatnonzero(entered[choice.configuration])))
    found[rows] = _visits(choice.at(rows), entered)
    return found


def frequented(choice: Choice, entered: FloatArray, least: float) -> tuple[IntArray, FloatArray]:
    """Where runs of a policy come by moves that are not rare, and about how often something happens there.

    Parameters
    ----------
    choice, entered
        The policy, and where runs begin (:func:`visits`).
    least
        Probability of a move, given that anything happens, below which it is rare; where moves are not written out,
        of all moves to one configuration together.

    Returns
    -------
    tuple
        Rows of the columns, and expected numbers of changes, (rows,); what leads elsewhere counts as the end.
    """
    rows = np.flatnonzero(_entered(choice, np.flatnonzero(entered[choice.configuration]), least))
    some = choice.at(rows)
    return rows, some.repetition.changes(_visits(some, entered))


def _visits(choice: Choice, entered: FloatArray) -> FloatArray:
    """Expected number of times that a policy takes each of its columns, all of which runs enter, (columns,).

    What leads elsewhere is the end.
    """
    weights = entered[choice.configuration]
    if not _listed(choice):
        with suppress(NoConvergenceError):
            return choice.repetition.until(_pushed(choice, weights))
    reached = _reachable(square(choice), np.flatnonzero(weights))
    back = _back(choice)
    if choice.process.written is not None:
        system = System(choice)
        left = system.solve(weights, transposed=True)
        left = left + system.solve(weights - (left - back @ left), transposed=True)
    else:
        left = _solve(
            lambda: iterate(lambda z: z - back @ z, weights), lambda: factorised(back, weights), _large(weights)
        )
    # A sweep replaces the rounding of the largest visits by that of each configuration's own.
    left = weights + back @ np.where(reached, np.maximum(left, 0.0), 0.0)
    return np.where(reached, choice.repetition.until(left), 0.0)


def _listed(choice: Choice) -> bool:
    """Whether the moves of a policy are written out where they are needed the other way round."""
    if choice.process.written is not None or len(choice.columns) <= DENSE or choice.following.compact:
        return True
    return choice.following.spread <= LISTED


def _pushed(choice: Choice, weights: FloatArray) -> FloatArray:
    """How often something happens in every column of a policy, with nothing written out, (columns,).

    Raises
    ------
    NoConvergenceError
        If iterating does not find it.
    """
    found = choice.following.visited(choice.configuration, choice.repetition, weights, ACCURACY)
    if found is not None:
        return found

    def onward(left: FloatArray) -> FloatArray:
        return np.asarray(choice.following.push(choice.repetition.until(left))[choice.configuration])

    left = iterate(lambda left: left - onward(left), weights)
    return _swept(np.maximum(left, 0.0), lambda left: weights + onward(left))


def stuck(choice: Choice, objective: Objective = FIRST_DELIVERY) -> BoolArray:
    """Columns of a policy from whose configuration it never reaches the target, (columns,), by search of its graph."""
    ends = ~choice.repetition.waits & (objective.absorbed(choice) > 0)
    if choice.following.quick and _led(choice, ends).all():
        return np.zeros(len(ends), dtype=bool)
    return ~_reachable(_back(choice), np.flatnonzero(ends))


def _led(choice: Choice, ends: BoolArray) -> BoolArray:
    """Columns of a policy from which some of them are reached, with no move written out: those found, (columns,).

    A probability that is not 0 when it is rounded is none; where one is rounded to 0, the search may end early.
    """
    found, before = ends, np.zeros_like(ends)
    while (found != before).any() and not found.all():
        expected = choice.expect(_spread(choice, found.astype(np.float64)))
        found, before = found | (~choice.repetition.waits & (expected > 0)), found
    return found


def doomed(choice: Choice) -> BoolArray:
    """Columns of a policy from whose configuration it may get where it never reaches the target, (columns,)."""
    trapped = stuck(choice)
    return _reachable(_back(choice), np.flatnonzero(trapped)) if trapped.any() else trapped


def entered(choice: Choice, start: int | IntArray) -> BoolArray:
    """Columns of a policy whose configuration runs from the given one, or ones, may enter, (columns,)."""
    return _entered(choice, np.flatnonzero(np.isin(choice.configuration, start)))


def _entered(choice: Choice, starts: IntArray, least: float = 0.0) -> BoolArray:
    """Columns of a policy whose configuration runs may enter that begin with some of them, (columns,).

    By moves of at least such a probability, given that anything happens.
    """
    if not choice.following.quick and _listed(choice):
        return _reachable(square(choice), starts)
    at_once = choice.following.entered(choice.configuration, choice.repetition, starts, least)
    if at_once is not None:
        return at_once
    found, new = np.zeros(len(choice.columns), dtype=bool), starts
    place = np.full(choice.process.size, -1)
    place[choice.configuration] = np.arange(len(choice.columns))
    whole = choice.conditional if choice.following.spread <= WHOLE else None
    while len(new):
        found[new] = True
        some, arrives = choice.at(new), np.zeros(choice.process.size, dtype=bool)
        if whole is not None or _listed(some):
            moves = some.conditional if whole is None else whole[new]
            arrives[moves.indices[moves.data >= least]] = True
        else:  # from all of them together
            arriving = some.following.push(some.repetition.until(np.ones(len(new))))
            arrives = (arriving > 0) & (arriving >= least)
        following = place[arrives]
        new = following[(following >= 0) & ~found[following]]
    return found


def deadlocked(choice: Choice, start: int) -> IntArray:
    """Configurations in which runs of a policy from the given one are trapped for ever, ranks in order."""
    closed, _ = _closed_classes(choice)
    return choice.configuration[closed & entered(choice, start)]


def _spread(choice: Choice, values: FloatArray) -> FloatArray:
    """Values of a policy's columns as values of all configurations, 0 where it has no column."""
    size = choice.process.size
    if len(values) == size:
        return values
    everywhere = np.zeros(size)
    everywhere[choice.configuration] = values
    return everywhere


def _back(choice: Choice) -> FloatArray | sparse.csr_array:
    """The same from where to where, the other way round."""
    moves = square(choice)
    return moves.T if isinstance(moves, np.ndarray) else sparse.csr_array(moves.T)


def require_leaving(choice: Choice) -> None:
    """Raise ImproperPolicyError if a policy waits forever somewhere."""
    if choice.repetition.waits.any():
        raise_improper(choice)


def require_proper(choice: Choice) -> None:
    """Raise ImproperPolicyError if a policy stays for ever where it has columns, decided on its graph."""
    if not all_leave(choice):
        raise_improper(choice)


def all_leave(choice: Choice) -> bool:
    """Whether runs of a policy reach the target, or where it has no column, from everywhere else."""
    size = choice.process.size
    elsewhere = np.append(np.setdiff1d(np.arange(size), choice.configuration), size)
    return bool(choice.edges.reached_from(elsewhere).all())


def raise_improper(choice: Choice, among: IntArray | None = None) -> NoReturn:
    """Say which configurations a policy never leaves towards the target; of those in ``among``, if given.

    Raises
    ------
    ImproperPolicyError
        If there are any.
    NotCertifiedError
        If there are none, so that only arithmetic has failed.
    """
    closed, label = _closed_classes(choice)
    if among is not None:
        closed &= np.isin(choice.configuration, among)
    if not closed.any():
        raise NotCertifiedError(
            "the policy reaches the target from everywhere, but its expected time exceeds what double precision can "
            "hold; make runs shorter (a larger p does)"
        )
    named = tuple(choice.process.names.key(int(rank)) for rank in choice.configuration[closed])
    others = int((label[closed] == label[closed][0]).sum()) - 1
    raise ImproperPolicyError(
        f"the policy never reaches the target once it is in configuration {named[0]!r}, which it "
        f"{f'leaves only for {others} others that lead back' if others else 'does not leave'}; choose an action there "
        "that leads on",
        deadlock=named,
    )


def _closed_classes(choice: Choice) -> tuple[BoolArray, IntArray]:
    """Columns of the classes that a policy never leaves, short of the target, and the class of each, (columns,)."""
    moves = square(choice)
    _, label = sparse.csgraph.connected_components(moves, directed=True, connection="strong")
    rows, columns = moves.nonzero()
    left = np.zeros(label.max(initial=-1) + 1, dtype=bool)
    left[label[rows[label[rows] != label[columns]]]] = True
    return np.asarray(stuck(choice) & ~left[label]), np.asarray(label, dtype=np.int64)


def _reachable(graph: FloatArray | sparse.csr_array, starts: IntArray) -> BoolArray:
    """Nodes that can be reached from some others, which count as reached."""
    size = graph.shape[0]
    if isinstance(graph, np.ndarray):
        reached, new = np.zeros(size, dtype=bool), starts
        while len(new):
            reached[new] = True
            new = np.flatnonzero(graph[new].any(axis=0) & ~reached)
        return reached
    rows, columns = graph.nonzero()
    rows, columns = np.append(rows, np.full(len(starts), size)), np.append(columns, starts)
    joined = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(size + 1, size + 1))
    found = np.zeros(size + 1, dtype=bool)
    found[sparse.csgraph.breadth_first_order(joined, size, return_predecessors=False)] = True
    return found[:size]


def _large(right: FloatArray) -> bool:
    """Whether iterating is quicker than factorising."""
    return len(right) > FACTORISED


def _solve(iterate: Callable[[], FloatArray], factorise: Callable[[], FloatArray], quick: bool) -> FloatArray:  # noqa: FBT001
    """Solve a system by iterating if that is quick, or by factorisation where it is not or fails."""
    if quick:
        with suppress(NoConvergenceError):
            return iterate()
    return factorise()


def _swept(values: FloatArray, sweep: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Repeat a policy's equations until values settle: small ones then carry as many digits as large ones."""
    for _ in range(MOST_SWEEPS):
        before, values = values, np.maximum(sweep(values), 0.0)
        if (np.abs(values - before) <= SETTLED_SWEEP * values).all():
            break
    return values
