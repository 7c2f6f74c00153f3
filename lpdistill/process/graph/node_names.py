"""Nodes of state graphs as text: what files, tables and documents call them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from numbers import Integral

from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Action, word


def name_of(node: Hashable) -> str:
    """A node as text: ``2,1`` for a configuration, ``2,1 d0_1_g1`` for an action in it.

    Equal nodes have equal names, in every run: the elements of a set are in order.

    >>> name_of((2, 1)), name_of(frozenset({"b", "a"})), name_of(("a", (1, 2)))
    ('2,1', "{'a', 'b'}", "('a', (1, 2))")
    """
    match node:
        case (tuple() as counts, Action() as action):
            return f"{name_of(counts)} {word(action)}"
        case ():
            return "none"
        case "":
            return "''"  # igraph refuses a node without a name
        case tuple() if all(isinstance(n, Integral) for n in node):
            return ",".join(map(str, node))
        case tuple() | frozenset():
            return _within(node)
        case _:
            return str(node)


def _within(part: Hashable) -> str:
    """A part of a node: text in quotes, so that it is told from numbers."""
    match part:
        case frozenset():
            return "{" + ", ".join(sorted(map(_within, part))) + "}"
        case tuple():
            return "(" + ", ".join(map(_within, part)) + (",)" if len(part) == 1 else ")")
        case str():
            return repr(part)
        case _:
            return str(part)


def names_of(nodes: Iterable[Hashable]) -> dict[Hashable, str]:
    """The names of some nodes.

    Raises
    ------
    ModelError
        If two of them have the same.
    """
    nodes_by_name: dict[str, Hashable] = {}
    for node in nodes:
        other = nodes_by_name.setdefault(name_of(node), node)
        if other != node:
            raise ModelError(
                "graph", f"has nodes that read the same as text, {other!r} and {node!r}; give them other names", None
            )
    return {node: name for name, node in nodes_by_name.items()}
