"""Certificates: what they claim, how they are repaired, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from cases import REACHED_BY_DISTILLATION, SMALL, labels, problems, solved
from hypothesis import given, settings
from oracle import Hardware, counted

from lpdistill import Budget, LimitError, ModelError, ModelTypeError, NotCertifiedError, Problem, Rule, solve
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.plan import Plan
from symbolic import certify, check, policy_map, waiting_time

TEN = [
    (2, "3/4", "79/100"),
    (3, "3/4", "79/100"),
    (4, "3/4", "79/100"),
    (5, "3/4", "79/100"),
    (3, "9/10", "94/100"),
    (4, "9/10", "94/100"),
    (6, "9/10", "94/100"),
    (3, "13/20", "71/100"),
    (4, "13/20", "71/100"),
    (4, "3/5", "16/25"),
]
"""Memories, raw fidelity and target."""


def tied() -> Problem:
    """A problem with two optimal policies: the ratio of durations is a breakpoint of the map."""
    problem = Problem("1/2", 4, "3/4", "79/100")
    point = policy_map(problem, axis="tau_d/tau_g").breakpoints[1].value
    return problem.replace(distillation_time=point.low)


@pytest.mark.parametrize("p", ["3/10", "1/2", "9/10"])
@pytest.mark.parametrize("problem", TEN, ids=str)
def test_exact_and_floating_point_times_agree(problem, p):
    """On ten problems and three p, the proved fraction is the waiting time of floating point to twelve digits."""
    solution = solved(Problem(p, *problem))
    assert float(certify(solution).waiting_time) == pytest.approx(solution.waiting_time, rel=1e-12)


@pytest.mark.parametrize("scope", ["all", "visited"])
@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_values_are_those_of_brute_force(problem, scope):
    """Wherever values are exact, they are the optimal values of exact policy iteration by brute force."""
    proof = certify(solved(problem), scope=scope)
    _, values = counted(Hardware.of(problem)).optimum
    assert proof.values == {counts: values[counts] - problem.uncharged_time for counts in proof.values}
    assert proof.waiting_time == values[(0,) * len(problem.levels)] - problem.uncharged_time


@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
def test_reduced_costs_are_those_of_brute_force(problem):
    """The exact reduced cost of every action is its value by brute force, less the optimal value."""
    proof = certify(solved(problem))
    chain = counted(Hardware.of(problem), full=True)
    _, values = chain.optimum
    for counts, costs in proof.reduced_costs.items():
        expected = {action: step.value(values) - values[counts] for action, step in chain.steps[counts].items()}
        assert {(action.distil, action.generate): cost for action, cost in costs.items()} == expected
        assert min(costs.values()) == next(iter(costs.values())) == 0


@settings(max_examples=25)
@given(problems(most_memories=4))
def test_random_certificates_check(problem):
    """Certificates of random problems, exact everywhere or where reachable, pass the independent checker."""
    for scope in ("all", "visited"):
        proof = certify(solved(problem), scope=scope)
        checked = check(proof.to_dict())
        assert checked.waiting_time == proof.waiting_time == counted(Hardware.of(problem)).time - problem.uncharged_time
        assert (checked.unique, checked.columns) == (proof.unique, proof.checked_columns)


def spoiled(problem: Problem, *, bounds: bool = False):
    """A solution whose policy has been replaced by the greedy one, and its lower bounds by nonsense if asked for."""
    solution = solve(problem)
    dynamics, low = solution.process, solution.dual.lower
    plan = Plan.of(dynamics.choose(GREEDY.columns(dynamics.kernel)), np.ones(dynamics.size))
    dual = replace(solution.dual, lower=np.full_like(low, 1e3) if bounds else low)
    return replace(solution, plan=plan, dual=dual)


@pytest.mark.parametrize("bounds", [False, True])
@pytest.mark.parametrize("scope", ["all", "visited"])
def test_policies_that_are_not_optimal_are_repaired(scope, bounds):
    """Exact policy iteration turns another policy into the optimal one, whatever the bounds, and says where."""
    problem = Problem("1/2", 5, "9/10", "94/100")
    proof = certify(spoiled(problem, bounds=bounds), scope=scope)
    right = certify(solved(problem), scope=scope)
    assert proof.repaired
    assert not right.repaired
    assert proof.waiting_time == right.waiting_time
    assert proof.policy == right.policy
    assert "repaired in" in repr(proof)
    assert check(proof.to_dict()).waiting_time == right.waiting_time


def test_ties_list_all_optimal_actions():
    """Where two policies are optimal, both actions are listed, nothing is unique, and both policies attain the time."""
    problem = tied()
    proof = certify(solve(problem))
    assert not proof.unique
    assert list(proof.ties) == [(4, 0)]
    anywhere = {counts: actions[0] for counts, actions in proof.optimal_actions.items()}
    for action in proof.ties[4, 0]:
        assert waiting_time(problem, {**anywhere, (4, 0): action}) == proof.waiting_time
    assert not check(proof.to_dict()).unique


def test_ties_do_not_leave_the_exact_values():
    """With values exact only where an optimal policy leads, all ends of all ties are among them."""
    problem = tied()
    assert certify(solve(problem), scope="visited").ties == certify(solve(problem)).ties


def test_visited_scope_is_smaller_and_proves_the_same():
    """The certificate with few exact values proves the same time, policy and uniqueness as the one with all."""
    solution = solved(Problem("1/2", 10, "9/10", "94/100"))
    few, every = certify(solution, scope="visited"), certify(solution)
    assert (few.waiting_time, few.policy, few.unique) == (every.waiting_time, every.policy, every.unique)
    assert len(few.values) == 66
    assert len(every.values) == 286
    assert few.checked_columns == every.checked_columns == 6512


def test_every_number_of_attempts_is_checked_too():
    """With any number of attempts the program has more columns, and the same optimum, without ties."""
    problem = SMALL["three memories"]
    proof = certify(solved(problem, attempts="all"))
    assert proof.waiting_time == certify(solved(problem)).waiting_time
    assert proof.checked_columns == len(labels(solved(problem, attempts="all").process))
    assert check(proof.to_dict()).columns == proof.checked_columns


def test_waiting_for_no_time_is_no_optimal_action():
    """Where generation takes no time, waiting has reduced cost zero, but is not an optimal action."""
    proof = certify(solved(SMALL["generation takes no time"]))
    assert all(action.generate or action.distil for some in proof.optimal_actions.values() for action in some)


def test_certificates_are_saved_and_summarised(tmp_path):
    """A saved certificate is the JSON of the certificate, and the summary is short."""
    proof = certify(solved(SMALL["four memories"]))
    proof.save(tmp_path / "certificate.json")
    assert json.loads((tmp_path / "certificate.json").read_text()) == proof.to_dict()
    assert proof.to_dict()["waiting_time"] == "30902346125803/3576456259272"
    assert "30902346125803/3576456259272" in repr(proof)
    assert len(repr(proof).splitlines()) <= 12
    assert "30902346125803/3576456259272" in proof._repr_html_()
    assert repr(proof.reduced_costs) == "ExactReducedCosts: 39 actions in 15 configurations"


def test_numbers_of_any_length_are_written_and_read():
    """A parameter with hundreds of digits makes values with thousands, more than Python writes at once."""
    problem = Problem(Fraction(10**400 + 7, 3 * 10**400), 3, "3/4", "79/100")
    proof = certify(solve(problem))
    assert len(proof.to_dict()["waiting_time"]) > 4300
    assert check(json.loads(proof.to_json())).waiting_time == proof.waiting_time


def test_only_solutions_are_certified():
    """A problem stands for its solution, other things do not, and an unknown scope is named."""
    problem = SMALL["four memories"]
    assert certify(problem).waiting_time == certify(solved(problem)).waiting_time
    with pytest.raises(ModelTypeError, match="must be a Solution, not a Policy"):
        certify(solved(problem).policy)
    with pytest.raises(ModelError, match="all, visited"):
        certify(solved(SMALL["four memories"]), scope="some")


def test_programs_that_take_too_long_are_refused(monkeypatch):
    """A program whose bounds take too many operations, or whose columns must be listed, is refused with its size."""
    monkeypatch.setattr("symbolic.exact.certification.MOST_LISTED", 10)
    reserve = Rule(lambda step: step.counts[0] != 1 or not step.distil, name="reserve")
    with pytest.raises(LimitError, match="71 columns; with a rule of your own"):
        certify(solve(SMALL["four memories"].with_constraints(reserve)))
    monkeypatch.setattr("symbolic.exact.certification.MOST_CERTIFIED", 10)
    with pytest.raises(LimitError, match="operations in integers") as caught:
        certify(solved(SMALL["four memories"]))
    assert caught.value.size["operations"] > 10


def test_limits_on_failures_list_no_columns(monkeypatch):
    """Where failures have a price, neither the maker nor the checker goes through columns: operations count alone."""
    monkeypatch.setattr("symbolic.exact.certification.MOST_LISTED", 10)
    monkeypatch.setattr("symbolic.checking.proof.MOST_CHECKED", 10)
    solution = solve(Problem("1/2", 6, "9/10", "94/100").with_constraints(Budget("failed_distillations", "9/20")))
    proof = certify(solution)
    assert check(proof).waiting_time == proof.waiting_time
    assert proof.prices["failed_distillations"] < 0
    monkeypatch.setattr("symbolic.exact.certification.grouped_size", lambda _: (10**12, 1))
    with pytest.raises(LimitError, match="1,000,000,000,000 operations in integers"):
        certify(solution)


def test_iterations_that_do_not_end_prove_nothing(monkeypatch):
    """Without enough rounds there is no certificate."""
    monkeypatch.setattr("symbolic.exact.certification.MOST_REPAIRS", 1)
    with pytest.raises(NotCertifiedError, match="1 rounds"):
        certify(spoiled(Problem("1/2", 5, "9/10", "94/100")))
