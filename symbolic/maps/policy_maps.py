r"""Maps of optimal policies: all of ``0 < p <= 1``, or all ratios of durations, in pieces with one optimal policy each.

The least expected waiting time is the minimum of finitely many rational functions, one for each policy.  A piece is a
longest interval on which it *is* one of them, so that one policy is optimal throughout; at a breakpoint that policy
ceases to be optimal.  A policy is what it does where its runs from empty memories come: what it would do elsewhere
makes no breakpoint.  Along the ratio of durations the waiting time is concave and piecewise linear.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.numbers import flag, member
from lpdistill.problem.labels import first_grid, labels_of, wants_labels, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.program.common_labels import on_common_labels
from lpdistill.program.label_models import Rounded
from lpdistill.progress import silent
from lpdistill.rates.steady_state import asked
from lpdistill.solution.given import ProblemLike
from lpdistill.solving import PATIENCE
from symbolic.algebra.rational_function import fraction
from symbolic.exact.chain import ExactChain
from symbolic.exact.labels import Counts, labels
from symbolic.maps.pieces import Breakpoint, Piece, PolicyMap
from symbolic.maps.rate_sweep import RateSweep
from symbolic.maps.sweep import Axis, Segment, Sweep, inner_point


def policy_map(
    problem: ProblemLike,
    *,
    axis: Axis | str = Axis.P,
    per_time: bool = False,
    progress: Callable[[str], None] = silent,
) -> PolicyMap:
    r"""Split the range of a parameter into intervals with one optimal policy each, with proof.

    On each interval the reduced costs :math:`c(s,a) + \sum_{s'} P(s'|s,a) V(s') - V(s)` of all columns are quotients of
    polynomials; that none is negative is proved by isolating the real roots of their numerators.  Breakpoints are such
    roots: real algebraic numbers.  That the waiting time is continuous there is proved by division by their minimal
    polynomials.

    Per unit of time, the greatest :func:`~lpdistill.throughput` ``g`` takes the place of the waiting time, and reduced
    costs are :math:`h(s) + g\,\tau(s,a) - r(s,a) - \sum_{s'} P(s'|s,a) h(s')`, with values ``h`` that are quotients of
    polynomials, too.

    Parameters
    ----------
    problem
        What is fixed.
    axis
        ``"p"``, or ``"tau_d/tau_g"`` at the problem's ``p`` and generation time.
    per_time
        Whether pairs per unit of time are mapped, instead of the waiting time.
    progress
        Told what is being done, for long work.

    Raises
    ------
    LimitError
        If the work would take too long.
    ModelError
        If ``problem`` is no problem, has budgets, generation takes no time and the ratio is the parameter, or rules
        leave other dead ends at ``p = 1`` than below; or per unit of time, if a step takes none.
    InfeasibleError
        If the rules leave no policy.

    Examples
    --------
    >>> found = policy_map(Problem(1, 4, "3/4", "79/100"))
    >>> found.breakpoints
    (Breakpoint: 0.245598997820, Breakpoint: 0.852617664418)
    >>> found.waiting_time("9/10")
    Fraction(42402847194818531704, 5771424673694636877)
    >>> policy_map(Problem(1, 2, "3/4", "79/100"), per_time=True).gain("1/2")
    Fraction(173, 2448)
    """
    problem = PROBLEM.meant(problem, "problem")
    axis, per_time = member(Axis, axis, "axis"), flag(per_time, "per_time")
    if axis is Axis.RATIO and problem.generation_time == 0:
        raise ModelError("generation_time", "must be above 0 for a map in tau_d/tau_g", problem.generation_time)
    if problem.budgets:
        raise ModelError(
            "budgets", "make optimal policies randomise, so a map has none; leave them out", str(problem.budgets[0])
        )
    if per_time:
        asked(problem if axis is Axis.P else problem.replace(distillation_time=1))
    kind = RateSweep if per_time else Sweep
    if problem.reach.finite or not wants_labels(problem):
        return _mapped(kind(problem, axis, progress))[0]

    def answer(asked: Problem) -> tuple[PolicyMap, list[Rounded]]:
        return _mapped(kind(asked, axis, progress))

    problem = without_labels(problem)
    whatever = axis is Axis.RATIO
    grid = first_grid(problem, whatever=whatever)
    return on_common_labels(problem, answer, _same, grid=grid, seconds=PATIENCE, whatever=whatever, progress=progress)


def _same(above: PolicyMap, below: PolicyMap) -> bool:
    """Whether two maps have the same values, as functions on the same pieces."""
    return [(one.low, one.high, one.value) for one in above.pieces] == [
        (one.low, one.high, one.value) for one in below.pieces
    ]


def _mapped(sweep: Sweep) -> tuple[PolicyMap, list[Rounded]]:
    """The map on the levels that a problem has, and an optimum inside each piece."""
    segments, model = sweep.segments(), sweep.model
    pieces: list[Piece] = []
    breakpoints: list[Breakpoint] = []
    optima: list[Rounded] = []
    columns = segments[0].columns
    for _, equal in groupby(segments, key=lambda segment: segment.value):
        joined, before = list(equal), columns
        tight = _always_tight(joined)
        # Actions that are still optimal stay, so that only those that cease to be optimal change.
        columns = np.where(np.isin(before, tight), before, joined[0].columns)
        pieces.append(_piece(sweep, joined, columns, tight))
        if labels_of(sweep.problem) is not None:
            point = inner_point(pieces[-1].low, pieces[-1].high)
            optima.append(sweep.optimum(fraction(point), columns))
        if len(pieces) > 1:
            _prove_continuous(pieces[-2], pieces[-1])
            breakpoints.append(Breakpoint(pieces[-1].low, _changes(pieces[-2], pieces[-1])))
    count = len(model.dynamics.columns) * len(segments)
    return PolicyMap(sweep.problem, sweep.axis, tuple(pieces), tuple(breakpoints), count), optima


def _always_tight(segments: list[Segment]) -> IntArray:
    """The columns that are optimal on all of some segments, increasing."""
    tight = segments[0].tight
    for segment in segments[1:]:
        tight = np.intersect1d(tight, segment.tight)
    return tight


def _piece(sweep: Sweep, segments: list[Segment], columns: IntArray, tight: IntArray) -> Piece:
    """The piece that some segments with the same value make, with a policy for the whole of it."""
    dynamics, start = sweep.model.dynamics, np.zeros(1, dtype=np.int64)
    chain = ExactChain.visited(sweep.model, columns, start, certain=False)
    chosen = {label.counts: label.action for label in labels(dynamics, chain.columns)}
    optimal: dict[Counts, tuple[Action, ...]] = {}
    for _, counts, action in labels(dynamics, tight):
        optimal[counts] = (*optimal.get(counts, ()), action)
    return Piece(
        segments[0].low,
        segments[-1].high,
        segments[0].value,
        chosen,
        {counts: optimal[counts] for counts in chosen if len(optimal.get(counts, ())) > 1},
        len(segments),
        sweep.quantity,
    )


def _changes(left: Piece, right: Piece) -> tuple[tuple[Counts, Action, Action], ...]:
    """The configurations visited on both sides of a breakpoint whose action changes."""
    both = [counts for counts in left.policy if counts in right.policy]
    return tuple((n, left.policy[n], right.policy[n]) for n in both if left.policy[n] != right.policy[n])


def _prove_continuous(left: Piece, right: Piece) -> None:
    """Raise NotCertifiedError unless two pieces meet, exactly, in one point and one value."""
    point, difference = right.low, left.value - right.value
    if left.high != point or not point.is_root_of(difference.numerator):
        raise NotCertifiedError(f"the {left.quantity.words} is not continuous at {point!r}")
