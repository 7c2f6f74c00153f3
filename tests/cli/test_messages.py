"""Messages name what was typed, and never point to what only Python has."""

from __future__ import annotations

import re

import pytest

import lpdistill
from lpdistill import MaxDistillations, Problem, solve

PROBLEM = ("--p", ".5", "-M", "3", "--f0", ".75", "--target", ".79")
TYPED = {
    "--p": ("solve", *PROBLEM, "--p", "2"),
    "--memories": ("solve", *PROBLEM, "-M", "0"),
    "--f0": ("solve", *PROBLEM, "--f0", ".3"),
    "--gap": ("solve", "--p", ".5", "-M", "3", "--f0", ".75", "--gap", ".5"),
    "--final-step": ("solve", *PROBLEM, "--final-step", "often"),
    "--generation-time": ("solve", *PROBLEM, "--generation-time", "-1"),
    "--max-distillations": ("solve", *PROBLEM, "--max-distillations", "x"),
    "--method": ("solve", *PROBLEM, "--method", "fast"),
    "--least": ("solve", *PROBLEM, "--least", "effort"),
    "--resource": ("frontier", *PROBLEM, "--resource", "effort"),
    "--runs": ("simulate", *PROBLEM, "--runs", "1"),
    "--real-p": ("simulate", *PROBLEM, "--real-p", "3"),
    "--message-loss": ("simulate", *PROBLEM, "--message-loss", "1"),
    "--horizon": ("simulate", *PROBLEM, "--horizon", "0"),
    "--at": ("waiting-time", *PROBLEM, "--at", "soon"),
    "--until": ("waiting-time", *PROBLEM, "--until", "soon"),
    "--policy": ("waiting-time", *PROBLEM, "--policy", "fast"),
    "--policies": ("compare", *PROBLEM, "--policies", "optimal,fast", "--differences", "greedy"),
    "--differences": ("compare", *PROBLEM, "--policies", "optimal", "--differences", "fast"),
    "--window": ("deadline", *PROBLEM, "--window", "soon"),
    "--slack": ("variability", *PROBLEM, "--slack", "some"),
    "--counts": ("explain", *PROBLEM, "--counts", "9,9"),
    "--plot-policy": ("sweep", *PROBLEM, "--plot", "a.png", "--plot-policy", "fast"),
    "--output": ("graph", *PROBLEM, "-o", "a.xyz"),
    "--axis": ("policy-map", "-M", "3", "--f0", ".75", "--target", ".79", "--axis", "tau"),
}
"""A wrong value of each option."""


@pytest.mark.parametrize("option", TYPED)
def test_a_wrong_value_is_named_by_its_option(run, option):
    """The message begins with the option as it is typed, not with what the program calls its value."""
    ran = run(*TYPED[option])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"lpdistill: error: {option}: ")
    assert ran.err.count("\n") == 1


NEARNESS = {
    "--within": (("0", "1", "2", "-1"), "must be a relative gap with 0 < within < 1, such as 0.001"),
    "--time-limit": (("0", "-1", "1e40"), "must be a number of seconds above 0, at most 1e+09"),
}
"""Gaps and times that are none, and what is said of them."""

NEAR = {
    "solve": (),
    "compare": (),
    "waiting-time": (),
    "deadline": ("--window", "9"),
    "explain": ("--counts", "1"),
    "simulate": ("--runs", "10"),
    "export": (),
    "levels": (),
    "variability": (),
    "sweep": (),
}
"""The commands that have them, with what else they need; the problem is one past the pumping limit."""


@pytest.mark.parametrize("command", NEAR)
def test_gaps_and_times_that_are_none_are_refused_in_one_message(run, tmp_path, command):
    """Every command says in one line which option is wrong, what it must be, and what was found, and does nothing."""
    past = ("--p", ".5", "-M", "3", "--f0", ".8", "--target", ".88")
    file = {"export": ("-o", str(tmp_path / "a.json")), "sweep": ("--store", str(tmp_path / "a.db"))}.get(command, ())
    for option, (values, told) in NEARNESS.items():
        if (command, option) == ("variability", "--within"):
            continue
        for value, said in [*((value, told) for value in values), ("nan", "must be a finite number")]:
            ran = run(command, *past, *NEAR[command], *file, option, value)
            assert (ran.code, ran.out) == (2, "")
            assert ran.err == f"lpdistill: error: {option}: {said} (found '{value}')\n"
    assert not list(tmp_path.iterdir())


def test_what_a_file_says_is_named_by_its_key(run, problem_file):
    """A wrong value in a problem file is named by the key, also where options give other settings."""
    file = problem_file("p = 2\nmemories = 3\nf0 = 0.75\n")
    assert run("solve", file, "--target", ".79").err.startswith("lpdistill: error: p: must be a probability")


HINTS = {
    "budgets of a deadline": ("deadline", *PROBLEM, "--window", "9", "--budget", "steps=9"),
    "unknown resource": ("solve", *PROBLEM, "--least", "effort"),
    "unknown resource of a frontier": ("frontier", *PROBLEM, "--resource", "effort"),
    "large graph": ("graph", *PROBLEM, "--plot", "a.png"),
    "map with budgets": ("policy-map", *PROBLEM, "--budget", "steps=9"),
    "robust with budgets": ("robust", *PROBLEM[2:], "--p", ".4:.6", "--budget", "steps=9"),
    "least and deterministic": (
        "solve", *PROBLEM, "--deterministic", "--least", "steps", "--budget", "generation_attempts=9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HINTS)
def test_hints_do_not_point_to_python(run, case):
    """No message of the command line names a function, class or method of the library."""
    ran = run(*HINTS[case])
    assert ran.code in {2, 4}
    ours = [name for name in lpdistill.__all__ if not name.islower() or "_" in name]
    assert not re.findall(rf"\b({'|'.join(ours)})\b|\w\(\)|of your own", ran.err.replace("generation_attempts", ""))


def test_least_of_a_deterministic_policy_is_refused_before_the_solve(monkeypatch):
    """What cannot be answered is refused before anything is solved."""

    def solved(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("lpdistill.program.methods._explicitly", solved)
    problem = Problem(0.5, 3, "3/4", "79/100").with_constraints(lpdistill.Budget("generation_attempts", 9))
    with pytest.raises(lpdistill.ModelError, match="leave it or deterministic out"):
        solve(problem, deterministic=True, least="steps")


@pytest.mark.parametrize("command", ["solve", "levels", "compare"])
def test_swapped_fidelities_get_a_note(run, command):
    """A target below f0 is answered, with a note on standard error that the two may be swapped."""
    ran = run(command, *PROBLEM[:4], "--f0", ".79", "--target", ".75", "--json")
    assert ran.code == 0
    assert "the target 0.75 is below f0 = 0.79" in ran.err
    assert "swapped" in ran.err
    assert ran.document


def test_other_fidelities_get_none(run):
    """A target that is above f0, or equal to it, is nothing to remark upon."""
    for target in (".79", ".75"):
        assert run("solve", *PROBLEM[:6], "--target", target).err == ""


def test_an_error_keeps_its_kind_under_another_name():
    """An error named anew has the same value and text, and is the same error."""
    with pytest.raises(lpdistill.ModelError) as caught:
        MaxDistillations("x")
    error = caught.value
    text = str(error).partition(": ")[2]
    assert error.at("--max-distillations") is error
    assert str(error) == f"--max-distillations: {text}"
    assert error.where == "--max-distillations"
