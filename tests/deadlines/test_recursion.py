"""The backward recursion of deadlines and the tails of policies, against exact recursions on the enumerated model."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from backward_tails import tails
from cases import SMALL, problems
from constrained_cases import hardware
from constrained_oracle import everything, filtered
from deadline_oracle import by_brute_force, late_of, least_late, unit_of
from hypothesis import HealthCheck, Phase, given, settings
from oracle import Hardware, counted

from lpdistill import (
    Action,
    Decision,
    EqualLevelsOnly,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Policy,
    Problem,
    baseline,
    deadline,
    smallest_window,
)
from lpdistill.deadlines.recursion import DeadlineRecursion
from lpdistill.deadlines.window import fastest_plan, opened_in_time
from lpdistill.process.time_lattice import TimeLattice

WINDOW = 9
FOUR = Problem("7/10", 4, "3/4", "79/100")
CASES = {
    name: problem
    for name, problem in SMALL.items()
    if name not in {"rare generation", "four memories, three levels", "distillation takes no time"}
} | {
    "discarding": FOUR.replace(memories=3, discarding=True),
    "discarding, four levels": Problem("7/10", 2, "9/10", "0.942", discarding=True),
}
quick = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def chain_of(problem):
    """The enumerated model, with any number of attempts."""
    return everything(Hardware.of(problem), discarding=problem.discarding)


def lattice_of(problem):
    """The lattice of times of a problem."""
    return opened_in_time(problem)[2]


def tables(problem, slots):
    """The recursion over so many slots, as a table by slots left and counts."""
    process, _, lattice = opened_in_time(problem)
    recursion = DeadlineRecursion(process.unguarded(), fastest_plan(process), lattice)
    for _ in range(slots + 1):
        recursion.advance()
    keys = [recursion.process.names.key(rank) for rank in range(recursion.process.size)]
    return recursion, [dict(zip(keys, slot.late.tolist(), strict=True)) for slot in recursion.slots]


def deed(action):
    """An action in the oracle's words."""
    return tuple(sorted(action.distil)), action.generate, tuple(action.discard)


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_recursion_is_exact(problem):
    """In every configuration, with any time left, the probability is that of an exact recursion over all actions."""
    _, found = tables(problem, WINDOW)
    expected = least_late(chain_of(problem), WINDOW)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx({key: float(value) for key, value in theirs.items()}, rel=1e-11, abs=1e-15)


def test_distillation_without_time():
    """Where distillation takes no time, runs distil in circles within a slot; values are those of endless sweeps."""
    problem = SMALL["distillation takes no time"].replace(memories=3)
    _, found = tables(problem, 3)
    chain = chain_of(problem)
    floats = type(chain)(
        chain.start,
        {
            state: {
                name: type(step)(step.cost, {after: float(p) for after, p in step.moves.items()})
                for name, step in deeds.items()
            }
            for state, deeds in chain.steps.items()
        },
    )
    for ours, theirs in zip(found, least_late(floats, 3), strict=True):
        assert ours == pytest.approx({key: float(value) for key, value in theirs.items()}, rel=1e-10, abs=1e-15)


@quick
@given(problem=hardware(most_memories=3))
def test_recursion_is_exact_for_random_problems(problem):
    """For random parameters, rational times among them, the recursion is the exact one."""
    slots = min(WINDOW, 30)
    _, found = tables(problem, slots)
    expected = least_late(chain_of(problem), slots)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx({key: float(value) for key, value in theirs.items()}, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(
    ("problem", "slots", "full"),
    [
        (Problem("3/5", 2, "3/4", "31/40"), 3, False),
        (Problem("3/5", 2, "3/4", "79/100", distillation_time=1), 4, True),
        (Problem("3/5", 3, "3/4", "31/40", generation_time=2, distillation_time=3), 5, True),
    ],
    ids=["one round", "two rounds", "three memories"],
)
def test_no_policy_is_better(problem, slots, full):
    """Of all deterministic policies that depend on time, tried one by one, the best is as good as the recursion's."""
    chain = counted(Hardware.of(problem), full=full)
    least = by_brute_force(chain, slots)
    assert 0 < least < 1
    assert tables(problem, slots)[1][-1][chain.start] == pytest.approx(float(least), rel=1e-13)


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_policy_attains_the_probability(problem):
    """The actions of the policy, followed exactly, are in time with the probability that is stated."""
    recursion, found = tables(problem, WINDOW)
    chain, process = chain_of(problem), recursion.process

    def decide(left, counts):
        column = recursion.slots[left].columns[[process.names.rank(counts)]]
        return deed(process.names.actions(column)[0]) if column[0] >= 0 else None

    for ours, theirs in zip(found, late_of(chain, decide, WINDOW), strict=True):
        assert ours == pytest.approx({key: float(value) for key, value in theirs.items()}, rel=1e-10, abs=1e-11)


def test_rules_hold():
    """Under rules, the recursion is that over the actions which they allow; others would do better."""
    rules = FOUR.with_constraints(MaxDistillations(1), NoGenerationWhileDistilling())
    allowed = filtered(everything(Hardware.of(FOUR)), lambda _, d: len(d[0]) <= 1 and not (d[0] and d[1]))
    _, found = tables(rules, WINDOW)
    expected = least_late(allowed, WINDOW)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx({key: float(value) for key, value in theirs.items()}, rel=1e-11, abs=1e-15)
    assert found[-1][0, 0] > tables(FOUR, WINDOW)[1][-1][0, 0] + 1e-3


def test_columns_into_dead_ends_are_taken():
    """Where a rule makes dead ends, the policy may take the chance of one: all that the rule allows is there."""
    problem = Problem("7/10", 3, "9/10", "94/100").with_constraints(EqualLevelsOnly())
    allowed = filtered(everything(Hardware.of(problem)), lambda _, d: all(low == high for low, high in d[0]))
    recursion, found = tables(problem, WINDOW)
    for ours, theirs in zip(found, least_late(allowed, WINDOW), strict=True):
        assert ours == pytest.approx({key: float(value) for key, value in theirs.items()}, rel=1e-11, abs=1e-15)
    assert not recursion.process.live.all()


@pytest.mark.parametrize("name", ["optimal", "pumping", "nested", "greedy"])
@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_tails_of_policies_are_exact(problem, name):
    """The tail of a stationary policy's waiting time, deadlocks included, is that of an exact recursion."""
    policy = deadline(problem, 1).fastest if name == "optimal" else baseline(problem, name)
    lattice = TimeLattice.of(policy.process)
    found = list(islice(tails(policy.plan, lattice), WINDOW + 1))
    actions = {key: deed(decisions[0].action) for key, decisions in policy.items() if decisions}
    expected = late_of(chain_of(problem), lambda _, counts: actions.get(counts), WINDOW)
    for ours, theirs in zip(found, expected, strict=True):
        for key in actions:
            assert ours[policy.process.names.rank(key)] == pytest.approx(float(theirs[key]), rel=1e-11, abs=1e-15)


def test_tail_of_a_policy_that_draws_lots():
    """A policy that generates with probability 1/2 and waits otherwise is in time as an exact mixture says."""
    problem = Problem("3/5", 2, "3/4", "31/40")

    def lazily(counts):
        if counts[0] == 2:
            return Action(((0, 0),), 0)
        return [Decision(Action((), 2 - counts[0]), 0.5), Decision(Action((), 0), 0.5)]

    policy = Policy.of(problem, lazily)
    found = list(islice(tails(policy.plan, TimeLattice.of(policy.process)), 8))
    chain = counted(Hardware.of(problem))
    late = [{state: Fraction(1) for state in chain.steps}]
    for left in range(1, 8):
        values = {}
        for (n,), deeds in chain.steps.items():
            names = [(((0, 0),), 0)] if n == 2 else [((), 2 - n), ((), 0)]
            total = Fraction(0)
            for name in names:
                step = deeds[name]
                moves = ((s, p) for s, p in step.moves.items() if s != "target")
                after = late[left - int(step.cost)] if step.cost <= left else None
                total += 1 if after is None else sum((p * after[s] for s, p in moves), Fraction(0))
            values[(n,)] = total / len(names)
        late.append(values)
    assert [row[0] for row in found] == pytest.approx([float(row[(0,)]) for row in late], rel=1e-12)


@settings(quick, max_examples=8)
@given(problem=problems(most_memories=3, least_p="1/5"))
def test_no_stationary_policy_is_better(problem):
    """Neither the fastest policy nor a baseline is in time more likely, for any window up to some length."""
    lattice = lattice_of(problem)
    found = deadline(problem, 60 * lattice.unit)
    best = found.probabilities
    assert (np.diff(best) >= -1e-13).all()
    assert (found.of_fastest <= best + 1e-12).all()
    for name in ("pumping", "nested", "greedy", "banded:1"):
        assert (found.probability_of(baseline(problem, name)) <= best + 1e-12).all()


def test_the_lattice_is_that_of_the_durations():
    """Slots are the greatest common divisor of the durations: a unit of 1/6 for times 1/2 and 2/3."""
    problem = FOUR.replace(generation_time="1/2", distillation_time="2/3")
    assert lattice_of(problem).unit == unit_of(chain_of(problem)) == Fraction(1, 6)


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_visits_carry_the_probability(problem):
    """What reaches the target in time from the configurations that runs come to is the stated probability."""
    recursion, found = tables(problem, WINDOW)
    process, visited, reached = recursion.process, recursion.visits(), 0.0
    for left, slot in enumerate(recursion.slots):
        here = np.flatnonzero((visited[left] > 0) & (slot.columns >= 0))
        choice = process.choose(slot.columns[here])
        fits = recursion.lattice.slots[process.durations.kind(choice.columns)] <= left
        reached += float((visited[left, here] * choice.reaching)[fits].sum())
    assert reached == pytest.approx(1 - found[-1][process.names.key(0)], abs=1e-11)


def test_done_after_the_policys_own_columns():
    """Taking the policy's own action leaves its probability; any other action of the program leaves no better one."""
    recursion, _ = tables(FOUR, WINDOW)
    process, left = recursion.process, WINDOW - 1
    own = recursion.done_after(left, recursion.slots[left].columns)
    assert own == pytest.approx(recursion.slots[left].done, rel=1e-11)
    columns = process.columns
    owners = process.choose(columns).configuration
    greatest = np.zeros(process.size)
    np.maximum.at(greatest, owners, recursion.done_after(left, columns))
    assert greatest == pytest.approx(recursion.slots[left].done, rel=1e-13)


def forward(recursion):
    """Probability of being late and of being in time of the policy, both summed from what runs do: nothing cancels."""
    process, visited, late, done = recursion.process, recursion.visits(), 0.0, 0.0
    for left, slot in enumerate(recursion.slots):
        here = np.flatnonzero((visited[left] > 0) & (slot.columns >= 0))
        choice = process.choose(slot.columns[here])
        slots = recursion.lattice.slots[process.durations.kind(choice.columns)]
        done += float((visited[left, here] * choice.reaching)[slots <= left].sum())
        late += float(visited[left, here][slots > left].sum())
    return late, done


@pytest.mark.parametrize("confidence", ["0.99", Fraction(10**13 - 1, 10**13), Fraction(10**17 - 1, 10**17)])
def test_the_policy_attains_a_high_confidence(confidence):
    """However small the probability of being late, the returned policy's is what is stated, to 1e-11 of it."""
    found = smallest_window(FOUR.replace(memories=5), confidence)
    late, done = forward(found.recursion)
    assert late == pytest.approx(found.late, rel=1e-11)
    assert done == pytest.approx(found.probability, rel=1e-11)
    assert late <= float(1 - Fraction(confidence)) * (1 + 1e-11)


@pytest.mark.parametrize("p", ["1/10", "1e-5", "1e-7", "1e-60"])
@pytest.mark.parametrize("window", [3, 4, 6])
def test_small_probabilities_of_being_in_time(p, window):
    """However small the probability of being in time, it is that of an exact recursion, and what the policy attains."""
    problem = Problem(p, 3, "3/4", "31/40")
    found = deadline(problem, window)
    expected = 1 - least_late(chain_of(problem), window)[-1][0,]
    assert found.probability == pytest.approx(float(expected), rel=1e-12)
    assert forward(found.recursion)[1] == pytest.approx(found.probability, rel=1e-11)
    assert 0 < found.probability_of_fastest_mean <= found.probability * (1 + 1e-14)


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_columns_written_out_and_priced_agree(problem, monkeypatch):
    """The two forms of the columns give the same probabilities, remaining times and what other actions lead to."""
    written, _ = tables(problem, WINDOW)
    monkeypatch.setattr("lpdistill.deadlines.prospects.FEW_COLUMNS", 0)
    priced, _ = tables(problem, WINDOW)
    usual = fastest_plan(written.process).uses.columns
    for left, (one, other) in enumerate(zip(written.slots, priced.slots, strict=True)):
        assert one.late == pytest.approx(other.late, rel=1e-13, abs=0)
        assert one.done == pytest.approx(other.done, rel=1e-13, abs=0)
        assert one.remaining == pytest.approx(other.remaining, rel=1e-9)
        assert written.done_after(left, usual) == pytest.approx(priced.done_after(left, usual), rel=1e-13, abs=0)
