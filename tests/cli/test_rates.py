"""``lpdistill throughput`` and others of the steady state: what their options add."""

from __future__ import annotations

import pytest

THREE = ("--p", ".5", "-M", "3", "--f0", ".75", "--target", ".8")


def test_the_law_is_a_section_and_a_table(run):
    """``--law`` adds a section to the document, and a table to what is printed."""
    law = run("throughput", *THREE, "--law", "--json").document["law"]
    assert law["variance"] == pytest.approx(0.0373533519336, rel=1e-9)
    assert "the time between deliveries" in run("throughput", *THREE, "--law").out
