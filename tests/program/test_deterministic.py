"""Deterministic policies within budgets, against all there are."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache

import networkx as nx
import pytest
from cases import solved
from constrained_cases import hardware
from constrained_oracle import course, draws_of, everything, living, standard
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import TARGET, Hardware

from lpdistill import Budget, InfeasibleError, LimitError, MaxDistillations, Problem, Status, solve
from lpdistill.frontiers.frontier import frontier

MOST_POLICIES = 3000
TWO = Problem("1/2", 2, "3/4", "79/100")
SMALLEST = Problem("1/2", 2, "3/4", "31/40")
THREE = Problem("1/2", 3, "3/4", "31/40")


@cache
def all_policies(parameters, resource):
    """Exact time and use of every deterministic policy that reaches the target, by its deeds where reachable."""
    chain = living(everything(parameters))
    use = standard(parameters, resource)
    found = []
    for policy in chosen(chain, {}, [chain.start]):
        if trapped(chain, policy):
            continue
        run = course(chain, {state: {deed: Fraction(1)} for state, deed in policy.items()})
        found.append((run.time, run.used(use)))
        if len(found) > MOST_POLICIES:
            return None
    return tuple(found)


def chosen(chain, policy, queue):
    """Every way to choose deeds in the states that a run enters, entering as it goes."""
    while queue and (queue[0] in policy or queue[0] == TARGET):
        queue = queue[1:]
    if not queue:
        yield policy
        return
    at, *rest = queue
    for deed, step in chain.steps[at].items():
        if step.moves.get(at, 0) < 1:  # waiting for ever is no way to the target
            yield from chosen(chain, {**policy, at: deed}, [*rest, *step.moves])


def trapped(chain, policy):
    """Whether a policy never reaches the target from some state that it enters."""
    free = {TARGET}
    while True:
        more = {s for s, deed in policy.items() if s not in free and free & set(chain.steps[s][deed].moves)}
        if not more:
            return not free.issuperset(policy)
        free |= more


def best(policies, limit):
    """Least time among the policies that keep a limit; None if none does."""
    return min((time for time, used in policies if used <= limit), default=None)


CASES = {
    "one level": (SMALLEST.replace(memories=3), "generation_attempts"),
    "one level, memory time": (SMALLEST.replace(memories=3), "memory_time"),
    "two levels": (TWO, "memory_time"),
    "two levels, slow generation": (TWO.replace(generation_time=3), "distillations"),
    "last step free": (SMALLEST.replace(memories=3, final_step="free"), "generation_attempts"),
}
some = pytest.mark.parametrize(("problem", "resource"), CASES.values(), ids=CASES)


def limits(policies):
    """Limits between the least use and that of the fastest policy, off those that a policy meets exactly."""
    uses = sorted({used for _, used in policies})
    fastest = min(policies)[1]
    inner = [used for used in uses if used <= fastest]
    return [*[(a + b) / 2 for a, b in itertools.pairwise(inner)][:6], fastest * 2]


@some
def test_within_a_limit_it_is_the_fastest_of_all_deterministic_policies(problem, resource):
    """At limits all over the range, the waiting time is the least of all policies that keep the limit, exactly."""
    policies = all_policies(Hardware.of(problem), resource)
    for limit in limits(policies):
        found = solve(problem.with_constraints(Budget(resource, limit)), deterministic=True)
        exact = best(policies, limit) - problem.uncharged_time
        assert found.waiting_time == pytest.approx(float(exact), rel=1e-9)


@settings(max_examples=12)
@given(hardware(most_memories=3, most_levels=2, discarding=False), st.fractions(0, 1, max_denominator=50), st.data())
def test_for_random_problems_it_is_the_fastest_of_all_deterministic_policies(problem, share, data):
    """The same for random problems, resources and limits."""
    assume(problem.memories == 2 or len(problem.levels) == 1)
    resource = data.draw(st.sampled_from(["generation_attempts", "memory_time", "raw_pairs"]))
    policies = all_policies(Hardware.of(problem), resource)
    assume(policies)
    least, fastest = min(used for _, used in policies), min(policies)[1]
    limit = least + (share + Fraction(1, 1000)) * (fastest - least)
    assume(fastest > least)
    found = solve(problem.with_constraints(Budget(resource, limit)), deterministic=True)
    scale = float(best(policies, limit))
    assert abs(found.waiting_time - float(best(policies, limit) - problem.uncharged_time)) < 1e-8 * scale


BOUNDED = [
    (THREE, Budget("generation_attempts", "62/10")),
    (Problem("1/2", 3, "3/4", "79/100"), Budget("generation_attempts", 11)),
    (Problem("1/2", 4, "3/4", "79/100"), Budget("memory_time", "165/10")),
    (Problem("1/2", 4, "3/4", "79/100").with_constraints(MaxDistillations(1)), Budget("generation_attempts", 12)),
]
bounded = pytest.mark.parametrize(("problem", "budget"), BOUNDED, ids=lambda value: str(value)[:50])


@bounded
def test_no_lots_are_drawn(problem, budget):
    """The policy has one action in every configuration, where the randomised optimum randomises."""
    limited = problem.with_constraints(budget)
    assert solve(limited).policy.randomised
    assert not solve(limited, deterministic=True).policy.randomised


@bounded
def test_the_budget_is_kept(problem, budget):
    """An exact evaluation of the policy keeps within the limit, and takes the time that is stated."""
    found = solve(problem.with_constraints(budget), deterministic=True)
    run = course(everything(Hardware.of(problem)), draws_of(found))
    assert run.used(standard(Hardware.of(problem), budget.name)) <= budget.most * (1 + Fraction(1, 10**9))
    assert found.waiting_time == pytest.approx(float(run.time), rel=1e-12)


@bounded
def test_it_is_no_faster_than_the_randomised_optimum(problem, budget):
    """Lots can only help, and what forbidding them costs is the difference."""
    limited = problem.with_constraints(budget)
    found, drawn = solve(limited, deterministic=True), solve(limited)
    assert found.waiting_time >= drawn.waiting_time * (1 - 1e-12)
    assert found.determinism.randomised == pytest.approx(drawn.waiting_time, rel=1e-10)


@bounded
def test_it_is_claimed_with_bounds_that_hold(problem, budget):
    """The status is claimed; the waiting time lies within the bounds, and below what HiGHS proves by its tolerance."""
    found = solve(problem.with_constraints(budget), deterministic=True)
    assert found.status == Status.CLAIMED
    assert found.lower_bound <= found.waiting_time <= found.upper_bound
    assert found.determinism.lower_bound == pytest.approx(found.waiting_time, rel=1e-8)


@bounded
def test_it_is_verified(problem, budget):
    """Flow and bounds hold when computed again."""
    assert solve(problem.with_constraints(budget), deterministic=True).verify().flow_residual < 1e-9


def test_a_limit_at_a_breakpoint_costs_nothing():
    """At the limit of a breakpoint of the frontier the randomised optimum is deterministic, and found."""
    points = frontier(THREE, "generation_attempts").points
    assert len(points) > 2
    for point in points:
        limited = THREE.with_constraints(Budget("generation_attempts", point.used * (1 + 1e-10)))
        assert solve(limited, deterministic=True).waiting_time == pytest.approx(point.waiting_time, rel=1e-7)


def test_a_limit_no_policy_keeps_is_infeasible():
    """A limit below what any policy uses is the error that it is with lots."""
    with pytest.raises(InfeasibleError) as caught:
        solve(THREE.with_constraints(Budget("generation_attempts", 1)), deterministic=True)
    assert caught.value.workable["generation_attempts"] == pytest.approx(
        frontier(THREE, "generation_attempts").points[0].used, rel=1e-8
    )


def test_limits_on_both_sides_that_only_lots_keep_are_infeasible():
    """Where every deterministic policy misses a narrow window, the error says that lots are needed."""
    policies = all_policies(Hardware.of(THREE), "generation_attempts")
    uses = sorted({used for _, used in policies})
    gap, low = max((b - a, a) for a, b in itertools.pairwise(uses))
    window = Budget("generation_attempts", low + gap * Fraction(2, 3), least=low + gap / 3)
    limited = THREE.with_constraints(window)
    assert solve(limited).policy.randomised
    with pytest.raises(InfeasibleError):
        solve(limited, deterministic=True)


def test_a_far_slower_policy_is_found():
    """Where generation is rare, a limit just below what the fastest policy uses may cost a multiple: it is found."""
    problem = Problem("1/2", 3, "3/4", "31/40", generation_time=50, distillation_time="1/100")
    policies = all_policies(Hardware.of(problem), "generation_attempts")
    least = min(used for _, used in policies)
    found = solve(
        problem.with_constraints(Budget("generation_attempts", least * Fraction(1001, 1000))), deterministic=True
    )
    exact = best(policies, least * Fraction(1001, 1000))
    assert found.waiting_time == pytest.approx(float(exact), rel=1e-9)
    assert exact > min(policies)[0] * Fraction(5, 4)


def test_too_large_a_program_is_refused_with_its_size():
    """A program beyond branch and bound is refused with its number of columns and the most that are tried."""
    problem = Problem("1/2", 12, "9/10", "94/100").with_constraints(Budget("generation_attempts", 30))
    with pytest.raises(LimitError) as caught:
        solve(problem, deterministic=True)
    assert caught.value.size["columns"] == solve(problem).run.columns
    assert caught.value.size["columns"] > caught.value.size["most_columns"]


@pytest.mark.parametrize("problem", [TWO, THREE, Problem("1/2", 4, "3/4", "79/100")], ids=str)
def test_without_budgets_it_is_the_optimum(problem):
    """Nothing makes a policy randomise without budgets: the answer is the proved optimum."""
    found = solve(problem, deterministic=True)
    assert found.waiting_time == solved(problem).waiting_time
    assert not found.policy.randomised


def test_a_budget_that_does_not_bind_changes_nothing():
    """Within a limit that the fastest policy keeps, that policy is found."""
    found = solve(THREE.with_constraints(Budget("generation_attempts", 1000)), deterministic=True)
    assert found.waiting_time == pytest.approx(solved(THREE).waiting_time, rel=1e-10)


def test_json_says_what_determinism_costs():
    """The document has a section with the randomised optimum, what is proved, and the difference."""
    limited = THREE.with_constraints(BOUNDED[0][1])
    found, drawn = solve(limited, deterministic=True), solve(limited)
    section = found.to_dict()["determinism"]
    assert section["randomised_waiting_time"] == pytest.approx(drawn.waiting_time, rel=1e-10)
    assert section["price"] == pytest.approx(found.waiting_time - drawn.waiting_time, rel=1e-7)
    assert section["lower_bound"] == pytest.approx(found.waiting_time, rel=1e-8)


def ways(*times):
    """A state graph of a quick way that costs fuel, and of slow ones without, each of so many equal steps."""
    graph = nx.DiGraph(start="here")
    graph.add_node("here", kind="state")
    graph.add_node("there", kind="target")
    graph.add_node("run", kind="action", time=1, fuel=2)
    graph.add_edge("here", "run")
    graph.add_edge("run", "there", probability=1.0)
    for way, (time, steps) in enumerate(times):
        place = "here"
        for step in range(steps):
            last = step == steps - 1
            graph.add_node(f"walk {way} {step}", kind="action", time=time / steps, fuel=0)
            graph.add_edge(place, f"walk {way} {step}")
            place = "there" if last else f"stop {way} {step}"
            graph.add_node(place, kind="target" if last else "state")
            graph.add_edge(f"walk {way} {step}", place, probability=1.0)
    return graph


@pytest.mark.parametrize("slow", [4.2, 4.5, 4.9])
def test_a_long_step_is_not_cut_off(slow):
    """Of two slow ways the quicker is found, though the other has shorter steps, which may be taken more often."""
    graph = ways((4, 1), (slow, 4))
    graph.graph["budgets"] = {"fuel": 1}
    assert solve(graph, deterministic=True).waiting_time == pytest.approx(4, rel=1e-9)
