"""Rates proved in rational arithmetic, against fractions and numbers of an oracle that shares no code with them."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from cases import solved
from rate_cases import problem_of
from steady_numbers import OTHERS, STATED

from lpdistill import (
    Action,
    EqualLevelsOnly,
    LimitError,
    NotCertifiedError,
    Problem,
    throughput,
)
from symbolic import certify, certify_rate, check
from symbolic.exact.model import ExactModel
from symbolic.steady.gain import ExactGain

TWO, THREE = Problem("1/2", 2, "3/4", "79/100"), Problem("1/2", 3, "3/4", "79/100")
COUNTED = [case for case in STATED + OTHERS if case.target and not case.budgets and case.name[:4] != "past"]


@cache
def proof(problem: Problem) -> dict:
    """A certificate as a document."""
    return certify_rate(throughput(problem)).to_dict()


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
def test_exact_gains_are_those_of_numbered_memories(case):
    """The fraction is the oracle's where it has one, and rounds to the oracle's number elsewhere."""
    found = certify_rate(throughput(problem_of(case)))
    if case.exact is not None:
        assert found.gain == Fraction(case.exact)
    assert float(found.gain) == pytest.approx(case.gain, rel=1e-9)


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
def test_certificates_are_checked_by_code_that_shares_none_with_them(case):
    """The checker works the program out of the parameters alone, and finds the same gain."""
    certificate = certify_rate(throughput(problem_of(case)))
    found = check(certificate)
    assert found.gain == certificate.gain
    assert (found.configurations, found.columns) == (len(certificate.bias), certificate.checked_columns)


def changed_digits(document: dict) -> list[dict]:
    """All documents in which one digit of the gain or of a value is another."""
    found = []
    for place in [None, *range(len(document["exact"]))]:
        text = document["gain"] if place is None else document["exact"][place]["value"]
        for match in re.finditer("[0-9]", text):
            other = copy.deepcopy(document)
            start = match.start()
            new = f"{text[:start]}{(int(match.group()) + 1) % 10}{text[start + 1 :]}"
            if place is None:
                other["gain"] = new
            else:
                other["exact"][place]["value"] = new
            if "/" not in new or (int(new.partition("/")[2]) and Fraction(new) != Fraction(text)):
                found.append(other)
    return found


@pytest.mark.parametrize("problem", [TWO, THREE], ids=["two", "three"])
def test_a_changed_digit_is_refused(problem):
    """Whatever digit of the gain, or of the value of any configuration, is another: the certificate is wrong."""
    wrong = changed_digits(proof(problem))
    assert len(wrong) > 20
    for document in wrong:
        with pytest.raises(NotCertifiedError, match="the certificate is wrong"):
            check(document)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p", "1/3"),
        ("f0", "76/100"),
        ("memories", 4),
        ("distillation_time", "3"),
        ("target", "77/100"),
        ("discarding", True),
    ],
)
def test_a_certificate_is_of_its_problem_only(name, value):
    """With another parameter of the problem the same numbers prove nothing."""
    document = copy.deepcopy(proof(THREE))
    document["problem"][name] = value
    with pytest.raises(NotCertifiedError, match="the certificate is wrong"):
        check(document)


def test_an_action_that_loses_is_refused():
    """Generating beside two pairs, rather than distilling them, does not attain the value."""
    document = copy.deepcopy(proof(TWO))
    row = next(row for row in document["exact"] if row["action"]["distil"])
    row["action"] = {"generate": 0, "distil": []}
    with pytest.raises(NotCertifiedError, match="does not attain the value"):
        check(document)


def test_budgets_in_a_certificate_have_prices():
    """A certificate without prices is none of a rate within budgets, and not read as one without."""
    document = copy.deepcopy(proof(TWO))
    document["problem"]["budgets"] = {"distillations": {"most": "1"}}
    with pytest.raises(NotCertifiedError, match="budgets"):
        check(document)


def test_the_bias_solves_the_equations_of_the_policy():
    """What floating point found of the values is the exact bias, rounded."""
    rate = throughput(THREE)
    bias = certify_rate(rate).bias
    for row in rate.rows():
        assert row.value == pytest.approx(float(bias[row.counts]), rel=1e-9, abs=1e-12)


def test_dead_ends_are_worked_out_by_the_checker_too():
    """Under a rule that traps pairs, configurations that memories cannot leave have no value, and are found again."""
    trapping = Problem("1/2", 3, "3/4", "79/100", rules=[EqualLevelsOnly()], discarding=True)
    found = check(certify_rate(throughput(trapping)))
    assert float(found.gain) == pytest.approx(throughput(trapping).gain, rel=1e-12)


def test_what_rules_trap_is_no_rate_of_the_first_policy():
    """Who hurries to the first pair may leave pairs that never go: the rate has a proof, and that policy none."""
    rate = throughput(Problem("1/2", 4, "17/20", "9/10", rules=[EqualLevelsOnly()]))
    assert rate.first.run_on is None
    assert rate.first.rate < rate.gain
    assert float(check(certify_rate(rate)).gain) == pytest.approx(rate.gain, rel=1e-12)


def test_a_policy_that_is_not_optimal_is_repaired():
    """Howard's method over the rationals starts from a policy that does not distil two raw pairs, and mends it."""
    rate = throughput(THREE)
    optimum = rate.found.model.optimum
    process, columns = optimum.process, optimum.columns.copy()
    where = process.configurations.rank(np.array([(2, 0)]))
    columns[where] = process.names.find(where, [Action((), 1)])
    model = replace(rate.found.model, optimum=replace(optimum, columns=columns))
    certificate = certify_rate(replace(rate, found=replace(rate.found, model=model)))
    assert certificate.gain == Fraction("781787/7710876")
    assert certificate.repaired == ((2, 0),)


def test_what_is_too_large_is_refused(monkeypatch):
    """Beyond a number of configurations the refusal names it."""
    monkeypatch.setattr("symbolic.steady.certification.MOST_CONFIGURATIONS", 5)
    with pytest.raises(LimitError, match="10 configurations"):
        certify_rate(throughput(THREE))


def test_only_policies_with_one_closed_class_have_a_bias():
    """Equations of a policy that waits for ever in two configurations are singular."""
    found = certify_rate(throughput(TWO)).found
    process, columns = throughput(TWO).found.model.process, found.rows.columns.copy()
    full = process.configurations.rank(np.array([(2, 0), (0, 2)]))
    columns[full] = process.names.find(full, [Action(), Action()])
    with pytest.raises(NotCertifiedError, match="several closed classes"):
        ExactGain.of(ExactModel.rational(process), columns)


def test_both_kinds_of_certificates_are_told_apart():
    """A certificate of a waiting time is checked as before."""
    assert check(certify(solved(TWO))).waiting_time == Fraction(2448, 173)


def test_documents_name_what_they_are():
    """A certificate of a rate is a document of a kind of its own, with exact text for numbers."""
    document = json.loads(certify_rate(throughput(TWO)).to_json())
    assert (document["schema"], document["version"], document["gain"]) == (
        "lpdistill.rate-certificate/1",
        "1.1",
        "173/2448",
    )
