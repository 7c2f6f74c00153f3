"""One grid for many optima: labels are added until none of them rounds a result.

What consists of many optima, a frontier by its breakpoints, a map by its pieces, is computed on the labels of CEIL.
Whatever these optima round becomes labels, as it does for one optimum (:mod:`lpdistill.program.label_models`).  Where
they round nothing, they are policies of FLOOR, and both models have the same answer: that of the problem, which lies
between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.physics.aged import AgedGrid
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.problem.problem import Problem
from lpdistill.program.label_models import Rounded, labelled, rounded
from lpdistill.progress import silent

T = TypeVar("T")


def on_common_labels(  # noqa: PLR0913 - an answer, what is made of it, and limits
    problem: Problem,
    answer: Callable[[Problem], tuple[T, Sequence[Rounded]]],
    same: Callable[[T, T], bool],
    *,
    grid: Grid | AgedGrid,
    seconds: float,
    whatever: bool = False,
    progress: Callable[[str], None] = silent,
) -> T:
    """The answer of a problem with infinitely many levels that many optima make, on labels rounded down.

    Parameters
    ----------
    problem
        What is asked; labels bracket all these optima.
    answer
        Computes the answer on labels, and which optima it is made of.
    same
        Whether two answers, of labels rounded up and down, are the same.
    grid
        The grid to begin with.
    seconds
        Time after which no more labels are added.
    whatever
        Whether durations vary (:func:`~lpdistill.program.label_models.label_model`).
    progress
        Told how many labels there are.

    Raises
    ------
    ModelError
        If pairs age: there is always something that is rounded.
    LimitError
        If some optimum still rounds a result when the time is over.
    NotCertifiedError
        If nothing is rounded, and the two answers are not the same.
    """
    if isinstance(grid, AgedGrid):
        raise ModelError("coherence_time", "leaves no exact optima, of which this consists; leave it out", None)
    until = time.perf_counter() + seconds
    while True:
        progress(f"{len(grid):,} labels for all optima")
        above, optima = answer(labelled(problem, grid, Rounding.CEIL, whatever=whatever))
        pairs = _rounded(optima, apart=False)
        if not pairs:
            below, _ = answer(labelled(problem, grid, Rounding.FLOOR, whatever=whatever))
            if same(above, below):
                return below
            pairs = _rounded(optima, apart=True)
        if not pairs:
            raise NotCertifiedError(
                f"labels: the answers of {len(grid)} labels rounded up and down differ, though no optimum rounds any; "
                "take a target below the pumping limit"
            )
        if time.perf_counter() > until:
            raise LimitError(
                f"target: {len(grid):,} labels are not enough for all optima that this takes, some of which still "
                f"round results after {seconds:g} s; take a lower target or fewer memories, or solve for the values "
                "that matter, one by one",
                size={"labels": len(grid)},
            )
        grid = grid.with_results(pairs)


def _rounded(optima: Sequence[Rounded], *, apart: bool) -> list[tuple[Fraction, ...]]:
    """The fidelities whose results become labels: those of greatest weight that each optimum rounds."""
    return [pair for model in optima for pair in rounded(model, apart=apart)]
