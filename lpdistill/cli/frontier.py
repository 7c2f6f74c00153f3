"""``lpdistill frontier``: waiting time against a resource."""

from __future__ import annotations

from typing import Annotated

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import RESOURCE, Asked, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.frontiers.frontier import frontier as frontier_of
from lpdistill.numbers import decimals
from lpdistill.process.resources import RESOURCES
from lpdistill.solution.document import question_in_words


@takes_problem(graphs=True)
def frontier(
    problem: Asked,
    resource: Annotated[
        str, Option("--resource", metavar=RESOURCE, values=RESOURCES, help="What to use less of.")
    ] = "generation_attempts",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Trade waiting time for a resource: every breakpoint of the least waiting time within a limit.

    Examples
    --------
    lpdistill frontier problem.toml --resource distillations
    """
    with Progress() as progress:
        found = frontier_of(problem, resource, progress=progress)
    if plot is not None:
        pictures.save(found.plot(), plot)
    if as_json:
        print_json(found.to_dict())
        return
    rows = [(decimals(p.used), decimals(p.waiting_time), decimals(p.price)) for p in found.points]
    headings = {"limit": "right", "waiting time": "right", "price of one more": "right"}
    screen = console()
    screen.print(f"problem        {question_in_words(problem)}", soft_wrap=True)
    screen.print()
    screen.print(table(found.resource.replace("_", " "), headings, rows))
