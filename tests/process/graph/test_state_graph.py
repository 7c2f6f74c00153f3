"""State graphs by hand, edited, and wrong: against closed forms and the enumerated model."""

import math
from collections.abc import Callable
from fractions import Fraction

import networkx as nx
import pytest
from constrained_cases import hardware
from constrained_oracle import least
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TARGET, Chain, Step

from lpdistill import Budget, EqualLevelsOnly, InfeasibleError, ModelError, NotCertifiedError, Problem, Rule, solve

PROBLEM = Problem("1/2", 3, "3/4", "79/100")


def drawn(actions, start, **attributes):
    """A state graph from ``{state: {action: (time, {next: probability}, more attributes)}}``; "goal" is the target."""
    graph = nx.DiGraph(start=start, **attributes)
    graph.add_node("goal", kind="target")
    for state in actions:
        graph.add_node(state, kind="state")
    for state, named in actions.items():
        for action, (time, moves, *more) in named.items():
            graph.add_node((state, action), kind="action", time=time, **(more[0] if more else {}))
            graph.add_edge(state, (state, action))
            for after, probability in moves.items():
                graph.add_edge((state, action), after, probability=probability)
    return graph


def ruin(size, up):
    """A gambler who starts with 1, wins with probability ``up``, and starts again when ruined, until ``size``."""
    actions = {k: {"play": (1, {k + 1 if k + 1 < size else "goal": up, k - 1: 1 - up})} for k in range(1, size)}
    return drawn({0: {"again": (1, {1: 1.0})}, **actions}, 0)


@pytest.mark.parametrize("size", [2, 5, 9])
@pytest.mark.parametrize("up", [0.3, 0.5, 0.9])
def test_gambler_who_starts_again(size, up):
    """Reflected at 0, a walk takes ``sum_k d_k`` steps, ``d_0 = 1``, ``d_k = 1/u + d_{k-1} (1-u)/u``."""
    step, total = Fraction(1), Fraction(1)
    chance = Fraction(str(up))
    for _ in range(1, size):
        step = (1 + (1 - chance) * step) / chance
        total += step
    assert solve(ruin(size, up)).waiting_time == pytest.approx(float(total), rel=1e-12)


@pytest.mark.parametrize("coupons", [1, 5, 30])
def test_coupon_collector(coupons):
    """Collecting ``n`` coupons one at a time takes ``n (1 + 1/2 + ... + 1/n)`` draws."""
    graph = drawn(
        {
            k: {"draw": (1, {k + 1 if k + 1 < coupons else "goal": 1 - k / coupons} | ({k: k / coupons} if k else {}))}
            for k in range(coupons)
        },
        0,
    )
    harmonic = sum(Fraction(1, k) for k in range(1, coupons + 1))
    assert solve(graph).waiting_time == pytest.approx(float(coupons * harmonic), rel=1e-13)


def test_the_better_of_two_actions_is_taken():
    """Slow and sure takes 3, quick and rare ``1/(1/4) = 4``: the policy is slow and sure, and says so by its node."""
    graph = drawn({"a": {"sure": (3, {"goal": 1}), "rare": (1, {"goal": 0.25, "a": 0.75})}}, "a")
    solution = solve(graph)
    assert solution.waiting_time == 3
    assert [decision.action for decision in solution.policy["a"]] == [("a", "sure")]
    assert solution.regrets["a"] == pytest.approx({("a", "sure"): 0, ("a", "rare"): 0.25})


@pytest.mark.parametrize(
    "nodes", [("s", "t"), (frozenset({1}), -1), ((), (1, (2,))), (0.5, 1j), (b"x", True), (Fraction(1, 3), "target")]
)
def test_nodes_are_anything_hashable(nodes):
    """States may be any hashable objects: two in a row, left with probability 1/2 and 1/4, take 6."""
    first, second = nodes
    graph = drawn(
        {first: {"x": (1, {second: 0.5, first: 0.5})}, second: {"x": (1, {"goal": 0.25, second: 0.75})}}, first
    )
    solution = solve(graph)
    assert solution.waiting_time == pytest.approx(6, rel=1e-14)
    assert solution.values[second] == pytest.approx(4, rel=1e-14)
    assert solution.visits[first] == pytest.approx(2, rel=1e-14)


def test_a_lone_source_is_the_start():
    """Without a named start, the one state that no action leads to is it."""
    graph = drawn({"b": {"x": (1, {"goal": 0.5, "b": 0.5})}, "a": {"x": (1, {"b": 1})}}, None)
    del graph.graph["start"]
    assert solve(graph).waiting_time == pytest.approx(3, rel=1e-14)


@st.composite
def chains(draw):
    """Small random decision processes, all of whose actions may reach the target, as fractions."""
    size = draw(st.integers(1, 6))
    steps = {}
    for state in range(size):
        steps[state] = {}
        for action in range(draw(st.integers(1, 3))):
            after = [*draw(st.lists(st.integers(0, size - 1), max_size=3, unique=True)), TARGET]
            weights = [draw(st.integers(1, 9)) for _ in after]
            moves = {where: Fraction(w, sum(weights)) for where, w in zip(after, weights, strict=True)}
            steps[state][action] = Step(Fraction(draw(st.integers(0, 20)), 4), moves)
    return Chain(0, steps)


def graph_of(chain, number: Callable[[Fraction], object] = float, target="goal"):
    """The state graph of a chain."""
    return drawn(
        {
            state: {
                action: (number(s.cost), {target if a == TARGET else a: number(q) for a, q in s.moves.items()})
                for action, s in actions.items()
            }
            for state, actions in chain.steps.items()
        },
        chain.start,
    )


@settings(max_examples=60)
@given(chains(), st.sampled_from(["auto", "columns", "simplex", "ipm"]))
def test_random_graphs_have_the_exact_optimum(chain, method):
    """The optimum and the values of a random graph are those of exact policy iteration."""
    _, values = chain.optimum
    solution = solve(graph_of(chain), method=method)
    assert solution.waiting_time == pytest.approx(float(values[0]), rel=1e-11, abs=1e-11)
    for state, value in values.items():
        assert solution.values[state] == pytest.approx(float(value), rel=1e-11, abs=1e-11)


@settings(max_examples=20)
@given(chains())
def test_numbers_may_be_fractions(chain):
    """Times and probabilities may be fractions."""
    assert solve(graph_of(chain, Fraction)).waiting_time == pytest.approx(float(chain.time), rel=1e-11, abs=1e-11)


@settings(max_examples=20)
@given(hardware(most_memories=4))
def test_the_graph_of_a_problem_has_its_optimum(problem):
    """A problem and its state graph have the same optimum, in either convention of the last step."""
    assert solve(problem.graph()).waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-11, abs=1e-11)


def chain_of(graph):
    """The oracle's view of a state graph."""
    steps = {}
    for state, data in graph.nodes(data=True):
        if data["kind"] != "state":
            continue
        steps[state] = {
            action: Step(
                Fraction(graph.nodes[action]["time"]),
                {
                    TARGET if graph.nodes[after]["kind"] == "target" else after: Fraction(edge["probability"])
                    for _, after, edge in graph.out_edges(action, data=True)
                },
            )
            for action in graph.successors(state)
        }
    return Chain(graph.graph["start"], steps)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_an_edited_graph_is_solved_as_edited(random):
    """With actions removed, added and re-timed, the optimum is that of policy iteration on the edited graph."""
    graph = PROBLEM.with_constraints(Rule(lambda _: True, name="anything")).graph()
    actions = [node for node, data in graph.nodes(data=True) if data["kind"] == "action"]
    for node in random.sample(actions, 12):
        graph.nodes[node]["time"] = random.randint(1, 16) / 4
    graph.remove_nodes_from(random.sample([n for n in actions if "target" not in graph.successors(n)], 3))
    for state in [node for node, data in graph.nodes(data=True) if data["kind"] == "state"]:
        graph.add_node(("reset", state), kind="action", time=random.randint(1, 8), **dict.fromkeys(AMOUNTS, 0))
        graph.add_edge(state, ("reset", state))
        graph.add_edge(("reset", state), "target", probability=0.0625)
        graph.add_edge(("reset", state), (0, 0), probability=0.9375)
    wanted = least(chain_of(graph))
    solution = solve(graph)
    assert solution.waiting_time == pytest.approx(wanted[0, 0], rel=1e-10)
    assert dict(solution.values) == pytest.approx(wanted, rel=1e-9)


AMOUNTS = ["steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations", "memory_time"]
"""The numbers that all action nodes of the graph of a problem carry as resources."""


def test_a_removed_action_is_never_taken():
    """Removing the optimal action of the start makes the optimum worse and the policy take another."""
    graph = PROBLEM.graph()
    best = ((0, 0), solve(PROBLEM).policy[0, 0][0].action)
    free = PROBLEM.with_constraints(Rule(lambda _: True, name="anything")).graph()
    assert best in graph
    free.remove_node(best)
    solution = solve(free)
    assert solution.waiting_time > solve(PROBLEM).waiting_time
    assert best not in [decision.action for decision in solution.policy[0, 0]]


def two_roads(**attributes):
    """From "a": a dear road of time 1 and energy 5, or a cheap one of time 4 and energy 1."""
    return drawn(
        {"a": {"dear": (1, {"goal": 1}, {"energy": 5}), "cheap": (4, {"goal": 1}, {"energy": 1})}}, "a", **attributes
    )


@pytest.mark.parametrize("limit", [1, 2, 3.5, 5])
def test_budgets_of_a_graph(limit):
    """At most ``e`` of energy, 1 to 5, takes ``4 - 3 (e - 1) / 4``: a straight mixture of the two roads."""
    solution = solve(two_roads(budgets={"energy": limit}))
    assert solution.waiting_time == pytest.approx(4 - 3 * (limit - 1) / 4, rel=1e-12)
    use = solution.budgets["energy"]
    assert use.used == pytest.approx(limit, rel=1e-12)
    if 1 < limit < 5:
        assert use.price == pytest.approx(-0.75, rel=1e-12)
        assert (use.valid_from, use.valid_to) == (pytest.approx(1), pytest.approx(5))
        assert solution.policy.randomised == ("a",)
    else:
        assert not solution.policy.randomised


def test_budgets_of_a_graph_have_two_sides():
    """A table with ``most`` and ``least`` limits from both sides."""
    graph = two_roads(budgets={"energy": {"least": "3", "most": "4"}})
    assert solve(graph).waiting_time == pytest.approx(4 - 3 * 3 / 4, rel=1e-12)
    graph.nodes["a", "dear"]["time"] = 9
    assert solve(graph).waiting_time == pytest.approx(6.5, rel=1e-12)


def test_a_graph_budget_that_is_too_small_is_refused():
    """Less than the cheap road uses is refused, with the least workable limit."""
    with pytest.raises(InfeasibleError, match="energy") as caught:
        solve(two_roads(budgets={"energy": "1/2"}))
    assert caught.value.workable == {"energy": pytest.approx(1)}


@settings(max_examples=15)
@given(hardware(most_memories=3, discarding=False))
def test_budgets_of_a_problem_are_in_its_graph(problem):
    """The graph of a problem with a budget carries it: both have the same optimum, price and range."""
    used = Fraction(solve(problem).expected.generation_attempts)
    limited = problem.with_constraints(Budget("generation_attempts", used * Fraction(995, 1000)))
    try:
        one = solve(limited)
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve(limited.graph())
        return
    other = solve(limited.graph())
    assert one.waiting_time == pytest.approx(other.waiting_time, rel=1e-10)
    mine, theirs = one.budgets["generation_attempts"], other.budgets["generation_attempts"]
    assert mine.price == pytest.approx(theirs.price, rel=1e-7, abs=1e-9)


def good():
    """A graph without a mistake, to be spoilt."""
    return drawn(
        {
            "a": {"go": (1, {"b": 0.5, "a": 0.5}), "leap": (3, {"goal": 0.5, "a": 0.5})},
            "b": {"go": (1, {"goal": 0.9, "a": 0.1})},
        },
        "a",
    )


def node(name, **attributes):
    """Change attributes of a node."""
    return lambda graph: graph.nodes[name].update(attributes)


def edge(name, after, **attributes):
    """Change attributes of an edge."""
    return lambda graph: graph.edges[name, after].update(attributes)


def renamed(name, old, new):
    """Misspell an attribute of a node."""

    def change(graph):
        graph.nodes[name][new] = graph.nodes[name].pop(old)

    return change


def misspelt_probability(graph):
    data = graph.edges[("b", "go"), "goal"]
    data["probabilty"] = data.pop("probability")


GO = ("b", "go")
BAD = {
    "misspelt time": (renamed(GO, "time", "tiem"), ["('b', 'go')", "time"]),
    "misspelt kind": (renamed("b", "kind", "knid"), ["'b'", "kind"]),
    "misspelt probability": (misspelt_probability, ["('b', 'go')", "probability"]),
    "probabilities that sum to 0.9": (edge(GO, "goal", probability=0.8), ["('b', 'go')", "0.9"]),
    "a probability of 1.2": (edge(GO, "goal", probability=1.2), ["('b', 'go')", "1.2"]),
    "a negative probability": (edge(GO, "goal", probability=-0.1), ["('b', 'go')", "-0.1"]),
    "a probability that is NaN": (edge(GO, "goal", probability=math.nan), ["('b', 'go')", "nan"]),
    "a probability in words": (edge(GO, "goal", probability="often"), ["('b', 'go')", "often"]),
    "a probability that is None": (edge(GO, "goal", probability=None), ["('b', 'go')", "probability"]),
    "negative time": (node(GO, time=-1), ["('b', 'go')", "time", "-1"]),
    "time that is NaN": (node(GO, time=math.nan), ["('b', 'go')", "time", "nan"]),
    "infinite time": (node(GO, time=math.inf), ["('b', 'go')", "time", "inf"]),
    "time in words": (node(GO, time="long"), ["('b', 'go')", "time", "long"]),
    "time that is a list": (node(GO, time=[1]), ["('b', 'go')", "time", "[1]"]),
    "an unknown kind": (node("b", kind="sate"), ["'b'", "sate"]),
    "two targets": (lambda graph: graph.add_node("other", kind="target"), ["target", "other"]),
    "no target": (lambda graph: graph.remove_node("goal"), ["target"]),
    "an action without outcomes": (
        lambda graph: (graph.add_node("idle", kind="action", time=1), graph.add_edge("b", "idle")),
        ["'idle'"],
    ),
    "an orphan action": (
        lambda graph: (
            graph.add_node("orphan", kind="action", time=1),
            graph.add_edge("orphan", "goal", probability=1.0),
        ),
        ["'orphan'"],
    ),
    "an action of two states": (lambda graph: graph.add_edge("a", GO), ["('b', 'go')"]),
    "a state that leads to a state": (lambda graph: graph.add_edge("a", "b", probability=1), ["'b'", "state"]),
    "an action that leads to an action": (
        lambda graph: graph.add_edge(GO, ("a", "go"), probability=0.1),
        ["('b', 'go')", "('a', 'go')"],
    ),
    "a target with a way out": (lambda graph: graph.add_edge("goal", GO), ["goal"]),
    "a start that is not there": (lambda graph: graph.graph.update(start="z"), ["start", "z"]),
    "a start that is an action": (lambda graph: graph.graph.update(start=GO), ["start", "('b', 'go')"]),
    "a start that is the target": (lambda graph: graph.graph.update(start="goal"), ["start", "goal"]),
    "an unhashable start": (lambda graph: graph.graph.update(start=["a"]), ["start"]),
    "a missing start": (lambda graph: graph.graph.pop("start"), ["start"]),
    "a budget on nothing": (lambda graph: graph.graph.update(budgets={"energy": 3}), ["energy"]),
    "a budget on what one action lacks": (
        lambda graph: (graph.graph.update(budgets={"energy": 3}), graph.nodes[GO].update(energy=1)),
        ["energy"],
    ),
    "a negative budget": (
        lambda graph: (
            graph.graph.update(budgets={"energy": -3}),
            [graph.nodes[n].update(energy=1) for n, d in graph.nodes(data=True) if d["kind"] == "action"],
        ),
        ["energy", "-3"],
    ),
    "an amount that is NaN": (
        lambda graph: (
            graph.graph.update(budgets={"energy": 3}),
            [graph.nodes[n].update(energy=math.nan) for n, d in graph.nodes(data=True) if d["kind"] == "action"],
        ),
        ["energy", "nan"],
    ),
    "a negative amount": (
        lambda graph: (
            graph.graph.update(budgets={"energy": 3}),
            [graph.nodes[n].update(energy=-2) for n, d in graph.nodes(data=True) if d["kind"] == "action"],
        ),
        ["energy", "-2"],
    ),
    "budgets that are a list": (lambda graph: graph.graph.update(budgets=["energy"]), ["budgets"]),
}


def test_the_good_graph_is_good():
    """What the spoilt graphs started from has a solution: jump with 1/2 at 3 each, or walk through ``b``."""
    assert solve(good()).waiting_time == pytest.approx(min(6, (2 + 1) / 0.9), rel=1e-12)


@pytest.mark.parametrize(("spoil", "named"), BAD.values(), ids=BAD)
def test_a_bad_graph_has_one_clear_error(spoil, named):
    """Every mistake is a model error that names the node, the edge or the attribute, and the value found."""
    graph = good()
    spoil(graph)
    with pytest.raises(ModelError) as caught:
        solve(graph)
    for word in named:
        assert word in str(caught.value)


def test_a_target_out_of_reach_names_where_it_ends():
    """A state that is entered and never left is named."""
    graph = drawn({"a": {"go": (1, {"b": 1})}, "b": {"stay": (1, {"b": 1})}}, "a")
    with pytest.raises(InfeasibleError, match="'b'") as caught:
        solve(graph)
    assert "b" in caught.value.dead_ends


def test_a_dead_end_that_can_be_avoided_is():
    """An action that risks a dead end is not taken, however quick it is; the dead end has an infinite value."""
    graph = drawn(
        {
            "a": {"risk": (1, {"goal": 0.99, "trap": 0.01}), "safe": (50, {"goal": 1})},
            "trap": {"stay": (1, {"trap": 1})},
        },
        "a",
    )
    solution = solve(graph)
    assert solution.waiting_time == 50
    assert solution.values["trap"] == math.inf


@pytest.mark.parametrize("graph", [nx.DiGraph(), nx.Graph([(1, 2)]), nx.MultiDiGraph(), "graph", None, 3, {}])
def test_what_is_no_state_graph_is_refused(graph):
    """Other objects and other graphs are refused as inputs, not with a crash."""
    with pytest.raises(ModelError):
        solve(graph)


def test_solving_leaves_the_graph_alone():
    """Solving changes nothing in the graph."""
    graph, same = good(), good()
    solve(graph)
    assert nx.utils.graphs_equal(graph, same)


def test_pruning_needs_the_attributes_of_a_problem():
    """A rule cannot judge a graph whose nodes say nothing of pairs and memories, and says so."""
    with pytest.raises(ModelError, match="counts"):
        EqualLevelsOnly().prune(good())


@pytest.mark.parametrize("time", [0, 0.0])
def test_cycles_that_take_no_time_do_not_hang(time):
    """Two states that lead to each other in no time: the answer is the way out, or that there is no proof."""
    graph = drawn(
        {
            "a": {"over": (time, {"b": 1}), "out": (2, {"goal": 1})},
            "b": {"over": (time, {"a": 1}), "out": (1, {"goal": 0.5, "a": 0.5})},
        },
        "a",
    )
    try:
        found = solve(graph).waiting_time
    except NotCertifiedError:
        with pytest.raises(NotCertifiedError, match="circles"):
            solve(graph)
        return
    assert found == pytest.approx(2, rel=1e-12)


def test_a_graph_without_actions_leads_nowhere():
    """Where there is nothing to do, the states that are never left are named."""
    graph = nx.DiGraph(start="a")
    graph.add_node("a", kind="state")
    graph.add_node("target", kind="target")
    with pytest.raises(InfeasibleError, match="node 'a' is entered and never left"):
        solve(graph)
