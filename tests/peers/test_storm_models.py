"""Storm, on the files that the package writes: exact optima, and limits by its multi-objective engine."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import pytest

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    InfeasibleError,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Problem,
    Rule,
    frontier,
    solve,
)
from lpdistill.export.models import write_drn

stormpy = pytest.importorskip("stormpy", minversion="2.0")

THREE = Problem("1/2", 3, "3/4", "79/100")
PROBLEMS = {
    "two memories": Problem("1/3", 2, "3/4", "79/100"),
    "three memories": THREE,
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "three levels": Problem("7/10", 4, "9/10", "94/100"),
    "other times": Problem("2/3", 4, "3/4", "79/100", generation_time="3/7", distillation_time="5/3"),
    "rare generation": Problem("1e-6", 3, "3/4", "79/100"),
    "one distillation at a time": Problem("1/2", 5, "3/4", "79/100").with_constraints(MaxDistillations(1)),
    "two attempts": Problem("1/2", 4, "3/4", "79/100").with_constraints(MaxAttempts(2)),
    "equal levels": Problem("1/2", 4, "3/4", "79/100").with_constraints(EqualLevelsOnly()),
    "no generation while distilling": THREE.with_constraints(NoGenerationWhileDistilling()),
    "discarding": THREE.replace(discarding=True),
    "a dead end among the configurations": THREE.with_constraints(
        Rule(lambda step: step.counts != (0, 3) or not step.distil, name="not then")
    ),
    "a dead end after all others": THREE.with_constraints(
        Rule(lambda step: step.counts != (3, 0) or not step.distil, name="not then")
    ),
}
BUDGETS = {
    "generation attempts": Budget("generation_attempts", 11),
    "generation attempts, hardly enough": Budget("generation_attempts", "102/10"),
    "raw pairs": Budget("raw_pairs", "53/10"),
    "memory time": Budget("memory_time", "1635/100"),
    "steps, not binding": Budget("steps", 9),
    "attempts at least": Budget("generation_attempts", least=12),
}


def exactly(problem, folder):
    """Storm's model of a problem's DRN file, over the rationals."""
    file = folder / "model.drn"
    write_drn(problem, file)
    return stormpy.build_model_from_drn[stormpy.Rational](str(file))


def checked(model, query, *, precision=0):
    """Storm's exact answer to a query, as a fraction."""
    environment = stormpy.environments.exact()
    settings = environment.modelchecker().multi()
    settings.precision = type(settings.precision)(precision)
    (formula,) = stormpy.parse_properties(query)
    # The multi-objective engine answers for the initial state only.
    found = stormpy.model_checking(model, formula, environment=environment, only_initial_states=True)[0]
    return Fraction(str(found.value))


def within(*budgets):
    """The query for the least expected time within limits."""
    parts = ['R{"time"}min=? [F "target"]']
    for budget in budgets:
        for sign, limit in (("<=", budget.most), (">=", budget.least)):
            if limit is not None:
                parts.append(f'R{{"{budget.name}"}}{sign}{float(limit)} [F "target"]')
    return f"multi({', '.join(parts)})"


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_exact_optimum_of_the_drn_file_lies_within_the_bounds(problem, tmp_path):
    """Storm reads the file over the rationals, and its exact optimum lies within what the package proves."""
    found = checked(exactly(problem, tmp_path), 'R{"time"}min=? [F "target"]')
    solution = solve(problem)
    assert Fraction(solution.lower_bound) <= found <= Fraction(solution.upper_bound)


@pytest.mark.parametrize("within", [None, "1/2"])
def test_exact_optimum_on_labels_is_the_upper_bound(within, tmp_path):
    """Past the pumping limit the file holds the labels that round down: Storm's exact optimum is the upper bound."""
    solution = solve(Problem("9/10", 3, "3/4", "84/100"), within=within)
    found = checked(exactly(solution.problem, tmp_path), 'R{"time"}min=? [F "target"]')
    assert solution.lower_bound <= found <= solution.upper_bound
    assert float(found) == pytest.approx(solution.upper_bound, rel=1e-12)


def test_drn_file_charges_the_last_step(tmp_path):
    """With the last step free, Storm's optimum is longer than the waiting time by one distillation."""
    problem = THREE.replace(final_step="free")
    found = checked(exactly(problem, tmp_path), 'R{"time"}min=? [F "target"]')
    assert float(found) == pytest.approx(solve(problem).waiting_time + 2, rel=1e-14)


@pytest.mark.parametrize("resource", ["generation_attempts", "steps", "raw_pairs", "memory_time"])
def test_least_use_in_the_drn_file_is_the_least_workable_limit(resource, tmp_path):
    """Storm's exact least use of a resource is the limit that an infeasible budget is told."""
    problem = THREE.with_constraints(Budget(resource, "1/100"))
    found = checked(exactly(problem, tmp_path), f'R{{"{resource}"}}min=? [F "target"]')
    with pytest.raises(InfeasibleError) as caught:
        solve(problem)
    assert caught.value.workable[resource] == pytest.approx(float(found), rel=1e-8)


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
def test_least_time_within_a_budget_lies_within_the_bounds(budget, tmp_path):
    """Storm's multi-objective engine over the rationals, at precision 0, finds the optimum within the bounds.

    Its default precision, 1e-4, is not that of the answer: the exact engine is then wrong by up to 5e-5 too.
    """
    problem = THREE.with_constraints(budget)
    found = checked(exactly(problem, tmp_path), within(budget))
    solution = solve(problem)
    assert Fraction(solution.lower_bound) <= found <= Fraction(solution.upper_bound)


def test_least_time_within_two_budgets_lies_within_the_bounds(tmp_path):
    """The same for two budgets at once, both of which bind."""
    budgets = Budget("generation_attempts", "23/2"), Budget("memory_time", "166/10")
    problem = THREE.replace(memories=4).with_constraints(*budgets)
    found = checked(exactly(problem, tmp_path), within(*problem.budgets))
    solution = solve(problem)
    assert all(use.price < 0 for use in solution.budgets.values())
    assert Fraction(solution.lower_bound) <= found <= Fraction(solution.upper_bound)


def walk(forward):
    """Three states in a row: a step leads on with some probability, and to the start otherwise; skipping is sure."""
    graph = nx.DiGraph(start=frozenset({0}))
    graph.add_node("target", kind="target")
    graph.add_nodes_from((frozenset({place}) for place in range(3)), kind="state")
    for place in range(3):
        after = frozenset({place + 1}) if place < 2 else "target"
        for name, time, chance in (("step", Fraction(1, 3), forward), ("skip", 2, 1)):
            node = (place, name)
            graph.add_node(node, kind="action", time=time, energy=time * (place + 1))
            graph.add_edge(frozenset({place}), node)
            graph.add_edge(node, after, probability=chance)
            if chance < 1:
                graph.add_edge(node, frozenset({0}), probability=1 - chance)
    return graph


@pytest.mark.parametrize("forward", [Fraction(1, 3), Fraction(1, 2), 0.9])
@pytest.mark.parametrize("graph_of", [walk, lambda p: Problem(p, 3, "3/4", "79/100").graph()], ids=["own", "problem"])
def test_exact_optimum_of_a_state_graph_lies_within_the_bounds(graph_of, forward, tmp_path):
    """Storm's exact optimum of a state graph's file is, to rounding of the given floats, what the package proves."""
    found = float(checked(exactly(graph_of(forward), tmp_path), 'R{"time"}min=? [F "target"]'))
    assert found == pytest.approx(solve(graph_of(forward)).waiting_time, rel=1e-14)


def test_resources_of_a_state_graph_are_rewards(tmp_path):
    """The least use of a resource, as Storm has it, is where the frontier begins."""
    graph = walk(Fraction(1, 2))
    found = float(checked(exactly(graph, tmp_path), 'R{"energy"}min=? [F "target"]'))
    assert frontier(graph, "energy").points[0].used == pytest.approx(found, rel=1e-9)
