"""What docs/prices.md shows and says is what examples/worth.py prints."""

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


def test_blocks_are_printed(printed):
    """Every block below the example's name is part of its output, line by line."""
    blocks = re.findall(r"<!-- examples/worth\.py -->\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) == 8
    assert [block for block in blocks if block not in printed] == []


def test_numbers_in_prose_are_printed(printed):
    """Every number with a decimal point outside the blocks is one that the example prints or is given."""
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    source = (ROOT / "examples" / "worth.py").read_text(encoding="utf-8")
    numbers = re.findall(r"\d+\.\d+", prose)
    assert len(numbers) > 5
    assert [number for number in numbers if number not in printed + source] == []
