"""A new map is a file of physics and a row of ``physics/known.py``: it has a name everywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction

import pytest

from lpdistill import Problem, load_problem, simulate, solve
from lpdistill.cli.commands import load
from lpdistill.export.models import write_drn
from lpdistill.physics.known import MAPS
from lpdistill.physics.maps import Combination, Reach
from lpdistill.study.outcome import described, description


@dataclass(frozen=True)
class Pure:
    """A pair, fixed by its fidelity."""

    fidelity: Fraction


@dataclass(frozen=True)
class Additive:
    """Success is certain with probability 1/2, and adds the distances from 1/2."""

    name: str = "additive"

    def raw(self, fidelity):
        return Pure(fidelity)

    def combine(self, a, b):
        return Combination(Pure(min(Fraction(1), a.fidelity + b.fidelity - Fraction(1, 2))), Fraction(1, 2))

    def reach(self, raw, target, memories):
        return Reach(pumping_limit=1.0, memory_limit=1.0, finite=True, memories_needed=2)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """The map, known by its name."""
    monkeypatch.setitem(MAPS, "additive", Additive())


@pytest.fixture
def problem(tmp_path):
    """The problem of a file that names the map."""
    path = tmp_path / "problem.toml"
    path.write_text('p = 0.5\nmemories = 3\nf0 = 0.55\ntarget = 0.62\ndistillation = "additive"\n')
    return load_problem(path)


def test_files_options_and_documents_name_it(problem):
    """A problem file names the map, an option may, and what a problem says of itself has the name."""
    assert problem.distillation == Additive()
    (option,) = [item for item in load("solve").params if item.name == "distillation"]
    assert option.metavar == "<bbpssw|dejmps|additive>"
    assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem
    assert described(description(problem)) == problem


def test_its_levels_are_found_solved_and_simulated(problem):
    """Levels, the optimum, its verification and a simulation are those of the map."""
    assert [level.fidelity for level in problem.levels] == [Fraction(11, 20), Fraction(3, 5)]
    solution = solve(problem)
    assert solution.verify().gap >= 0
    run = simulate(solution.policy, 4000, seed=1)
    assert run.waiting_time.lower <= solution.waiting_time <= run.waiting_time.upper


def test_it_is_exported(problem, tmp_path):
    """Exported models have the map's outcomes: two pairs of 0.55 make one of 0.6 with probability 1/2, or none."""
    write_drn(problem, tmp_path / "model.drn")
    assert "\taction d0_0 " in (tmp_path / "model.drn").read_text()
