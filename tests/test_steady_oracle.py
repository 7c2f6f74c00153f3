"""The oracle of the steady state: its routes agree with each other and with the numbers that came with the theory."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import inf, log
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from steady_cases import CASES, ROUNDS, limits_of, link_of, process_of, reward_of
from steady_numbers import (
    ALONE,
    DISTILLING_PAYS_BELOW,
    FRONTIER,
    HALF,
    HALF_FOR_HARD,
    LARGEST_SUM,
    MAX_MIN,
    OTHER_STANDBY,
    PROPORTIONAL,
    RAW_ONLY,
    STANDBY,
    SUM_OF_LOGARITHMS,
    TENANT_FRONTIER,
    TENANTS,
    THREE_TENANTS,
)
from steady_oracle import Levels, Link, Process, distilled, levels, sold, standby
from steady_physics import bb84, bernoulli, poisson, reach
from steady_routes import howard, iterate, program, proved


def gains(process: Process, reward: np.ndarray, limits: list[tuple[np.ndarray, float, float]]) -> list[float]:
    """The gain by the program, both bounds of value iteration, and Howard's, the last three at the program's prices."""
    found = program(process, reward, limits)
    paid = sum(price * upper for price, (_, _, upper) in zip(found.prices, limits, strict=True))
    for price, (row, _, _) in zip(found.prices, limits, strict=True):
        reward = reward - price * row
    return [
        found.gain,
        *(x + paid for x in (*iterate(process, reward, 1e-10 * found.gain), howard(process, reward)[0])),
    ]


@pytest.mark.parametrize("name", CASES)
def test_three_routes_find_the_gain(name):
    """Program, value iteration and Howard find the number that is written down, to 1e-9 of it."""
    case, process = CASES[name], process_of(name)
    found = gains(process, reward_of(case, process), limits_of(case, process))
    assert found == pytest.approx([case.gain] * 4, rel=1e-9)


@pytest.mark.parametrize("name", ROUNDS)
def test_levels_rounded_up_gain_no_more(name):
    """With all results above a few levels rounded up, the gain is the same as with them rounded down: it is exact."""
    case, process = CASES[name], process_of(name, up=True)
    assert howard(process, reward_of(case, process))[0] == pytest.approx(
        howard(process_of(name), reward_of(case, process_of(name)))[0], rel=1e-10
    )


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.exact])
def test_fractions_are_proved(name):
    """Elimination with fractions finds the gain that is written as one, and no column that earns more."""
    case, process = CASES[name], process_of(name)
    chosen = howard(process, reward_of(case, process))[1]
    assert proved(process, "delivered" if case.worth is None else "worth", chosen) == Fraction(case.exact)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.first])
def test_first_deliveries_are_a_steady_state_that_starts_again(name):
    """With all memories emptied after each delivery, three routes find one over the least expected waiting time."""
    process = process_of(name, restart=True)
    assert gains(process, process.amount("delivered"), []) == pytest.approx([CASES[name].first] * 4, rel=1e-9)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.delivered])
def test_fidelities_are_delivered_at_the_rates_written_down(name):
    """The program sells each level as often as is written, and no other."""
    case, process = CASES[name], process_of(name)
    rates = program(process, reward_of(case, process), limits_of(case, process)).rates
    fidelities = link_of(name).levels.fidelities
    sales = {f"{float(f):.6g}": float(process.amount(f"worth {k}") @ rates) for k, f in enumerate(fidelities, 1)}
    assert {f: rate for f, rate in sales.items() if rate > 1e-9} == pytest.approx(case.delivered, abs=5e-7)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.prices])
def test_prices_are_what_one_more_is_worth(name):
    """Duals of the program are the written prices, and no less than the gain of a limit that is a little wider."""
    case, process = CASES[name], process_of(name)
    reward, limits = reward_of(case, process), limits_of(case, process)
    found = program(process, reward, limits)
    assert found.prices == pytest.approx(list(case.prices.values()), rel=1e-9)
    for k, price in enumerate(found.prices):
        wider = [(row, lower, upper * (1 + 1e-3 * (j == k))) for j, (row, lower, upper) in enumerate(limits)]
        assert program(process, reward, wider).gain <= found.gain + price * (wider[k][2] - limits[k][2]) + 1e-12


@pytest.mark.parametrize("name", ["two memories", "three memories", "raw pairs will do"])
def test_what_meets_the_target_may_as_well_be_sold(name):
    """Deliveries at the end of a step gain what deliveries between steps do, worth 1 from the target on."""
    case = CASES[name]
    process = sold(link_of(name), {"worth": lambda f: int(f >= Fraction(case.target))})
    assert gains(process, process.amount("worth"), []) == pytest.approx([case.gain] * 4, rel=1e-9)


def test_levels_are_those_of_the_werner_map():
    """Two and three raw pairs of .75 make 41/52 and at least .8."""
    assert levels(Fraction(3, 4), Fraction(4, 5)).fidelities == (Fraction(3, 4), Fraction(41, 52), Fraction(4, 5))
    assert distilled(Fraction(3, 4), Fraction(41, 52))[0] > Fraction(4, 5)


def test_key_without_distillation():
    """Every raw pair sold at once is worth M p w(f0)."""
    assert 3 * 0.1 * bb84(Fraction("0.85")) == pytest.approx(RAW_ONLY, abs=5e-10)


@pytest.mark.parametrize(("side", "pays"), [(-1, True), (1, False)])
def test_distilling_for_key_pays_below_a_threshold(side, pays):
    """Two memories distil for key just below p = (P w1 - 2 w0) / 4 w0, and not just above."""
    f0, p = Fraction("0.85"), Fraction(DISTILLING_PAYS_BELOW) + side * Fraction(1, 10**6)
    better, success = distilled(f0, f0)
    assert float(success) * bb84(better) / bb84(f0) / 4 - 0.5 == pytest.approx(DISTILLING_PAYS_BELOW, abs=5e-11)
    process = sold(Link(p, 2, levels(f0, reach(f0, 2), 2)), {"worth": bb84})
    found = program(process, process.amount("worth"))
    assert (process.amount("distillations") @ found.rates > 1e-3) == pays


@pytest.mark.parametrize(("attempts", "key"), FRONTIER)
def test_breakpoints_of_key_against_attempts(attempts, key):
    """At each breakpoint the program gains what is written, and its gain has another slope on either side."""
    process = process_of("key, some of it distilled")
    reward, row = process.amount("worth"), process.amount("attempts")
    left, here, right = (program(process, reward, [(row, -inf, max(0, attempts + d))]).gain for d in (-1e-3, 0, 1e-3))
    assert here == pytest.approx(key, abs=1e-11)
    assert attempts == 0 or here - left > (right - here) * 1.5


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_frontier_is_straight_between_breakpoints(share):
    """Between neighbouring breakpoints the gain is linear: there is no other."""
    process = process_of("key, some of it distilled")
    row = process.amount("attempts")
    for (a, x), (b, y) in pairwise(FRONTIER):
        found = program(process, process.amount("worth"), [(row, -inf, a + share * (b - a))])
        assert found.gain == pytest.approx(x + share * (y - x), abs=1e-11)


@cache
def tenants() -> tuple[Process, np.ndarray, np.ndarray]:
    """Two users of three memories, and what each receives."""
    link = Link(Fraction(1, 2), 3, levels(Fraction(3, 4), Fraction(TENANTS["hard"])))
    process = sold(link, {name: lambda f, t=Fraction(target): int(f >= t) for name, target in TENANTS.items()})
    return process, process.amount("easy"), process.amount("hard")


def test_each_tenant_alone():
    """All three routes find what either receives when the other receives nothing."""
    process, easy, hard = tenants()
    assert gains(process, easy, []) == pytest.approx([ALONE["easy"]] * 4, rel=1e-9)
    assert gains(process, hard, []) == pytest.approx([ALONE["hard"]] * 4, rel=1e-9)


def test_the_least_share_is_greatest_where_both_are_equal():
    """Max-min: the most for either that is no more than what the other has."""
    process, easy, hard = tenants()
    found = [program(process, mine, [(mine - other, -inf, 0)]).gain for mine, other in ((easy, hard), (hard, easy))]
    assert found == pytest.approx([MAX_MIN] * 2, abs=1e-12)


def test_what_half_for_one_leaves_for_the_other():
    """A share for the harder target leaves less for the other, at the price of its row."""
    process, easy, hard = tenants()
    found = program(process, easy, [(hard, ALONE["hard"] / 2, inf)])
    assert found.gain == pytest.approx(HALF_FOR_HARD["easy"], abs=2e-12)
    assert found.prices == pytest.approx(HALF_FOR_HARD["price"], abs=1e-9)


def test_the_largest_sum_has_nothing_for_the_harder_target():
    """The sum of both rates is largest where the easier target has all."""
    process, easy, hard = tenants()
    rates = program(process, easy + hard).rates
    assert (easy @ rates, hard @ rates) == pytest.approx((LARGEST_SUM["easy"], LARGEST_SUM["hard"]), abs=1e-12)


def test_the_largest_sum_of_logarithms():
    """Proportional fairness, by a search over what the second has: the first has all that this leaves."""
    process, easy, hard = tenants()

    def loss(share: float) -> float:
        return -log(share) - log(program(process, easy, [(hard, share, inf)]).gain)

    found = minimize_scalar(loss, bounds=(1e-6, ALONE["hard"] - 1e-9), method="bounded", options={"xatol": 1e-10})
    assert -found.fun == pytest.approx(SUM_OF_LOGARITHMS, abs=5e-8)
    assert found.x == pytest.approx(PROPORTIONAL["hard"], abs=1e-7)


def test_proportional_rates_are_where_a_line_of_the_frontier_gives_both_as_much():
    """On a line ``easy = a - b hard`` the product is largest at ``easy = a / 2``: logarithms without any search."""
    (_, most), (hard, easy), *_ = TENANT_FRONTIER
    rates = (most / 2, most / 2 * hard / (most - easy))
    assert rates == pytest.approx((PROPORTIONAL["easy"], PROPORTIONAL["hard"]), rel=1e-9)
    assert log(rates[0]) + log(rates[1]) == pytest.approx(SUM_OF_LOGARITHMS, abs=5e-8)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_the_frontier_of_two_tenants(share):
    """The first has what is written at each breakpoint, and a straight line between neighbours."""
    process, easy, hard = tenants()
    for (a, x), (b, y) in pairwise(TENANT_FRONTIER):
        found = program(process, easy, [(hard, a + share * (b - a), inf)])
        assert found.gain == pytest.approx(x + share * (y - x), abs=1e-11)


def test_three_tenants():
    """Each alone, the largest least rate of all, and what shares for two leave for the third, at their prices."""
    given = THREE_TENANTS
    problem, targets = given["problem"], {name: Fraction(target) for name, target in given["targets"].items()}
    link = Link(Fraction(problem["p"]), problem["memories"], levels(Fraction(problem["f0"]), max(targets.values())))
    process = sold(link, {name: lambda f, t=t: int(f >= t) for name, t in targets.items()})
    received = {name: process.amount(name) for name in targets}
    for name, mine in received.items():
        assert gains(process, mine, []) == pytest.approx([given["alone"][name]] * 4, rel=1e-9)
        no_more = [(mine - other, -inf, 0.0) for other in received.values() if other is not mine]
        assert program(process, mine, no_more).gain == pytest.approx(given["max_min"], rel=1e-9)
    shares = [(received[name], float(share), inf) for name, share in given["shares"].items()]
    found = program(process, received["a"], shares)
    assert found.gain == pytest.approx(given["left"], rel=1e-9)
    assert found.prices == pytest.approx(list(given["prices"].values()), rel=1e-9)


@pytest.mark.parametrize("given", [*STANDBY, *OTHER_STANDBY], ids=str)
def test_the_service_of_a_standby_pool(given):
    """All three routes find the share of the demand that is met."""
    pool = {**HALF, "memories": 3, "generation_time": "1", "distillation_time": "2"} | given
    demand, slots = Fraction(pool["demand"]), pool["slots"]
    fidelities = levels(Fraction(pool["f0"]), Fraction(pool["target"]))
    times = (Fraction(pool["generation_time"]), Fraction(pool["distillation_time"]))
    laws = {"bernoulli": lambda time: bernoulli(demand, time), "poisson": lambda time: poisson(demand, time, slots)}
    process = standby(Link(Fraction(pool["p"]), pool["memories"], fidelities, *times), slots, laws[pool["arrivals"]])
    served = process.amount("served") / float(demand)
    assert gains(process, served, []) == pytest.approx([pool["service"]] * 4, rel=1e-9)


def fewest(fidelities: Levels, per_attempt: Fraction, per_distillation: int) -> list[Fraction]:
    """What the cheapest way to each level uses on average, time and memories no object."""
    used: list[Any] = [per_attempt] + [inf] * (len(fidelities.fidelities) - 1)
    for _ in fidelities.fidelities:
        for (i, j), (made, success) in fidelities.makes.items():
            used[made - 1] = min(used[made - 1], (used[i - 1] + used[j - 1] + per_distillation) / success)
    return used


@pytest.mark.parametrize(
    ("name", "per_attempt", "per_distillation"),
    [("half an attempt per unit of time", 1, 0), ("few distillations", 0, 1)],
)
def test_scarce_use_is_worth_what_the_cheapest_tree_makes_of_it(name, per_attempt, per_distillation):
    """Where little may be used and all else is waiting, the price is one over the least use of a pair."""
    case = CASES[name]
    used = fewest(levels(Fraction(case.f0), Fraction(case.target)), per_attempt / Fraction(case.p), per_distillation)
    assert list(case.prices.values()) == pytest.approx([float(1 / used[-1])], rel=1e-9)


def test_the_first_attempts_are_worth_the_best_level_by_what_it_uses():
    """The frontier of key against attempts leaves zero with the largest worth over attempts used of any level."""
    f0 = Fraction("0.85")
    fidelities = levels(f0, reach(f0, 3), 3)
    used = fewest(fidelities, 1 / Fraction("0.1"), 0)
    best = max(bb84(f) / float(u) for f, u in zip(fidelities.fidelities[:-1], used, strict=False) if u < inf)
    assert FRONTIER[1][1] / FRONTIER[1][0] == pytest.approx(best, rel=1e-9)
