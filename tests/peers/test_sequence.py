"""The policy of a rate at work in SeQUeNCe, where that is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from textwrap import indent

import pytest
from hanging import HANGING

from lpdistill import Problem, throughput

EXAMPLE = Path(__file__).parents[2] / "examples" / "clients" / "sequence_link.py"
PAGE = Path(__file__).parents[2] / "docs" / "steady_state.md"


@pytest.mark.skipif(find_spec("sequence") is None, reason="SeQUeNCe is not installed")
def test_the_policy_has_its_rate_in_a_network_simulator(tmp_path):
    """Within four standard errors it delivers what is predicted, pairs of equal fidelity less; the page quotes it."""
    command = [sys.executable, "-W", "ignore", str(EXAMPLE)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, timeout=HANGING)  # noqa: S603
    optimal, equal = (float(away) for away in re.findall(r"\(([+-][\d.]+) standard errors\)", ran.stdout))
    assert abs(optimal) < 4
    assert equal < -4
    assert f"{throughput(Problem('0.5', 4, '0.75', '0.79')).gain:.6f}" in ran.stdout
    page = PAGE.read_text(encoding="utf-8")
    if f"({version('sequence')}; " in page:  # others may draw other lots
        assert indent(ran.stdout, "    ") in page
