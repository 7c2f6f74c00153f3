"""``lpdistill export``: other people's formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, Asked, Json, takes_problem
from lpdistill.cli.output import Progress, console, print_json
from lpdistill.errors import ModelError
from lpdistill.export.models import write_drn, write_prism
from lpdistill.export.policies import write_policy
from lpdistill.export.programs import write_mps
from lpdistill.solution.document import headed
from lpdistill.solving import solve

WRITERS: Mapping[str, Callable[[Any, Path], object]] = {
    ".mps": write_mps,
    ".drn": write_drn,
    ".tra": write_prism,
    ".json": lambda problem, file: write_policy(solve(problem).policy, file),
    ".csv": lambda problem, file: write_policy(solve(problem).policy, file),
}
"""What writes a file, by its suffix."""


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
    as_json: Json = False,
) -> None:
    """Write the linear program, the decision process or the optimal policy to a file.

    Examples
    --------
    lpdistill export problem.toml -o program.mps
    lpdistill export problem.toml -o policy.csv
    """
    if output.suffix not in WRITERS:
        raise ModelError("--output", f"must have one of the suffixes {', '.join(WRITERS)}", str(output))
    with Progress() as progress:
        progress(f"writing {output}")
        written = WRITERS[output.suffix](problem, output)
    files = [str(file) for file in (written if isinstance(written, list) else [output])]
    if as_json:
        print_json({**headed("export", problem), "files": files})
        return
    console().print(f"written: {', '.join(files)}", soft_wrap=True)
