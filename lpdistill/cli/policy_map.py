"""``lpdistill policy-map``: exact optimal policies along a parameter."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give, tell
from lpdistill.problem.problem import Problem
from lpdistill.requests.exact import policy_map as mapped
from lpdistill.requests.exact import unneeded


@takes_problem(defaults=unneeded)
def policy_map(
    problem: Problem,
    axis: Annotated[
        str,
        Option(
            "--axis",
            values=("p", "tau_d/tau_g"),
            help="What varies: p, or tau_d/tau_g (the ratio of durations, at a fixed p).",
        ),
    ] = "p",
    per_time: Annotated[
        bool, Option("--per-time", help="Map the greatest number of pairs per unit of time, not the waiting time.")
    ] = False,
    plot: Plot = None,
    latex: Annotated[bool, Option("--latex", help="Print the formula of every piece in LaTeX.")] = False,
    as_json: Json = False,
) -> None:
    """Split all of 0 < p <= 1 into intervals with one optimal policy each, exactly and with proof.

    Examples
    --------
    lpdistill policy-map problem.toml --axis tau_d/tau_g --latex
    lpdistill policy-map problem.toml --per-time
    """
    with Progress() as progress:
        found = mapped(problem, axis=axis, per_time=per_time, progress=progress)
        draw(found, plot, progress)
    if latex and not as_json:
        tell(found.printed(None, latex=True))
    else:
        give(found, as_json=as_json, whole=True)
