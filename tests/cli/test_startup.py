"""What a command loads before it does anything: libraries that it does not need cost every user their time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SOLVE = ("solve", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")
HEAVY = {"cvxpy", "flint", "joblib", "matplotlib", "networkx", "pandas", "pydantic", "sympy", "typer"}
"""Libraries that neither help nor a small problem needs."""

WIDE = {"scipy.linalg", "scipy.optimize", "scipy.sparse.csgraph", "scipy.sparse.linalg", "scipy.special", "scipy.stats"}
"""Parts of scipy that only large problems, or other questions, need: write ``sparse.linalg.splu`` to load them late."""

ANSWERING = {"highspy", "numpy", "scipy", "rich", "lpdistill.process", "lpdistill.program", "lpdistill.solution"}
"""What only an answer needs."""

REPORT = """
import json, sys
from lpdistill.cli.app import main
try:
    main()
finally:
    sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def loaded(*arguments: str, **environment: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", REPORT, *arguments], capture_output=True, text=True, check=False, env=environment or None
    )
    assert ran.stdout
    return set(json.loads(ran.stderr))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)], ids=" ".join)
def test_help_loads_nothing_that_answers(arguments):
    """Neither the list of commands nor the version needs a command, let alone the libraries that compute."""
    assert loaded(*arguments) & (HEAVY | WIDE | ANSWERING) == set()


def test_completion_of_commands_loads_nothing_that_answers():
    """A shell that completes the name of a command waits for none of them."""
    found = loaded(_LPDISTILL_COMPLETE="bash_complete", COMP_WORDS="lpdistill so", COMP_CWORD="1")
    assert found & (HEAVY | WIDE | ANSWERING) == set()


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_a_small_problem_loads_what_it_needs(form):
    """A small problem is solved without the libraries of large ones, of graphs, of frames and of exact results."""
    assert loaded(*SOLVE, *form) & (HEAVY | WIDE) == set()
