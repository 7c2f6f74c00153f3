"""``lpdistill variability``: which decisions matter."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Asked, Json, TimeLimit, takes_problem
from lpdistill.cli.output import Progress, give
from lpdistill.requests.solving import variability as variability_of
from lpdistill.solving import PATIENCE


@takes_problem(graphs=True)
def variability(
    problem: Asked,
    slack: Annotated[
        str,
        Option("--slack", metavar=NUMBER, help="How much slower a policy may be: 0.01 for one percent.  [default: 0]"),
    ] = "0",
    time_limit: TimeLimit = f"{PATIENCE:g}",
    everything: Annotated[bool, Option("--all", help="Show all actions, also those never taken.")] = False,
    as_json: Json = False,
) -> None:
    """Find how much every action may vary among all policies within a factor of the optimum.

    Examples
    --------
    lpdistill variability problem.toml --slack 0.01
    """
    with Progress() as progress:
        found = variability_of(problem, slack, time_limit=time_limit, progress=progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
