"""How users name the configurations and the actions of a process, in Python and in JSON."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from math import isfinite
from numbers import Integral, Rational, Real
from typing import Any, Protocol

from lpdistill.arrays import IntArray
from lpdistill.hardware.actions import Action, Attempts
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
    def attempts(self) -> Attempts | None:
        """Which numbers of generation attempts actions have; None where that is no question."""
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


def node_as_json(node: object) -> Any:  # noqa: PLR0911 - a case each
    """A configuration as the list of its counts, a node of a state graph as the JSON data that is most like it.

    >>> from fractions import Fraction
    >>> node_as_json((2, 1)), node_as_json(frozenset({3, 1})), node_as_json(Fraction(1, 3)), node_as_json("idle")
    ([2, 1], [1, 3], '1/3', 'idle')
    """
    match node:
        case None | bool() | str():
            return node
        case Integral():
            return int(node)
        case Rational():
            return str(node)
        case Real():
            return float(node) if isfinite(node) else str(node)
        case Action():
            return action_as_json(node)
        case frozenset():
            return sorted(map(node_as_json, node), key=json.dumps)
        case tuple():
            return [node_as_json(part) for part in node]
        case _:
            return str(node)


def action_as_json(action: object) -> dict[str, Any]:
    """An action: what it distils, generates, discards and delivers; of a state graph, its node."""
    if not isinstance(action, Action):
        return {"action": node_as_json(action)}
    return {
        "generate": action.generate,
        "distil": [list(pair) for pair in action.distil],
        **({"discard": list(action.discard)} if action.discard else {}),
        **({"deliver": list(action.deliver)} if action.deliver else {}),
    }
