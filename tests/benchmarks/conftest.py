"""What all benchmarks share: an answer is checked before it is timed, and the record says on what it was timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest

PACKAGES = ("lpdistill", "numpy", "scipy", "highspy", "python-flint", "stormpy", "quantecon", "numba", "mdpsolver")
SECONDS = 2.0
"""Time that a benchmark may take, if three rounds do not take longer."""

SLOW = 5.0
"""Time from which a call is not repeated before it is timed: compiling takes less."""

FEWEST, MOST = 3, 50
"""Rounds of a benchmark."""


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Record the versions of everything that is timed."""
    machine_info["packages"] = {}
    for package in PACKAGES:
        try:
            machine_info["packages"][package] = version(package)
        except PackageNotFoundError:
            continue


@pytest.fixture
def timed(benchmark):
    """Time ``run(prepare())`` without the preparation, having checked once that it answers what is expected."""

    def timed(
        run: Callable[..., float],
        *,
        expected: float,
        within: float,
        prepare: Callable[[], tuple[Any, ...]] = tuple,
    ) -> None:
        for _ in range(2):  # what the first call compiles and caches, later calls find
            began = time.perf_counter()
            answer = run(*prepare())
            once = time.perf_counter() - began
            if once > SLOW:
                break
        assert abs(answer - expected) <= within, f"answers {answer!r}, not {expected!r}"
        benchmark.extra_info["error"] = abs(answer - expected)
        rounds = max(FEWEST, min(MOST, int(SECONDS / once)))
        benchmark.pedantic(run, setup=lambda: (prepare(), {}), rounds=rounds, iterations=1)

    return timed
