"""The functions of the library that are requests as they stand, and what settings ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lpdistill.numbers import Number, exact
from lpdistill.problem.problem import Problem
from lpdistill.worth.hashing import hashing
from lpdistill.worth.robust import robust

__all__ = ["RAW", "expected", "expecting", "hashing", "raw_of", "robust"]

RAW = {"f0", "raw"}
"""Settings of raw pairs."""


def raw_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What settings say of raw pairs."""
    return {name: value for name, value in settings.items() if name in RAW}


def expecting(settings: Mapping[str, Any]) -> tuple[Problem, bool]:
    """The problem of some settings, and whether they have a ``p``: the expected one."""
    return Problem.from_dict({"p": "1"} | dict(settings)), settings.get("p") is not None


def expected(
    question: tuple[Problem, bool], interval: tuple[Fraction, Fraction], nominal: Number | None = None
) -> Problem:
    """The problem at the ``p`` that is expected: the one stated, its own if it lies within, or the middle."""
    (problem, expects), (low, high) = question, interval
    middle = problem.p if expects and low <= problem.p <= high else (low + high) / 2
    return problem.replace(p=middle if nominal is None else exact(nominal, "nominal"))
