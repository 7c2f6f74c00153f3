"""How many of something: at least so many, and not more than can be computed."""

from __future__ import annotations

import math
from typing import Any

from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import whole

LONGEST_SHOWN = 10**15
"""Number from which a message gives the order of magnitude."""


def count(value: Any, where: str, *, least: int) -> int:
    """A whole number, at least ``least``.

    Raises
    ------
    ModelError
        If ``value`` is no whole number, or a smaller one.

    Examples
    --------
    >>> count("4", "memories", least=1)
    4
    """
    number = whole(value, where)
    if number < least:
        raise ModelError(where, f"must be at least {least}", value)
    return number


def refuse_beyond(where: str, most: int, *, remedy: str = "", **size: int) -> None:
    """Refuse work that would be too large, before it is begun; ``size`` is the one quantity that decides.

    Raises
    ------
    LimitError
        If the quantity is above ``most``.
    """
    ((quantity, found),) = size.items()
    if found > most:
        amount = f"{found:,}" if found < LONGEST_SHOWN else f"about 10^{math.floor(math.log10(found))}"
        noun = quantity.replace("_", " ")
        raise LimitError(
            f"{where}: too large a result ({noun}: {amount}, at most {most:,}); {remedy or f'take fewer {where}'}",
            size=size,
        )
