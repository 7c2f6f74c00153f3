"""The standard streams of the command line: closed before it began, or by a reader that has seen enough."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def discard_output() -> None:
    """Send what is still to be written to standard output nowhere, so that nothing fails again on the way out."""
    with suppress(OSError, ValueError, AttributeError):  # a closed stream, or a stand-in, has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def require_open() -> None:
    """Let nothing else be opened in the place of a closed stream.

    Raises
    ------
    OSError
        If standard output is closed.
    """
    closed = [stream is None for stream in (sys.stdin, sys.stdout, sys.stderr)]
    if not any(closed):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) < len(closed):
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
    if closed[1]:
        raise OSError("standard output is closed; to do without the answer, send it to /dev/null")
