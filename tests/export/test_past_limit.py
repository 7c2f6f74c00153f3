"""Files past the pumping limit: what is written is the label model that rounds down, and that is said."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lpdistill import Problem, read_graph, solve
from lpdistill.requests.files import export, graph

PROBLEM = Problem("9/10", 3, "3/4", "84/100")
SAID = "5 labels stand for the fidelity levels; results of distillation are rounded down to them"


@pytest.mark.parametrize("name", ["graph.graphml", "graph.dot", "graph.json", "program.mps", "process.drn"])
def test_files_say_that_they_are_of_labels(name, tmp_path):
    """Wherever the format has a place for it."""
    write = export if name.endswith(("mps", "drn")) else lambda problem, file: graph(problem, output=file)
    write(PROBLEM, tmp_path / name)
    assert SAID in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["process.tra", "program.mps", "policy.json"])
def test_whoever_exports_is_told_of_labels(name, tmp_path):
    """Also where the format has no place for it."""
    assert SAID in dict(export(PROBLEM, tmp_path / name).summary())["labels"]


@pytest.mark.parametrize("name", ["graph.graphml", "graph.json"])
def test_a_graph_of_labels_has_the_upper_bound(name, tmp_path):
    """Read back and solved, it takes what the policy on labels takes."""
    graph(PROBLEM, output=tmp_path / name)
    found = solve(read_graph(tmp_path / name))
    assert found.waiting_time == pytest.approx(solve(PROBLEM).waiting_time, rel=1e-12)


def test_an_exported_process_has_the_levels_of_labels(tmp_path):
    """The states of PRISM's files count pairs of as many labels as the optimum needs."""
    export(PROBLEM, tmp_path / "process.tra")
    assert (tmp_path / "process.sta").read_text().startswith("(target,n0,n1,n2,n3,n4)")


def test_an_exported_process_rounds_down(tmp_path):
    """Within a gap, it is FLOOR that is written: the probabilities of the file have its waiting time, not CEIL's."""
    solution = solve(PROBLEM, within="1/2")
    assert solution.lower_bound < solution.waiting_time
    export(PROBLEM, tmp_path / "process.drn", within="1/2")
    states = read_drn((tmp_path / "process.drn").read_text())
    values = dict.fromkeys(states, 0.0)
    for _ in range(2000):
        values = {
            state: min(cost + sum(chance * values[after] for after, chance in moves) for cost, moves in choices)
            for state, choices in states.items()
        }
    assert values[0] == pytest.approx(solution.waiting_time, rel=1e-9)


Choice = tuple[float, list[tuple[int, float]]]
"""A duration, and where an action leads."""


def read_drn(text: str) -> dict[int, list[Choice]]:
    """The actions of every state."""
    head, _, body = text.partition("@model\n")
    time = head.partition("@reward_models\n")[2].partition("\n")[0].split().index("time")
    states: dict[int, list[Choice]] = {}
    for line in body.splitlines():
        word, *rest = line.split()
        if word == "state":
            choices = states.setdefault(int(rest[0]), [])
        elif word == "action":
            costs = line.partition("[")[2].partition("]")[0].split(", ")
            choices.append((float(Fraction(costs[time])), []))
        else:
            choices[-1][1].append((int(word), float(Fraction(rest[-1]))))
    return states
