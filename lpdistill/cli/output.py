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
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

PATIENCE = 2.0
"""Seconds of silence after which a command says what it is doing."""

SELDOM = 10.0
"""Seconds between two lines about the same count, where there is no terminal."""

LARGE = 1e6
"""Number from which a table shows digits rather than decimals."""

PLAIN_WIDTH = 160
"""Columns of a table that does not go to a terminal."""


def console() -> Console:
    """Standard output, wide enough for a table when it is no terminal."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)


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


class Progress:
    """Tells on standard error what is being done, once it has taken a while.

    On a terminal one line changes in place; elsewhere every stage is a line of its own.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stage = ""
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("")
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._shown = False

    def __call__(self, stage: str) -> None:
        """Enter a stage."""
        with self._lock:
            self._stage = stage
            if self._shown:
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
        line = f"{time.monotonic() - self._began:5.1f} s  {self._stage}"
        if self._console.is_terminal:
            self._status.update(line)
        else:
            self._console.print(line)

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


class Count:
    """Tells on standard error how many of how many are done and how long the rest will take, once it has taken a while.

    On a terminal there is a bar; elsewhere a line now and then.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._console = Console(stderr=True, highlight=False)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task(what, total=None, note="")
        self._began = self._told = time.monotonic()
        self._start: tuple[float, int] | None = None
        self._first: tuple[float, int] | None = None
        self._timer = threading.Timer(PATIENCE, self._bar.start)
        self._timer.daemon = True

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Say how many of how many are done; those of the first call were so from the start."""
        now = time.monotonic()
        if self._start is None:
            self._start, self._began = (now, done), now
            self._bar.reset(self._task, total=total, completed=done, note=note)
        if self._first is None and done > self._start[1]:
            self._first = now, done  # what came before it was not work on the rest
        self._bar.update(self._task, total=total, completed=done, note=note)
        # The first line comes after patience has run out, the others now and then.
        if not self._console.is_terminal and now - self._told > (PATIENCE if self._told <= self._began else SELDOM):
            self._told = now
            self._console.print(self._line(done, total, note, now), soft_wrap=True)

    def _line(self, done: int, total: int, note: str, now: float) -> str:
        since, before = self._first or (now, done)
        left = f"about {(now - since) * (total - done) / (done - before):.0f} s left" if done > before else ""
        said = ", ".join(filter(None, (f"{done:,} of {total:,} {self._what}", note, left)))
        return f"{now - self._began:5.1f} s  {said}"

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._console.is_terminal:
            self._bar.stop()
