"""Rates within budgets, of tenants, of rational worth and on labels, proved and checked in rational arithmetic."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from rate_cases import problem_of
from steady_numbers import ALONE, HALF_FOR_HARD, MAX_MIN, OTHERS, STATED, TENANTS, THREE_TENANTS

from lpdistill import Budget, Hardware, ModelError, NotCertifiedError, Problem, key_rate, throughput
from lpdistill.schemas import schema
from symbolic import certify_rate, check

THREE = Problem("1/2", 3, "3/4", "79/100")
PAST = Problem("1/2", 3, ".8", ".88")
CASES = {case.name: case for case in STATED + OTHERS}
WITHIN = [case for case in CASES.values() if case.budgets and case.target]
PRICED = [case for case in CASES.values() if isinstance(case.worth, dict)]


def steps(table: dict[str, str]):
    """A worth that rises in steps, for fractions and for floating-point numbers."""
    known = {Fraction(least): Fraction(worth) for least, worth in table.items()}

    def worth(fidelity):
        met = [value for least, value in known.items() if float(fidelity) >= float(least)]
        return max(met, default=Fraction(0))

    return worth


def squared(fidelity):
    """A worth that is a polynomial of the fidelity, and nothing below 4/5."""
    above = fidelity - Fraction(4, 5)
    return 10 * above**2 if above > 0 else above * 0


RATES = {
    **{case.name: lambda case=case: throughput(problem_of(case)) for case in WITHIN},
    **{case.name: lambda case=case: key_rate(problem_of(case), steps(case.worth)) for case in PRICED},
    "past the limit": lambda: throughput(PAST),
    "past the limit, within budgets": lambda: throughput(PAST.replace(budgets=[Budget("generation_attempts", "9/10")])),
    "bounds": lambda: throughput(PAST.replace(target=".89"), within=".2"),
    "two limits": lambda: throughput(
        THREE.replace(budgets=[Budget("generation_attempts", "1"), Budget("failed_distillations", "1/50")])
    ),
    "a lower limit": lambda: throughput(THREE.replace(budgets=[Budget("distillations", least=".328")])),
    "memory time": lambda: throughput(THREE.replace(budgets=[Budget("memory_time", "6/5")])),
    "sum": lambda: throughput(THREE, tenants=TENANTS),
    "max-min": lambda: throughput(THREE, tenants=TENANTS, fair="max-min"),
    "half for the second": lambda: throughput(THREE, tenants={"easy": ".78", "hard": (".80", ALONE["hard"] / 2)}),
    "three tenants": lambda: throughput(
        Problem(".6", 3, ".7", ".76"), tenants=THREE_TENANTS["targets"], fair="max-min"
    ),
    "tenants and budgets": lambda: throughput(
        THREE.replace(budgets=[Budget("generation_attempts", "1")]), tenants=TENANTS, fair="max-min"
    ),
    "tenants past the limit": lambda: throughput(PAST, tenants={"a": ".83", "b": ".88"}, fair="max-min"),
    "a polynomial worth": lambda: key_rate(Hardware("1/10", 3, "17/20"), squared, cost="1/1000"),
    "worth within budgets": lambda: key_rate(
        Problem("1/10", 3, "17/20", 1, budgets=[Budget("generation_attempts", "2")]), squared
    ),
}


@cache
def certified(name: str) -> tuple[Any, Any]:
    """A rate and its certificate."""
    rate = RATES[name]()
    return rate, certify_rate(rate)


@pytest.mark.parametrize("name", RATES)
def test_certificates_hold(name):
    """The checker finds the same bounds and as many columns; floating point is as close as it says."""
    rate, proof = certified(name)
    found = check(proof)
    assert (found.lower_bound, found.upper_bound) == (proof.lower_bound, proof.upper_bound)
    assert found.columns == proof.checked_columns
    assert float(proof.lower_bound) == pytest.approx(rate.gain, rel=1e-9)
    assert rate.lower_bound <= proof.lower_bound <= proof.upper_bound <= rate.upper_bound


@pytest.mark.parametrize("case", WITHIN + PRICED, ids=lambda case: case.name)
def test_gains_are_those_of_numbered_memories(case):
    """The fraction is the oracle's where it has one, and rounds to the oracle's number; prices do as well."""
    proof = certified(case.name)[1]
    if case.exact:
        assert proof.gain == Fraction(case.exact)
    assert float(proof.gain) == pytest.approx(case.gain, rel=1e-9)
    names = {"attempts": "generation_attempts", "distillations": "distillations"}
    for name, price in (case.prices or {}).items():
        assert float(proof.vertex.prices[names[name]]) == pytest.approx(price, rel=1e-8)


def test_tenants_have_the_rates_of_an_oracle():
    """Sum, max-min, and what a share of the second leaves for the first, with the price of one more."""
    assert float(certified("sum")[1].gain) == pytest.approx(ALONE["easy"], rel=1e-11)
    assert float(certified("max-min")[1].gain) == pytest.approx(MAX_MIN, rel=1e-11)
    assert float(certified("three tenants")[1].gain) == pytest.approx(THREE_TENANTS["max_min"], rel=1e-11)
    half = certified("half for the second")[1].vertex
    assert float(half.served()[0]) == pytest.approx(HALF_FOR_HARD["easy"], rel=1e-9)
    assert float(-half.claims[1] - 1) == pytest.approx(HALF_FOR_HARD["price"], rel=1e-8)


def test_past_the_limit_both_models_meet():
    """Labels rounded down and up have the same gain where the optimum rounds nothing; elsewhere it lies between."""
    proof = certified("past the limit")[1]
    assert proof.gain == proof.lower_bound == proof.upper_bound == Fraction(19797972063458, 402618333537825)
    apart = certified("bounds")[1]
    assert apart.lower_bound < apart.upper_bound
    assert "gain" not in apart.claims()
    with pytest.raises(NotCertifiedError, match="lie between"):
        _ = apart.gain
    with pytest.raises(NotCertifiedError, match="two bounds"):
        _ = check(apart).gain


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the exact numbers of a document stand."""
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from places(value, (*path, key))
    elif isinstance(part, str) and re.fullmatch(r"-?[0-9]+(/[0-9]+)?", part):
        yield path


def at(document: Any, path: tuple[Any, ...]) -> Any:
    """A part of a document."""
    for key in path:
        document = document[key]
    return document


def wrong_digits(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Documents in which one number outside the problem has another last, or first, digit, and so another value."""
    for path in places({name: part for name, part in document.items() if name not in {"problem", "version"}}):
        text = at(document, path)
        for match in [*re.finditer("[0-9]", text)][:: max(1, len(text) - 1)]:
            new = f"{text[: match.start()]}{(int(match.group()) + 1) % 10}{text[match.end() :]}"
            if new.endswith("/0") or Fraction(new) == Fraction(text):
                continue
            other = copy.deepcopy(document)
            at(other, path[:-1])[path[-1]] = new
            yield other


@pytest.mark.parametrize(
    "name", ["half an attempt per unit of time", "two prices of pairs", "past the limit", "max-min", "two limits"]
)
def test_a_changed_digit_is_refused(name):
    """Whatever number is another, a gain, value, rate, price, use or label: the certificate is wrong."""
    wrong = list(wrong_digits(certified(name)[1].to_dict()))
    assert len(wrong) > 20
    for document in wrong:
        with pytest.raises((NotCertifiedError, ModelError), match="certificate"):
            check(document)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("two limits", ("budgets", "failed_distillations", "most"), "1/40"),
        ("two limits", ("budgets", "generation_attempts", "most"), "1/10"),
        ("two limits", ("budgets",), {}),
        ("two limits", ("p",), "1/3"),
        ("max-min", ("fair",), "sum"),
        ("max-min", ("tenants", "hard", "target"), "79/100"),
        ("max-min", ("tenants", "hard", "share"), "1/10"),
        ("two prices of pairs", ("cost",), "1/100"),
        ("two prices of pairs", ("target",), "9/10"),
        ("past the limit", ("target",), "87/100"),
        ("past the limit", ("memories",), 4),
    ],
    ids=lambda part: str(part).replace("/", "|"),
)
def test_a_certificate_is_of_its_problem_only(name, path, value):
    """With another limit, user, worth or target the same numbers prove nothing."""
    document = copy.deepcopy(certified(name)[1].to_dict())
    at(document["problem"], path[:-1])[path[-1]] = value
    with pytest.raises((NotCertifiedError, ModelError), match="certificate"):
        check(document)


def test_a_worth_that_decreases_is_refused():
    """Labels bracket a worth that does not decrease, and no other."""
    document = copy.deepcopy(certified("two prices of pairs")[1].to_dict())
    least = min(document["problem"]["worth"], key=Fraction)
    document["problem"]["worth"][least] = "2"
    with pytest.raises(NotCertifiedError, match="the worth decreases"):
        check(document)


def test_a_policy_that_never_comes_to_its_class_is_refused():
    """What leads to where the policy is for ever may not stay elsewhere."""
    document = copy.deepcopy(certified("two productive classes")[1].to_dict())
    taken = [row["counts"] for row in document["occupation"]]
    assert document["leading"] or [0, 0, 0] in taken
    document["occupation"] = [row for row in document["occupation"] if row["counts"] != [0, 0, 0]]
    document["leading"].append({"counts": [0, 0, 0], "action": {"generate": 0, "distil": []}})
    with pytest.raises(NotCertifiedError, match="does not come to where it is for ever"):
        check(document)


def test_the_price_of_the_wrong_side_is_refused():
    """An upper limit earns, when it is raised, and never costs."""
    document = copy.deepcopy(certified("two limits")[1].to_dict())
    document["budgets"]["generation_attempts"]["price"] = "-1/10"
    with pytest.raises(NotCertifiedError, match="wrong sign"):
        check(document)


def test_an_earlier_version_knows_none_of_this():
    """A document of the first version with budgets is refused, and so is one that states a worth without labels."""
    document = copy.deepcopy(certified("two limits")[1].to_dict())
    document["version"] = "1.0"
    with pytest.raises(ModelError, match="its version does not know"):
        check(document)
    alone = certify_rate(throughput(THREE)).to_dict()
    alone["problem"]["worth"] = {"3/4": "1"}
    with pytest.raises(ModelError, match="does not state"):
        check(alone)


@pytest.mark.parametrize("name", ["two limits", "max-min", "a polynomial worth", "bounds"])
def test_documents_follow_their_schema(name):
    """Certificates, and what they are found to prove, are documents with schemas."""
    jsonschema = pytest.importorskip("jsonschema")
    proof = certified(name)[1]
    for document in (proof.to_dict(), check(proof).to_dict()):
        jsonschema.Draft202012Validator(schema(document["schema"])).validate(document)
    assert proof.to_dict()["version"] == "1.1"
    assert "Certificate" in repr(proof) or "Bracket" in repr(proof)


@pytest.mark.parametrize(
    ("rate", "named"),
    [
        (lambda: key_rate(Hardware("1/2", 2, "9/10"), "bb84"), "worth: must be rational"),
        (lambda: throughput(THREE, tenants=TENANTS, fair="proportional"), "fair: must be sum or max-min"),
        (
            lambda: throughput(THREE.replace(distillation="dejmps"), tenants={"a": ".78"}),
            "distillation: must be bbpssw",
        ),
    ],
    ids=["key", "logarithms", "another map"],
)
def test_rates_of_other_kinds_say_why_they_are_not_proved(rate, named):
    """What is irrational, and users of pairs of another map, are refused by name."""
    with pytest.raises(ModelError, match=named):
        certify_rate(rate())


def test_what_randomises_has_no_policy_to_show():
    """Within budgets the certificate has how often which action is taken, and says so where a policy is asked for."""
    proof = certified("half an attempt per unit of time")[1]
    with pytest.raises(ModelError, match="occupation"):
        _ = proof.policy
    assert any(len(taken) > 1 for taken in proof.occupation.values())
    assert sum(rate for taken in proof.occupation.values() for rate in taken.values()) > 0


def test_the_proof_is_of_the_labels_that_the_problem_has():
    """A checker that mixed both models up would find other bounds."""
    document = copy.deepcopy(certified("bounds")[1].to_dict())
    document["lower"], document["upper"] = document["upper"], document["lower"]
    with pytest.raises((NotCertifiedError, ModelError), match="certificate"):
        check(document)


def test_tenants_get_only_what_meets_their_targets_and_is_delivered():
    """Pairs of the easier target are none for the harder one, and no pair is given twice."""
    served = certified("max-min")[1].to_dict()["served"]
    (easy,), (hard,) = served["easy"]["given"], served["hard"]["given"]
    assert Fraction(easy) < Fraction(hard)
    for names, message in ((("easy",), "more is given than delivered"), (("easy", "hard"), "does not meet its target")):
        document = copy.deepcopy(certified("max-min")[1].to_dict())
        for name in names:  # what is delivered of both fidelities is as much, so that exchanged it would do
            other = served["hard" if name == "easy" else "easy"]["given"]
            document["served"][name]["given"] = dict.fromkeys(other, served[name]["rate"])
        with pytest.raises(NotCertifiedError, match=message):
            check(document)


def test_weights_that_do_not_sum_to_one_prove_less_than_the_least_rate():
    """With half of all weights, values and rates the same policy would seem to be the best, and to earn half."""

    def half(text: str) -> str:
        return str(Fraction(text) / 2)

    document = copy.deepcopy(certified("max-min")[1].to_dict())
    document["gain"] = half(document["gain"])
    for row in document["exact"]:
        row["value"] = half(row["value"])
    for has in document["served"].values():
        has |= {name: half(has[name]) for name in ("weight", "price", "rate")}
        has["given"] = {fidelity: half(rate) for fidelity, rate in has["given"].items()}
    with pytest.raises(NotCertifiedError, match="weights of users"):
        check(document)


def test_what_stands_for_all_better_pairs_is_better_than_any():
    """A target that the memories exceed would leave out what better pairs may be worth."""
    document = copy.deepcopy(certified("two prices of pairs")[1].to_dict())
    before, after = document["problem"]["target"], "9/10"
    assert all(Fraction(label["fidelity"]) < Fraction(after) for label in document["grid"])
    worth = document["problem"]["worth"]
    document["problem"] |= {"target": after, "worth": worth | {after: worth.get(before, "1")}}
    with pytest.raises(NotCertifiedError, match="pairs may exceed the target"):
        check(document)
