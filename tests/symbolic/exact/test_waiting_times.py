"""Exact waiting times: published fractions, closed forms, and brute force over the rationals."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
import pytest
import sympy
from cases import REACHED_BY_DISTILLATION, SMALL, problems, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TARGET, Hardware, counted

from lpdistill import Action, Budget, ImproperPolicyError, LimitError, ModelError, Policy, Problem, solve
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.plan import Plan
from symbolic import variance, variance_in_p, waiting_time, waiting_time_in_p, waiting_time_in_p_and_f0

FREE = {"final_step": "free"}

KNOWN = {
    ("3/10", 2): Fraction(52270, 2941),
    ("6/10", 2): Fraction(12980, 1211),
    ("9/10", 2): Fraction(15650, 1903),
    ("9/10", 3): Fraction(1976711710, 309269159),
    ("9/10", 4): Fraction(30859997847429257950, 5771424673694636877),
}
"""Waiting times of the optimal policy from 0.75 to 0.79, last step free."""


@pytest.mark.parametrize(("p", "memories"), KNOWN)
def test_known_fractions(p, memories):
    """The least expected waiting times that are known as fractions, digit for digit."""
    assert waiting_time(Problem(p, memories, "3/4", "79/100", **FREE)) == KNOWN[p, memories]


@pytest.mark.parametrize("target", ["31/40", "79/100", "4/5", "81/100", "41/50"])
@pytest.mark.parametrize("p", ["1/7", "2/3", "1"])
def test_pumping_has_its_closed_form(target, p):
    """With two memories the waiting time is that of n rounds of pumping, each with its own success probability."""
    problem = Problem(p, 2, "3/4", target, **FREE)
    levels = problem.levels
    d = [levels.combinations[0, n].success for n in range(len(levels))]
    p = problem.p
    one, two = 1 / p, (3 - 2 * p) / (p * (2 - p))
    cost = [Fraction(2)] * (len(d) - 1) + [2 * (1 - d[-1])]
    later = sum(prod(d[:j]) * (one + cost[j]) for j in range(1, len(d)))
    assert waiting_time(problem) == (two + cost[0] + later) / prod(d)


def test_two_memories_as_a_function_of_p():
    """Two memories, two rounds: the waiting time is 2 (385 p^2 - 329 p - 720) / (173 p (p - 2))."""
    p = sympy.Symbol("p", positive=True)
    found = waiting_time_in_p(Problem("1/2", 2, "3/4", "79/100", **FREE)).to_sympy()
    assert sympy.cancel(found - 2 * (385 * p**2 - 329 * p - 720) / (173 * p * (p - 2))) == 0


def test_three_memories_one_round_as_a_function_of_p():
    """Three memories, one round: generate until two pairs are stored; a third is generated on the side.

    From 0, 1, 2 or 3 stored pairs, V2 = 2 + (1-d)(p V1 + (1-p) V0) and V3 = 2 + (1-d) V1, for either number may be
    reached before the distillation, whose failure leaves the pair that is not distilled.
    """
    problem = Problem("1/2", 3, "3/4", "31/40")
    d = sympy.Rational(13, 18)
    p, v0, v1, v2, v3 = sympy.symbols("p v0:4")
    q = 1 - p
    solved_for = sympy.solve(
        [
            sympy.Eq(v0, 1 + q**3 * v0 + 3 * p * q**2 * v1 + 3 * p**2 * q * v2 + p**3 * v3),
            sympy.Eq(v1, 1 + q**2 * v1 + 2 * p * q * v2 + p**2 * v3),
            sympy.Eq(v2, 2 + (1 - d) * (p * v1 + q * v0)),
            sympy.Eq(v3, 2 + (1 - d) * v1),
        ],
        [v0, v1, v2, v3],
    )
    expected = solved_for[v0].subs(p, sympy.Symbol("p", positive=True))
    assert sympy.cancel(waiting_time_in_p(problem).to_sympy() - expected) == 0


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_optimal_waiting_times_are_those_of_brute_force(problem):
    """The exact waiting time of the policy found in floating point is the optimum of exact policy iteration."""
    assert waiting_time(solved(problem)) == counted(Hardware.of(problem)).time - problem.uncharged_time


@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
def test_any_policy_is_evaluated(problem):
    """The waiting time of the greedy policy, given as a policy or as actions, is that of brute force."""
    dynamics = solved(problem).process
    greedy = Policy(Plan.of(dynamics.choose(GREEDY.columns(dynamics.kernel)), np.ones(dynamics.size)))
    actions = {counts: decisions[0].action for counts, decisions in greedy.items()}
    chain = counted(Hardware.of(problem), full=True)
    named = {counts: (action.distil, action.generate) for counts, action in actions.items()}
    expected = chain.evaluate(named)[chain.start] - problem.uncharged_time
    assert waiting_time(problem, greedy) == waiting_time(solved(problem), actions) == expected


@pytest.mark.parametrize("name", ["two memories, two rounds", "three memories", "certain generation", "last step free"])
def test_variances_are_those_of_the_distribution(name):
    """The variance is that of the distribution of the waiting time, propagated step by step."""
    problem = SMALL[name]
    chain = counted(Hardware.of(problem), full=True)
    policy = {counts: (a.distil, a.generate) for counts, ((a, _),) in unpacked(solved(problem).policy).items()}
    times, reached = distribution(chain, policy, horizon=3000)
    mean = times @ reached
    assert reached.sum() == pytest.approx(1, abs=1e-12)
    assert float(variance(problem)) == pytest.approx(times**2 @ reached - mean**2, rel=1e-9)


def unpacked(policy) -> dict:
    """Action and probability of every decision."""
    return {counts: [(one.action, one.probability) for one in decisions] for counts, decisions in policy.items()}


def distribution(chain, policy, *, horizon) -> tuple[np.ndarray, np.ndarray]:
    """Probability that the target is reached at each whole time up to a horizon, by forward propagation."""
    present = {0: {chain.start: 1.0}}
    reached = np.zeros(horizon + 3)
    for time in range(horizon):
        for state, weight in present.pop(time, {}).items():
            step = chain.steps[state][policy[state]]
            for after, probability in step.moves.items():
                later = time + int(step.cost)
                if after == TARGET:
                    reached[later] += weight * float(probability)
                else:
                    at = present.setdefault(later, {})
                    at[after] = at.get(after, 0.0) + weight * float(probability)
    return np.arange(len(reached)), reached


@settings(max_examples=15)
@given(problems(most_memories=4, least_p="1/5"), st.fractions("1/50", 1, max_denominator=50))
def test_functions_of_p_take_the_values_at_every_p(problem, p):
    """The rational functions, at any p, are the numbers that the same policy has there."""
    solution = solved(problem)
    policy = {counts: decisions[0].action for counts, decisions in solution.policy.items()}
    elsewhere = problem.replace(p=p)
    assert waiting_time_in_p(solution)(p) == waiting_time(elsewhere, policy)
    assert variance_in_p(solution)(p) == variance(elsewhere, policy)


def test_rare_generation_costs_its_inverse():
    """As p goes to 0, a run with two memories and one round takes 3/(2dp): three half-waits, for each of 1/d trials."""
    found = waiting_time_in_p(Problem("1/2", 2, "3/4", "31/40"))
    order, terms = found.series(0, terms=2)
    assert (order, terms[0]) == (-1, Fraction(3, 2) / Fraction(13, 18))
    assert found.limit(0) == float("inf")
    assert found.limit(1) == waiting_time(Problem(1, 2, "3/4", "31/40"))


@pytest.mark.parametrize(("target", "rounds"), [("31/40", 1), ("79/100", 2)])
def test_many_memories_need_one_step_and_the_rounds(target, rounds):
    """With many memories and certain generation the time goes to 1 + 2(k - 1), k the rounds of nesting needed."""
    times = [waiting_time(Problem(1, memories, "3/4", target, **FREE)) for memories in (8, 16, 32)]
    limit = 1 + 2 * (rounds - 1)
    gaps = [time - limit for time in times]
    assert gaps == sorted(gaps, reverse=True)
    assert 0 < gaps[-1] < Fraction(1, 50)


@pytest.mark.parametrize(
    ("memories", "f0", "target"), [(2, "3/4", "31/40"), (2, "3/4", "79/100"), (3, "3/4", "31/40"), (3, "3/4", "79/100")]
)
def test_functions_of_p_and_f0_take_the_values_nearby(memories, f0, target):
    """The function of p and f0 is the waiting time at other p and f0 for which the levels are made the same way."""
    problem = Problem("1/2", memories, f0, target)
    formula = waiting_time_in_p_and_f0(problem)
    policy = {counts: decisions[0].action for counts, decisions in solved(problem).policy.items()}
    symbols = {symbol.name: symbol for symbol in formula.free_symbols}
    for p, raw in (("1/2", f0), ("1/5", "749/1000"), ("9/10", "7503/10000")):
        at = {symbols["p"]: sympy.Rational(p), symbols["f0"]: sympy.Rational(raw)}
        assert formula.subs(at) == sympy.Rational(str(waiting_time(problem.replace(p=p, f0=raw), policy)))


def test_sizes_are_told_before_long_work():
    """The number of visited configurations and the degree are reported first."""
    told: list[str] = []
    found = waiting_time_in_p(SMALL["four memories"], progress=told.append)
    assert told == ["10 configurations visited, degree at most 16 in p"]
    assert found.degree <= 16


def test_large_degrees_are_refused_with_the_estimate():
    """A function of too large a degree is refused before it is computed."""
    with pytest.raises(LimitError, match="degree up to") as caught:
        waiting_time_in_p(Problem("1/2", 16, "9/10", "94/100"))
    assert caught.value.size["degree"] > 400
    with pytest.raises(LimitError, match="3 memories"):
        waiting_time_in_p_and_f0(SMALL["four memories"])


def test_policies_that_never_arrive_are_named():
    """A policy that waits forever with two pairs is improper, and the deadlock is named."""
    policy = {(0,): Action((), 2), (1,): Action((), 1), (2,): Action((), 0)}
    for function in (waiting_time, variance, waiting_time_in_p, variance_in_p):
        with pytest.raises(ImproperPolicyError) as caught:
            function(Problem("1/2", 2, "3/4", "31/40"), policy)
        assert caught.value.deadlock == ((0,), (1,), (2,))


def test_only_where_a_policy_is_stuck_is_named():
    """A policy that reaches the target from elsewhere, but waits forever with three raw pairs, is stuck there alone."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    policy = {counts: decisions[0].action for counts, decisions in solved(problem).policy.items()}
    with pytest.raises(ImproperPolicyError, match=r"such as \(3, 0\)") as caught:
        waiting_time(problem, {**policy, (3, 0): Action((), 0)})
    assert caught.value.deadlock == ((3, 0),)


def test_policies_must_say_what_to_do_wherever_they_come():
    """A policy without an action in a visited configuration is refused, and the configuration named."""
    with pytest.raises(ModelError, match="every configuration that it visits") as caught:
        waiting_time(Problem("1/2", 2, "3/4", "31/40"), {(0,): Action((), 2), (1,): Action((), 1)})
    assert caught.value.value == (2,)


def test_impossible_actions_are_refused():
    """An action that a configuration does not allow is refused."""
    with pytest.raises(ModelError, match="does not allow"):
        waiting_time(Problem("1/2", 2, "3/4", "31/40"), {(0,): Action(((0, 0),), 0)})


def test_randomised_and_foreign_policies_are_refused():
    """A policy that randomises, or that is of other levels, has no exact chain here."""
    with pytest.raises(ModelError, match="no configuration"):
        waiting_time(SMALL["three memories"], solved(SMALL["three memories, three levels"]).policy)
    limited = SMALL["three memories"].with_constraints(Budget("generation_attempts", 6))
    with pytest.raises(ModelError, match="must be deterministic"):
        waiting_time(solved(limited))


def test_state_graphs_have_no_exact_waiting_time():
    """The probabilities of a state graph are floating-point numbers, so nothing about it is exact."""
    with pytest.raises(ModelError, match="state graph"):
        waiting_time(solve(SMALL["three memories"].graph()))


@pytest.mark.parametrize("p", [sympy.sqrt(2) / 2, sympy.Symbol("p"), "p"])
def test_symbols_are_no_numbers(p):
    """An irrational or symbolic parameter is refused where a number is needed."""
    with pytest.raises(ModelError, match=r"^p: must be"):
        Problem(p, 2, "3/4", "31/40")


def test_only_problems_and_solutions_have_waiting_times():
    """Anything else is refused."""
    with pytest.raises(ModelError, match="Problem or a Solution"):
        waiting_time("3/4")
