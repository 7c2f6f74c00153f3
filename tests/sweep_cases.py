"""A small grid that tests of sweeps share, its tables without what differs from run to run, and sweeps as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from hanging import HANGING

from lpdistill import Sweep

SETTINGS = {"p": "0.1:0.9:0.1", "memories": "2:3", "f0": "0.75,0.9", "gap": "0.04"}
POLICIES = ("optimal", "nested")


def table(found: Sweep) -> list[dict[str, Any]]:
    """The points of a sweep without how long they took."""
    return table_of(found.to_dict())


def table_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of a sweep's document without how long they took."""
    return [{name: cell for name, cell in point.items() if name != "seconds"} for point in document["points"]]


class Process:
    """``lpdistill sweep`` as a process of its own."""

    def __init__(self, store, *options: str, settings: dict[str, str] | None = None) -> None:
        numbers = [part for name, value in (settings or SETTINGS).items() for part in (f"--{name}", value)]
        call = "from lpdistill.cli.app import main; main()"
        self.process = subprocess.Popen(  # noqa: S603 - ours
            [
                *(sys.executable, "-W", "error", "-c", call, "sweep", *numbers),
                *("--policies", ",".join(POLICIES), "--store", str(store), "--json", *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def document(self) -> dict[str, Any]:
        """What it prints, once it is done."""
        out, errors = self.process.communicate(timeout=HANGING)
        assert self.process.returncode == 0, errors
        return json.loads(out)

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.communicate()
