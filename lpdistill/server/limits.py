"""What one request may take, and how many may wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact, whole

MEGABYTE = 2**20

LEAST_MEMORY = 512
"""Megabytes that a process needs to be there at all, with what it loads."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take.

    Attributes
    ----------
    seconds
        Time for computing an answer.
    memory
        Bytes of the process that computes it, where the system has such a limit.
    body, answer
        Bytes of what is asked, and of what is answered.
    queue
        Requests that may wait for a process.
    wait
        Seconds for which each may.
    """

    seconds: float = 30.0
    memory: int = 2048 * MEGABYTE
    body: int = MEGABYTE
    answer: int = 64 * MEGABYTE
    queue: int = 64
    wait: float = 30.0

    @classmethod
    def of(cls, *, seconds: Number, memory: Number, body: Number, queue: Number) -> Self:
        """The limits that a user states, memory and bodies in megabytes.

        Raises
        ------
        ModelError
            If one is no number of its kind, or too small to answer anything.

        Examples
        --------
        >>> Limits.of(seconds="1/2", memory=1024, body="0.5", queue=8).body
        524288
        """
        time, size = exact(seconds, "time"), exact(body, "body")
        room, most = whole(memory, "memory"), whole(queue, "queue")
        if not 0 < time <= 86_400:
            raise ModelError("time", "must be a number of seconds above 0, at most a day", seconds)
        if room < LEAST_MEMORY:
            raise ModelError("memory", f"must be at least {LEAST_MEMORY} megabytes, which libraries take", memory)
        if not 1 <= size * MEGABYTE <= 1024 * MEGABYTE:
            raise ModelError("body", "must be a number of megabytes above 0, at most 1024", body)
        if most < 0:
            raise ModelError("queue", "must be at least 0", queue)
        return cls(float(time), room * MEGABYTE, int(size * MEGABYTE), queue=most)

    def to_dict(self) -> Mapping[str, Any]:
        """The limits as JSON data."""
        return asdict(self)
