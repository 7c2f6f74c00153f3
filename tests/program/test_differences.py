"""Proofs by differences: what is called feasible is so in exact arithmetic, to the last rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from graph_cases import GOAL, drawn, fuelled, graphs, ring
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lpdistill import InfeasibleError, NotCertifiedError, solve
from lpdistill.process.graph.state_graph import process_of
from lpdistill.program import differences
from lpdistill.program.differences import Equations, Twofold, Written
from lpdistill.program.policy_iteration import policy_iteration

heads = st.floats(-1e6, 1e6, allow_subnormal=False)
tails = st.floats(-1e-12, 1e-12, allow_subnormal=False)


def exactly(choice, cost, values):
    """Reduced costs of columns for values in two parts, over the rationals."""
    found, moves = [], choice.moves
    worth = summed(values)
    for row, (owner, price) in enumerate(zip(choice.configuration.tolist(), cost.tolist(), strict=True)):
        here = slice(moves.indptr[row], moves.indptr[row + 1])
        total = Fraction(price) - Fraction(float(choice.reaching[row])) * worth[owner]
        for after, probability in zip(moves.indices[here].tolist(), moves.data[here].tolist(), strict=True):
            total += Fraction(probability) * (worth[after] - worth[owner])
        found.append(total)
    return found


@given(heads, tails)
def test_doubles_lie_on_either_side(head, tail):
    """The doubles below and above enclose a value in two parts, and are no further apart than neighbours."""
    value = Twofold(np.array([head]), np.array([tail]))
    below, above = float(value.below[0]), float(value.above[0])
    assert Fraction(below) <= Fraction(head) + Fraction(tail) <= Fraction(above)
    assert above in (below, np.nextafter(below, np.inf))


@given(heads, tails, tails)
def test_sums_have_twice_the_precision(head, tail, correction):
    """A correction is added with the rounding of the tail alone."""
    found = Twofold(np.array([head]), np.array([tail])).plus(np.array([correction]))
    exact = Fraction(head) + Fraction(tail) + Fraction(correction)
    assert abs(Fraction(float(found.head[0])) + Fraction(float(found.tail[0])) - exact) <= Fraction(2**-52) * Fraction(
        abs(tail) + abs(correction) + 2.0**-53 * abs(head)
    )


@settings(max_examples=50, deadline=None)
@given(graphs(), st.data())
def test_reduced_costs_are_as_close_as_they_say(graph, data):
    """A reduced cost differs from the exact one by no more than its rounding, and no excess is below the exact one."""
    process = process_of(graph)
    values = Twofold(
        *(np.array(data.draw(st.lists(kind, min_size=process.size, max_size=process.size))) for kind in (heads, tails))
    )
    written = Written.of(process.choose(np.arange(process.column_count)))
    reduced, rounding = written.reduced_costs(values)
    exact, excess = exactly(written.choice, written.cost, values), written.excess(values)
    for found, bound, true in zip(reduced.tolist(), rounding.tolist(), exact, strict=True):
        assert abs(Fraction(found) - true) <= Fraction(bound)
    for owner, true in zip(written.choice.configuration.tolist(), exact, strict=True):
        assert Fraction(float(excess[owner])) >= -true


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_what_proves_a_bound_is_feasible_in_exact_arithmetic(graph):
    """No reduced cost of any column is negative for the values of the lower bound, no policy's positive above."""
    try:
        solution = solve(graph)
    except InfeasibleError:
        assume(False)  # noqa: FBT003 - hypothesis has it so
    process, dual = solution.process, solution.dual
    everything = process.choose(process.columns)
    assert min(exactly(everything, everything.cost, dual.floor)) >= 0
    policy = dual.policy
    assert max(exactly(policy, policy.cost, dual.ceiling)) <= 0
    assert dual.ceiling.above.min() >= 0


@pytest.mark.parametrize("graph", [ring(40), fuelled()], ids=["ring", "fuel"])
def test_values_are_one_in_a_component_without_costs(graph):
    """The values of the proof are the same, in both parts, wherever one moves for nothing."""
    solution = solve(graph)
    floor, label = solution.dual.floor, solution.process.merged.label
    assert (floor.head == floor.head[label]).all()
    assert (floor.tail == floor.tail[label]).all()


def successes(p, length):
    """So many successes in a row, or all over again."""
    after = {k: k + 1 if k + 1 < length else GOAL for k in range(length)}
    moves = {k: {after[k]: p, 0: 1 - p} for k in after}
    return process_of(drawn({k: {"try": (1, moves[k])} for k in after}, 0))


@pytest.mark.parametrize("p", [Fraction(1, 3), Fraction(7, 10)])
def test_bounds_cover_the_rounding_of_probabilities(p):
    """The time of twenty successes in a row, each of a probability that no double is, is enclosed."""
    process = successes(p, 20)
    optimum = policy_iteration(process, process.admission.proper())
    lower, upper = float(optimum.lower[0]), float(optimum.upper[0])
    assert Fraction(lower) <= sum(1 / p**k for k in range(1, 21)) <= Fraction(upper)
    assert upper - lower <= 1e-11 * upper
    share = 4 * 21 * 2.0**-53
    assert process.input_rounding == share
    assert lower <= optimum.floor.nearest[0] * (1 - share)
    assert upper >= optimum.ceiling.nearest[0] * (1 + share)


def test_probabilities_that_doubles_hold_were_not_rounded():
    """Of halves and quarters nothing is lost, so that bounds are those of the proof."""
    assert successes(Fraction(3, 4), 20).input_rounding == 0


def test_nothing_is_claimed_where_values_have_no_room():
    """A time that twice the precision cannot hold has no proven bounds, and none are made up."""
    rare = {"try": (1, {GOAL: 1e-300, 0: 1 - 1e-16})}
    process = process_of(drawn({0: {"try": (1, {1: 0.5, 0: 0.5})}, 1: rare}, 0))
    with pytest.raises(NotCertifiedError):
        policy_iteration(process, process.admission.proper())


def walk(states=9, onwards=Fraction(1, 3)):
    """A walk to the target that often goes back, and two kinds of steps everywhere."""
    actions = {}
    for k in range(states):
        ahead, back = GOAL if k == states - 1 else k + 1, max(k - 1, 0)
        actions[k] = {"step": (1, {ahead: onwards, back: 1 - onwards}), "leap": (7, {ahead: 0.5, back: 0.5})}
    return drawn(actions, 0)


def summed(values):
    """What values in two parts are, as fractions."""
    return [
        Fraction(head) + Fraction(tail) for head, tail in zip(values.head.tolist(), values.tail.tolist(), strict=True)
    ]


@pytest.mark.parametrize("onwards", ["1/3", "1/20", "9/10"])
def test_values_to_either_side_enclose_those_of_the_policy(onwards):
    """The values lowered and raised bound the exact ones, and are next to them."""
    process = process_of(walk(6, Fraction(onwards)))
    equations = Equations(process.choose(process.admission.proper()))
    middle, low, high = (summed(part) for part in (equations.values, equations.lowered, equations.raised))
    assert all(a < b < c for a, b, c in zip(low, middle, high, strict=True))
    assert all(c - a < Fraction(1, 10**11) * c for a, c in zip(low, high, strict=True))


def test_a_margin_that_is_used_up_grows(monkeypatch):
    """Where the first margin is less than the rounding of a solve, it grows until the proof closes."""
    process = process_of(walk())
    equations = Equations(process.choose(process.admission.proper()))
    monkeypatch.setattr(Equations, "_noise", lambda *given: given[-1] * 1e-6)
    assert Written.of(equations.policy).reduced_costs(equations.raised)[0].max() < 0
    assert Written.of(equations.policy).excess(equations.lowered).max() <= 0


def test_a_margin_that_cannot_grow_proves_nothing(monkeypatch):
    """And if it may not, there is no upper bound."""
    process = process_of(walk())
    equations = Equations(process.choose(process.admission.proper()))
    _ = equations.values
    monkeypatch.setattr(Equations, "_noise", lambda *given: given[-1] * 1e-6)
    monkeypatch.setattr(differences, "MOST_GROWTHS", 1)
    with pytest.raises(NotCertifiedError, match="no upper bound"):
        _ = equations.raised
