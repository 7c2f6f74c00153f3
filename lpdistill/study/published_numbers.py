"""The published numbers of arXiv:2606.14908, and what the program finds in their place.

They were iterated to a tolerance of 1e-6, which leaves them up to 1.2e-5 off, and do not charge the last step
(``final_step="free"``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from lpdistill.policies.named import OPTIMAL, baseline
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.baselines import BASELINES
from lpdistill.progress import Report, silent
from lpdistill.solving import solve

TOLERANCE = 2e-5
"""Distance from a published number that its stopping tolerance explains."""


@dataclass(frozen=True, slots=True)
class PublishedTime:
    """One published waiting time.

    Attributes
    ----------
    table
        ``grid`` (28 points: four memories, target f0 + 0.04) or ``memories`` (15 points: 0.75 -> 0.79).
    problem
        Its parameters.
    policy
        ``optimal``, ``pumping``, ``nested`` or ``greedy``.
    waiting_time
        The number that was published.
    """

    table: str
    problem: Problem
    policy: str
    waiting_time: float


@dataclass(frozen=True, slots=True)
class Residual:
    """A published waiting time beside the one that is found.

    Attributes
    ----------
    published
        The published one.
    found
        The waiting time that :func:`lpdistill.solve` proves, or that of the evaluated baseline.
    """

    published: PublishedTime
    found: float

    @property
    def difference(self) -> float:
        """What the published number is too much."""
        return self.published.waiting_time - self.found

    @property
    def apart(self) -> float:
        """The difference as far as it means anything: what is below a thousandth of 1e-6 is 0."""
        return round(self.difference, 9)

    @property
    def cells(self) -> tuple[str, ...]:
        """Where, whose, both numbers and their difference, in words."""
        problem, times = self.published.problem, (self.published.waiting_time, self.found)
        where = f"p = {float(problem.p):g}, M = {problem.memories}, {float(problem.f0):g} -> {float(problem.target):g}"
        apart = f"{self.apart:.1e}" if self.apart else "0"
        return (where, self.published.policy, *(f"{time:.6f}" for time in times), apart)

    @property
    def explained(self) -> bool:
        """Whether the published stopping tolerance explains the difference."""
        return abs(self.difference) <= TOLERANCE


def published() -> Iterator[PublishedTime]:
    """All published waiting times: 28 points with four policies each, and 15 optima.

    >>> len(list(published()))
    127
    """
    for table in ("grid", "memories"):
        text = files("lpdistill.study").joinpath("published", f"{table}.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            problem = Problem(row["p"], row["memories"], row["f0"], row["target"], final_step=FinalStep.FREE)
            for policy in (OPTIMAL, *BASELINES):
                if policy in row:
                    yield PublishedTime(table, problem, policy, float(row[policy]))


def recompute(progress: Report = silent) -> tuple[Residual, ...]:
    """Every published waiting time, computed again."""
    found, points = [], list(published())
    for number, point in enumerate(points):
        progress("published numbers", number, len(points))
        again = solve(point.problem) if point.policy == OPTIMAL else baseline(point.problem, point.policy)
        found.append(Residual(point, again.waiting_time))
    return tuple(found)
