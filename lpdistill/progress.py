"""How long work tells what it is doing: a function that is given a stage, or one that is given a count."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Counter: TypeAlias = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and out of how much."""


def silent(stage: str) -> None:
    """Do not tell."""


def uncounted(stage: str, done: int, total: int) -> None:
    """Do not tell."""
