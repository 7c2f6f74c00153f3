"""``lpdistill frontier``: waiting time against a resource."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import RESOURCE, Asked, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.process.resources import RESOURCES
from lpdistill.requests.direct import frontier as frontier_of


@takes_problem(graphs=True)
def frontier(
    problem: Asked,
    resource: Annotated[
        str, Option("--resource", metavar=RESOURCE, values=RESOURCES, help="What to use less of.")
    ] = "generation_attempts",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Trade waiting time for a resource: every breakpoint of the least waiting time within a limit.

    Examples
    --------
    lpdistill frontier problem.toml --resource distillations
    """
    with Progress() as progress:
        found = frontier_of(problem, resource, progress=progress)
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True)
