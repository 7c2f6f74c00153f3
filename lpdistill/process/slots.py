"""How many slots of time can be gone through, and whether the machine can hold them."""

from __future__ import annotations

from lpdistill.errors import LimitError
from lpdistill.memory import free

HEADROOM = 0.9
"""Share of the free memory that a program may take."""


MOST_SLOTS = 100_000
"""Slots of time beyond which going through them one by one takes long."""


MOST_PRICED = 3_000_000_000
"""Columns, over all slots of time, beyond which pricing them takes more than minutes."""


SLOT_COLUMNS = 20_000
"""Columns that are priced in the time that a slot takes however few there are."""


SLOT_BYTES, LAYER_BYTES, LAYER_COLUMN_BYTES = 48, 6_000, 64
"""Memory for a configuration in one slot of a recursion, and for a configuration and a column in one layer of a program
over configurations with time."""


def most_slots(configurations: int, columns: int, *, layers: bool) -> int:
    """The most slots of time that a recursion, or a program with a layer for each, can go through.

    Parameters
    ----------
    configurations, columns
        How many there are in each slot.
    layers
        Whether it is a program with a layer for each.
    """
    needed = configurations * LAYER_BYTES + columns * LAYER_COLUMN_BYTES if layers else configurations * SLOT_BYTES
    within_memory = int(HEADROOM * free()) // needed
    return min(MOST_SLOTS, MOST_PRICED // (columns + SLOT_COLUMNS), within_memory)


def require_slots(slots: int, configurations: int, columns: int, *, layers: bool) -> None:
    """Refuse a recursion over slots of time, or a program with a layer for each, that takes too long or too much.

    Raises
    ------
    LimitError
        If it does.
    """
    most = most_slots(configurations, columns, layers=layers)
    if slots <= most:
        return
    raise LimitError(
        f"window: {slots:,} slots of time, each with {configurations:,} configurations and {columns:,} columns, are "
        f"more than can be gone through in minutes and in the memory that is free (at most {most:,}); take a shorter "
        "window, fewer memories, or times with a larger common divisor",
        size={"slots": slots, "configurations": configurations, "columns": columns, "most_slots": most},
    )
