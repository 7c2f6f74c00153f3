"""PRISM, on the explicit files that the package writes: least expected total reward until the target."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hanging import HANGING

from lpdistill import EqualLevelsOnly, MaxAttempts, MaxDistillations, Problem, solve
from lpdistill.export.models import write_prism

pytestmark = pytest.mark.skipif(shutil.which("prism") is None, reason="needs PRISM")

PROBLEMS = {
    "two memories": Problem("1/3", 2, "3/4", "79/100"),
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "three levels": Problem("7/10", 4, "9/10", "94/100"),
    "one level": Problem("1/3", 3, "3/4", "3/4"),
    "other times": Problem("2/3", 4, "3/4", "79/100", generation_time="3/7", distillation_time="5/3"),
    "generation takes no time": Problem("1/2", 4, "3/4", "79/100", generation_time=0),
    "one distillation at a time": Problem("1/2", 5, "3/4", "79/100").with_constraints(MaxDistillations(1)),
    "two attempts": Problem("1/2", 4, "3/4", "79/100").with_constraints(MaxAttempts(2)),
    "equal levels": Problem("1/2", 4, "3/4", "79/100").with_constraints(EqualLevelsOnly()),
    "discarding": Problem("1/2", 3, "3/4", "79/100", discarding=True),
    "a graph": Problem("1/2", 3, "3/4", "79/100").graph(),
}


def checked(folder, *options, query='Rmin=? [F "target"]'):
    """What PRISM answers to a query about the files ``model.*`` in a folder."""
    command = ["prism", "model.all", "-mdp", "-pf", query, *options]
    text = subprocess.run(  # noqa: S603 - the model checker
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=HANGING
    ).stdout
    return float(re.search(r"^Result: .*?~?([\d.]+)\)?( \(\+/-.*)?$", text, flags=re.MULTILINE)[1])


@pytest.mark.parametrize("question", PROBLEMS.values(), ids=PROBLEMS)
def test_prism_finds_the_waiting_time(question, tmp_path):
    """PRISM's explicit engine reads all four files and iterates to the waiting time."""
    write_prism(question, tmp_path / "model.tra")
    found = checked(tmp_path, "-explicit", "-epsilon", "1e-12")
    assert found == pytest.approx(solve(question).waiting_time, rel=1e-9)


@pytest.mark.parametrize("engine", ["-hybrid", "-sparse", "-mtbdd"])
def test_every_engine_of_prism_reads_the_files(engine, tmp_path):
    """So do its symbolic engines."""
    write_prism(PROBLEMS["three levels"], tmp_path / "model.tra")
    found = checked(tmp_path, engine, "-epsilon", "1e-12")
    assert found == pytest.approx(solve(PROBLEMS["three levels"]).waiting_time, rel=1e-9)
