"""What tests of sweeps share: sweeps as processes that end with their test, and the table of an undisturbed one."""

from __future__ import annotations

import pytest
from sweep_cases import POLICIES, SETTINGS, Process

from lpdistill import Grid, sweep


@pytest.fixture
def start():
    """Start sweeps as processes, which end with the test at the latest."""
    started = []

    def begin(*arguments, **settings) -> Process:
        started.append(Process(*arguments, **settings))
        return started[-1]

    yield begin
    for process in started:
        process.close()


@pytest.fixture(scope="session")
def undisturbed():
    """The grid swept in one go, in this process, without a database."""
    return sweep(Grid(**SETTINGS), POLICIES, store=None, jobs=1)
