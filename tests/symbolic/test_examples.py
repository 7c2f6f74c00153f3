"""What the documentation shows is what the examples print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hanging import HANGING

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["certificate", "formulas", "policy_map"])
def test_documented_output_is_real(name, tmp_path):
    """Run again, an example prints what the documentation includes."""
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, timeout=HANGING)  # noqa: S603
    assert ran.stdout == (ROOT / "docs" / "output" / f"{name}.txt").read_text(encoding="utf-8")
