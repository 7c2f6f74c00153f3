"""The occupation program in cvxpy: the same optima, prices and policies, and objectives that no budget expresses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cvxpy as cp
import networkx as nx
import numpy as np
import oracle
import pytest
from cases import SMALL, problems, solved
from constrained_oracle import course, draws_of, everything, living, standard
from constrained_oracle import occupation as occupation_by_scipy
from hypothesis import given, settings
from oracle import Hardware

from lpdistill import Attempts, Budget, InfeasibleError, MaxDistillations, Problem, Status, solve
from lpdistill.convex import ConvexProgram

THREE = Problem("1/2", 3, "3/4", "79/100")
NAMES = ["three memories", "four memories, three levels", "last step free", "times in thirds and sevenths"]
some_problems = pytest.mark.parametrize("problem", [SMALL[name] for name in NAMES], ids=NAMES)
BUDGETS = {
    "at most, attempts": Budget("generation_attempts", 11),
    "at most, memory time": Budget("memory_time", "1635/100"),
    "at least, attempts": Budget("generation_attempts", least=12),
    "at least, distillations": Budget("distillations", least="7/2"),
}
budgets = pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)


def constraint(program, budget):
    """A budget as a constraint of the user's."""
    used = program.resources[budget.name]
    return used <= float(budget.most) if budget.most is not None else used >= float(budget.least)


def entropy_regularised(weight=0.05):
    """The policy of least time minus a little entropy of the choice among actions, and its program."""
    program = THREE.to_cvxpy()
    owners = program.program.choice.configuration
    states = program.program.shape[0]
    member = np.equal.outer(owners, np.arange(states)).astype(float)  # a column belongs to its configuration
    visits = member @ (member.T @ program.occupation)
    chosen = cp.sum(cp.rel_entr(program.occupation, visits))
    return program, program.solve(objective=program.time + weight * chosen, solver=cp.CLARABEL)


@some_problems
def test_optimum_is_exact(problem):
    """Solved through cvxpy, the program has the exact optimum to 1e-9."""
    exact = oracle.counted(Hardware.of(problem), full=True).time - problem.uncharged_time
    found = ConvexProgram.of(problem, Attempts.FULL).solve().run.objective
    assert found == pytest.approx(float(exact), rel=1e-9, abs=0)


@settings(max_examples=10)
@given(problems())
def test_optimum_of_random_problems_is_exact(problem):
    """The same for random problems."""
    exact = oracle.counted(Hardware.of(problem), full=True).time
    found = ConvexProgram.of(problem, Attempts.FULL).solve().run.objective + float(problem.uncharged_time)
    assert found == pytest.approx(float(exact), rel=1e-9, abs=0)


@some_problems
def test_waiting_time_is_that_of_the_optimum(problem):
    """Without constraints, the policy read off the occupation waits as long as the proved optimum."""
    assert problem.to_cvxpy().solve().waiting_time == pytest.approx(solved(problem).waiting_time, rel=1e-9)


@some_problems
def test_dual_value_of_the_start_is_the_time_to_go(problem):
    """The dual value of the start row is positive: the time to go, not its opposite as cvxpy has it."""
    convex = ConvexProgram.of(problem, Attempts.FULL)
    convex.solve()
    exact = oracle.counted(Hardware.of(problem), full=True).time
    assert convex.values[0] == pytest.approx(float(exact), rel=1e-7)


def test_dual_values_are_derivatives_of_the_time():
    """More flow into a row costs its dual value more: a difference quotient has the same sign and size."""
    convex = ConvexProgram.of(SMALL["three memories"], Attempts.FULL)

    def entered(weights):
        """The program with runs that start anywhere, and its optimum."""
        elsewhere = replace(convex, flow=convex.program.matrix @ convex.occupation == weights)
        return elsewhere, elsewhere.problem().solve(solver=cp.HIGHS)

    rows = convex.program.shape[0]
    weights = np.full(rows, 0.1)
    base, time = entered(weights)
    duals = base.values
    for row in range(rows):
        _, more = entered(weights + 0.5 * np.eye(rows)[row])
        assert (more - time) / 0.5 == pytest.approx(duals[row], rel=1e-6)


def test_dual_values_are_those_of_the_last_solution():
    """Solved again within other constraints, the program has other dual values."""
    convex = ConvexProgram.of(SMALL["three memories"])
    free = convex.solve()
    before = convex.values[0]
    convex.solve([convex.resources["generation_attempts"] <= 0.9 * free.expected.generation_attempts])
    assert abs(convex.values[0] - before) > 1e-3


def test_parts_of_the_problem_are_named():
    """The variable and the constraint are at hand for further modelling: one entry per column, one per row."""
    convex = ConvexProgram.of(SMALL["three memories"], Attempts.FULL)
    rows, columns = convex.program.shape
    assert (convex.flow.shape, convex.occupation.shape) == ((rows,), (columns,))


@budgets
def test_a_budget_as_a_constraint_gives_the_same_time(budget):
    """A constraint on a resource leads to the waiting time that the same budget leads to."""
    program = THREE.to_cvxpy()
    found = program.solve([constraint(program, budget)])
    assert found.waiting_time == pytest.approx(solve(THREE.with_constraints(budget)).waiting_time, rel=1e-8)


@budgets
def test_a_budget_as_a_constraint_has_the_same_price(budget):
    """The price of a constraint is that of the same budget: negative for an upper limit, positive for a lower one."""
    program = THREE.to_cvxpy()
    limit = constraint(program, budget)
    program.solve([limit])
    (use,) = solve(THREE.with_constraints(budget)).budgets.values()
    assert program.price(limit) == pytest.approx(use.price, rel=1e-6)
    assert program.price(limit) < 0 if budget.most is not None else program.price(limit) > 0


@pytest.mark.parametrize("budget", [BUDGETS["at most, attempts"], BUDGETS["at least, attempts"]], ids=["most", "least"])
def test_a_price_is_a_difference_quotient(budget):
    """A limit a little higher changes the optimum of scipy's explicit program by the price of the constraint."""
    program = THREE.to_cvxpy()
    limit = constraint(program, budget)
    program.solve([limit])
    parameters = Hardware.of(THREE)
    chain, use = living(everything(parameters)), standard(parameters, budget.name)

    def time(more):
        most = None if budget.most is None else budget.most + more
        least = None if budget.least is None else budget.least + more
        return occupation_by_scipy(chain, ((use, most, least),)).time

    step = Fraction(1, 100)
    assert (time(step) - time(-step)) / float(2 * step) == pytest.approx(program.price(limit), rel=1e-5)


def test_the_dual_value_of_cvxpy_has_the_other_sign():
    """The dual value of an upper limit in cvxpy is positive, and of a lower one too: a multiplier, not a derivative."""
    for name, sign in (("at most, attempts", -1), ("at least, attempts", 1)):
        program = THREE.to_cvxpy()
        limit = constraint(program, BUDGETS[name])
        program.solve([limit])
        assert float(limit.dual_value) > 0
        assert program.price(limit) == sign * float(limit.dual_value)


def test_an_equality_has_the_sign_of_a_derivative():
    """The price of an equality is the derivative too: of fewer attempts than the optimum makes, it is negative."""
    program = THREE.to_cvxpy()
    limit = program.resources["generation_attempts"] == 11
    program.solve([limit])
    (use,) = solve(THREE.with_constraints(BUDGETS["at most, attempts"])).budgets.values()
    assert program.price(limit) == pytest.approx(use.price, rel=1e-6)


def test_budgets_of_the_problem_are_among_the_constraints():
    """A problem's own budgets hold without being stated again, and are priced under their names."""
    problem = THREE.with_constraints(BUDGETS["at most, attempts"])
    program = problem.to_cvxpy()
    found = program.solve()
    assert found.waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-8)
    price = program.price(program.budgets["generation_attempts most"])
    assert price == pytest.approx(solve(problem).budgets["generation_attempts"].price, rel=1e-6)


def test_rules_hold_in_the_program():
    """Under a rule, the program has only the actions that the rule allows."""
    problem = Problem("1/2", 5, "3/4", "79/100").with_constraints(MaxDistillations(1))
    assert problem.to_cvxpy().solve().waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-9)


def test_an_entropy_regularised_policy_takes_the_time_it_states():
    """A policy that mixes actions everywhere has the waiting time of an exact evaluation of its probabilities."""
    _, found = entropy_regularised()
    exact = course(everything(Hardware.of(THREE)), draws_of(found)).time
    assert found.waiting_time == pytest.approx(float(exact), rel=1e-11)


def test_an_entropy_regularised_policy_mixes_and_is_slower():
    """Entropy in the objective randomises several configurations, and costs time."""
    _, found = entropy_regularised()
    assert len(found.policy.randomised) > 3
    assert found.waiting_time > solve(THREE).waiting_time + 1e-3


def test_less_entropy_costs_less_time():
    """The smaller the weight of the entropy, the nearer the waiting time is to the optimum."""
    times = [entropy_regularised(weight)[1].waiting_time for weight in (0.2, 0.05, 0.01)]
    assert times == sorted(times, reverse=True)
    assert times[-1] - solve(THREE).waiting_time < 0.05


def test_time_and_resources_are_those_of_the_policy():
    """At the optimum the expressions have the values that the policy is evaluated to."""
    program = THREE.to_cvxpy()
    found = program.solve([program.resources["generation_attempts"] <= 11])
    assert float(program.time.value) == pytest.approx(found.waiting_time, rel=1e-8)
    for name, expression in program.resources.items():
        assert float(expression.value) == pytest.approx(found.expected[name], rel=1e-7, abs=1e-9)


def test_sums_over_what_is_done_where_are_expected_numbers():
    """A sum weighted by attempts is the expected number of attempts, and one over full memories that of visits."""
    program = THREE.to_cvxpy()
    attempts = program.sum_over(lambda _, action: action.generate)
    full = program.sum_over(lambda counts, _: sum(counts) == 3)
    found = program.solve()
    assert float(attempts.value) == pytest.approx(found.expected.generation_attempts, rel=1e-9)
    visits = sum(found.visits[counts] for counts in found.visits if sum(counts) == 3)
    assert float(full.value) == pytest.approx(visits, rel=1e-9, abs=1e-12)


def test_another_objective_is_minimised():
    """With attempts as the objective, the policy uses the least that any does, as scipy finds."""
    parameters = Hardware.of(THREE)
    use = standard(parameters, "generation_attempts")
    least = occupation_by_scipy(living(everything(parameters)), ((use, None, None),), use).used[0]
    program = THREE.to_cvxpy()
    found = program.solve(objective=program.resources["generation_attempts"])
    assert found.expected.generation_attempts == pytest.approx(least, rel=1e-9)


def test_constraints_that_leave_no_policy_are_infeasible():
    """A constraint that no policy meets is an error, not an answer."""
    program = THREE.to_cvxpy()
    with pytest.raises(InfeasibleError):
        program.solve([program.resources["generation_attempts"] <= 5])


def test_contradicting_constraints_are_infeasible():
    """So are constraints that contradict each other."""
    program = THREE.to_cvxpy()
    with pytest.raises(InfeasibleError):
        program.solve([program.time <= 11, program.time >= 12])


def test_a_solution_is_claimed():
    """What a solver says is claimed, not proved, with or without constraints."""
    program = THREE.to_cvxpy()
    limit = program.resources["generation_attempts"] <= 11
    assert {program.solve().status, program.solve([limit]).status} == {Status.CLAIMED}


@budgets
def test_a_solution_is_verified(budget):
    """The flow, the bounds and the values of a claimed solution hold when computed again."""
    program = THREE.to_cvxpy()
    found = program.solve([constraint(program, budget)]).verify()
    assert found.flow_residual < 1e-9
    assert found.gap >= 0


def test_an_entropy_regularised_solution_is_verified():
    """So do those of a solution of an interior-point method with lots everywhere."""
    _, found = entropy_regularised()
    assert found.verify().gap == found.upper_bound - found.lower_bound


@budgets
def test_bounds_of_a_solution_hold(budget):
    """The lower bound is below the optimum without the constraint, and the waiting time is below the upper one."""
    program = THREE.to_cvxpy()
    found = program.solve([constraint(program, budget)])
    assert found.lower_bound <= solve(THREE).upper_bound
    assert found.waiting_time <= found.upper_bound < found.waiting_time * (1 + 1e-9)


def test_a_solution_is_json():
    """The document of a claimed solution says so, and has the same keys as that of a proved one."""
    document = THREE.to_cvxpy().solve().to_dict()
    assert document["status"] == "claimed"
    assert document.keys() == solve(THREE).to_dict().keys()


def two_ways():
    """A state graph of a quick way that may fail and costs two coins, and a slow one that is free of charge."""
    graph = nx.DiGraph(start="here")
    graph.add_node("here", kind="state")
    graph.add_node("there", kind="target")
    for node, time, coins, chance in (("run", 1.0, 2.0, 0.5), ("walk", 4.0, 0.0, 1.0)):
        graph.add_node(node, kind="action", time=time, coins=coins)
        graph.add_edge("here", node)
        graph.add_edge(node, "there", probability=chance)
        if chance < 1:
            graph.add_edge(node, "here", probability=1 - chance)
    return graph


def test_a_state_graph_is_solved():
    """A state graph's program has its optimum: run until it works, which takes two steps."""
    assert ConvexProgram.of(two_ways()).solve().waiting_time == pytest.approx(2, rel=1e-9)


def test_a_state_graph_is_solved_within_constraints():
    """Two coins buy one run, which fails every other time, and then there is walking: 1 + 4 / 2 = 3."""
    program = ConvexProgram.of(two_ways())
    limit = program.resources["coins"] <= 2
    found = program.solve([limit])
    assert found.waiting_time == pytest.approx(3, rel=1e-8)
    assert program.price(limit) == pytest.approx(-0.5, rel=1e-6)


def test_the_graph_of_a_problem_is_that_problem():
    """A problem's state graph within a constraint leads to the time of the problem within it."""
    graph = THREE.with_constraints(Budget("generation_attempts", 1000)).graph()
    program = ConvexProgram.of(graph)
    found = program.solve([program.resources["generation_attempts"] <= 11])
    assert found.waiting_time == pytest.approx(
        solve(THREE.with_constraints(BUDGETS["at most, attempts"])).waiting_time, rel=1e-8
    )
