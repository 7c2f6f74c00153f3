"""Errors survive the way from one process to another, and know what was meant."""

from __future__ import annotations

import pickle

import pytest

from lpdistill import (
    DoNotDistilError,
    Grid,
    ImproperPolicyError,
    InfeasibleError,
    InfiniteLevelsError,
    LimitError,
    ModelError,
    NotCertifiedError,
    Problem,
    UnreachableTargetError,
    baseline,
    frontier,
    solve,
)

GIVEN = {"p": "1/2", "memories": 2, "f0": "3/4", "target": "79/100"}

LIMITS = {"target": 0.9, "pumping_limit": 0.8, "memory_limit": 0.85}
ERRORS = [
    ModelError("p", "must be a probability", 2),
    UnreachableTargetError("too far", **LIMITS),
    DoNotDistilError("too noisy", helps_from=0.99, reaches_from=0.995, **LIMITS),
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


@pytest.mark.parametrize(
    ("ask", "meant"),
    [
        (lambda: Problem.from_dict({"p": "1/2", "memorys": 4}), "memories"),
        (lambda: Problem.from_dict(GIVEN | {"rules": {"max_distilations": 1}}), "max_distillations"),
        (lambda: Problem.from_dict(GIVEN | {"budgets": {"generation_attemps": 12}}), "generation_attempts"),
        (lambda: Problem.from_dict(GIVEN | {"final_step": "chraged"}), "charged"),
        (lambda: solve(Problem.from_dict(GIVEN), method="simplx"), "simplex"),
        (lambda: solve(Problem.from_dict(GIVEN), least="raw-pairs"), "raw_pairs"),
        (lambda: frontier(Problem.from_dict(GIVEN), "raw_pair"), "raw_pairs"),
        (lambda: baseline(Problem.from_dict(GIVEN), "gredy"), "greedy"),
        (lambda: Problem.from_dict(GIVEN).replace(memorys=4), "memories"),
        (lambda: Grid(**GIVEN, max_distilations=1), "max_distillations"),
    ],
)
def test_a_name_that_is_nearly_known_is_suggested(ask, meant):
    """Wherever a name is looked up, a name that is nearly right is answered with the right one."""
    with pytest.raises(ModelError, match=f"; did you mean '{meant}'\\?"):
        ask()


def test_a_name_that_is_like_no_other_is_not_guessed():
    """A name that is like none of those known has no suggestion, only the list."""
    with pytest.raises(ModelError, match="has no such setting") as caught:
        Problem.from_dict({"colour": "red"})
    assert "did you mean" not in str(caught.value)
