"""How much actions may vary, against another solver on the enumerated model, and against policies found otherwise."""

import json
from itertools import pairwise

import numpy as np
import pytest
from cases import REACHED_BY_DISTILLATION, SMALL, solved
from oracle import TARGET, Hardware, counted
from scipy.optimize import linprog

from lpdistill import Budget, LimitError, MaxDistillations, ModelError, Problem, solve
from lpdistill.program.plan import Plan
from lpdistill.worth.optimal_face import optimal_columns
from lpdistill.worth.variability import variability

EXAMPLE = Problem("1/2", 3, "9/10", "94/100")
NEVER_USED = 1e-6


def enumerated(problem, slack):
    """Ranges of all actions by scipy, over the enumerated model, one program at a time."""
    chain = counted(Hardware.of(problem), full=True)
    states = list(chain.steps)
    steps = [(s, n, step) for s, named in chain.steps.items() for n, step in named.items() if set(step.moves) - {s}]
    matrix = np.zeros((len(states), len(steps)))
    for column, (state, _, step) in enumerate(steps):
        matrix[states.index(state), column] += 1
        for after, chance in step.moves.items():
            if after != TARGET:
                matrix[states.index(after), column] -= float(chance)
    cost = np.array([float(step.cost) for *_, step in steps])
    off = float(problem.uncharged_time)
    limit = (float(chain.time) - off) * (1 + slack) + off
    start = np.array([float(state == chain.start) for state in states])
    ends = {}
    for column, (state, name, _) in enumerate(steps):
        objective = np.zeros(len(steps))
        objective[column] = 1
        both = [
            linprog(sign * objective, cost[None, :], [limit * (1 + 1e-12)], matrix, start, method="highs-ds").fun * sign
            for sign in (1, -1)
        ]
        ends[state, name] = both
    return ends


@pytest.mark.parametrize("slack", ["1/1000", "1/20", "1"])
@pytest.mark.parametrize(
    "problem", [EXAMPLE, EXAMPLE.replace(final_step="free"), Problem("2/5", 3, "3/4", "79/100")], ids=str
)
def test_ranges_are_those_of_another_solver(problem, slack):
    """Both ends of every action's range are those of scipy on the model enumerated by brute force."""
    found = variability(solved(problem), slack)
    expected = enumerated(problem, found.slack)
    assert len(found.rows) == len(expected)
    for row in found.rows:
        name = tuple(sorted(row.action.distil)), row.action.generate
        assert (row.least, row.greatest) == pytest.approx(expected[row.counts, name], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", REACHED_BY_DISTILLATION)
def test_forced_actions_are_those_of_a_unique_optimum(name):
    """Where no other action ties, the optimal policy's actions are forced where reachable, and nothing is free."""
    solution = solved(REACHED_BY_DISTILLATION[name])
    rows = list(solution.rows(visited=True))
    for row in rows:
        regrets = [r for action, r in solution.regrets[row.counts].items() if action.distil or action.generate]
        assert len(regrets) == 1 or regrets[1] > 1e-9 * solution.waiting_time
    found = variability(solution)
    seen = [row for row in rows if row.visits > NEVER_USED * solution.expected.steps]
    assert {row.counts: row.decisions[0].action for row in seen}.items() <= found.forced.items()
    assert found.free == {}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("method", ["simplex", "ipm", "columns"])
def test_every_optimal_policy_lies_within(name, method):
    """Policies of all methods, ties broken in all ways, take every action as often as the ranges allow."""
    found = variability(solved(SMALL[name]))
    ends = {(row.counts, row.action): (row.least, row.greatest) for row in found.rows}
    for least in (None, "distillations", "memory_time"):
        other = solve(SMALL[name], method=method, least=least, attempts="full")
        seen = dict.fromkeys(ends, 0.0)
        for row in other.rows(visited=True):
            seen[row.counts, row.decisions[0].action] = row.visits
        for what, times in seen.items():
            margin = 1e-7 * max(1.0, other.expected.steps)
            assert ends[what][0] - margin <= times <= ends[what][1] + margin


def test_nearly_optimal_policies_lie_within():
    """Policies that deviate in one configuration lie within the ranges exactly as far as they are fast enough."""
    solution = solved(EXAMPLE)
    found = variability(solution, "1/50")
    ends = {(row.counts, row.action): (row.least, row.greatest) for row in found.rows}
    process, inside = solution.process, 0
    columns = solution.plan.uses.columns
    for rank in range(process.size):
        for other in np.setdiff1d(process.admission.of_configuration(rank), process.admission.waiting).tolist():
            changed = columns.copy()
            changed[rank] = other
            plan = Plan.of(process.choose(changed), np.ones(len(changed)))
            times = dict(
                zip(
                    map(process.names.key, range(process.size)),
                    zip(process.names.actions(changed), plan.visits, strict=True),
                    strict=True,
                )
            )
            within = all(
                low - 1e-8 <= (times[counts][1] if times[counts][0] == action else 0.0) <= high + 1e-8
                for (counts, action), (low, high) in ends.items()
            )
            if plan.values[0] <= 1.02 * solution.waiting_time:
                inside += 1
                assert within
    assert inside > process.size


def test_ranges_grow_with_the_slack():
    """The slower policies may be, the more every action may vary."""
    solution = solved(EXAMPLE)
    spans = [variability(solution, slack) for slack in (0, "1/1000", "1/50", "1/5")]
    for smaller, larger in pairwise(spans):
        wider = {(row.counts, row.action): row for row in larger.rows}
        for row in smaller.rows:
            other = wider[row.counts, row.action]
            assert other.least <= row.least + 1e-8
            assert other.greatest >= row.greatest - 1e-8


def test_ties_are_free():
    """Where two actions tie, the configuration is free, and each action may be taken always or never."""
    problem = Problem("1/2", 2, "3/4", "79/100", rules=[])
    graph = problem.graph("full")
    action = next(node for node in graph.successors((2, 0)) if graph.nodes[node]["distil"])
    twin = ((2, 0), "twin")
    graph.add_node(twin, **graph.nodes[action])
    graph.add_edge((2, 0), twin)
    for after, data in graph[action].items():
        graph.add_edge(twin, after, **data)
    found = variability(solve(graph))
    assert set(found.free) == {(2, 0)}
    assert set(found.free[2, 0]) == {action, twin}
    for low, high in (found[2, 0][node] for node in (action, twin)):
        assert (low, high) == pytest.approx((0, solve(problem).visits[2, 0]), abs=1e-8)


def test_budgets_are_kept():
    """Within a budget, ranges are those of the policies that keep it; the optimum's own use of actions lies within."""
    budget = Budget("generation_attempts", "10.2")
    solution = solve(Problem("1/2", 4, "9/10", "94/100").with_constraints(budget))
    for slack in (0, "1/100"):
        for row in variability(solution, slack).rows:
            assert row.least - 1e-7 <= row.taken <= row.greatest + 1e-7
    (drawn,) = solution.policy.randomised
    found = variability(solution)
    assert found.free.keys() == {drawn}
    assert sum(row.taken > 0 for row in found.rows if row.counts == drawn) == 2


def test_wrong_slack_is_refused():
    """A slack that is negative or no number is refused."""
    for slack in (-1, "nan", "some", None):
        with pytest.raises(ModelError, match="slack"):
            variability(solved(EXAMPLE), slack)


def test_too_many_columns_are_refused():
    """Programs of hours are refused before they start, with their size."""
    with pytest.raises(LimitError, match=r"variability: .* take fewer memories") as refused:
        variability(solve(Problem("1/2", 10, "9/10", "94/100")), "1/100")
    assert refused.value.size["columns"] > 5_000


def test_optimal_policies_of_many_columns():
    """Without slack only actions that tie are asked about, so that thousands of columns are answered too."""
    solution = solve(Problem("1/2", 10, "9/10", "94/100"))
    found = variability(solution)
    assert len(found.rows) > 5_000
    assert found.free == {}
    often = [row for row in solution.rows(visited=True) if row.visits > NEVER_USED]
    assert {row.counts: row.decisions[0].action for row in often}.items() <= found.forced.items()


def test_a_single_optimal_policy_needs_no_linear_program():
    """Of ten million columns one policy is optimal: both ends are its own visits, and all other actions are counted."""
    solution = solve(Problem("1/2", 32, "9/10", "94/100"))
    found = variability(solution)
    assert found.ranges.iterations == 0
    assert all(
        row.least == row.greatest == row.taken == solution.visits[row.counts] for row in found.rows if row.allowed
    )
    waiting = len(solution.process.admission.waiting)
    assert found.never + sum(row.allowed for row in found.rows) == solution.process.column_count - waiting > 10_000_000


def test_optimal_columns_are_those_without_regret_where_they_lead():
    """They are found by search among all columns that are written out, from the start on."""
    for name, problem in SMALL.items():
        solution = solved(problem)
        columns, ranks = optimal_columns(solution)
        process = solution.process
        choice = process.choose(np.setdiff1d(process.columns, process.admission.waiting))
        even = np.flatnonzero(
            choice.action_values(solution.dual.values) <= solution.dual.values[choice.configuration] + 1e-10
        )
        found = {0}
        while True:
            here = even[np.isin(choice.configuration[even], list(found))]
            more = found | set(choice.at(here).moves.indices.tolist())
            if more == found:
                break
            found = more
        assert (set(ranks.tolist()), set(columns.tolist())) == (found, set(choice.columns[here].tolist())), name


def test_what_is_not_proved_is_refused():
    """A claimed optimum has no proven optimal face."""
    problem = EXAMPLE.with_constraints(Budget("generation_attempts", "11.5"), MaxDistillations(1))
    with pytest.raises(ModelError, match="proven optimum"):
        variability(solve(problem, deterministic=True))


def test_shown_in_every_form():
    """The text counts decisions, JSON has every action, and the frame a row for each."""
    found = variability(solved(EXAMPLE), "1/100")
    assert f"{len(found.forced)} configurations are decided, {len(found.free)} are free" in repr(found)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert len(document["actions"]) == len(found.rows) == len(found.to_frame())
