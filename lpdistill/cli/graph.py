"""``lpdistill graph``: the state graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import networkx as nx

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, Asked, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json
from lpdistill.export.graphs import draw, node_link, write_graph
from lpdistill.problem.problem import Problem
from lpdistill.solution.document import headed


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
        progress("building the graph")
        made = problem.graph() if isinstance(problem, Problem) else problem
        if output is not None:
            progress(f"writing {output}")
            write_graph(made, output)
    if plot is not None:
        pictures.save(draw(made, about=problem if isinstance(problem, Problem) else None), plot)
    if as_json:
        print_json({**headed("graph", problem), **node_link(made)})
        return
    kinds = list(nx.get_node_attributes(made, "kind").values())
    console().print(
        f"{kinds.count('state'):,} states, {kinds.count('action'):,} actions, {made.number_of_edges():,} edges"
        + "".join(f"; written to {file}" for file in (output, plot) if file is not None),
        soft_wrap=True,
    )
