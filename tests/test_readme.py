"""The README says what the program does."""

import re
import shlex
from pathlib import Path

import pytest

from lpdistill.cli.app import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_command_prints_what_the_readme_shows(monkeypatch, capsys):
    """Every line that the README shows for its first command is printed by it, in this order."""
    command = re.search(r"```sh\n.*&& (lpdistill .*)\n```", README)
    shown = re.search(r"```text\n(.*?)```", README, flags=re.DOTALL)
    assert command is not None
    assert shown is not None
    monkeypatch.setattr("sys.argv", shlex.split(command[1]))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    printed = iter(line.rstrip() for line in capsys.readouterr().out.splitlines())
    for line in shown[1].splitlines():
        assert line.rstrip() in printed, line
