r"""The policy map as a controller: from attempts and successes to the policy to use, changed only for a sure gain.

With counts :math:`k` of :math:`n` attempts, :math:`p` lies in an interval :math:`I` of Clopper and Pearson.  The policy
in use, :math:`\pi`, is left for another only if that is faster by more than a threshold whatever :math:`p \in I` is,

.. math:: \min_{p \in I} \bigl( T_\pi(p) - T_{\pi'}(p) \bigr) > \delta \ge 0 ,

which is decided on the exact rational functions of the map (:doc:`adapting` proves that this does not flap).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.control.candidates import Candidate, compared, recommended
from lpdistill.control.counts import counts_of, interval_of
from lpdistill.control.pieces import Pieces, Span
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.actions import Action
from lpdistill.numbers import Number, decimals, exact, whole
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import finite, of_unit
from lpdistill.solution.given import ProblemLike
from lpdistill.units import moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN = 161
"""Values of p in a picture."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Adaptation(Answer):
    """Which policy of a map to use, and why.

    Attributes
    ----------
    problem
        The problem; its own p does not matter.
    pieces
        The policies of its map.
    attempts, successes
        What was counted.
    confidence, look
        That of the interval, or of those of all looks together, and which look this is; None if it is the only one.
    span
        The interval of p.
    candidates
        The policies.
    in_use, recommended
        Numbers of the policy in use, if one is, and of that to use.
    threshold
        What a change must gain for sure.
    """

    _KIND = "adaptation"

    problem: Problem
    pieces: Pieces
    attempts: int
    successes: int
    confidence: Fraction
    look: int | None
    span: Span
    candidates: tuple[Candidate, ...]
    in_use: int | None
    recommended: int
    threshold: Fraction

    @property
    def estimate(self) -> Fraction:
        """The share of attempts that succeeded."""
        return Fraction(self.successes, self.attempts)

    @property
    def switch(self) -> bool:
        """Whether the policy in use is to be changed."""
        return self.in_use is not None and self.recommended != self.in_use

    @property
    def gain(self) -> Fraction | float | None:
        """By how much what is recommended is faster than what is in use, at the estimate, exactly; None without one."""
        if self.in_use is None:
            return None
        now, then = (self.pieces.time(number - 1, self.estimate) for number in (self.in_use, self.recommended))
        return now - then if now != then else Fraction(0)

    @property
    def regret(self) -> Fraction | float | None:
        """By how much what is in use is slower than the best policy at the estimate, exactly; None without one."""
        if self.in_use is None:
            return None
        now, best = (self.pieces.time(place, self.estimate) for place in (self.in_use - 1, self._best))
        return now - best if now != best else Fraction(0)

    @property
    def _best(self) -> int:
        return self.pieces.place(self.estimate)

    @property
    def policy(self) -> dict[tuple[int, ...], Action]:
        """What to do, where runs come: counts of pairs at each level, to actions."""
        return dict(self.pieces[self.recommended - 1].policy)

    @property
    def why(self) -> str:
        """Why that is recommended, in words."""
        if self.in_use is None:
            return "none is in use, and this one loses least at worst over the interval"
        chosen = self.candidates[self.recommended - 1]
        if self.switch:
            return f"faster by {chosen.sure_gain:.6g} at least, whatever p of the interval"
        if chosen.possible:
            return "the interval has a part of its piece"
        return "no other policy is faster by more than the threshold, whatever p of the interval"

    @property
    def _question(self) -> dict[str, Any]:
        return {name: told for name, told in self.problem.to_dict().items() if name != "p"}

    def _lines(self) -> Iterable[tuple[str, str]]:
        unit, low, high = of_unit(self.problem), float(self.span.low), float(self.span.high)
        yield "counted", f"{self.successes:,} successes in {self.attempts:,} attempts: p = {float(self.estimate):.6g}"
        share = f"{float(self.confidence):g}"
        if self.look is not None:
            share += f" over all looks, of which this is number {self.look}"
        yield "interval", f"p from {low:.6g} to {high:.6g}, confidence {share}"
        inside = [one.number for one in self.candidates if one.possible]
        yield "pieces", f"{', '.join(map(str, inside))} of {len(self.candidates)}"
        if self.in_use is not None:
            yield (
                "in use",
                f"policy {self.in_use}, {float(self.regret or 0):.6g}{unit} slower than the best at the estimate",
            )
        verb = "change to" if self.switch else "use" if self.in_use is None else "keep"
        yield "recommended", f"{verb} policy {self.recommended}: {self.why}"
        chosen = self.candidates[self.recommended - 1]
        yield "waiting time", f"{chosen.waiting_time:.9g}{unit} at the estimate"
        if self.in_use is not None:
            yield "gains", f"{float(self.gain or 0):.6g}{unit} at the estimate"
        yield "at worst", f"{chosen.worst_regret:.6g}{unit} slower than the best policy, over the interval"

    def _content(self) -> dict[str, Any]:
        return {
            "counted": {"attempts": self.attempts, "successes": self.successes},
            "estimate": {
                "value": float(self.estimate),
                "lower": float(self.span.low),
                "upper": float(self.span.high),
                "confidence": float(self.confidence),
                "look": self.look,
            },
            "policies": [one.to_dict() for one in self.candidates],
            "in_use": self.in_use,
            "threshold": float(self.threshold),
            "recommended": self.recommended,
            "switch": self.switch,
            "gain": None if self.gain is None else finite(float(self.gain)),
            "regret": None if self.regret is None else finite(float(self.regret)),
            "why": self.why,
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every policy."""
        return (one.to_dict() | {"recommended": one.number == self.recommended} for one in self.candidates)

    def shown(self, most: int | None = SHOWN) -> Table:
        """The policies with what they lose at worst."""
        rows = [
            (
                str(one.number),
                f"{one.low:.6g} to {one.high:.6g}",
                "yes" if one.possible else "no",
                decimals(one.waiting_time) if isfinite(one.waiting_time) else "never ends",
                decimals(one.worst_regret) if isfinite(one.worst_regret) else "never ends",
                "-" if one.sure_gain is None or one.number == self.in_use else decimals(one.sure_gain),
            )
            for one in self.candidates[:most]
        ]
        headings = {
            "policy": "right",
            "optimal for p": "left",
            "possible": "left",
            **dict.fromkeys(("waiting time", "slower at worst", "sure gain"), "right"),
        }
        return Table("policies", headings, rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw by how much each policy that matters is slower than the best one, around the interval of p."""
        drawn = pictures.canvas(ax, self.pieces.map.fixed)
        low, high = (float(end) for end in self.span)
        reach = 2 * (high - low)
        ends = max(low - reach, low / 2), min(high + reach, 1.0)
        values = [Fraction(str(round(one, 9))) for one in np.linspace(*ends, DRAWN).tolist()]
        best = [self.pieces.time(self.pieces.place(at), at) for at in values]
        drawn.axvspan(low, high, color=pictures.COLOURS[5], alpha=0.25, lw=0, label="interval")
        numbers = {one.number for one in self.candidates if one.possible} | {self.recommended, self.in_use}
        for order, number in enumerate(sorted(number for number in numbers if number is not None)):
            times = [self.pieces.time(number - 1, at) for at in values]
            slower = [100 * float(one / least - 1) for one, least in zip(times, best, strict=True)]
            said = [word for word, one in (("in use", self.in_use), ("recommended", self.recommended)) if one == number]
            name = f"policy {number}" + (f" ({', '.join(said)})" if said else "")
            drawn.plot([float(at) for at in values], slower, **pictures.style(order), lw=1.8, label=name)
        drawn.axvline(float(self.estimate), color=pictures.INK, lw=0.8, ls=":")
        drawn.set_xlabel("generation success probability p")
        drawn.set_ylabel("slower than the best policy, in percent")
        drawn.margins(x=0.0)
        drawn.legend(frameon=False)
        return drawn


def adapt(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: ProblemLike,
    attempts: int | str,
    successes: int | str,
    *,
    in_use: int | str | None = None,
    confidence: Number = "0.95",
    look: int | str | None = None,
    threshold: Number = 0,
    progress: Callable[[str], None] = silent,
) -> Adaptation:
    r"""The policy to use after so many attempts and successes, and what it gains; proved, and without flapping.

    Parameters
    ----------
    problem
        The problem, without budgets; its own p does not matter.
    attempts, successes
        Generation attempts that were counted, and how many succeeded.
    in_use
        Which policy of the map is in use: the number of its piece, from 1.
    confidence
        Probability that the interval contains p, or that those of all looks do.
    look
        Which look at the link this is, from 1, if there are several: of the probability to err, look ``n`` has the
        share :math:`1/(n (n + 1))`, and all looks together have all of it.
    threshold
        What a change must gain for sure, in the unit of the problem.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If counts, confidence, look, threshold or the policy in use are wrong, or the problem has budgets.
    LimitError
        If the map would take too long: then a table of policies (:func:`policy_table`) has its regret proved.

    Examples
    --------
    >>> found = adapt(Problem(1, 4, "3/4", "79/100"), 5000, 1210, in_use=2)
    >>> found.recommended, found.switch, found.why
    (2, False, 'the interval has a part of its piece')
    >>> adapt(Problem(1, 4, "3/4", "79/100"), 5000, 1010, in_use=2).recommended
    1
    """
    problem = PROBLEM.meant(problem, "problem")
    tried, made, number = counts_of(attempts, successes, look)
    level, least = exact(confidence, "confidence"), moment(threshold, "threshold", problem.hardware.unit)
    if not 0 < level < 1:
        raise ModelError("confidence", "must be above 0 and below 1", confidence)
    if least < 0:
        raise ModelError("threshold", "must not be negative", threshold)
    span = interval_of(tried, made, level, number)
    try:
        pieces = Pieces.of(problem, progress)
    except LimitError as error:
        told = f"{error}; or make a table for a range of p, whose regret is proved (span)"
        raise LimitError(told, size=error.size) from None
    used = None if in_use is None else whole(in_use, "in_use")
    if used is not None and not 1 <= used <= len(pieces):
        raise ModelError("in_use", f"must be the number of a piece of the map, from 1 to {len(pieces)}", in_use)
    progress("comparing the policies of the map over the interval")
    candidates = compared(pieces, span, Fraction(made, tried), used)
    return Adaptation(
        problem=problem,
        pieces=pieces,
        attempts=tried,
        successes=made,
        confidence=level,
        look=number,
        span=span,
        candidates=candidates,
        in_use=used,
        recommended=recommended(candidates, used, float(least)),
        threshold=least,
    )
