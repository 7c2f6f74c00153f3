"""What delivering a pair is: the end of a run, or one of many."""

from __future__ import annotations

from enum import StrEnum


class Delivery(StrEnum):
    """When pairs are delivered, and what comes after."""

    FIRST = "first"
    """A run ends with the first pair that meets the target."""
    EVERY = "every"
    """A pair that meets the target is taken away at the end of its step, and the other memories go on as they are."""
    CHOSEN = "chosen"
    """Any pair may be taken away at any time, which takes none, and the other memories go on as they are."""

    RESTART = "restart"
    """Any pair may be delivered at any time, which takes none; then the run begins anew, with empty memories."""

    @property
    def chosen(self) -> bool:
        """Whether delivering is a decision."""
        return self in {Delivery.CHOSEN, Delivery.RESTART}

    @property
    def ends(self) -> bool:
        """Whether a run ends with it."""
        return self is Delivery.FIRST
