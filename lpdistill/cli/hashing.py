"""``lpdistill hashing``: what hashing and breeding make of many pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.problem.presets import PRESET
from lpdistill.requests.direct import RAW, raw_of
from lpdistill.requests.direct import hashing as hashing_of
from lpdistill.worth.hashing import USUAL


@takes_problem(lambda setting: setting.name in {*RAW, PRESET}, argument="pair", builds=raw_of)
def hashing(
    pair: Mapping[str, Any],
    pairs: Annotated[
        str, Option("--pairs", metavar="<integers>", help="How many raw pairs there are, with commas.")
    ] = ",".join(map(str, USUAL)),
    error: Annotated[str, Option("--error", metavar=NUMBER, help="Probability with which hashing may fail.")] = "1e-6",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Show what hashing and breeding yield of many equal pairs with perfect operations, asymptotically and for sure.

    Examples
    --------
    lpdistill hashing --f0 0.9
    lpdistill hashing --raw .9,0,0,.1 --pairs 1000 --error 1e-9
    """
    with Progress() as progress:
        found = hashing_of(**pair, pairs=pairs, error=error)
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True)
