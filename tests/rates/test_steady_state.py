"""Rates of the steady state against numbers of an oracle that shares no code with them."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from rate_cases import RESOURCES, problem_of
from steady_numbers import (
    ALONE,
    DISTILLING_PAYS_BELOW,
    FRONTIER,
    HALF_FOR_HARD,
    LARGE,
    MAX_MIN,
    OTHERS,
    RUN_ON,
    STATED,
    SUM_OF_LOGARITHMS,
    TENANTS,
    THREE_TENANTS,
    Case,
)
from steady_oracle import Link, counted, levels
from steady_routes import program

from lpdistill import (
    Budget,
    Hardware,
    InfeasibleError,
    MaxDistillations,
    ModelError,
    Problem,
    UnreachableTargetError,
    key_rate,
    throughput,
)
from lpdistill.rates.rate import Rate

STATED_TO = 1e-9
"""Relative accuracy of the numbers with the fewest digits."""

LINK = Problem("1/2", 3, "3/4", "4/5")


def staircase(prices: dict[str, str]) -> Callable[[float], float]:
    """What pairs of at least some fidelities are worth, as a function of their fidelity."""
    steps = sorted((float(Fraction(fidelity)), float(Fraction(price))) for fidelity, price in prices.items())
    return lambda fidelity: max((price for least, price in steps if fidelity >= least - 1e-12), default=0.0)


def asked(case: Case) -> Rate:
    """The rate of a case."""
    problem = problem_of(case)
    if case.worth is None:
        return throughput(problem)
    return key_rate(problem, staircase(case.worth) if isinstance(case.worth, dict) else case.worth, cost=case.cost)


@pytest.mark.parametrize("case", STATED + OTHERS, ids=lambda case: case.name)
def test_rates_are_those_of_numbered_memories(case):
    """Gain, bounds, what is delivered, prices, and what the policy of the first pair earns."""
    found = asked(case)
    gain = case.gain if case.exact is None else float(Fraction(case.exact))
    assert found.gain == pytest.approx(gain, rel=1e-9)
    assert found.lower_bound <= gain * (1 + STATED_TO)
    assert gain * (1 - STATED_TO) <= found.upper_bound
    assert found.upper_bound - found.lower_bound <= 1e-8 * gain
    if case.first is not None:
        assert found.first.rate == pytest.approx(case.first, rel=1e-9)
    for name, price in case.prices.items():
        assert found.budgets[RESOURCES[name]].price == pytest.approx(price, rel=1e-8)
    if case.delivered:
        rates = {float(one.fidelity): one.rate for one in found.delivered}
        assert list(rates) == pytest.approx(list(map(float, case.delivered)), abs=1e-6)
        assert list(rates.values()) == pytest.approx(list(case.delivered.values()), abs=1e-6)


EXACT = [case for case in STATED + OTHERS if case.exact is not None and not isinstance(case.worth, dict)]


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.name)
def test_bounds_hold_to_the_last_digit(case):
    """The exact gain lies strictly between them, where they are taken as the fractions that they are."""
    found = asked(case)
    assert Fraction(found.lower_bound) < Fraction(case.exact) < Fraction(found.upper_bound)


def test_twenty_memories():
    """More columns than can be listed are priced all the same."""
    found = throughput(Problem(LARGE.p, LARGE.memories, LARGE.f0, LARGE.target))
    assert found.gain == pytest.approx(LARGE.gain, rel=1e-12)


@pytest.mark.parametrize(("problem", "gain", "lost"), RUN_ON)
def test_the_policy_of_the_first_pair_earns_less(problem, gain, lost):
    """Even if it keeps what is left when a pair is delivered."""
    found = throughput(Problem(**problem))
    assert found.gain == pytest.approx(gain, rel=1e-12)
    assert 1 - found.first.run_on / found.gain == pytest.approx(lost, abs=1e-10)


def test_a_policy_attains_its_rate_from_empty_memories():
    """Where few attempts are allowed, the program's solution may wait for ever in one class and work in another."""
    few = throughput(Problem("1/2", 4, "3/4", "79/100", budgets={"generation_attempts": ".5"}))
    optimum = few.found.model.optimum
    count, _ = optimum.policy.at(optimum.policy.entered()).classes()
    assert count == 1
    assert few.lower_bound > 0.049036
    assert few.budgets["generation_attempts"].used == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("limit", [".05", ".206", ".4"])
def test_a_policy_keeps_within_its_limits_in_every_class(limit):
    """Where pairs that wait are a class of their own, the rest of the solution alone would distil too often."""
    found = throughput(Problem("1/2", 4, "3/4", "79/100", budgets={"distillations": limit}))
    assert found.budgets["distillations"].used == pytest.approx(float(limit), rel=1e-9)
    assert found.gain == pytest.approx(0.31003584229390665 * float(limit), rel=1e-9)


def test_the_frontier_has_the_prices_of_its_edges():
    """Between breakpoints one more attempt earns the slope, for limits from one breakpoint to the next."""
    for (low, below), (high, above) in pairwise(FRONTIER):
        middle = (low + high) / 2
        found = key_rate(Problem(".1", 3, ".85", 1, budgets={"generation_attempts": middle}))
        use = found.budgets["generation_attempts"]
        assert found.gain == pytest.approx((below + above) / 2, rel=1e-9)
        assert use.price == pytest.approx((above - below) / (high - low), rel=1e-6)
        assert (use.valid_from, use.valid_to) == pytest.approx((low, high), abs=1e-8)


def test_a_limit_that_does_not_bind_has_no_price():
    """More attempts than the best policy makes change nothing."""
    free = throughput(LINK)
    use = throughput(LINK.with_constraints(Budget("generation_attempts", 2))).budgets["generation_attempts"]
    assert (use.price, use.valid_from) == (0.0, pytest.approx(free.use.generation_attempts, rel=1e-9))


def test_distilling_pays_below_a_threshold_of_p():
    """Two memories, f0 = .85, times 1 and 2: key is more with distillation iff p is below it."""
    for p, pays in ((DISTILLING_PAYS_BELOW - 1e-3, True), (DISTILLING_PAYS_BELOW + 1e-3, False)):
        assert (len(key_rate(Hardware(p, 2, ".85")).delivered) > 1) is pays


def test_users_who_share_a_link():
    """Alone, the least of both rates, a share for one, and the sum of logarithms."""
    easy, hard = TENANTS["easy"], TENANTS["hard"]
    both = {"easy": easy, "hard": hard}
    assert throughput(LINK, tenants={"easy": easy}).gain == pytest.approx(ALONE["easy"], rel=1e-9)
    assert throughput(LINK, tenants={"hard": hard}).gain == pytest.approx(ALONE["hard"], rel=1e-9)
    assert throughput(LINK, tenants=both).tenants["hard"].rate == 0.0
    even = throughput(LINK, tenants=both, fair="max-min")
    assert [one.rate for one in even.tenants.values()] == pytest.approx([MAX_MIN, MAX_MIN], rel=1e-9)
    half = throughput(LINK, tenants={"easy": easy, "hard": (hard, ALONE["hard"] / 2)})
    assert half.tenants["easy"].rate == pytest.approx(HALF_FOR_HARD["easy"], rel=1e-8)
    assert half.tenants["hard"].price == pytest.approx(HALF_FOR_HARD["price"], rel=1e-8)
    fair = throughput(LINK, tenants=both, fair="proportional")
    assert sum(math.log(one.rate) for one in fair.tenants.values()) == pytest.approx(SUM_OF_LOGARITHMS, abs=1e-7)
    assert fair.lower_bound <= fair.gain <= fair.upper_bound


def test_three_users():
    """Shares of two of them leave the third what the oracle says, at its prices."""
    problem = Problem(**THREE_TENANTS["problem"], target=".76")
    targets, shares = THREE_TENANTS["targets"], THREE_TENANTS["shares"]
    for name, rate in THREE_TENANTS["alone"].items():
        assert throughput(problem, tenants={name: targets[name]}).gain == pytest.approx(rate, rel=1e-9)
    even = throughput(problem, tenants=targets, fair="max-min")
    assert even.gain == pytest.approx(THREE_TENANTS["max_min"], rel=1e-9)
    found = throughput(problem, tenants={name: (aim, shares.get(name, 0)) for name, aim in targets.items()})
    assert found.tenants["a"].rate == pytest.approx(THREE_TENANTS["left"], rel=1e-8)
    for name, price in THREE_TENANTS["prices"].items():
        assert found.tenants[name].price == pytest.approx(price, rel=1e-7)


def test_delivering_at_once_is_one_way_to_decide():
    """Where all that counts is whether a pair meets the target, deciding when to deliver it earns no more."""
    counted = throughput(LINK)
    decided = throughput(LINK, tenants={"only": LINK.target})
    assert decided.gain == pytest.approx(counted.gain, rel=1e-12)


def test_rules_hold_in_the_steady_state():
    """With one distillation at a time less is delivered, and no step has two."""
    limited = throughput(Problem("1/2", 4, "3/4", "79/100", rules=MaxDistillations(1)))
    assert limited.gain < throughput(Problem("1/2", 4, "3/4", "79/100")).gain
    assert all(len(one.action.distil) <= 1 for row in limited.rows() for one in row.decisions)


def test_time_is_shared_out():
    """Shares of the time sum to 1, deliveries to the gain."""
    found = throughput(LINK)
    assert sum(row.share for row in found.rows()) == pytest.approx(1, rel=1e-12)
    assert sum(one.rate for one in found.delivered) == pytest.approx(found.gain, rel=1e-12)


WRONG = {
    "decreasing": (lambda: key_rate(Hardware(".1", 3, ".85"), lambda f: 1 - f), ModelError, "must not decrease"),
    "negative": (lambda: key_rate(Hardware(".1", 3, ".85"), lambda f: f - 2), ModelError, ">= 0"),
    "unknown": (lambda: key_rate(Hardware(".1", 3, ".85"), "bb85"), ModelError, "bb84"),
    "worthless": (lambda: key_rate(Hardware(".5", 2, ".6")), InfeasibleError, "raise f0"),
    "cost": (lambda: key_rate(Hardware(".5", 2, ".9"), cost=-1), ModelError, "negative"),
    "shares": (lambda: throughput(LINK, tenants={"a": ".78", "b": (".8", ".2")}), InfeasibleError, "0.101387572"),
    "no time": (lambda: throughput(LINK.replace(generation_time=0)), ModelError, "above 0"),
    "no users": (lambda: throughput(LINK, tenants={}), ModelError, "by name"),
    "target": (lambda: throughput(LINK, tenants={"a": "1.2"}), ModelError, "fidelity"),
    "negative share": (lambda: throughput(LINK, tenants={"a": (".78", -1)}), ModelError, "negative"),
    "out of reach": (
        lambda: throughput(LINK.replace(target=".99", memories=2)),
        UnreachableTargetError,
        "out of reach",
    ),
    "fair": (lambda: throughput(LINK, tenants={"a": ".78"}, fair="just"), ModelError, "proportional"),
    "ages": (lambda: throughput(LINK.replace(coherence_time=100)), ModelError, "coherence_time"),
    "budget": (
        lambda: throughput(LINK.with_constraints(Budget("distillations", least=3))),
        InfeasibleError,
        "distillations",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_said(name):
    """A wrong question has one clear message."""
    ask, error, said = WRONG[name]
    with pytest.raises(error, match=said):
        ask()


def test_shares_that_cannot_be_had_are_named_where_highs_first_knows_no_answer():
    """A program of which HiGHS says nothing with the finest tolerance, ``findings/unknown.sh``, is not left at that."""
    link = Problem(".9", 3, ".75", ".77", budgets={"distillations": "1.758825"})
    with pytest.raises(InfeasibleError, match="share of a"):
        throughput(link, tenants={"a": (".77", "1.07196"), "b": (".75", ".141771")})


def test_full_memories_that_no_run_fills_are_nothing_to_lead_to():
    """Where what is stored counts, waiting with two pairs that two memories never have at once earns most, in vain."""
    budgets = [Budget("raw_pairs", ".068"), Budget("memory_time", least="1.7")]
    found = throughput(Problem(".3", 2, ".8", ".84", budgets=budgets))
    process = counted(Link(Fraction(3, 10), 2, levels(Fraction(4, 5), Fraction(21, 25))))
    stored = np.array([sum(level > 0 for level in column.state) for column in process.columns])
    rows = [(0.3 * process.amount("attempts"), 0.0, 0.068), (stored * process.time, 1.7, np.inf)]
    assert found.gain == pytest.approx(program(process, process.amount("delivered"), rows).gain, rel=1e-9)
