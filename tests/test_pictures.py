"""Pictures: axes to draw on, and files that are written or refused with a reason."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lpdistill import (
    ModelError,
    Problem,
    compare,
    deadline,
    deadline_frontier,
    distribution,
    frontier,
    history,
    least_time_within,
    regret_curve,
    robust,
    sensitivity,
    simulate,
    solve,
)
from lpdistill.export.graphs import draw
from lpdistill.solution.level_picture import draw_levels

pytest.importorskip("matplotlib")

from lpdistill import pictures

BEGINNINGS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture
def drawn():
    """Axes with a line."""
    axes = pictures.axes()
    axes.plot([0, 1], [1, 0], color=pictures.COLOURS[0])
    return axes


@pytest.mark.parametrize(("suffix", "beginning"), BEGINNINGS.items())
def test_the_suffix_says_how_a_picture_is_written(suffix, beginning, drawn, tmp_path):
    """A file begins as files of its suffix do."""
    pictures.save(drawn, tmp_path / f"picture{suffix}")
    assert (tmp_path / f"picture{suffix}").read_bytes().startswith(beginning)


def test_the_suffix_may_be_in_capitals(drawn, tmp_path):
    """A suffix in capitals names the same format."""
    pictures.save(drawn, tmp_path / "picture.PNG")
    assert (tmp_path / "picture.PNG").read_bytes().startswith(BEGINNINGS[".png"])


@pytest.mark.parametrize("name", ["picture.xyz", "picture", "picture.png.txt"])
def test_another_suffix_is_refused(name, drawn, tmp_path):
    """A suffix that names no format is one error that lists those that do, and nothing is written."""
    with pytest.raises(ModelError, match=r"pdf, .*png, .*svg") as caught:
        pictures.save(drawn, tmp_path / name)
    assert caught.value.value == str(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(drawn, tmp_path):
    """A path in no folder is one error with the path."""
    with pytest.raises(ModelError, match="cannot be written") as caught:
        pictures.save(drawn, tmp_path / "nowhere" / "picture.png")
    assert caught.value.value == str(tmp_path / "nowhere" / "picture.png")


def test_axes_have_the_size_asked_for():
    """Axes are the only ones of a figure of the given size in inches."""
    axes = pictures.axes(5.0, 3.0)
    figure = axes.get_figure()
    assert tuple(figure.get_size_inches()) == (5.0, 3.0)
    assert figure.axes == [axes]


def test_colours_are_distinct():
    """No two categories share a colour."""
    assert len(set(pictures.COLOURS)) == len(pictures.COLOURS)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    """Where matplotlib is missing, drawing is one error with the extra to install."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModelError, match=r"lpdistill\[plot\]"):
        pictures.axes()


def test_drawing_opens_no_window_and_keeps_no_figure():
    """Drawing does not go through pyplot, which would keep figures and look for a display."""
    code = (
        "import sys; from lpdistill import Problem; from lpdistill.frontiers.frontier import frontier; "
        "frontier(Problem('1/2', 2, '3/4', '79/100'), 'steps').plot(); print('matplotlib.pyplot' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert ran.stdout.strip() == "False"


def test_a_frontier_is_drawn_on_the_axes_given():
    """A plot goes onto the axes of the caller, which are returned."""
    axes = pictures.axes()
    assert frontier(Problem("1/2", 3, "3/4", "79/100"), "generation_attempts").plot(axes) is axes
    assert axes.lines


def test_lines_are_distinct_beyond_the_colours():
    """Twenty-four lines all differ in their colour or their dashes."""
    assert len({tuple(pictures.style(number).values()) for number in range(24)}) == 24


@pytest.mark.parametrize("span", [(3.9, 84.0), (0.002, 40_000.0), (5.0, 21.0), (1e-9, 1e9), (5.1, 5.2)])
def test_logarithmic_scales_have_a_few_round_marks(span):
    """A logarithmic scale has at least two marks, as many as can be read, inside it and increasing."""
    marks = pictures.marks(*span)
    assert 2 <= len(marks) <= 20
    assert marks == sorted(marks)
    assert span[0] <= marks[0] < marks[-1] <= span[1]


def test_marks_are_written_out(drawn):
    """Marks of a logarithmic scale are plain numbers, without powers of ten, and none are between them."""
    drawn.set_yscale("log")
    drawn.set_ylim(5, 3000)
    pictures.mark(drawn.yaxis, 5, 3000)
    texts = [label.get_text() for label in drawn.get_yticklabels()]
    assert texts == ["5", "10", "20", "50", "100", "200", "500", "1,000", "2,000"]
    assert not len(drawn.yaxis.get_minorticklocs())


def test_a_long_title_has_several_lines():
    """What a picture is about is written over it, in lines that fit, and never lost."""
    axes = pictures.canvas(None, "one two three " * 20, width=4.0)
    lines = axes.figure.get_suptitle().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 4 * pictures.LETTERS
    assert " ".join(lines).split() == ["one", "two", "three"] * 20


FEW = Problem("1/2", 3, "3/4", "79/100")
PICTURES = {
    "policy": lambda: solve(FEW).policy.plot(most=9),
    "sensitivity": lambda: sensitivity(solve(FEW)).plot(),
    "comparison": lambda: compare(FEW).plot(),
    "distribution": lambda: distribution(solve(FEW).policy).plot(),
    "survival": lambda: distribution(solve(FEW).policy).plot(view="survival"),
    "deadline": lambda: deadline(FEW, 12).plot(),
    "service level": lambda: least_time_within(FEW, 12, "1/2").plot(),
    "deadline frontier": lambda: deadline_frontier(FEW, 12).plot(),
    "simulation": lambda: simulate(solve(FEW).policy, 100, seed=1).plot(),
    "history": lambda: history(solve(FEW).policy, seed=1).plot(),
    "frontier": lambda: frontier(FEW, "generation_attempts").plot(),
    "robust": lambda: robust(FEW, ("2/5", "3/5")).plot(),
    "regret": lambda: regret_curve(solve(FEW), "distillation_time", points=3).plot(),
    "levels": lambda: draw_levels(FEW),
    "graph": lambda: draw(Problem("1/2", 2, "3/4", "79/100").graph(), about=FEW),
}
"""Every picture of one problem."""

TIMELESS = {"sensitivity", "robust", "levels", "graph"}
"""Pictures that show no times, but shares, fidelities and probabilities."""


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_names_its_problem_and_its_unit(name):
    """A picture says which problem it is about, and in which unit its times are."""
    axes = PICTURES[name]()
    titles = f"{axes.figure.get_suptitle()} {axes.get_title(loc='left')}"
    question = "M = 3, f0 = 0.75 -> 0.79" if name == "levels" else str(FEW)
    assert question in " ".join(titles.split())
    said = f"{titles} {axes.get_xlabel()} {axes.get_ylabel()}".split()
    assert name in TIMELESS or pictures.UNIT in " ".join(said)


@pytest.mark.parametrize(
    "draw_it",
    [
        lambda graph: deadline(graph, 12).plot(),
        lambda graph: frontier(graph, "generation_attempts").plot(),
        lambda graph: distribution(solve(graph).policy).plot(),
        lambda graph: compare(graph, ["optimal"]).plot(),
    ],
)
def test_pictures_of_a_state_graph_name_its_size(draw_it):
    """What is drawn of a state graph has its size in the title."""
    axes = draw_it(Problem("1/2", 2, "3/4", "79/100").graph())
    assert axes.figure.get_suptitle() == "a state graph of 6 states and 13 actions"


def test_a_callers_figure_keeps_its_title():
    """Who gives the axes says what the figure is about."""
    axes = pictures.axes()
    axes.figure.suptitle("mine")
    frontier(FEW, "generation_attempts").plot(axes)
    assert axes.figure.get_suptitle() == "mine"
