"""The decision process of a label model: priced in factored form, or written out over what can be reached."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import comb
from typing import TypeAlias

from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.rounding import Labels
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.size import Size
from lpdistill.process.process import Process
from lpdistill.process.reachable.ageing import AgeingProcess
from lpdistill.process.reachable.process import ReachableProcess
from lpdistill.process.reachable.vectors import ReachableVectors
from lpdistill.process.task import Task
from lpdistill.progress import silent

LabelProcess: TypeAlias = Dynamics | ReachableProcess
"""Either of them."""

QUICK = 100_000
"""Operations of one pricing of all columns below which it makes no difference how they are priced."""

FEW = 16
"""Memories beyond which sets of distillations are far too many to be listed, however few labels there are."""

LISTING = 4
"""Operations of pricing that listing a set of distillations in a configuration takes as long as."""


def label_process(
    problem: Task, attempts: Attempts | None = None, told: Callable[[str], None] = silent
) -> LabelProcess:
    """The decision process of a problem whose levels are labels.

    Where labels are many and memories few, most count vectors cannot be reached, and what can be is written out.
    """
    labels, memories = problem.levels, problem.hardware.memories
    if isinstance(labels, AgedLabels):
        return AgeingProcess(problem, attempts, told=told)
    repertoire = Repertoire.of(problem, attempts or problem.attempts)
    operations = Size.of(repertoire).operations
    if isinstance(labels, Labels) and operations > QUICK and memories <= FEW:
        sizes = tuple(sorted({len(recipe.consumed) for recipe in repertoire.distillations}))
        listed = ReachableVectors(memories, labels.memories).size
        if LISTING * listed * _patterns(memories, sizes, repertoire.most_distillations) < operations:
            return ReachableProcess(problem, attempts)
    return Dynamics(problem, attempts)


def require_memories(process: Process, where: str, problem: str, value: object = None) -> LabelProcess:
    """The process of a problem, whose memories hold pairs, that a process is.

    Raises
    ------
    ModelError
        If it is another one, such as that of a state graph: what the parameter ``problem`` says of ``value``.
    """
    if not isinstance(process, Dynamics | ReachableProcess):
        raise ModelError(where, problem, value)
    return process


@lru_cache
def _patterns(pairs: int, sizes: tuple[int, ...], most: int) -> int:
    """Number of sets of at most ``most`` disjoint blocks of the given sizes among so many pairs."""
    if not pairs or not most:
        return 1
    blocks = (comb(pairs - 1, size - 1) * _patterns(pairs - size, sizes, most - 1) for size in sizes if size <= pairs)
    return _patterns(pairs - 1, sizes, most) + sum(blocks)
