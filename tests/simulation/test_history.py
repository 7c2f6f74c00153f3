"""Recorded runs: what can happen in one, how it reads, and its picture."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from cases import problems
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import werner
from simulated_cases import policy_of

from lpdistill import Deviations, History, LimitError, ModelError, Problem, baseline, history, solve
from lpdistill.simulation.history import Operation

FOUR = Problem("1/2", 4, "9/10", "94/100")
GREEDY = baseline(FOUR, "greedy")


def replayed(found: History, policy, raw: Fraction) -> None:
    """Follow a run event by event on memories of our own; every step must be possible, and what the policy decides."""
    problem, held, clock = found.problem, {}, 0.0
    levels = {level.fidelity: level.index for level in problem.levels}
    for _, events in groupby(found.events, key=lambda event: event.step):
        together = list(events)
        busy = [memory for event in together for memory in event.memories]
        assert len(busy) == len(set(busy))
        assert set(busy) <= set(range(1, problem.memories + 1))
        counts = [0] * len(levels)
        for nominal, _ in held.values():
            counts[levels[nominal]] += 1
        done = {operation: [event for event in together if event.operation is operation] for operation in Operation}
        distilled = sorted(
            tuple(sorted(levels[held[memory][0]] for memory in event.memories)) for event in done[Operation.DISTIL]
        )
        actions = [decision.action for decision in policy[tuple(counts)] if decision.probability > 0]
        assert (tuple(distilled), len(done[Operation.GENERATE]), len(done[Operation.DISCARD])) in [
            (tuple(sorted(action.distil)), action.generate, len(action.discard)) for action in actions
        ]
        # A memory that is freed in this step was not empty at its start, so it generates nothing in it.
        assert not any(event.memories[0] in held for event in done[Operation.GENERATE])
        before = dict(held)
        for event in done[Operation.DISTIL] + done[Operation.DISCARD]:
            assert event.consumed == tuple(before[memory][1] for memory in event.memories)
            for memory in event.memories:
                del held[memory]
        for event in together:
            assert (event.fidelity is not None) == (event.success and event.operation is not Operation.DISCARD)
            if event.operation is Operation.GENERATE and event.success:
                assert (event.nominal, event.fidelity) == (problem.f0, raw)
            elif event.fidelity is not None:
                first, second = (before[memory] for memory in event.memories)
                assert event.fidelity == werner(first[1], second[1])[0]
                assert event.nominal == werner(first[0], second[0])[0]
            if event.fidelity is not None:
                held[event.memories[0]] = event.nominal, event.fidelity
        assert len(held) <= problem.memories
        assert together[0].start >= clock
        clock = together[-1].end
        reached = any(nominal >= problem.target for nominal, _ in held.values())
        assert reached == (together[-1] is found.events[-1])
    assert found.end == clock
    assert found.delivered is not None


@settings(max_examples=60)
@given(problem=problems(least_p="1/4"), seed=st.integers(0, 2**32), name=st.sampled_from(["optimal", "greedy"]))
def test_a_run_is_possible(problem, seed, name):
    """Any run can be followed: memories hold one pair each, the policy decides, the first pair at the target ends it.

    A memory freed in a step does not generate in it, and fidelities are exactly those of Eq. 2.
    """
    policy = solve(problem).policy if name == "optimal" else baseline(problem, name)
    replayed(history(policy, seed=seed), policy, problem.f0)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), raw=st.fractions("51/100", 1, max_denominator=100))
def test_a_run_with_other_pairs_is_possible(seed, raw):
    """With another real fidelity the same holds, nominal and real fidelities each by Eq. 2."""
    replayed(history(GREEDY, seed=seed, deviations=Deviations(f0=raw)), GREEDY, raw)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_a_run_with_discards_is_possible(seed):
    """Discards take no time, empty a memory, and nothing else happens meanwhile."""
    policy = policy_of("rules and discards")
    found = history(policy, seed=seed)
    replayed(found, policy, found.problem.f0)
    for event in found.events:
        assert (event.end == event.start) == (event.operation is Operation.DISCARD)


@given(seed=st.integers(0, 2**32))
def test_stored_pairs_fill_the_time_between_operations(seed):
    """Every pair that is made is stored once, from the end of its step to when it is consumed, and never overlaps."""
    found = history(GREEDY, seed=seed)
    made = Counter((event.memories[0], event.end) for event in found.events if event.fidelity is not None)
    assert made == Counter((pair.memory, pair.since) for pair in found.stored)
    for memory in range(1, 5):
        mine = [pair for pair in found.stored if pair.memory == memory]
        assert all(first.until <= second.since for first, second in pairwise(mine))


def test_the_waiting_time_follows_the_convention():
    """The same run has the same events, and a waiting time without its last step where that is free."""
    charged, free = (history(baseline(FOUR.replace(final_step=how), "greedy"), seed=3) for how in ("charged", "free"))
    assert charged.events == free.events
    assert charged.end == free.end == charged.waiting_time
    assert free.waiting_time == charged.waiting_time - 2


def test_the_same_seed_is_the_same_run():
    """Everything follows from the seed; one that is drawn is reported."""
    drawn = history(GREEDY)
    assert history(GREEDY, seed=drawn.seed).events == drawn.events


def test_a_run_is_given_up_at_the_horizon():
    """A run of an improper policy ends with the step that passes the horizon, without a pair delivered."""
    found = history(baseline(Problem("1/2", 2, "3/4", "79/100"), "nested"), seed=1, horizon=12)
    assert (found.waiting_time, found.delivered) == (None, None)
    assert found.to_dict()["waiting_time"] is None
    assert "given up" in str(found)
    assert found.end == 13


@pytest.mark.parametrize("how", ["charged", "free"])
@pytest.mark.parametrize("seed", range(6))
def test_a_pair_at_the_horizon_is_delivered(how, seed):
    """A run that is done at the horizon is delivered, and one that is done a moment later is not."""
    policy = baseline(FOUR.replace(final_step=how), "greedy")
    whole = history(policy, seed=seed)
    at = history(policy, seed=seed, horizon=whole.waiting_time)
    before = history(policy, seed=seed, horizon=whole.waiting_time - 1e-9)
    assert (at.waiting_time, at.events) == (whole.waiting_time, whole.events)
    assert before.waiting_time is None
    assert list(before.events) == list(whole.events)[: len(before.events)]


def test_a_run_goes_on_until_a_step_passes_the_horizon():
    """Whatever the horizon, the run ends with the first step that ends after it, and with no earlier one."""
    policy = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested")
    ends = sorted({event.end for event in history(policy, seed=1, horizon=40).events})
    assert len(ends) > 3
    for horizon in ends[:-1]:
        found = history(policy, seed=1, horizon=horizon)
        assert found.end == min(end for end in ends if end > horizon)


def test_lost_messages_show_as_longer_steps():
    """With messages lost, steps last whole multiples of their durations, and some more than one."""
    found = history(GREEDY, seed=1, deviations=Deviations(message_loss="1/2"))
    lengths = {(event.end - event.start) for event in found.events}
    assert all(length == round(length) for length in lengths)
    assert max(lengths) > 2


def test_text_has_every_operation():
    """The table has a line for every distillation and one for all attempts of a step, and says what was delivered."""
    found = history(GREEDY, seed=1)
    steps = [list(events) for _, events in groupby(found.events, key=lambda event: event.step)]
    lines = sum(
        sum(event.operation is Operation.DISTIL for event in events)
        + any(event.operation is Operation.GENERATE for event in events)
        for events in steps
    )
    text = str(found).splitlines()
    assert len(text) == lines + 2
    assert f"{float(found.delivered.fidelity):.4f} in memory {found.delivered.memories[0]}" in text[-1]
    assert len(repr(found).splitlines()) == 1


def test_frame_and_document_have_every_operation():
    """The frame has a row an operation, with what the document says."""
    found = history(GREEDY, seed=1)
    document = found.to_dict()
    assert document["schema"] == "lpdistill.history/1"
    assert found.to_frame().to_dict("records")[0]["operation"] == document["events"][0]["operation"] == "generate"
    assert len(found.to_frame()) == len(found.events)


@pytest.mark.parametrize(
    "policy",
    [
        GREEDY,
        baseline(Problem("1/2", 8, "65/100", "71/100"), "greedy"),
        baseline(Problem("1/2", 2, "3/4", "7/10"), "greedy"),
        baseline(Problem("1/2", 3, "3/4", "79/100", generation_time=0), "pumping"),
        policy_of("rules and discards"),
    ],
    ids=["four memories", "eight memories", "a raw pair does", "generation takes no time", "discards"],
)
def test_the_picture_has_a_row_for_every_memory(policy):
    """Memories are rows in order from the top, every operation has its box, and time ends with the run."""
    pytest.importorskip("matplotlib")
    found = history(policy, seed=5)
    axes = found.plot()
    memories = found.problem.memories
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [f"memory {k + 1}" for k in range(memories)]
    low, high = axes.get_ylim()
    assert low > memories > 1 > high or memories == 1
    operated = sum(len(event.memories) for event in found.events)
    assert len(axes.patches) == operated + len(found.stored)
    assert found.end <= axes.get_xlim()[1] <= 1.05 * max(found.end, 1)


def test_the_picture_goes_onto_the_axes_given():
    """A run can be drawn onto the caller's axes."""
    pytest.importorskip("matplotlib")
    from lpdistill import pictures  # noqa: PLC0415 - needs matplotlib

    axes = pictures.axes()
    assert history(GREEDY, seed=1).plot(axes) is axes


def test_a_run_that_nobody_reads_is_refused():
    """A run of too many steps is one error that says so, before or as it happens."""
    with pytest.raises(LimitError, match="steps"):
        history(baseline(Problem("1e-5", 3, "3/4", "79/100"), "greedy"), seed=1)


@pytest.mark.parametrize(
    ("wrong", "where"), [({"seed": -1}, "seed"), ({"horizon": 0}, "horizon"), ({"policy": 3}, "policy")]
)
def test_wrong_arguments_are_named(wrong, where):
    """An argument that makes no sense is one error with its name."""
    with pytest.raises(ModelError) as caught:
        history(**({"policy": GREEDY} | wrong))
    assert caught.value.where == where
