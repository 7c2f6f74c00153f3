"""``lpdistill policy-map``: exact optimal policies along a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give, tell
from lpdistill.numbers import member
from lpdistill.problem.problem import Problem
from lpdistill.requests.exact import policy_map as mapped


def defaults(options: Mapping[str, Any]) -> dict[str, str]:
    """Settings that nobody need give: a map along p does not depend on the problem's own p."""
    axis = options["axis"]
    if axis != "p":
        from symbolic.maps.sweep import Axis  # noqa: PLC0415 - only this command needs exact arithmetic

        axis = member(Axis, axis, "--axis")
    return {"p": "1"} if axis == "p" else {}


@takes_problem(defaults=defaults)
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
    plot: Plot = None,
    latex: Annotated[bool, Option("--latex", help="Print the formula of every piece in LaTeX.")] = False,
    as_json: Json = False,
) -> None:
    """Split all of 0 < p <= 1 into intervals with one optimal policy each, exactly and with proof.

    Examples
    --------
    lpdistill policy-map problem.toml
    lpdistill policy-map problem.toml --axis tau_d/tau_g --latex
    """
    with Progress() as progress:
        found = mapped(problem, axis=axis, progress=progress)
        draw(found, plot, progress)
    if latex and not as_json:
        tell(found.printed(None, latex=True))
    else:
        give(found, as_json=as_json, whole=True)
