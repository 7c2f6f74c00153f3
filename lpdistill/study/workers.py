"""Who computes the points of a sweep: this process, processes on its cores, or a Dask cluster.

All of them take batches of tasks from one iterator, only as many as they are about to compute, and hand results back as
they come, in any order.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from lpdistill.errors import ModelError, WorkerError
from lpdistill.study.families import Results, outcomes
from lpdistill.study.pool import one_thread, processes
from lpdistill.study.store import Task
from lpdistill.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

WATCH = "lpdistill-watch"
LOOK = 0.5
"""Seconds between two looks at whether the process that a worker works for is alive."""

HELD_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Signals that wait until the workers have been started."""

Batch: TypeAlias = Sequence[Task]
MOST_SECONDS = 1.0
"""Seconds after which a worker begins no other task of its batch, and hands the rest back."""


class Answer(NamedTuple):
    """What comes of a batch: results, tasks not begun because others took long, and what else there is to say."""

    results: Results
    left: Batch = ()
    note: str = ""


Coming: TypeAlias = Generator[Answer, None, None]
"""Results as they come; closing it cancels what is under way."""

AHEAD = 2
"""Batches for every worker that are taken from the iterator before their results are back."""

DESERTED = 300.0
"""Seconds for which a cluster may be without workers."""

ASK = 5.0
"""Seconds without any result after which a cluster is asked whether it has workers."""

LOGGERS = ("asyncio", "distributed.client", "distributed.utils", "tornado.application")
"""Loggers that speak of a lost connection."""

CONNECTING = 10
"""Seconds that a Dask scheduler has to answer."""


def computed(batch: Batch) -> Iterator[Results]:
    """Compute a batch, some tasks at a time, as far as time goes."""
    until = time.monotonic() + MOST_SECONDS
    for results in outcomes(batch):
        yield results
        if time.monotonic() > until:
            return


def computed_elsewhere(batch: Batch) -> Answer:
    """Compute a batch in a worker, which has one thread and leaves interrupts to the process that drives it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with one_thread():
        results = list(chain.from_iterable(computed(batch)))
    return Answer(results, left_of(batch, results))


def left_of(batch: Batch, results: Results) -> Batch:
    """The tasks of a batch of which there are no results."""
    done = {task.key for task, _ in results}
    return [task for task in batch if task.key not in done]


def computed_for(driver: int, batch: Batch) -> Answer:
    """Compute a batch in a worker that ends soon after the process it works for, if that is killed."""
    if not any(thread.name == WATCH for thread in threading.enumerate()):
        threading.Thread(target=_end_with, args=(driver,), name=WATCH, daemon=True).start()
    return computed_elsewhere(batch)


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(LOOK)
    os._exit(1)


def in_this_process(batches: Iterator[Batch]) -> Coming:
    """Results as they come, computed here."""
    for batch in batches:
        left = batch
        for results in computed(batch):
            left = left_of(left, results)
            yield Answer(results)
        yield Answer([], left)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Start processes as a whole: interrupts and requests to end wait until it is done.

    A process whose parent ends before it has told it what to do complains on standard output.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {number: signal.signal(number, lambda got, _frame: held.append(got)) for number in HELD_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for got in held:
            signal.raise_signal(got)


def on_cores(batches: Iterator[Batch], jobs: int) -> Coming:
    """Results batch by batch, computed by processes on this machine.

    Raises
    ------
    WorkerError
        If one of them dies.
    """
    from joblib import delayed  # noqa: PLC0415 - only sweeps need processes

    workers = processes(jobs, return_as="generator_unordered", pre_dispatch=AHEAD * jobs, batch_size=1)
    work = partial(computed_for, os.getpid())
    results: Generator[Answer] | None = None
    try:
        with _undisturbed():
            results = workers(delayed(work)(batch) for batch in batches)
        for found in results:  # noqa: UP028 - yield from would close them first, and joblib would warn
            yield found
    except BrokenProcessPool as error:
        raise WorkerError(
            "jobs: a worker process died (out of memory, or killed); what was finished is kept, so run it again to go "
            f"on, with fewer jobs than {jobs} if memory is short"
        ) from error
    finally:
        with warnings.catch_warnings():  # joblib warns of work that is cancelled
            warnings.simplefilter("ignore", UserWarning)
            if results is not None:
                results.close()


def on_cluster(batches: Iterator[Batch], client: Client) -> Coming:
    """Results batch by batch, computed by the workers of a Dask cluster; Dask replaces lost ones.

    Raises
    ------
    WorkerError
        If the cluster is lost, has no workers for some minutes, or workers die time and again.
    """
    flight = AHEAD * max(1, sum(client.nthreads().values()))
    done: SimpleQueue[Future[Answer]] = SimpleQueue()
    pending: set[Future[Answer]] = set()

    def submit(most: int) -> None:
        for batch in islice(batches, most):
            future = client.submit(computed_elsewhere, batch, pure=False)
            pending.add(future)
            future.add_done_callback(done.put)

    deserted: float | None = None
    try:
        submit(flight)
        while pending:
            try:
                future = done.get(timeout=ASK)
            except Empty:
                if client.scheduler_info()["workers"]:
                    deserted = None
                    continue
                deserted = deserted or time.monotonic()
                if time.monotonic() - deserted > DESERTED:
                    raise WorkerError(
                        f"dask: the cluster has had no workers for {DESERTED:g} seconds; what was finished is kept, so "
                        "start some (dask worker ADDRESS) and run it again to go on"
                    ) from None
                yield Answer([], note="the cluster has no workers")
                continue
            pending.discard(future)
            answer = _answer(future)
            submit(1)
            yield answer
    finally:
        client.cancel(list(pending))


def _answer(future: Future[Answer]) -> Answer:
    try:
        found: Answer = future.result()
    except (Exception, CancelledError) as error:
        raise WorkerError(
            f"dask: the cluster lost a batch ({type(error).__name__}: {error}); what was finished is kept, so run it "
            "again to go on"
        ) from error
    return found


@contextmanager
def cluster(dask: Any) -> Iterator[Client]:
    """A client of the scheduler at an address, closed at the end, or a client that is there already.

    Raises
    ------
    ModelError
        If Dask is not installed, the scheduler does not answer, or its workers have another version of lpdistill.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise ModelError("dask", "needs Dask; install lpdistill[distributed]", None) from None
    if isinstance(dask, Client):
        _require_version(dask)
        yield dask
        return
    if not isinstance(dask, str):
        raise ModelError("dask", "must be the address of a scheduler, such as tcp://host:8786, or a Client", dask)
    try:
        client = Client(dask, timeout=CONNECTING)
    except (OSError, ValueError) as error:
        raise ModelError("dask", f"cannot be reached: {error or 'no answer'}; start a scheduler", dask) from None
    with _quiet(), client:
        _require_version(client)
        yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave it to one error to say that a scheduler is lost: Dask logs every attempt to find it with a traceback."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def version() -> str:
    """The version of lpdistill that a worker has."""
    return __version__


def _require_version(client: Client) -> None:
    try:
        found = client.run(version)
    except Exception as error:
        raise ModelError("dask", f"has workers without lpdistill {__version__}: {error}", None) from error
    if not found:
        raise ModelError("dask", "has no workers; start some (dask worker ADDRESS)", client.scheduler.address)
    for worker, theirs in found.items():
        if theirs != __version__:
            raise ModelError(worker, f"has another version of lpdistill than {__version__}", theirs)
