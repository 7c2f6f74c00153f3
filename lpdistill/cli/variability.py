"""``lpdistill variability``: which decisions matter."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Asked, Json, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.numbers import decimals
from lpdistill.solution.answer import SHOWN
from lpdistill.solution.document import question_in_words
from lpdistill.solving import solve
from lpdistill.worth.variability import Varying
from lpdistill.worth.variability import variability as variability_of


@takes_problem(graphs=True)
def variability(
    problem: Asked,
    slack: Annotated[
        str,
        Option("--slack", metavar=NUMBER, help="How much slower a policy may be: 0.01 for one percent.  [default: 0]"),
    ] = "0",
    everything: Annotated[bool, Option("--all", help="Show all actions, also those never taken.")] = False,
    as_json: Json = False,
) -> None:
    """Find how much every action may vary among all policies within a factor of the optimum.

    Examples
    --------
    lpdistill variability problem.toml --slack 0.01
    """
    with Progress() as progress:
        found = variability_of(solve(problem, progress=progress), slack, progress=progress)
    if as_json:
        print_json(found.to_dict())
        return
    words, forced, free = found.words, found.forced, found.free

    def decision(row: Varying) -> str:
        return "forced" if row.counts in forced else "free" if row.counts in free else ""

    listed = [row for row in found.rows if everything or row.allowed]
    listed.sort(key=lambda row: row.least - row.greatest)
    rows = [
        (
            words.configuration(row.counts),
            *words.action(row.action),
            decimals(row.least),
            decimals(row.greatest),
            decimals(row.taken),
            decision(row) if row.allowed else "never",
        )
        for row in (listed if everything else listed[:SHOWN])
    ]
    headings = dict.fromkeys(("configuration", *words.headings), "left")
    headings |= {"least": "right", "greatest": "right", "taken": "right", "decision": "left"}
    screen = console()
    screen.print(f"problem        {question_in_words(problem)}", soft_wrap=True)
    screen.print(f"waiting time   {found.solution.waiting_time:.12g}, at most {found.slack:g} of it slower")
    screen.print(
        f"decisions      {len(forced)} configurations decided, {len(free)} free; "
        f"{sum(not row.allowed for row in found.rows)} of {len(found.rows)} actions never taken"
    )
    screen.print()
    screen.print(table("how often every action may be taken", headings, rows))
    if len(listed) > len(rows):
        screen.print(f"the {len(rows)} of {len(listed):,} actions that vary most: --all shows them", style="dim")
