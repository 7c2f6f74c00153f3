"""A problem given by options, by a file, or both: what wins, and what is refused."""

from __future__ import annotations

import sys
from math import comb

import pytest

OPTIONS = {"--p": ".5", "--memories": "4", "--f0": ".75", "--target": ".79"}
FILE = 'p = 0.5\nmemories = 4\nf0 = "3/4"\ntarget = 0.79\n'
NUMBER = "must be a number such as 0.75"
FINITE = "must be a finite number"


def arguments(**changes: str | None) -> list[str]:
    """The options of a good problem with some changed, added, or (None) left out."""
    options = OPTIONS | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [text for name, value in options.items() if value is not None for text in (name, value)]


def refused(ran, code: int, *words: str) -> None:
    """Check that a run was refused with one message that has all the words, and with no output."""
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("lpdistill: error: ")
    assert (ran.err.count("\n"), "Traceback" in ran.err) == (1, False)
    assert [word for word in words if word not in ran.err] == []


WRONG_VALUES = [
    ({"p": "0"}, ("p:", "0 < p <= 1", "'0'")),
    ({"p": "2"}, ("p:", "0 < p <= 1", "'2'")),
    ({"p": "-1"}, ("p:", "0 < p <= 1", "'-1'")),
    ({"p": "nan"}, ("p:", FINITE, "'nan'")),
    ({"p": "inf"}, ("p:", FINITE, "'inf'")),
    ({"p": "text"}, ("p:", NUMBER, "'text'")),
    ({"p": ""}, ("p:", NUMBER, "''")),
    ({"p": "1/0"}, ("p:", "denominator zero", "'1/0'")),
    ({"p": "1/2/3"}, ("p:", NUMBER, "'1/2/3'")),
    ({"p": "1e-999999999"}, ("p:", "exponent", "'1e-999999999'")),
    ({"memories": "0"}, ("memories:", "at least 1", "'0'")),
    ({"memories": "-3"}, ("memories:", "at least 1", "'-3'")),
    ({"memories": "3.5"}, ("memories:", "whole number", "'3.5'")),
    ({"memories": "text"}, ("memories:", "whole number", "'text'")),
    ({"memories": ""}, ("memories:", "whole number", "''")),
    ({"memories": "inf"}, ("memories:", FINITE, "'inf'")),
    ({"f0": "0.5"}, ("f0:", "1/2 < f0 <= 1", "'0.5'")),
    ({"f0": "0.3"}, ("f0:", "1/2 < f0 <= 1", "'0.3'")),
    ({"f0": "1.2"}, ("f0:", "1/2 < f0 <= 1", "'1.2'")),
    ({"f0": "nan"}, ("f0:", FINITE, "'nan'")),
    ({"f0": "text"}, ("f0:", NUMBER, "'text'")),
    ({"target": "0"}, ("target:", "0 < target <= 1", "'0'")),
    ({"target": "1.5"}, ("target:", "0 < target <= 1", "'1.5'")),
    ({"target": "nan"}, ("target:", FINITE, "'nan'")),
    ({"target": "text"}, ("target:", NUMBER, "'text'")),
    ({"gap": ".04"}, ("target", "gap", "give one", ".79", ".04")),
    ({"target": None}, ("target:", "missing", "give target or gap")),
    ({"target": None, "gap": "nan"}, ("gap:", FINITE, "'nan'")),
    ({"target": None, "gap": ".5"}, ("gap:", "at most 1", "f0 = 0.75", "'.5'")),
    ({"p": None}, ("p:", "missing", "option", "problem file")),
    ({"memories": None}, ("memories:", "missing", "option", "problem file")),
    ({"f0": None}, ("f0:", "missing", "option", "problem file")),
]
"""Changes to a good problem that every command refuses, and what the message must name."""

WRONG_VALUES_OF_SOLVE = [
    ({"generation_time": "-1"}, ("generation", "must not be negative", "'-1'")),
    ({"distillation_time": "-1"}, ("distillation", "must not be negative", "'-1'")),
    ({"distillation_time": "inf"}, ("distillation", FINITE, "'inf'")),
    ({"generation_time": "soon"}, ("generation", NUMBER, "'soon'")),
    ({"generation_time": "0", "distillation_time": "0"}, ("generation", "above 0", "'0'")),
    ({"final_step": "chraged"}, ("final", "charged, free", "'chraged'")),
    ({"final_step": "FREE"}, ("final", "charged, free", "'FREE'")),
    ({"method": "cplex"}, ("method:", "auto, simplex, ipm, pdlp, columns", "'cplex'")),
    ({"method": ""}, ("method:", "auto, simplex, ipm, pdlp, columns", "''")),
]
"""The same for the options that only ``solve`` has."""

TOO_SMALL_OR_LARGE = [{"p": "1e-400"}, {"generation_time": "1e400"}, {"distillation_time": "1e400"}]
"""Exact numbers that double precision takes for zero or infinity."""

WRONG_FILES = {
    "malformed": ("p == 0.5\n", ("not valid TOML", "line 1", "problem.toml")),
    "repeated key": (FILE + "p = 0.6\n", ("not valid TOML", "line 5", "problem.toml")),
    "unknown key": (FILE + "memorys = 4\n", ("problem.toml", "unknown key", "'memorys'", "known keys are p, memories")),
    "option spelling": (FILE + "final-step = 1\n", ("problem.toml", "unknown key", "'final-step'", "final_step")),
    "in a section": ("[problem]\n" + FILE, ("problem.toml", "unknown key", "'problem'")),
    "binary": (b"\x7fELF\x80\x81\xfe\xff\x00", ("problem.toml", "not text", "TOML file")),
    "empty": ("", ("p:", "missing", "problem file")),
    "list": (FILE.replace("0.5", "[0.5]"), ("p:", NUMBER, "['0.5']")),
    "table": (FILE.replace("0.5", "{value = 1}"), ("p:", NUMBER, "{'value': 1}")),
    "bool": (FILE.replace("= 4", "= true"), ("memories:", "True")),
    "date": (FILE.replace("0.79", "2026-06-14"), ("target:", NUMBER, "2026")),
    "text": (FILE.replace("0.79", "'high'"), ("target:", NUMBER, "'high'")),
    "nan": (FILE.replace("0.79", "nan"), ("target:", FINITE, "'nan'")),
    "infinity": (FILE.replace("0.79", "-inf"), ("target:", FINITE, "'-inf'")),
    "final step as number": (FILE + "final_step = 3\n", ("final_step:", "charged, free", "3")),
    "final step as list": (FILE + "final_step = []\n", ("final_step:", "charged, free", "[]")),
    "target and gap": (FILE + "gap = 0.04\n", ("target", "gap", "give one")),
    "value out of range": (FILE.replace("0.5", "1.5"), ("p:", "0 < p <= 1", "'1.5'")),
}
"""Files that describe no problem, and what the message must name."""

HOSTILE_FILES = {
    "endless integer": FILE.replace("= 4", "= " + "9" * 5000),
    "endless nesting": "p = " + "[" * 100_000,
}
"""Files that are no problem, in ways that a parser may stumble over."""


def named(cases):
    """The cases with the changes as their names."""
    return [pytest.param(*case, id=" ".join(f"{k}={v}" for k, v in case[0].items())) for case in cases]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
@pytest.mark.parametrize(("changes", "words"), named(WRONG_VALUES + WRONG_VALUES_OF_SOLVE))
def test_solve_refuses_a_wrong_value(run, changes, words, form):
    """A wrong value exits with 2 and one message that says where, what would be right, and the value found."""
    refused(run("solve", *arguments(**changes), *form), 2, *words)


@pytest.mark.parametrize(
    ("changes", "words"), named(case for case in WRONG_VALUES if case[0] not in ({"p": None}, {"memories": None}))
)
def test_levels_refuses_a_wrong_value(run, changes, words):
    """``levels`` refuses the values that ``solve`` refuses, with the same message."""
    refused(run("levels", *arguments(**changes), "--json"), 2, *words)


@pytest.mark.parametrize("changes", TOO_SMALL_OR_LARGE, ids=str)
def test_a_number_beyond_double_precision_is_refused(run, changes):
    """A number that double precision cannot tell from zero or infinity is wrong input, named as such."""
    (name,) = changes
    refused(run("solve", *arguments(**changes), "--json"), 2, f"--{name.replace('_', '-')}:", *changes.values())


@pytest.mark.parametrize(("content", "words"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_file_is_refused(run, problem_file, content, words):
    """A file that describes no problem exits with 2 and one message that says where and what is wrong."""
    refused(run("solve", problem_file(content), "--json"), 2, *words)


@pytest.mark.parametrize("content", HOSTILE_FILES.values(), ids=HOSTILE_FILES)
def test_a_hostile_file_is_refused(run, problem_file, content):
    """A file that a parser stumbles over is wrong input, not a fault of the program."""
    refused(run("solve", problem_file(content)), 2)


def test_a_missing_file_is_refused(run, tmp_path):
    """A file that does not exist exits with 2 and names the path."""
    path = str(tmp_path / "missing.toml")
    refused(run("solve", path, "--json"), 2, "problem file", "No such file", "give the path", path)


def test_a_directory_is_refused(run, tmp_path):
    """A directory in place of a file exits with 2 and names the path."""
    refused(run("solve", str(tmp_path), "--json"), 2, "problem file", "directory", "give the path", str(tmp_path))


def test_a_missing_file_is_refused_even_if_options_suffice(run, tmp_path):
    """A file that was named must exist, also where the options describe the whole problem."""
    assert run("solve", str(tmp_path / "missing.toml"), *arguments()).code == 2


@pytest.mark.parametrize("command", ["solve", "levels"])
def test_an_unreachable_target_states_the_limit(run, command):
    """A target out of reach exits with 3; the message states both limits, what would reach it, and what to do."""
    ran = run(command, *arguments(target=".99"), "--json")
    refused(ran, 3, "target: 0.99", "4 memories", "f0 = 0.75", "0.937701564", "0.825693909", "7 memories", "lower")


@pytest.mark.parametrize(
    "command",
    [
        ("compare",),
        ("deadline", "--window", "9"),
        ("deadline", "--confidence", ".9"),
        ("waiting-time",),
        ("explain", "--counts", "1"),
        ("frontier", "--resource", "steps"),
        ("variability",),
        ("simulate", "--runs", "10"),
        ("graph",),
        ("export", "-o", "never.json"),
    ],
    ids=" ".join,
)
def test_every_command_states_the_limits_of_rules(run, command):
    """Past the limit a rule that leaves nothing beyond pumping is named, with both limits: exit code 3."""
    ran = run(*command, *arguments(target=".83"), "--raw-pair-only")
    refused(ran, 3, "raw_pair_only", "pumping stays below 0.825693909", "memory limit", "0.937701564", "relax the rule")


def test_infinitely_many_levels_state_the_limit(run):
    """All of infinitely many levels cannot be told apart: exit code 3, with the limit and what to do."""
    ran = run("solve", *arguments(memories="8", target=".867"), "--all-levels", "--json")
    refused(ran, 3, "target: 0.867", "8 memories", "infinitely many", "0.825693909", "raise f0")


def test_a_program_too_large_states_its_size(run):
    """A program beyond any machine exits with 4 before it is built, and states configurations and columns."""
    memories, levels, kinds = 500, 3, 6
    configurations = comb(memories + levels, levels)
    columns = sum(
        comb(k + kinds - 1, k) * comb(memories - 2 * k + levels, levels) for k in range(memories // 2 + 1)
    )  # every matching of k pairs, on every set of untouched pairs
    ran = run("solve", *arguments(memories="500", f0=".9", target=".94"), "--json")
    refused(ran, 4, f"{configurations:,} configurations", f"{columns:,} columns", "take at most")


def test_a_huge_number_of_memories_is_refused_at_once(run):
    """A number of memories beyond reason is refused with few calls, not counted through."""
    calls = 0

    def count(*_event):
        nonlocal calls
        calls += 1
        if calls > 100_000:
            raise AssertionError

    run("solve", *arguments())  # what is imported at first is no counting
    sys.setprofile(count)
    try:
        ran = run("solve", *arguments(memories="1000000000"))
    finally:
        sys.setprofile(None)
    assert (ran.code, ran.out) == (4, "")


def test_negative_numbers_are_values_not_options(run):
    """A negative value is read as a value, so that the message can say what is wrong with it."""
    assert "No such option" not in run("solve", *arguments(p="-0.5")).err


def test_a_file_alone_is_a_problem(run, problem_file):
    """A file gives the problem that the same options give."""
    from_file = run("solve", problem_file(FILE), "--json").document
    assert from_file["problem"] == run("solve", *arguments(), "--json").document["problem"]


def test_options_win_over_a_file(run, problem_file):
    """An option replaces what the file says, and leaves the rest."""
    problem = run("solve", problem_file(FILE), "--memories", "3", "--p", "3/5", "--json").document["problem"]
    assert (problem["memories"], problem["p"], problem["f0"], problem["target"]) == (3, "3/5", "3/4", "79/100")


def test_a_gap_replaces_the_target_of_a_file(run, problem_file):
    """``--gap`` replaces the target in a file instead of contradicting it."""
    assert run("solve", problem_file(FILE), "--gap", "0.03", "--json").document["problem"]["target"] == "39/50"


def test_a_target_replaces_the_gap_of_a_file(run, problem_file):
    """``--target`` replaces the gap in a file instead of contradicting it."""
    path = problem_file(FILE.replace("target = 0.79", "gap = 0.04"))
    assert run("solve", path, "--target", "0.78", "--json").document["problem"]["target"] == "39/50"


def test_a_gap_of_a_file_follows_the_raw_fidelity(run, problem_file):
    """Where a file gives the gap, an option for the raw fidelity moves the target with it."""
    path = problem_file(FILE.replace("target = 0.79", "gap = 0.04"))
    assert run("solve", path, "--f0", "0.7", "--json").document["problem"]["target"] == "37/50"


def test_every_key_of_a_file_is_used(run, problem_file):
    """Times and the final step in a file reach the problem."""
    path = problem_file(FILE + 'generation_time = 0.5\ndistillation_time = "3/2"\nfinal_step = "free"\n')
    problem = run("solve", path, "--json").document["problem"]
    found = (problem["generation_time"], problem["distillation_time"], problem["final_step"])
    assert found == ("1/2", "3/2", "free")


@pytest.mark.parametrize("spelling", [".75", "0.75", "3/4", "75e-2", " 3/4 ", "+0.750"])
def test_numbers_may_be_written_in_any_form(run, spelling):
    """A decimal, a fraction and an exponent that mean the same number are the same problem."""
    assert run("solve", *arguments(f0=spelling), "--json").document["problem"]["f0"] == "3/4"


def test_the_last_of_a_repeated_option_counts(run):
    """An option given twice has its last value, so that an alias can be overridden."""
    assert run("solve", *arguments(), "--p", "1/4", "--json").document["problem"]["p"] == "1/4"
