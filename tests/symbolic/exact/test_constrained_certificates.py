"""Certificates under rules, with discards and within budgets: against brute force, and against tampering."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from cases import solved
from constrained_cases import Constrained, hardware, limited, ruled, structural, with_budgets, with_rules
from constrained_oracle import course, occupation
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    NotCertifiedError,
    Problem,
    RawPairOnly,
    Resource,
    Rule,
    Visits,
    solve,
)
from symbolic import certify, check, policy_map

FOUR = Problem("1/2", 4, "3/4", "79/100")
THREE = Problem("7/10", 3, "9/10", "94/100")
DISCARDING = FOUR.replace(discarding=True)

one = (MaxDistillations(1), lambda _, deed: len(deed[0]) <= 1)
equal = (EqualLevelsOnly(), lambda _, deed: all(a == b for a, b in deed[0]))
raw = (RawPairOnly(), lambda _, deed: all(a == 0 for a, _ in deed[0]))
near = (Banded(1), lambda _, deed: all(b - a <= 1 for a, b in deed[0]))
two = (MaxAttempts(2), lambda _, deed: deed[1] <= 2)
silent = (NoGenerationWhileDistilling(), lambda _, deed: not (deed[0] and deed[1]))

RULED = {
    "one distillation": ruled(FOUR, [one]),
    "equal levels": ruled(FOUR, [equal]),
    "with raw pairs": ruled(FOUR, [raw]),
    "near levels": ruled(THREE, [near]),
    "two attempts": ruled(FOUR, [two]),
    "no generation meanwhile": ruled(FOUR, [silent]),
    "one distillation, two attempts": ruled(FOUR.replace(final_step="free"), [one, two]),
    "certain generation": ruled(FOUR.replace(p=1), [silent, one]),
    "discarding": ruled(DISCARDING, [equal]),
    "discarding, two attempts": ruled(DISCARDING.replace(memories=3), [two, equal]),
    "dead ends": ruled(THREE, [equal]),
    "five memories": ruled(Problem("1/2", 5, "9/10", "94/100"), [equal]),
}

LIMITED = {
    "attempts": limited(FOUR, {"generation_attempts": (Fraction(11), None)}),
    "attempts, at least": limited(FOUR, {"generation_attempts": (None, Fraction(14))}),
    "raw pairs": limited(FOUR, {"raw_pairs": (Fraction(53, 10), None)}),
    "distillations": limited(FOUR, {"distillations": (Fraction(33, 10), None)}),
    "memory time": limited(THREE, {"memory_time": (Fraction(18), None)}),
    "steps": limited(FOUR, {"steps": (Fraction(100), None)}),
    "two budgets": limited(
        FOUR, {"generation_attempts": (Fraction(52, 5), None), "distillations": (Fraction(13, 4), None)}
    ),
    "discarding": limited(DISCARDING.replace(memories=3), {"generation_attempts": (Fraction(11), None)}),
}


@pytest.mark.parametrize("case", RULED.values(), ids=RULED)
def test_times_under_rules_are_those_of_brute_force(case):
    """Under rules the proved time is that of exact policy iteration on what the rules leave, and it checks."""
    proof = certify(solve(case.problem))
    assert proof.waiting_time == case.chain.time - case.problem.uncharged_time
    checked = check(proof.to_dict())
    assert (checked.waiting_time, checked.unique) == (proof.waiting_time, proof.unique)
    assert checked.columns == proof.checked_columns


@settings(max_examples=25)
@given(with_rules(most_memories=4))
def test_random_rules_are_certified(case):
    """Random rules, of the user's too: exact values are those of brute force, and dead ends have none."""
    assume(case.chain is not None)
    proof = certify(solve(case.problem))
    _, values = case.chain.optimum
    assert proof.values == {counts: value - case.problem.uncharged_time for counts, value in values.items()}


@settings(max_examples=25)
@given(st.data())
def test_random_built_in_rules_are_checked(data):
    """Certificates under random built-in rules, with or without discarding, pass the checker in either scope."""
    problem = data.draw(hardware(most_memories=4))
    case = ruled(problem, data.draw(st.lists(structural(problem.memories), min_size=1, max_size=3)))
    assume(case.chain is not None)
    proof = certify(solve(case.problem), scope=data.draw(st.sampled_from(["all", "visited"])))
    assert check(proof.to_dict()).waiting_time == case.chain.time - problem.uncharged_time


def exact_course(case: Constrained, proof: Any):
    """What the exact policy of a certificate does, followed by the oracle."""
    draws = {
        counts: {(tuple(sorted(a.distil)), a.generate, tuple(a.discard)): chance for a, chance in drawn.items()}
        for counts, drawn in proof.draws.items()
    }
    return course(case.chain, draws)


def agrees(case: Constrained) -> None:
    """The exact policy has the exact time and uses, and floating point the same time and prices."""
    solution = solve(case.problem)
    proof = certify(solution)
    followed = exact_course(case, proof)
    assert followed.time - case.problem.uncharged_time == proof.waiting_time
    for budget, (use, most, least) in zip(case.problem.budgets, case.limits, strict=True):
        assert followed.used(use) == proof.used[budget.name]
        assert least is None or proof.used[budget.name] >= least
        assert most is None or proof.used[budget.name] <= most
        assert float(proof.prices[budget.name]) == pytest.approx(solution.budgets[budget.name].price, abs=1e-10)
    assert float(proof.waiting_time) == pytest.approx(solution.waiting_time, rel=1e-12)
    assert check(proof.to_dict()).waiting_time == proof.waiting_time


@pytest.mark.parametrize("case", LIMITED.values(), ids=LIMITED)
def test_exact_prices_within_budgets(case):
    """Within budgets exact times, uses and prices are those of floating point, of the oracle and of the checker."""
    agrees(case)


@pytest.mark.parametrize("case", LIMITED.values(), ids=LIMITED)
def test_times_within_budgets_are_those_of_scipy(case):
    """The exact time is the optimum that scipy finds on the enumerated program."""
    found = occupation(case.chain, case.limits).time - case.problem.uncharged_time
    assert float(certify(solve(case.problem)).waiting_time) == pytest.approx(float(found), rel=1e-8)


def test_limits_that_are_the_same_but_for_rounding_are_named_degenerate():
    """A limit on attempts that is, to twelve digits, the one on raw pairs, is a degenerate one, and said to be that."""
    problem = Problem("1/10", 3, "11/20", "799/1450", generation_time="1/4", distillation_time="1/4").with_constraints(
        Budget("generation_attempts", Fraction(4243768529, 121157200)),
        Budget("raw_pairs", Fraction(2904778877, 829298000)),
    )
    with pytest.raises(NotCertifiedError, match=r"generation_attempts <= 35\.0269610803 but for rounding .*degenerate"):
        certify(solve(problem))


@settings(max_examples=15)
@given(with_budgets(most_memories=3))
def test_random_budgets_are_certified_or_named_degenerate(case):
    """Random budgets have exact prices that check, unless the program does not determine them, which is said."""
    try:
        agrees(case)
    except NotCertifiedError as error:
        assert "degenerate" in str(error)  # noqa: PT017 - one of the two outcomes


def test_visits_are_limited_exactly():
    """A budget on visits has exact amounts, and the checker counts them."""
    problem = FOUR.with_constraints(Budget(Visits([(2, 0)]), "6/10"))
    proof = certify(solve(problem))
    assert proof.used == {"visits (2, 0)": Fraction(3, 5)}
    assert check(proof.to_dict()).waiting_time == proof.waiting_time


def test_one_policy_is_optimal_within_a_budget():
    """A budget that binds randomises in one configuration, and the exact policy is unique."""
    proof = certify(solve(LIMITED["attempts"].problem))
    assert [len(drawn) for drawn in proof.draws.values() if len(drawn) > 1] == [2]
    assert proof.unique
    assert not proof.ties
    with pytest.raises(ModelError, match="randomises"):
        proof.policy  # noqa: B018 - it raises
    assert proof.reduced_costs[0, 0]
    assert "price" in repr(proof)


def test_a_budget_that_does_not_bind_changes_nothing():
    """With room to spare the price is 0, and time and policy are those without the budget."""
    proof, free = certify(solve(LIMITED["steps"].problem)), certify(solved(FOUR))
    assert proof.prices == {"steps": 0}
    assert (proof.waiting_time, proof.policy, proof.unique) == (free.waiting_time, free.policy, free.unique)


CROSSTALK = certify(solve(RULED["one distillation"].problem)).to_dict()
NESTED = certify(solve(RULED["dead ends"].problem)).to_dict()
WITHIN = certify(solve(LIMITED["attempts"].problem)).to_dict()


def changed(document: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """A copy of a document with one entry replaced."""
    copied = copy.deepcopy(document)
    *parents, last = path
    place: Any = copied
    for key in parents:
        place = place[key]
    place[last] = to(place[last]) if callable(to) else to
    return copied


@pytest.mark.parametrize(
    "rules", [[], [{"rule": "max_distillations", "most": 2}], [{"rule": "raw_pair_only"}]], ids=str
)
def test_a_changed_rule_is_caught(rules):
    """A rule left out, relaxed or exchanged for another makes the certificate wrong."""
    with pytest.raises(NotCertifiedError):
        check(changed(CROSSTALK, "problem", "rules", to=rules))


@pytest.mark.parametrize("path", [("budgets", "generation_attempts", "price"), ("problem", "budgets")], ids=str)
def test_changed_prices_and_limits_are_caught(path):
    """Another price, or another limit, makes the certificate wrong."""
    price = path[-1] == "price"
    to = (lambda text: text.replace("1", "2", 1)) if price else {"generation_attempts": {"most": "12"}}
    with pytest.raises(NotCertifiedError):
        check(changed(WITHIN, *path, to=to))


def test_a_limit_below_what_is_used_is_caught():
    """A policy that uses more than the limit is rejected."""
    with pytest.raises(NotCertifiedError, match="keep within the budget"):
        check(changed(WITHIN, "problem", "budgets", to={"generation_attempts": {"most": "10"}}))


def test_a_price_of_the_wrong_sign_is_caught():
    """An upper limit that is called a lower one has the wrong sign of its price."""
    with pytest.raises(NotCertifiedError, match="wrong sign"):
        check(changed(WITHIN, "problem", "budgets", to={"generation_attempts": {"least": "11"}}))


def test_a_budget_left_out_is_caught():
    """Prices without their budget, and a budget without its price, are rejected."""
    for path in (("problem", "budgets"), ("budgets",)):
        with pytest.raises(NotCertifiedError, match="its prices are not those"):
            check(changed(WITHIN, *path, to={}))


def test_a_changed_occupation_is_caught():
    """Every number of the occupation counts: visits must balance."""
    for row, entry in enumerate(WITHIN["occupation"]):
        for place, _ in enumerate(entry["actions"]):
            with pytest.raises(NotCertifiedError, match="do not balance"):
                check(changed(WITHIN, "occupation", row, "actions", place, "times", to="1/7"))


def test_other_use_is_caught():
    """What is used is what the occupation says."""
    with pytest.raises(NotCertifiedError, match="another amount"):
        check(changed(WITHIN, "budgets", "generation_attempts", "used", to="10"))


def test_another_claim_of_uniqueness_within_budgets_is_caught():
    """Uniqueness within budgets is checked."""
    with pytest.raises(NotCertifiedError, match="is unique"):
        check(changed(WITHIN, "unique", to=False))


def test_only_dead_ends_are_left_out():
    """A configuration that is no dead end may not be left out, and a dead end may not have a value."""
    counts = [row["counts"] for row in NESTED["exact"]]
    assert len(counts) == 13
    assert [0, 0, 1] not in counts
    with pytest.raises(NotCertifiedError, match="not dead ends"):
        check(changed(NESTED, "exact", to=lambda rows: rows[:-1]))
    with pytest.raises(NotCertifiedError, match="not dead ends"):
        check(changed(NESTED, "bounds", to=[{"counts": [0, 0, 1], "value": "0"}]))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("problem", "rules"), [{"rule": "reserve"}], "rule that this checker does not know"),
        (("problem", "rules"), [{"rule": "max_distillations"}], "rule that this checker does not know"),
        (("problem", "rules"), [{"rule": "max_distillations", "most": "1"}], "whose number is not one"),
        (("problem", "rules"), [{"rule": "max_attempts", "most": 2}], "must have all attempts"),
        (("problem", "budgets"), {"raw_pairs": {"most": "9"}}, "must have all attempts"),
        (("problem", "discarding"), 1, "of no problem"),
    ],
)
def test_what_cannot_be_checked_is_refused(path, value, message):
    """Rules and budgets that the checker does not know, or cannot check, are refused with the reason."""
    with pytest.raises(ModelError, match=message):
        check(changed(CROSSTALK, *path, to=value))


def test_a_rule_of_the_users_is_certified_and_not_checked():
    """A user's predicate has a certificate, which the checker refuses: it cannot know the rule."""
    reserve = Rule(lambda step: step.counts[0] != 1 or not step.distil, name="reserve")
    proof = certify(solve(FOUR.with_constraints(reserve)))
    assert proof.waiting_time > certify(solved(FOUR)).waiting_time
    with pytest.raises(ModelError, match="rule that this checker does not know"):
        check(proof.to_dict())


def test_what_has_no_exact_form_is_refused():
    """A user's resource, a deterministic policy within budgets, too few attempts and a state graph are refused."""
    energy = Budget(Resource("energy", lambda step: 2 * step.generate + 5 * len(step.distil)), 60)
    with pytest.raises(ModelError, match="no exact amounts"):
        certify(solve(FOUR.with_constraints(energy)))
    with pytest.raises(ModelError, match="must be a proved optimum"):
        certify(solve(LIMITED["attempts"].problem, deterministic=True))
    with pytest.raises(ModelError, match="must be all"):
        certify(solve(RULED["two attempts"].problem, attempts="full"))
    with pytest.raises(ModelError, match="state graph"):
        certify(solve(FOUR.graph()))


@pytest.mark.parametrize("case", [RULED["one distillation"], RULED["two attempts"], RULED["discarding"]], ids=str)
@pytest.mark.parametrize("p", ["1/10", "1/2", "9/10"])
def test_maps_under_rules_hold_the_certified_optimum(case, p):
    """Under rules the map has the certified time at every p."""
    found = policy_map(case.problem)
    assert found.waiting_time(p) == certify(solve(case.problem.replace(p=p))).waiting_time


def test_maps_of_budgets_are_refused():
    """Within budgets there is no map."""
    with pytest.raises(ModelError, match="budgets"):
        policy_map(LIMITED["attempts"].problem)
