"""``lpdistill solve``: the optimal policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, RESOURCE, Asked, Json, Plot, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.process.resources import RESOURCES
from lpdistill.program.methods import Method
from lpdistill.requests.solving import solve as solved
from lpdistill.solution.policy_picture import require_drawable
from lpdistill.solving import PATIENCE


@takes_problem(graphs=True)
def solve(
    problem: Asked,
    method: Annotated[
        str,
        Option("--method", values=Method, help="How to solve the program."),
    ] = Method.AUTO,
    least: Annotated[
        str | None,
        Option(
            "--least",
            metavar=RESOURCE,
            values=RESOURCES,
            help="Of the fastest policies, take one that uses least of a resource.",
        ),
    ] = None,
    deterministic: Annotated[
        bool, Option("--deterministic", help="Do not let budgets make the policy randomise (branch and bound).")
    ] = False,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    all_levels: Annotated[
        bool, Option("--all-levels", help="Tell all levels apart, however many: values of every configuration.")
    ] = False,
    everything: Annotated[bool, Option("--all", help="Show all configurations, also those never visited.")] = False,
    exact: Annotated[
        bool,
        Option("--exact", help="Prove the optimum in rational arithmetic, and repair the policy if need be."),
    ] = False,
    certificate: Annotated[
        Path | None,
        Option("--certificate", metavar=FILE, help="Write the proof to this file, for lpdistill check."),
    ] = None,
    worth: Annotated[bool, Option("--sensitivity", help="Derivatives of the waiting time by every parameter.")] = False,
    ranges: Annotated[
        bool,
        Option("--ranges", help="How far the policy holds in every parameter; with budgets, how far prices do."),
    ] = False,
    pieces: Annotated[
        bool, Option("--increments", help="What one more memory saves, and other changes in whole pieces.")
    ] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the policy with the least expected waiting time, and prove it.

    --plot draws the policy; with --sensitivity, what the parameters are worth.

    Examples
    --------
    lpdistill solve --p 0.5 --memories 4 --f0 0.75 --target 0.79
    lpdistill solve problem.toml --max-distillations 1 --sensitivity
    """
    if plot is not None and not worth:
        require_drawable(problem)
    with Progress() as progress:
        found = solved(
            problem,
            method=method,
            least=least,
            deterministic=deterministic,
            within=within,
            time_limit=time_limit,
            all_levels=all_levels,
            exact=exact,
            certificate=certificate,
            sensitivity=worth,
            ranges=ranges,
            increments=pieces,
            progress=progress,
        )
        draw(found.parts["sensitivity"] if worth else found, plot, progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
