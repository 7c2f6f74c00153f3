"""Linear programs as MPS files, with names that can be read."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.export.files import require_suffix
from lpdistill.model.actions import Action, word
from lpdistill.model.problem import Problem
from lpdistill.model.size import require
from lpdistill.program.highs import write_model
from lpdistill.program.occupation import OccupationProgram
from lpdistill.solving import opened

if TYPE_CHECKING:
    import networkx as nx


def write_mps(problem: Problem | nx.DiGraph[Any], file: str | PathLike[str]) -> None:
    """Write the occupation program of a problem or a state graph as an MPS file.

    Rows are configurations (``n2_1`` for two raw pairs and one pair of level 1) and budgets, columns are configurations
    with an action (``n2_1:d0_1_g1``).  The optimum is the waiting time.  Outcomes of probability below 1e-12, which
    HiGHS would drop, are taken for nothing happening.

    Raises
    ------
    ModelError
        If the suffix is not ``.mps``, or the file cannot be written.
    LimitError
        If the program is too large to be written out.
    """
    path = Path(file)
    require_suffix(file, ".mps")
    process, budgets = opened(problem)
    if isinstance(problem, Problem):
        require(process.repertoire, explicit=True)  # type: ignore[attr-defined]
    program = OccupationProgram.of(process, budgets=budgets)
    states = _unique([_word(process.key(rank)) for rank in range(process.size)])
    owners = program.choice.configuration.tolist()
    actions = process.actions(program.choice.columns)
    columns = [f"{states[owner]}:{_word(action)}" for owner, action in zip(owners, actions, strict=True)]
    rows = _unique([*states, *(f"budget:{_word(budget.name)}" for budget in budgets)])
    write_model(program, path, rows=rows, columns=_unique(columns))


def _word(label: Hashable) -> str:
    """A label as one word."""
    if isinstance(label, Action):
        return word(label)
    if isinstance(label, tuple) and all(isinstance(n, int) for n in label):
        return "n" + "_".join(map(str, label))
    return re.sub(r"\W+", "_", str(label)) or "_"


def _unique(names: Sequence[str]) -> list[str]:
    """Names, numbered where several are equal."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found
