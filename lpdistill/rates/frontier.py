"""The greatest rate against the limit on what is used per unit of time: every breakpoint, with its policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.errors import ModelError, names_like
from lpdistill.hardware.hardware import Hardware
from lpdistill.numbers import Number, at_least, decimals, exact, upwards
from lpdistill.physics.levels import Level
from lpdistill.problem.problem import Problem
from lpdistill.process.budgets import MET
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Resource
from lpdistill.progress import silent
from lpdistill.rates.models import Earning
from lpdistill.rates.rate import KeyRate, Rate, Throughput, aimless, aimless_in_words
from lpdistill.rates.steady_state import asked, require_worth
from lpdistill.rates.supporting import Search
from lpdistill.rates.worth import Worth
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import measure
from lpdistill.solving import PATIENCE, precision

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class RatePoint:
    """A breakpoint.

    Attributes
    ----------
    used
        What is used per unit of time: the least limit for which this gain is the greatest.
    gain
        The greatest gain within that limit.
    price
        d(gain)/d(limit) for limits just above; 0 at the last breakpoint.
    rate
        The policy: what it earns, with bounds, what it delivers and does.
    """

    used: float
    gain: float
    price: float
    rate: Rate

    def to_dict(self) -> dict[str, Any]:
        """As JSON data; of the policy, what is done where it comes for ever."""
        levels: Iterable[Level] = self.rate.found.model.problem.levels
        return {
            "used": self.used,
            "gain": self.gain,
            "price": self.price,
            "delivered": [one.to_dict() for one in self.rate.delivered],
            "levels": [level.stated() for level in levels],
            "policy": [row.to_dict() for row in self.rate.rows(visited=True)],
        }


@dataclass(frozen=True, repr=False, eq=False)
class RateFrontier(Answer):
    """The greatest gain per unit of time as a function of the limit on a resource per unit of time.

    Attributes
    ----------
    problem
        What was asked.
    resource
        Name of the resource.
    points
        The breakpoints, by increasing limit.
    lines
        Prices, and what no policy earns beyond its use at that price: supporting lines of the curve, proved.
    """

    _KIND = "rate-frontier"

    problem: Problem
    resource: str
    points: tuple[RatePoint, ...]
    lines: tuple[tuple[float, float], ...]

    def gain(self, limit: Number) -> float:
        """The greatest gain within a limit; minus infinity below the least workable one.

        >>> curve = rate_frontier(Problem("1/2", 3, "3/4", "79/100"), "generation_attempts")
        >>> curve.gain(0), curve.gain(1000) == curve.points[-1].gain
        (0.0, True)
        """
        at, (used, gains) = float(exact(limit, "limit")), self._curve
        return float(np.interp(at, used, gains)) if at >= used[0] * (1 - MET) else float("-inf")

    def upper_bound(self, limit: Number) -> float:
        """What no policy within a limit earns more than: proved over all columns, rounding included.

        Raises
        ------
        ModelError
            If the limit is negative.
        """
        at = exact(limit, "limit")
        if at < 0:
            raise ModelError("limit", "must not be negative", limit)
        return min(upwards(Fraction(most) + Fraction(price) * at) for price, most in self.lines)

    @property
    def _curve(self) -> tuple[list[float], list[float]]:
        return [point.used for point in self.points], [point.gain for point in self.points]

    @property
    def _noun(self) -> str:
        return self.resource.replace("_", " ")

    @property
    def _unit(self) -> str:
        return self.points[-1].rate.unit

    @property
    def _question(self) -> Problem | Mapping[str, Any]:
        return aimless(self.problem) if self._sold else self.problem

    @property
    def _sold(self) -> bool:
        """Whether delivering is a decision, so that a target has no meaning."""
        return isinstance(self.points[-1].rate, KeyRate)

    @property
    def _told(self) -> str:
        return aimless_in_words(self.problem) if self._sold else str(self.problem)

    @property
    def _breakpoints(self) -> str:
        return f"{len(self.points)} {'breakpoint' if len(self.points) == 1 else 'breakpoints'}"

    def _lines(self) -> Iterable[tuple[str, str]]:
        first, last = self.points[0], self.points[-1]
        if self._sold:
            yield "problem", self._told
        yield "frontier", f"{self._breakpoints}, per unit of time"
        yield "most", f"{last.gain:.12g} {self._unit} with {at_least(last.used, 9)} {self._noun}"
        if first is not last:
            yield "other end", f"{first.gain:.9g} {self._unit} with {at_least(first.used, 9)} {self._noun}"
            yield "price there", f"one more earns {first.price:.6g}"
        gap = max(min(most + price * point.used for price, most in self.lines) - point.gain for point in self.points)
        yield "proved", f"no policy earns {max(gap, 0.0):.1e} more than a breakpoint with the same use"

    def _content(self) -> dict[str, Any]:
        return {"resource": self.resource, "points": [point.to_dict() for point in self.points]}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every breakpoint."""
        return ({"used": one.used, "gain": one.gain, "price": one.price} for one in self.points)

    def shown(self, most: int | None = SHOWN) -> Table:
        """The breakpoints."""
        rows = [tuple(map(decimals, (one.used, one.gain, one.price))) for one in self.points[:most]]
        return Table(
            f"{self._noun} per unit of time", dict.fromkeys(("limit", "gain", "one more earns"), "right"), rows
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with its breakpoints."""
        drawn, (used, gains) = pictures.canvas(ax, self._told), self._curve
        end = used[-1] + 0.1 * ((used[-1] - used[0]) or used[-1] or 1.0)
        drawn.plot([*used, end], [*gains, gains[-1]], color=pictures.COLOURS[0], lw=1.8)
        drawn.plot(used, gains, "o", color=pictures.COLOURS[1], ms=4, label=self._breakpoints)
        drawn.ticklabel_format(axis="x", useOffset=False)
        drawn.set_xlabel(f"limit on {self._noun} per unit of time")
        drawn.set_ylabel(f"greatest rate\n({self._unit} per unit of time; {measure(self.problem)})")
        drawn.legend(frameon=False)
        return drawn

    def __repr__(self) -> str:
        first, last = self.points[0], self.points[-1]
        return (
            f"{type(self).__name__}: {self._breakpoints}, from {first.gain:.6g} with {at_least(first.used, 6)} "
            f"{self._noun} to {last.gain:.6g} with {at_least(last.used, 6)} per unit of time"
        )


def rate_frontier(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: Problem | Hardware,
    resource: str | Resource = "generation_attempts",
    worth: str | Callable[[float], float] | None = None,
    *,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> RateFrontier:
    """All breakpoints of the greatest rate as a function of the limit on what is used per unit of time.

    Parameters
    ----------
    problem
        The hardware with its rules, and the target; budgets hold along the curve.
    resource
        What to use less of.
    worth
        What pairs are worth, as for :func:`lpdistill.key_rate`; without it, pairs that meet the target are counted.
    within, time_limit, progress
        As for :func:`lpdistill.throughput`.

    Raises
    ------
    ModelError
        If there is no such resource, or the problem has a budget for it.
    LimitError
        If there are more breakpoints than anybody reads.

    Examples
    --------
    >>> curve = rate_frontier(Hardware("1/10", 3, "17/20"), worth="bb84")
    >>> [(round(point.used, 9), round(point.gain, 9)) for point in curve.points]
    [(0.0, 0.0), (2.010056342, 0.017741133), (2.031801916, 0.017800278), (2.867424242, 0.019172765)]
    """
    if isinstance(problem, Hardware):
        problem = Problem.of(problem, Fraction(1))
    problem = asked(problem)
    began, limits = time.perf_counter(), precision(within, time_limit)
    what = _resource(resource)
    if any(budget.resource == what for budget in problem.budgets):
        raise ModelError("resource", "has a budget; leave it out to see the whole frontier", what.name)
    earning = Earning(worth=None if worth is None else Worth.of(worth))
    if worth is not None:
        require_worth(problem, earning)
    search = Search(problem, earning, what, limits, progress)
    corners, kind = search.corners(), Throughput if worth is None else KeyRate
    took = time.perf_counter() - began
    points = [
        RatePoint(
            corner.used,
            corner.gain,
            0.0 if after is None else (after.gain - corner.gain) / (after.used - corner.used),
            kind(problem, earning, corner.found, (), took),
        )
        for corner, after in zip(corners, [*corners[1:], None], strict=True)
    ]
    return RateFrontier(problem, what.name, tuple(points), tuple((one.price, one.above) for one in search.lines))


def _resource(resource: str | Resource) -> Resource:
    """A resource by name, or a user's own.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if isinstance(resource, Resource):
        return resource
    if resource not in RESOURCES:
        raise ModelError("resource", f"must be a resource: {names_like(RESOURCES, resource)}", resource)
    return RESOURCES[resource]
