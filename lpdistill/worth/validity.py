r"""How far the optimal policy holds: the range of every parameter in which it stays optimal, and what comes beyond.

"The policy" means its actions in reachable configurations.  Its time :math:`T_\pi(\theta)` is the least one,
:math:`T^*(\theta)`, as long as no reduced cost is negative, because for every policy :math:`\pi'`

.. math:: T_{\pi'}(\theta) - T_\pi(\theta) = \sum_{s,a} x_{\pi'}(s, a)\, \rho_\pi(s, a; \theta).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.errors import ModelError
from lpdistill.problem.labels import rounds, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.process import Process
from lpdistill.program.common_labels import on_common_labels
from lpdistill.program.label_models import Model
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import question_in_words
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.wording import Words, words_of
from lpdistill.solving import PATIENCE, factored, solution_of
from lpdistill.worth.optimal_range import End, Limit, Range
from lpdistill.worth.range_search import RangeSearch
from lpdistill.worth.regret_curve import hardware_of
from lpdistill.worth.slopes import Parameter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AS_ONE = 1e-8
"""Relative difference of ends that counts as none where labels are rounded up and down."""

DRAWN_FACTOR = 5.0
"""Factor by which a picture shows how far a range goes."""


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
    solution = factored(solution_of(solution, progress, all_levels=True))
    process = hardware_of(solution, "validity")
    if solution.bracket is None:
        return _validity(process, solution.dual, progress)[0]

    def answer(asked: Problem) -> tuple[Validity, list[Model]]:
        there = Dynamics(asked)
        return _validity(there, policy_iteration(there, there.admission.proper()), progress)

    problem, grid = PROBLEM.meant(process, "validity"), solution.bracket.refinement.grid
    if rounds(problem) and not rounds(problem, whatever=True):
        raise ModelError(
            "protocols",
            "of several pairs have no ranges on labels, which bracket them only while generation is no longer than "
            "distillation; take a target below every pumping limit, or solve for the values that matter",
            str(problem.hardware.operations),
        )
    return on_common_labels(
        without_labels(problem), answer, _same, grid=grid, seconds=PATIENCE, whatever=True, progress=progress
    )


def _validity(process: Dynamics, optimum: Optimum, progress: Callable[[str], None]) -> tuple[Validity, list[Model]]:
    """The ranges of an optimal policy, with it and what takes over as optima."""
    found, told = {}, counter(progress)
    problem = PROBLEM.meant(process, "validity")
    optima = [Model(problem, process, optimum.policy.columns, Plan.optimal(optimum), optimum.values)]
    for number, parameter in enumerate(Parameter):
        told("how far the policy holds", number, len(Parameter), str(parameter))
        search = RangeSearch(optimum, process, parameter)
        found[str(parameter)] = search.ends()
        for there, columns in search.beyond:
            plan = Plan.of(there.choose(columns), np.ones(len(columns)))
            optima.append(Model(problem, there, columns, plan, plan.values))
    return Validity(found, process), optima


def _same(above: Validity, below: Validity) -> bool:
    """Whether ranges end at the same values, for the same reasons."""
    ends = (
        [(limit.because, limit.value) for one in found.ranges.values() for limit in (one.lower, one.upper)]
        for found in (above, below)
    )
    return all(
        why == because and (value == end or abs(value - end) <= AS_ONE * abs(value))
        for (why, value), (because, end) in zip(*ends, strict=True)
    )
