"""``lpdistill verify``: how many test pairs certify a fidelity, and whether measured pairs do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.requests.acceptance import link_of
from lpdistill.requests.acceptance import verify as verified


@takes_problem(argument="link", builds=link_of)
def verify(
    link: Mapping[str, Any],
    certify: Annotated[str, Option("--certify", metavar=NUMBER, help="The fidelity that is to be certified.")],
    true: Annotated[
        str | None, Option("--true", metavar=NUMBER, help="The fidelity of the pairs in truth, above that.")
    ] = None,
    delta: Annotated[
        str, Option("--delta", metavar=NUMBER, help="Probability of certifying wrongly, at most.")
    ] = "0.05",
    power: Annotated[
        str, Option("--power", metavar=NUMBER, help="Probability of certifying what is true, at least.")
    ] = "0.9",
    passes: Annotated[
        str | None, Option("--passes", metavar=INTEGER, help="So many measured pairs passed: what do they certify?")
    ] = None,
    pairs: Annotated[str | None, Option("--pairs", metavar=INTEGER, help="Of so many that were measured.")] = None,
    sequence: Annotated[
        Path | None,
        Option(
            "--sequence",
            metavar=FILE,
            inputs=("results",),
            help="Results of pairs that are measured one by one, 1 or 0 each: has the test decided?",
        ),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find how many test pairs certify a fidelity, or what measured pairs certify.

    Each pair is measured in a random one of the bases XX, YY, ZZ, with readouts that are right with probability
    --readout. With a problem, also what it takes to make the pairs.

    Examples
    --------
    lpdistill verify problem.toml --certify .75 --true .79 --readout .99
    lpdistill verify --certify .9 --passes 345 --pairs 361
    """
    with Progress() as progress:
        progress("counting pairs")
        found = verified(certify, true, **link, delta=delta, power=power, passes=passes, pairs=pairs, sequence=sequence)
        draw(found, plot, progress)
    give(found, as_json=as_json)
