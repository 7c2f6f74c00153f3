"""The ``lpdistill`` command: how it starts, and how errors leave it.

Whatever takes time to import is imported inside :func:`main`, where an interrupt is one line and no traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from lpdistill.errors import LpdistillError

UNEXPECTED = 1
INTERRUPTED = 130
TERMINATED = 143


def main() -> None:
    """Run the command line; every error leaves it as one message on standard error and an exit code."""
    try:
        _occupy_closed_streams()
        with suppress(ValueError):  # only the main thread may
            signal.signal(signal.SIGTERM, _terminate)
        from lpdistill.cli.commands import run  # noqa: PLC0415 - see above

        code = run(sys.argv[1:])
        sys.stdout.flush()
        sys.exit(code)
    except LpdistillError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except MemoryError:
        _fail("out of memory; take fewer memories, or a target with fewer levels", UNEXPECTED)
    except BrokenPipeError:
        # A reader that has seen enough, such as head, is no error.
        discard_output()
        sys.exit(0)
    except OSError as error:
        discard_output()
        _fail(f"cannot read or write: {error.strerror or error}", UNEXPECTED)
    except Exception as error:  # noqa: BLE001 - the last resort: a message instead of a traceback
        _fail(f"unexpected {type(error).__name__}: {error}; please report this with the command", UNEXPECTED)


def discard_output() -> None:
    """Send what is still to be written to standard output nowhere, so that nothing fails again on the way out."""
    with suppress(OSError, ValueError):  # a stand-in for the stream has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _occupy_closed_streams() -> None:
    """Refuse to run without standard output, and let nothing else be opened in the place of a closed stream."""
    closed = [sys.stdin is None, sys.stdout is None, sys.stderr is None]
    if not any(closed):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) < len(closed):
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as this runs
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
        _fail("standard output is closed; to do without the answer, send it to /dev/null", UNEXPECTED)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave in order when asked to, so that worker processes are stopped and nothing half-written is left."""
    sys.exit(TERMINATED)


def _fail(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"lpdistill: error: {message}\n")
    sys.exit(code)
