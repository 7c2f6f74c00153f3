"""Linear programs as MPS files, with names that can be read."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.export.files import require_suffix, writing
from lpdistill.hardware.actions import Action, word
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.program.highs import unscaled_model
from lpdistill.program.occupation import OccupationProgram
from lpdistill.solving import process_and_budgets

if TYPE_CHECKING:
    import networkx as nx
    from highspy import HighsLp

OBJECTIVE = "Obj"
"""Name of the row of the objective."""

CONSTANT = "last_step:free"
"""Name of the column, fixed at 1, that carries the constant of the objective.

As the right-hand side of the objective, readers do not agree on its sign: GLPK and lp_solve take the opposite one.
"""

LONGEST_NAME = 60
"""Characters of a configuration or an action in a name; some readers end at 160."""


def write_mps(problem: Problem | nx.DiGraph[Any], file: str | PathLike[str]) -> None:
    """Write the occupation program of a problem or a state graph as an MPS file.

    Rows are configurations (``n2_1`` for two raw pairs and one pair of level 1) and budgets, columns are configurations
    with an action (``n2_1:d0_1_g1``).  The optimum is the waiting time: if the last step is free, a column fixed at 1
    takes its duration off.  Outcomes of probability below 1e-12, which HiGHS would drop, are taken for nothing
    happening.

    Raises
    ------
    ModelError
        If the suffix is not ``.mps``, or the file cannot be written.
    LimitError
        If the program is too large to be written out.
    """
    path = Path(file)
    require_suffix(file, ".mps")
    problem = QUESTION.meant(problem, "problem")
    process, budgets = process_and_budgets(problem)
    program = OccupationProgram.of(process, budgets=budgets)
    states = _unique([_word(process.names.key(rank)) for rank in range(process.size)])
    owners = program.choice.configuration.tolist()
    actions = process.names.actions(program.choice.columns)
    columns = [f"{states[owner]}:{_word(action)}" for owner, action in zip(owners, actions, strict=True)]
    rows = _unique([*states, *(f"budget:{_word(budget.name)}" for budget in budgets)])
    _, *names = _unique([CONSTANT, *columns])
    labels = labels_of(problem) if isinstance(problem, Problem) else None
    with writing(file), path.open("w", encoding="utf-8", newline="\n") as text:
        if labels is not None:
            text.write(f"* {labels.told}\n")
        text.writelines(f"{line}\n" for line in _lines(unscaled_model(program), rows, names))


def _lines(model: HighsLp, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    """A model in free MPS, every number with all the digits that it has.

    HiGHS writes such files itself, but before its release 1.16 with 15 digits, so that probabilities of an action no
    longer sum to one.
    """
    most = np.array(model.row_upper_)
    least = np.array(model.row_lower_)
    sides = np.select([least == most, np.isfinite(most), np.isfinite(least)], ["E", "L", "G"], "N").tolist()
    yield from ("NAME lpdistill", "ROWS", f" N  {OBJECTIVE}")
    yield from (f" {side}  {row}" for side, row in zip(sides, rows, strict=True))
    yield "COLUMNS"
    matrix = model.a_matrix_
    entries = zip(map(rows.__getitem__, matrix.index_), np.array(matrix.value_).tolist(), strict=True)
    sizes = np.diff(matrix.start_).tolist()
    for column, cost, size in zip(columns, np.array(model.col_cost_).tolist(), sizes, strict=True):
        yield f"    {column}  {OBJECTIVE}  {cost!r}"
        yield from (f"    {column}  {row}  {value!r}" for row, value in islice(entries, size))
    if model.offset_:
        yield f"    {CONSTANT}  {OBJECTIVE}  {model.offset_!r}"
    yield "RHS"
    right = zip(rows, np.where(np.isfinite(most), most, least).tolist(), strict=True)
    yield from (f"    RHS  {row}  {value!r}" for row, value in right if value)
    yield "RANGES"
    widths = zip(rows, np.where((least < most) & np.isfinite(least), most - least, np.inf).tolist(), strict=True)
    yield from (f"    RANGE  {row}  {width!r}" for row, width in widths if width < np.inf)
    if model.offset_:
        yield from ("BOUNDS", f" FX BOUND  {CONSTANT}  1")
    yield "ENDATA"


def _word(label: Hashable) -> str:
    """A label as one word, of letters that all readers know and no longer than they take."""
    if isinstance(label, Action):
        found = word(label)
    elif isinstance(label, tuple) and all(isinstance(n, int) for n in label):
        found = "n" + "_".join(map(str, label))
    else:
        found = re.sub(r"\W+", "_", str(label), flags=re.ASCII) or "_"
    return found[:LONGEST_NAME]


def _unique(names: Sequence[str]) -> list[str]:
    """Names, numbered where several are equal."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found
