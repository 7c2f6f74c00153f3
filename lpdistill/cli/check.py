"""``lpdistill check``: verify a certificate from the parameters of its problem alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Argument
from lpdistill.cli.options import Json
from lpdistill.cli.output import Progress, console, print_json
from lpdistill.solution.document import headed


def check(
    certificate: Annotated[Path, Argument(help="A certificate (JSON), as solve --certificate writes it.")],
    as_json: Json = False,
) -> None:
    """Verify a certificate in exact arithmetic, trusting neither its numbers nor what made it."""
    from symbolic.checker import check as verify  # noqa: PLC0415 - only this command needs it
    from symbolic.exact_text import exact_text, shortened  # noqa: PLC0415

    with Progress() as progress:
        progress("checking the reduced costs of all columns")
        found = verify(certificate)
    if as_json:
        print_json(
            {
                **headed("check", found.problem),
                "valid": True,
                "waiting_time": exact_text(found.waiting_time),
                "unique": found.unique,
                "configurations": found.configurations,
                "checked_columns": found.columns,
            }
        )
        return
    screen = console()
    for name, text in (
        ("certificate", "valid"),
        ("waiting time", f"{float(found.waiting_time):.12g} = {shortened(found.waiting_time)}"),
        ("optimal", "one optimal policy" if found.unique else "several optimal policies"),
        ("checked", f"{found.columns:,} columns of {found.configurations:,} configurations"),
    ):
        screen.print(f"{name:<14}{text}", soft_wrap=True)
