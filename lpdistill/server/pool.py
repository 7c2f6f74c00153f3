"""Worker processes: each answers one question at a time, is ended when its time has passed, and is replaced."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from lpdistill.errors import WorkerError
from lpdistill.server.limits import Limits
from lpdistill.server.refusals import RefusedError
from lpdistill.server.worker import HEAD, LENGTH, Reply

LONGEST_START = 120.0
"""Seconds within which a process is there, or is given up."""

BACKOFF = (0.0, 0.1, 0.5, 2.0, 5.0)
"""Seconds before a process is started anew, after so many that came to nothing one after the other."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of a process that shares the machine with others of its kind."""


class Worker:
    """A process that answers.

    Attributes
    ----------
    process
        The process.
    reason
        Why it ends: ``lost``, unless whoever ends it says something else.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.reason = "lost"

    @classmethod
    async def start(cls, limits: Limits) -> Worker:
        """A process that is ready to answer.

        Raises
        ------
        WorkerError
            If it ends before it is.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "lpdistill.server.worker", json.dumps(limits.to_dict())),
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, **ONE_THREAD},
            start_new_session=os.name == "posix",  # what a terminal interrupts is the service, which ends its workers
        )
        worker = cls(process)
        try:
            async with asyncio.timeout(LONGEST_START):
                ready = await worker._receive()
        except BaseException as error:
            worker.end("lost")
            await process.wait()
            if isinstance(error, EOFError | TimeoutError):
                raise WorkerError("a process that answers ended before it was ready; the log says why") from None
            raise
        if ready.status != HTTPStatus.OK:
            await process.wait()
            raise WorkerError(json.loads(ready.body)["detail"])
        return worker

    @property
    def alive(self) -> bool:
        """Whether it may be asked."""
        return self.process.returncode is None

    async def ask(self, message: bytes) -> Reply:
        """What it answers.

        Raises
        ------
        EOFError
            If it ends before it has.
        """
        assert self.process.stdin is not None  # noqa: S101 - a pipe, as it was asked for
        try:
            self.process.stdin.write(LENGTH.pack(len(message)) + message)
            await self.process.stdin.drain()
        except ConnectionError:
            raise EOFError from None
        return await self._receive()

    async def _receive(self) -> Reply:
        assert self.process.stdout is not None  # noqa: S101 - as above
        size, status, last = HEAD.unpack(await self.process.stdout.readexactly(HEAD.size))
        return Reply(status, await self.process.stdout.readexactly(size), last)

    def end(self, reason: str) -> None:
        """End it at once."""
        self.reason = reason
        with suppress(ProcessLookupError):
            self.process.kill()


class Pool:
    """So many processes, and those who wait for one.

    Parameters
    ----------
    count
        How many.
    limits
        What each answer may take.
    restarted
        Told why a process was replaced.

    Attributes
    ----------
    waiting, busy, alive
        Questions that wait, processes that are at work, and those that are there.
    """

    def __init__(self, count: int, limits: Limits, restarted: Callable[[str], None] = lambda _: None) -> None:
        self._count, self._limits, self._restarted = count, limits, restarted
        self._idle = asyncio.Queue[Worker]()
        self._keepers: list[asyncio.Task[None]] = []
        self._workers = set[Worker]()
        self.waiting = self.busy = 0

    @property
    def alive(self) -> int:
        """Processes that are there."""
        return len(self._workers)

    async def open(self) -> None:
        """Start all, and wait for the first.

        Raises
        ------
        WorkerError
            If it does not come to be.
        """
        self._enlist(await Worker.start(self._limits))
        first = next(iter(self._workers))
        self._keepers = [asyncio.create_task(self._keep(first if not place else None)) for place in range(self._count)]

    async def close(self) -> None:
        """End all."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for worker in [*self._workers]:
            assert worker.process.stdin is not None  # noqa: S101 - a pipe
            worker.process.stdin.close()  # who has nothing to do ends in order
        for worker in [*self._workers]:
            await worker.process.wait()
        self._workers.clear()

    async def compute(self, message: bytes) -> Reply:
        """The answer of a process to a question.

        Raises
        ------
        RefusedError
            If too many wait, none is free in time, the time passes, or the process is lost.
        """
        worker = await self._free()
        self.busy += 1
        reason, reply = "cancelled", None
        try:
            async with asyncio.timeout(self._limits.seconds):
                reply = await worker.ask(message)
        except TimeoutError:
            reason = "time"
            told = f"time: {self._limits.seconds:g} s, which a request may take here, did not suffice"
            raise RefusedError(504, "out-of-time", f"{told}; ask for less, or of a service with more time") from None
        except EOFError:
            reason = "lost"
            told = "the process that computed this ended before it had answered; nothing was answered: ask again"
            raise RefusedError(503, "lost", told, {"exit": WorkerError.exit_code}, {"Retry-After": "1"}) from None
        finally:
            self.busy -= 1
            if reply is None:
                worker.end(reason)
            elif reply.last:
                worker.reason = "memory"
            else:
                self._idle.put_nowait(worker)
        return reply

    async def _free(self) -> Worker:
        """A process with nothing to do."""
        if self._idle.empty() and self.waiting >= self._limits.queue:
            told = f"queue: {self.waiting} requests wait already; ask again in a while"
            raise RefusedError(429, "busy", told, headers={"Retry-After": "1"})
        self.waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait):
                while not (worker := await self._idle.get()).alive:
                    pass
        except TimeoutError:
            told = f"queue: no process was free for {self._limits.wait:g} s; ask again in a while"
            raise RefusedError(503, "busy", told, headers={"Retry-After": "5"}) from None
        finally:
            self.waiting -= 1
        return worker

    def _enlist(self, worker: Worker) -> None:
        self._workers.add(worker)
        self._idle.put_nowait(worker)

    async def _keep(self, worker: Worker | None) -> None:
        """Keep a process there: when one ends, start another."""
        vain = 0
        while True:
            if worker is not None:
                vain = 0
                await worker.process.wait()
                self._workers.discard(worker)
                self._restarted(worker.reason)
            await asyncio.sleep(BACKOFF[min(vain, len(BACKOFF) - 1)])
            try:
                worker = await Worker.start(self._limits)
            except WorkerError as error:
                vain, worker = vain + 1, None
                sys.stderr.write(f"lpdistill: error: {error}\n")
                continue
            self._enlist(worker)
