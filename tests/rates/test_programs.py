"""One program of the steady state, solved in four ways."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from lpdistill import Hardware, MaxDistillations, Problem, key_rate, throughput

cp = pytest.importorskip("cvxpy")

from lpdistill.convex import ConvexRates  # noqa: E402 - where cvxpy is installed

CASES = {
    "two memories": Problem("1/2", 2, "3/4", "79/100"),
    "three memories": Problem("1/2", 3, "3/4", "79/100"),
    "four memories": Problem(".9", 4, ".9", ".94"),
    "five levels": Problem(".6", 3, ".65", ".71", generation_time=".5", distillation_time="1.5"),
    "slow generation": Problem(".8", 4, ".85", ".89", generation_time=2, distillation_time=1),
    "rare": Problem(".01", 3, ".9", ".94"),
    "one at a time": Problem("1/2", 4, ".9", ".94", rules=MaxDistillations(1)),
    "few attempts": Problem("1/2", 4, "3/4", "79/100", budgets={"generation_attempts": ".5"}),
    "few distillations": Problem("1/2", 4, "3/4", "79/100", budgets={"distillations": ".206"}),
    "few steps": Problem("1/2", 3, "3/4", "79/100", budgets={"steps": ".672"}),
}


@pytest.mark.parametrize("name", CASES)
def test_simplex_interior_points_cvxpy_and_howard_agree(name):
    """On the same columns, and on the gain that is proved."""
    rates = ConvexRates.of(CASES[name])
    gain, program = throughput(CASES[name]).gain, rates.program
    size, (least, most) = program.process.size, program.limits
    matrix = sparse.csr_array(program.matrix / program.scale)
    below, above = matrix[size + 1 :][np.isfinite(most)], matrix[size + 1 :][np.isfinite(least)]
    limits = np.concatenate([most[np.isfinite(most)], -least[np.isfinite(least)]])
    for method in ("highs-ds", "highs-ipm"):
        found = linprog(
            program.policy.choice.cost / program.scale,
            A_ub=np.vstack([below.toarray(), -above.toarray()]) if len(limits) else None,
            b_ub=limits if len(limits) else None,
            A_eq=matrix[: size + 1],
            b_eq=np.append(np.zeros(size), 1.0),
            method=method,
        )
        assert -found.fun == pytest.approx(gain, rel=1e-7)
    assert rates.problem().solve(solver=cp.HIGHS) == pytest.approx(gain, rel=1e-6)
    assert rates.gain.value == pytest.approx(gain, rel=1e-6)


def test_more_may_be_asked_in_cvxpy():
    """A constraint that a budget can say has the effect of that budget."""
    rates = ConvexRates.of(Problem("1/2", 4, "3/4", "79/100"))
    few = rates.problem([rates.resources["memory_time"] <= 2])
    budget = throughput(Problem("1/2", 4, "3/4", "79/100", budgets={"memory_time": 2}))
    assert few.solve(solver=cp.HIGHS) == pytest.approx(budget.gain, rel=1e-6)


def test_key_of_levels_that_are_finitely_many():
    """Pairs may be sold at any time, those at or above the target at its worth."""
    problem = Problem("1/5", 2, ".85", ".88")
    rates = ConvexRates.of(problem, lambda fidelity: 1.0 if fidelity >= 0.88 else 0.1)
    found = key_rate(Hardware("1/5", 2, ".85"), lambda fidelity: 1.0 if fidelity >= 0.88 else 0.1)
    assert rates.problem().solve(solver=cp.HIGHS) == pytest.approx(found.gain, rel=1e-6)
