"""The factored dynamics against transitions that were enumerated one coin at a time."""

from fractions import Fraction

import numpy as np
import oracle
import pytest
from cases import SMALL, Additive, additive, dynamics_of, labels, problems
from hypothesis import given, settings

from lpdistill import Attempts, Dynamics, ModelError, Problem
from lpdistill.process.factored.baselines import GREEDY

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
both_attempts = pytest.mark.parametrize("attempts", ["full", "all"])


def arbitrary(size):
    """Values that have nothing to do with each other."""
    return np.random.default_rng(7).uniform(0.5, 20, size)


def exact_step(hardware, label):
    """The enumerated step of a column, and the probability that it changes nothing."""
    counts, (distilled, attempts) = label
    step = oracle.step(hardware, counts, distilled, attempts)
    still = Fraction(0) if distilled else (1 - hardware.p) ** attempts
    return step, still


def check_transitions(dynamics, hardware):
    """Compare every column with the enumerated one."""
    choice = dynamics.choose(np.arange(dynamics.numbering.size))
    moves, counts = choice.moves, dynamics.configurations.counts.tolist()
    for column, label in enumerate(labels(dynamics)):
        step, still = exact_step(hardware, label)
        expected = {after: probability for after, probability in step.moves.items() if after != oracle.TARGET}
        if still:
            expected[label[0]] -= still
        row = moves[[column]].tocoo()
        found: dict[tuple[int, ...], float] = {}
        for rank, probability in zip(row.col[row.data > 0], row.data[row.data > 0], strict=True):
            after = tuple(counts[rank])
            found[after] = found.get(after, 0.0) + probability
        expected = {after: float(probability) for after, probability in expected.items() if probability}
        assert found == pytest.approx(expected, rel=1e-14, abs=0), label
        assert choice.leaving[column] == pytest.approx(float(1 - still), rel=1e-15, abs=0)
        target = float(step.moves.get(oracle.TARGET, 0))
        assert choice.reaching[column] == pytest.approx(target, rel=1e-14, abs=0)
        assert choice.cost[column] == float(step.cost)


@every_problem
@both_attempts
def test_every_column_moves_as_enumerated(problem, attempts):
    """Moves, leaving, reaching and cost of every column are the enumerated ones, to a few roundings."""
    check_transitions(dynamics_of(problem, attempts), oracle.Hardware.of(problem))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems(most_memories=3))
def test_columns_of_random_problems_move_as_enumerated(problem):
    """The same for random problems and any number of attempts."""
    check_transitions(Dynamics(problem, Attempts.ALL), oracle.Hardware.of(problem))


def test_another_map_moves_as_enumerated():
    """The dynamics know nothing of Werner states: another map, with levels that two trees share, moves as it should."""
    problem = Problem("1/3", 4, "6/10", "95/100", distillation=Additive())
    hardware = oracle.Hardware(problem.p, 4, problem.f0, problem.target, combine=additive)
    check_transitions(Dynamics(problem, Attempts.ALL), hardware)


@every_problem
@both_attempts
def test_price_is_the_least_action_value(problem, attempts):
    """For any values, pricing finds the least exact action value of every configuration, within the stated rounding."""
    dynamics, hardware = dynamics_of(problem, attempts), oracle.Hardware.of(problem)
    values = arbitrary(dynamics.size)
    exact = dict(zip(map(tuple, dynamics.configurations.counts.tolist()), map(Fraction, values), strict=True))
    best: dict[tuple[int, ...], Fraction] = {}
    for label in labels(dynamics):
        step, still = exact_step(hardware, label)
        if still < 1:
            counts = label[0]
            value = (step.value(exact) - still * exact[counts]) / (1 - still)
            best[counts] = min(value, best.get(counts, value))
    for rank, found in enumerate(dynamics.price(values).best.tolist()):
        counts = tuple(dynamics.configurations.counts[rank].tolist())
        assert abs(Fraction(found) - best[counts]) <= Fraction(dynamics.rounding) * best[counts]


@every_problem
@both_attempts
def test_priced_columns_attain_the_price(problem, attempts):
    """The column that pricing names for a configuration belongs to it and has the least action value."""
    dynamics = dynamics_of(problem, attempts)
    values = arbitrary(dynamics.size)
    priced = dynamics.price(values)
    columns = priced.columns(np.ones(dynamics.size, dtype=bool))
    assert dynamics.numbering.describe(columns).configuration.tolist() == list(range(dynamics.size))
    assert dynamics.choose(columns).action_values(values) == pytest.approx(
        priced.best, rel=2 * dynamics.rounding, abs=0
    )


def test_priced_columns_only_where_wanted():
    """Columns are named for the wanted configurations only, in their order."""
    dynamics = dynamics_of(SMALL["four memories"])
    wanted = np.arange(dynamics.size) % 3 == 1
    columns = dynamics.price(arbitrary(dynamics.size)).columns(wanted)
    assert dynamics.numbering.describe(columns).configuration.tolist() == np.flatnonzero(wanted).tolist()


@every_problem
def test_expect_is_the_product_with_the_moves(problem):
    """The factored expectation and the written-out moves agree, to a few roundings."""
    dynamics = dynamics_of(problem, "all")
    choice, values = dynamics.choose(np.arange(dynamics.numbering.size)), arbitrary(dynamics.size)
    assert choice.expect(values) == pytest.approx(choice.moves @ values, rel=1e-14, abs=0)


@every_problem
def test_waiting_changes_nothing(problem):
    """Waiting, which only the program of all attempts has, takes ``generation_time``, moves nowhere, leaves nothing."""
    dynamics = dynamics_of(problem, "all")
    waiting = [i for i, (_, action) in enumerate(labels(dynamics)) if action == ((), 0)]
    choice = dynamics.choose(np.array(waiting))
    assert len(waiting) == dynamics.size
    assert choice.moves.nnz == 0
    assert not choice.leaving.any()
    assert set(choice.cost.tolist()) == {float(problem.generation_time)}


def nearest_pairs(fidelities, counts):
    """The greedy matching, one pair at a time: always the two unmatched pairs of smallest fidelity difference."""
    left = [level for level, count in enumerate(counts) for _ in range(count)]
    chosen = []
    while len(left) > 1:
        gaps = {(i, j): fidelities[left[j]] - fidelities[left[i]] for j in range(len(left)) for i in range(j)}
        i, j = min(gaps, key=lambda pair: (gaps[pair], left[pair[0]], left[pair[1]]))
        chosen.append((left[i], left[j]))
        left = [level for k, level in enumerate(left) if k not in (i, j)]
    return tuple(sorted(chosen))


@every_problem
def test_greedy_matches_the_nearest_pairs(problem):
    """The greedy columns distil what greedy does one pair at a time, and attempt generation on every empty memory."""
    dynamics = dynamics_of(problem)
    fidelities = [level.fidelity for level in problem.levels]
    for counts, action in labels(dynamics, GREEDY.columns(dynamics.kernel)):
        assert action == (nearest_pairs(fidelities, counts), problem.memories - sum(counts))


def test_attempts_may_be_named():
    """The name of a number of attempts means what it says, as it does everywhere else."""
    problem = SMALL["four memories"]
    assert Dynamics(problem, "all").numbering.size == Dynamics(problem, Attempts.ALL).numbering.size


def test_unknown_attempts_are_refused():
    """Columns of an unknown number of attempts are a ModelError, not those of full attempts."""
    with pytest.raises(ModelError):
        _ = Dynamics(SMALL["four memories"], "some").numbering.size
