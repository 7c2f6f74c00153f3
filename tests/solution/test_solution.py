"""The answer: exact values, visits and regrets everywhere, bounds that enclose, and a check that can fail."""

import json
import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import oracle
import pytest
from cases import REACHED_BY_DISTILLATION, SMALL, labels, problems, solved
from hypothesis import given, settings

from lpdistill import Action, Budget, LpdistillError, NotCertifiedError, Problem, Status, solve
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.plan import Plan

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
distilled_problems = pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)


def chain_of(problem):
    """The problem enumerated."""
    return oracle.counted(oracle.Hardware.of(problem), full=True)


def policy_of(solution):
    """The policy of a solution in the oracle's words."""
    return {
        counts: (tuple(sorted(decision.action.distil)), decision.action.generate)
        for counts, (decision,) in solution.policy.items()
    }


@every_problem
def test_bounds_enclose_the_exact_optimum(problem):
    """The exact rational optimum lies between the bounds that are claimed to be proved."""
    solution, exact = solved(problem), chain_of(problem).time - problem.uncharged_time
    assert Fraction(solution.lower_bound) <= exact <= Fraction(solution.upper_bound)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problems())
def test_bounds_enclose_the_exact_optimum_of_random_problems(problem):
    """The same for random problems."""
    solution, exact = solve(problem), chain_of(problem).time - problem.uncharged_time
    assert Fraction(solution.lower_bound) <= exact <= Fraction(solution.upper_bound)


@every_problem
def test_waiting_time_lies_between_its_bounds(problem):
    """``lower_bound <= waiting_time <= upper_bound``."""
    solution = solved(problem)
    assert solution.lower_bound <= solution.waiting_time <= solution.upper_bound


@every_problem
def test_waiting_time_is_the_exact_optimum(problem):
    """The waiting time is the exact optimum to a few roundings of the time that passes."""
    found, exact = solved(problem).waiting_time, chain_of(problem).time
    assert abs(Fraction(found) + problem.uncharged_time - exact) <= Fraction(1, 10**13) * exact


@every_problem
def test_values_are_exact_in_every_configuration(problem):
    """The value of every configuration, visited or not, is its exact least time to go."""
    _, exact = chain_of(problem).optimum
    solution = solved(problem)
    for counts, value in solution.values.items():
        assert value == pytest.approx(
            float(exact[counts] - problem.uncharged_time), rel=0, abs=1e-12 * float(exact[counts])
        )


@every_problem
def test_policy_is_optimal_in_every_configuration(problem):
    """The policy itself, evaluated exactly, attains the optimum wherever it is started, to 1e-13 of it."""
    chain = chain_of(problem)
    exact, found = chain.optimum[1], chain.evaluate(policy_of(solved(problem)))
    assert all(found[counts] <= exact[counts] * (1 + Fraction(1, 10**13)) for counts in exact)


@every_problem
def test_visits_are_exact(problem):
    """Expected visits are those of the policy, evaluated exactly."""
    solution = solved(problem)
    expected = chain_of(problem).visits(policy_of(solution))
    assert dict(solution.visits) == pytest.approx({k: float(v) for k, v in expected.items()}, rel=1e-12, abs=0)


@every_problem
@pytest.mark.parametrize("attempts", ["full", "all"])
def test_regrets_are_exact(problem, attempts):
    """The regret of every action in every configuration is its exact reduced cost, to rounding of the values."""
    solution = solved(problem, attempts=attempts)
    chain = oracle.counted(oracle.Hardware.of(problem), full=attempts == "full")
    _, values = chain.optimum
    scale = float(max(values.values()))
    for counts, steps in chain.steps.items():
        found = {(tuple(sorted(a.distil)), a.generate): regret for a, regret in solution.regrets[counts].items()}
        expected = {name: float(step.value(values) - values[counts]) for name, step in steps.items()}
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-14 * scale)


@every_problem
def test_the_policy_has_no_regret(problem):
    """The action of the policy has the least regret in every configuration, which is zero to rounding."""
    solution = solved(problem)
    for counts, (decision,) in solution.policy.items():
        regrets = solution.regrets[counts]
        assert regrets[decision.action] == pytest.approx(0, abs=1e-13 * max(solution.values.values()))


def test_waiting_loses_its_duration():
    """Where waiting is an action, its regret is the duration of a step."""
    problem = SMALL["times in thirds and sevenths"]
    regrets = solved(problem, attempts="all").regrets
    assert [regrets[counts][Action((), 0)] for counts in regrets] == pytest.approx([3 / 7] * 15, rel=1e-13)


@every_problem
def test_all_attempts_are_no_better_than_full_attempts(problem):
    """Attempting on every empty memory loses nothing: the program of any number of attempts has the same optimum."""
    full, any_number = solved(problem), solved(problem, attempts="all")
    assert any_number.waiting_time == pytest.approx(full.waiting_time, rel=1e-13)
    exact = oracle.counted(oracle.Hardware.of(problem))
    assert exact.time == chain_of(problem).time


@every_problem
def test_a_solution_verifies(problem):
    """What :func:`solve` returns passes its own check, and with bounds that are close."""
    found = solved(problem).verify()
    assert found.dual_slack >= 0
    assert 0 <= found.gap <= 1e-11 * solved(problem).plan.values[0]


def tampered(*, plan=(), dual=(), **changes):
    """A correct solution with parts of its policy, of its proof or of its claims exchanged."""
    solution = honest()
    parts = {"plan": replace(solution.plan, **dict(plan)), "dual": replace(solution.dual, **dict(dual))}
    return replace(solution, **{**parts, **changes})


def honest():
    """The solution that :func:`tampered` spoils."""
    return solved(SMALL["four memories, three levels"])


def scaled(factor, *names):
    """Some parts of the honest solution, all wrong by the same factor, as :func:`tampered` takes them."""
    solution = honest()
    parts = {
        "bound": {"bound": solution.bound * factor},
        "lower": {"dual": {"lower": solution.dual.lower * factor}},
        "dual values": {"dual": {"values": solution.dual.values * factor}},
        "values": {"plan": {"values": solution.plan.values * factor}},
        "upper": {"plan": {"upper": solution.plan.upper * factor}},
        "dual upper": {"dual": {"upper": solution.dual.upper * factor}},
    }
    found = {}
    for name in names:
        for part, change in parts[name].items():
            found[part] = {**found.get(part, {}), **change} if isinstance(change, dict) else change
    return found


EVERYTHING = ("bound", "lower", "dual values", "values", "upper", "dual upper")


@pytest.mark.parametrize("names", [("bound", "lower"), ("bound",), ("lower",)], ids=" and ".join)
def test_a_lower_bound_that_is_too_high_does_not_verify(names):
    """Dual values above the optimum have a negative reduced cost, and no bound may exceed what they prove."""
    with pytest.raises(NotCertifiedError):
        tampered(**scaled(1.001, *names)).verify()


def test_a_lower_bound_that_is_too_high_anywhere_does_not_verify():
    """One dual value too high, in a configuration that is never visited, is enough."""
    never = int(np.flatnonzero(honest().occupation == 0)[0])
    lower = honest().dual.lower.copy()
    lower[never] *= 1.001
    with pytest.raises(NotCertifiedError):
        tampered(dual={"lower": lower}).verify()


@pytest.mark.parametrize("names", [("upper", "dual upper"), ("upper",), ("dual upper",)], ids=" and ".join)
def test_an_upper_bound_that_is_too_low_does_not_verify(names):
    """An upper bound below the waiting time does not enclose it."""
    with pytest.raises(NotCertifiedError):
        tampered(**scaled(0.999, *names)).verify()


@pytest.mark.parametrize("factor", [1 + 1e-11, 1 - 1e-11])
def test_wrong_digits_do_not_verify(factor):
    """Bounds and values that are all wrong in the eleventh digit, and agree with each other, are found."""
    with pytest.raises(NotCertifiedError):
        tampered(**scaled(factor, *EVERYTHING)).verify()


def test_a_lower_bound_closer_than_rounding_does_not_verify():
    """A bound only the rounding of one action value below the values may be true, but is not proved."""
    lower = honest().dual.values * (1 - honest().process.rounding)
    with pytest.raises(NotCertifiedError):
        tampered(dual={"lower": lower}).verify()


def test_an_upper_bound_closer_than_rounding_does_not_verify():
    """The same for a bound above the values."""
    upper = honest().plan.values * (1 + honest().process.rounding)
    with pytest.raises(NotCertifiedError):
        tampered(plan={"upper": upper}, dual={"upper": upper}).verify()


def with_action(counts, action):
    """The honest policy with the action of one configuration exchanged."""
    dynamics = honest().process
    number = {label: column for column, label in enumerate(labels(dynamics))}
    policy = dict(labels(dynamics, honest().plan.uses.columns)) | {counts: action}
    return dynamics.choose(np.array([number[item] for item in policy.items()]))


def test_a_policy_that_is_suboptimal_where_no_run_comes_does_not_verify():
    """One action exchanged for a worse one, in a configuration that is never visited, is found."""
    assert honest().visits[1, 1, 2] == 0
    with pytest.raises(NotCertifiedError):
        tampered(plan={"uses": with_action((1, 1, 2), (((0, 1),), 0))}).verify()


def test_a_policy_that_owns_up_to_being_suboptimal_where_no_run_comes_does_not_verify():
    """The same if values and upper bounds are those of the exchanged action, and true: an optimum is one everywhere."""
    policy = with_action((1, 1, 2), (((0, 1),), 0))
    with pytest.raises(NotCertifiedError):
        tampered(plan=vars(Plan.of(policy, np.ones(len(policy.columns))))).verify()


def test_an_improper_policy_does_not_verify():
    """A policy that waits for ever in one configuration is no answer, even in unreachable configurations."""
    with pytest.raises(LpdistillError):
        tampered(plan={"uses": with_action((1, 1, 2), ((), 0))}).verify()


@pytest.mark.parametrize("names", [("upper", "dual upper"), ("upper",), ("dual upper",)], ids=" and ".join)
def test_bounds_that_are_far_apart_do_not_verify(names):
    """Bounds that are true but prove no optimum, because they are far apart, are no proof."""
    with pytest.raises(NotCertifiedError):
        tampered(**scaled(2, *names)).verify()


def test_bounds_that_are_far_apart_where_no_run_comes_do_not_verify():
    """The same in one configuration that is never visited."""
    never = int(np.flatnonzero(honest().occupation == 0)[0])
    lower = honest().dual.lower.copy()
    lower[never] /= 2
    with pytest.raises(NotCertifiedError):
        tampered(dual={"lower": lower}).verify()


def test_bounds_and_values_that_are_too_low_do_not_verify():
    """Lower bound, values and upper bound can be consistent with each other and still claim too short a time."""
    with pytest.raises(NotCertifiedError):
        tampered(**scaled(0.5, *EVERYTHING)).verify()


@pytest.mark.parametrize("error", [1, -1])
@pytest.mark.parametrize("part", ["plan", "dual"])
def test_a_value_that_is_wrong_does_not_verify(part, error):
    """A value that is wrong in one configuration, between bounds that are right elsewhere, is found."""
    values = getattr(honest(), part).values.copy()
    values[-1] += error
    with pytest.raises(NotCertifiedError):
        tampered(**{part: {"values": values}}).verify()


def test_a_waiting_time_below_its_lower_bound_does_not_verify():
    """Values that are all too low, so that the waiting time is below its own lower bound, are found."""
    spoilt = tampered(**scaled(0.5, "values"))
    assert spoilt.waiting_time < spoilt.lower_bound
    with pytest.raises(NotCertifiedError):
        spoilt.verify()


def test_a_suboptimal_policy_does_not_verify():
    """The greedy policy, put in place of the optimal one, takes longer than the bounds that are claimed for it."""
    dynamics = honest().process
    with pytest.raises(NotCertifiedError):
        tampered(plan={"uses": dynamics.choose(GREEDY.columns(dynamics.kernel))}).verify()


OTHER = [
    {"p": "8/10"},
    {"p": "6/10"},
    {"memories": 5},
    {"target": "0.92"},
    {"final_step": "free"},
    {"budgets": (Budget("steps", 1),)},
]


@pytest.mark.parametrize("changes", OTHER, ids=str)
def test_the_solution_of_another_problem_does_not_verify(changes):
    """A solution does not verify as the solution of a problem with another parameter."""
    solution = solve(SMALL["four memories, three levels"])
    with pytest.raises(NotCertifiedError):
        replace(solution, problem=solution.problem.replace(**changes)).verify()


def test_a_solution_survives_pickling():
    """A solution comes back from a pickle with its tables, as parallel work needs."""
    solution = solve(SMALL["three memories"])
    before = (solution.waiting_time, solution.expected.to_dict(), dict(solution.values))
    again = pickle.loads(pickle.dumps(solution))  # noqa: S301 - made here
    assert (again.waiting_time, again.expected.to_dict(), dict(again.values)) == before


@distilled_problems
def test_charged_is_free_plus_one_distillation(problem):
    """Every run ends with exactly one distillation: ``T_charged = T_free + tau_d``, from every configuration."""
    charged, free = (solved(problem.replace(final_step=step)) for step in ("charged", "free"))
    expected = {k: v + float(problem.distillation_time) for k, v in free.values.items()}
    assert dict(charged.values) == pytest.approx(expected, rel=1e-14)


@distilled_problems
def test_the_free_last_step_changes_no_decision(problem):
    """Policy and regrets do not depend on whether the last step is charged."""
    charged, free = (solved(problem.replace(final_step=step)) for step in ("charged", "free"))
    assert policy_of(charged) == policy_of(free)
    assert dict(charged.regrets) == dict(free.regrets)


def test_status_is_optimal():
    """The status is an enumeration that reads ``optimal``."""
    assert solved(SMALL["four memories"]).status is Status.OPTIMAL
    assert str(Status.OPTIMAL) == "optimal"


def test_rows_are_the_policy():
    """One row per configuration, with the value, visits and decisions that the tables hold."""
    solution = solved(SMALL["four memories"])
    rows = list(solution.rows())
    assert [row.counts for row in rows] == list(solution.policy)
    for row in rows:
        assert row.value == solution.values[row.counts]
        assert row.visits == solution.visits[row.counts]
        assert row.decisions == solution.policy[row.counts]


def test_visited_rows_are_ordered_by_visits():
    """Only in reachable configurations, most visited first."""
    solution = solved(SMALL["four memories, three levels"])
    visits = [row.visits for row in solution.rows(visited=True)]
    assert visits == sorted((x for x in solution.visits.values() if x > 0), reverse=True)


def test_json_has_what_users_rely_on():
    """The JSON document has every promised entry, in plain numbers."""
    solution = solve(Problem(0.5, 4, "3/4", "79/100"))
    data = json.loads(solution.to_json())
    assert data["schema"] == "lpdistill.solution/1"
    assert data["status"] == "optimal"
    assert data["waiting_time"] == solution.waiting_time
    assert data["lower_bound"] <= data["waiting_time"] <= data["upper_bound"]
    assert data["levels"] == [{"fidelity": 0.75, "exact": "3/4"}, {"fidelity": 41 / 52, "exact": "41/52"}]
    assert set(data["program"]) >= {"configurations", "columns", "method", "iterations", "seconds"}
    assert set(data["expected"]) == {
        "steps",
        "generation_attempts",
        "raw_pairs",
        "distillations",
        "failed_distillations",
        "memory_time",
    }


def test_json_policy_is_the_policy():
    """Every configuration of the JSON document has the value, visits and actions of the solution."""
    solution = solved(SMALL["four memories"])
    for entry in json.loads(solution.to_json())["policy"]:
        counts = tuple(entry["counts"])
        (decision,) = solution.policy[counts]
        assert (entry["value"], entry["visits"]) == (solution.values[counts], solution.visits[counts])
        assert entry["actions"] == [
            {
                "generate": decision.action.generate,
                "distil": [list(pair) for pair in decision.action.distil],
                "probability": 1.0,
            }
        ]


@every_problem
def test_program_sizes_are_those_enumerated(problem):
    """The run states as many configurations and columns as enumeration finds."""
    chain, run = chain_of(problem), solved(problem).run
    assert (run.configurations, run.columns) == (len(chain.steps), sum(len(s) for s in chain.steps.values()))


@every_problem
def test_frame_has_a_row_per_configuration(problem):
    """The data frame has one row per configuration, with its value."""
    solution = solved(problem)
    frame = solution.to_frame()
    assert dict(zip(frame["counts"], frame["value"], strict=True)) == dict(solution.values)


@every_problem
def test_repr_is_short_and_starts_with_the_answer(problem):
    """At most twelve lines, with the waiting time and the bounds in them."""
    solution = solved(problem)
    text = repr(solution)
    assert len(text.splitlines()) <= 12
    assert f"{solution.waiting_time:.12g} (optimal)" in text


@every_problem
def test_printed_bounds_are_still_proved(problem):
    """The bounds as printed, read back, enclose the exact optimum: they are rounded outwards."""
    exact = chain_of(problem).time - problem.uncharged_time
    (text,) = [text for name, text in solved(problem).summary() if name == "proved"]
    _, lower, _, upper = text.split()
    assert Fraction(lower) <= exact <= Fraction(upper)


def test_html_shows_the_most_visited_configurations():
    """In a notebook the solution shows its policy in reachable configurations."""
    solution = solved(SMALL["four memories, three levels"])
    shown = solution._repr_html_()
    assert "<table>" in shown
    assert solution.policy.wording.configuration((0, 0, 0)) in shown


def test_columns_of_the_policy_are_those_of_the_optimum():
    """The policy speaks of the columns that were proved optimal."""
    solution = solved(SMALL["four memories, three levels"])
    assert labels(solution.process, solution.dual.policy.columns) == list(policy_of(solution).items())
