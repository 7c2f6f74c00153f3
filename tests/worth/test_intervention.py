"""Actions forbidden or forced, against the enumerated model without them."""

import pytest
from cases import REACHED_BY_DISTILLATION, solved
from oracle import Chain, Hardware, counted

from lpdistill import Action, Budget, InfeasibleError, MaxDistillations, ModelError, Problem, solve
from lpdistill.worth.intervention import forbid, force

NAMES = ["three memories", "last step free", "three memories, three levels"]


def deed(action):
    """An action in the oracle's words."""
    return tuple(sorted(action.distil)), action.generate


def optimum(problem, counts, keep):
    """Least waiting time of the enumerated model with only some actions left in one configuration."""
    chain = counted(Hardware.of(problem), full=True)
    left = {name: step for name, step in chain.steps[counts].items() if keep(name)}
    return float(Chain(chain.start, chain.steps | {counts: left}).time - problem.uncharged_time)


@pytest.mark.parametrize("name", NAMES)
def test_forbidding_is_solving_without(name):
    """With any action of the policy forbidden, the waiting time is that of the enumerated model without it."""
    solution = solved(REACHED_BY_DISTILLATION[name])
    for row in solution.rows(visited=True):
        action = row.decisions[0].action
        others = [
            other for other in solution.regrets[row.counts] if other != action and (other.distil or other.generate)
        ]
        if not others:
            continue
        found = forbid(solution, row.counts, action)
        expected = optimum(solution.problem, row.counts, lambda name, action=action: name != deed(action))
        assert found.waiting_time == pytest.approx(expected, rel=1e-10)
        assert found.cost == pytest.approx(expected - solution.waiting_time, abs=1e-9)
        assert found.policy[row.counts][0].action != action


@pytest.mark.parametrize("name", NAMES)
def test_forcing_is_solving_with_nothing_else(name):
    """With any action forced, the waiting time is that of the enumerated model with that action alone."""
    solution = solved(REACHED_BY_DISTILLATION[name])
    for row in solution.rows(visited=True):
        for action in solution.regrets[row.counts]:
            if not (action.distil or action.generate):
                continue
            found = force(solution, row.counts, action)
            expected = optimum(solution.problem, row.counts, lambda name, action=action: name == deed(action))
            assert found.waiting_time == pytest.approx(expected, rel=1e-10)
            assert found.policy[row.counts][0].action == action


def test_what_is_optimal_costs_nothing_to_force():
    """Forcing what the policy does anyway costs nothing; so does forbidding what it never does."""
    solution = solved(REACHED_BY_DISTILLATION["four memories"])
    for counts, does in solution.policy.items():
        assert force(solution, counts, does[0].action).cost <= 1e-12
        for action in solution.regrets[counts]:
            if action != does[0].action:
                assert forbid(solution, counts, action).cost <= 1e-12


def test_under_rules_and_budgets():
    """The rules and budgets of the problem hold on: forcing what the budgeted policy does by lot costs time."""
    problem = Problem("1/2", 4, "9/10", "94/100").with_constraints(
        MaxDistillations(1), Budget("generation_attempts", "10.8")
    )
    solution = solve(problem)
    (drawn,) = solution.policy.randomised
    for decision in solution.policy[drawn]:
        found = forbid(solution, drawn, decision.action)
        assert found.cost >= -1e-12
        assert found.plan.used(problem.budgets[0].resource) <= 10.8 * (1 + 1e-9)


def test_nothing_left_is_infeasible():
    """Where the only way on is forbidden, the message says what was forbidden where."""
    solution = solved(REACHED_BY_DISTILLATION["three memories"])
    with pytest.raises(InfeasibleError, match=r"forbidden in configuration \(0, 0\), no policy reaches the target"):
        forbid(solution, (0, 0), Action((), 3))


def test_waiting_forced_is_infeasible():
    """A configuration in which one must wait forever is a dead end; from the start nothing is left."""
    solution = solve(REACHED_BY_DISTILLATION["three memories"], attempts="all")
    with pytest.raises(InfeasibleError, match="forced in configuration"):
        force(solution, (0, 0), Action())


@pytest.mark.parametrize(
    ("counts", "action", "words"),
    [
        ((4, 0), Action((), 3), "counts: no configuration"),
        ((0, 0), Action(((0, 0),), 0), "must be one of the program"),
        ((1, 0), Action((), 3), "must be one of the program"),
        ((0, 0), "generate", "must be an Action"),
    ],
)
def test_actions_that_do_not_exist_are_refused(counts, action, words):
    """Configurations and actions that are none are refused, with examples of some that are."""
    with pytest.raises(ModelError, match=words):
        force(solved(REACHED_BY_DISTILLATION["three memories"]), counts, action)


def test_graphs_are_refused():
    """A state graph is changed by removing nodes, and the message says so."""
    with pytest.raises(ModelError, match="removing its node"):
        forbid(solve(Problem("1/2", 2, "3/4", "78/100").graph()), (0,), Action((), 2))
