"""What a problem file sets is taken back on the command line: rules, budgets and settings, one by one or all."""

from __future__ import annotations

import pytest

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    load_problem,
)

BARE = Problem("1/2", 4, "3/4", "79/100")
RULES = {
    MaxDistillations(1): ("max_distillations = 1", ("--max-distillations", "none")),
    MaxAttempts(3): ("max_attempts = 3", ("--max-attempts", "none")),
    Banded(1): ("banded = 1", ("--banded", " none ")),
    NoGenerationWhileDistilling(): ("no_generation_while_distilling = true", ("--generation-while-distilling",)),
    EqualLevelsOnly(): ("equal_levels_only = true", ("--no-equal-levels-only",)),
    RawPairOnly(): ("raw_pair_only = true", ("--no-raw-pair-only",)),
}
"""Every rule as a file says it, and the option that takes it back."""

FILE = 'p = 0.5\nmemories = 4\nf0 = "3/4"\ntarget = 0.79\n'
BUDGETS = "[budgets]\ngeneration_attempts = 14\nmemory_time = { most = 30, least = 5 }\n"


@pytest.fixture
def solved(run, problem_file):
    """The problem that a file and options describe together, as the document of its solution has it."""

    def problem(content, *options):
        return Problem.from_dict(run("solve", problem_file(content), *options, "--json").document["problem"])

    return problem


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_is_taken_back(solved, rule):
    """The option takes the rule of the file back and leaves another."""
    line, option = RULES[rule]
    other = MaxAttempts(3) if rule != MaxAttempts(3) else Banded(1)
    content = f"{FILE}[rules]\n{line}\n{RULES[other][0]}\n"
    assert solved(content, *option) == BARE.with_constraints(other)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_taking_back_what_is_not_there_changes_nothing(solved, rule):
    """Without the rule in the file the option does nothing."""
    assert solved(FILE, *RULES[rule][1]) == BARE


def test_all_rules_are_taken_back_but_those_of_options(solved):
    """``--no-rules`` takes all rules of the file back, not those that options add."""
    content = f"{FILE}[rules]\nmax_distillations = 1\nbanded = 1\n"
    assert solved(content, "--no-rules", "--max-attempts", "3") == BARE.with_constraints(MaxAttempts(3))


def test_a_budget_is_taken_back(solved):
    """``NAME=none`` takes both limits of a budget back, and leaves the others."""
    found = solved(FILE + BUDGETS, "--budget", "memory_time=none")
    assert found == BARE.with_constraints(Budget("generation_attempts", 14))


def test_one_limit_of_a_budget_stays_if_it_is_given(solved):
    """An upper limit is taken back by ``none``, and a lower one given beside it holds."""
    found = solved(FILE + BUDGETS, "--no-budgets", "--budget", "steps=none", "--budget", "steps>=5")
    assert found == BARE.with_constraints(Budget("steps", least=5))


def test_all_budgets_are_taken_back(solved):
    """``--no-budgets`` takes all budgets of the file back."""
    assert solved(FILE + BUDGETS, "--no-budgets") == BARE


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("distillation_time = 3", "--distillation-time"),
        ("generation_time = 3", "--generation-time"),
        ('final_step = "free"', "--final-step"),
    ],
)
def test_a_setting_is_taken_back(solved, line, option):
    """``none`` in place of a setting is the setting that a file without it would have."""
    assert solved(f"{FILE}{line}\n", option, "none") == BARE


def test_what_every_problem_needs_is_missed_when_it_is_taken_back(run, problem_file):
    """Taking ``p`` back is as if the file did not have it."""
    ran = run("solve", problem_file(FILE), "--p", "none")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "lpdistill: error: p: is missing; give it as an option or in the problem file",
    )


def test_an_unknown_budget_is_not_taken_back(run, problem_file):
    """A misspelt resource is refused also where its limit is ``none``."""
    ran = run("solve", problem_file(FILE + BUDGETS), "--budget", "memry_time=none")
    assert ran.code == 2
    assert "'memry_time'" in ran.err


def test_a_sweep_takes_rules_of_its_file_back(run, problem_file, tmp_path):
    """In a sweep a rule that is taken back restricts no point."""
    content = f"{FILE}[rules]\nmax_distillations = 1\n".replace("memories = 4", 'memories = "2:3"')
    document = run(
        "sweep",
        problem_file(content),
        "--store",
        str(tmp_path / "results.sqlite"),
        "--max-distillations",
        "none",
        "--json",
    )
    assert {tuple(point["problem"]["rules"]) for point in document.document["points"]} == {()}


def test_python_takes_back_as_the_command_line_does(problem_file):
    """``load_problem`` takes back what changes to ``none`` name."""
    path = problem_file(f"{FILE}generation_time = 3\n[rules]\nbanded = 1\n{BUDGETS}")
    found = load_problem(path, generation_time="none", rules={"banded": "none"}, budgets={"memory_time": "none"})
    assert found == BARE.with_constraints(Budget("generation_attempts", 14))
