"""What a process is made for: hardware that works towards a target, as a problem says it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol, Self, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.hardware import Hardware
from lpdistill.hardware.repertoire import Aimed
from lpdistill.process.process import Origin


class Task(Origin, Aimed, Protocol):
    """What a process needs to know of a problem: its hardware and levels, and the following."""

    @property
    def attempts(self) -> Attempts:
        """Which numbers of attempts an optimum may need."""

    @property
    def uncharged_time(self) -> Fraction:
        """What is taken off the waiting time of every run."""

    def replace(self, **changes: Any) -> Self:
        """The same with some settings changed."""


def is_task(given: object) -> TypeGuard[Task]:
    """Whether something is hardware with a target."""
    return isinstance(getattr(given, "hardware", None), Hardware)


ELSEWHERE = {
    "str": "a problem file is read by load_problem(path)",
    "PurePath": "a problem file is read by load_problem(path)",
    "dict": "settings make one: Problem.from_dict(settings)",
    "list": "ask about one at a time, or sweep(Grid(problem, p=[...]))",
    "tuple": "ask about one at a time, or sweep(Grid(problem, p=[...]))",
    "Policy": "give the problem that it is a policy for",
    "Grid": "its problems are solved by sweep(grid)",
    "type": "call Problem(p=0.5, memories=4, f0=0.75, target=0.79), for example",
}
"""What to write instead of something else."""

TASK: Kind[Task] = Kind(
    "a Problem",
    is_task,
    "problem",
    {
        **ELSEWHERE,
        "DiGraph": "a state graph has no parameters such as memories and fidelities",
        "Graph": "a state graph is a DiGraph",
    },
)
"""A problem, or what has one."""
