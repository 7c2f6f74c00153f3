"""How results reach the terminal."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.table import Table as Grid

from lpdistill import pictures
from lpdistill.cli.streams import discard_output
from lpdistill.solution.answer import SHOWN

if TYPE_CHECKING:
    from lpdistill.solution.answer import Answer, Block

SILENT_FOR = 1.5
"""Seconds of work after which a command says what it is doing: within two, with its start."""

RARELY = 5.0
"""Seconds between two lines of progress, where each is a line of its own."""

BAR = 30
"""Width of a progress bar, in characters."""

FRAME = 0.2
"""Seconds between two states of a progress bar."""

FIRST = "working"
"""What a command does that has not yet said what."""

PLAIN_WIDTH = 160
"""Columns of a table that does not go to a terminal."""


class Screen(Console):
    """A console whose reader may leave: what is still to be written then goes nowhere, and work is finished."""

    def on_broken_pipe(self) -> None:
        """Go on without a reader."""
        discard_output()


def console() -> Console:
    """Standard output, wide enough for a table when it is no terminal; text is printed as it is, brackets and all."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Screen(width=width, highlight=False, markup=False, emoji=False)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document, and nothing else, on standard output."""
    text = json.dumps(document, indent=2, allow_nan=False)
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


def give(found: Answer, *, as_json: bool, whole: bool = False, rest: str = "") -> None:
    """Print an answer: one JSON document, or all that it says in words, with tables as long as usual or whole."""
    if as_json:
        print_json(found.to_dict())
    else:
        tell(found.printed(None if whole else SHOWN), rest)


def table(title: str, columns: Mapping[str, str], rows: Sequence[tuple[str, ...]]) -> Grid:
    """A titled table; ``columns`` maps headings to ``left`` or ``right``."""
    drawn = Grid(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, side in columns.items():
        drawn.add_column(heading, justify="right" if side == "right" else "left", header_style="dim", overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def draw(found: Answer, file: Path | None, progress: Callable[[str], None]) -> None:
    """Draw an answer into a file, if there is one."""
    if file is not None:
        progress("drawing")
        pictures.save(found.plot(), file)


def tell(blocks: Iterable[Block], rest: str = "") -> None:
    """Print what there is to an answer, one below the other; where a table is not whole, also what shows the rest."""
    screen = console()
    for place, block in enumerate([*blocks]):  # nothing is printed before all is known
        if isinstance(block, str):
            screen.print(block, soft_wrap=True)
            continue
        if place:
            screen.print()
        if isinstance(block, list):
            if block.title:
                screen.print(block.title, style="bold")
            for line in block.aligned():
                screen.print(line, soft_wrap=True)
            continue
        screen.print(table(block.title, block.headings, block.rows))
        if block.note:
            screen.print(f"{block.note}{rest}", soft_wrap=True, style="dim")


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
    """Tells on standard error what is being done, once it has taken a while, and how long it will still take.

    A bar on a terminal, a line now and then elsewhere.  Reports only note what is the case, and a thread of its own
    shows it, so that nothing is slowed down by telling, however often it tells.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stage, self._note = FIRST, ""
        self._done, self._total = 0, 0
        self._since = self._began, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._lock = threading.Lock()

    def __call__(self, stage: str) -> None:
        """Enter a stage."""
        self.count(stage, 0, 0)

    def count(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Say how much of a stage is done, out of how much; what the first call of a stage counts took no time."""
        with self._lock:
            if stage != self._stage or not self._total:
                self._since = time.monotonic(), done
            self._stage, self._done, self._total, self._note = stage, done, total, note

    def line(self) -> str:
        """Seconds gone, the stage, how much of it is done, and the time left."""
        with self._lock:
            now, (began, before) = time.monotonic(), self._since
            told = f"{now - self._began:5.1f} s  {self._stage}"
            if not self._total:
                return told
            left = ""
            if self._done > before:
                remaining = (now - began) / (self._done - before) * (self._total - self._done)
                left = f"about {clock(remaining)} left"
            return told + ", ".join(filter(None, (f": {self._done:,} of {self._total:,}", self._note, left)))

    def _show(self) -> None:
        """Show what is being done until the work ends."""
        if self._ended.wait(SILENT_FOR):
            return
        screen = Console(stderr=True, highlight=False, markup=False, emoji=False)
        if screen.is_terminal:
            self._draw(screen)
            return
        told = None
        while not self._ended.is_set():
            if told != (told := (self._stage, self._done, self._note)):
                screen.print(self.line(), soft_wrap=True)
            self._ended.wait(RARELY)

    def _draw(self, screen: Console) -> None:
        """Draw a bar, which is gone when the work ends."""
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - only long work has a bar
        from rich.progress import Progress as Bar  # noqa: PLC0415 - the same

        columns = BarColumn(bar_width=BAR), TextColumn("{task.description}", markup=False)
        with Bar(*columns, console=screen, transient=True, auto_refresh=False) as bar:
            bar.add_task("", total=None)
            (task,) = bar.tasks
            while not self._ended.is_set():
                task.description, task.completed, task.total = self.line(), self._done, self._total or None
                bar.refresh()
                self._ended.wait(FRAME)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
