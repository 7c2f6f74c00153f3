"""Traps of programs and policies with several closed classes, by the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order
from steady_cases import CASES, limits_of, process_of, reward_of
from steady_oracle import Process
from steady_routes import classes, howard, lead, lumped, program


def moves_by(process: Process, shares: np.ndarray) -> csr_matrix:
    """The chain of states under columns with these probabilities."""
    taken = csr_matrix((shares, (process.state, np.arange(len(shares)))), shape=(len(process.states), len(shares)))
    moves = csr_matrix(taken @ process.moves)
    moves.eliminate_zeros()
    return moves


def long_run(process: Process, shares: np.ndarray, *amounts: np.ndarray) -> tuple[float, ...]:
    """What runs from the start use or earn per unit of time, each state taking its columns with these probabilities.

    Raises
    ------
    ValueError
        Runs from the start end in several classes.
    """
    moves = moves_by(process, shares)
    (home,) = (members for members in classes(moves) if members[0] in breadth_first_order(moves, 0)[0])
    balance = np.eye(len(home)) - moves[home][:, home].toarray().T
    balance[0] = np.bincount(process.state, shares * process.time)[home]
    met = np.linalg.solve(balance, np.eye(len(home))[0])
    return tuple(float(met @ np.bincount(process.state, shares * amount)[home]) for amount in amounts)


def shares_of(process: Process, rates: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    """Each column's share of the rates of its state; the columns ``elsewhere`` where there are none."""
    total = np.bincount(process.state, rates)
    shares = np.divide(rates, total[process.state], out=np.zeros(len(rates)), where=total[process.state] > 0)
    shares[elsewhere[total == 0]] = 1.0
    return shares


def waits(process: Process) -> np.ndarray:
    """The column of each state that does nothing."""
    return np.array([k for k, column in enumerate(process.columns) if column.action == ((), ())])


TRAP = "half an attempt per unit of time"


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
def test_the_largest_column_of_each_state_may_wait_for_ever(solver):
    """Within half an attempt per unit of time the program has the right gain, and is mostly idle at the start."""
    case, process = CASES[TRAP], process_of(TRAP)
    earned = process.amount("delivered")
    found = program(process, earned, limits_of(case, process), solver)
    order = np.lexsort((found.rates, process.state))
    largest = order[np.searchsorted(process.state[order], np.arange(len(process.states)), side="right") - 1]
    assert found.gain == pytest.approx(case.gain, abs=5e-11)
    assert long_run(process, shares_of(process, np.zeros(len(earned)), largest), earned) == (0.0,)


def test_waiting_moves_from_a_class_of_its_own_to_where_runs_come():
    """Two classes of one program become a policy that earns its gain from the start, within the limit."""
    case, process = CASES[TRAP], process_of(TRAP)
    earned, attempts = process.amount("delivered"), process.amount("attempts")
    rows = [*limits_of(case, process), (np.where(process.state == 0, attempts, 0.0), 0.0, 0.0)]
    rates = program(process, earned, rows).rates
    rates[rates < 1e-12] = 0.0
    idle = waits(process)
    assert earned @ rates == pytest.approx(case.gain, abs=5e-11)
    assert long_run(process, shares_of(process, rates, idle), earned) == (0.0,)
    visited = int(process.state[np.argmax(np.where(process.state == 0, 0.0, rates))])
    rates[idle[visited]], rates[idle[0]] = rates[idle[visited]] + rates[idle[0]], 0.0
    led = idle.copy()
    lead(process, led, np.unique(process.state[rates > 0]))
    repaired = long_run(process, shares_of(process, rates, led), earned, attempts)
    assert repaired == pytest.approx((case.gain, float(case.budgets["attempts"])), abs=5e-11)


@pytest.mark.parametrize("name", ["three memories", "rare", "key, some of it distilled", "two prices of pairs"])
def test_howard_leaves_policies_with_many_classes(name):
    """Its first policy waits for ever in every state; its last has one class, and earns the gain from the start."""
    case, process = CASES[name], process_of(name)
    reward = reward_of(case, process)
    nothing = np.zeros(len(reward))
    gain, chosen, _ = howard(process, reward)
    assert len(classes(process.moves[waits(process)])) == len(process.states)
    assert len(classes(process.moves[chosen])) == 1
    assert long_run(process, shares_of(process, nothing, chosen), reward) == pytest.approx((gain,), rel=1e-12)


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
@pytest.mark.parametrize("name", ["two productive classes", TRAP, "few distillations"])
def test_one_of_several_classes_is_optimal_with_its_waiting(name, solver):
    """Where pairs are counted, the program may have two productive classes: one of them gains as much with waiting."""
    case, process = CASES[name], lumped(process_of(name))
    used = program(process, process.amount("delivered"), limits_of(case, process), solver).rates > 1e-10
    visited = np.unique(process.state[used])
    idle = np.array([column.action == ([], 0) for column in process.columns])
    best = 0.0
    for members in classes(moves_by(process, np.where(used, 1.0, 0.0))):
        if np.isin(members, visited).all():
            kept = np.flatnonzero(np.isin(process.state, members) & (used | idle))
            part = Process(tuple(process.columns[k] for k in kept))
            best = max(best, program(part, part.amount("delivered"), limits_of(case, part), solver).gain)
    assert best == pytest.approx(case.gain, rel=1e-9)
