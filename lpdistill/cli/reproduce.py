"""``lpdistill reproduce``: the numbers, claims and figures of arXiv:2606.14908."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import INTEGER, Json
from lpdistill.cli.output import Progress, give
from lpdistill.cli.termination import orderly
from lpdistill.requests.study import reproduce as reproduced


def reproduce(
    numbers: Annotated[bool, Option("--numbers", help="Only the published numbers: no search, no claims.")] = False,
    figures: Annotated[
        Path | None, Option("--figures", metavar="<folder>", help="Draw the figures into this folder.")
    ] = None,
    every: Annotated[bool, Option("--all", help="Show every published number.")] = False,
    jobs: Annotated[
        str | None,
        Option("--jobs", metavar=INTEGER, help="Number of processes.  [default: as many as there are cores]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute every published number, examine the headline claims, and draw the figures of arXiv:2606.14908.

    Examples
    --------
    lpdistill reproduce --numbers
    """
    with orderly(), Progress() as progress:
        found = reproduced(search=not numbers, figures=figures, jobs=jobs, progress=progress.count)
    give(found, as_json=as_json, whole=every)
    if not found.agrees:
        raise click.exceptions.Exit(1)
