r"""Maps of optimal policies: all of ``0 < p <= 1``, or all ratios of durations, in pieces with one optimal policy each.

The least expected waiting time is the minimum of finitely many rational functions, one for each policy.  A piece is a
longest interval on which it *is* one of them, so that one policy is optimal throughout; at a breakpoint that policy
ceases to be optimal.  A policy is what it does where its runs from empty memories come: what it would do elsewhere
makes no breakpoint.  Along the ratio of durations the waiting time is concave and piecewise linear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.numbers import Number, exact, member
from lpdistill.problem.labels import first_grid, labels_of, wants_labels, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.program.common_labels import on_common_labels
from lpdistill.program.label_models import Model
from lpdistill.program.plan import Plan
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.given import ProblemLike
from lpdistill.solution.wording import Wording
from lpdistill.solving import PATIENCE
from symbolic.algebra.algebraic_numbers import AlgebraicNumber
from symbolic.algebra.rational_function import VARIABLES, RationalFunction, fraction
from symbolic.exact.chain import ExactChain
from symbolic.exact.labels import Counts, action_dict, labels
from symbolic.exact.model import ExactModel
from symbolic.maps.sweep import Axis, Segment, Sweep, inner_point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INFINITY = r"\infty"

IN_TABLE, ON_LINE = 100, 240
"""Characters of a formula that the table of pieces has room for, and that a line of its own has."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval on which one policy is optimal.

    Attributes
    ----------
    low, high
        Ends of the interval (``high`` None: infinity).  The policy is optimal at both ends that belong to the range.
    waiting_time
        Least expected waiting time on the piece.
    policy
        The optimal action wherever a run of the policy can come.
    ties
        All actions that are optimal on the whole piece, where there are several.
    segments
        Parts of the piece on which one policy is optimal in *every* configuration, visited or not.
    """

    low: AlgebraicNumber
    high: AlgebraicNumber | None
    waiting_time: RationalFunction
    policy: dict[Counts, Action]
    ties: dict[Counts, tuple[Action, ...]]
    segments: int

    def __repr__(self) -> str:
        return f"Piece: {self.waiting_time.variable} from {self.low.label()} to {self._end('infinity')}"

    def _end(self, infinity: str) -> str:
        return infinity if self.high is None else self.high.label()

    def _repr_latex_(self) -> str:
        found = self.waiting_time
        variable = VARIABLES.get(found.variable, found.variable)
        ends = rf"{self.low.label()} \leq {variable} \leq {self._end(INFINITY)}"
        return rf"$\displaystyle T({variable}) = {found.to_latex()}, \quad {ends}$"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where an optimal policy ceases to be optimal.

    Attributes
    ----------
    value
        The real algebraic number.
    changes
        The configurations visited on both sides whose action changes, with the action before and after.
    """

    value: AlgebraicNumber
    changes: tuple[tuple[Counts, Action, Action], ...]

    def __repr__(self) -> str:
        return f"Breakpoint: {self.value!r}"


@dataclass(frozen=True, slots=True)
class PolicyMap(Answer):
    """The optimal policies of a problem along one parameter.

    Attributes
    ----------
    problem
        What is fixed; its own value of the parameter does not matter.
    axis
        What varies.
    pieces, breakpoints
        The pieces in order, and the breakpoints between them.
    reduced_costs
        Number of reduced-cost numerators whose sign was proved on a whole segment, all segments together.
    """

    _KIND = "policy-map"

    problem: Problem
    axis: Axis
    pieces: tuple[Piece, ...]
    breakpoints: tuple[Breakpoint, ...]
    reduced_costs: int

    def piece_at(self, value: Number) -> Piece:
        """The piece that a rational value of the parameter lies in; the left one of two at a breakpoint.

        Raises
        ------
        ModelError
            If the value is no rational number in the range.
        """
        x = exact(value, str(self.axis))
        if x <= 0 or (self.axis is Axis.P and x > 1):
            raise ModelError(str(self.axis), "must be in the range of the map", value)
        return next(piece for piece in self.pieces if piece.high is None or not piece.high < x)

    def waiting_time(self, value: Number) -> Fraction:
        """The least expected waiting time at a rational value of the parameter, exact."""
        return self.piece_at(value).waiting_time(value)

    @property
    def wording(self) -> Wording:
        """Words for configurations and actions."""
        return Wording(self.problem.levels, self.problem.memories)

    def table(self) -> list[tuple[str, str, str, str]]:
        """Which action changes at each breakpoint: the breakpoint, the configuration, before, after."""
        words = self.wording
        return [
            (point.value.decimals(12), words.configuration(counts), words.phrase(before), words.phrase(after))
            for point in self.breakpoints
            for counts, before, after in point.changes
        ]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the waiting time, pieces in colours and breakpoints marked."""
        from symbolic.maps.map_plot import plot_map  # noqa: PLC0415 - matplotlib is optional

        return plot_map(self, ax)

    @property
    def _question(self) -> dict[str, Any]:
        """What is fixed."""
        varied = "p" if self.axis is Axis.P else "distillation_time"
        return {name: value for name, value in self.problem.to_dict().items() if name != varied}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every piece."""
        for piece in self.pieces:
            yield {
                "from": float(piece.low),
                "to": float("inf") if piece.high is None else float(piece.high),
                "configurations_visited": len(piece.policy),
                "waiting_time": str(piece.waiting_time),
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """Which action changes at each breakpoint."""
        headings = dict.fromkeys((str(self.axis), "configuration", "before", "after"), "left")
        return Table("what changes", headings, self.table()[:most])

    @property
    def _pieces_in_words(self) -> Table:
        """The pieces, with formulas where they are short."""
        rows = [
            (
                piece.low.label(),
                "infinity" if piece.high is None else piece.high.label(),
                str(len(piece.policy)),
                piece.waiting_time.shortened(IN_TABLE),
            )
            for piece in self.pieces
        ]
        sides = {"from": "left", "to": "left", "configurations visited": "right", "waiting time": "left"}
        return Table("pieces", sides, rows)

    def printed(self, most: int | None = SHOWN, *, latex: bool = False) -> Iterable[Block]:
        """Lines, pieces with their formulas, in LaTeX too if it is wanted, and what changes between them."""
        yield self.summary()
        yield self._pieces_in_words
        for place, piece in enumerate(self.pieces):
            if IN_TABLE < len(formula := str(piece.waiting_time)) <= ON_LINE:
                where = f" in piece {place + 1}" if len(self.pieces) > 1 else ""
                yield f"T({'p' if self.axis is Axis.P else 'r'}) = {formula}{where}"
        if latex:
            yield "\n" + "\n".join(f"T = {piece.waiting_time.to_latex()}" for piece in self.pieces)
        if self.breakpoints:
            yield self.shown(most)

    def _content(self) -> dict[str, Any]:
        return {
            "parameter": str(self.axis),
            "breakpoints": [
                {
                    **point.value.to_dict(VARIABLES.get(str(self.axis), str(self.axis))),
                    "changes": [
                        {"counts": list(counts), "before": action_dict(before), "after": action_dict(after)}
                        for counts, before, after in point.changes
                    ],
                }
                for point in self.breakpoints
            ],
            "pieces": [
                {
                    "from": float(piece.low),
                    "to": None if piece.high is None else float(piece.high),
                    "waiting_time": f"({piece.waiting_time.text[0]})/({piece.waiting_time.text[1]})",
                    "policy": [
                        {"counts": list(counts), "actions": [{**action_dict(action), "probability": 1.0}]}
                        for counts, action in piece.policy.items()
                    ],
                    "ties": [
                        {"counts": list(counts), "actions": [action_dict(action) for action in actions]}
                        for counts, actions in piece.ties.items()
                    ],
                }
                for piece in self.pieces
            ],
        }

    @property
    def fixed(self) -> str:
        """The problem in words, without what varies."""
        text = str(self.problem)
        if self.axis is Axis.P:
            return text.partition(", ")[2]
        return text.replace(f" and {float(self.problem.distillation_time):g} (distillation)", "")

    def _lines(self) -> Iterable[tuple[str, str]]:
        ends = "0 < p <= 1" if self.axis is Axis.P else "0 < tau_d/tau_g"
        marks = ", ".join(point.value.decimals(9) for point in self.breakpoints) or "none"
        segments = sum(piece.segments for piece in self.pieces)
        return [
            ("problem", f"{self.fixed}; {ends}"),
            ("pieces", f"{len(self.pieces)}, each with one optimal policy"),
            ("breakpoints", marks),
            ("proved", f"signs of {self.reduced_costs:,} reduced costs on {segments} segments by root isolation"),
        ]


def policy_map(
    problem: ProblemLike, *, axis: Axis | str = Axis.P, progress: Callable[[str], None] = silent
) -> PolicyMap:
    r"""Split the range of a parameter into intervals with one optimal policy each, with proof.

    On each interval the reduced costs :math:`c(s,a) + \sum_{s'} P(s'|s,a) V(s') - V(s)` of all columns are quotients of
    polynomials; that none is negative is proved by isolating the real roots of their numerators.  Breakpoints are such
    roots: real algebraic numbers.  That the waiting time is continuous there is proved by division by their minimal
    polynomials.

    Parameters
    ----------
    problem
        What is fixed.
    axis
        ``"p"``, or ``"tau_d/tau_g"`` at the problem's ``p`` and generation time.
    progress
        Told what is being done, for long work.

    Raises
    ------
    LimitError
        If the work would take too long.
    ModelError
        If ``problem`` is no problem, has budgets, generation takes no time and the ratio is the parameter, or rules
        leave other dead ends at ``p = 1`` than below.
    InfeasibleError
        If the rules leave no policy.

    Examples
    --------
    >>> found = policy_map(Problem(1, 4, "3/4", "79/100"))
    >>> found.breakpoints
    (Breakpoint: 0.245598997820, Breakpoint: 0.852617664418)
    >>> found.waiting_time("9/10")
    Fraction(42402847194818531704, 5771424673694636877)
    """
    problem = PROBLEM.meant(problem, "problem")
    axis = member(Axis, axis, "axis")
    if axis is Axis.RATIO and problem.generation_time == 0:
        raise ModelError("generation_time", "must be above 0 for a map in tau_d/tau_g", problem.generation_time)
    if problem.budgets:
        raise ModelError(
            "budgets", "make optimal policies randomise, so a map has none; leave them out", str(problem.budgets[0])
        )
    if problem.reach.finite or not wants_labels(problem):
        return _mapped(problem, axis, progress)[0]

    def answer(asked: Problem) -> tuple[PolicyMap, list[Model]]:
        return _mapped(asked, axis, progress)

    problem = without_labels(problem)
    whatever = axis is Axis.RATIO
    grid = first_grid(problem, whatever=whatever)
    return on_common_labels(problem, answer, _same, grid=grid, seconds=PATIENCE, whatever=whatever, progress=progress)


def _same(above: PolicyMap, below: PolicyMap) -> bool:
    """Whether two maps have the same waiting time, as functions on the same pieces."""
    return [(one.low, one.high, one.waiting_time) for one in above.pieces] == [
        (one.low, one.high, one.waiting_time) for one in below.pieces
    ]


def _mapped(problem: Problem, axis: Axis, progress: Callable[[str], None]) -> tuple[PolicyMap, list[Model]]:
    """The map on the levels that a problem has, and an optimum inside each piece."""
    sweep = Sweep(problem, axis, progress)
    segments, model = sweep.segments(), sweep.model
    pieces: list[Piece] = []
    breakpoints: list[Breakpoint] = []
    optima: list[Model] = []
    columns = segments[0].columns
    for _, equal in groupby(segments, key=lambda segment: segment.waiting_time):
        joined, before = list(equal), columns
        tight = _always_tight(joined)
        # Actions that are still optimal stay, so that only those that cease to be optimal change.
        columns = np.where(np.isin(before, tight), before, joined[0].columns)
        pieces.append(_piece(model, joined, columns, tight))
        if labels_of(problem) is not None:
            optima.append(_inside(sweep, pieces[-1], columns[columns >= 0]))
        if len(pieces) > 1:
            _prove_continuous(pieces[-2], pieces[-1])
            breakpoints.append(Breakpoint(pieces[-1].low, _changes(pieces[-2], pieces[-1])))
    count = len(model.dynamics.columns) * len(segments)
    return PolicyMap(problem, axis, tuple(pieces), tuple(breakpoints), count), optima


def _inside(sweep: Sweep, piece: Piece, columns: IntArray) -> Model:
    """The optimum at a point inside a piece."""
    there = sweep.at(fraction(inner_point(piece.low, piece.high)))
    plan = Plan.of(there.choose(columns), np.ones(len(columns)))
    return Model(sweep.problem, there, columns, plan, np.where(there.live, plan.values, np.inf))


def _always_tight(segments: list[Segment]) -> IntArray:
    """The columns that are optimal on all of some segments, increasing."""
    tight = segments[0].tight
    for segment in segments[1:]:
        tight = np.intersect1d(tight, segment.tight)
    return tight


def _piece(model: ExactModel, segments: list[Segment], columns: IntArray, tight: IntArray) -> Piece:
    """The piece that some segments with the same waiting time make, with a policy for the whole of it."""
    dynamics, start = model.dynamics, np.zeros(1, dtype=np.int64)
    chain = ExactChain.visited(model, columns, start, certain=False)
    chosen = {label.counts: label.action for label in labels(dynamics, chain.columns)}
    optimal: dict[Counts, tuple[Action, ...]] = {}
    for _, counts, action in labels(dynamics, tight):
        optimal[counts] = (*optimal.get(counts, ()), action)
    return Piece(
        segments[0].low,
        segments[-1].high,
        segments[0].waiting_time,
        chosen,
        {counts: optimal[counts] for counts in chosen if len(optimal[counts]) > 1},
        len(segments),
    )


def _changes(left: Piece, right: Piece) -> tuple[tuple[Counts, Action, Action], ...]:
    """The configurations visited on both sides of a breakpoint whose action changes."""
    both = [counts for counts in left.policy if counts in right.policy]
    return tuple((n, left.policy[n], right.policy[n]) for n in both if left.policy[n] != right.policy[n])


def _prove_continuous(left: Piece, right: Piece) -> None:
    """Raise NotCertifiedError unless two pieces meet, exactly, in one point and one waiting time."""
    point, difference = right.low, left.waiting_time - right.waiting_time
    if left.high != point or not point.is_root_of(difference.numerator):
        raise NotCertifiedError(f"the waiting time is not continuous at {point!r}")
