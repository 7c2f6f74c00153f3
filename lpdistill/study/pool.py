"""Worker processes that have one thread each, so that as many as there are cores do not get in each other's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

from lpdistill.program.solver import THREADS

if TYPE_CHECKING:
    from joblib import Parallel

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in one thread: BLAS and OpenMP as far as they are loaded, and HiGHS."""
    token = THREADS.set(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        THREADS.reset(token)


def in_one_thread(function: Callable[P, T], *arguments: P.args, **settings: P.kwargs) -> T:
    """What a function returns, computed in one thread."""
    with one_thread():
        return function(*arguments, **settings)


def processes(jobs: int, **settings: Any) -> Parallel:
    """Worker processes; the libraries that they load while they work have one thread, too."""
    from joblib import Parallel, parallel_config  # noqa: PLC0415 - only sweeps need processes

    with parallel_config("loky", inner_max_num_threads=1):
        return Parallel(n_jobs=jobs, **settings)
