"""What is free is what the machine has, and what the process may still take."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from lpdistill.memory import free

CODE = """
import resource
from lpdistill import Problem, LimitError, solve
from lpdistill.memory import free
before = free()
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**29, resource.RLIM_INFINITY))
assert free() < min(before, 3 * 2**29)
try:
    solve(Problem("1/2", 2000, "3/4", "79/100"))
except LimitError as error:
    print(error)
"""


def test_what_the_machine_has_is_free(monkeypatch):
    """Without a limit, all of it; none is less than nothing."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    assert free() == 1000


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on address spaces")
def test_what_a_process_may_not_take_is_refused_with_its_size():
    """A program beyond the limit of the process is refused before it is begun, however much the machine has."""
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    assert "which need about" in ran.stdout
    assert "are free" in ran.stdout
