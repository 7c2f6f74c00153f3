"""What is given in the place of a neighbour works where it can mean one thing, and is one clear TypeError elsewhere."""

from __future__ import annotations

import inspect
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import lpdistill
import symbolic
from lpdistill import (
    Action,
    Budget,
    Chain,
    Dynamics,
    Grid,
    LpdistillError,
    MaxDistillations,
    ModelError,
    ModelTypeError,
    NoGenerationWhileDistilling,
    OccupationProgram,
    Policy,
    Problem,
    Rule,
    Solution,
    baseline,
    compare,
    deadline,
    distribution,
    simulate,
    solve,
    write_policy,
)
from lpdistill.arguments import Kind, named
from lpdistill.convex import ConvexProgram
from lpdistill.export.models import write_drn, write_prism
from lpdistill.export.programs import write_mps
from lpdistill.hardware.actions import Attempts
from symbolic import ProblemFormulas

PROBLEM = Problem("1/2", 2, "3/4", "79/100")
RAW = Action(generate=2)


@cache
def solution() -> Solution:
    return solve(PROBLEM)


GIVEN = {
    "a problem": PROBLEM.replace,
    "a solution": solution,
    "a policy": lambda: solution().policy,
    "a graph": PROBLEM.graph,
    "a chain": lambda: Chain.of(solution().plan),
    "a list": lambda: [PROBLEM],
    "a dictionary": lambda: {"p": 0.5},
    "a text": lambda: "nested",
    "a number": lambda: 3,
    "nothing": lambda: None,
    "a class": lambda: Problem,
}
"""Things that are given for each other."""

HARDWARE = {"a problem", "a solution"}
QUESTIONS = HARDWARE | {"a graph"}
POLICIES = {"a policy", "a solution"}

DOORS = {
    # What takes a problem, or a problem or a state graph.
    "average_delivery": (lpdistill.average_delivery, HARDWARE),
    "key_rate": (lpdistill.key_rate, HARDWARE),
    "rate_frontier": (lambda x: lpdistill.rate_frontier(x, "steps"), HARDWARE),
    "deploy": (lpdistill.deploy, HARDWARE),
    "standby": (lambda x: lpdistill.standby(x, 1, "1/20"), HARDWARE),
    "throughput": (lpdistill.throughput, HARDWARE),
    "baseline": (lambda x: baseline(x, "pumping"), HARDWARE),
    "compare": (compare, QUESTIONS),
    "deadline": (lambda x: deadline(x, 10), QUESTIONS),
    "deadline_frontier": (lambda x: lpdistill.deadline_frontier(x, 6), QUESTIONS),
    "frontier": (lambda x: lpdistill.frontier(x, "steps"), QUESTIONS),
    "least_time_within": (lambda x: lpdistill.least_time_within(x, 12, 0.5), QUESTIONS),
    "policy_named": (lambda x: lpdistill.policy_named(x, "optimal"), QUESTIONS),
    "read_policy": (lambda x: lpdistill.read_policy(x, "policy.json"), HARDWARE),
    "robust": (lambda x: lpdistill.robust(x, (0.4, 0.6)), HARDWARE),
    "smallest_window": (lambda x: lpdistill.smallest_window(x, 0.9), QUESTIONS),
    "solve": (solve, QUESTIONS),
    "sweep": (lambda x: lpdistill.sweep(x, store=None), HARDWARE | {"a dictionary"}),
    "plan": (
        lambda x: lpdistill.plan(x, {"waiting_time": 99}, {"p": {"values": [1], "price": 1}}),
        HARDWARE | {"a dictionary"},
    ),
    "adapt": (lambda x: lpdistill.adapt(x, 10, 5), HARDWARE),
    "policy_table": (lpdistill.policy_table, HARDWARE),
    "read_policy_table": (lambda x: lpdistill.read_policy_table(x, "policy.json"), HARDWARE),
    "policy_map": (symbolic.policy_map, HARDWARE),
    "Dynamics": (lambda x: Dynamics(x).kernel.repertoire, HARDWARE),
    "Grid": (lambda x: Grid(x, p="0.3,0.5"), HARDWARE | {"nothing"}),
    "Policy.of": (lambda x: Policy.of(x, solution().policy), QUESTIONS),
    "ProblemFormulas.of": (ProblemFormulas.of, HARDWARE),
    "ConvexProgram.of": (ConvexProgram.of, QUESTIONS),
    "write_mps": (lambda x: write_mps(x, "program.mps"), QUESTIONS),
    "write_drn": (lambda x: write_drn(x, "process.drn"), QUESTIONS),
    "write_prism": (lambda x: write_prism(x, "process.tra"), QUESTIONS),
    # What takes the solution of one.
    "certify": (symbolic.certify, QUESTIONS),
    "forbid": (lambda x: lpdistill.forbid(x, (0, 0), Action()), QUESTIONS),
    "force": (lambda x: lpdistill.force(x, (0, 0), RAW), QUESTIONS),
    "increments": (lpdistill.increments, QUESTIONS),
    "neighbours": (lambda x: lpdistill.neighbours(x, "steps"), QUESTIONS),
    "regret_curve": (lambda x: lpdistill.regret_curve(x, points=2), QUESTIONS),
    "sensitivity": (lpdistill.sensitivity, QUESTIONS),
    "validity": (lpdistill.validity, QUESTIONS),
    "variability": (lpdistill.variability, QUESTIONS),
    **{
        name: (getattr(symbolic, name), HARDWARE)
        for name in ("variance", "variance_in_p", "waiting_time", "waiting_time_in_p", "waiting_time_in_p_and_f0")
    },
    # What takes a policy.
    "differences": (lambda x: lpdistill.differences(x, solution().policy), POLICIES),
    "differences from": (lambda x: lpdistill.differences(solution().policy, x), POLICIES),
    "distribution": (distribution, POLICIES),
    "history": (lambda x: lpdistill.history(x, seed=1), POLICIES),
    "simulate": (lambda x: simulate(x, 10, seed=1), POLICIES),
    "write_policy": (lambda x: write_policy(x, "written.json"), POLICIES),
    "Deadline.probability_of": (lambda x: deadline(PROBLEM, 10).probability_of(x), POLICIES),
    "Chain.of": (Chain.of, POLICIES),
    "waiting_time of": (lambda x: symbolic.waiting_time(PROBLEM, x), POLICIES | {"nothing", "a dictionary"}),
    "Policy.of of": (lambda x: Policy.of(PROBLEM, x), POLICIES | {"a dictionary"}),
    "compare with": (lambda x: compare(PROBLEM, x), {"a text", "nothing", "a dictionary"}),
    "OccupationProgram.of": (OccupationProgram.of, POLICIES | {"a chain"}),
    "simulated_telemetry": (lambda x: lpdistill.simulated_telemetry(x, 10, seed=1), POLICIES),
    "watch": (lambda x: lpdistill.watch(x, [lpdistill.Record(attempts=9, successes=4)]), POLICIES),
    "read_telemetry": (lpdistill.read_telemetry, {"a text"}),
    "write_telemetry": (lambda x: lpdistill.write_telemetry(x, "link.jsonl"), set()),
    # What takes a rate, or the problem of one.
    "certify_rate": (symbolic.certify_rate, set()),
    "rate_sensitivity": (lpdistill.rate_sensitivity, set()),
    "rate_validity": (lpdistill.rate_validity, set()),
    "simulate_rate": (lambda x: lpdistill.simulate_rate(x, 4000, seed=1), set()),
    # What takes something else.
    "Problem p": (lambda x: Problem(x, 2, "3/4", "79/100"), {"a number", "a text"}),
    "Problem rules": (lambda x: PROBLEM.replace(rules=x), {"nothing", "a dictionary", "a policy"}),
    "Problem budgets": (lambda x: PROBLEM.replace(budgets=x), {"nothing", "a dictionary", "a policy"}),
    "with_constraints": (PROBLEM.with_constraints, {"nothing"}),
    "Budget": (lambda x: Budget(x, 3), {"a text"}),
    "deviations": (lambda x: simulate(solution(), 10, deviations=x), set()),
    "load_problem": (lpdistill.load_problem, {"a text"}),
    "read_graph": (lpdistill.read_graph, {"a text"}),
    "write_graph": (lambda x: lpdistill.write_graph(x, "graph.json"), {"a graph"}),
    "check": (symbolic.check, {"a text", "a dictionary", "a problem", "a solution", "a policy"}),
    "acceptance_plan": (lambda x: lpdistill.acceptance_plan(x, "0.95"), {"a text", "a number"}),
    "acceptance_verdict": (lambda x: lpdistill.acceptance_verdict(x, 9, 10), {"a text", "a number"}),
    "sequential_verdict": (lambda x: lpdistill.sequential_verdict("0.9", 1, x), {"a text"}),
    "hashing": (lambda x: lpdistill.hashing(x, pairs=10), {"a text", "a number", "nothing"}),
    "levels": (symbolic.levels, {"a text", "a number"}),
    "level_range": (lambda x: symbolic.level_range(x, gap="0.04"), {"a text", "a number"}),
    "memory_limit": (lambda x: symbolic.memory_limit(x, 2), {"a text", "a number"}),
    "nested_level": (lambda x: symbolic.nested_level(x, 1), {"a text", "a number"}),
    "pumping_level": (lambda x: symbolic.pumping_level(x, 1), {"a text", "a number"}),
    "pumping_limit": (symbolic.pumping_limit, {"a text", "a number"}),
    "pumping_rate": (symbolic.pumping_rate, {"a text", "a number"}),
    "pumping_rounds": (lambda x: symbolic.pumping_rounds(x, "0.79"), {"a text", "a number"}),
}
"""How everything public that takes a problem, a policy or a solution is called, and what may be given to it."""

KEYWORDS_ONLY = {"changes", "largest_gap", "nested_fixed_points", "reproduce"}
"""Functions whose first argument nobody gives by its place."""


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    """A folder with a policy, for what reads and writes files."""
    monkeypatch.chdir(tmp_path)
    write_policy(solution().policy, "policy.json")


def test_no_public_function_is_forgotten():
    """Every public function is called below."""
    public = {name: getattr(room, name) for room in (lpdistill, symbolic) for name in room.__all__}
    functions = {name for name, found in public.items() if inspect.isfunction(found)}
    assert functions - KEYWORDS_ONLY <= DOORS.keys()


@pytest.mark.parametrize("door", DOORS)
def test_a_neighbour_works_or_is_one_clear_type_error(door):
    """What may be given works, or is refused for what it says; everything else is a TypeError that names both kinds."""
    call, fitting = DOORS[door]
    for words, make in GIVEN.items():
        given = make()
        if words in fitting:
            try:
                call(given)
            except LpdistillError as error:
                refused = error
            else:
                refused = None
            assert not isinstance(refused, TypeError), words
        else:
            with pytest.raises(TypeError) as caught:
                call(given)
            assert isinstance(caught.value, ModelTypeError), words
            assert caught.value.value is given or isinstance(given, list) or words == "a graph", words
            assert len(str(caught.value)) < 400, words


MEANT = {
    "distribution(solution)": lambda: distribution(solution()).mean,
    "distribution(force(...))": lambda: distribution(lpdistill.force(PROBLEM, (0, 0), RAW)).mean,
    "sensitivity(problem)": lambda: lpdistill.sensitivity(PROBLEM).solution.waiting_time,
    "sensitivity(sensitivity)": lambda: lpdistill.sensitivity(lpdistill.sensitivity(PROBLEM)).solution.waiting_time,
    "solve(comparison)": lambda: solve(compare(PROBLEM)).waiting_time,
    "compare with a solution": lambda: compare(PROBLEM, {"mine": solution()}).policies["mine"].waiting_time,
    "waiting_time with a solution": lambda: float(symbolic.waiting_time(PROBLEM, solution())),
    "Policy.of a solution": lambda: Policy.of(PROBLEM, solution()).waiting_time,
    "a sweep of one problem": lambda: lpdistill.sweep(PROBLEM, store=None).rows[0].waiting_time,
    "a checked certificate": lambda: float(symbolic.check(symbolic.certify(PROBLEM)).waiting_time),
    "no rules, no budgets": lambda: solve(PROBLEM.replace(rules=None, budgets=None)).waiting_time,
}


@pytest.mark.parametrize("words", MEANT)
def test_a_neighbour_means_what_it_has(words):
    """A solution stands for its policy and its problem, and a problem for its solution."""
    assert MEANT[words]() == pytest.approx(solution().waiting_time, rel=1e-9)


def test_a_simulated_deadline_is_that_of_its_policy():
    """What has a policy that looks at the clock is simulated by it."""
    found = deadline(PROBLEM, 12)
    assert simulate(found, 50, seed=3, horizon=12).to_dict() == simulate(found.policy, 50, seed=3, horizon=12).to_dict()


@pytest.mark.parametrize(
    "rules", [MaxDistillations(1), [MaxDistillations(1)], {"max_distillations": 1}, {MaxDistillations(1)}], ids=repr
)
def test_rules_may_be_one_several_or_a_table(rules):
    """One rule needs no list, and a table is that of a problem file."""
    assert PROBLEM.replace(rules=rules).rules == (MaxDistillations(1),)


@pytest.mark.parametrize("budgets", [Budget("steps", 9), (Budget("steps", 9),), {"steps": 9}, {"steps": {"most": 9}}])
def test_budgets_may_be_one_several_or_a_table(budgets):
    """One budget needs no list, and a table is that of a problem file."""
    assert PROBLEM.replace(budgets=budgets).budgets == (Budget("steps", 9),)


def test_constraints_may_come_in_lists():
    """A list of constraints means those in it."""
    several = PROBLEM.with_constraints([MaxDistillations(1), Budget("steps", 9)])
    assert several == PROBLEM.with_constraints(MaxDistillations(1), Budget("steps", 9))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distribution(PROBLEM), r"policy: must be a Policy, not a Problem; .*solve\(problem\)\.policy"),
        (lambda: distribution(PROBLEM.graph()), r"not a DiGraph; the optimal one is solve\(graph\)\.policy"),
        (
            lambda: write_policy("policy.json", solution()),
            r"must be a Policy, not a str; .*read_policy\(problem, file\)",
        ),
        (lambda: write_policy(solution(), None), "file: must be the path of a file, not None"),
        (lambda: lpdistill.sensitivity(solution().policy), "must be a Solution, not a Policy; .* give the solution"),
        (lambda: solve("problem.toml"), r"not a str; a problem file is read by load_problem\(path\)"),
        (lambda: solve(Path("problem.toml")), r"not a PosixPath; a problem file is read by load_problem\(path\)"),
        (lambda: solve({"p": 0.5}), r"not a dict; settings make one: Problem.from_dict\(settings\)"),
        (lambda: solve([PROBLEM, PROBLEM]), "not a list; ask about one at a time, or sweep"),
        (lambda: solve(PROBLEM.graph().to_undirected()), "not a Graph; edges of a state graph have directions"),
        (
            lambda: lpdistill.write_graph(PROBLEM, "graph.json"),
            r"not a Problem; that of a problem is problem.graph\(\)",
        ),
        (lambda: solve(solution().policy), "not a Policy; give the problem that it is a policy for"),
        (lambda: baseline(PROBLEM.graph(), "nested"), "must be a Problem for nested: a state graph has no memories"),
        (lambda: lpdistill.robust(PROBLEM.graph(), (0.4, 0.6)), "a Problem, not a DiGraph; a state graph has no param"),
        (lambda: PROBLEM.replace(rules=Budget("steps", 9)), "not a Budget; budgets have an argument of their own"),
        (lambda: PROBLEM.replace(budgets=[Rule(bool)]), "not a Rule; rules have an argument of their own"),
        (
            lambda: PROBLEM.replace(rules=[NoGenerationWhileDistilling]),
            "the class NoGenerationWhileDistilling; call it",
        ),
        (lambda: PROBLEM.replace(rules=lambda _: True), r"not a function; Rule\(function\) makes a rule of it"),
        (lambda: PROBLEM.with_constraints("steps"), "constraints: must be a rule or a budget, .*, not a str"),
        (lambda: simulate(solution(), 10, deviations={"p": 0.4}), r"not a dict; Deviations\(\*\*settings\) makes them"),
        (lambda: compare(PROBLEM, solution().policy), r'policies by name such as \{"mine": policy\}, not a Policy'),
        (
            lambda: compare(PROBLEM, [solution().policy]),
            r'have one in a mapping such as \{"mine": policy\}, not a Policy',
        ),
        (lambda: OccupationProgram.of(PROBLEM), r"a decision process, not a Problem; that of a problem is Dynamics"),
        (lambda: Problem(None, 2, "3/4", "79/100"), 'p: must be a number such as 0.75 or "3/4"'),
        (lambda: Problem([0.5], 2, "3/4", "79/100"), r"p: must be a number .* \(found \[0.5\]\)"),
        (
            lambda: PROBLEM.replace(memories=solution()),
            r"memories: must be a whole number such as 4 \(found a Solution\)",
        ),
    ],
)
def test_the_message_says_what_to_write(call, message):
    """A type error names what was wanted, what was given, and what to write instead, in a line."""
    with pytest.raises(ModelTypeError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_type_error_is_an_error_of_the_model_too():
    """Whoever catches wrong input of any kind catches a wrong type."""
    for kind in (LpdistillError, ModelError, ValueError, TypeError):
        with pytest.raises(kind):
            solve(3)


def test_a_long_value_is_named_not_quoted():
    """A message stays a line, whatever was found."""
    assert str(ModelError("where", "must be short", "x" * 1000)) == "where: must be short (found a str)"
    assert str(ModelError("where", "must be short", solution())) == "where: must be short (found a Solution)"


def test_a_fraction_is_quoted_as_it_is_written():
    """What was found is shown as one would type it."""
    assert str(ModelError("where", "must be less", Fraction(22, 25))) == "where: must be less (found '22/25')"


def test_a_kind_never_asks_a_class_for_what_its_objects_have():
    """A property of a class is not what an object of it has."""
    kind = Kind("a Policy", lambda given: isinstance(given, property), "policy", {})
    with pytest.raises(ModelTypeError, match="not the class Solution"):
        kind.meant(Solution, "policy")


@pytest.mark.parametrize(
    ("given", "words"), [([1], "a list"), (1, "an int"), (None, "None"), (Attempts, "the class Attempts")]
)
def test_things_are_named_in_words(given, words):
    """What was given is named by its type."""
    assert named(given) == words


def pictures():
    """Functions that draw on axes."""
    return {
        "distribution": distribution(solution()).plot,
        "policy": solution().policy.plot,
        "sensitivity": lpdistill.sensitivity(PROBLEM).plot,
        "deadline": deadline(PROBLEM, 10).plot,
        "frontier": lpdistill.frontier(PROBLEM, "steps").plot,
        "comparison": compare(PROBLEM).plot,
    }


def test_axes_may_be_those_of_a_figure_or_an_array():
    """A figure, and an array or a list with one Axes, mean these axes."""
    figures = pytest.importorskip("matplotlib.figure")
    for plot in pictures().values():
        one = figures.Figure().subplots()
        two = figures.Figure().subplots(1, 1, squeeze=False)
        for given, meant in ((one, one), (one.figure, one), (two, two[0, 0]), ([one], one)):
            assert plot(ax=given) is meant
        empty = figures.Figure()
        assert plot(ax=empty).figure is empty


def test_other_axes_are_one_clear_type_error():
    """Several axes, pyplot and names are not the axes of a picture."""
    figures = pytest.importorskip("matplotlib.figure")
    several = figures.Figure().subplots(1, 2)
    for plot in pictures().values():
        for given, message in (
            (several, "must be the Axes of a figure, not a ndarray with 2 of them; give one"),
            (several[0].figure, "not a Figure with 2 of them; give one"),
            (np, "not a module"),
            ("ax", "not a str"),
        ):
            with pytest.raises(ModelTypeError, match=message):
                plot(ax=given)
