"""What reaches the terminal: JSON, tables, and progress."""

from __future__ import annotations

import io
import json
import re
import time
from functools import partial

import pytest
from hanging import HANGING
from rich.console import Console

from lpdistill.cli import output
from lpdistill.requests import solving as solve
from lpdistill.solution.answer import Summary, Table

PATIENCE = output.SILENT_FOR  # before any test is given another

SOLVE = ("solve", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")


solve_problem = solve.solve_problem


def slowly(problem, **options):
    """The solver, after a stage that takes longer than the patience that the tests set."""
    options["progress"]("sleeping")
    time.sleep(0.5)
    return solve_problem(problem, **options)


@pytest.fixture
def impatient(monkeypatch):
    """A command that says what it is doing after a hundredth of a second, and has reason to."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
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


def until(capsys, word: str) -> tuple[str, str]:
    """What is written until progress has said a word, however long that takes: output and errors."""
    written = "", ""
    for _ in range(100 * HANGING):
        written = tuple(map("".join, zip(written, capsys.readouterr(), strict=True)))
        if word in written[1]:
            break
        time.sleep(0.01)
    return written


def shown(screen: io.StringIO, words: str) -> None:
    """Wait until a terminal shows some words, however long that takes."""
    for _ in range(100 * HANGING):
        if words in screen.getvalue():
            break
        time.sleep(0.01)


def test_text_is_printed_as_it_is(capsys, monkeypatch):
    """Brackets and colons in paths and messages are no markup: in lines, titles, headings, cells, and progress."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.0)
    text = "a[b].sqlite [/b] :smile: [dim]"
    output.console().print(text, soft_wrap=True)
    output.console().print(output.table(text, {text: "left"}, [(text,)]))
    progress = output.Progress()
    progress(text)
    with progress:
        out, err = until(capsys, text)
    assert out.count(text) == 4
    assert text in err


def test_blocks_stand_one_below_the_other(capsys):
    """Lines and tables have an empty line before them, sentences none; a note ends with what shows the rest."""
    lines, rows = Summary([("name", "text")]), Table("rows", {"a": "left"}, [("a cell",)], "1 of 2")
    output.tell([lines, rows, "A sentence.", Summary(lines, "again")], ": --all shows both")
    shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    named = f"{'name':<15}text"
    assert shown == [named, "", "rows", "a", "a cell", "1 of 2: --all shows both", "A sentence.", "", "again", named]


def test_nothing_is_printed_before_all_is_known(capsys):
    """An answer that cannot be put in words leaves no half of it behind."""

    def blocks():
        yield "the first"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        output.tell(blocks())
    assert capsys.readouterr().out == ""


def test_styles_are_kept_on_a_terminal():
    """Titles are bold and headings dim where there are colours, without markup."""
    screen = Console(file=io.StringIO(), force_terminal=True, color_system="standard", markup=False)
    screen.print(output.table("t", {"a": "left"}, [("x",)]))
    assert "\x1b[1mt" in screen.file.getvalue()
    assert "\x1b[1;2ma" in screen.file.getvalue()


def test_table_aligns_numbers_to_the_right(capsys):
    """Numbers of a right-aligned column end at the same place."""
    output.console().print(output.table("t", {"n": "right"}, [("1",), ("100",)]))
    *_, one, hundred = capsys.readouterr().out.splitlines()
    assert (one.rstrip(), hundred.rstrip()) == ("  1", "100")


def test_quick_work_is_silent(run):
    """Work that ends before patience does says nothing on standard error."""
    assert run(*SOLVE).err == ""


def test_patience_is_less_than_two_seconds():
    """A command is silent for two seconds, its start included, no longer; then it speaks every few seconds."""
    assert PATIENCE == 1.5
    assert output.RARELY == 5.0


@pytest.mark.usefixtures("impatient")
def test_long_work_says_what_it_does(run):
    """Work that takes long says on standard error what it is doing, on a line of its own where that is no terminal."""
    assert [line.split(" s  ")[1] for line in run(*SOLVE).err.splitlines()] == ["sleeping"]


@pytest.mark.usefixtures("impatient")
def test_work_of_many_stages_is_told_rarely(run, monkeypatch):
    """However many stages work has, where each is a line there is one every few seconds, of what is done just then."""
    monkeypatch.setattr(output, "RARELY", 0.04)

    def many(problem, **options):
        for number in range(30):
            options["progress"](f"stage {number}")
            time.sleep(0.01)
        return solve_problem(problem, **options)

    monkeypatch.setattr(solve, "solve_problem", many)
    began = time.monotonic()
    stages = [line.split(" s  ")[1] for line in run(*SOLVE).err.splitlines()]
    assert 2 <= len(stages) <= 2 + (time.monotonic() - began) / output.RARELY
    assert len(set(stages)) == len(stages)


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
    """Before the first stage is known, progress says that there is work, and no line is without a stage."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
    with output.Progress():
        _, err = until(capsys, "working")
    assert [line.split(" s")[-1].strip() for line in err.splitlines()] == ["working"]


def test_progress_ends_with_its_work(capsys, monkeypatch):
    """A stage that is entered after the work has ended is not shown."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
    monkeypatch.setattr(output, "RARELY", 0.01)
    with output.Progress() as progress:
        progress("working hard")
        until(capsys, "working hard")
    capsys.readouterr()
    progress("too late")
    time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_progress_survives_an_error(capsys, monkeypatch):
    """Progress does not swallow the error that ends the work, nor speak after it."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.05)

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
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
    with output.Progress() as progress:
        progress("working hard")
        shown(screen, "working hard")
    assert "working hard" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")


def test_counted_work_on_a_terminal_has_a_bar(monkeypatch):
    """On a terminal, counted work has a bar, the counts and the time left."""
    screen = io.StringIO()
    monkeypatch.setattr(output, "Console", partial(Console, file=screen, force_terminal=True, width=100))
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
    with output.Progress() as progress:
        progress.count("simulating", 0, 2000)
        time.sleep(0.1)
        progress.count("simulating", 1500, 2000)
        shown(screen, "1,500 of 2,000")
    assert re.search("simulating: 1,500 of 2,000, about [0-9:]+( s)? left", screen.getvalue())
    assert "\u2501" * 20 in screen.getvalue()


def test_counted_work_elsewhere_is_told_rarely(capsys, monkeypatch):
    """Where every report is a line, counted work is told as rarely as other work, with the count of that moment."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
    with output.Progress() as progress:
        progress.count("simulating", 0, 100)
        _, first = until(capsys, "simulating")
        for done in range(1, 101):
            progress.count("simulating", done, 100)
            time.sleep(0.001)
    assert [line.split(" s  ")[1] for line in first.splitlines()] == ["simulating: 0 of 100"]
    assert capsys.readouterr().err == ""


def test_a_stage_that_says_nothing_new_is_told_once(capsys, monkeypatch):
    """While nothing changes no line repeats what the last one said."""
    monkeypatch.setattr(output, "SILENT_FOR", 0.01)
    monkeypatch.setattr(output, "RARELY", 0.01)
    progress = output.Progress()
    progress("thinking")
    with progress:
        time.sleep(0.2)
    assert capsys.readouterr().err.count("thinking") == 1


def test_time_left_follows_from_what_is_done(monkeypatch):
    """After a quarter of the work, three times as long as it took is left."""
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    progress = output.Progress()
    progress.count("sweeping", 0, 80)
    now[0] += 60.0
    progress.count("sweeping", 20, 80)
    assert progress.line().endswith("60.0 s  sweeping: 20 of 80, about 3:00 left")


def test_what_was_done_before_took_no_time(monkeypatch):
    """The time left follows from what was done since the first count, and a note stands beside it."""
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    progress = output.Progress()
    progress.count("points", 60, 80)
    now[0] += 60.0
    progress.count("points", 70, 80, "3 without a waiting time")
    assert progress.line().endswith("points: 70 of 80, 3 without a waiting time, about 1:00 left")


def test_an_uncounted_stage_has_no_time_left(monkeypatch):
    """A stage in words after one that was counted says nothing of how much is left, and the next count starts anew."""
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    progress = output.Progress()
    progress.count("points", 0, 80)
    now[0] += 60.0
    progress("drawing")
    assert progress.line().endswith("60.0 s  drawing")
    progress.count("points", 40, 80)
    assert progress.line().endswith("points: 40 of 80")


def test_standard_output_is_only_the_answer(run):
    """Without ``--json`` too, standard output holds the answer and standard error nothing."""
    ran = run(*SOLVE)
    assert ran.out.startswith("problem")
    assert ran.err == ""
