"""Decision processes for model checkers: DRN (Storm) and PRISM's explicit files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.export.files import require_suffix, writing
from lpdistill.export.transitions import ChoiceRow, WrittenOut, problem_written_out
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION

if TYPE_CHECKING:
    import networkx as nx


def write_drn(problem: Problem | nx.DiGraph[Any], file: str | PathLike[str]) -> None:
    """Write the decision process of a problem or a state graph as a DRN file, with rational numbers.

    States are numbered as in a solution; the last one is labelled ``target``.  The reward model ``time`` is the
    duration of a step, and there is one for every resource.  Storm solves it with ``R{"time"}min=? [F "target"]``.
    """
    require_suffix(file, ".drn")
    model = written_out(problem)
    rows, size = model.rows, len(model.states)
    labels = labels_of(problem) if isinstance(problem, Problem) else None
    lines = [] if labels is None else [f"// {labels.told}"]
    lines += ["@type: MDP", "@value_type: rational", "@parameters", "", "@reward_models", " ".join(model.rewards)]
    lines += ["@nr_states", str(size + 1), "@nr_choices", str(len(rows) + 1), "@model"]
    nothing = ", ".join("0" for _ in model.rewards)
    state = -1
    for row in rows:
        while state < row.state:
            state += 1
            lines.append(f"state {state} [{nothing}]" + (" init" if state == 0 else ""))
        lines.append(f"\taction {row.name} [{', '.join(str(row.amounts[reward]) for reward in model.rewards)}]")
        lines += [f"\t\t{after} : {chance}" for after, chance in row.outcomes.items()]
    lines += [f"state {size} [{nothing}] target", f"\taction done [{nothing}]", f"\t\t{size} : 1"]
    with writing(file):
        Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_prism(problem: Problem | nx.DiGraph[Any], file: str | PathLike[str]) -> list[Path]:
    """Write the decision process of a problem or a state graph as PRISM explicit files.

    They hold the states, the transitions, the labels ``init`` and ``target``, and the duration of steps as rewards.

    Parameters
    ----------
    problem
        The problem, or the state graph.
    file
        The path of the ``.tra`` file; the others stand beside it, with suffixes ``.sta``, ``.lab`` and ``.trew``.

    Returns
    -------
    list
        The files written.
    """
    require_suffix(file, ".tra")
    model = written_out(problem)
    rows = list(_numbered(model.rows))
    stem, size = Path(file), len(model.states)
    names = ",".join(["target", *model.variables])
    states = [f"({names})", *(f"{i}:({','.join(map(str, [0, *n]))})" for i, n in enumerate(model.states))]
    states.append(f"{size}:({','.join(map(str, [1, *[0] * len(model.variables)]))})")
    transitions, rewards = [], []
    for state, choice, row in rows:
        for after, chance in row.outcomes.items():
            transitions.append(f"{state} {choice} {after} {float(chance)!r} {row.name}")
            if row.amounts["time"]:  # the format lists no others
                rewards.append(f"{state} {choice} {after} {float(row.amounts['time'])!r}")
    choices = len({tuple(line.split()[:2]) for line in transitions}) + 1
    head = f"{size + 1} {choices} {len(transitions) + 1}"
    parts = {
        ".sta": states,
        ".tra": [head, *transitions, f"{size} 0 {size} 1.0 done"],
        ".lab": ['0="init" 1="deadlock" 2="target"', "0: 0", f"{size}: 2"],
        ".trew": [f"{size + 1} {choices} {len(rewards)}", *rewards],
    }
    written = []
    for suffix, lines in parts.items():
        path = stem.with_suffix(suffix)
        with writing(path):
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _numbered(rows: Iterable[ChoiceRow]) -> Iterator[tuple[int, int, ChoiceRow]]:
    """Choices with their number within their state."""
    state, number = -1, 0
    for row in rows:
        state, number = row.state, number + 1 if row.state == state else 0
        yield state, number, row


def written_out(problem: Problem | nx.DiGraph[Any]) -> WrittenOut:
    """The decision process of a problem or a state graph; where nothing can be done, it stays.

    Raises
    ------
    ModelError
        If it is neither, or a state graph with a mistake.
    LimitError
        If it does not fit into the memory of this machine.
    """
    problem = QUESTION.meant(problem, "problem")
    if isinstance(problem, Problem):
        return problem_written_out(problem)
    from lpdistill.export.graph_rows import written_graph  # noqa: PLC0415 - networkx, only where there is a graph

    return written_graph(problem)
