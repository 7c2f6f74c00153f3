"""A repeater chain with cutoffs, as a plain networkx graph: another model through the same door.

The model is that of Inesta, Vardoyan, Scavuzzo and Wehner, npj Quantum Information 9, 46 (2023).  Its times leave the
first step out, in which nothing can be done but generate: they are the optimum minus 1.
"""

from collections import deque
from fractions import Fraction
from itertools import chain, combinations, product

import networkx as nx

from lpdistill import solve

TARGET = "end to end"


def after_swaps(links, chosen, ps):
    """What swaps at the chosen nodes, in order of position, may leave: sets of links (left, right, age)."""
    outcomes = {links: 1}
    for node in chosen:
        swapped = {}
        for held, chance in outcomes.items():
            ends = sorted(link for link in held if node in link[:2])
            rest = held - set(ends)
            joined = {(ends[0][0], ends[1][1], max(ends[0][2], ends[1][2]))} if len(ends) == 2 else set()
            # A node that has lost one of its links to a neighbour's failure loses the other.
            swapped[rest] = swapped.get(rest, 0) + chance * (1 - ps if joined else 1)
            if joined:
                swapped[rest | joined] = swapped.get(rest | joined, 0) + chance * ps
        outcomes = swapped
    return outcomes


def after_generation(links, n, p, tc):
    """What a step without a swap does: cut old links off, age the others, generate between free neighbours."""
    aged = frozenset((left, right, age + 1) for left, right, age in links if age < tc)
    busy_left, busy_right = {left for left, _, _ in aged}, {right for _, right, _ in aged}
    free = [k for k in range(n - 1) if k not in busy_left and k + 1 not in busy_right]
    for made in product((True, False), repeat=len(free)):
        new = {(k, k + 1, 0) for k, success in zip(free, made, strict=True) if success}
        yield aged | new, p ** len(new) * (1 - p) ** (len(free) - len(new))


def name(links):
    """A set of links in words: ``0-2 (age 1), 2-3 (age 0)``."""
    return ", ".join(f"{left}-{right} (age {age})" for left, right, age in sorted(links)) or "no links"


def repeater_chain(n, p, ps, tc):
    """The state graph of n nodes; also the states in which runs end, which the graph joins into one target."""
    graph, ended = nx.DiGraph(start=name(frozenset())), set()
    graph.add_node(TARGET, kind="target")
    graph.add_node(name(frozenset()), kind="state")
    waiting = deque([frozenset()])
    while waiting:
        links = waiting.popleft()
        able = sorted({right for _, right, _ in links} & {left for left, _, _ in links})
        for chosen in chain.from_iterable(combinations(able, k) for k in range(len(able) + 1)):
            action = f"{name(links)}: {'swap at ' + ', '.join(map(str, chosen)) if chosen else 'no swap'}"
            graph.add_node(action, kind="action", time=1, swaps=len(chosen))
            graph.add_edge(name(links), action)
            odds = {}
            for left, chance in after_swaps(links, chosen, ps).items():
                if any(link[:2] == (0, n - 1) for link in left):
                    ended.add(left)
                    odds[TARGET] = odds.get(TARGET, 0) + chance
                    continue
                for state, probability in after_generation(left, n, p, tc):
                    odds[state] = odds.get(state, 0) + chance * probability
            for state, probability in odds.items():
                if state != TARGET and name(state) not in graph:
                    graph.add_node(name(state), kind="state")
                    waiting.append(state)
                graph.add_edge(action, state if state == TARGET else name(state), probability=probability)
    return graph, ended


def counts(graph):
    """Numbers of states and actions."""
    kinds = list(nx.get_node_attributes(graph, "kind").values())
    return kinds.count("state"), kinds.count("action")


# Three nodes, swaps that always succeed: the optimum against its closed form.
print("three nodes   p  optimum - 1  closed form")
for p in map(Fraction, ("0.1", "0.3", "0.5", "0.7", "0.9")):
    time = solve(repeater_chain(n=3, p=p, ps=1, tc=2)[0]).waiting_time - 1
    formula = (2 * p**3 - 6 * p**2 + 4 * p + 1) / (2 * p**4 - 6 * p**3 + 5 * p**2)
    assert abs(time / formula - 1) < 1e-12  # noqa: S101 - the example fails when a number changes
    print(f"{float(p):15} {time:12.9f}  {formula}")
print()

# Five nodes: the published sizes and times.
print("five nodes    p  states  ends  actions  optimum - 1")
for p, published in ((0.5, 26.78), (0.9, 8.32)):
    graph, ended = repeater_chain(n=5, p=p, ps=0.5, tc=2)
    solution = solve(graph)
    (states, actions), time = counts(graph), solution.waiting_time - 1
    assert (states + len(ended), actions, round(time, 2)) == (405, 1426, published)  # noqa: S101 - the same
    print(f"{p:15} {states:7} {len(ended):5} {actions:8} {time:12.6f}")
print()

# Times to go, and what is lost by doing something else once.
print("time to go  regret  (five nodes, p = 0.9)")
for links in ([], [(0, 1, 0)], [(0, 1, 0), (1, 2, 0)], [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0)]):
    state = name(frozenset(links))
    print(f"{solution.values[state]:10.6f}          {state}")
    regrets = {action: round(max(regret, 0.0), 6) for action, regret in solution.regrets[state].items()}
    for action in sorted(regrets, key=lambda action: (regrets[action], action)):
        print(f"{regrets[action]:18.6f}    {action.removeprefix(state + ': ')}")
print()

# A budget on an attribute of one's own: swaps, each of which wears the device.
print(f"the fastest policy swaps {solve(graph, least='swaps').expected.swaps:.6f} times")
print("swaps at most  optimum - 1  price of one more")
for limit in (13.5, 13, 12.5, 12.4):
    graph.graph["budgets"] = {"swaps": limit}
    within = solve(graph)
    print(f"{limit:13} {within.waiting_time - 1:12.6f} {within.budgets['swaps'].price:18.6f}")
