"""The ``lpdistill`` command, as it starts: whatever takes time to import comes after interrupts are one line."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; every error leaves it as one message on standard error and an exit code."""
    try:
        from lpdistill.cli.running import run  # noqa: PLC0415 - an interrupt while it is imported is no traceback

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("lpdistill: error: interrupted\n")
        code = INTERRUPTED
    sys.exit(code)
