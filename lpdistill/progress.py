"""How long work tells what it is doing: a function that is given a stage, or one that is given a count."""

from __future__ import annotations

from typing import Protocol


class Counter(Protocol):
    """Told what is being done, how much of it is done, out of how much, and what else there is to say."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Take a report."""


def silent(stage: str) -> None:
    """Do not tell about a stage."""


def uncounted(stage: str, done: int, total: int, note: str = "") -> None:
    """Do not tell about a count."""
