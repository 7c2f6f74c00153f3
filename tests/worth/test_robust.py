"""The worst case over an interval of p: against an adversary that is tried out by brute force."""

from fractions import Fraction

import numpy as np
import pytest
from cases import REACHED_BY_DISTILLATION, problems
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import TARGET, Hardware, counted

from lpdistill import (
    Budget,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    NotCertifiedError,
    Problem,
    Rule,
    solve,
)
from lpdistill.worth.robust import robust

EXAMPLE = Problem("1/2", 4, "9/10", "94/100")
INTERVAL = ("2/5", "3/5")


def chains(problem, chances):
    """The enumerated model for each of some probabilities of generation."""
    return [counted(Hardware.of(problem.replace(p=p)), full=True) for p in chances]


def worst_case(problem, chances):
    """Least worst-case times to go by value iteration, nature choosing a probability for each action."""
    models = chains(problem, chances)
    values = dict.fromkeys(models[0].steps, 0.0)

    def version(model, state, name):
        step = model.steps[state][name]
        return float(step.cost), [(after, float(chance)) for after, chance in step.moves.items()]

    moves = {
        state: [[version(model, state, name) for model in models] for name in steps if set(steps[name].moves) - {state}]
        for state, steps in models[0].steps.items()
    }
    for _ in range(5000):
        new = {
            state: min(
                max(cost + sum(q * values[k] for k, q in after if k != TARGET) for cost, after in versions)
                for versions in actions
            )
            for state, actions in moves.items()
        }
        change = max(abs(new[state] - values[state]) for state in new)
        values = new
        if change < 1e-12:
            break
    return values


@settings(max_examples=12)
@given(problems(most_memories=3, least_p="1/4"), st.integers(1, 9))
def test_least_worst_case(problem, tenths):
    """The worst-case optimum is that of value iteration against an adversary with five probabilities to choose from."""
    low = problem.p * Fraction(tenths, 10)
    assume(low >= Fraction(1, 10))
    found = robust(problem, (low, problem.p))
    chances = [low + (problem.p - low) * Fraction(k, 4) for k in range(5)]
    expected = worst_case(problem, chances)[(0,) * len(problem.levels)] - float(problem.uncharged_time)
    assert found.waiting_time == pytest.approx(expected, rel=1e-9)
    assert found.lower_bound <= found.waiting_time <= found.upper_bound
    assert found.upper_bound - found.lower_bound <= 1e-9 * found.waiting_time


def test_no_adversary_exceeds_the_bound():
    """Whatever probability nature fixes in each configuration, the policy keeps its promise."""
    found = robust(EXAMPLE, INTERVAL)
    random = np.random.default_rng(1)
    chances = [Fraction(2, 5) + Fraction(k, 20) for k in range(5)]
    models = chains(EXAMPLE, chances)
    policy = {
        counts: (tuple(sorted(does[0].action.distil)), does[0].action.generate) for counts, does in found.policy.items()
    }
    states = list(models[0].steps)
    for _ in range(40):
        matrix, cost = np.eye(len(states)), np.zeros(len(states))
        for row, state in enumerate(states):
            step = models[random.integers(5)].steps[state][policy[state]]
            cost[row] = float(step.cost)
            for after, chance in step.moves.items():
                if after != TARGET:
                    matrix[row, states.index(after)] -= float(chance)
        assert np.linalg.solve(matrix, cost)[states.index((0, 0, 0))] <= found.upper_bound


def test_worst_case_is_the_lower_end():
    """The robust optimum is the optimum for the least p, and the policy that policy."""
    found, worst = robust(EXAMPLE, INTERVAL), solve(EXAMPLE.replace(p="2/5"))
    assert found.waiting_time == worst.waiting_time
    assert dict(found.policy) == dict(worst.policy)


def test_price_and_protection():
    """What robustness costs at the expected p, and what it saves at the worst, are differences of enumerated times."""
    found = robust(EXAMPLE, INTERVAL)
    nominal = solve(EXAMPLE)

    def time(solution, p):
        chain = counted(Hardware.of(EXAMPLE.replace(p=p)), full=True)
        chosen = {
            counts: (tuple(sorted(does[0].action.distil)), does[0].action.generate)
            for counts, does in solution.policy.items()
        }
        return float(chain.evaluate(chosen)[chain.start])

    assert found.price == pytest.approx(time(found.worst, "1/2") - nominal.waiting_time, rel=1e-9)
    assert found.protection == pytest.approx(time(nominal, "2/5") - found.waiting_time, rel=1e-9)
    assert min(found.price, found.protection) > 0.06


def test_no_uncertainty_costs_nothing():
    """With an interval that is one point, the answer is the optimum, and robustness is free."""
    found = robust(EXAMPLE, ("1/2", "1/2"))
    assert (found.waiting_time, found.price, found.protection) == (solve(EXAMPLE).waiting_time, 0.0, 0.0)


@pytest.mark.parametrize("rule", [MaxDistillations(1), NoGenerationWhileDistilling()], ids=str)
def test_rules_under_which_raw_pairs_never_hurt(rule):
    """Structural rules of hardware keep the argument: bounds meet."""
    found = robust(EXAMPLE.with_constraints(rule), INTERVAL)
    assert found.upper_bound - found.lower_bound < 1e-9


def test_refused_where_a_raw_pair_costs_time():
    """A rule that makes another raw pair a burden breaks the argument: refused, naming the configuration."""
    burden = Rule(lambda step: not step.distil or step.counts[0] != 3, name="never distil with three raw pairs")
    problem = Problem("1/2", 4, "3/4", "79/100").with_constraints(burden)
    values = solve(problem).values
    assert values[3, 0] > values[2, 0]
    with pytest.raises(NotCertifiedError, match=r"another raw pair may cost time in configuration \(\d, \d\)"):
        robust(problem, INTERVAL)


@pytest.mark.parametrize("name", ["two memories, one round", "certain generation", "last step free"])
def test_special_problems(name):
    """Problems at the edges of the model have a proven worst case too."""
    problem = REACHED_BY_DISTILLATION[name]
    found = robust(problem, (problem.p / 2, problem.p))
    assert found.lower_bound <= found.waiting_time <= found.upper_bound


def test_target_reached_by_generation_alone():
    """Where raw pairs meet the target, the worst case is the least p: tau / (1 - (1-p)^M)."""
    found = robust(Problem("1/2", 2, "3/4", "7/10"), ("1/4", "1/2"))
    assert found.waiting_time == pytest.approx(1 / (1 - 0.75**2), rel=1e-12)


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (("0.6", "0.4"), "least value first"),
        (("0", "0.6"), "0 < p <= 1"),
        (("0.4", "1.1"), "0 < p <= 1"),
        (("0.1", "0.4"), "contains the expected 0.5"),
        (("0.4",), "two numbers"),
        ("0.4:0.6", "two numbers"),
        (("nan", "1"), "finite"),
        ((None, 1), "must be a number"),
    ],
)
def test_wrong_intervals_are_refused(interval, words):
    """Whatever is no interval of probabilities around the expected one is refused, with what was found."""
    with pytest.raises(ModelError, match=words):
        robust(EXAMPLE, interval)


def test_budgets_and_graphs_are_refused():
    """A budget would not be kept elsewhere, and a graph has no p."""
    with pytest.raises(ModelError, match="without budgets"):
        robust(EXAMPLE.with_constraints(Budget("steps", 20)), INTERVAL)
    with pytest.raises(ModelError, match="no parameters"):
        robust(EXAMPLE.graph(), INTERVAL)


def test_shown_in_every_form():
    """The text names worst case and price, JSON the policy, and the picture draws both policies."""
    found = robust(EXAMPLE, INTERVAL)
    assert "at p = 0.4 throughout" in repr(found)
    document = found.to_dict()
    assert (document["worst_p"], document["problem"]["p"]) == (0.4, "1/2")
    assert len(document["policy"]) == len(found.policy) == len(found.to_frame())
    assert [line.get_label() for line in found.plot().lines] == ["nominal", "robust"]
