"""``lpdistill explain``: what every action of one configuration costs."""

from __future__ import annotations

from lpdistill.cli.options import Counts, Json, counts_of, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.problem.problem import Problem
from lpdistill.solution.answer import SHOWN
from lpdistill.solving import solve


@takes_problem()
def explain(problem: Problem, counts: Counts, as_json: Json = False) -> None:
    """Rank all actions of one configuration: how much longer each takes, and where it may lead.

    Examples
    --------
    lpdistill explain problem.toml --counts 2,1
    """
    configuration = counts_of(counts)
    with Progress() as progress:
        found = solve(problem, progress=progress).explain(configuration)
    if as_json:
        print_json(found.to_dict())
        return
    headings = {name: "right" if name == "regret" else "left" for name in found.headings}
    screen = console()
    screen.print(f"problem        {problem}", soft_wrap=True)
    screen.print()
    screen.print(table(found.title, headings, found.rows()[:SHOWN]))
    if len(found.alternatives) > SHOWN:
        screen.print(f"the best {SHOWN} of {len(found.alternatives):,} actions: --json has them all", style="dim")
