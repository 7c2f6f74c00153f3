"""The README says what the program does."""

import re
import shlex
from pathlib import Path

import pytest

from lpdistill.cli.app import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def lines(text: str) -> list[str]:
    """Lines without what differs from run to run: how long it took and how HiGHS went about it."""
    varying = re.sub(r"[\d,]+ HiGHS iterations|\d+\.\d+ s$", "*", text, flags=re.MULTILINE)
    return [line.rstrip() for line in varying.strip().splitlines()]


def test_command_prints_what_the_readme_shows(monkeypatch, capsys):
    """The README's first command prints, line by line, what the README shows."""
    command = re.search(r"```sh\n.*&& (lpdistill .*)\n```", README)
    shown = re.search(r"```text\n(.*?)```", README, flags=re.DOTALL)
    assert command is not None
    assert shown is not None
    monkeypatch.setattr("sys.argv", shlex.split(command[1]))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert lines(capsys.readouterr().out) == lines(shown[1])
