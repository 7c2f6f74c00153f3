"""How long work tells what it is doing: a function that is given a stage, or one that is given a count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Report(Protocol):
    """Told what is being done, how much of it is done, out of how much, and what else there is to say."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Take a report."""


def silent(stage: str, done: int = 0, total: int = 0, note: str = "") -> None:
    """Tell nobody, neither of stages nor of counts."""


def counter(progress: Callable[[str], None]) -> Report:
    """Where what is told of stages has its counts told: its ``count`` if it has one, as a bar has, else in words.

    >>> counter(print)("slots", 3, 20)
    slots: 3 of 20
    """
    found: Report | None = getattr(progress, "count", None)
    if callable(found):
        return found

    def told(stage: str, done: int, total: int, note: str = "") -> None:
        progress(f"{stage}: {done:,} of {total:,}" + (f", {note}" if note else ""))

    return told
