"""Errors survive the way from one process to another."""

from __future__ import annotations

import pickle

import pytest

from lpdistill import (
    ImproperPolicyError,
    InfeasibleError,
    InfiniteLevelsError,
    LimitError,
    ModelError,
    NotCertifiedError,
    UnreachableTargetError,
)

LIMITS = {"target": 0.9, "pumping_limit": 0.8, "memory_limit": 0.85}
ERRORS = [
    ModelError("p", "must be a probability", 2),
    UnreachableTargetError("too far", **LIMITS),
    InfiniteLevelsError("too many", **LIMITS),
    InfeasibleError("no policy", conflict=("steps",), workable={"steps": 3.5}, dead_ends=((1, 1),)),
    ImproperPolicyError("a deadlock", deadlock=((1, 1),)),
    NotCertifiedError("no proof"),
    LimitError("too large", size={"columns": 10}),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_are_pickled_with_what_they_carry(error):
    """Message, exit code and the objects that an error carries are the same after pickling."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled a moment ago
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert again.exit_code == error.exit_code
