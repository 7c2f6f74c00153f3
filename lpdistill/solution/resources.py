"""What a policy is expected to use on the way to the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def in_words(totals: Mapping[str, float]) -> str:
    """Totals in one line.

    >>> in_words({"steps": 2.5, "raw_pairs": 4.0})
    '2.5 steps, 4 raw pairs'
    """
    return ", ".join(f"{total:.6g} {name.replace('_', ' ')}" for name, total in totals.items())


class Expected(Mapping[str, float]):
    """Expected totals of a run, from the start to the target, the last step included; also as attributes.

    Problems have ``steps``, ``generation_attempts``, ``raw_pairs``, ``distillations``, ``failed_distillations`` and
    ``memory_time`` (sum over steps of the pairs stored at its start times its duration), and the resources of their
    budgets; state graphs have the numbers that their action nodes carry.

    >>> Expected({"steps": 2.5}).steps
    2.5
    """

    def __init__(self, totals: Mapping[str, float]) -> None:
        self._totals = dict(totals)

    def __getitem__(self, name: str) -> float:
        return self._totals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._totals)

    def __len__(self) -> int:
        return len(self._totals)

    def __getattr__(self, name: str) -> Any:
        totals = self.__dict__.get("_totals", {})
        if name not in totals:
            raise AttributeError(f"no expected total {name!r}; there are {', '.join(totals)}")
        return totals[name]

    def __repr__(self) -> str:
        return "Expected(" + ", ".join(f"{name}={total:.6g}" for name, total in self.items()) + ")"

    def to_dict(self) -> dict[str, float]:
        """The totals by name."""
        return dict(self._totals)
