"""What comes after columns the other way round, and policies whose visits are found with nothing written out."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
from cases import SMALL
from hanging import HANGING
from priced_cases import drawn, without_compiled

from lpdistill import Dynamics
from lpdistill.process import outcomes
from lpdistill.process.factored import compiled_policy, following
from lpdistill.program import evaluation, systems
from lpdistill.program.evaluation import entered, evaluate, stuck, visits

SEEDS = range(40)


@pytest.fixture(params=["compiled", "numpy"])
def either(request, monkeypatch):
    """With what is compiled, however few columns there are, and without."""
    monkeypatch.setattr(following, "FEW", -1)
    with without_compiled() if request.param == "numpy" else nullcontext():
        yield request.param


def choices():
    """Any policies of random processes, proper or not."""
    for seed in SEEDS:
        rng, process = np.random.default_rng(seed), drawn(seed)[0].unguarded()
        columns = map(process.admission.of_configuration, range(process.size))
        yield process.choose(np.array([rng.choice(some) for some in columns if len(some)]))


def policies():
    """Proper policies of random processes, each as random as it can be: p from 1e-6 to 1, any durations, discards."""
    found = 0
    for seed in SEEDS:
        rng, process = np.random.default_rng(seed), drawn(seed)[0]
        live = np.flatnonzero(process.live)
        if not len(live) or not process.live[0]:
            continue
        columns = process.admission.proper()
        for place in rng.permutation(len(live))[:12].tolist():
            other = columns.copy()
            other[place] = rng.choice(process.admission.of_configuration(int(live[place])))
            choice = process.choose(other)
            if process.live[choice.moves.indices].all() and not (choice.repetition.waits.any() or stuck(choice).any()):
                columns = other
        found += 1
        yield process.choose(columns)
    assert found > len(SEEDS) / 2


def test_pushing_is_the_transpose_of_expecting(either):
    """Weights of columns, pushed, count values as much as the columns' expectations of them do."""
    compiled = 0
    for seed in SEEDS:
        rng, process = np.random.default_rng(seed), drawn(seed)[0]
        choice = process.choose(rng.integers(process.column_count, size=min(200, process.column_count)))
        weights, values = rng.random(len(choice.columns)), rng.random(process.size)
        pushed = choice.following.push(weights)
        assert pushed == pytest.approx(choice.moves.T @ weights, rel=1e-12, abs=1e-300)
        assert pushed @ values == pytest.approx(weights @ choice.expect(values), rel=1e-12)
        compiled += choice.following.quick
    assert (compiled > len(SEEDS) / 3) == (either == "compiled")


def test_moves_into_some_configurations_are_those_written_out(monkeypatch):
    """Of moves into some configurations and elsewhere, both are those of all moves written out, block by block."""
    monkeypatch.setattr(following, "FEW", -1)
    monkeypatch.setattr(following, "MOVES", -1)
    monkeypatch.setattr(compiled_policy, "AT_ONCE", 100)
    found = 0
    for seed in SEEDS:
        rng, process = np.random.default_rng(seed), drawn(seed)[0]
        choice = process.choose(rng.integers(process.column_count, size=min(50, process.column_count)))
        kept = np.flatnonzero(rng.random(process.size) < 0.5)
        if not choice.following.quick:
            continue
        moves, lost = choice.following.into(kept)
        written = choice.moves.toarray()
        assert moves.toarray() == pytest.approx(written[:, kept], rel=1e-12, abs=1e-300)
        assert lost == pytest.approx(np.delete(written, kept, axis=1).sum(axis=1), rel=1e-12, abs=1e-300)
        found += len(kept) > 0
    assert found > len(SEEDS) / 3


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_attempt_tables_are_collected_to_the_same_bits(problem):
    """Weights on attempt tables become those of numpy on configurations, to the last bit."""
    kernel, rng = Dynamics(problem).kernel, np.random.default_rng(1)
    whole, some = rng.random((2, int(kernel.generation.offsets[-1])))
    expected = kernel.generation.collect(whole.copy(), some.copy())
    assert kernel.collected(whole, some).tobytes() == expected.tobytes()


def in_both_ways(choice, found):
    """What is found of a policy with its moves written out, and without."""
    with pytest.MonkeyPatch.context() as changes:
        written = found(choice)
        changes.setattr(systems, "DENSE", 0)
        changes.setattr(evaluation, "DENSE", 0)
        changes.setattr(evaluation, "LISTED", -1)
        changes.setattr(following, "COMPACT", -1)
        changes.setattr(outcomes, "COMPACT", -1)
        return written, found(choice.process.choose(choice.columns))


@pytest.mark.usefixtures("either")
def test_visits_need_no_moves():
    """Visits of random policies are those of the moves written out, however few they are."""
    for choice in policies():
        start = np.eye(1, choice.process.size)[0]
        written, pushed = in_both_ways(choice, lambda policy, start=start: visits(policy, start))
        assert pushed == pytest.approx(written, rel=1e-9, abs=1e-250)


def test_iterations_find_visits(monkeypatch):
    """What is compiled finds the visits of each policy itself, however short its runs are and wherever they lead."""
    monkeypatch.setattr(following, "FEW", -1)
    quick = [choice for choice in policies() if choice.following.quick]
    assert len(quick) > len(SEEDS) / 2
    for choice in quick:
        start = np.eye(1, choice.process.size)[0][choice.configuration]
        left = choice.following.visited(choice.configuration, choice.repetition, start, evaluation.ACCURACY)
        assert left is not None
        onward = choice.following.push(choice.repetition.until(left))[choice.configuration]
        assert left == pytest.approx(start + onward, rel=1e-12)


@pytest.mark.usefixtures("either")
def test_visits_balance_the_values():
    """What a policy costs from its start on is what it costs in each configuration, as often as it comes there."""
    for choice in policies():
        start, cost = np.eye(1, choice.process.size)[0], np.ones(len(choice.columns))
        _, pushed = in_both_ways(choice, lambda policy, start=start: visits(policy, start))
        values = evaluate(choice, choice.repetition.until(cost))
        assert pushed.sum() == pytest.approx(values[0], rel=1e-9)


@pytest.mark.usefixtures("either")
def test_where_runs_come_needs_no_moves():
    """Where runs come, and where they never end, is what it is with the moves written out, also if they wait."""
    for choice in choices():
        for found in (lambda policy: entered(policy, 0), stuck):
            written, pushed = in_both_ways(choice, found)
            assert pushed.tolist() == written.tolist()


def test_what_does_not_fit_in_one_call_can_be_interrupted(monkeypatch):
    """Policies of many outcomes are solved by calls of one expectation each, with the same visits."""
    monkeypatch.setattr(following, "FEW", -1)
    for choice in policies():
        start = np.eye(1, choice.process.size)[0]
        _, at_once = in_both_ways(choice, lambda policy, start=start: visits(policy, start))
        monkeypatch.setattr(following, "AT_ONCE", -1)
        _, by_calls = in_both_ways(choice, lambda policy, start=start: visits(policy, start))
        monkeypatch.undo()
        monkeypatch.setattr(following, "FEW", -1)
        assert by_calls == pytest.approx(at_once, rel=1e-9, abs=1e-250)


INTERRUPTED = """
import signal, time
import numpy as np
from lpdistill import Dynamics, Problem
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.evaluation import visits
process = Dynamics(Problem("1/2", 50, "9/10", "94/100"))
policy, start = process.choose(GREEDY.columns(process.kernel)), np.eye(1, process.size)[0]
before = visits(policy, start).tobytes()
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
began = time.perf_counter()
try:
    while True:
        visits(policy, start)
except KeyboardInterrupt:
    print(time.perf_counter() - began < 5)
print(visits(policy, start).tobytes() == before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals come from elsewhere there")
def test_an_interrupt_ends_it():
    """An interrupt ends the visits of a policy on 50 memories at once, and they can be asked for again afterwards."""
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=HANGING, check=True
    )
    assert ran.stdout.split() == ["True", "True"]
