"""What an action node of a state graph does in its state."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Step

if TYPE_CHECKING:
    import networkx as nx


def state_of(graph: nx.DiGraph[Any], action: Hashable) -> Hashable:
    """The one state that an action belongs to."""
    if graph.nodes[action]["kind"] != "action":
        before = next(iter(graph.predecessors(action)))
        kind = graph.nodes[action]["kind"]
        raise ModelError(f"edge {before!r} -> {action!r}", "leaves a state, so it must lead to an action", kind)
    owners: list[Hashable] = list(graph.predecessors(action))
    if len(owners) != 1:
        raise ModelError(f"node {action!r}", "must be the action of one state", owners)
    return owners[0]


def step_of(graph: nx.DiGraph[Any], action: Hashable) -> Step:
    """The action of an action node, in its configuration.

    Raises
    ------
    ModelError
        If the nodes do not carry ``counts``, ``fidelities``, ``distil`` and ``generate`` as those of a problem do.
    """
    state = graph.nodes[state_of(graph, action)]
    does = graph.nodes[action]
    try:
        counts = tuple(int(n) for n in state["counts"])
        return Step(
            counts=counts,
            memories=sum(counts) + int(state["empty"]),
            fidelities=tuple(float(f) for f in state["fidelities"]),
            raw=graph.graph.get("raw"),
            distil=tuple(tuple(map(int, levels)) for levels in does["distil"]),
            generate=int(does["generate"]),
            discard=tuple(int(level) for level in does.get("discard", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"node {action!r}",
            "must carry distil and generate, and its state counts, empty and fidelities, for a rule or a resource to "
            "judge it",
            error,
        ) from None
