"""State graphs of text and numbers: what file formats hold of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import networkx as nx
import numpy as np

from lpdistill.process.graph.node_names import name_of, names_of

NUMBERS = 63
"""Bits of the whole numbers that GraphML has."""

BOOKKEEPING = ("node_default", "edge_default")
"""Where networkx keeps the defaults of a GraphML file, which its nodes and edges do not carry."""


def portable(graph: nx.DiGraph[Any]) -> nx.DiGraph[str]:
    """A state graph whose nodes are text and whose attributes are numbers and text, as file formats have them.

    Every attribute has one type: whole numbers, numbers, truth values or text.  Fractions become the nearest double;
    what is no number becomes JSON text.

    Raises
    ------
    ModelError
        If two nodes have the same text.
    """
    names = names_of(graph)
    of_nodes, of_edges = (_defaults(graph, key) for key in BOOKKEEPING)
    found: nx.DiGraph[str] = nx.DiGraph()
    found.graph.update((str(key), _plain(value)) for key, value in graph.graph.items() if key not in BOOKKEEPING)
    if "start" in graph.graph:
        found.graph["start"] = names.get(graph.graph["start"], name_of(graph.graph["start"]))
    found.add_nodes_from((names[node], _plain_values(of_nodes | data)) for node, data in graph.nodes(data=True))
    found.add_edges_from((names[a], names[b], _plain_values(of_edges | data)) for a, b, data in graph.edges(data=True))
    for attributes in ([data for _, data in found.nodes(data=True)], [data for *_, data in found.edges(data=True)]):
        _give_one_type(attributes)
    return found


def _defaults(graph: nx.DiGraph[Any], key: str) -> dict[str, Any]:
    found = graph.graph.get(key)
    return dict(found) if isinstance(found, Mapping) else {}


def _plain_values(attributes: Mapping[Any, object]) -> dict[str, str | float | int | bool]:
    return {str(key): _plain(value) for key, value in attributes.items()}


def _plain(value: object) -> str | float | int | bool:
    """A number or text; what is neither as JSON."""
    match value:
        case bool() | np.bool_():
            return bool(value)
        case str():
            return str(value)
        case Integral():
            return int(value)
        case Real() | Decimal():
            return _nearest(value)
        case _:
            return json.dumps(_data(value))


def _nearest(number: Real | Decimal) -> float | str:
    """The nearest double, or the number as text where there is none."""
    try:
        return float(number)
    except OverflowError:
        return str(number)


def _data(value: object) -> object:
    """Anything as JSON data: fractions and infinite numbers as text, which JSON has no numbers for."""
    match value:
        case Mapping():
            return {name_of(key): _data(part) for key, part in value.items()}
        case list() | tuple() | np.ndarray():
            return [_data(part) for part in value]
        case set() | frozenset():
            return sorted((_data(part) for part in value), key=str)
        case np.bool_() | Integral() | float() | np.floating():
            number = _plain(value)
            return str(number) if isinstance(number, float) and not math.isfinite(number) else number
        case _:
            return value if value is None or isinstance(value, str) else str(value)


def _give_one_type(attributes: Sequence[dict[str, Any]]) -> None:
    """Turn the values of each attribute into one type: some readers refuse an attribute that has two."""
    kinds: dict[str, set[type]] = {}
    for found in attributes:
        for key, value in found.items():
            large = isinstance(value, int) and value.bit_length() > NUMBERS
            kinds.setdefault(key, set()).add(float if large else type(value))
    for found in attributes:
        for key, value in found.items():
            found[key] = _common(kinds[key])(value)


def _common(kinds: set[type]) -> type:
    """The type that holds all values of some types."""
    if kinds == {int, float}:
        return float
    return next(iter(kinds)) if len(kinds) == 1 else str
