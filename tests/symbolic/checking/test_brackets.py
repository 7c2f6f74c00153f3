"""Certificates past the pumping limit: two label models, checked from the parameters and a grid."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from cases import solved
from document_changes import changed, leaves, other
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lpdistill import (
    Budget,
    LimitError,
    LpdistillError,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    NotCertifiedError,
    Problem,
    solve,
)
from symbolic import BracketCertificate, certify, check

THREE = Problem("1/2", 3, "4/5", "22/25")
WIDE = Problem("9/10", 3, "3/4", "84/100")
RULES = {
    "none": (),
    "one distillation": (MaxDistillations(1),),
    "one attempt": (MaxAttempts(1),),
    "no generation while distilling": (NoGenerationWhileDistilling(),),
}


def wide() -> BracketCertificate:
    """A bracket that does not meet."""
    proof = certify(solve(WIDE, within="1/2"))
    assert isinstance(proof, BracketCertificate)
    return proof


DOCUMENTS = {
    "both bounds meet": certify(solved(THREE)).to_dict(),
    "long distillations, discarding, last step free": certify(
        solved(THREE.replace(generation_time=3, distillation_time=1, discarding=True, final_step="free"))
    ).to_dict(),
    "a rule": certify(solved(THREE.with_constraints(MaxAttempts(1)))).to_dict(),
    "a budget": certify(solved(THREE.with_constraints(Budget("generation_attempts", "18")))).to_dict(),
    "bounds apart": wide().to_dict(),
}
documents = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


def rejected(document: dict[str, Any]) -> None:
    """A document is not accepted."""
    with pytest.raises((NotCertifiedError, ModelError, LimitError)):
        check(document)


@pytest.mark.parametrize(
    ("f0", "target", "time"),
    [
        ("4/5", "22/25", Fraction(609951961684204, 29696958095187)),
        ("9/10", "95/100", Fraction(770261610158419, 48797113221642)),
    ],
)
def test_the_optimum_past_the_limit_is_a_fraction(f0, target, time):
    """Where both label models meet, the optimum of infinitely many levels is proved exactly."""
    proof = certify(solved(Problem("1/2", 3, f0, target)))
    assert proof.waiting_time == proof.lower_bound == proof.upper_bound == time
    assert check(proof).waiting_time == time


@documents
def test_brackets_are_accepted(document):
    """The checker proves the bounds that are claimed, also through JSON."""
    found = check(json.loads(json.dumps(document)))
    assert (found.lower_bound, found.upper_bound) == tuple(
        Fraction(document[name]) for name in ("lower_bound", "upper_bound")
    )
    assert found.labels == len(document["grid"])


def test_bounds_that_do_not_meet_claim_no_waiting_time():
    """A bracket is claimed as one: nothing of it can be mistaken for an optimum."""
    proof, found = wide(), check(DOCUMENTS["bounds apart"])
    assert proof.lower_bound == found.lower_bound < found.upper_bound == proof.upper_bound
    assert "waiting_time" not in proof.claims() | found.to_dict()
    assert not proof.unique
    for one in (proof, found):
        with pytest.raises(NotCertifiedError, match="lower_bound"):
            _ = one.waiting_time


@documents
def test_every_field_is_checked(document):
    """Another number, name or flag anywhere, a label, how it is made, a value, an action, a bound, is rejected."""
    for path, value in leaves(document):
        if "repaired" in path or "bounds" in path:
            continue
        wrong = changed(document, path, other(value))
        if len(path) > 3 and path[3] == "action":  # another optimal action would do as well
            row = wrong[path[0]]["exact"][path[2]]
            if row["action"] in row["optimal"]:
                continue
        rejected(wrong)


@documents
def test_nothing_may_be_missing(document):
    """Neither a part of the document, nor one of either proof, nor a label."""
    for name in document.keys() - {"version"}:
        rejected({other: part for other, part in document.items() if other != name})
    for side in ("lower", "upper"):
        for name in document[side].keys() - {"repaired"}:
            rejected(
                changed(document, (side,), {other: part for other, part in document[side].items() if other != name})
            )
    for place in range(len(document["grid"])):
        rejected(changed(document, ("grid",), document["grid"][:place] + document["grid"][place + 1 :]))


@documents
def test_labels_belong_to_the_proof(document):
    """One more label, one that is made of itself, one twice, and the two models exchanged are rejected."""
    grid, f0 = document["grid"], document["grid"][0]
    high = {"fidelity": str((Fraction(grid[-1]["fidelity"]) + Fraction(document["problem"]["target"])) / 2)}
    rejected(changed(document, ("grid",), [*grid, {**high, "distil": [len(grid), 0]}]))
    rejected(changed(document, ("grid",), [*grid, {**high, "distil": [0, 0]}]))
    rejected(changed(document, ("grid",), [*grid, grid[-1]]))
    rejected(changed(document, ("grid",), [{**f0, "distil": [0, 0]}, *grid[1:]]))
    rejected({**document, "lower": document["upper"]})
    rejected({**document, "upper": document["lower"]})


def test_earlier_versions_have_no_labels():
    """A document of an earlier version has no labels, whatever else it says."""
    rejected({**DOCUMENTS["both bounds meet"], "version": "1.1"})


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("rules", [{"rule": "banded", "width": 1}]),
        ("rules", [{"rule": "equal_levels_only"}]),
        ("budgets", {"distillations": {"least": "1"}}),
        ("budgets", {"memory_time": {"most": "100"}}),
        ("budgets", {"rest": {"most": "1", "visits": [[1, 0, 0]]}}),
    ],
)
def test_what_labels_do_not_bracket_is_refused(name, stated):
    """Rules and budgets under which a better pair may be worse are refused before any number is looked at."""
    document = changed(DOCUMENTS["both bounds meet"], ("problem", name), stated)
    document["problem"]["attempts"] = "all"
    with pytest.raises(ModelError, match="do not bracket"):
        check(document)


def test_memory_time_is_bracketed_where_pairs_are_discarded():
    """An upper limit on memory time is proved within, if pairs may be discarded."""
    free = solved(THREE.replace(discarding=True))
    limit = Budget("memory_time", str(round(0.99 * free.expected["memory_time"], 6)))
    proof = certify(solve(free.problem.with_constraints(limit)))
    found = check(proof)
    assert found.lower_bound == proof.lower_bound <= found.upper_bound == proof.upper_bound
    assert found.lower_bound >= certify(free).waiting_time


@settings(max_examples=15)
@given(
    p=st.fractions("1/2", "1", max_denominator=10),
    memories=st.integers(3, 4),
    f0=st.fractions("7/10", "19/20", max_denominator=20),
    share=st.fractions("1/20", "2/5", max_denominator=20),
    times=st.sampled_from([(1, 2), (3, 1), (1, 1)]),
    rules=st.sampled_from(list(RULES)),
    discarding=st.booleans(),
)
def test_brackets_of_random_problems_are_accepted(p, memories, f0, share, times, rules, discarding):  # noqa: PLR0917 - drawn
    """Whatever is past the limit and solved is proved, and the bounds are those found in floating point."""
    reach = Problem(p, memories, f0, f0 + (1 - f0) / 100).reach
    low, high = (Fraction(limit).limit_denominator(10**6) for limit in (reach.pumping_limit, reach.memory_limit))
    target = (low + share * (high - low)).limit_denominator(1000)
    generation, distillation = times
    problem = Problem(
        p,
        memories,
        f0,
        target,
        generation_time=generation,
        distillation_time=distillation,
        rules=RULES[rules],
        discarding=discarding,
    )
    assume(not problem.reach.finite)
    solution = solve(problem, within="1/2")
    proof = certify(solution)
    found = check(proof)
    assert (found.lower_bound, found.upper_bound) == (proof.lower_bound, proof.upper_bound)
    assert solution.lower_bound <= found.lower_bound * (1 + 1e-12)
    assert found.upper_bound <= solution.upper_bound * (1 + 1e-12)


def test_labels_among_reachable_configurations_are_proved_among_all(monkeypatch):
    """Where columns were listed over what memories can reach, the factored program is solved again and proved."""
    monkeypatch.setattr("lpdistill.process.labelled.QUICK", -1)
    monkeypatch.setattr("lpdistill.process.labelled.LISTING", 0)
    solution = solve(THREE)
    assert type(solution.process).__name__ == "ReachableProcess"
    assert check(certify(solution)).waiting_time == certify(solved(THREE)).waiting_time


def test_too_many_labels_are_refused(monkeypatch):
    """Where all configurations of labels are too many, it says so, with the size."""
    monkeypatch.setattr("lpdistill.process.labelled.QUICK", -1)
    monkeypatch.setattr("lpdistill.process.labelled.LISTING", 0)
    solution = solve(THREE)
    monkeypatch.setattr("symbolic.exact.certification.MOST_CERTIFIED", 10)
    with pytest.raises(LimitError, match="operations in integers"):
        certify(solution)


def test_a_label_model_alone_is_no_proof():
    """The optimum of one label model is not passed for that of the problem."""
    with pytest.raises(LpdistillError, match="labels"):
        certify(solved(THREE).bracket.optimistic)
