"""What happens to worker processes when the command that started them is asked to end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

TERMINATED = 143
"""Exit code of a command that was asked to end."""


@contextmanager
def orderly() -> Iterator[None]:
    """Within, a request to end (SIGTERM) is heeded as an interrupt is: workers end too, and nothing is left behind.

    Elsewhere it ends a command at once, also while a solver is at work.
    """
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)
