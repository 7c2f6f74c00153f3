r"""Which decisions matter: how much any action may vary among all policies that are (nearly) optimal.

For every action the least and the greatest expected number of times that it is taken, over all policies whose time is
at most :math:`(1 + \varepsilon)` times the optimum,

.. math:: \min / \max\ x(s, a) \quad\text{s.t.}\quad \sum_a x(s,a) - \sum_{s',a} P(s \mid s',a)\, x(s',a) = b(s),
    \quad \sum c\, x \le (1 + \varepsilon)\, T^*, \quad x \ge 0,

as flux variability analysis does for the linear programs of metabolism (Mahadevan and Schilling, Metab. Eng. 5, 264,
2003).  With :math:`\varepsilon = 0` the optimal face needs no such row: by complementary slackness it is made of the
columns without regret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill import pictures
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, decimals, exact
from lpdistill.process.budgets import Budget
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.ranges import Ranges, ranges
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import finite, question_in_words
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution
from lpdistill.solution.tables import Key, described
from lpdistill.solution.wording import Words, phrase, words_of
from lpdistill.solving import solution_of
from lpdistill.worth.optimal_face import optimal_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NEVER = 1e-9
"""Expected number of times, relative to the steps of a run, that counts as never."""

MOST_VARIED, MOST_NAMED = 5_000, 20_000
"""Columns beyond which two linear programs for each take hours, and beyond which those never taken are only counted."""


class Varying(NamedTuple):
    """One action, and how often it may be taken."""

    counts: Key
    action: Any
    least: float
    greatest: float
    taken: float

    @property
    def forced(self) -> bool:
        """Whether every nearly optimal policy takes it."""
        return self.least > 0

    @property
    def allowed(self) -> bool:
        """Whether some nearly optimal policy takes it."""
        return self.greatest > 0


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Variability(Answer):
    """How much every action may vary among all policies within a factor of the optimum.

    Attributes
    ----------
    solution
        The optimum.
    slack
        Greatest share by which a policy may be slower.
    ranges
        Least and greatest expected number of times that each column is taken.
    rows
        The same, action by action, by configuration; of more than 20,000 actions, those alone that may be taken.
    never
        Number of actions that are never taken.
    """

    _KIND = "variability"

    solution: Solution
    slack: float
    ranges: Ranges
    rows: tuple[Varying, ...]
    never: int

    @property
    def words(self) -> Words:
        """Words for configurations and actions."""
        return words_of(self.solution.process)

    @property
    def forced(self) -> dict[Key, Any]:
        """Configurations in which every policy within the slack comes by and does the same, with that action."""
        return {where: does[0].action for where, does in self._open().items() if len(does) == 1 and does[0].forced}

    @property
    def free(self) -> dict[Key, tuple[Any, ...]]:
        """Configurations in which policies within the slack differ, with the actions that they may take."""
        return {where: tuple(row.action for row in does) for where, does in self._open().items() if len(does) > 1}

    def _open(self) -> dict[Key, list[Varying]]:
        """The actions that some policy within the slack takes, by configuration."""
        found: dict[Key, list[Varying]] = {}
        for row in self.rows:
            if row.allowed:
                found.setdefault(row.counts, []).append(row)
        return found

    def __getitem__(self, counts: Key) -> dict[Any, tuple[float, float]]:
        """The range of every action of a configuration."""
        return {row.action: (row.least, row.greatest) for row in self.rows if row.counts == counts}

    @property
    def _question(self) -> Process:
        return self.solution.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "waiting time", f"{self.solution.waiting_time:.12g}, at most {self.slack:g} of it slower"
        decided = f"{len(self.forced)} configurations decided, {len(self.free)} free"
        yield "decisions", f"{decided}; {self.never:,} of {self._actions:,} actions never taken"

    @property
    def _actions(self) -> int:
        """Number of all actions."""
        return self.never + sum(row.allowed for row in self.rows)

    def _content(self) -> dict[str, Any]:
        return {
            "waiting_time": self.solution.waiting_time,
            "slack": self.slack,
            "never_taken": self.never,
            "actions": [
                {
                    "counts": node_as_json(row.counts),
                    **action_as_json(row.action),
                    "least": row.least,
                    "greatest": finite(row.greatest),
                    "taken": row.taken,
                    "forced": row.forced,
                }
                for row in self.rows
            ],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every action."""
        for row in self.rows:
            yield {
                "counts": row.counts,
                **described(row.action),
                "least": row.least,
                "greatest": row.greatest,
                "taken": row.taken,
                "forced": row.forced,
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """So many actions of those that may be taken, those that vary most first; or all, also those never taken."""
        words, forced, free = self.words, self.forced, self.free
        listed = self._by_span(everything=most is None)

        def decision(row: Varying) -> str:
            if not row.allowed:
                return "never"
            return "forced" if row.counts in forced else "free" if row.counts in free else ""

        rows = [
            (
                words.configuration(row.counts),
                *words.action(row.action),
                *map(decimals, (row.least, row.greatest, row.taken)),
                decision(row),
            )
            for row in listed[:most]
        ]
        part = f"the {len(rows)} of {len(listed):,} actions that vary most" if len(listed) > len(rows) else ""
        headings = dict.fromkeys(("configuration", *words.headings), "left")
        headings |= {"least": "right", "greatest": "right", "taken": "right", "decision": "left"}
        return Table("how often every action may be taken", headings, rows, part)

    def _by_span(self, *, everything: bool) -> list[Varying]:
        """The actions, those that vary most first."""
        listed = [row for row in self.rows if everything or row.allowed]
        return sorted(listed, key=lambda row: row.least - row.greatest)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how often the actions that vary most may be taken, from least to greatest, with the optimum found."""
        rows = self._by_span(everything=False)[:SHOWN]
        drawn = pictures.bars(ax, question_in_words(self.solution.process), [(self._name(row), 0.0) for row in rows])
        most = max((row.greatest for row in rows if np.isfinite(row.greatest)), default=1.0)
        for place, row in enumerate(rows):
            end = min(row.greatest, 1.1 * most)
            drawn.plot(
                [row.least, end], [place, place], "|-", color=pictures.COLOURS[0], lw=6, solid_capstyle="butt", ms=11
            )
            if end < row.greatest:
                drawn.plot(end, place, ">", ms=10, color=pictures.COLOURS[0])
        taken = [row.taken for row in rows]
        drawn.plot(taken, range(len(rows)), "o", ms=6, color=pictures.COLOURS[1], label="by the optimum found")
        drawn.set_xlabel("expected times taken in a run", loc="right")
        drawn.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize="small")
        return drawn

    def _name(self, row: Varying) -> str:
        return f"{self.words.configuration(row.counts)}: {phrase(self.words, row.action)}"

    def __repr__(self) -> str:
        return (
            f"Variability: within {self.slack:.4g} of the optimum, {len(self.forced)} configurations are decided, "
            f"{len(self.free)} are free, and {self.never:,} of {self._actions:,} actions are never taken"
        )


def variability(solution: SolutionLike, slack: Number = 0, *, progress: Callable[[str], None] = silent) -> Variability:
    """How often every action may be taken, least and most, by the policies within a factor of the optimum.

    Parameters
    ----------
    solution
        A proven optimum.
    slack
        Share by which a policy may be slower: 0 for the optimal policies, 0.01 for those within one percent.  Budgets
        are kept.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the slack is negative or no number, or the solution is not proved to be optimal.
    LimitError
        If there are so many columns that two linear programs for each would take hours.
    NotCertifiedError
        If HiGHS does not report an optimum.

    Notes
    -----
    Waiting is left out.  The ends are those of HiGHS (feasible to 1e-10), not proved in floating point.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> solution = solve(Problem(0.5, 4, "9/10", "94/100"))
    >>> len(variability(solution).free), len(variability(solution, "0.02").free) > 0
    (0, True)
    """
    solution = solution_of(solution, progress)
    share = exact(slack, "slack")
    if share < 0:
        raise ModelError("slack", "must not be negative", slack)
    if solution.status != "optimal":
        remedy = (
            "" if solution.bracket is None else "; this one is known within a bracket: allow more time (time_limit)"
        )
        raise ModelError("variability", f"needs a proven optimum{remedy}", str(solution.status))
    process = solution.process
    if share:
        _require_few(process.column_count, "or no slack")
        columns = np.setdiff1d(process.columns, process.admission.waiting)
        found = _ranges(solution, share, OccupationProgram.of(process, columns, _budgets(solution)), progress)
    else:
        found = _of_optima(solution, progress)
    rows = _rows(solution, found)
    others = process.column_count - len(process.admission.waiting) - len(rows)
    never = sum(not row.allowed for row in rows)
    return Variability(
        solution, float(share), found, rows, never + (others if process.column_count > MOST_NAMED else 0)
    )


def _require_few(columns: int, remedy: str) -> None:
    """Raise LimitError where there are so many columns that two linear programs for each would take hours."""
    if columns > MOST_VARIED:
        raise LimitError(
            f"variability: {columns:,} actions are more than the {MOST_VARIED:,} that end in reasonable time; take "
            f"fewer memories, or a target with fewer levels, {remedy}",
            size={"columns": columns, "most_columns": MOST_VARIED},
        )


def _budgets(solution: Solution) -> tuple[Budget, ...]:
    return tuple(use.budget for use in solution.uses)


def _of_optima(solution: Solution, progress: Callable[[str], None]) -> Ranges:
    """The ranges of the optimal policies, of which there is one as a rule."""
    columns, ranks = optimal_columns(solution)
    uses, occupation = solution.plan.uses, solution.plan.occupation
    if len(columns) == len(ranks):
        taken = np.zeros(len(columns))
        taken[np.searchsorted(columns, uses.columns[occupation > 0])] = occupation[occupation > 0]
        return Ranges(columns, taken, taken, 0)
    _require_few(len(columns), "or other parameters, at which fewer of them tie")
    program = OccupationProgram.of(solution.process, columns, _budgets(solution)).within(ranks, columns)
    return _ranges(solution, Fraction(0), program, progress)


def _ranges(solution: Solution, share: Fraction, program: OccupationProgram, progress: Callable[[str], None]) -> Ranges:
    """The ranges of the columns of a program, of policies within a share of the optimum."""
    duration = solution.waiting_time * (1 + float(share)) + float(solution.process.durations.uncharged)
    taken = np.isin(program.choice.columns, solution.plan.uses.columns[solution.plan.occupation > 0])
    return ranges(program, duration, taken, progress=counter(progress))


def _rows(solution: Solution, found: Ranges) -> tuple[Varying, ...]:
    """Ranges by configuration and action, those of actions that were not asked about being 0."""
    process, columns = solution.process, np.sort(found.columns)
    if process.column_count <= MOST_NAMED:
        columns = np.setdiff1d(process.columns, process.admission.waiting)
    choice = process.choose(columns)
    ends = np.zeros((2, len(columns)))
    where = np.searchsorted(columns, found.columns)
    ends[0, where], ends[1, where] = found.least, found.greatest
    ends[ends <= NEVER * max(1.0, float(solution.occupation.sum()))] = 0.0
    taken = np.zeros(len(columns))
    used = np.isin(solution.plan.uses.columns, columns)
    np.add.at(taken, np.searchsorted(columns, solution.plan.uses.columns[used]), solution.plan.occupation[used])
    order = np.lexsort((-ends[1], choice.configuration))
    names = process.names
    keys = {rank: names.key(rank) for rank in np.unique(choice.configuration).tolist()}
    counts = (keys[rank] for rank in choice.configuration[order].tolist())
    numbers = (part[order].tolist() for part in (ends[0], ends[1], taken))
    return tuple(map(Varying, counts, names.actions(columns[order]), *numbers))
