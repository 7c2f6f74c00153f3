"""What happens to a question: it is answered from the store, with one that is at work already, or by a process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from lpdistill.server.worker import Reply

if TYPE_CHECKING:
    from lpdistill.server.pool import Pool
    from lpdistill.server.store import Store

LASTING = frozenset({HTTPStatus.OK, HTTPStatus.CONFLICT})
"""The statuses of answers that are the same next time: optima, and that there are none."""


class Answered(NamedTuple):
    """An answer, and where it comes from: ``computed``, ``stored`` or ``joined``."""

    reply: Reply
    source: str


@dataclass(slots=True)
class _Flight:
    """A question at work, and how many wait for its answer."""

    task: asyncio.Task[Reply]
    waiting: int = 0


class Desk:
    """Where questions go."""

    def __init__(self, pool: Pool, store: Store) -> None:
        self._pool, self._store = pool, store
        self._flights: dict[str, _Flight] = {}

    async def ask(self, message: bytes, key: str | None) -> Answered:
        """The answer to a question.

        Parameters
        ----------
        message
            The question.
        key
            Its digest, if its answer is the same every time.

        Raises
        ------
        RefusedError
            As :meth:`lpdistill.server.pool.Pool.compute` does.
        """
        if key is None:
            return Answered(await self._pool.compute(message), "computed")
        if (kept := self._store.get(key)) is not None:
            return Answered(kept, "stored")
        flight, source = self._flights.get(key), "joined"
        if flight is None:
            source = "computed"
            flight = self._flights[key] = _Flight(asyncio.create_task(self._compute(message, key)))
        flight.waiting += 1
        try:
            return Answered(await asyncio.shield(flight.task), source)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():  # nobody waits any more
                self._flights.pop(key, None)
                flight.task.cancel()

    async def _compute(self, message: bytes, key: str) -> Reply:
        try:
            reply = await self._pool.compute(message)
        finally:
            if (flight := self._flights.get(key)) is not None and flight.task is asyncio.current_task():
                del self._flights[key]
        if reply.status in LASTING:
            self._store.put(key, reply)
        return reply
