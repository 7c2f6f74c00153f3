"""Help ends with lines that can be typed as they stand."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from lpdistill.cli.commands import COMMANDS, load

FILES = [Path(__file__).parents[2] / "examples" / name for name in ("problem.toml", "objective.toml")]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "serve"])  # which lasts until it is ended
def test_the_examples_of_help_work(run, name, tmp_path, monkeypatch):
    """Help ends with one or two examples, at least one of the command, which run one after the other as printed."""
    for file in FILES:
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    *_, shown = run(name, "--help").out.split("\nExamples:\n")
    lines = shown.splitlines()
    assert [line.strip() for line in lines] == load(name).epilog.splitlines()
    assert 1 <= len(lines) <= 2
    assert lines[-1].startswith(f"  lpdistill {name} ")
    for line in lines:
        ran = run(*shlex.split(line)[1:])
        assert (ran.code, bool(ran.out), ran.err) == (0, True, ""), line
