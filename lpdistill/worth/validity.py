r"""How far the optimal policy holds: the range of every parameter in which it stays optimal, and what comes beyond.

"The policy" means its actions in reachable configurations.  Its time :math:`T_\pi(\theta)` is the least one,
:math:`T^*(\theta)`, as long as no reduced cost is negative, because for every policy :math:`\pi'`

.. math:: T_{\pi'}(\theta) - T_\pi(\theta) = \sum_{s,a} x_{\pi'}(s, a)\, \rho_\pi(s, a; \theta).

An end is found from outside.  Where the policy is not optimal, the optimal one there takes over at a root of that
difference; at the root another may be better still, and so on, until the policy is optimal at the root itself.  By the
two times every :math:`T_\pi` is linear, so that roots are ratios (the ratio test), :math:`T^*` is concave, and the
range an interval.  By ``p`` and ``f0`` roots are found numerically, and the range found is checked within.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq

from lpdistill import pictures
from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.variation import same_levels, varied
from lpdistill.process.process import Process
from lpdistill.program.evaluation import evaluate, visits
from lpdistill.program.objective import FIRST_DELIVERY
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import question_in_words
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution
from lpdistill.solution.wording import Words, words_of
from lpdistill.solving import solution_of
from lpdistill.worth.optimal_range import End, Limit, Range, Takeover
from lpdistill.worth.regret_curve import hardware_of
from lpdistill.worth.slopes import Parameter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AS_GOOD = 1e-12
"""Relative difference from the least time up to which a policy counts as optimal."""

NEGLIGIBLE = 1e-9
"""Regret at an end, relative to the waiting time, of the actions that take over there."""

FARTHEST = 10**6
"""Factor up to which ranges are searched; beyond, times and probabilities have no end."""

WITHIN = 8
"""Points within a range of ``p`` or ``f0`` at which it is checked."""

DRAWN_FACTOR = 5.0
"""Factor by which a picture shows how far a range goes."""

MOST_ROOTS = 200
"""Far beyond the policies that take over from each other on the way to an end."""


@dataclass(frozen=True, slots=True, repr=False)
class Validity(Answer):
    """The ranges in which an optimal policy stays optimal, one parameter at a time.

    Attributes
    ----------
    ranges
        By parameter.
    process
        The process whose policy it is.
    """

    _KIND = "validity"

    ranges: Mapping[str, Range]
    process: Process

    @property
    def words(self) -> Words:
        """How configurations and actions are called."""
        return words_of(self.process)

    def rows(self) -> list[tuple[str, ...]]:
        """The ranges in words: parameter, value, the two ends, and what takes over beyond each."""
        return [
            (
                name.replace("_", " "),
                f"{found.value:g}",
                f"{found.lower.value:.9g}",
                f"{found.upper.value:.9g}",
                self._beyond(found.lower),
                self._beyond(found.upper),
            )
            for name, found in self.ranges.items()
        ]

    def _beyond(self, limit: Limit) -> str:
        if limit.because is not End.ACTION:
            return "other levels" if limit.because is End.LEVELS else "-"
        return "; ".join(
            f"{self.words.configuration(change.counts)}: "
            + (", ".join(text for text in self.words.action(change.action) if text != "-") or "wait")
            for change in limit.takeovers
        )

    @property
    def _question(self) -> Process:
        return self.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        for name, found in self.ranges.items():
            yield name.replace("_", " "), self._range(found)

    def _range(self, found: Range) -> str:
        return f"{found.value:g}: from {found.lower.value:.9g} to {found.upper.value:.9g}"

    def _content(self) -> dict[str, Any]:
        return {"ranges": {name: found.to_dict() for name, found in self.ranges.items()}}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every parameter."""
        for name, found in self.ranges.items():
            yield {
                "parameter": name,
                "value": found.value,
                "from": found.lower.value,
                "to": found.upper.value,
                "below": self._beyond(found.lower),
                "above": self._beyond(found.upper),
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The ranges, and what takes over beyond."""
        headings = {
            "parameter": "left",
            **dict.fromkeys(("value", "from", "to"), "right"),
            "below": "left",
            "above": "left",
        }
        return Table("how far the policy holds, and what takes over beyond", headings, self.rows()[:most])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ranges relative to the present values; arrows where a range has no end, or one far off."""
        drawn = pictures.canvas(ax, question_in_words(self.process), width=7.0, height=2.9)
        for place, found in enumerate(self.ranges.values()):
            ends = [end.value / found.value if found.value else 1.0 for end in (found.lower, found.upper)]
            near = min(max(ends[0], 1 / DRAWN_FACTOR), 1.0), max(min(ends[1], DRAWN_FACTOR), 1.0)
            drawn.plot(near, [place, place], color=pictures.COLOURS[0], lw=6, solid_capstyle="butt")
            for end, shown, marker in zip(ends, near, "<>", strict=True):
                drawn.plot(shown, place, marker=marker if end != shown else "|", ms=11, color=pictures.INK)
        names = [f"{name.replace('_', ' ')} = {found.value:g}" for name, found in self.ranges.items()]
        drawn.set_yticks(range(len(names)), names)
        drawn.set_ylim(len(names) - 0.5, -0.5)
        drawn.axvline(1.0, color=pictures.INK, lw=0.8, ls=":")
        drawn.set_xscale("log")
        low, high = drawn.get_xlim()
        pictures.mark(drawn.xaxis, low, high)
        drawn.set_xlabel("value relative to the present one, as far as the policy stays optimal")
        return drawn

    def __repr__(self) -> str:
        lines = [f"  {name} = {self._range(found)}" for name, found in self.ranges.items()]
        return "Validity\n" + "\n".join(lines)


def validity(solution: SolutionLike, *, progress: Callable[[str], None] = silent) -> Validity:
    """For every parameter, the interval around its value in which the policy stays optimal.

    Parameters
    ----------
    solution
        The optimum of a problem without budgets (prices of budgets have ranges of their own).
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the solution is one of a state graph, or has budgets.
    NotCertifiedError
        If an end is not found in double precision.

    Notes
    -----
    Ranges are searched up to a millionth, and a million times, the present value; one that ends beyond is reported to
    have no end.  By ``p`` and ``f0`` the policy is checked to be optimal at both ends and at points between; a gap
    narrower than their distance would not be seen.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> validity(solve(Problem(0.5, 4, "9/10", "94/100")))
    Validity
      p = 0.5: from 0.449388665 to 0.568364461
      f0 = 0.9: from 0.898607682 to 0.904403463
      generation_time = 1: from 0.909345998 to 1.0733338
      distillation_time = 2: from 1.86335323 to 2.19938286
    """
    solution = solution_of(solution, progress, all_levels=True)
    process = hardware_of(solution, "validity")
    found = {}
    told = counter(progress)
    for number, parameter in enumerate(Parameter):
        told("how far the policy holds", number, len(Parameter), str(parameter))
        search = _Search(solution, process, parameter)
        found[str(parameter)] = search.ends()
    return Validity(found, process)


_KINDS = Parameter.GENERATION_TIME, Parameter.DISTILLATION_TIME
"""The durations of a step that does not distil, and of one that does."""


@dataclass(frozen=True)
class _Search:
    """The search for the ends of one parameter's range."""

    solution: Solution
    process: Dynamics
    parameter: Parameter

    @property
    def value(self) -> Fraction:
        """The present value."""
        return Fraction(getattr(self.process.problem.hardware, self.parameter))

    @cached_property
    def far(self) -> tuple[Limit, Limit]:
        """The ends if no action takes over."""
        match self.parameter:
            case Parameter.P:
                return Limit(0.0, End.NONE), Limit(1.0, End.NONE)
            case Parameter.F0:
                low, high = self._searched
                return Limit(float(low), End.LEVELS), Limit(float(high), End.NONE if high == 1 else End.LEVELS)
        return Limit(0.0, End.NONE), Limit(float("inf"), End.NONE)

    @cached_property
    def _searched(self) -> tuple[Fraction, Fraction]:
        """The least and greatest value that is looked at."""
        at = self.value
        match self.parameter:
            case Parameter.P:
                return at / FARTHEST, Fraction(1)
            case Parameter.F0:
                return same_levels(self.process.problem)
        hardware = self.process.problem.hardware
        return at / FARTHEST, max(at, (hardware.generation_time + hardware.distillation_time) / FARTHEST) * FARTHEST

    def ends(self) -> Range:
        """Both ends."""
        low, high = (self._end(*pair) for pair in zip(self._searched, self.far, strict=True))
        return Range(float(self.value), low, high)

    def _there(self, value: float | Fraction) -> Dynamics:
        low, high = self._searched
        return varied(self.process, **{str(self.parameter): min(max(Fraction(value), low), high)})

    def _columns(self) -> IntArray:
        """The policy's columns in reachable configurations."""
        return self._taken(self.solution.dual.policy.columns)

    def _taken(self, columns: IntArray) -> IntArray:
        """Those of a policy's columns that runs take; for ``p``, also where they come if generation may fail."""
        certain = self.parameter is Parameter.P and self.value == 1
        policy = (self._there(Fraction(1, 2)) if certain else self.process).choose(columns)
        return np.asarray(policy.columns[visits(policy, self._start) > 0])

    @cached_property
    def _start(self) -> FloatArray:
        """Where runs begin, (configurations,)."""
        return FIRST_DELIVERY.entered(self.process)

    def _end(self, far: Fraction, otherwise: Limit) -> Limit:
        """The end of the range towards a far value; the other one if no action takes over on the way."""
        if far == self.value:
            return otherwise
        columns = self._columns()
        tried, better = float(far), None
        for _ in range(MOST_ROOTS):
            rival = self._rival(columns, tried)
            if rival is None:
                within = None if self._linear else self._gap(columns, tried)
                if within is None:
                    break
                tried, rival = within
            better, tried = rival, self._root(columns, rival, tried)
            if tried == float(self.value):
                break
        else:
            raise NotCertifiedError(
                f"validity: the end of the range of {self.parameter} is not found in double precision"
            )
        if better is None:
            return otherwise
        return Limit(tried, End.ACTION, self._takeovers(columns, better, tried))

    @property
    def _linear(self) -> bool:
        return self.parameter in _KINDS

    def _lead(self, columns: IntArray, rival: IntArray) -> Callable[[float], float]:
        """By how much a rival takes longer than the policy, for a value of the parameter."""
        taken = self._taken(rival)
        if not self._linear:
            return lambda value: self._time(taken, value) - self._time(columns, value)
        # By a duration visits do not change, and regrets are linear; they are 0 where the two do the same.
        usual, other = self.solution.dual.policy, self.process.choose(taken)
        same = other.columns == usual.columns[np.searchsorted(usual.configuration, other.configuration)]
        often = np.where(same, 0.0, visits(other, self._start))
        timed = [policy.kind == _KINDS.index(self.parameter) for policy in (usual, other)]
        steps, total = (
            often @ other.regrets(evaluate(usual, usual.repetition.until(ours)), theirs)
            for ours, theirs in (tuple(part.astype(np.float64) for part in timed), (usual.cost, other.cost))
        )
        return lambda value: float(total + steps * (value - float(self.value)))

    def _time(self, columns: IntArray, value: float) -> float:
        """Expected duration of a policy for a value of the parameter."""
        policy = self._there(value).choose(columns)
        return float(evaluate(policy, policy.repetition.until(policy.cost))[0])

    def _optimum(self, there: Dynamics) -> Optimum:
        """The optimum for a value of the parameter, found from the present policy where that is proper."""
        try:
            return policy_iteration(there, self.solution.dual.policy.columns)
        except (ImproperPolicyError, NotCertifiedError):
            return policy_iteration(there, there.admission.proper())

    def _rival(self, columns: IntArray, value: float) -> IntArray | None:
        """The optimal policy's columns for a value of the parameter, or None where the given ones are as good."""
        there = self._there(value)
        optimum = self._optimum(there)
        if self._time(columns, value) <= float(optimum.values[0]) * (1 + AS_GOOD):
            return None
        return optimum.policy.columns

    def _gap(self, columns: IntArray, end: float) -> tuple[float, IntArray] | None:
        """A value before an end at which the policy is not optimal after all, with the policy that is."""
        at = float(self.value)
        for step in range(1, WITHIN):
            value = at + (end - at) * step / WITHIN
            rival = self._rival(columns, value)
            if rival is not None:
                return value, rival
        return None

    def _root(self, columns: IntArray, rival: IntArray, beyond: float) -> float:
        """Where the rival, better beyond, takes over."""
        at = float(self.value)
        lead = self._lead(columns, rival)
        near, far = lead(at), lead(beyond)
        if near <= AS_GOOD * self.solution.dual.values[0]:
            # As good at the present value already: ahead at once, or somewhat behind first.
            nearby = at + (beyond - at) * AS_GOOD**0.5
            if lead(nearby) <= 0:
                return at
            at, near = nearby, lead(nearby)
        if self._linear:
            return at + (beyond - at) * near / (near - far)
        return float(brentq(lead, at, beyond, xtol=1e-15 * abs(at), rtol=4 * np.finfo(float).eps))

    def _takeovers(self, columns: IntArray, rival: IntArray, value: float) -> tuple[Takeover, ...]:
        """Where the rival acts otherwise than the policy, of what runs of the policy come by."""
        there = self._there(value)
        optimum = self._optimum(there)
        rank = there.choose(columns).configuration
        changed = rival[np.searchsorted(there.choose(rival).configuration, rank)]
        regret = there.choose(changed).regrets(optimum.values)
        differ = (changed != columns) & (regret <= NEGLIGIBLE * optimum.values[0])
        actions = self.process.names.actions(changed[differ]), self.process.names.actions(columns[differ])
        return tuple(
            Takeover(self.process.names.key(int(where)), action, replaced)
            for where, action, replaced in zip(rank[differ], *actions, strict=True)
        )
