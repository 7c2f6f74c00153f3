"""What docs/prices.md says in prose is what examples/worth.py prints."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "prices.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def printed():
    """What the example prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        runpy.run_path(str(ROOT / "examples" / "worth.py"))
    return output.getvalue()


def test_numbers_in_prose_are_printed(printed):
    """Every number with a decimal point outside the blocks is one that the example prints or is given."""
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    source = (ROOT / "examples" / "worth.py").read_text(encoding="utf-8")
    numbers = re.findall(r"\d+\.\d+", prose)
    assert len(numbers) > 5
    assert [number for number in numbers if number not in printed + source] == []
