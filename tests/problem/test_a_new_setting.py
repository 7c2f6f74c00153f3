"""A new setting is one row of the table, and its use: everything else follows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

import lpdistill
from lpdistill import Grid, ModelError, Problem
from lpdistill.cli.commands import COMMANDS, load
from lpdistill.cli.declaration import command
from lpdistill.cli.options import takes_problem
from lpdistill.hardware.rules import BUILT_IN
from lpdistill.numbers import exact
from lpdistill.problem.problem_file import read_settings
from lpdistill.problem.settings import SETTINGS, Setting, ValueKind, numeric
from lpdistill.schemas.parts import setting as schema_of

DOCS = Path(__file__).parents[2] / "docs"
ROW = Setting("cooling_time", ValueKind.NUMBER, "Duration of a pause", ">= 0", default="0", unit="user's unit of time")
"""The row: the only line of the package that a setting needs, but for its use."""

TEXT = 'p = 0.5\nmemories = 4\nf0 = "3/4"\ntarget = 0.79\n'


@dataclass(frozen=True)
class Cooled(Problem):
    """The use of the setting: an argument, which it checks, and an attribute."""

    cooling_time: Fraction

    def __init__(self, *arguments, cooling_time=0, **others):
        super().__init__(*arguments, **others)
        self.__dict__["cooling_time"] = exact(cooling_time, "cooling_time")


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """The table with the row."""
    monkeypatch.setitem(SETTINGS, ROW.name, ROW)


def test_every_command_with_a_problem_has_the_option():
    """The option is there, with its help, wherever a problem is described in full."""
    found = {name: {item.name: item for item in load(name).params} for name in COMMANDS}
    having = {name for name, items in found.items() if ROW.name in items}
    assert having == {name for name, items in found.items() if "final_step" in items}
    option = found["solve"][ROW.name]
    assert (option.opts, option.metavar) == (["--cooling-time"], "<number>")
    assert option.help == "Duration of a pause, >= 0.  [default: 0]"


def test_the_option_reaches_the_problem(capsys):
    """What the option says is what the problem has."""

    @takes_problem(builds=Cooled.from_dict)
    def shown(problem: Problem) -> None:
        print(problem.cooling_time)  # noqa: T201 - what the test reads

    given = ["--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79", "--cooling-time", "1/3"]
    command(shown, "shown").main(given, standalone_mode=False)
    assert capsys.readouterr().out == "1/3\n"


def test_problem_files_and_documents_have_it(tmp_path):
    """A problem file may say it, JSON does, and what a problem says of itself describes it."""
    path = tmp_path / "problem.toml"
    path.write_text(TEXT + "cooling_time = 0.1\n")
    problem = Cooled.from_dict(read_settings(path))
    assert problem.cooling_time == Fraction(1, 10)
    assert problem.to_dict()["cooling_time"] == "1/10"
    assert Cooled.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem
    assert problem != Cooled.from_dict(read_settings(path) | {"cooling_time": 0})


def test_sweeps_run_over_it():
    """It is an axis like any other number."""
    grid = Grid(Cooled(0.5, 4, 0.75, 0.79), cooling_time="0:1:1/2")
    assert [point.problem.cooling_time for point in grid.points()] == [0, Fraction(1, 2), 1]


def test_its_schema_is_that_of_a_number():
    """What documents say of it has the schema of an exact number, told as in help."""
    assert schema_of(ROW) == {
        "type": "string",
        "pattern": r"^-?\d+(/\d+)?$",
        "description": "Duration of a pause, >= 0.",
    }


def test_nothing_else_lists_settings():
    """Options, problem files, grids and schemas name no number of a problem: they read the table."""
    root = Path(lpdistill.__file__).parent
    readers = ("cli/options.py", "problem/problem_file.py", "study/grid.py", "schemas/parts.py")
    named = [(file, name) for file in readers for name in numeric() if f'"{name}"' in (root / file).read_text()]
    assert [(file, name) for file, name in named if name not in {"gap", "target"}] == []


@pytest.mark.parametrize("row", [row for row in SETTINGS.values() if row.bounds], ids=lambda row: row.name)
def test_bounds_are_those_that_are_checked(row):
    """At the closed ends that the table states a value is taken; at open ends, and beyond any, it is refused."""
    least, most = {
        "p": (None, 1),
        "f0": (None, 1),
        "target": (None, 1),
        "average_fidelity": (None, 1),
        "memories": (1, None),
        "gate": (None, 1),
        "readout": (None, 1),
    }.get(row.name, (0, None))
    given = {"p": "1/2", "memories": 4, "f0": "3/4"}
    given |= {} if row.name == "average_fidelity" else {"target": "79/100"}
    for end, beyond in ((least, -1), (most, 1)):
        if end is not None:
            assert row.exact(Problem(**given | {row.name: end})) == str(end)
            with pytest.raises(ModelError):
                Problem(**given | {row.name: end + beyond})
    if " < " in row.bounds:
        with pytest.raises(ModelError):
            Problem(**given | {row.name: Fraction(row.bounds.split(" < ")[0])})


def test_pages_have_every_setting_and_rule():
    """The table of options names the option and the key of every setting, and each rule has a line in its page."""
    commands, constraints = ((DOCS / page).read_text() for page in ("commands.md", "constraints.md"))
    del SETTINGS[ROW.name]
    rows = {
        name: f"| `--{name.replace('_', '-')}`" for name, row in SETTINGS.items() if row.kind is not ValueKind.TABLE
    }
    assert [name for name, start in rows.items() if start not in commands or f"| `{name}` |" not in commands] == []
    assert [name for name, kind in BUILT_IN.items() if f"| `{kind.__name__}(" not in constraints] == []
    assert [name for name in BUILT_IN if f"`--{name.replace('_', '-')}" not in commands] == []
