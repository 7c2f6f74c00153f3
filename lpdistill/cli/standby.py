"""``lpdistill standby``: a stock of finished pairs, and what it serves."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import INTEGER, NUMBER, Everything, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.problem.problem import Problem
from lpdistill.rates.stock import Arrivals
from lpdistill.requests.rates import standby as pool


@takes_problem()
def standby(
    problem: Problem,
    slots: Annotated[
        str | None, Option("--slots", metavar=INTEGER, help="The most finished pairs that are kept.")
    ] = None,
    demand: Annotated[
        str | None, Option("--demand", metavar=NUMBER, help="How many pairs are wanted per unit of time.")
    ] = None,
    arrivals: Annotated[
        str,
        Option("--arrivals", values=Arrivals, help="One demand or none in every unit of time, or at any time."),
    ] = Arrivals.BERNOULLI,
    service: Annotated[
        str | None,
        Option("--service", metavar=NUMBER, help="Also find the fewest slots that meet this share of all demands."),
    ] = None,
    everything: Everything = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find what share of a demand a stock of finished pairs meets at best, and the smallest stock that meets enough.

    Demands are met from the stock at once, or are gone.

    Examples
    --------
    lpdistill standby --p .5 -M 3 --f0 .75 --target .79 --slots 2 --demand .05
    lpdistill standby --p .5 -M 3 --f0 .75 --target .79 --demand .05 --service .99 --arrivals poisson
    """
    with Progress() as progress:
        found = pool(problem, slots, demand, arrivals=arrivals, service=service, progress=progress)
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
