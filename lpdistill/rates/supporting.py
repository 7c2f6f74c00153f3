r"""All breakpoints of the greatest rate as a function of the limit on what is used per unit of time.

The greatest rate within a limit is concave and piecewise linear.  A supporting line of slope :math:`\mu` has the policy
that is best where a unit of the resource costs :math:`\mu`:

.. math:: G(\mu) = \max_x\ (r - \mu d)\,x, \qquad \text{so that no policy that uses } u \text{ earns more than }
          G(\mu) + \mu u .

Every edge between two policies known is tried at its own slope: whatever is best there lies above the edge, or proves
that nothing does.  Where labels stand for levels, those of each line are refined until its own optimum rounds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from lpdistill.errors import LimitError, NotCertifiedError
from lpdistill.numbers import upwards
from lpdistill.problem.problem import Problem
from lpdistill.process.tariff import Resource
from lpdistill.program.average import Policy, earned
from lpdistill.rates.bracket import Bracketed, bracketed
from lpdistill.rates.models import Earning, Line

APART = 1e-10
"""Relative distance above an edge at which a policy counts as a breakpoint of its own."""

MOST, FRUGAL = (1e-6, 1e-8), (1e3, 1e6, 1e8)
"""Prices, relative to what is earned with a unit, at which the ends of the frontier are sought."""

MOST_BREAKPOINTS = 10_000
"""Breakpoints beyond which nobody reads a curve."""


@dataclass(frozen=True, eq=False)
class Corner:
    """The optimum at a price of the resource.

    Attributes
    ----------
    price
        The price: the slope of the line.
    used, gain
        What its policy uses and earns per unit of time, the price left out.
    above
        What no policy exceeds, the price taken off.
    found
        The policy, evaluated without the price.
    """

    price: float
    used: float
    gain: float
    above: float
    found: Bracketed


@dataclass
class Search:
    """The search for breakpoints.

    Attributes
    ----------
    problem, earning, resource
        What is asked.
    limits
        Relative gap that will do on labels, and the seconds after which no more are added.
    progress
        Told what is being done.
    lines
        All optima that were found, at their prices.
    """

    problem: Problem
    earning: Earning
    resource: Resource
    limits: tuple[Fraction | None, float]
    progress: Callable[[str], None]
    lines: list[Corner] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._until = time.perf_counter() + self.limits[1]
        self._near: Bracketed | None = None

    def corners(self) -> list[Corner]:
        """The breakpoints, by increasing use.

        Raises
        ------
        LimitError
            If there are more than anybody reads.
        """
        most, frugal = self._ends()
        found = [frugal, most] if frugal.used < most.used * (1 - APART) else [most]
        closed, scale = set[tuple[Corner, Corner]](), abs(most.gain)
        while len(found) <= MOST_BREAKPOINTS:
            found = _hull(found, APART * scale)
            edge = next((edge for edge in pairwise(found) if edge not in closed), None)
            if edge is None:
                return found
            left, right = edge
            closed.add(edge)
            self.progress(f"{len(found)} breakpoints so far")
            slope = (right.gain - left.gain) / (right.used - left.used)
            corner = self._at(slope, scale)
            over = corner.gain - left.gain - slope * (corner.used - left.used)
            if left.used < corner.used < right.used and over > APART * scale:
                found = sorted([*found, corner], key=lambda one: one.used)
        raise LimitError(
            f"resource: the frontier of {self.resource.name} has more than {MOST_BREAKPOINTS:,} breakpoints; take "
            "fewer memories",
            size={"breakpoints": len(found)},
        )

    def _ends(self) -> tuple[Corner, Corner]:
        """The policies that earn most, the most frugal of them; and the most frugal ones, of which the best."""
        start = self._at(0.0, 0.0)
        scale, each = abs(start.gain), start.gain / start.used if start.used > 0 else 0.0
        if not each:
            return start, start
        tried = (self._at(each * share, scale) for share in MOST)
        most = next((one for one in tried if one.gain >= scale * (1 - APART)), start)
        frugal = most
        for share in FRUGAL:
            try:
                corner = self._at(each * share, scale)
            except NotCertifiedError:
                break  # what is earned counts too little to be told from rounding
            if corner.used >= frugal.used * (1 - APART):
                break
            frugal = corner
            if frugal.used <= APART * start.used:
                gain = frugal.gain if abs(frugal.gain) > APART * scale else 0.0
                return most, replace(frugal, used=0.0, gain=gain)
        return most, frugal

    def _at(self, price: float, scale: float) -> Corner:
        """The optimum at a price of the resource."""
        earning = replace(self.earning, line=Line(self.resource, price, scale))
        limits = (self.limits[0], max(self._until - time.perf_counter(), 0.0))
        found = bracketed(self.problem, earning, limits, self.progress, self._near)
        self._near, model = found, found.model
        optimum = model.optimum
        process = optimum.process.under(self.earning.tariff(model.problem.levels))
        policy = Policy.of(process, optimum.columns, optimum.probability)
        evaluation = policy.chain.evaluated(int(np.argmax(optimum.evaluation.visits)))
        used = float(process.amounts(self.resource, optimum.columns) @ optimum.rates)
        lower = earned(process, policy, evaluation)
        upper = max(upwards(Fraction(found.upper) + Fraction(price) * Fraction(used)), lower)
        free = replace(optimum, process=process, policy=policy, evaluation=evaluation, lower=lower, upper=upper)
        answer = Bracketed(replace(model, optimum=free), None, found.labelling)
        corner = Corner(price, used, free.gain, found.upper, answer)
        self.lines.append(corner)
        return corner


def _hull(corners: list[Corner], apart: float) -> list[Corner]:
    """Those of some corners, by increasing use, that lie above all edges between others."""
    kept: list[Corner] = []
    for corner in corners:
        while len(kept) > 1:
            left, middle = kept[-2:]
            slope = (corner.gain - left.gain) / (corner.used - left.used)
            if middle.gain - left.gain - slope * (middle.used - left.used) > apart:
                break
            kept.pop()
        kept.append(corner)
    return kept
