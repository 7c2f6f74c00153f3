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

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill.arrays import BoolArray, IntArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, exact
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.ranges import Ranges, ranges
from lpdistill.progress import counter, silent
from lpdistill.solution.document import Document, action_as_json, finite, headed, node_as_json
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.policy import Key, described
from lpdistill.solution.solution import Solution
from lpdistill.solution.wording import Words, words_of
from lpdistill.solving import solution_of

if TYPE_CHECKING:
    import pandas as pd

TIED = 1e-11
"""Regret, relative to the waiting time, up to which an action counts as optimal too."""

NEVER = 1e-9
"""Expected number of times, relative to the steps of a run, that counts as never."""

MOST_COLUMNS, MOST_OPTIMAL = 5_000, 500_000
"""Columns beyond which two linear programs for each take hours, and beyond which the optimal ones fill a table."""


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
class Variability(Document):
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
        The same, action by action, by configuration.
    """

    solution: Solution
    slack: float
    ranges: Ranges
    rows: tuple[Varying, ...]

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

    def to_dict(self) -> dict[str, Any]:
        """The ranges as JSON data (schema ``lpdistill.variability/1``)."""
        return {
            **headed("variability", self.solution.process),
            "waiting_time": self.solution.waiting_time,
            "slack": self.slack,
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

    def to_frame(self) -> pd.DataFrame:
        """The ranges as a pandas DataFrame, one row per action."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        cells = [
            {
                "counts": row.counts,
                **described(row.action),
                "least": row.least,
                "greatest": row.greatest,
                "taken": row.taken,
                "forced": row.forced,
            }
            for row in self.rows
        ]
        return pd.DataFrame(cells)

    def __repr__(self) -> str:
        never = sum(not row.allowed for row in self.rows)
        return (
            f"Variability: within {self.slack:.4g} of the optimum, {len(self.forced)} configurations are decided, "
            f"{len(self.free)} are free, and {never} of {len(self.rows)} actions are never taken"
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
        raise ModelError("variability", "needs a proven optimum", str(solution.status))
    process = solution.process
    most = MOST_COLUMNS if share else MOST_OPTIMAL
    if process.column_count > most:
        raise LimitError(
            f"variability: {process.column_count:,} actions are more than the {most:,} that end in reasonable time; "
            f"take fewer memories, or a target with fewer levels{', or no slack' if share else ''}",
            size={"columns": process.column_count, "most_columns": most},
        )
    duration = solution.waiting_time * (1 + float(share)) + float(process.uncharged_time)
    budgets = tuple(use.budget for use in solution.uses)
    columns = np.setdiff1d(process.columns, process.waiting)
    if not share:
        columns = columns[_possible(solution, columns)]
    program = OccupationProgram.of(process, columns, budgets)
    taken = np.isin(columns, solution.plan.uses.columns[solution.plan.occupation > 0])
    found = ranges(program, duration, taken, progress=counter(progress))
    return Variability(solution, float(share), found, _rows(solution, found))


def _possible(solution: Solution, columns: IntArray) -> BoolArray:
    """Columns without regret: by complementary slackness no optimal policy takes another, (columns,)."""
    dual = solution.dual
    regrets = dual.policy.process.choose(columns).regrets(dual.values)
    taken = np.isin(columns, solution.plan.uses.columns[solution.plan.occupation > 0])
    return np.asarray(taken | (regrets <= TIED * float(solution.plan.values[0])))


def _rows(solution: Solution, found: Ranges) -> tuple[Varying, ...]:
    """Ranges by configuration and action, those of actions that were not asked about being 0."""
    process = solution.process
    columns = np.setdiff1d(process.columns, process.waiting)
    choice = process.choose(columns)
    ends = np.zeros((2, len(columns)))
    where = np.searchsorted(columns, found.columns)
    ends[0, where], ends[1, where] = found.least, found.greatest
    ends[ends <= NEVER * max(1.0, float(solution.occupation.sum()))] = 0.0
    taken = np.zeros(len(columns))
    used = np.isin(solution.plan.uses.columns, columns)
    np.add.at(taken, np.searchsorted(columns, solution.plan.uses.columns[used]), solution.plan.occupation[used])
    order = np.lexsort((-ends[1], choice.configuration))
    actions = process.names.actions(columns)
    return tuple(
        Varying(
            process.names.key(int(choice.configuration[i])),
            actions[i],
            float(ends[0, i]),
            float(ends[1, i]),
            float(taken[i]),
        )
        for i in order.tolist()
    )
