"""``lpdistill frontier``: waiting time, or rates, against a resource."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import RESOURCE, Asked, Json, Plot, TimeLimit, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.process.resources import RESOURCES
from lpdistill.rates.worth import PROTOCOLS
from lpdistill.requests.frontiers import frontier as frontier_of
from lpdistill.solving import PATIENCE


@takes_problem(graphs=True, defaults=lambda others: {"target": "1"} if others.get("protocol") else {})
def frontier(
    problem: Asked,
    resource: Annotated[
        str, Option("--resource", metavar=RESOURCE, values=RESOURCES, help="What to use less of.")
    ] = "generation_attempts",
    per_time: Annotated[
        bool, Option("--per-time", help="Trade pairs per unit of time for what is used per unit of time.")
    ] = False,
    protocol: Annotated[
        str | None,
        Option("--protocol", values=PROTOCOLS, help="With --per-time: trade secret key by this protocol, not pairs."),
    ] = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Trade waiting time, or rates, for a resource: every breakpoint of the best that there is within a limit.

    Examples
    --------
    lpdistill frontier problem.toml --resource distillations
    lpdistill frontier --per-time --protocol bb84 --p .1 -M 3 --f0 .85
    """
    with Progress() as progress:
        found = frontier_of(
            problem, resource, per_time=per_time, protocol=protocol, time_limit=time_limit, progress=progress
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True)
