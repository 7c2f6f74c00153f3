"""The answer of a map: pieces of the range of a parameter with one optimal policy each, and breakpoints between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Action
from lpdistill.numbers import Number, exact
from lpdistill.problem.problem import Problem
from lpdistill.process.names import action_as_json
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.wording import Wording
from symbolic.algebra.algebraic_numbers import AlgebraicNumber
from symbolic.algebra.rational_function import VARIABLES, RationalFunction
from symbolic.exact.labels import Counts
from symbolic.maps.sweep import Axis, Quantity

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
    value
        Least expected waiting time on the piece, or greatest gain.
    policy
        The optimal action wherever a run of the policy can come.
    ties
        All actions that are optimal on the whole piece, where there are several.
    segments
        Parts of the piece on which one policy is optimal in *every* configuration, visited or not.
    quantity
        Which of both the value is.
    """

    low: AlgebraicNumber
    high: AlgebraicNumber | None
    value: RationalFunction
    policy: dict[Counts, Action]
    ties: dict[Counts, tuple[Action, ...]]
    segments: int
    quantity: Quantity = Quantity.WAITING_TIME

    @property
    def waiting_time(self) -> RationalFunction:
        """Least expected waiting time on the piece.

        Raises
        ------
        ModelError
            If the map is of gains.
        """
        return self._as(Quantity.WAITING_TIME)

    @property
    def gain(self) -> RationalFunction:
        """Greatest number of pairs per unit of time on the piece.

        Raises
        ------
        ModelError
            If the map is of waiting times.
        """
        return self._as(Quantity.GAIN)

    def _as(self, quantity: Quantity) -> RationalFunction:
        if self.quantity is not quantity:
            raise ModelError(str(quantity), f"is not what this map is of; it has the {self.quantity}", None)
        return self.value

    @property
    def text(self) -> str:
        """The value as a quotient of polynomials, both in brackets."""
        above, below = self.value.text
        return f"({above})/({below})"

    def __repr__(self) -> str:
        return f"Piece: {self.value.variable} from {self.low.label()} to {self._end('infinity')}"

    def _end(self, infinity: str) -> str:
        return infinity if self.high is None else self.high.label()

    def _repr_latex_(self) -> str:
        found = self.value
        variable = VARIABLES.get(found.variable, found.variable)
        ends = rf"{self.low.label()} \leq {variable} \leq {self._end(INFINITY)}"
        return rf"$\displaystyle {self.quantity.symbol}({variable}) = {found.to_latex()}, \quad {ends}$"


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


@dataclass(frozen=True, slots=True, repr=False)
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

    @property
    def quantity(self) -> Quantity:
        """What the pieces have: waiting times, or gains."""
        return self.pieces[0].quantity

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

    def gain(self, value: Number) -> Fraction:
        """The greatest number of pairs per unit of time at a rational value of the parameter, exact."""
        return self.piece_at(value).gain(value)

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
                str(piece.quantity): str(piece.value),
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
                piece.value.shortened(IN_TABLE),
            )
            for piece in self.pieces
        ]
        sides = {"from": "left", "to": "left", "configurations visited": "right", self.quantity.words: "left"}
        return Table("pieces", sides, rows)

    def printed(self, most: int | None = SHOWN, *, latex: bool = False) -> Iterable[Block]:
        """Lines, pieces with their formulas, in LaTeX too if it is wanted, and what changes between them."""
        yield self.summary()
        yield self._pieces_in_words
        symbol = self.quantity.symbol
        for place, piece in enumerate(self.pieces):
            if IN_TABLE < len(formula := str(piece.value)) <= ON_LINE:
                where = f" in piece {place + 1}" if len(self.pieces) > 1 else ""
                yield f"{symbol}({'p' if self.axis is Axis.P else 'r'}) = {formula}{where}"
        if latex:
            yield "\n" + "\n".join(f"{symbol} = {piece.value.to_latex()}" for piece in self.pieces)
        if self.breakpoints:
            yield self.shown(most)

    def _content(self) -> dict[str, Any]:
        return {
            "parameter": str(self.axis),
            "breakpoints": [
                {
                    **point.value.to_dict(VARIABLES.get(str(self.axis), str(self.axis))),
                    "changes": [
                        {"counts": list(counts), "before": action_as_json(before), "after": action_as_json(after)}
                        for counts, before, after in point.changes
                    ],
                }
                for point in self.breakpoints
            ],
            "pieces": [
                {
                    "from": float(piece.low),
                    "to": None if piece.high is None else float(piece.high),
                    str(piece.quantity): piece.text,
                    "policy": [
                        {"counts": list(counts), "actions": [{**action_as_json(action), "probability": 1.0}]}
                        for counts, action in piece.policy.items()
                    ],
                    "ties": [
                        {"counts": list(counts), "actions": [action_as_json(action) for action in actions]}
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
