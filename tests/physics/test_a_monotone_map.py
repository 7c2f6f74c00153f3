"""A map of one's own that says that better pairs are never worse, past its pumping limit, through every door."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import pytest

from lpdistill import (
    ModelError,
    Problem,
    compare,
    deadline,
    distribution,
    read_policy,
    simulate,
    solve,
    sweep,
    write_policy,
)
from lpdistill.export.graphs import read_graph, write_graph
from lpdistill.physics.known import MAPS
from lpdistill.physics.maps import Combination, Reach
from lpdistill.requests.level_table import levels
from symbolic import certify

G = Fraction(4, 5)
"""What a round of distillation leaves of the distance to a maximally dephased pair."""


@dataclass(frozen=True)
class Dephased:
    """A pair whose only error is a phase flip."""

    fidelity: Fraction


def limit(f0: float) -> float:
    """The fidelity that pumping approaches: the upper root of u0 x^2 + (1 - g) x - g u0 = 0 with u = 2 F - 1."""
    g, u = float(G), 2 * f0 - 1
    return ((-(1 - g) + math.sqrt((1 - g) ** 2 + 4 * g * u * u)) / (2 * u) + 1) / 2


@dataclass(frozen=True)
class Dephasing:
    """Phase flips are detected by parity, with noise: u' = g (u + v)/(1 + u v), P = (1 + u v)/2."""

    name: str = "dephasing"
    monotone = True

    def raw(self, fidelity):
        return Dephased(fidelity)

    def combine(self, a, b):
        u, v = 2 * a.fidelity - 1, 2 * b.fidelity - 1
        return Combination(Dephased((1 + G * (u + v) / (1 + u * v)) / 2), (1 + u * v) / 2)

    def reach(self, raw, target, memories):
        limits = [float(raw.fidelity)]
        while len(limits) < 60:
            limits.append(limit(limits[-1]))
        highest = limits[min(memories, len(limits)) - 1]
        needed = next((number for number, found in enumerate(limits, 1) if found > target), None)
        return Reach(limit(limits[0]), highest, finite=needed is not None and needed <= 2, memories_needed=needed)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """The map, known by its name."""
    monkeypatch.setitem(MAPS, "dephasing", Dephasing())


@pytest.fixture
def problem():
    """A target past the pumping limit of .75, which is .8583."""
    return Problem("1/2", 3, ".75", ".87", distillation=Dephasing())


def test_it_lies_past_the_limit(problem):
    """Infinitely many levels lie below the target, and three memories reach it."""
    assert problem.reach.pumping_limit < 0.87 < problem.reach.memory_limit
    assert not problem.reach.finite


def test_its_optimum_is_bracketed(problem):
    """Both label models meet, or hold the optimum between them, and verification agrees."""
    found = solve(problem)
    assert found.bracket is not None
    assert found.lower_bound <= found.waiting_time * (1 + 1e-12)
    assert found.upper_bound / found.lower_bound < 1.01
    assert found.verify().gap >= 0


def test_true_fidelities_keep_the_promise(problem):
    """Runs on true fidelities take no longer than labels promise, and no less than the lower bound."""
    found = solve(problem)
    run = simulate(found, 4000, seed=1)
    assert run.waiting_time.lower <= found.upper_bound
    assert run.waiting_time.upper >= found.lower_bound


def test_other_questions_are_answered(problem, tmp_path):
    """Levels, comparison, distribution, windows and sweeps ask nothing more of the map."""
    found = solve(problem)
    assert levels(problem).to_dict()["finite"] is False
    assert compare(problem).policies["optimal"].waiting_time == pytest.approx(found.waiting_time, rel=1e-9)
    assert distribution(found).mean == pytest.approx(found.waiting_time, rel=1e-6)
    assert 0 < deadline(problem, 20).probability < 1
    (row,) = sweep(
        {"p": "1/2", "memories": 3, "f0": ".75", "target": ".87", "distillation": "dephasing"},
        ("optimal",),
        store=tmp_path / "sweep.sqlite",
    )
    assert row.outcome.waiting_time == pytest.approx(found.waiting_time, rel=1e-9)


def test_it_is_exported(problem, tmp_path):
    """Policies are read back with their labels, and the state graph has the optimum of the labels."""
    found = solve(problem)
    write_policy(found.policy, tmp_path / "policy.json")
    assert dict(read_policy(problem, tmp_path / "policy.json")) == dict(found.policy)
    write_graph(found.problem.graph(), tmp_path / "graph.json")
    assert solve(read_graph(tmp_path / "graph.json")).waiting_time == pytest.approx(found.waiting_time, rel=1e-9)


def test_it_has_no_certificate(problem):
    """A certificate cannot show that labels bracket the optimum of a map that the checker does not know."""
    with pytest.raises(ModelError, match="distillation: must be bbpssw"):
        certify(solve(problem))
