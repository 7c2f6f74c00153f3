"""``lpdistill deadline``: windows of time, and the confidence with which they are met."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Asked, Json, Plot, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.requests.deadlines import deadline as asked
from lpdistill.solving import PATIENCE


@takes_problem(graphs=True)
def deadline(
    problem: Asked,
    window: Annotated[
        str | None, Option("--window", metavar=NUMBER, help="Time within which the target is to be reached.")
    ] = None,
    confidence: Annotated[
        str | None,
        Option("--confidence", metavar=NUMBER, help="Probability with which the window is to be met, such as 0.99."),
    ] = None,
    frontier: Annotated[
        bool,
        Option("--frontier", help="Every breakpoint of expected time against being late."),
    ] = False,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    everything: Annotated[bool, Option("--all", help="Show every difference from the fastest policy.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Meet a deadline: most likely within a window, in the smallest window, or fastest at a confidence.

    --window alone: the policy most likely done within it.  --confidence alone: the smallest window that some policy
    meets with it.  Both: the least expected time of policies that do.

    Examples
    --------
    lpdistill deadline problem.toml --window 20
    lpdistill deadline problem.toml --confidence 0.99
    """
    with Progress() as progress:
        found = asked(
            problem,
            window=window,
            confidence=confidence,
            frontier=frontier,
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=everything or frontier, rest=" (--all)")
