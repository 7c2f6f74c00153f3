"""The command line run in-process, with the exit codes and streams that a shell would see."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple

import pytest

from lpdistill.cli import output
from lpdistill.cli.app import main


class Ran(NamedTuple):
    """What one run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)

    @property
    def words(self) -> str:
        """Both streams without colours, boxes and line breaks."""
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.out + self.err)
        return " ".join(re.sub(r"[─│╭╮╰╯]", " ", plain).split())


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Commands that say nothing of their progress, however slow the machine is."""
    monkeypatch.setattr(output, "SILENT_FOR", 1e6)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run ``lpdistill`` with some arguments."""

    def ran(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["lpdistill", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        return Ran(left.value.code or 0, *capsys.readouterr())

    return ran


@pytest.fixture
def problem_file(tmp_path):
    """Write a problem file and give its path as text."""

    def written(content: str | bytes, name: str = "problem.toml") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return written
