"""Hardware lies below problems: what it is, and what builds on it without knowing what is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

import pytest

import lpdistill
from lpdistill import Attempts, Dynamics, Hardware, MaxDistillations, ModelError, Problem, solve
from lpdistill.hardware.repertoire import Repertoire

PACKAGE = Path(lpdistill.__file__).parent
HARDWARE = Hardware("1/2", 4, "3/4", rules=MaxDistillations(1), discarding=True, generation_time="1/3")
PROBLEM = Problem("1/2", 4, "3/4", "79/100", rules=MaxDistillations(1), discarding=True, generation_time="1/3")


@dataclass(frozen=True)
class Bare:
    """The least that a process is made for: no problem, but hardware with levels."""

    hardware: Hardware
    attempts: Attempts = Attempts.FULL
    budgets: tuple = ()
    uncharged_time: Fraction = Fraction(0)

    @property
    def levels(self):
        return self.hardware.levels(Fraction(79, 100))


def test_a_problem_has_its_hardware():
    """A problem is hardware with a target, has all that hardware has, and can be made of it."""
    assert PROBLEM.hardware == HARDWARE
    assert [getattr(PROBLEM, item.name) for item in fields(Hardware)] == [
        getattr(HARDWARE, item.name) for item in fields(Hardware)
    ]
    assert Problem.of(HARDWARE, "79/100") == PROBLEM
    assert PROBLEM.replace(p="1/3").hardware == Hardware(**vars(HARDWARE) | {"p": "1/3"})


def test_hardware_knows_the_levels_of_a_target():
    """Levels and reach follow from hardware and a target."""
    assert HARDWARE.levels(Fraction(79, 100)) == PROBLEM.levels
    assert HARDWARE.reach(Fraction(79, 100)) == PROBLEM.reach


def test_a_process_is_made_for_whatever_has_hardware():
    """Dynamics and the repertoire need no problem, and are then those of the problem."""
    bare = Bare(HARDWARE)
    ours, theirs = Dynamics(bare), Dynamics(PROBLEM, Attempts.FULL)
    assert Repertoire.of(bare, Attempts.FULL) == Repertoire.of(PROBLEM, Attempts.FULL)
    assert (ours.size, ours.columns.tolist()) == (theirs.size, theirs.columns.tolist())


@pytest.mark.parametrize("kind", [Problem, Hardware])
def test_they_are_small(kind):
    """Neither has more than 25 public members."""
    names = {name for name in (*vars(kind), *(item.name for item in fields(kind))) if not name.startswith("_")}
    assert len(names) <= 25


@pytest.mark.parametrize("room", ["physics", "hardware", "process"])
def test_nothing_below_knows_problems(room):
    """No module of the rooms below imports a problem, nor for types, nor late."""
    texts = {path: path.read_text(encoding="utf-8") for path in (PACKAGE / room).rglob("*.py")}
    assert [
        path for path, text in texts.items() if re.search(r"^\s*(from|import) lpdistill\.problem", text, re.MULTILINE)
    ] == []


def test_one_method_goes_up_by_name():
    """What no import may do one method does for users: a problem states itself in cvxpy."""
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    assert [path.name for path, text in texts.items() if "resolve_name(" in text] == ["problem.py"]
    assert type(PROBLEM.to_cvxpy()).__name__ == "ConvexProgram"


def test_hardware_is_checked():
    """What no hardware has is refused, with where."""
    with pytest.raises(ModelError, match=r"^memories: must be at least 1"):
        Hardware(0.5, 0, 0.75)


def test_a_bare_problem_is_solved_as_ever():
    """The way over the hardware changes no answer."""
    assert (
        solve(Problem.of(Hardware(0.5, 4, 0.75), 0.79)).waiting_time == solve(Problem(0.5, 4, 0.75, 0.79)).waiting_time
    )
