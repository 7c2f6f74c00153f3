"""A new rule is a class with a row, both in ``hardware/rules.py``: options, files, JSON and sweeps follow."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lpdistill import Grid, Problem, Rule, load_problem, solve
from lpdistill.cli.commands import load
from lpdistill.hardware.rules import BUILT_IN, called, number_of

PROBLEM = Problem("1/2", 4, "3/4", "79/100")


@dataclass(frozen=True)
class KeepInReserve(Rule):
    """At least ``pairs`` pairs stay stored in a step that distils."""

    pairs: int
    told = "a step that distils leaves so many pairs alone"

    def __post_init__(self):
        object.__setattr__(self, "pairs", int(self.pairs))

    def permits(self, step):
        return not step.distil or step.stored - 2 * len(step.distil) >= self.pairs


@dataclass(frozen=True)
class OneThingOnly(Rule):
    """A step distils or generates, once."""

    told = "one distillation or one attempt in a step"

    def most_distillations(self, memories):
        return 1

    def most_attempts(self, memories, *, distilling):
        return 0 if distilling else 1


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """The rules, known by name."""
    for kind in (KeepInReserve, OneThingOnly):
        monkeypatch.setitem(BUILT_IN, called(kind), kind)


def test_they_are_told_apart_by_what_they_hold():
    """A rule with a number is one with a field."""
    assert (number_of(KeepInReserve), number_of(OneThingOnly)) == ("pairs", "")


def test_commands_have_options():
    """A rule with a number is an option with one, a rule without a switch with its opposite; both have help."""
    found = {item.name: item for item in load("solve").params}
    numbered, switched = found["keep_in_reserve"], found["one_thing_only"]
    assert (numbered.opts, numbered.metavar) == (["--keep-in-reserve"], "<integer>")
    assert numbered.help == "Rule: a step that distils leaves so many pairs alone."
    assert (switched.opts, switched.secondary_opts) == (["--one-thing-only"], ["--no-one-thing-only"])


@pytest.mark.parametrize(
    ("line", "rule"),
    [("keep_in_reserve = 1", KeepInReserve(1)), ("one_thing_only = true", OneThingOnly())],
    ids=["number", "switch"],
)
def test_files_and_documents_have_them(tmp_path, line, rule):
    """A problem file may state them, and what a problem says of itself describes it; they do what they say."""
    path = tmp_path / "problem.toml"
    path.write_text(f"p = 0.5\nmemories = 4\nf0 = 0.75\ntarget = 0.79\n[rules]\n{line}\n")
    problem = load_problem(path)
    assert problem.rules == (rule,)
    assert Problem.from_dict(problem.to_dict()) == problem
    assert solve(problem).waiting_time > solve(PROBLEM).waiting_time


def test_sweeps_run_over_a_rule_with_a_number():
    """Its number is an axis, beside ``none``."""
    grid = Grid(PROBLEM, keep_in_reserve="none,0:1")
    assert [point.problem.rules for point in grid.points()] == [(), (KeepInReserve(0),), (KeepInReserve(1),)]
