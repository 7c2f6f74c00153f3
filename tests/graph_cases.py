"""State graphs with known answers, and random ones whose actions often take no time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import networkx as nx
from hypothesis import strategies as st

GOAL = "goal"
HALF = Fraction(1, 2)


def drawn(actions: Mapping[Hashable, Mapping[str, Any]], start: Hashable, **attributes: Any) -> nx.DiGraph[Any]:
    """A state graph from ``{state: {action: (time, {next: probability}, more attributes)}}``."""
    graph: nx.DiGraph[Any] = nx.DiGraph(start=start, **attributes)
    graph.add_node(GOAL, kind="target")
    graph.add_nodes_from(actions, kind="state")
    for state, named in actions.items():
        for name, (time, moves, *more) in named.items():
            graph.add_node((state, name), kind="action", time=time, **(more[0] if more else {}))
            graph.add_edge(state, (state, name))
            for after, probability in moves.items():
                graph.add_edge((state, name), after, probability=probability)
    return graph


def randomly(
    random: Random, most: int = 6, choices: int = 3, rare: int = 1000, times: Sequence[Any] = (0, 0, 0, 1, 2, HALF)
) -> nx.DiGraph[Any]:
    """A random graph, with a resource ``fuel``: cycles that take no time, rare exits, dead ends, unreachable states.

    The last three of the times are those of most steps into the target.
    """
    states = range(random.randint(1, most))
    actions: dict[Hashable, dict[str, Any]] = {}
    for state in states:
        actions[state] = {}
        for name in "abcd"[: random.randint(1, choices)]:
            after = random.sample(states, min(len(states), random.choice([0, 1, 1, 2, 2])))
            if not after or random.random() < 0.3:
                after.append(GOAL)
            weights = [random.choice([1, 1, 2, 3, rare]) for _ in after]
            moves = {where: Fraction(w, sum(weights)) for where, w in zip(after, weights, strict=True)}
            time = random.choice(times[-3:] if GOAL in moves and random.random() < 0.8 else times)
            actions[state][name] = time, moves, {"fuel": random.choice([0, 0, 1, 3] if time else [0, 1, 3, 9])}
    return drawn(actions, 0)


def graphs(**limits: Any) -> st.SearchStrategy[nx.DiGraph[Any]]:
    """Random graphs: see :func:`randomly`."""
    return st.integers(0, 2**32).map(lambda seed: randomly(Random(seed), **limits))  # noqa: S311 - examples, no secrets


def copied(graph: nx.DiGraph[Any], copies: int) -> nx.DiGraph[Any]:
    """Runs through copies of a graph, one after the other: what was the target is the start of the next."""
    start, many = graph.graph["start"], nx.DiGraph(start=(0, graph.graph["start"]))
    many.add_node(GOAL, kind="target")
    for copy in range(copies):
        after = (copy + 1, start) if copy + 1 < copies else GOAL
        names = {node: after if node == GOAL else (copy, node) for node in graph}
        many.add_nodes_from((names[n], data) for n, data in graph.nodes(data=True) if n != GOAL)
        many.add_edges_from((names[a], names[b], data) for a, b, data in graph.edges(data=True))
    return many


def beside(graph: nx.DiGraph[Any], other: nx.DiGraph[Any]) -> nx.DiGraph[Any]:
    """A graph, and another beside it that no run enters; they share the target."""
    many = graph.copy()
    names = {node: GOAL if node == GOAL else ("beside", node) for node in other}
    many.add_nodes_from((names[n], data) for n, data in other.nodes(data=True))
    many.add_edges_from((names[a], names[b], data) for a, b, data in other.edges(data=True))
    return many


def ring(size: int) -> nx.DiGraph[Any]:
    """To the target takes 1; beside it a ring of steps that take no time, with one way out, of 3."""
    actions: dict[Hashable, dict[str, Any]] = {"start": {"go": (1, {GOAL: 1}), "enter": (9, {0: 1})}}
    actions |= {k: {"step": (0, {(k + 1) % size: 1})} for k in range(size)}
    actions[size // 2]["out"] = (3, {GOAL: 1})
    return drawn(actions, "start")


def fuelled(**attributes: Any) -> nx.DiGraph[Any]:
    """Out takes 3 and 2 of fuel; to look around and come back takes nothing, and leads nowhere."""
    third = Fraction(1, 3)
    return drawn(
        {
            "a": {"out": (3, {GOAL: 1}, {"fuel": 2}), "look": (0, {"b": third, "c": 2 * third}, {"fuel": 0})},
            "b": {"back": (0, {"a": 1}, {"fuel": 0})},
            "c": {"back": (0, {"a": 1}, {"fuel": 0})},
        },
        "a",
        **attributes,
    )


def heralded(p: Any) -> nx.DiGraph[Any]:
    """Attempts of 1, each heralded half the time, and heralds that are good with probability p: 3/(2p) in the mean."""
    return drawn(
        {
            "idle": {"attempt": (1, {"herald": 1})},
            "herald": {"listen": (Fraction(1, 2), {GOAL: p, "idle": 1 - p})},
        },
        "idle",
    )


def walk(size: int) -> nx.DiGraph[Any]:
    """A fair walk from 0, where it is reflected, to ``size``: ``size ** 2`` steps."""
    actions: dict[Hashable, dict[str, Any]] = {0: {"up": (1, {1 if size > 1 else GOAL: 1})}}
    for k in range(1, size):
        actions[k] = {"either way": (1, {k + 1 if k + 1 < size else GOAL: HALF, k - 1: HALF})}
    return drawn(actions, 0)


def line(size: int) -> nx.DiGraph[Any]:
    """So many sure steps to the target."""
    return drawn({k: {"step": (1, {k + 1 if k + 1 < size else GOAL: 1})} for k in range(size)}, 0)


def explored(start: Hashable, actions: Callable[[Any], Mapping[str, Any]], **attributes: Any) -> nx.DiGraph[Any]:
    """The state graph of what can be entered from a start, given the actions of a state."""
    found: dict[Hashable, Mapping[str, Any]] = {}
    queue = [start]
    while queue:
        state = queue.pop()
        if state in found:
            continue
        found[state] = actions(state)
        queue += [after for _, moves, *_ in found[state].values() for after in moves if after != GOAL]
    return drawn(found, start, **attributes)


def consensus(rounds: int, processes: int = 2) -> nx.DiGraph[Any]:
    """Randomised consensus of processes that share a coin (Aspnes and Herlihy, 1990): least expected steps to agree.

    A process tosses a coin, adds it to the shared counter, compares that with the barriers at
    ``rounds * processes`` on either side, and starts again unless it is beyond one; which process acts is
    the adversary's choice.
    """
    barrier = rounds * processes

    def steps(state: Any) -> dict[str, Any]:
        counter, *places = state
        found = {}
        for who, place in enumerate(places):
            if place == "done":
                continue
            if place == "toss":
                after = {(counter, "up"): HALF, (counter, "down"): HALF}
            elif place == "check":
                after = {(counter, "toss" if abs(counter) < barrier else "done"): Fraction(1)}
            else:
                after = {(counter + (1 if place == "up" else -1), "check"): Fraction(1)}
            moves = {}
            for (now, then), chance in after.items():
                others = (*places[:who], then, *places[who + 1 :])
                moves[GOAL if set(others) == {"done"} else (now, *others)] = chance
            found[str(who)] = 1, moves
        return found

    return explored((0, *["toss"] * processes), steps)


def two_ladders(size: int) -> nx.DiGraph[Any]:
    """From the middle up or down a ladder, each rung held half the time, else back to the middle.

    Expected steps are ``3 * 2 ** (size - 1) - 2`` (Haddad and Monmege, 2014).
    """
    actions: dict[Hashable, dict[str, Any]] = {
        0: {"choose": (1, {-1: Fraction(3, 10), 1: Fraction(7, 10)})},
    }
    for rung in [*range(1 - size, 0), *range(1, size)]:
        after = rung + (1 if rung > 0 else -1)
        actions[rung] = {"climb": (1, {GOAL if abs(after) == size else after: HALF, 0: HALF})}
    return drawn(actions, 0)


KING = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]


def king_walk(size: int, sure: Any) -> nx.DiGraph[Any]:
    """From corner to corner of a board, step by step in eight directions.

    A step goes where it is meant to with probability ``sure``, else as one of the two moves listed beside it, slides
    along the edge, and takes 1, or 7/5 if it is meant to be diagonal.
    """
    beside = (1 - sure) / 2

    def steps(state: Any) -> dict[str, Any]:
        found = {}
        for meant, move in enumerate(KING):
            moves: dict[Any, Any] = {}
            for at, chance in ((meant, sure), (meant - 1, beside), ((meant + 1) % 8, beside)):
                after = tuple(min(max(here + by, 0), size - 1) for here, by in zip(state, KING[at], strict=True))
                after = GOAL if after == (size - 1, size - 1) else after
                moves[after] = moves.get(after, 0) + chance
            found[str(move)] = Fraction(7, 5) if all(move) else 1, moves
        return found

    return explored((0, 0), steps)


HOME, GOLD, GEM, ENEMIES = (3, 1), (3, 5), (5, 4), {(3, 4), (4, 5)}


def gathering(gold: int, gems: int, *, count: str) -> nx.DiGraph[Any]:
    """Gold and gems are brought home, one of each at a time, on a board of 5 x 5 (Barrett and Narayanan, 2008).

    Whoever comes to one of two places is attacked there with probability 1/10, loses what he carries, and finds himself
    at home.  States are place, what is carried, and the gold and gems still asked for; time counts ``steps``, or the
    ``gold`` that comes home.
    """

    def steps(state: Any) -> dict[str, Any]:
        x, y, *carried, gold_left, gems_left = state
        found = {}
        for name, after in {"left": (x - 1, y), "right": (x + 1, y), "down": (x, y - 1), "up": (x, y + 1)}.items():
            if not all(1 <= place <= 5 for place in after):
                continue
            home = after == HOME
            carries = [not home and (has or after == what) for has, what in zip(carried, (GOLD, GEM), strict=True)]
            left = [max(n - (home and has), 0) for n, has in zip((gold_left, gems_left), carried, strict=True)]
            chance = Fraction(9, 10) if after in ENEMIES else Fraction(1)
            moves = {GOAL if left == [0, 0] else (*after, *carries, *left): chance}
            if chance < 1:
                moves[(*HOME, False, False, gold_left, gems_left)] = 1 - chance
            found[name] = 1 if count == "steps" else int(home and carried[0]), moves
        return found

    return explored((*HOME, False, False, gold, gems), steps)
