"""How users name the configurations and the actions of a process."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

from lpdistill.arrays import IntArray
from lpdistill.physics.levels import Levels


class Names(Protocol):
    """Names of configurations and actions, and where they are found again."""

    @property
    def levels(self) -> Levels | None:
        """The levels whose pairs configurations count; None where configurations and actions are nodes of a graph."""
        ...

    @property
    def memories(self) -> int:
        """The most pairs that a configuration counts; 0 where it counts none."""
        ...

    @property
    def named(self) -> Sequence[int]:
        """The configurations in which there may be something to choose: ranks, increasing."""
        ...

    def key(self, rank: int) -> Hashable:
        """How users name a configuration."""
        ...

    def rank(self, key: Hashable) -> int:
        """The configuration that a user names; KeyError if there is none."""
        ...

    def actions(self, columns: IntArray) -> Sequence[Any]:
        """How users name the actions of the given columns."""
        ...

    def find(self, configuration: IntArray, actions: Sequence[Any]) -> IntArray:
        """The columns in which the given configurations take the given actions, -1 where they cannot, (columns,)."""
        ...
