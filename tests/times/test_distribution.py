"""The whole waiting time: against exact convolution, linear systems, and laws that are known in closed form."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections import defaultdict
from fractions import Fraction
from itertools import islice
from types import SimpleNamespace

import networkx as nx
import numpy as np
import oracle
import psutil
import pytest
from backward_tails import tails
from cases import SMALL, dynamics_of, labels, problems, solved
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from test_published import GRID, MEMORIES

from lpdistill import (
    Action,
    Budget,
    LimitError,
    ModelError,
    Policy,
    Problem,
    baseline,
    distribution,
    policy_named,
    solve,
)
from lpdistill.process.graph.state_graph import process_of
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.program.plan import Plan
from lpdistill.times import distribution as module
from lpdistill.times import propagation, tail
from lpdistill.times.renewal import Renewal

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)

ONE = Problem("1/2", 2, "3/4", "31/40")
TIMES = ["0", "2/7", "1/3", "1", "2", "5/2"]
EVENTS = 14
"""Times up to which a law is propagated in fractions."""


def exact_law(chain, lots, events):
    """Probabilities of ending by time, in fractions, for so many times at which anything can happen.

    ``lots`` maps every state to the probabilities of its steps.
    """
    begun = {Fraction(0): {chain.start: Fraction(1)}}
    law = defaultdict(Fraction)
    for _ in range(events):
        if not begun:
            return law
        now = min(begun)
        for state, mass in without_duration(chain, lots, begun.pop(now)).items():
            for name, weight in lots[state].items():
                step = chain.steps[state][name]
                for after, probability in step.moves.items():
                    if after == oracle.TARGET:
                        law[now + step.cost] += mass * weight * probability
                    elif step.cost and mass:
                        begun.setdefault(now + step.cost, defaultdict(Fraction))[after] += mass * weight * probability
    until = min(begun, default=now + 1)
    return {time: probability for time, probability in law.items() if time < until}


def without_duration(chain, lots, entered):
    """Expected number of steps begun at one time in every state, if runs enter them so often, by elimination."""
    instant = [
        (state, after, weight * probability)
        for state, names in lots.items()
        for name, weight in names.items()
        if chain.steps[state][name].cost == 0
        for after, probability in chain.steps[state][name].moves.items()
        if after != oracle.TARGET
    ]
    if not instant:
        return entered
    states = list(chain.steps)
    rows = [[Fraction(int(a == b)) for b in states] + [Fraction(entered.get(a, 0))] for a in states]
    for state, after, probability in instant:
        rows[states.index(after)][states.index(state)] -= probability
    return dict(zip(states, oracle.gauss(rows), strict=True))


@st.composite
def any_policies(draw):
    """A policy on a small problem: randomised or not, proper or not, with any durations."""
    times = draw(st.sampled_from([(g, d) for g in TIMES for d in TIMES if g != "0" or d != "0"]))
    memories, target = draw(st.sampled_from([(1, "7/10"), (2, "31/40"), (2, "79/100"), (3, "31/40"), (3, "7/10")]))
    problem = Problem(
        draw(st.sampled_from(["1/3", "7/10", "1"])),
        memories,
        "3/4",
        target,
        generation_time=times[0],
        distillation_time=times[1],
        final_step=draw(st.sampled_from(["charged", "free"])),
    )
    dynamics = dynamics_of(problem, "all")
    columns, weights = [], []
    for rank in range(dynamics.size):
        known = dynamics.numbering.of_configuration(rank).tolist()
        taken = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
        share = draw(st.sampled_from([Fraction(1, 2), Fraction(1, 8)])) if len(taken) == 2 else Fraction(1)
        columns += taken
        weights += [share, 1 - share][: len(taken)]
    return problem, dynamics, np.array(columns), weights


@settings(max_examples=60, deadline=None)
@given(any_policies())
def test_probabilities_are_those_of_exact_convolution(drawn):
    """Every probability agrees with convolution in fractions to 12 digits of its own, whatever policy and durations."""
    problem, dynamics, columns, weights = drawn
    policy = Policy(Plan.improper(dynamics.choose(columns), np.array([float(weight) for weight in weights])))
    chain = oracle.counted(oracle.Hardware.of(problem))
    lots = {state: {} for state in chain.steps}
    for (state, name), weight in zip(labels(dynamics, columns), weights, strict=True):
        lots[state][name] = weight
    try:
        exact = exact_law(chain, lots, EVENTS)
    except StopIteration:
        reject()  # runs go in circles for nothing: elimination finds no pivot
    assume(exact)
    found = distribution(policy, until=max(exact) - problem.uncharged_time)
    expected = {float(time - problem.uncharged_time): float(p) for time, p in exact.items() if p}
    shown = {time: p for time, p in zip(found.times.tolist(), found.pmf.tolist(), strict=True) if p}
    assert shown == pytest.approx(expected, rel=1e-12, abs=0)


@settings(max_examples=30, deadline=None)
@given(any_policies())
def test_survivals_are_those_of_the_backward_recursion(drawn):
    """Forwards from the start, survivals are what the recursion over the time that is left finds for it."""
    _, dynamics, columns, weights = drawn
    policy = Policy(Plan.improper(dynamics.choose(columns), np.array([float(weight) for weight in weights])))
    lattice = TimeLattice.of(dynamics)
    found = distribution(policy, until=lattice.time(40))
    late = [float(values[0]) for values in islice(tails(policy.plan, lattice), 41)]
    forwards = 1 - np.cumsum(found.law.pmf)
    assert forwards == pytest.approx(late[: len(forwards)], rel=0, abs=1e-13)
    assert found.never + found.truncated == pytest.approx(late[len(forwards) - 1], rel=1e-11, abs=0)


@pytest.mark.parametrize("row", [*GRID, *MEMORIES], ids=lambda row: "p={p} M={memories} {f0}->{target}".format(**row))
def test_moments_of_published_points_equal_linear_solves(row):
    """At the published points, mean and variance of the law are those of the linear systems within 1e-9."""
    policy = solve(Problem(row["p"], int(row["memories"]), row["f0"], row["target"], final_step="free")).policy
    found = distribution(policy)
    assert found.mean == pytest.approx(policy.waiting_time, rel=1e-9, abs=0)
    assert found.variance == pytest.approx(policy.standard_deviation**2, rel=1e-9, abs=0)


@settings(max_examples=20, deadline=None)
@given(problems(least_p="1/5"), st.sampled_from(["optimal", "pumping", "greedy"]))
def test_moments_of_random_problems_equal_linear_solves(problem, name):
    """On random problems, mean and variance of the law are those of the linear systems within 1e-9."""
    policy = policy_named(problem, name)
    found = distribution(policy)
    assert found.mean == pytest.approx(policy.waiting_time, rel=1e-9, abs=0)
    assert found.standard_deviation == pytest.approx(policy.standard_deviation, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["optimal", "pumping", "nested", "greedy", "banded:1"])
def test_large_problems(name):
    """With 32 memories, moments are those of the linear systems, and probabilities add up to 1."""
    policy = policy_named(Problem("1/2", 32, "9/10", "94/100"), name)
    found = distribution(policy)
    assert found.mean == pytest.approx(policy.waiting_time, rel=1e-9, abs=0)
    assert found.standard_deviation == pytest.approx(policy.standard_deviation, rel=1e-9, abs=0)
    assert math.fsum(found.pmf) + found.truncated == pytest.approx(1, rel=0, abs=1e-14)


@every_problem
def test_a_law_is_a_law(problem):
    """Probabilities are not negative, add up to 1, and cumulate to increasing numbers that complement survivals."""
    if problem.p < Fraction(1, 1000):
        pytest.skip("too many times")
    found = distribution(solved(problem).policy)
    assert found.pmf.min() >= 0
    assert math.fsum(found.pmf) + found.truncated == pytest.approx(1, rel=0, abs=1e-13)
    assert found.truncated <= 1e-18
    assert (np.diff(found.cumulative) >= 0).all()
    assert (np.diff(found.surviving) <= 0).all()
    assert found.cumulative + found.surviving == pytest.approx(np.ones(len(found.pmf)), rel=0, abs=1e-13)
    assert found.times[0] == 0
    assert np.diff(found.times) == pytest.approx(np.full(len(found.times) - 1, float(found.unit)), rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(problems(least_p="1/5"), st.fractions("1/1000", "999/1000"))
def test_quantiles_invert_the_cumulative_distribution(problem, q):
    """A quantile is the first time by which a run is done with that probability."""
    found = distribution(solved(problem).policy)
    time = Fraction(found.quantile(q)).limit_denominator(10**4)
    assert found.cdf(time) >= float(q) * (1 - 1e-9)
    assert time < found.unit or found.cdf(time - found.unit) < float(q)
    assert found.cdf(time + found.unit / 3) == found.cdf(time)
    assert found.cdf(time) + found.survival(time) == pytest.approx(1, rel=0, abs=1e-13)


TIMED = {
    "three levels": Problem(0.5, 4, 0.9, 0.94),
    "rational times": Problem("7/10", 3, "3/4", "79/100", generation_time="1/3", distillation_time="2/7"),
    "last step free": Problem("1/2", 3, "3/4", "79/100", final_step="free"),
    "rare generation": Problem("1/20", 3, "3/4", "79/100"),
}


@pytest.mark.parametrize("problem", TIMED.values(), ids=TIMED)
def test_the_quantile_of_the_cdf_of_a_time_is_that_time(problem):
    """Given back, the cdf of any time leads to it, or to the first time at which it is the same float."""
    found = distribution(solved(problem).policy)
    chances = [found.cdf(float(time)) for time in found.times]
    first = {}
    for time, chance in zip(found.times.tolist(), chances, strict=True):
        first.setdefault(chance, time)
    inner = [chance for chance in chances if 0 < chance < 1]
    assert len(inner) > 0.7 * len(chances)
    assert [found.quantile(chance) for chance in inner] == [first[chance] for chance in inner]


@pytest.mark.parametrize("problem", TIMED.values(), ids=TIMED)
def test_times_are_the_same_as_floats(problem):
    """The cdf at a time of the lattice is the same whether the time is a float or a fraction."""
    found = distribution(solved(problem).policy)
    shown = range(0, len(found.times), 7)
    exact = [found.lattice.time(slot + found._first) for slot in shown]  # noqa: SLF001 - where floats come from
    assert [float(time) for time in exact] == [float(found.times[slot]) for slot in shown]
    assert [found.cdf(time) for time in exact] == [found.cdf(float(time)) for time in exact]


def test_cumulative_probabilities_grow():
    """However they are summed, they never fall, and end next to 1."""
    for problem in TIMED.values():
        found = distribution(solved(problem).policy)
        assert (np.diff(found.cumulative) >= 0).all()
        assert found.cumulative[-1] == 1


def test_more_digits_than_a_float_has_are_meant():
    """Asked for 1 - 1e-20 as a fraction, the quantile is a later time than that of the float next to 1."""
    found = geometric("1/10")
    nearest = math.nextafter(1, 0)
    assert found.quantile(1 - Fraction(9, 10) ** 380) == 380
    assert (
        found.quantile(nearest) < found.quantile(1 - Fraction(1, 10**18)) == math.ceil(math.log(1e-18) / math.log(0.9))
    )


def geometric(p, memories=1):
    """A target below the raw fidelity: done with the first success of any memory."""
    return distribution(solve(Problem(p, memories, "3/4", "7/10")).policy)


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 60])
def test_a_probability_that_is_reached_exactly_counts_as_reached(steps):
    """The quantile at exactly 1 - 0.9^k is k, and at a little more k + 1, for generation with p = 1/10."""
    q = 1 - Fraction(9, 10) ** steps
    assert geometric("1/10").quantile(q) == steps
    assert geometric("1/10").quantile(q + Fraction(1, 10**9) * (1 - q)) == steps + 1


@pytest.mark.parametrize(("p", "memories"), [("1/2", 1), ("99/100", 8), ("999/1000", 4), ("1/100", 3), ("1e-3", 2)])
def test_generation_alone_has_a_geometric_tail(p, memories):
    """P(T > t) = (1 - p)^(M t), to 10 digits however small it is, and so does the tail rate say."""
    found, q = geometric(p, memories), (1 - Fraction(p)) ** memories
    for t in (0, 1, 2, len(found.pmf) - 1):
        assert found.survival(t) == pytest.approx(float(q**t), rel=1e-10, abs=0)
    assert found.tail_rate == pytest.approx(-memories * math.log1p(-float(Fraction(p))), rel=1e-12)


def test_bounded_times_have_no_tail():
    """With p = 1 and a target below f0 every run lasts one step: nothing is truncated and the rate is infinite."""
    found = geometric(1)
    assert found.pmf.tolist() == [0, 1]
    assert (found.tail_rate, found.truncated, found.variance) == (math.inf, 0, 0)
    assert found.survival(100) == 0
    assert found.quantile("0.999999") == 1


def one_slot(chain, unit):
    """The matrix that passes one slot: on states by slots ahead, steps without duration solved out."""
    slots = [int(steps.time / unit) for steps in chain.steps]
    size, longest = chain.size, max(slots)
    begun = np.eye(size)
    for d, steps in zip(slots, chain.steps, strict=True):
        if d == 0:
            begun = np.linalg.inv(np.eye(size) - steps.matrix.toarray().T)
    matrix = np.eye(size * longest, k=size)
    for d, steps in zip(slots, chain.steps, strict=True):
        if d:
            matrix[(d - 1) * size : d * size, :size] += steps.matrix.toarray().T @ begun
    return matrix


@every_problem
def test_the_tail_falls_with_the_eigenvalue_of_one_slot(problem):
    """The tail rate is that of the largest eigenvalue of the matrix that passes one slot."""
    found = distribution(solved(problem).policy, until=1)
    largest = np.abs(np.linalg.eigvals(one_slot(solved(problem).policy.to_chain(), found.unit))).max()
    # An eigenvalue 1 - x of a dense matrix tells x within rounding of 1.
    assert found.tail_rate * float(found.unit) == pytest.approx(-math.log(largest), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("name", ["four memories, three levels", "distillation takes no time", "last step free"])
def test_the_tail_falls_at_its_rate(name):
    """Far out, survivals fall by the tail rate, to ten digits."""
    policy = solved(SMALL[name]).policy
    rate = distribution(policy).tail_rate
    late = math.ceil(200 / rate)
    far = distribution(policy, until=late + 6)
    fallen = math.log(far.survival(late)) - math.log(far.survival(late + 6))
    assert fallen / 6 == pytest.approx(rate, rel=1e-10)


def made(*edges, start="a", **times):
    """A state graph with one action a state: edges are (state, after, probability), times by state."""
    graph = nx.DiGraph(start=start)
    graph.add_node("done", kind="target")
    for state, after, probability in edges:
        for node in {state, after} - {"done"}:
            graph.add_node(node, kind="state")
        graph.add_node(("act", state), kind="action", time=times.get(state, 1))
        graph.add_edge(state, ("act", state))
        graph.add_edge(("act", state), after, probability=probability)
    return graph


def law_of(*edges, **times):
    """The distribution of the only policy of such a graph."""
    return distribution(solve(made(*edges, **times)).policy)


GRAPHS = {
    "slowest of two stages": (
        law_of(("a", "a", 0.5), ("a", "b", 0.5), ("b", "b", 0.75), ("b", "done", 0.25)),
        -math.log(0.75),
    ),
    "two stages alike": (
        law_of(("a", "a", 0.5), ("a", "b", 0.5), ("b", "b", 0.5), ("b", "done", 0.5)),
        math.log(2),
    ),
    "every second slot": (
        law_of(("a", "b", 1.0), ("b", "a", 0.3), ("b", "done", 0.7)),
        -math.log(0.3) / 2,
    ),
    "long steps after short ones": (
        law_of(("a", "b", 1.0), ("b", "a", 0.3), ("b", "done", 0.7), a=0.25, b=1000),
        -math.log(0.3) / 1000.25,
    ),
    "steps of no duration between": (
        law_of(("a", "b", 1.0), ("b", "b", 0.5), ("b", "a", 0.25), ("b", "done", 0.25), b=0),
        math.log(2),
    ),
    "no loop at all": (law_of(("a", "b", 0.5), ("a", "done", 0.5), ("b", "done", 1.0)), math.inf),
    "a loop of no duration": (law_of(("a", "a", 0.5), ("a", "b", 0.5), ("b", "done", 1.0), a=0), math.inf),
    "a quick loop behind a slow one": (
        law_of(("a", "b", 1.0), ("b", "a", 0.9), ("b", "c", 0.1), ("c", "d", 1.0), ("d", "c", 0.5), ("d", "done", 0.5)),
        -math.log(0.9) / 2,
    ),
}


@pytest.mark.parametrize(("found", "rate"), GRAPHS.values(), ids=GRAPHS)
def test_tail_rates_known_in_closed_form(found, rate):
    """The tail rate is that of the slowest loop, counted by its duration."""
    assert found.tail_rate == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("size", [3, 210])
def test_large_and_small_classes_have_the_same_rate(size, monkeypatch):
    """Power iteration and factorisation find the same rate, 1/7 of the way round a ring being lost."""
    ring = [(f"s{i}", f"s{(i + 1) % size}", 6 / 7) for i in range(size)]
    leaks = [(f"s{i}", "done", 1 / 7) for i in range(size)]
    policy = solve(made(*ring, *leaks, start="s0")).policy
    rates = []
    for large in (1, 10**6):
        monkeypatch.setattr(tail, "POWER_ITERATION_FROM", large)
        rates.append(distribution(policy).tail_rate)
    assert rates == pytest.approx([math.log(7 / 6)] * 2, rel=1e-12)


@pytest.mark.parametrize("name", ["optimal", "pumping", "nested"])
def test_the_rate_of_a_large_chain_is_that_of_factorisation(name, monkeypatch):
    """With twelve memories, the two routes agree to 1e-11."""
    policy = policy_named(Problem("1/2", 12, "9/10", "94/100"), name)
    rates = []
    for large in (1, 10**6):
        monkeypatch.setattr(tail, "POWER_ITERATION_FROM", large)
        rates.append(distribution(policy).tail_rate)
    assert rates[0] == pytest.approx(rates[1], rel=1e-11)


@every_problem
def test_what_is_truncated_is_told(problem):
    """Computed up to a time only, probabilities are the same, and the rest of the law is what is truncated."""
    if problem.p < Fraction(1, 1000):
        pytest.skip("too many times")
    policy = solved(problem).policy
    whole = distribution(policy)
    until = Fraction(whole.quantile("0.9")).limit_denominator(1000)
    part = distribution(policy, until=until)
    assert part.pmf == pytest.approx(whole.pmf[: len(part.pmf)], rel=1e-13, abs=0)
    assert part.times == pytest.approx(whole.times[: len(part.times)], rel=0, abs=0)
    assert part.truncated == pytest.approx(whole.survival(until), rel=1e-12, abs=0)
    assert part.survival(until) == pytest.approx(whole.survival(until), rel=1e-12, abs=0)


def test_what_was_not_computed_is_refused():
    """Beyond the last time there is an error that names it, never a number."""
    part = distribution(solved(ONE).policy, until=6)
    for ask in (
        lambda: part.cdf(7),
        lambda: part.survival(7),
        lambda: part.quantile("0.99"),
        lambda: part.mean,
        lambda: part.variance,
    ):
        with pytest.raises(LimitError, match=r"beyond the last time computed, 6, .* `until`"):
            ask()
    assert part.quantile("0.5") == distribution(solved(ONE).policy).quantile("0.5")
    assert part.to_dict()["mean"] is None


def test_survivals_beyond_a_whole_law_are_refused():
    """By far the cumulative distribution is 1, but a survival is known only as far as it was computed."""
    whole = distribution(solved(ONE).policy)
    assert whole.cdf(10**4) == pytest.approx(1, rel=0, abs=1e-13)
    with pytest.raises(LimitError, match="until"):
        whole.survival(10**4)
    far = distribution(solved(ONE).policy, until=1000)
    assert far.survival(1000) == pytest.approx(far.survival(900) * math.exp(-100 * far.tail_rate), rel=1e-9)


def test_a_randomised_policy():
    """Under a budget that makes the policy randomise, moments are those of the linear systems."""
    problem = Problem("1/2", 4, "9/10", "94/100").with_constraints(Budget("generation_attempts", "10.5"))
    policy = solve(problem).policy
    found = distribution(policy)
    assert policy.randomised
    assert found.mean == pytest.approx(policy.waiting_time, rel=1e-10)
    assert found.standard_deviation == pytest.approx(policy.standard_deviation, rel=1e-9)


@pytest.mark.parametrize("final_step", ["charged", "free"])
def test_a_state_graph_has_the_law_of_its_problem(final_step):
    """The graph of a problem leads to the same probabilities at the same times."""
    problem = Problem("2/3", 3, "3/4", "79/100", generation_time="1/3", distillation_time="3/7", final_step=final_step)
    ours, graphs = distribution(solved(problem).policy), distribution(solve(problem.graph()).policy)
    assert graphs.times.tolist() == ours.times.tolist()
    assert graphs.pmf == pytest.approx(ours.pmf, rel=1e-9, abs=1e-18)
    assert graphs.unit == ours.unit == Fraction(1, 21)


@pytest.fixture
def defective():
    """Two memories, and one pair alone is kept for ever without trying for another."""
    return Policy.of(
        ONE,
        lambda counts: Action(((0, 0),), 0) if counts == (2,) else Action((), 2 * (counts == (0,))),
        improper=True,
    )


def test_a_policy_that_may_never_end_has_a_defective_law(defective):
    """The probability of never ending is exact, the mean is infinite, and quantiles are up to what is reached."""
    success = Fraction(13, 18)
    ends = (
        Fraction(1, 3) * success / (1 - Fraction(1, 3) * (1 - success))
    )  # a third of what leaves (0,) makes two pairs
    found = distribution(defective)
    assert found.never == pytest.approx(float(1 - ends), rel=1e-14)
    assert math.fsum(found.pmf) + found.truncated == pytest.approx(float(ends), rel=1e-14)
    assert found.truncated <= 1e-18
    assert (found.mean, found.variance) == (math.inf, math.inf)
    assert found.quantile(ends / 2) < found.quantile(ends * Fraction(99, 100)) < math.inf
    assert found.quantile(ends) == found.quantile("0.5") == math.inf
    assert found.survival(10**6) == found.never
    assert found.survival(5) == pytest.approx(1 - found.cdf(5), rel=1e-14)
    assert "never ends with probability 0.734694" in repr(found)


def test_a_policy_that_never_ends_has_no_law():
    """Nested distillation with two memories is trapped for sure."""
    found = distribution(baseline(Problem("1/2", 2, "3/4", "79/100"), "nested"))
    assert (found.never, found.mean, found.quantile("1e-9"), found.cdf(100), found.survival(3)) == (
        1,
        math.inf,
        math.inf,
        0,
        1,
    )
    assert json.loads(found.to_json())["never"] == 1


@pytest.mark.parametrize("p", ["1/50", "1/100"])
def test_many_slots_at_once_are_the_same_slots(p, monkeypatch):
    """Lifted over 256 slots, a small chain has the probabilities that it has slot by slot."""
    policy = solve(Problem(p, 3, "3/4", "79/100", generation_time="1/2")).policy
    laws = []
    for long in (1, 10**9):
        monkeypatch.setattr(propagation, "LONG", long)
        laws.append(distribution(policy))
    assert len(laws[0].pmf) == len(laws[1].pmf)
    assert laws[0].pmf == pytest.approx(laws[1].pmf, rel=1e-11, abs=0)
    assert laws[0].truncated == pytest.approx(laws[1].truncated, rel=1e-11)


def test_a_long_law_is_bounded_before_it_is_computed(monkeypatch):
    """Where a first look is not enough, Chernoff's bound says how far to go, and that is far enough."""
    policy = solve(Problem("1/50", 3, "3/4", "79/100")).policy
    once = distribution(policy)
    monkeypatch.setattr(module, "PROBE", 1)
    again = distribution(policy)
    assert again.pmf == pytest.approx(once.pmf, rel=1e-11, abs=0)
    bound = tail.slots_needed(once.renewal, tail.tail_rate(once.renewal), module.ENDED)
    assert len(once.pmf) <= bound <= 1.2 * len(once.pmf)


UNBOUNDED = {
    "rare generation": (lambda: distribution(solved(SMALL["rare generation"]).policy), "slots"),
    "a far time": (lambda: distribution(solved(ONE).policy, until=10**9), "slots"),
    "durations without a common unit": (
        lambda: distribution(solve(Problem("1/2", 2, "3/4", "31/40", generation_time="1.0000000000001")).policy),
        "slots",
    ),
    "durations of so many digits that their unit is no float": (
        lambda: distribution(solve(Problem("1/2", 2, "3/4", "31/40", generation_time="0." + "9" * 900)).policy),
        "slots",
    ),
}


@pytest.mark.parametrize(("work", "size"), UNBOUNDED.values(), ids=UNBOUNDED)
def test_unbounded_work_is_refused(work, size):
    """What would take too many times is refused, with their number and what helps."""
    with pytest.raises(LimitError, match=r"until|round") as caught:
        work()
    assert caught.value.size[size] > caught.value.size["most_slots"]


WRONG = {
    "quantile 0": lambda found: found.quantile(0),
    "quantile 1": lambda found: found.quantile(1),
    "quantile 1.5": lambda found: found.quantile(1.5),
    "quantile below 0": lambda found: found.quantile("-1/2"),
    "quantile in words": lambda found: found.quantile("median"),
    "quantile nan": lambda found: found.quantile(math.nan),
    "negative time": lambda found: found.cdf(-1),
    "negative survival": lambda found: found.survival("-1/3"),
    "infinite time": lambda found: found.cdf(math.inf),
    "time in words": lambda found: found.cdf("soon"),
    "negative until": lambda _: distribution(solved(ONE).policy, until=-1),
    "until in words": lambda _: distribution(solved(ONE).policy, until="later"),
    "unknown view": lambda found: found.plot(view="pie"),
}


@pytest.mark.parametrize("ask", WRONG.values(), ids=WRONG)
def test_bad_input_is_named(ask):
    """Numbers that are no probabilities, no times or no numbers are errors."""
    with pytest.raises(ModelError, match="must be"):
        ask(distribution(solved(ONE).policy))


def test_the_document_holds_the_law():
    """The document has moments, rate and probabilities, and the frame a row a time."""
    found = distribution(solved(ONE).policy)
    document = json.loads(found.to_json())
    assert document["schema"] == "lpdistill.waiting-time/1"
    assert (document["mean"], document["std"]) == (found.mean, found.standard_deviation)
    assert (document["pmf"], document["unit"], document["first"]) == (found.pmf.tolist(), 1, 0)
    frame = found.to_frame()
    assert list(frame.columns) == ["time", "pmf", "cdf", "survival"]
    assert frame["cdf"].tolist() == found.cumulative.tolist()


def test_an_answer_is_a_line():
    """The representation has mean, deviation, quantiles and what is left."""
    shown = repr(distribution(solved(Problem("1/2", 4, "3/4", "79/100")).policy))
    assert "mean 8.64049, standard deviation 4.77136; 50% by 7, 90% by 15, 99% by 26" in shown


@pytest.mark.parametrize("view", ["cdf", "survival"])
def test_policies_share_axes(view):
    """Each distribution is a line of its own colour, named in the legend."""
    pytest.importorskip("matplotlib")
    problem = Problem("1/2", 4, "9/10", "94/100")
    axes = distribution(policy_named(problem, "optimal")).plot(label="optimal", view=view)
    assert distribution(policy_named(problem, "greedy")).plot(axes, label="greedy", view=view) is axes
    drawn = [line for line in axes.lines if line.get_gid()]
    assert [line.get_label() for line in drawn] == ["optimal", "greedy"]
    assert drawn[0].get_color() != drawn[1].get_color()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["optimal", "greedy"]


@pytest.mark.parametrize("p", ["1/50", "1/2", "1"])
def test_bars_are_seen_whatever_the_probability(p):
    """Single probabilities have a scale of their own, on which the tallest bar takes a good part of the height."""
    pytest.importorskip("matplotlib")
    found = distribution(solved(Problem(p, 3, "3/4", "79/100")).policy)
    axes = found.plot()
    (beside,) = (other for other in axes.figure.axes if other is not axes)
    tops = [segment[1, 1] for segment in beside.collections[0].get_segments()]
    assert max(tops) == pytest.approx(found.pmf.max())
    assert 0.3 < max(tops) / beside.get_ylim()[1] < 0.5
    assert max(beside.get_yticks()) < 1.2 * max(tops)


def test_quantiles_at_one_time_share_their_words():
    """Where two quantiles are the same time it is named once, with both."""
    pytest.importorskip("matplotlib")
    axes = distribution(solved(Problem(1, 8, "9/10", "94/100")).policy).plot()
    assert [text.get_text() for text in axes.texts] == ["50% and 90% by 5", "99% by 9"]


def test_every_law_can_be_drawn(defective):
    """Bounded, defective and impossible laws are drawn too."""
    pytest.importorskip("matplotlib")
    never = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested")
    for found in (geometric(1), distribution(defective), distribution(never)):
        for view in ("cdf", "survival"):
            assert found.plot(view=view).get_xlabel().startswith("waiting time")


LONG = Fraction(1000003, 1000001)
"""A duration that no float holds, nor any fraction of small denominator that rounds to one."""


def test_times_are_exact_whatever_the_durations():
    """What a free last step takes off is exact: the time of a run that takes just one charged step is in its cdf."""
    problem = Problem(1, 2, "3/4", "31/40", generation_time=LONG, distillation_time=LONG, final_step="free")
    found = distribution(solve(problem).policy)
    assert found.lattice.uncharged == LONG
    assert found.cdf(LONG) == pytest.approx(13 / 18, rel=1e-12)


@pytest.mark.parametrize("time", [LONG, Fraction(1, 3), 1 / 3, 2])
def test_graphs_keep_fractions_and_read_floats_simply(time):
    """A graph's times are its fractions, and the simplest ones that round to its floats."""
    graph = nx.DiGraph(start="s", uncharged_time=time)
    graph.add_nodes_from(
        [("s", {"kind": "state"}), ("a", {"kind": "action", "time": time}), ("end", {"kind": "target"})]
    )
    graph.add_edge("s", "a")
    graph.add_edges_from([("a", "s"), ("a", "end")], probability=0.5)
    process = process_of(graph)
    assert process.durations.times == (process.durations.uncharged,) == (Fraction(time).limit_denominator(2 * 10**6),)
    assert distribution(solve(graph).policy).cdf(0) == 0.5


def test_a_law_computed_to_its_end_is_whole_however_rarely_runs_end():
    """Where runs end with a probability of 1e-20 only, the law of those is whole, and its cdf known by any time."""
    graph = nx.DiGraph(start="s")
    graph.add_nodes_from([("s", {"kind": "state"}), ("lost", {"kind": "state"}), ("end", {"kind": "target"})])
    for name, state, time in (("try", "s", 1), ("wait", "lost", 1), ("leave", "lost", 5)):
        graph.add_node(name, kind="action", time=time)
        graph.add_edge(state, name)
    graph.add_edge("try", "end", probability=1e-20)
    graph.add_edge("try", "s", probability=0.5)
    graph.add_edge("try", "lost", probability=0.5)
    graph.add_edge("wait", "lost", probability=1)
    graph.add_edge("leave", "end", probability=1)
    process = process_of(graph)
    columns = np.array([process.names.nodes.index(name) for name in ("try", "wait")])
    found = distribution(Policy(Plan.improper(process.choose(columns), np.ones(2))))
    assert (found.never, found.whole) == (1, True)
    assert found.cdf(10**6) == pytest.approx(2e-20, rel=1e-12)
    assert not distribution(Policy(Plan.improper(process.choose(columns), np.ones(2))), until=5).whole


def test_steps_too_long_to_keep_in_memory_are_refused_before_anything_is_allocated(monkeypatch):
    """A step of very many units is refused with the unit and the memory, whatever is asked of the law."""
    policy = solved(Problem("1/2", 2, "3/4", "79/100", generation_time="1/100000000", distillation_time=2)).policy
    monkeypatch.setattr(propagation, "Blocks", None)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=6 * 10**9))
    for until in (None, "1e-6"):
        with pytest.raises(
            LimitError, match=r"200,000,000 times their common unit, 1e-08, .* 6\.0 GB are free"
        ) as refused:
            distribution(policy, until=until)
        assert refused.value.size["bytes"] > 6 * 10**9


def test_the_memory_is_what_is_allocated():
    """The bytes that are asked for beforehand are not less than the arrays kept, nor ten times as many."""
    policy = solved(Problem("1/2", 3, "3/4", "79/100", generation_time="1/10000", distillation_time=2)).policy
    renewal = Renewal.of(policy.to_chain(), TimeLattice.of(policy.process))
    tracemalloc.start()
    propagation.propagate(renewal, 100, 0.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / 1.1 < propagation.memory(renewal, 100) < 10 * peak
