"""Pictures: axes to draw on, and files that are written or refused with a reason."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lpdistill import ModelError, Problem
from lpdistill.analysis.frontier import frontier

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
        "import sys; from lpdistill import Problem; from lpdistill.analysis.frontier import frontier; "
        "frontier(Problem('1/2', 2, '3/4', '79/100'), 'steps').plot(); print('matplotlib.pyplot' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert ran.stdout.strip() == "False"


def test_a_frontier_is_drawn_on_the_axes_given():
    """A plot goes onto the axes of the caller, which are returned."""
    axes = pictures.axes()
    assert frontier(Problem("1/2", 3, "3/4", "79/100"), "generation_attempts").plot(axes) is axes
    assert axes.lines
