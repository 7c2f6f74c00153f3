"""Every error is a problem document (RFC 9457) with the exit code of the command line, and tells nothing of within."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest

from lpdistill import Problem, requests
from lpdistill.errors import (
    ImproperPolicyError,
    InfeasibleError,
    LimitError,
    LpdistillError,
    ModelError,
    NotCertifiedError,
    UnreachableTargetError,
    WorkerError,
)
from lpdistill.server.refusals import STATUSES, TITLES, RefusedError, refusal_of

ERRORS = {
    ModelError("p", "must be at most 1; give a probability", Fraction(3, 2)): (422, "wrong-input"),
    UnreachableTargetError("target: out of reach", target=1.0, pumping_limit=0.9, memory_limit=math.inf): (
        409,
        "infeasible",
    ),
    InfeasibleError("budgets: contradict", conflict=(Fraction(1), object()), workable={"steps": 3.5}): (
        409,
        "infeasible",
    ),
    ImproperPolicyError("policy: never ends", deadlock=((1, 1),)): (409, "infeasible"),
    LimitError("memories: too many", size={"columns": 10**30}): (422, "limit"),
    NotCertifiedError("the proof does not close"): (500, "not-certified"),
    WorkerError("a process was lost"): (500, "not-certified"),
    MemoryError(): (503, "out-of-memory"),
    RuntimeError("secret"): (500, "unexpected"),
    OSError(2, "no such file", "/etc/secret"): (500, "unexpected"),
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_are_documents(error):
    """An error of each kind has its status, and a document that is JSON, with its exit code."""
    document = json.loads(refusal_of(error).to_bytes(), parse_constant=pytest.fail)
    status, kind = ERRORS[error]
    assert (document["status"], document["type"]) == (status, f"urn:lpdistill:problem:{kind}")
    if isinstance(error, LpdistillError):
        assert document["exit"] == error.exit_code
        assert document["detail"] == str(error)
    assert document["exit"] in {1, 2, 3, 4}


def test_what_is_unexpected_tells_nothing():
    """Neither messages nor paths of what nobody expected reach whoever asked."""
    for error in (RuntimeError("secret"), OSError(2, "no such file", "/etc/secret"), KeyError("secret")):
        assert b"secret" not in refusal_of(error).to_bytes()


def test_an_error_of_input_says_what_where_which_value_and_what_to_do():
    """The parts of the message stand apart."""
    with pytest.raises(ModelError) as refused:
        requests.solve(Problem.from_dict({"p": "1e999999", "memories": 2, "f0": "3/4", "target": ".79"}))
    found = refusal_of(refused.value).to_dict()
    assert (found["where"], found["value"]) == ("p", "1e999999")
    assert found["what"] == "has an exponent beyond 1000"
    assert found["remedy"] == "give a number of ordinary size"


def test_what_brackets_hold_is_no_remedy():
    """What to do begins outside brackets: a target out of reach is told its limits first."""
    error = LimitError("out of reach (one; two); take more; or less", size={})
    said = refusal_of(error).to_dict()
    assert (said["what"], said["remedy"]) == ("out of reach (one; two)", "take more; or less")


def test_what_can_be_met_is_in_the_document():
    """Budgets that cannot be met say which limits can."""
    tight = Problem("1/2", 3, "3/4", "79/100", budgets={"generation_attempts": 3})
    with pytest.raises(InfeasibleError) as refused:
        requests.solve(tight)
    found = refusal_of(refused.value).to_dict()
    assert found["workable"]["generation_attempts"] > 3
    assert found["exit"] == 3


def test_a_refusal_stays_what_it_is():
    """What has a status already keeps it, with its headers and members."""
    given = RefusedError(429, "busy", "busy: ask again", {"queue": 3}, {"Retry-After": "1"})
    assert refusal_of(given) is given
    assert given.to_dict()["queue"] == 3
    assert given.to_dict()["exit"] == 4


def test_every_kind_has_a_title():
    """What statuses name is in the table of titles."""
    assert {kind for *_, kind in STATUSES} <= TITLES.keys()
