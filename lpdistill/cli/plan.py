"""``lpdistill plan``: the cheapest hardware that meets an objective."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Argument, Option
from lpdistill.cli.options import Json, Plot, TimeLimit, Within
from lpdistill.cli.output import Progress, draw, give
from lpdistill.errors import ModelError
from lpdistill.planning.objective_file import read_objective
from lpdistill.requests.planning import plan as planned
from lpdistill.solving import PATIENCE


def values_of(text: str) -> dict[str, str]:
    """The hardware that ``--hardware NAME=VALUE,...`` names.

    Raises
    ------
    ModelError
        If it is not of that form.
    """
    found = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise ModelError("--hardware", "must be of the form NAME=VALUE,..., such as p=0.5,memories=4", text)
        found[name.strip().replace("-", "_")] = value.strip()
    return found


def plan(
    file: Annotated[
        Path, Argument(help="An objective file (TOML): a problem file with tables [objective] and [ranges].")
    ],
    frontier: Annotated[
        bool, Option("--frontier", help="All hardware that attains more than whatever costs no more.")
    ] = False,
    hardware: Annotated[
        str | None,
        Option(
            "--hardware",
            metavar="<values>",
            help="What to improve: NAME=VALUE with commas, one for each range.  [default: the choice]",
        ),
    ] = None,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the cheapest hardware that meets an objective, what more would cost, and what to improve first.

    Examples
    --------
    lpdistill plan objective.toml
    lpdistill plan objective.toml --frontier
    """
    asked = read_objective(file)
    with Progress() as progress:
        found = planned(
            *asked,
            frontier=frontier,
            hardware=None if hardware is None else values_of(hardware),
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True)
