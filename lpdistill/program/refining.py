r"""Certified brackets by rounding: labels are added where the optimistic label model uses what it rounds.

Both label models of a grid (:mod:`lpdistill.physics.rounding`) are finite, and the least expected time of the
problem lies between theirs.  Where the optimum of CEIL uses, from the start, no result that was rounded, it is a policy
of FLOOR too: both are equal, and the optimum of the problem is found, exactly.  Otherwise results that it rounds
become labels (:mod:`lpdistill.program.label_models`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np

from lpdistill.errors import InfeasibleError, LimitError
from lpdistill.hardware.actions import Attempts
from lpdistill.physics.aged import AgedGrid
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.problem.labels import beyond, first_grid, level_count
from lpdistill.problem.problem import Problem
from lpdistill.program.ageing import with_weights
from lpdistill.program.label_models import Model, labelled, optimum, rounded
from lpdistill.progress import silent

AS_ONE = 1e-12
"""Relative difference of the bounds that counts as none."""


class Stopped(StrEnum):
    """Why no more labels were added."""

    EXACT = "exact"
    WITHIN = "within"
    TIME = "time"
    SIZE = "size"
    INTERRUPTED = "interrupted"
    ROUNDING = "rounding"


BECAUSE = {
    Stopped.EXACT: " needed, no other can help",
    Stopped.WITHIN: "; the gap is within what was asked for",
    Stopped.TIME: "; more would narrow the gap, given more time (time_limit)",
    Stopped.SIZE: "; more do not fit into this machine",
    Stopped.INTERRUPTED: "; interrupted",
    Stopped.ROUNDING: "; with more, what could be earned is too little to be told from rounding",
}
"""What that means, in words."""


@dataclass(frozen=True, slots=True)
class Round:
    """The bracket after a round of refinement.

    Attributes
    ----------
    labels
        Number of labels of the grid.
    lower, upper
        Least expected waiting times of CEIL and FLOOR; infinite where FLOOR does not reach the target yet.
    configurations, columns
        Size of the program of CEIL.
    """

    labels: int
    lower: float
    upper: float
    configurations: int
    columns: int

    @staticmethod
    def of(grid: Grid | AgedGrid, lower: Model, upper: Model | None) -> Round:
        """That of a grid."""
        most = np.inf if upper is None else upper.waiting_time
        return Round(len(grid), lower.waiting_time, most, lower.process.size, lower.process.column_count)

    def to_dict(self) -> dict[str, float | int | None]:
        """The bracket as JSON data; null where there is no upper bound yet."""
        return {
            "labels": self.labels,
            "lower": self.lower,
            "upper": self.upper if np.isfinite(self.upper) else None,
            "configurations": self.configurations,
            "columns": self.columns,
        }

    @property
    def gap(self) -> float:
        """Distance of the bounds, relative to the upper one."""
        return (self.upper - self.lower) / self.upper if np.isfinite(self.upper) and self.upper else np.inf

    def __str__(self) -> str:
        known = (
            f"between {self.lower:.9g} and {self.upper:.9g}" if np.isfinite(self.upper) else f"above {self.lower:.9g}"
        )
        return f"{self.labels:,} labels, {self.columns:,} columns: {known}"


@dataclass(frozen=True)
class Refinement:
    """A grid, and what came of its label models.

    Attributes
    ----------
    grid
        The last grid of which both label models were solved.
    lower, upper
        The optima of CEIL and of FLOOR.
    rounds
        The brackets, round by round.
    stopped
        Why it ended.
    seconds
        Wall-clock time that it took.
    """

    grid: Grid | AgedGrid
    lower: Model
    upper: Model
    rounds: tuple[Round, ...]
    stopped: Stopped
    seconds: float

    @property
    def levels(self) -> int | None:
        """Number of levels below the target that there are without labels; None for infinitely many, or too many."""
        return level_count(self.upper.problem)

    def __str__(self) -> str:
        reach = self.upper.problem.reach
        total = f"{self.levels or 'very many'}" if reach.finite else reach.many
        needed = f"{len(self.grid):,} of {total} {'levels' if isinstance(self.grid, Grid) else 'pairs and ages'}"
        return f"{needed}{BECAUSE[self.stopped]} ({len(self.rounds)} rounds)"

    def to_dict(self) -> dict[str, Any]:
        """How the labels were found, as JSON data."""
        return {
            "stopped": str(self.stopped),
            "labels": len(self.grid),
            "rounds": [one.to_dict() for one in self.rounds],
        }


def refine(
    problem: Problem,
    within: Fraction | None,
    seconds: float,
    progress: Callable[[str], None] = silent,
    *,
    attempts: Attempts | None = None,
) -> Refinement | None:
    """Add labels until the bracket is closed, or as narrow as asked for, or a limit is reached.

    None where levels are finite, and as many labels would be needed as there are levels, or no policy is found in time.

    Parameters
    ----------
    problem
        What is asked; its rules and budgets must be such that label models bracket it.
    within
        Relative gap at which to stop; None for none.
    seconds
        Time after which no more rounds are begun, and the one begun is given up if there is a bracket.
    progress
        Told of every round.
    attempts
        Which numbers of attempts actions have; by default, those that an optimum may need.

    Raises
    ------
    InfeasibleError
        If no policy keeps within the budgets.
    LimitError
        If a limit is reached before FLOOR reaches the target.
    """
    began = time.perf_counter()
    state = _State(attempts, until=began + seconds)
    try:
        state.refine(problem, within, progress)
    except LimitError:
        if state.found is None:
            raise
    except KeyboardInterrupt:
        if state.found is None:
            raise
        state.stopped = Stopped.INTERRUPTED
    if state.as_many or (state.found is None and state.enough < np.inf):
        return None
    if state.found is None:
        raise _unattained(problem, state.rounds[-1], seconds)
    return Refinement(*state.found, state.stopped, time.perf_counter() - began)


@dataclass
class _State:
    """What is known of a problem so far: brackets, the last one that is closed from above, and why it is the last."""

    attempts: Attempts | None
    rounds: list[Round] = field(default_factory=list)
    found: tuple[Grid | AgedGrid, Model, Model, tuple[Round, ...]] | None = None
    stopped: Stopped = Stopped.SIZE
    until: float = np.inf
    enough: float = np.inf
    as_many: bool = False

    def hurry(self, stage: str) -> None:
        """Give up what is being done once time is over, if there is a bracket.

        Raises
        ------
        LimitError
            If it is.
        """
        if self.found is not None and time.perf_counter() > self.until:
            self.stopped = Stopped.TIME
            raise LimitError(f"time_limit: is over, {stage}; allow more time", size={})

    def refine(self, problem: Problem, within: Fraction | None, progress: Callable[[str], None]) -> None:
        """Go on until there is a reason to stop."""
        self.enough = _enough(problem)
        for grid, lower, upper in _brackets(problem, self.attempts, self.hurry):
            self.as_many = len(grid) > self.enough
            if self.as_many:
                return
            self.rounds.append(Round.of(grid, lower, upper))
            progress(str(self.rounds[-1]))
            if upper is not None:
                self.found = grid, lower, upper, tuple(self.rounds)
            if upper is not None and within is not None and self.rounds[-1].gap <= within:
                self.stopped = Stopped.WITHIN
                return
            if time.perf_counter() > self.until:
                self.stopped = Stopped.TIME
                return
        self.stopped = Stopped.EXACT


def _unattained(problem: Problem, last: Round, seconds: float) -> LimitError:
    """The error of a limit that is reached before any policy is."""
    return LimitError(
        f"target: no policy that reaches {float(problem.target)} was found with {last.labels:,} labels within "
        f"{seconds:g} s; the least waiting time is at least {last.lower:.6g}; allow more time (time_limit), or lower "
        "the target",
        size={"labels": last.labels},
        lower_bound=last.lower,
    )


def _brackets(
    problem: Problem, attempts: Attempts | None, told: Callable[[str], None]
) -> Iterator[tuple[Grid | AgedGrid, Model, Model | None]]:
    """Ever finer grids with the optima of CEIL, and of FLOOR where it reaches the target, until these are equal."""
    grid = first_grid(problem)
    lower, upper = None, None
    while True:
        with suppress(InfeasibleError):  # a coarse policy may not keep within budgets that a finer one does
            upper = optimum(labelled(problem, grid, Rounding.FLOOR), attempts, [upper], told)
        try:
            lower = optimum(labelled(problem, grid, Rounding.CEIL), attempts, [lower, upper], told)
        except InfeasibleError as error:
            raise InfeasibleError(
                f"{error} (for labels that are better than what they stand for: it may be more)",
                conflict=error.conflict,
                workable=error.workable,
            ) from None
        if lower is None:  # every grid of levels reaches what the first one does
            raise beyond(problem)
        yield grid, lower, upper
        if isinstance(grid, AgedGrid):
            finer = with_weights(grid, [one.plan for one in (lower, upper) if one is not None])
            if finer is None:
                return
            grid = finer
            continue
        apart = upper is None or upper.waiting_time > lower.waiting_time * (1 + AS_ONE)
        pairs = rounded(lower, apart=apart)
        if not pairs:
            return
        grid = grid.with_results(pairs)


def _enough(problem: Problem) -> float:
    """The greatest number of labels that are fewer than the levels with that just below the target."""
    if problem.reach.finite:
        with suppress(LimitError):
            return len(problem.levels) - 2
    return np.inf
