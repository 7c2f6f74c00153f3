"""``lpdistill adapt``: the policy to use after so many attempts and successes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.errors import ModelError
from lpdistill.problem.problem import Problem
from lpdistill.requests.control import adapt as adapted


def span_of(text: str) -> tuple[str, str]:
    """The range that ``--span LOW:HIGH`` names.

    Raises
    ------
    ModelError
        If it is not of that form.
    """
    low, colon, high = text.partition(":")
    if not colon:
        raise ModelError("--span", "must be an interval LOW:HIGH, such as 0.4:0.6", text)
    return low, high


@takes_problem(defaults={"p": "1"})
def adapt(
    problem: Problem,
    attempts: Annotated[
        str | None, Option("--attempts", metavar=INTEGER, help="Generation attempts that were counted.")
    ] = None,
    successes: Annotated[
        str | None, Option("--successes", metavar=INTEGER, help="How many of them generated a pair.")
    ] = None,
    telemetry: Annotated[
        Path | None,
        Option("--telemetry", metavar=FILE, help="Counts as the link reports them, instead of both, as for watch."),
    ] = None,
    link: Annotated[str | None, Option("--link", metavar="<name>", help="The link, where there are several.")] = None,
    in_use: Annotated[
        str | None, Option("--in-use", metavar=INTEGER, help="The policy in use: the number of its piece, from 1.")
    ] = None,
    confidence: Annotated[
        str, Option("--confidence", metavar=NUMBER, help="Probability that the interval contains p.")
    ] = "0.95",
    look: Annotated[
        str | None,
        Option("--look", metavar=INTEGER, help="Which look this is, from 1: all looks share what may go wrong."),
    ] = None,
    threshold: Annotated[
        str, Option("--threshold", metavar=NUMBER, help="What a change must gain for sure, in units of time.")
    ] = "0",
    table: Annotated[
        Path | None, Option("--table", metavar=FILE, help="Write the policies for a device (JSON).")
    ] = None,
    span: Annotated[
        str | None,
        Option("--span", metavar="<low:high>", help="Range of p of the table.  [default: all, by the exact map]"),
    ] = None,
    regret: Annotated[
        str | None,
        Option("--regret", metavar=NUMBER, help="With a range: what a policy may lose, as a share.  [default: 0.01]"),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Say which policy to use after so many attempts and successes, and what that gains; or write all for a device.

    Examples
    --------
    lpdistill adapt problem.toml --attempts 5000 --successes 1010 --in-use 2
    lpdistill adapt problem.toml --table policies.json
    """
    with Progress() as progress:
        found = adapted(
            problem,
            attempts,
            successes,
            telemetry=telemetry,
            link=link,
            in_use=in_use,
            confidence=confidence,
            look=look,
            threshold=threshold,
            table=table,
            span=None if span is None else span_of(span),
            regret=regret,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True)
