"""Packages for Markov decision processes in general, on the same decision processes."""

from __future__ import annotations

import importlib.util

import pytest
from peer_models import mdpsolver_model, mdpsolver_solve, quantecon_model, quantecon_solve, written

from lpdistill import Problem, solve

PROBLEMS = {
    "two memories": Problem("1/3", 2, "3/4", "79/100"),
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "three levels": Problem("7/10", 4, "9/10", "94/100"),
    "eight memories": Problem("1/2", 8, "9/10", "94/100"),
    "other times": Problem("2/3", 4, "3/4", "79/100", generation_time="3/7", distillation_time="5/3"),
}


def installed(package: str) -> pytest.MarkDecorator:
    """Skip a test where a package is not installed."""
    return pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"needs {package}")


@installed("quantecon")
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_quantecon_agrees(problem):
    """QuantEcon's policy iteration, discounted by all but nothing, finds the same waiting time."""
    found = quantecon_solve(quantecon_model(written(problem, waiting=False)))
    assert found == pytest.approx(solve(problem).waiting_time, abs=1e-9)


@installed("mdpsolver")
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_mdpsolver_agrees(problem):
    """MDPSolver's modified policy iteration, discounted by all but nothing, finds the same waiting time."""
    found = mdpsolver_solve(mdpsolver_model(written(problem)))
    assert found == pytest.approx(solve(problem).waiting_time, abs=1e-9)
