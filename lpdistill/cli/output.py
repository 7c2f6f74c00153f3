"""How results reach the terminal."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

PATIENCE = 2.0
"""Seconds of silence after which a command says what it is doing."""

RARELY = 10.0
"""Seconds between two reports of how much is done, where each is a line of its own."""

BAR = 30
"""Width of a progress bar, in characters."""

LARGE = 1e6
"""Number from which a table shows digits rather than decimals."""

PLAIN_WIDTH = 160
"""Columns of a table that does not go to a terminal."""


def console() -> Console:
    """Standard output, wide enough for a table when it is no terminal; text is printed as it is, brackets and all."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document, and nothing else, on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def table(title: str, columns: dict[str, str], rows: Sequence[tuple[str, ...]]) -> Table:
    """A titled table; ``columns`` maps headings to ``left`` or ``right``."""
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, side in columns.items():
        drawn.add_column(heading, justify="right" if side == "right" else "left", header_style="dim", overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def decimals(number: float) -> str:
    """A number with six decimals, or six digits where that would be long."""
    return f"{number:.6f}" if number < LARGE else f"{number:.6g}"


def clock(seconds: float) -> str:
    """A duration to be read at a glance.

    >>> clock(7.2), clock(125), clock(7500)
    ('7 s', '2:05', '2:05:00')
    """
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


class Progress:
    """Tells on standard error what is being done, once it has taken a while.

    On a terminal one line changes in place; elsewhere every stage is a line of its own.  Work that can be counted has
    a bar with the time left.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stage = ""
        self._counted: tuple[int, int, str] | None = None
        self._rate = 0.0, 0
        self._told = -RARELY
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._status = self._console.status("")
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._shown = False

    def __call__(self, stage: str) -> None:
        """Enter a stage."""
        with self._lock:
            self._stage, self._counted, self._told = stage, None, -RARELY
            if self._shown:
                self._tell()

    def count(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Say how much of a stage is done, out of how much; what the first call of a stage counts took no time."""
        with self._lock:
            now = time.monotonic()
            if self._counted is None or stage != self._stage:
                self._rate = now, done
            self._stage, self._counted = stage, (done, total, note)
            if self._shown and (self._console.is_terminal or now - self._told >= RARELY):
                self._tell()

    def _show(self) -> None:
        with self._lock:
            self._shown = True
            if self._console.is_terminal:
                self._status.start()
            self._tell()

    def _tell(self) -> None:
        if not self._stage:
            return
        self._told = time.monotonic()
        line = f"{self._told - self._began:5.1f} s  {self._stage}"
        if self._counted is not None:
            done, total, note = self._counted
            began, before = self._rate
            spent = (self._told - began) / max(1, done - before)
            left = f"about {clock(spent * (total - done))} left" if done > before else ""
            line += ", ".join(filter(None, (f": {done:,} of {total:,}", note, left)))
        if not self._console.is_terminal:
            self._console.print(line)
        elif self._counted is None:
            self._status.update(line)
        else:
            drawn = Table.grid(padding=(0, 1))
            drawn.add_row(ProgressBar(total=max(1, total), completed=done, width=BAR), line)
            self._status.update(drawn)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._shown = False
            self._status.stop()
