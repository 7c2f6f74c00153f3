"""``lpdistill waiting-time``: the whole distribution of the waiting time of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Json, Plot, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.cli.policies import CutoffOption, PolicyOption
from lpdistill.errors import ModelError
from lpdistill.policies.named import with_cutoff
from lpdistill.problem.problem import Problem
from lpdistill.requests.policies import waiting_time as timed
from lpdistill.solving import PATIENCE


@takes_problem()
def waiting_time(
    problem: Problem,
    policy: PolicyOption = "optimal",
    cutoff: CutoffOption = None,
    at: Annotated[
        list[str] | None,
        Option(
            "--at",
            metavar="<numbers>",
            inputs=["time"],
            help="Times by which to be done: a list such as 10,20; may be repeated.",
        ),
    ] = None,
    quantile: Annotated[
        list[str] | None,
        Option(
            "--quantile",
            metavar="<numbers>",
            help="Probabilities of being done: a list; may be repeated.  [default: 0.5,0.9,0.99]",
        ),
    ] = None,
    until: Annotated[
        str | None,
        Option("--until", metavar=NUMBER, help="The last time to compute, where all would be too many."),
    ] = None,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """The whole distribution of the waiting time: mean, spread, quantiles, and how probably a run is done in time.

    A policy that may never finish has a mean of none; its law is shown where --until or --at says how far.

    Examples
    --------
    lpdistill waiting-time problem.toml --at 10,20
    lpdistill waiting-time problem.toml --policy greedy --plot waiting_time.png
    """
    wanted, times = listed(quantile or (), "--quantile"), listed(at or (), "--at")
    with Progress() as progress:
        found = timed(
            problem,
            with_cutoff(policy, cutoff),
            at=times,
            quantiles=wanted or None,
            until=until,
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json)


def listed(texts: Sequence[str], where: str) -> list[str]:
    """The numbers of an option that takes lists and may be repeated, as they were written.

    Raises
    ------
    ModelError
        If one is missing.

    Examples
    --------
    >>> listed(["10, 20", "1/2"], "--at")
    ['10', '20', '1/2']
    """
    found = [part.strip() for text in texts for part in text.split(",")]
    if not all(found):
        raise ModelError(where, "must be a list of numbers such as 10,20", ",".join(texts))
    return found
