"""``lpdistill graph``: the state graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, Asked, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, give
from lpdistill.requests.files import graph as graphed


@takes_problem(graphs=True)
def graph(
    problem: Asked,
    output: Annotated[
        Path | None,
        Option(
            "--output",
            "-o",
            metavar=FILE,
            inputs=["file"],
            help="Write it to a file: .graphml, .dot or .json (node-link).",
        ),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Write or draw the state graph: configurations, actions, and where they lead.

    Examples
    --------
    lpdistill graph problem.toml -o graph.graphml
    lpdistill graph --p 0.5 --memories 2 --f0 0.75 --target 0.79 --plot graph.png
    """
    with Progress() as progress:
        found = graphed(problem, output=output, plot=plot, progress=progress)
    give(found, as_json=as_json)
