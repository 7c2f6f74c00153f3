"""``lpdistill export``: other people's formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, Asked, Json, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, give
from lpdistill.requests.files import export as exported
from lpdistill.solving import PATIENCE


@takes_problem(graphs=True)
def export(
    problem: Asked,
    output: Annotated[
        Path,
        Option(
            "--output",
            "-o",
            metavar=FILE,
            help="The file, whose suffix says what it holds: .mps (linear program), .drn (decision process for Storm), "
            ".tra (PRISM's explicit files .tra, .sta, .lab, .trew), .json or .csv (optimal policy).",
        ),
    ],
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    as_json: Json = False,
) -> None:
    """Write the linear program, the decision process or the optimal policy to a file.

    Examples
    --------
    lpdistill export problem.toml -o program.mps
    lpdistill export problem.toml -o policy.csv
    """
    with Progress() as progress:
        found = exported(problem, output, within=within, time_limit=time_limit, progress=progress)
    give(found, as_json=as_json)
