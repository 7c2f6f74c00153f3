"""Extreme hardware under rules and budgets: rare or certain generation, free steps, one memory, easy targets."""

from fractions import Fraction
from itertools import pairwise

import pytest
from constrained_cases import limited, ruled, structural
from constrained_oracle import course, draws_of, everything, least, living, occupation, standard
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Hardware

from lpdistill import (
    Budget,
    InfeasibleError,
    MaxAttempts,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    solve,
)

METHODS = st.sampled_from(["auto", "columns", "simplex"])


@st.composite
def extremes(draw, *, discarding=True):
    """Problems at the edges of what is allowed; where generating and discarding take no time, there is a test below."""
    f0, target = draw(
        st.sampled_from([("3/4", "31/40"), ("3/4", "79/100"), ("3/4", "3/4"), ("3/4", "7/10"), ("9/10", "94/100")])
    )
    times = draw(st.sampled_from([(1, 2), (0, 1), (1, 0), ("1/100", 10), (10, "1/100")]))
    reached = Fraction(target) <= Fraction(f0)
    return Problem(
        draw(st.sampled_from([1, "1e-4", "1/2", "0.999"])),
        draw(st.integers(1 if reached else 2, 4)),
        f0,
        target,
        generation_time=1 if reached and times[0] == 0 else times[0],
        distillation_time=times[1],
        final_step=draw(st.sampled_from(["charged", "free"])),
        discarding=discarding and times[0] != 0 and draw(st.booleans()),
    )


@settings(max_examples=40)
@given(extremes(), st.data(), METHODS)
def test_rules_on_extreme_hardware(problem, data, method):
    """Under any built-in rule, the optimum is the enumerated model's, or none is left in either."""
    case = ruled(problem, [data.draw(structural(problem.memories))])
    try:
        found = solve(case.problem, method=method).waiting_time
    except InfeasibleError:
        assert case.chain is None
        return
    wanted = least(case.chain)[case.chain.start]
    assert abs(found + float(problem.uncharged_time) - wanted) <= 1e-9 * wanted


@settings(max_examples=20)
@given(extremes(discarding=False), st.sampled_from(["generation_attempts", "memory_time", "distillations"]), METHODS)
def test_upper_limits_on_extreme_hardware(problem, name, method):
    """Half-way between the least use of any policy and that of the fastest, the optimum is scipy's."""
    parameters = Hardware.of(problem)
    chain, use = living(everything(parameters, discarding=problem.discarding)), standard(parameters, name)
    free = solve(problem)
    needed = Fraction(least(chain, lambda counts, deed: float(use(counts, deed)))[chain.start])
    limit = (needed + course(chain, draws_of(free)).used(use)) / 2 + Fraction(1, 1000)
    solution = solve(problem.with_constraints(Budget(name, limit)), method=method)
    total = occupation(chain, ((use, limit, None),)).time
    assert abs(solution.waiting_time + float(problem.uncharged_time) - total) <= 1e-7 * total
    assert solution.budgets[name].used <= float(limit) * (1 + 1e-10)


@settings(max_examples=20)
@given(extremes(discarding=False), st.sampled_from(["generation_attempts", "memory_time", "distillations"]))
def test_ties_on_extreme_hardware(problem, name):
    """Breaking ties costs no time."""
    free, chosen = solve(problem), solve(problem, least=name)
    total = free.waiting_time + float(problem.uncharged_time)
    assert abs(chosen.waiting_time - free.waiting_time) <= 1e-11 * total
    assert chosen.expected[name] <= free.expected[name] * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("p", ["1e-4", "1/2", 1])
@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_one_memory_or_a_low_target(p, attempts):
    """With a target below the raw fidelity and ``g`` attempts a step, a run takes ``1/(1 - (1-p)^g)`` steps."""
    problem = Problem(p, 3, "3/4", "7/10").with_constraints(MaxAttempts(attempts))
    wanted = 1 / (1 - (1 - problem.p) ** attempts)
    assert solve(problem).waiting_time == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize("limit", [2, "5/2", 3, "7/2", 6])
def test_attempts_are_worth_what_they_save(limit):
    """At ``p = 1/2`` and a target that a raw pair meets, mixing 1 to 3 attempts a step trades time for attempts.

    One at a time takes 2 attempts in 2 steps, two ``8/3`` in ``4/3``, three ``24/7`` in ``8/7``; between them, the
    occupation program mixes.
    """
    problem = Problem("1/2", 3, "3/4", "7/10")
    corners = [(Fraction(2), Fraction(2)), (Fraction(8, 3), Fraction(4, 3)), (Fraction(24, 7), Fraction(8, 7))]
    limit = Fraction(limit)
    wanted = corners[-1][1]
    for (a, time_a), (b, time_b) in pairwise(corners):
        if a <= limit <= b:
            wanted = time_a + (time_b - time_a) * (limit - a) / (b - a)
    solution = solve(problem.with_constraints(Budget("generation_attempts", limit)))
    assert solution.waiting_time == pytest.approx(float(wanted), rel=1e-11)


def test_one_memory_with_a_budget():
    """One memory has one way: ``1/p`` attempts, allowed by a limit of as many, refused by a limit of fewer."""
    problem = Problem("1/3", 1, "3/4", "7/10")
    assert solve(problem.with_constraints(Budget("generation_attempts", 3))).waiting_time == pytest.approx(3)
    with pytest.raises(InfeasibleError) as caught:
        solve(problem.with_constraints(Budget("generation_attempts", 2)))
    assert caught.value.workable == {"generation_attempts": pytest.approx(3)}


@pytest.mark.parametrize("p", ["1e-4", 1])
def test_the_last_step_is_free_of_time_not_of_use(p):
    """In the free convention a rule and a budget leave the same policy: only the last step's time is taken off."""
    charged = Problem(p, 3, "3/4", "79/100").with_constraints(NoGenerationWhileDistilling())
    used = solve(charged).expected.memory_time
    limited_too = charged.with_constraints(Budget("memory_time", Fraction(used) * Fraction(1000001, 1000000)))
    one, other = solve(limited_too), solve(limited_too.replace(final_step="free"))
    assert other.waiting_time == pytest.approx(one.waiting_time - 2, rel=1e-9)
    assert other.expected.memory_time == pytest.approx(one.expected.memory_time, rel=1e-9)


@pytest.mark.parametrize("p", ["1/2", 1])
def test_distillation_that_takes_no_time_with_discards(p):
    """With discards and distillation that take no time, the optimum is the enumerated model's."""
    problem = Problem(p, 3, "3/4", "79/100", distillation_time=0, discarding=True)
    wanted = least(living(everything(Hardware.of(problem), discarding=True)))
    assert solve(problem).waiting_time == pytest.approx(wanted[0, 0], rel=1e-11)


def test_generation_that_takes_no_time_with_discards():
    """Generating and discarding for ever must not be for nothing: refused, with the argument and its value."""
    with pytest.raises(ModelError, match=r"generation_time.*discarding.*0"):
        Problem("1/2", 3, "3/4", "79/100", generation_time=0, discarding=True)


def test_rare_generation_keeps_prices():
    """At ``p = 1e-4`` the price of an attempt is still scipy's slope."""
    problem = Problem("1e-4", 3, "3/4", "79/100")
    parameters = Hardware.of(problem)
    use = standard(parameters, "generation_attempts")
    chain = living(everything(parameters))
    low = Fraction(occupation(chain, ((use, None, None),), use).objective)
    high = Fraction(solve(problem).expected.generation_attempts)
    case = limited(problem, {"generation_attempts": ((low + high) / 2, None)})
    use_of = solve(case.problem).budgets["generation_attempts"]
    step = (high - low) / 1000
    times = [occupation(chain, ((use, (low + high) / 2 + sign * step, None),)).time for sign in (-1, 1)]
    assert use_of.price == pytest.approx((times[1] - times[0]) / float(2 * step), rel=1e-4)
