"""docs/lattice.md states only what scripts print; its Python examples are run as doctests."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "lattice.md").read_text(encoding="utf-8")


def printed(script: str, capsys) -> str:
    """What an example prints."""
    capsys.readouterr()
    runpy.run_path(str(ROOT / "examples" / script))
    return capsys.readouterr().out


def test_every_displayed_formula_is_derived(capsys):
    """The displayed formulas of the page are exactly those that the example derives."""
    shown = re.findall(r"\$\$\n(.*?)\n\$\$", PAGE, flags=re.DOTALL)
    assert sorted(shown) == sorted(printed("lattice_formulas.py", capsys).splitlines())


def test_the_changes_are_those_that_the_example_prints(capsys):
    """The table of changes and waiting times is what the example prints."""
    shown = re.search(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert shown is not None
    assert shown[1] == printed("lattice_changes.py", capsys)
