"""Workers have one thread each: BLAS, OpenMP and HiGHS."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from joblib import delayed
from threadpoolctl import threadpool_info

from lpdistill import Problem, solve
from lpdistill.program.solver import THREADS, Solver
from lpdistill.study.pool import in_one_thread, one_thread, processes

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")

COUNTED = """
import psutil
from lpdistill import Problem, solve
from lpdistill.program.solver import Solver
from lpdistill.study.pool import one_thread
if {many}:
    Solver({{"threads": {many}}}).run()
before = psutil.Process().num_threads()
with one_thread():
    for memories in (2, 3, 4):
        time = solve(Problem("1/2", memories, "3/4", "79/100")).waiting_time
print(psutil.Process().num_threads() - before, time)
"""


def alone(many=0):
    """How many threads a process has more after some programs, and the last waiting time."""
    run = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", COUNTED.format(many=many)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | dict.fromkeys(VARIABLES, "1"),
    )
    threads, time = run.stdout.split()
    return int(threads), float(time)


@pytest.fixture(scope="module")
def workers():
    """Two processes."""
    with processes(2) as pool:
        yield pool


def test_workers_are_told_to_have_one_thread(workers):
    """Every worker starts with the variables that hold libraries to one thread, also those loaded later."""
    assert workers(delayed(os.getenv)(name) for name in VARIABLES) == ["1"] * len(VARIABLES)


def test_libraries_of_workers_have_one_thread(workers):
    """Where numpy and scipy have computed, their BLAS and OpenMP have one thread."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    workers(delayed(in_one_thread)(solve, problem) for _ in range(4))
    for pools in workers(delayed(threadpool_info)() for _ in range(4)):
        assert {pool["num_threads"] for pool in pools} == {1}


def test_highs_has_one_thread():
    """Solving programs in one thread adds none to a process."""
    threads, time = alone()
    assert threads == 0
    assert time == solve(Problem("1/2", 4, "3/4", "79/100")).waiting_time


def test_a_process_whose_highs_has_threads_keeps_them():
    """Where HiGHS has been given threads before, which is once a process, programs are solved all the same."""
    threads, time = alone(many=3)
    assert threads == 0
    assert time == solve(Problem("1/2", 4, "3/4", "79/100")).waiting_time


def test_one_thread_ends_with_its_block():
    """Afterwards HiGHS decides again."""
    with one_thread():
        assert (THREADS.get(), Solver({}).getOptionValue("threads")[1]) == (1, 1)
    assert (THREADS.get(), Solver({}).getOptionValue("threads")[1]) == (0, 0)
