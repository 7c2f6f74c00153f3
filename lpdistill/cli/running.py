"""How the command line runs, and how errors leave it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lpdistill.cli.commands import call
from lpdistill.cli.streams import discard_output, require_open
from lpdistill.errors import LpdistillError

UNEXPECTED = 1


def run(arguments: Sequence[str]) -> int:
    """Do what a command line says; the exit code, every error being one message on standard error."""
    try:
        require_open()
        code = call(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return 0  # a reader that has seen enough, such as head, is no error
    except Exception as error:  # noqa: BLE001 - the last resort: a message instead of a traceback
        message, code = _told(error)
        sys.stderr.write(f"lpdistill: error: {message}\n")
    return code


def _told(error: Exception) -> tuple[str, int]:
    """What is said of an error, and the exit code."""
    if isinstance(error, LpdistillError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out of memory; take fewer memories, or a target with fewer levels", UNEXPECTED
    if isinstance(error, OSError):
        discard_output()
        return f"cannot read or write: {error.strerror or error}", UNEXPECTED
    return f"unexpected {type(error).__name__}: {error}; please report this with the command", UNEXPECTED
