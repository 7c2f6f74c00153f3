"""``lpdistill keyrate``: secret key per unit of time."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import (
    NUMBER,
    Everything,
    Json,
    Law,
    Plot,
    Seed,
    Simulate,
    TimeLimit,
    Within,
    takes_problem,
)
from lpdistill.cli.output import Progress, draw, give
from lpdistill.problem.problem import Problem
from lpdistill.rates.worth import PROTOCOLS
from lpdistill.requests.rates import keyrate as greatest
from lpdistill.solving import PATIENCE


@takes_problem(defaults=lambda others: {"target": "1"})  # noqa: ARG005 - whatever others say
def keyrate(
    problem: Problem,
    protocol: Annotated[
        str, Option("--protocol", values=PROTOCOLS, help="What a pair is worth.", inputs=["worth"])
    ] = "bb84",
    cost: Annotated[str, Option("--cost", metavar=NUMBER, help="What an attempt costs, in bits of key.")] = "0",
    law: Law = False,
    simulate: Simulate = None,
    seed: Seed = None,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    everything: Everything = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the greatest secret key per unit of time, and prove it: which pairs to deliver, and when distilling pays.

    A target has no meaning here: every pair may be delivered at any time.  Budgets are limits per unit of time.

    Examples
    --------
    lpdistill keyrate --p .1 -M 3 --f0 .85
    lpdistill keyrate --p .5 -M 3 --f0 .8 --protocol six-state --budget generation_attempts=2
    """
    with Progress() as progress:
        found = greatest(
            problem,
            protocol,
            cost=cost,
            law=law,
            simulated=simulate,
            seed=seed,
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
