"""Twenty memories with other operations than the paper's: with as many levels, they take no longer."""

from __future__ import annotations

from typing import Any

import pytest

from lpdistill import Problem, solve

NOISE = {"gate": ".999", "readout": ".999"}
DEJMPS = {"distillation": "dejmps"}

GROUPS: dict[str, dict[str, dict[str, Any]]] = {
    "twenty memories, three levels": {
        "ideal": {"target": ".94"},
        "noisy": {"target": ".937", **NOISE},
        "DEJMPS": {"target": ".957", **DEJMPS},
    },
    "twenty memories, 0.90 to 0.94": {"ideal": {}, "noisy": NOISE, "DEJMPS": DEJMPS, "noisy DEJMPS": NOISE | DEJMPS},
}
"""Operations by name, by what they have in common."""


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in GROUPS for name in GROUPS[group]])
def test_operations(timed, benchmark, group, name):
    """A problem from its parameters to its verified optimum; the ratio is to perfect hardware."""
    settings = {"p": "1/2", "memories": 20, "f0": ".9", "target": ".94"} | GROUPS[group][name]
    found = solve(Problem(**settings))
    benchmark.group = group
    benchmark.extra_info.update(columns=found.run.columns, reference=name == "ideal")
    width = found.upper_bound - found.lower_bound
    timed(lambda: solve(Problem(**settings)).waiting_time, expected=found.waiting_time, within=width)
