"""``lpdistill check``: verify a certificate from the parameters of its problem alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Argument
from lpdistill.cli.options import Json
from lpdistill.cli.output import Progress, give
from lpdistill.requests.exact import check as checked


def check(
    certificate: Annotated[
        Path, Argument(help="A certificate (JSON), as solve or throughput --certificate writes it.")
    ],
    as_json: Json = False,
) -> None:
    """Verify a certificate in exact arithmetic, trusting neither its numbers nor what made it.

    Examples
    --------
    lpdistill solve problem.toml --certificate certificate.json
    lpdistill check certificate.json
    """
    with Progress() as progress:
        found = checked(certificate, progress=progress)
    give(found, as_json=as_json)
