"""What telemetry says of a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike

from lpdistill.numbers import Number
from lpdistill.policies.named import OPTIMAL
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.progress import silent
from lpdistill.requests.policies import policy_of
from lpdistill.telemetry.link import require_levels
from lpdistill.telemetry.records import Record
from lpdistill.telemetry.watch import Watch
from lpdistill.telemetry.watch import watch as watch_policy


def watch(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: Problem,
    telemetry: str | PathLike[str] | Sequence[Record],
    *,
    policy: str = OPTIMAL,
    alpha: Number = 0.01,
    drift: Number = 0.1,
    each: bool = False,
    link: str | None = None,
    progress: Callable[[str], None] = silent,
) -> Watch:
    """Whether a link does what its policy was predicted to do.

    Parameters
    ----------
    problem
        The hardware as it should be.
    policy
        The policy in use, by name or by its file.
    telemetry, alpha, drift, each, link
        As for :func:`lpdistill.watch`.
    progress
        Told what is being done.
    """
    require_levels(PROBLEM.meant(problem, "problem"))
    chosen = policy_of(problem, policy, progress)
    progress("testing telemetry")
    return watch_policy(chosen, telemetry, alpha=alpha, drift=drift, each=each, link=link)
