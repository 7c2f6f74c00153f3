"""``lpdistill compare``: the optimal policy against others."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, draw, print_json, say, show
from lpdistill.policies.differences import Differences
from lpdistill.policies.named import POLICIES
from lpdistill.problem.problem import Problem
from lpdistill.requests.policies import compare as compared
from lpdistill.solution.answer import Table


@takes_problem()
def compare(
    problem: Problem,
    policies: Annotated[
        str,
        Option(
            "--policies",
            metavar="<policies>",
            inputs=["policy"],
            help="Separated by commas: optimal, pumping, nested, greedy, banded:WIDTH, policy files (.json, .csv).",
        ),
    ] = ",".join(POLICIES),
    against: Annotated[
        str | None,
        Option(
            "--differences",
            metavar="<policy>",
            inputs=["policy"],
            help="Show where this policy acts differently from the optimum.",
        ),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Compare the optimal policy with others: waiting times, deadlocks, and what the optimum saves.

    Examples
    --------
    lpdistill compare problem.toml
    lpdistill compare --p 0.5 --memories 4 --f0 0.9 --target 0.94 --differences greedy
    """
    names = [name.strip() for name in policies.split(",") if name.strip()]
    with Progress() as progress:
        found = compared(problem, names, differences=against, progress=progress)
        draw(found, plot, progress)
    if as_json:
        print_json(found.to_dict())
        return
    say([("problem", str(problem)), ("convention", found.main.convention)])
    show(found.main.shown(None))
    screen = console()
    for name, one in found.main.policies.items():
        if one.refusal:
            screen.print(f"{name} is not allowed: {one.refusal}", soft_wrap=True)
    apart = found.parts.get("differences")
    if isinstance(apart, Differences) and len(apart):
        title, headings, rows = apart.shown()
        renamed = {"one": "optimal", "the other": f"{against}", "visits of the other": f"visits of {against}"}
        sides = {renamed.get(name, name): side for name, side in headings.items()}
        show(Table(title.replace("the policies act", f"{against} acts"), sides, rows))
        if len(apart) > len(rows):
            screen.print(f"{len(rows)} of {len(apart):,} configurations: --json has them all", style="dim")
    elif apart is not None:
        screen.print(f"\n{against} acts as the optimum does, in every reachable configuration.")
