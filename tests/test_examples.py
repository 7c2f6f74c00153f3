"""What the documentation shows is what the examples print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hanging import HANGING

ROOT = Path(__file__).parents[1]
TIMED = re.compile(r"\b\d+\.\d+ s\b|[\d,]+(?= HiGHS iterations)")
"""What differs from run to run: how long it took, and how HiGHS went about it."""


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "examples").glob("*.py")))
def test_documented_output_is_real(name, tmp_path):
    """Run again, an example prints what the documentation includes."""
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, timeout=HANGING)  # noqa: S603
    shown = (ROOT / "docs" / "output" / f"{name}.txt").read_text(encoding="utf-8")
    assert TIMED.sub("*", ran.stdout) == TIMED.sub("*", shown)
