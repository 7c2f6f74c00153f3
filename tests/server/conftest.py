"""A service that most tests ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_cases import Served, serving, until


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """A service with two processes, and two that may wait."""
    log = tmp_path_factory.mktemp("served") / "log.txt"
    with serving(log, "--workers", "2", "--queue", "2", "--time", "60") as found:
        until(lambda: len(found.workers()) == 2 and found.metric("lpdistill_workers") == 2)
        yield found
