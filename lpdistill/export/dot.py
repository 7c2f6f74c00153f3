"""Graphs as DOT, every name in quotes: nothing in a name is a port, a keyword, a number or an escape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx

from lpdistill.errors import ModelError

IDENTIFIER = re.compile(r"(?!(?:strict|graph|digraph|node|edge|subgraph)\Z)[A-Za-z_][A-Za-z0-9_]*\Z", re.IGNORECASE)
"""Names of attributes that need no quotes."""

UNQUOTABLE = re.compile(r'(?<!\\)(?:\\\\)*\\(?:["\r\n]|\Z)|\0')
"""What no quoted text can hold: an odd number of backslashes before a quote, a line end or the end."""


def dot_of(graph: nx.DiGraph[str]) -> str:
    """A graph whose nodes are text, and whose attributes are text and numbers, as DOT.

    Raises
    ------
    ModelError
        If a text cannot be quoted.
    """
    lines = [f"{_key(name)}={_quoted(value)};" for name, value in graph.graph.items()]
    lines += [f"{_quoted(node)}{_attributes(_labelled(node, found))};" for node, found in graph.nodes(data=True)]
    lines += [f"{_quoted(a)} -> {_quoted(b)}{_attributes(found)};" for a, b, found in graph.edges(data=True)]
    return "\n".join(["strict digraph {", *lines, "}", ""])


def _labelled(node: str, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes with a label where the name would be drawn as something else: Graphviz obeys escapes in labels."""
    return {"label": node.replace("\\", "\\\\"), **attributes} if "\\" in node else attributes


def _attributes(found: Mapping[str, Any]) -> str:
    return f" [{', '.join(_pairs(found))}]" if found else ""


def _pairs(found: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(name)}={_quoted(value)}" for name, value in found.items())


def _key(name: str) -> str:
    return name if IDENTIFIER.match(name) else _quoted(name)


def _quoted(value: object) -> str:
    """Text in quotes, in which only a quote is escaped: DOT knows no other escape."""
    text = str(value)
    if UNQUOTABLE.search(text):
        raise ModelError(
            "graph", "has text that DOT cannot quote, for its backslashes or null characters; write .json", text
        )
    return '"' + text.replace('"', '\\"') + '"'
