"""Optima within budgets, against scipy on the enumerated program, exact chains and exact duals."""

import math
from fractions import Fraction

import pytest
from constrained_cases import Constrained, limited, ruled, with_budgets
from constrained_oracle import STANDARD, course, draws_of, everything, living, occupation, standard
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from oracle import Chain, Hardware, Step

from lpdistill import (
    Budget,
    InfeasibleError,
    NoGenerationWhileDistilling,
    NotCertifiedError,
    Problem,
    Resource,
    Visits,
    solve,
)

PROBLEM = Problem("1/2", 3, "3/4", "79/100")
METHODS = st.sampled_from(["auto", "columns", "simplex"])
BINDING = {"generation_attempts": "10.74", "raw_pairs": "5.3", "memory_time": "16.4"}
"""Upper limits on :data:`PROBLEM` that bind."""


def optimum(case: Constrained) -> float:
    """The oracle's least time, in the convention of the problem; only if a policy attains it."""
    found = occupation(case.chain, case.limits)
    if found is None or not found.attainable:
        reject()
    return found.time - float(case.problem.uncharged_time)


def check_against_the_enumerated_program(case, method):
    """The optimum is scipy's to 1e-8 of the time that passes."""
    wanted = optimum(case)
    found = solve(case.problem, method=method).waiting_time
    assert abs(found - wanted) <= 1e-8 * (wanted + float(case.problem.uncharged_time))


@settings(max_examples=24)
@given(with_budgets(), METHODS)
def test_optimum_within_upper_limits(case, method):
    """Within up to three upper limits that a policy keeps, the optimum is scipy's on the enumerated program."""
    check_against_the_enumerated_program(case, method)


@settings(max_examples=24)
@given(with_budgets(sides=("upper", "lower", "both")), METHODS)
def test_optimum_within_lower_limits(case, method):
    """With lower and two-sided limits among them, the optimum is scipy's too."""
    check_against_the_enumerated_program(case, method)


@settings(max_examples=14)
@given(with_budgets(discarding=True), METHODS)
def test_optimum_within_limits_and_discards(case, method):
    """Within upper limits and with discards, the optimum is scipy's."""
    check_against_the_enumerated_program(case, method)


@settings(max_examples=14)
@given(with_budgets(discarding=True, sides=("upper", "lower")), METHODS)
def test_optimum_within_lower_limits_and_discards(case, method):
    """Within lower limits and with discards, the optimum is scipy's where a policy attains it."""
    check_against_the_enumerated_program(case, method)


@settings(max_examples=24)
@given(with_budgets(most_memories=3, sides=("upper", "both")))
def test_the_policy_takes_and_uses_what_is_reported(case):
    """Followed exactly, the policy takes the reported time, within its bounds, and uses what is reported."""
    solution = solve(case.problem)
    run = course(case.chain, draws_of(solution))
    time = run.time - case.problem.uncharged_time
    assert abs(float(time) - solution.waiting_time) <= 1e-11 * float(run.time)
    assert Fraction(solution.lower_bound) <= time <= Fraction(solution.upper_bound) + Fraction(1, 10**12) * run.time
    for budget, (use, most, least) in zip(case.problem.budgets, case.limits, strict=True):
        used = run.used(use)
        assert float(used) == pytest.approx(solution.budgets[budget.name].used, rel=1e-10, abs=1e-12)
        assert most is None or used <= most * (1 + Fraction(1, 10**10))
        assert least is None or used >= least * (1 - Fraction(1, 10**10))
    solution.verify()


def tight(case: Constrained, solution) -> int:
    """Number of budgets that end on a limit."""
    uses = zip(solution.budgets.values(), case.limits, strict=True)
    return sum(
        any(limit is not None and use.used == pytest.approx(float(limit), rel=1e-9) for limit in limits)
        for use, (_, *limits) in uses
    )


@settings(max_examples=14)
@given(with_budgets(sides=("upper", "lower", "both")), METHODS)
def test_a_budget_randomises_at_most_one_configuration(case, method):
    """The policy randomises in no more configurations than there are budgets that bind."""
    optimum(case)
    solution = solve(case.problem, method=method)
    assert len(solution.policy.randomised) <= tight(case, solution)


@settings(max_examples=14)
@given(with_budgets(sides=("upper", "lower", "both")), METHODS)
def test_prices_are_complementary(case, method):
    """A price is not positive for an upper limit, not negative for a lower one, and 0 where no limit binds."""
    optimum(case)
    solution = solve(case.problem, method=method)
    for use, (_, most, least) in zip(solution.budgets.values(), case.limits, strict=True):
        at_most = most is not None and use.used == pytest.approx(float(most), rel=1e-9)
        at_least = least is not None and use.used == pytest.approx(float(least), rel=1e-9)
        assert use.price <= 0 or at_least
        assert use.price >= 0 or at_most


@settings(max_examples=15)
@given(with_budgets(most_memories=3))
def test_prices_prove_the_optimum_exactly(case):
    """With the prices as fractions, the exact optimum of the priced problem less their worth is the waiting time.

    That is a lower bound by weak duality, whatever the prices are.
    """
    solution = solve(case.problem)
    worth = [max(Fraction(-use.price), Fraction(0)) for use in solution.budgets.values()]
    priced = Chain(
        case.chain.start,
        {
            state: {
                deed: Step(
                    step.cost + sum(w * use(state, deed) for w, (use, _, _) in zip(worth, case.limits, strict=True)),
                    step.moves,
                )
                for deed, step in deeds.items()
            }
            for state, deeds in case.chain.steps.items()
        },
    )
    bound = priced.time - sum(w * most for w, (_, most, _) in zip(worth, case.limits, strict=True))
    assert float(bound - case.problem.uncharged_time) == pytest.approx(
        solution.waiting_time, abs=1e-9 * float(priced.time)
    )


@settings(max_examples=14)
@given(with_budgets(sides=("upper", "lower")), st.floats(0, 1))
def test_prices_hold_between_the_ends_of_their_range(case, share):
    """Anywhere in a price's range, ends included, the optimum moves by the price times the limit's change."""
    wanted = optimum(case)
    total = wanted + float(case.problem.uncharged_time)
    solution = solve(case.problem)
    for i, use in enumerate(solution.budgets.values()):
        resource, most, least = case.limits[i]
        if use.degenerate:
            continue
        assert use.valid_from - 1e-9 <= use.limit <= use.valid_to + 1e-9
        end = min(use.valid_to, 2 * use.valid_from + 1)
        limit = max(use.valid_from + share * (end - use.valid_from), 0)
        moved = list(case.limits)
        moved[i] = (resource, most and limit, least and limit)
        found = occupation(case.chain, tuple(moved))
        # On the very end, rounding may leave nothing feasible.
        if found is None:
            nudge = 1e-9 * (1 + limit) * (1 if most else -1)
            moved[i] = (resource, most and limit + nudge, least and limit + nudge)
            found = occupation(case.chain, tuple(moved))
        assert found is not None
        assert found.time == pytest.approx(total + use.price * (limit - use.limit), abs=1e-7 * total)


@pytest.mark.parametrize(("name", "limit"), BINDING.items())
def test_the_price_is_the_slope_of_the_optimum(name, limit):
    """Half-way to both ends of its range, the optimum moves by the price times the change of the limit, to 1e-11."""
    solution = solve(PROBLEM.with_constraints(Budget(name, limit)))
    use = solution.budgets[name]
    for end in (use.valid_from, use.valid_to):
        other = (end + use.used) / 2 if math.isfinite(end) else use.used + 1
        moved = solve(PROBLEM.with_constraints(Budget(name, other)))
        assert moved.waiting_time - solution.waiting_time == pytest.approx(use.price * (other - use.limit), abs=1e-10)


@pytest.mark.parametrize("name", ["generation_attempts", "raw_pairs", "memory_time"])
def test_a_price_fails_beyond_its_range(name):
    """Just outside its range the optimum is not what the price foretells, or there is none."""
    solution = solve(PROBLEM.with_constraints(Budget(name, BINDING[name])))
    use = solution.budgets[name]
    assert use.price < 0
    for limit in (use.valid_from * 0.999, use.valid_to * 1.001):
        foretold = solution.waiting_time + use.price * (limit - use.limit)
        try:
            moved = solve(PROBLEM.with_constraints(Budget(name, limit))).waiting_time
        except InfeasibleError:
            continue
        assert moved > foretold + 1e-6


@pytest.mark.parametrize("name", STANDARD)
def test_a_budget_that_does_not_bind_has_no_price(name):
    """A limit beyond what is used has price 0 from that use on, and changes nothing."""
    free = solve(PROBLEM)
    solution = solve(PROBLEM.with_constraints(Budget(name, free.expected[name] + 1)))
    use = solution.budgets[name]
    assert solution.waiting_time == pytest.approx(free.waiting_time, rel=1e-13)
    assert (use.price, use.degenerate) == (0, False)
    assert use.used == pytest.approx(free.expected[name], rel=1e-12)
    assert (use.valid_from, use.valid_to) == (pytest.approx(use.used, rel=1e-12), math.inf)
    assert not solution.policy.randomised


def test_a_lower_limit_that_does_not_bind_has_no_price():
    """A lower limit below what is used has price 0 up to that use."""
    free = solve(PROBLEM)
    use = solve(PROBLEM.with_constraints(Budget("steps", least=1))).budgets["steps"]
    assert use.price == 0
    assert use.valid_from <= 1
    assert use.valid_to == pytest.approx(free.expected.steps, rel=1e-12)


@pytest.mark.parametrize(("name", "limit"), BINDING.items())
def test_what_binds_is_used_up(name, limit):
    """A budget with a price is used to its limit."""
    use = solve(PROBLEM.with_constraints(Budget(name, limit))).budgets[name]
    assert use.price < 0
    assert use.used == pytest.approx(float(Fraction(limit)), rel=1e-11)


def test_two_budgets_on_one_resource_are_the_tighter():
    """Budgets on the same resource hold together."""
    one = solve(PROBLEM.with_constraints(Budget("raw_pairs", "5.5"), Budget("raw_pairs", "5.3")))
    assert one.waiting_time == solve(PROBLEM.with_constraints(Budget("raw_pairs", "5.3"))).waiting_time


def test_raw_pairs_are_attempts_times_p():
    """A limit of ``p`` times as many raw pairs is the same limit as one on attempts, at ``1/p`` times the price."""
    attempts = solve(PROBLEM.with_constraints(Budget("generation_attempts", "10.74")))
    pairs = solve(PROBLEM.with_constraints(Budget("raw_pairs", "5.37")))
    assert pairs.waiting_time == pytest.approx(attempts.waiting_time, rel=1e-12)
    price = attempts.budgets["generation_attempts"].price / float(PROBLEM.p)
    assert pairs.budgets["raw_pairs"].price == pytest.approx(price, rel=1e-9)


def test_visits_are_limited():
    """A limit on steps that start in some configurations is met, at the enumerated optimum."""
    crowd = Visits([(2, 0), (3, 0)])
    free = solve(PROBLEM)
    limit = Fraction(round(900 * (free.visits[2, 0] + free.visits[3, 0])), 1000)
    solution = solve(PROBLEM.with_constraints(Budget(crowd, limit)))
    chain = living(everything(Hardware.of(PROBLEM)))

    def use(counts, _):
        return Fraction(counts in {(2, 0), (3, 0)})

    assert solution.waiting_time == pytest.approx(occupation(chain, ((use, limit, None),)).time, rel=1e-9)
    assert course(chain, draws_of(solution)).used(use) == pytest.approx(limit, rel=1e-11)


@pytest.mark.parametrize("share", [0.9, 0.95, 0.99])
def test_a_users_resource_is_limited(share):
    """A resource that depends on the whole step is limited at the enumerated optimum, used up to the limit."""
    heat = Resource("heat", lambda step: (step.generate - 1) ** 2 + 3 * len(step.distil) * step.stored)
    chain = living(everything(Hardware.of(PROBLEM)))

    def use(counts, deed):
        return Fraction((deed[1] - 1) ** 2 + 3 * len(deed[0]) * sum(counts))

    free = course(chain, draws_of(solve(PROBLEM))).used(use)
    frugal = occupation(chain, ((use, None, None),), use).objective
    limit = Fraction(share) * free + (1 - Fraction(share)) * Fraction(frugal)
    solution = solve(PROBLEM.with_constraints(Budget(heat, limit)))
    assert solution.budgets["heat"].used == pytest.approx(float(limit), rel=1e-10)
    assert solution.waiting_time == pytest.approx(occupation(chain, ((use, limit, None),)).time, rel=1e-9)


def test_rules_and_budgets_together():
    """Under a rule and a budget the optimum is scipy's on the filtered program."""
    case = ruled(PROBLEM, [(NoGenerationWhileDistilling(), lambda _, deed: not (deed[0] and deed[1]))])
    use = standard(case.hardware, "memory_time")
    least = Fraction(occupation(case.chain, ((use, None, None),), use).objective)
    limit = (least + Fraction(solve(case.problem).expected.memory_time)) / 2
    solution = solve(case.problem.with_constraints(Budget("memory_time", limit)))
    assert solution.budgets["memory_time"].price < 0
    found = occupation(case.chain, ((use, limit, None),))
    assert solution.waiting_time == pytest.approx(found.time, rel=1e-9)


@pytest.mark.parametrize(
    ("problem", "name", "most", "least"),
    [
        (Problem("2/5", 4, "19/20", "10172/10525", generation_time="3/4", distillation_time="1/4"),
         "generation_attempts", "9.63", None),
        (Problem("4/5", 4, "93/100", "983859/1024900", generation_time="1/2", distillation_time="3/4"),
         "generation_attempts", "5.92", None),
        (Problem(1, 4, "69/100", "2751083/3780500", generation_time="3/4"), "failed_distillations", None, "1.7"),
    ],
)  # fmt: skip
def test_column_generation_finds_policies_within_budgets(problem, name, most, least):
    """Column generation finds the policies that scipy finds, also where its first columns do not keep the budgets."""
    case = limited(problem, {name: (most and Fraction(most), least and Fraction(least))})
    wanted = occupation(case.chain, case.limits).time
    assert solve(case.problem, method="columns").waiting_time == pytest.approx(wanted, rel=1e-8)


def test_two_budgets_with_two_sides_each():
    """Four limits, none of which contradicts another, have the optimum that scipy finds."""
    problem = Problem(
        "3/5", 4, "22/25", "59428/66625", generation_time="1/4", distillation_time="11/4", final_step="free"
    )
    case = limited(
        problem,
        {
            "failed_distillations": (Fraction("0.178369"), Fraction("0.170528")),
            "memory_time": (Fraction("8.65611"), Fraction("7.27113")),
        },
    )
    wanted = occupation(case.chain, case.limits).time - float(problem.distillation_time)
    assert solve(case.problem).waiting_time == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize(
    "problem",
    [
        PROBLEM,
        Problem("4/5", 2, "77/100", "689771/832900", generation_time="3/4", distillation_time="11/4"),
        Problem("1/2", 2, "3/4", "31/40"),
    ],
)
def test_waiting_at_the_start_spends_steps(problem):
    """Any policy can wait at the start, so more steps than are useful cost at most a generation step each."""
    free = solve(problem)
    steps = math.ceil(free.expected.steps) + 3
    solution = solve(problem.with_constraints(Budget("steps", least=steps)))
    extra = steps - free.expected.steps
    assert solution.budgets["steps"].used == pytest.approx(steps, rel=1e-10)
    assert solution.waiting_time <= free.waiting_time + extra * float(problem.generation_time) * (1 + 1e-12)
    chain = living(everything(Hardware.of(problem)))
    found = occupation(chain, ((standard(Hardware.of(problem), "steps"), None, Fraction(steps)),))
    assert solution.waiting_time == pytest.approx(found.time, rel=1e-9)


def test_an_optimum_that_no_policy_attains_is_not_reported():
    """Storing more than any fast run does is cheapest in a configuration that is never entered: there is no optimum."""
    problem = Problem("1/2", 3, "3/4", "31/40")
    chain = living(everything(Hardware.of(problem)))
    limit = Fraction(1000)
    found = occupation(chain, ((standard(Hardware.of(problem), "memory_time"), None, limit),))
    budget = Budget("memory_time", least=limit)
    if found.attainable:
        assert solve(problem.with_constraints(budget)).waiting_time == pytest.approx(found.time, rel=1e-9)
    else:
        with pytest.raises(NotCertifiedError, match="wait"):
            solve(problem.with_constraints(budget))


@pytest.mark.parametrize("discarding", [False, True])
@pytest.mark.parametrize("name", ["steps", "generation_attempts", "memory_time"])
def test_a_lower_limit_is_met(name, discarding):
    """A little more use than is needed costs time at the enumerated rate, with discards and without."""
    problem = Problem("1/2", 3, "3/4", "31/40", discarding=discarding)
    used = Fraction(solve(problem).expected[name]).limit_denominator(10**6)
    case = limited(problem, {name: (None, used * Fraction(21, 20))})
    solution = solve(case.problem)
    assert solution.waiting_time == pytest.approx(occupation(case.chain, case.limits).time, rel=1e-9)
    assert solution.budgets[name].used == pytest.approx(float(used) * 1.05, rel=1e-9)
    assert solution.budgets[name].price > 0


@pytest.mark.parametrize("p", ["1/2", 1])
@pytest.mark.parametrize("limit", [20, 1000])
@pytest.mark.parametrize("name", ["steps", "generation_attempts", "raw_pairs"])
def test_a_great_lower_limit_is_met_by_going_in_circles(name, limit, p):
    """With discards any number of steps and attempts can be spent, at the enumerated rate, and the run still ends."""
    case = limited(Problem(p, 3, "3/4", "31/40", discarding=True), {name: (None, Fraction(limit))})
    found = occupation(case.chain, case.limits)
    assert found.attainable
    solution = solve(case.problem)
    assert solution.waiting_time == pytest.approx(found.time, rel=1e-9)
    assert solution.budgets[name].used == pytest.approx(limit, rel=1e-9)


@settings(max_examples=14)
@given(with_budgets(), METHODS)
def test_prices_are_not_noise(case, method):
    """A price is 0 or worth more than rounding: no limit that the optimum does not feel has a price of 1e-15."""
    for use in solve(case.problem, method=method).budgets.values():
        assert use.price == 0 or abs(use.price) > 1e-12
