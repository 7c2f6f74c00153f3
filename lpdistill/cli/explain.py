"""``lpdistill explain``: what every action of one configuration costs."""

from __future__ import annotations

from lpdistill.cli.options import Counts, Json, TimeLimit, Within, counts_of, takes_problem
from lpdistill.cli.output import Progress, give
from lpdistill.problem.problem import Problem
from lpdistill.requests.solving import explain as explained
from lpdistill.solving import PATIENCE


@takes_problem()
def explain(
    problem: Problem,
    counts: Counts,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    as_json: Json = False,
) -> None:
    """Rank all actions of one configuration: how much longer each takes, and where it may lead.

    Examples
    --------
    lpdistill explain problem.toml --counts 2,1
    """
    configuration = counts_of(counts)
    with Progress() as progress:
        found = explained(problem, configuration, within=within, time_limit=time_limit, progress=progress)
    give(found, as_json=as_json, rest=": --json has them all")
