"""Masters that decide in some configurations only: what they leave to a policy is charged, and nothing is lost."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from lpdistill import Budget, Dynamics, InfeasibleError, MaxDistillations, Problem, solve
from lpdistill.program import column_generation
from lpdistill.program.column_generation import ColumnGeneration
from lpdistill.program.evaluation import collected, visits
from lpdistill.program.highs import Algorithm, solve_program
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.policy_iteration import policy_iteration

SIX = Problem("1/2", 6, "3/4", "79/100")
PROBLEMS = {
    "six memories": SIX,
    "rare": SIX.replace(p="1e-6"),
    "certain": SIX.replace(p=1),
    "slow generation": SIX.replace(generation_time="7/2", distillation_time="1/3"),
    "discarding": SIX.replace(memories=4, discarding=True),
    "one distillation": SIX.with_constraints(MaxDistillations(1)),
    "three levels": Problem("3/10", 5, "9/10", "94/100"),
}
ATTEMPTS = "generation_attempts"


@cache
def attempts(name):
    """The least number of attempts with which a policy reaches the target, and that of the fastest policy."""
    with pytest.raises(InfeasibleError) as caught:
        solve(PROBLEMS[name].with_constraints(Budget(ATTEMPTS, "1e-3")))
    return caught.value.workable[ATTEMPTS], solve(PROBLEMS[name], attempts="all").expected[ATTEMPTS]


def limited(name, share):
    """A problem with a limit on attempts between what is possible and what the fastest policy uses."""
    least, most = attempts(name)
    return PROBLEMS[name].with_constraints(Budget(ATTEMPTS, least + share * (most - least)))


@pytest.fixture
def rows(monkeypatch):
    """Masters decide only where runs come, however small the problem is: how many rows each of them has."""
    found, whole = [], ColumnGeneration._master  # noqa: SLF001 - what is counted
    monkeypatch.setattr(column_generation, "DECIDED", 0)

    def master(generation):
        program, near = whole(generation)
        found.append(program.shape[0])
        return program, near

    monkeypatch.setattr(ColumnGeneration, "_master", master)
    return found


@pytest.mark.parametrize("share", [0.01, 0.4, 0.9])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_optimum_is_that_of_all_rows(rows, name, share):
    """Masters with few rows end with the same optimum, price and proof as those with all."""
    problem = limited(name, share)
    found = solve(problem, method="columns")
    assert min(rows) < found.run.configurations
    column_generation.DECIDED = 10**9  # the fixture undoes it
    whole = solve(problem, method="columns")
    assert found.waiting_time == pytest.approx(whole.waiting_time, rel=1e-9)
    assert found.lower_bound == pytest.approx(whole.lower_bound, rel=1e-9)
    (use,), (other,) = found.budgets.values(), whole.budgets.values()
    assert use.used == pytest.approx(other.used, rel=1e-9)
    if not (use.degenerate or other.degenerate):
        assert use.price == pytest.approx(other.price, rel=1e-6)
    found.verify()


def test_a_master_that_decides_nearly_nowhere_is_extended(rows, monkeypatch):
    """Where the master is told of no configuration but the start, it has all of them in the end, and the optimum."""
    problem = limited("six memories", 0.4)
    expected = solve(problem, method="columns").waiting_time
    rows.clear()
    monkeypatch.setattr(ColumnGeneration, "_entered", lambda _, policy: policy.configuration[:1])
    found = solve(problem, method="columns")
    assert (rows[0], rows[-1]) == (1, found.run.configurations)
    assert found.waiting_time == pytest.approx(expected, rel=1e-9)


@pytest.mark.usefixtures("rows")
def test_limits_that_cannot_be_met_are_named():
    """Masters with few rows do not take for impossible what only they cannot do, and name the least limit exactly."""
    least, _ = attempts("three levels")
    solve(PROBLEMS["three levels"].with_constraints(Budget(ATTEMPTS, least * (1 + 1e-7))), method="columns")
    with pytest.raises(InfeasibleError) as caught:
        solve(PROBLEMS["three levels"].with_constraints(Budget(ATTEMPTS, least * (1 - 1e-6))), method="columns")
    assert caught.value.workable[ATTEMPTS] == pytest.approx(least, rel=1e-9)


def test_what_is_followed_elsewhere_is_charged():
    """Whatever the configurations in which a program decides, a policy costs and uses what it does in all."""
    process, budgets = Dynamics(SIX, "all"), (Budget(ATTEMPTS, 1000),)
    optimum = policy_iteration(process, process.admission.proper())
    policy, rng = optimum.policy, np.random.default_rng(3)
    used = process.amounts(budgets[0].resource, policy.columns)
    beyond = np.array([collected(policy, policy.cost), collected(policy, used)])
    everything = OccupationProgram.of(process, policy.columns, budgets)
    for share in (0.1, 0.5, 0.9):
        kept = np.flatnonzero(np.append(True, rng.random(process.size - 1) < share))
        program = everything.deciding(kept, beyond)
        found = solve_program(program, Algorithm.SIMPLEX)
        assert found.objective == pytest.approx(optimum.values[0], rel=1e-9)
        assert program.amounts[0] @ found.occupation == pytest.approx(beyond[1, 0], rel=1e-9)
    assert visits(policy, everything.start) @ used == pytest.approx(beyond[1, 0], rel=1e-9)
