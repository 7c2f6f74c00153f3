"""What reaches the terminal: JSON, tables, and progress."""

from __future__ import annotations

import io
import json
import time
from functools import partial

import pytest
from rich.console import Console

from lpdistill.cli import output, solve

SOLVE = ("solve", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")


solve_problem = solve.solve_problem


def slowly(problem, **options):
    """The solver, after a stage that takes longer than the patience that the tests set."""
    options["progress"]("sleeping")
    time.sleep(0.1)
    return solve_problem(problem, **options)


@pytest.fixture
def impatient(monkeypatch):
    """A command that says what it is doing after a hundredth of a second, and has reason to."""
    monkeypatch.setattr(output, "PATIENCE", 0.01)
    monkeypatch.setattr(solve, "solve_problem", slowly)


def test_json_is_what_was_given(capsys):
    """A document printed is the document given."""
    document = {"a": [1, 2.5, None, "x"], "b": {"c": True}}
    output.print_json(document)
    assert json.loads(capsys.readouterr().out) == document


def test_json_never_holds_nan():
    """A number that JSON cannot hold is refused, not written as invalid JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        output.print_json({"a": float("nan")})


def test_output_to_a_file_is_wide():
    """Where output is no terminal, a table has the stated width, whatever the width of the terminal."""
    assert output.console().width == output.PLAIN_WIDTH


def test_table_keeps_every_character(capsys):
    """Text that is too wide for its column is folded, not cut."""
    text = "x" * (3 * output.PLAIN_WIDTH)
    output.console().print(output.table("t", {"a": "left"}, [(text,)]))
    assert capsys.readouterr().out.count("x") == len(text)


def test_table_aligns_numbers_to_the_right(capsys):
    """Numbers of a right-aligned column end at the same place."""
    output.console().print(output.table("t", {"n": "right"}, [("1",), ("100",)]))
    *_, one, hundred = capsys.readouterr().out.splitlines()
    assert (one.rstrip(), hundred.rstrip()) == ("  1", "100")


def test_quick_work_is_silent(run, monkeypatch):
    """Work that ends before patience does says nothing on standard error."""
    monkeypatch.setattr(output, "PATIENCE", 60.0)
    assert run(*SOLVE).err == ""


def test_patience_is_two_seconds():
    """A command is silent for two seconds, no longer."""
    assert output.PATIENCE == 2.0


@pytest.mark.usefixtures("impatient")
def test_long_work_names_its_stages(run):
    """Work that takes long names each stage on standard error, one per line where that is no terminal."""
    stages = [line.split(" s  ")[1] for line in run(*SOLVE).err.splitlines()]
    assert stages == [
        "sleeping",
        "writing the whole program",
        "solving 39 columns with HiGHS (simplex)",
        "round 1: pricing 39 columns",
        "round 2: pricing 39 columns",
        "reading the policy off",
    ]


@pytest.mark.usefixtures("impatient")
def test_long_work_states_the_seconds_gone(run):
    """Each line of progress starts with the seconds since the command began, and they never decrease."""
    seconds = [float(line.split(" s  ")[0]) for line in run(*SOLVE).err.splitlines()]
    assert seconds[0] >= 0.0
    assert seconds == sorted(seconds)


@pytest.mark.usefixtures("impatient")
def test_progress_stays_out_of_json(run):
    """With ``--json``, progress goes to standard error and standard output is still one document."""
    ran = run(*SOLVE, "--json")
    assert "sleeping" in ran.err
    assert ran.document["status"] == "optimal"


def test_progress_never_shows_an_empty_stage(capsys, monkeypatch):
    """Before the first stage is known, progress does not print a line without one."""
    monkeypatch.setattr(output, "PATIENCE", 0.01)
    with output.Progress():
        time.sleep(0.1)
    assert [line for line in capsys.readouterr().err.splitlines() if line.split(" s")[-1].strip() == ""] == []


def test_progress_ends_with_its_work(capsys, monkeypatch):
    """A stage that is entered after the work has ended is not shown."""
    monkeypatch.setattr(output, "PATIENCE", 0.01)
    with output.Progress() as progress:
        progress("working")
        time.sleep(0.1)
    capsys.readouterr()
    progress("too late")
    assert capsys.readouterr().err == ""


def test_progress_survives_an_error(capsys, monkeypatch):
    """Progress does not swallow the error that ends the work, nor speak after it."""
    monkeypatch.setattr(output, "PATIENCE", 0.05)

    def divide() -> None:
        with output.Progress() as progress:
            progress("dividing")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        divide()
    time.sleep(0.15)
    assert capsys.readouterr().err == ""


def test_progress_on_a_terminal_is_one_line(monkeypatch):
    """On a terminal, progress shows the stage and clears its line when the work ends."""
    screen = io.StringIO()
    monkeypatch.setattr(output, "Console", partial(Console, file=screen, force_terminal=True, width=80))
    monkeypatch.setattr(output, "PATIENCE", 0.01)
    with output.Progress() as progress:
        progress("working hard")
        time.sleep(0.3)
    shown = screen.getvalue()
    assert "working hard" in shown
    assert shown.endswith("\x1b[2K")


def test_standard_output_is_only_the_answer(run):
    """Without ``--json`` too, standard output holds the answer and standard error nothing."""
    ran = run(*SOLVE)
    assert ran.out.startswith("problem")
    assert ran.err == ""


def counted(monkeypatch, *, terminal, calls, pauses=0.0):
    """What a count says on standard error, on a terminal or not."""
    err = io.StringIO()
    monkeypatch.setattr(output, "PATIENCE", 0.0)
    monkeypatch.setattr(output, "SELDOM", 0.0)
    monkeypatch.setattr(output, "Console", partial(Console, file=err, force_terminal=terminal, width=100))
    with output.Count("runs") as count:
        for call in calls:
            count(*call)
            time.sleep(pauses)
    return err.getvalue()


def test_counts_are_lines_where_there_is_no_terminal(monkeypatch):
    """A count has a line with how many of how many, what else there is to say, and the time left."""
    said = counted(
        monkeypatch, terminal=False, calls=[(5, 100), (20, 100), (1060, 2100, "3 lost")], pauses=0.01
    ).splitlines()
    assert [line.split(" s  ")[1] for line in said[:2]] == ["5 of 100 runs", "20 of 100 runs"]
    assert "1,060 of 2,100 runs, 3 lost, about " in said[2]
    assert said[2].endswith(" s left")


def test_counts_are_a_bar_on_a_terminal(monkeypatch):
    """On a terminal a count is a bar with how many of how many."""
    said = counted(monkeypatch, terminal=True, calls=[(0, 100), (20, 100, "3 lost"), (100, 100)], pauses=0.1)
    assert "100/100" in said
    assert "runs" in said


def test_quick_counts_are_silent(monkeypatch, capsys):
    """A count that ends before patience does says nothing."""
    monkeypatch.setattr(output, "PATIENCE", 60.0)
    with output.Count("runs") as count:
        count(0, 2)
        count(2, 2)
    assert capsys.readouterr().err == ""
