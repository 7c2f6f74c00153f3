"""Objective files: a problem file with a table of what is asked, and one of what may be chosen."""

from __future__ import annotations

from os import PathLike
from typing import Any, NamedTuple

from lpdistill.errors import ModelError
from lpdistill.problem.problem_file import read_settings

TABLES = {"objective": "what is asked", "ranges": "what may be chosen"}
"""What stands beside the settings of a problem, and what it says."""


class Asked(NamedTuple):
    """What an objective file holds: arguments of :func:`lpdistill.plan`."""

    problem: dict[str, Any]
    objective: dict[str, Any]
    ranges: dict[str, Any]


def read_objective(path: str | PathLike[str]) -> Asked:
    """The objective in a TOML file, decimals kept exactly.

    A file holds the settings of a problem that do not vary, and two tables::

        f0 = "3/4"
        target = 0.79

        [objective]
        waiting_time = 8

        [ranges.p]
        from = 0.3
        to = 0.9
        step = 0.1
        price = 10

        [ranges.memories]
        values = [2, 3, 4, 5]
        prices = [0, 1, 2, 4]

    Raises
    ------
    ModelError
        If the file cannot be read, is no TOML, has unknown keys, or lacks one of the tables.
    """
    settings = read_settings(path, TABLES)
    for table, told in TABLES.items():
        if table not in settings:
            raise ModelError(f"{path}", f"has no table [{table}], which says {told}; add it", None)
    objective, ranges = (settings.pop(table) for table in TABLES)
    return Asked(settings, objective, ranges)
