"""PRISM's explicit files are exactly what PRISM's manual describes, and have the waiting time."""

from __future__ import annotations

import numpy as np
import pytest
from cases import SMALL, solved
from prism_format import PrismModel

from lpdistill import EqualLevelsOnly, MaxDistillations, Problem
from lpdistill.export.models import write_prism

THREE = Problem("1/2", 3, "3/4", "79/100")
ASKED = {
    **SMALL,
    "discarding": THREE.replace(discarding=True),
    "one distillation at a time": Problem("7/10", 4, "9/10", "94/100").with_constraints(MaxDistillations(1)),
    "a dead end": Problem("1/2", 4, "3/4", "79/100").with_constraints(EqualLevelsOnly()),
}
asked = pytest.mark.parametrize("problem", ASKED.values(), ids=ASKED)


def best_time(model: PrismModel) -> float:
    """The least expected reward until the target, by policy iteration on what the files say."""
    size = len(model.states)
    (target,) = model.labels["target"]
    chosen = {state: max(c for s, c in model.moves if s == state) for state in range(size)}
    for _ in range(100):
        matrix, cost = np.eye(size), np.zeros(size)
        for state, choice in chosen.items():
            if state != target:
                for after, chance in model.moves[state, choice].items():
                    matrix[state, after] -= chance
                    cost[state] += chance * model.rewards.get((state, choice, after), 0.0)
        values = np.linalg.solve(matrix, cost)
        better = dict(chosen)
        for (state, choice), moves in model.moves.items():
            gain = sum(p * (model.rewards.get((state, choice, to), 0.0) + values[to]) for to, p in moves.items())
            if gain < values[state] * (1 - 1e-11) and state != target:
                better[state] = choice
        if better == chosen:
            break
        chosen = better
    return float(values[model.labels["init"][0]])


@asked
def test_files_are_what_the_manual_describes(problem, tmp_path):
    """The strict reader accepts all four files; the target is one state, and it is never left."""
    model = PrismModel(write_prism(problem, tmp_path / "model.tra")[1])
    (target,) = model.labels["target"]
    assert model.moves[target, 0] == {target: 1.0}
    assert model.labels["deadlock"] == []


@pytest.mark.parametrize(
    "problem", [ASKED["discarding"], ASKED["one distillation at a time"]], ids=["discarding", "rule"]
)
def test_files_of_graphs_are_what_the_manual_describes(problem, tmp_path):
    """So are the files of a state graph."""
    PrismModel(write_prism(problem.graph(), tmp_path / "model.tra")[1])


@pytest.mark.parametrize("name", ["four memories", "four memories, three levels", "generation takes no time"])
def test_files_have_the_waiting_time(name, tmp_path):
    """Policy iteration on what the strict reader reads ends with the waiting time."""
    model = PrismModel(write_prism(SMALL[name], tmp_path / "model.tra")[1])
    assert best_time(model) == pytest.approx(solved(SMALL[name]).waiting_time, rel=1e-10)


def test_steps_without_time_have_no_line_among_the_rewards(tmp_path):
    """The reward file lists transitions with a reward alone: those of generation that takes no time are not there."""
    model = PrismModel(write_prism(SMALL["generation takes no time"], tmp_path / "model.tra")[1])
    assert len(model.rewards) < sum(map(len, model.moves.values())) - 1
    assert set(model.rewards.values()) == {2.0}
