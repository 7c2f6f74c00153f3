"""What it costs to start: whole processes, from beginning to end, beside a Python that does nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = str(Path(sys.executable).with_name("lpdistill"))
README = ["--p", "0.5", "--memories", "4", "--f0", "0.75", "--target", "0.79"]
PYTHON = "python -c pass"

PROCESSES = {
    PYTHON: [sys.executable, "-c", "pass"],
    "import lpdistill": [sys.executable, "-c", "import lpdistill"],
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import scipy.sparse": [sys.executable, "-c", "import scipy.sparse"],
    "import scipy.sparse, highspy, rich.table": [sys.executable, "-c", "import scipy.sparse, highspy, rich.table"],
    "lpdistill --help": [SCRIPT, "--help"],
    "lpdistill solve --help": [SCRIPT, "solve", "--help"],
    "lpdistill solve": [SCRIPT, "solve", *README],
    "lpdistill solve --json": [SCRIPT, "solve", *README, "--json"],
}


def seconds_of_children() -> float:
    """Processor time of all processes that this one has waited for, which other work on the machine hardly changes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


PEAK = """
import os, sys
command = sys.argv[1:]
process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", 1, 0)])
print(os.wait4(process, 0)[2].ru_maxrss * 1024)
"""
"""Starts a command from a small process: a child's peak is at least what its parent holds."""


def done(command: list[str]) -> None:
    """Run a command to its end without a fault."""
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own


@pytest.mark.benchmark(group="processor time of a process", timer=seconds_of_children)
@pytest.mark.parametrize("name", PROCESSES)
def test_process(benchmark, name):
    """A whole process, its modules compiled before."""
    command = PROCESSES[name]
    done(command)
    peak = subprocess.run([sys.executable, "-c", PEAK, *command], capture_output=True, check=True)  # noqa: S603 - our own
    benchmark.extra_info.update(reference=name == PYTHON, peak_bytes=int(peak.stdout))
    benchmark.pedantic(done, args=(command,), rounds=15)
