"""How far a policy stays optimal in one parameter, and what takes over beyond."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.solution.document import finite
from lpdistill.solution.tables import Key


class End(StrEnum):
    """What ends a range."""

    ACTION = "action"
    """Another action takes over."""
    LEVELS = "levels"
    """The set of levels changes, so that configurations no longer mean the same."""
    NONE = "none"
    """Nothing: the parameter may be as small, or as great, as it may be at all."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """An action that takes over beyond the end of a range.

    Attributes
    ----------
    counts
        The configuration.
    action, replaced
        What is done beyond the end, and what is done before.
    """

    counts: Key
    action: Any
    replaced: Any

    def to_dict(self) -> dict[str, Any]:
        """What takes over as JSON data."""
        return {
            "counts": node_as_json(self.counts),
            "action": action_as_json(self.action),
            "replaced": action_as_json(self.replaced),
        }


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of a range.

    Attributes
    ----------
    value
        The parameter there: 0 or infinite where it has no end.
    because
        What ends the range.
    takeovers
        The actions that take over beyond.
    """

    value: float
    because: End
    takeovers: tuple[Takeover, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The end as JSON data; null where the range has none."""
        return {
            "value": finite(self.value),
            "because": str(self.because),
            "takeovers": [change.to_dict() for change in self.takeovers],
        }


@dataclass(frozen=True, slots=True)
class Range:
    """The values of a parameter for which the policy stays optimal.

    Attributes
    ----------
    value
        The present value.
    lower, upper
        The two ends.
    """

    value: float
    lower: Limit
    upper: Limit

    def to_dict(self) -> dict[str, Any]:
        """The range as JSON data."""
        return {"value": self.value, "lower": self.lower.to_dict(), "upper": self.upper.to_dict()}

    def __contains__(self, value: float) -> bool:
        return self.lower.value <= value <= self.upper.value
