"""A state graph written out, choice by choice, over the rationals."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any

import networkx as nx
import numpy as np

from lpdistill.export.transitions import ChoiceRow, WrittenOut
from lpdistill.hardware.actions import Action, word
from lpdistill.process.graph.node_names import name_of
from lpdistill.process.graph.state_graph import process_of
from lpdistill.process.time_lattice import simplest


def written_graph(graph: nx.DiGraph[Any]) -> WrittenOut:
    """The decision process of a state graph; its states are told apart by their number in a solution.

    A probability that is a float means the simplest fraction that rounds to it.  Where those of an action do not sum
    to 1 exactly, they are divided by their sum, as every exact reader asks.
    """
    process = process_of(graph)
    rewards = dict(zip(process.amounts_by_name, _distinct(process.amounts_by_name), strict=True))
    ranks = {process.names.key(rank): rank for rank in range(process.size)}
    nothing = dict.fromkeys(("time", *rewards.values()), Fraction(0))
    choices: dict[int, list[ChoiceRow]] = defaultdict(list)
    kinds = process.durations.kind(np.arange(process.column_count)).tolist()
    for column, (owner, node) in enumerate(zip(process.names.configuration.tolist(), process.names.nodes, strict=True)):
        amounts = {name: simplest(float(process.amounts_by_name[of][column])) for of, name in rewards.items()}
        amounts["time"] = process.durations.times[kinds[column]]
        choices[owner].append(ChoiceRow(owner, _identifier(node), amounts, _outcomes(graph, node, ranks)))
    rows = [
        row
        for rank in range(process.size)
        for row in choices.get(rank, [ChoiceRow(rank, "nothing", nothing, {rank: Fraction(1)})])
    ]
    return WrittenOut(("state",), [[rank] for rank in range(process.size)], ("time", *rewards.values()), rows)


def _outcomes(graph: nx.DiGraph[Any], action: Hashable, ranks: dict[Hashable, int]) -> dict[int, Fraction]:
    """Probability of every next state, exactly; the target comes after all others."""
    edges = graph.adj[action].items()
    found = {ranks.get(after, len(ranks)): _exact(attributes["probability"]) for after, attributes in edges}
    total = sum(found.values(), Fraction(0))
    return {rank: chance / total for rank, chance in sorted(found.items()) if chance}


def _exact(probability: Any) -> Fraction:
    if isinstance(probability, Rational):
        return Fraction(int(probability.numerator), int(probability.denominator))
    return Fraction(probability) if isinstance(probability, Decimal) else simplest(float(probability))


def _identifier(label: Hashable) -> str:
    """A node or a name as one word of ASCII letters, digits and underscores that does not begin with a digit."""
    if isinstance(label, tuple) and len(label) == 2 and isinstance(label[1], Action):
        return word(label[1])
    found = re.sub(r"\W+", "_", name_of(label), flags=re.ASCII)
    return found if re.match(r"[A-Za-z_]", found) else f"_{found}"


def _distinct(names: Any) -> list[str]:
    """Names as distinct words, numbered where several are alike."""
    found: list[str] = []
    for name in names:
        base = place = _identifier(name)
        number = 1
        while place in (*found, "time"):
            number += 1
            place = f"{base}_{number}"
        found.append(place)
    return found
