"""How commands are declared: what help shows, and what a shell completes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hanging import HANGING

import lpdistill
from lpdistill.cli.commands import COMMANDS, load

SCRIPT = str(Path(sys.executable).with_name("lpdistill"))
VALUES = [
    (name, option.opts[-1], option.make_metavar(None))
    for name in COMMANDS
    for option in load(name).params
    if option.param_type_name == "option" and not option.is_flag
]


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_cuts_nothing(run, monkeypatch, command, width):
    """However narrow the terminal is, help has every option whole, no line is too long, and nothing is left out."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run(command, "--help").out
    listed = set(re.findall(r"^ {2}(-.*?)(?: {2}|$)", shown, flags=re.MULTILINE))
    named = {name for line in listed for name in re.findall(r"--?[\w-]+", line)}
    options = {name for item in load(command).params for name in (*item.opts, *item.secondary_opts) if name[0] == "-"}
    assert options <= named
    assert not re.search(r"\.\.\.|\u2026", shown)


def test_the_list_of_commands_cuts_nothing(run, monkeypatch):
    """The list of commands says of each what it does, in one line of a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("--help").out
    assert [name for name, does in COMMANDS.items() if f"  {name.ljust(12)}  {does}\n" not in shown] == []


@pytest.mark.parametrize(("command", "option", "metavar"), VALUES, ids=str)
def test_values_are_called_by_what_they_are(command, option, metavar):  # noqa: ARG001 - named by the test
    """A value is called a number, a file, a resource, ..., never a text."""
    assert re.fullmatch(r"<[^<>]+>", metavar)
    assert not re.search(r"(?i)text|str\b|path", metavar)


@pytest.mark.parametrize("name", ["p", "f0", "target", "generation_time", "memories"])
def test_numbers_are_called_numbers(name):
    """What is a number in the problem is called one in help."""
    (found,) = [item for item in load("solve").params if item.name == name]
    assert found.metavar == ("<integer>" if name == "memories" else "<number>")


def test_the_version_is_that_of_the_package(run):
    """``--version`` names the command and its version, and nothing else."""
    ran = run("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"lpdistill {lpdistill.__version__}\n", "")


def completed(*words: str) -> list[str]:
    """What a shell offers for the last of some words."""
    environment = {
        "_LPDISTILL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("lpdistill", *words)),
        "COMP_CWORD": str(len(words)),
    }
    ran = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=HANGING)  # noqa: S603
    assert ran.stderr == ""
    return [line.partition(",")[2] for line in ran.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("wai",), ["waiting-time"]),
        (("solve", "--max-d"), ["--max-distillations"]),
        (("solve", "--method", "si"), ["simplex"]),
        (("solve", "--final-step", ""), ["charged", "free"]),
        (("solve", "--budget", "raw"), ["raw_pairs="]),
        (("frontier", "--resource", "mem"), ["memory_time"]),
        (("simulate", "--policy", "n"), ["nested"]),
        (("policy-map", "--axis", ""), ["p", "tau_d/tau_g"]),
    ],
    ids=" ".join,
)
def test_a_shell_completes(words, offered):
    """A shell completes commands, options and the values that an option knows."""
    assert completed(*words) == offered


def test_a_shell_is_told_how_to_complete():
    """What ``eval`` takes makes bash complete the command."""
    ran = subprocess.run(  # noqa: S603 - our own command
        [SCRIPT], env={"_LPDISTILL_COMPLETE": "zsh_source"}, capture_output=True, text=True, check=True, timeout=HANGING
    )
    assert "compdef" in ran.stdout
    assert "lpdistill" in ran.stdout
