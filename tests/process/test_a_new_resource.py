"""A new resource is a row of ``process/resources.py``: budgets, exports, simulations, slopes and proofs follow."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from lpdistill import Budget, Dynamics, Problem, load_problem, sensitivity, simulate, solve
from lpdistill.cli.options import budget_option
from lpdistill.export.models import write_drn
from lpdistill.process.resources import RESOURCES, StandardResource
from symbolic import certify
from symbolic.exact.charges import Amounts

DOCS = Path(__file__).parents[2] / "docs"
PROBLEM = Problem("1/2", 3, "3/4", "79/100", generation_time="1/3")


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """Pairs lost in distillations that fail, and operations: one for each pair made, two a distillation."""
    for row in (
        StandardResource("pairs_lost", lambda use: 2 * use.failures, touches_generation=False),
        StandardResource("pairs_moved", lambda use: use.made + 2 * use.distillations, touches_generation=True),
    ):
        monkeypatch.setitem(RESOURCES, row.name, row)


def test_solutions_report_them():
    """Expected use has them, made of the others as their formulas say."""
    found = solve(PROBLEM).expected
    assert found.pairs_lost == pytest.approx(2 * found.failed_distillations, rel=1e-12)
    assert found.pairs_moved == pytest.approx(found.raw_pairs + 2 * found.distillations, rel=1e-12)


def test_budgets_limit_them(tmp_path):
    """By name, in Python, in problem files and as an option whose values shells know."""
    path = tmp_path / "problem.toml"
    path.write_text(
        'p = 0.5\nmemories = 3\nf0 = 0.75\ntarget = 0.79\ngeneration_time = "1/3"\n[budgets]\npairs_moved = 20\n'
    )
    assert load_problem(path) == PROBLEM.with_constraints(Budget("pairs_moved", 20))
    option = budget_option()["budget"].settings["shell_complete"]
    assert option(None, None, "pairs") == ["pairs_lost=", "pairs_moved="]
    free = solve(PROBLEM).expected.pairs_moved
    limited = solve(PROBLEM.with_constraints(Budget("pairs_moved", Fraction(free) * Fraction(99, 100))))
    assert limited.budgets["pairs_moved"].price < 0


def test_they_are_exact_where_everything_is(tmp_path):
    """Exact amounts are those of floating point, exports write them, and a proof within a budget has its price."""
    dynamics = Dynamics(PROBLEM)
    for name in ("pairs_lost", "pairs_moved"):
        exactly = Amounts.of(dynamics, RESOURCES[name])
        amounts = [int(amount) / exactly.unit for amount in exactly.whole(dynamics.columns)]
        assert amounts == pytest.approx(dynamics.amounts(RESOURCES[name], dynamics.columns), rel=1e-15)
    write_drn(PROBLEM, tmp_path / "model.drn")
    assert "memory_time pairs_lost pairs_moved" in (tmp_path / "model.drn").read_text()
    solution = solve(PROBLEM.with_constraints(Budget("pairs_moved", 18)))
    assert float(certify(solution).waiting_time) == pytest.approx(solution.waiting_time, rel=1e-9)


def test_simulated_runs_are_tallied_by_them():
    """Every run lost two pairs for each distillation that failed."""
    found = simulate(solve(PROBLEM).policy, 2000, seed=1).expected
    assert found["pairs_lost"].value == 2 * found["failed_distillations"].value
    assert found["pairs_moved"].lower <= solve(PROBLEM).expected.pairs_moved <= found["pairs_moved"].upper


@pytest.mark.parametrize("parameter", ["p", "f0", "generation_time", "distillation_time"])
def test_their_derivatives_are_those_of_their_parts(parameter):
    """Derivatives of expected totals follow the formulas, too."""
    found = sensitivity(solve(PROBLEM)).totals
    parts = found["raw_pairs"][parameter] + 2 * found["distillations"][parameter]
    assert found["pairs_lost"][parameter] == pytest.approx(2 * found["failed_distillations"][parameter], abs=1e-9)
    assert found["pairs_moved"][parameter] == pytest.approx(parts, abs=1e-9)


def test_pages_name_every_resource():
    """The page of commands and that of the model have the resources of the model."""
    known = [name for name in RESOURCES if name not in {"pairs_lost", "pairs_moved"}]
    for page in ("commands.md", "model.md"):
        assert [name for name in known if f"`{name}`" not in (DOCS / page).read_text()] == []
