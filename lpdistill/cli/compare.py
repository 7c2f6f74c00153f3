"""``lpdistill compare``: the optimal policy against others."""

from __future__ import annotations

from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.cli.policies import POLICY_NAMES, CutoffOption
from lpdistill.policies.named import POLICIES
from lpdistill.problem.problem import Problem
from lpdistill.requests.policies import compare as compared
from lpdistill.solving import PATIENCE


@takes_problem()
def compare(
    problem: Problem,
    policies: Annotated[
        str,
        Option(
            "--policies",
            metavar="<policies>",
            inputs=["policy"],
            help=f"Separated by commas: {POLICY_NAMES}, policy files (.json, .csv).",
        ),
    ] = ",".join(POLICIES),
    differences: Annotated[
        str | None,
        Option(
            "--differences",
            metavar="<policy>",
            inputs=["policy"],
            help="Show where this policy acts differently from the optimum.",
        ),
    ] = None,
    cutoff: CutoffOption = None,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
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
        found = compared(
            problem,
            names,
            differences=differences,
            cutoff=cutoff,
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True, rest=": --json has them all")
