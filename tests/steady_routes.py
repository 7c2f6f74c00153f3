"""The largest gain of a listed process, in three ways that share nothing but its columns.

The linear program in HiGHS (:func:`program`), relative value iteration with bounds (:func:`iterate`), and Howard's
policy iteration with dense linear algebra (:func:`howard`), whose policies may have several closed classes on the way.
What it finds is proved by fractions (:func:`proved`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import highspy
import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components
from steady_oracle import Column, Process


class Program(NamedTuple):
    """Optimal rates of all columns, the gain, and what one more unit of each limit is worth."""

    rates: np.ndarray
    gain: float
    prices: np.ndarray


def program(
    process: Process, reward: np.ndarray, rows: Sequence[tuple[np.ndarray, float, float]] = (), solver: str = "simplex"
) -> Program:
    """``max r x``: configurations are left as they are entered, ``sum tau x = 1``, ``lower <= d x <= upper``."""
    n, m = len(process.states), len(process.columns)
    leaving = csr_matrix((np.ones(m), (process.state, np.arange(m))), shape=(n, m))
    dense = [process.time, *(row for row, _, _ in rows)]
    matrix = csc_matrix(vstack([leaving - process.moves.T, csr_matrix(np.array(dense))]))
    matrix.eliminate_zeros()
    lp, highs = highspy.HighsLp(), highspy.Highs()
    lp.num_col_, lp.num_row_, lp.sense_ = m, n + len(dense), highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = reward, np.zeros(m), np.full(m, highspy.kHighsInf)
    lp.row_lower_ = np.array([*np.zeros(n), 1.0, *(lower for _, lower, _ in rows)])
    lp.row_upper_ = np.array([*np.zeros(n), 1.0, *(upper for _, _, upper in rows)])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    highs.silent()
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        highs.setOptionValue(option, 1e-10)
    highs.setOptionValue("small_matrix_value", 1e-12)
    highs.setOptionValue("solver", solver)
    highs.passModel(lp)
    highs.run()
    if (status := highs.getModelStatus()) != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError(str(status))
    solution = highs.getSolution()
    rates = np.array(solution.col_value)
    return Program(rates, float(reward @ rates), np.array(solution.row_dual)[n + 1 :])


class Iteration:
    """Relative values of a process, closed under deliveries and backed up over timed columns."""

    def __init__(self, process: Process, reward: np.ndarray) -> None:
        timed = process.time > 0
        self.at, self.time = process.state[timed], process.time[timed]
        self.first = np.searchsorted(self.at, np.arange(len(process.states)))
        self.earned, self.moves = reward[timed], process.moves[timed]
        self.sold_at, self.price = process.state[~timed], reward[~timed]
        self.left = process.moves[~timed].indices

    def closed(self, values: np.ndarray) -> np.ndarray:
        """Values that no delivery would raise."""
        while (self.price + values[self.left] > values[self.sold_at]).any():
            values = values.copy()
            np.maximum.at(values, self.sold_at, self.price + values[self.left])
        return values

    def bounds(self, values: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Proved bounds of the gain from values that are closed, and what each state earns per unit of time at best.

        No policy earns more per unit of time than the largest ``(r + P h - h) / tau``. Delivering where that makes up
        the value, and the best timed column elsewhere, is a policy that earns at least the least of them.
        """
        pay = np.maximum.reduceat((self.earned + self.moves @ values - values[self.at]) / self.time, self.first)
        kept = np.ones(len(values), bool)
        kept[self.sold_at[self.price + values[self.left] == values[self.sold_at]]] = False
        return float(pay[kept].min()), float(pay.max()), pay


def iterate(process: Process, reward: np.ndarray, within: float, most: int = 200_000) -> tuple[float, float]:
    """Bounds of the gain no further apart than ``within``, by relative value iteration in steps of equal time."""
    iteration, values = Iteration(process, reward), np.zeros(len(process.states))
    for _ in range(most):
        values = iteration.closed(values - values[0])
        lower, upper, pay = iteration.bounds(values)
        if upper - lower <= within:
            return lower, upper
        values = values + 0.9 * iteration.time.min() * pay
    raise ArithmeticError(f"{lower} and {upper} after {most} rounds")


def classes(moves: csr_matrix) -> list[np.ndarray]:
    """The closed classes of a chain: from everywhere in one, all of it and nothing else is reached."""
    count, label = connected_components(moves, connection="strong")
    source, into = moves.nonzero()
    left = set(label[source[label[source] != label[into]]])
    return [np.flatnonzero(label == k) for k in range(count) if k not in left]


def met(process: Process, chosen: np.ndarray, members: np.ndarray) -> np.ndarray:
    """How often per unit of time each state of a closed class is met."""
    columns = chosen[members]
    balance = np.eye(len(members)) - process.moves[columns][:, members].toarray().T
    balance[0] = process.time[columns]
    return np.linalg.solve(balance, np.eye(len(members))[0])


def lead(process: Process, chosen: np.ndarray, home: np.ndarray) -> None:
    """Change the columns of states from which ``home`` is not reached to such as may bring them nearer."""
    reached = np.zeros(len(chosen), bool)
    reached[home] = True
    while not reached.all():
        more = process.moves[chosen] @ reached > 0
        if not (more & ~reached).any():
            nearer = np.flatnonzero((process.moves @ reached > 0) & ~reached[process.state])
            chosen[process.state[nearer]] = nearer
        reached |= more


def howard(process: Process, reward: np.ndarray, most: int = 200) -> tuple[float, np.ndarray, np.ndarray]:
    """Gain, columns and relative values of an optimal policy with one closed class.

    Of the closed classes of each policy the best is kept, and all other states are led into it. The first policy waits
    for ever wherever it is, so that every state is a class.
    """
    n = len(process.states)
    chosen = np.unique(process.state, return_index=True)[1]
    for _ in range(most):
        home = max(classes(process.moves[chosen]), key=lambda c: float(met(process, chosen, c) @ reward[chosen[c]]))
        lead(process, chosen, home)
        system = np.eye(n) - process.moves[chosen].toarray()
        system[:, home[0]] = process.time[chosen]
        values = np.linalg.solve(system, reward[chosen])
        gain, values[home[0]] = float(values[home[0]]), 0.0
        better = reward - gain * process.time + process.moves @ values - values[process.state]
        better[np.abs(better) <= 1e-12 * (1 + np.abs(values).max())] = 0.0
        order = np.lexsort((-better, process.state))
        best = order[np.unique(process.state[order], return_index=True)[1]]
        if not (improved := better[best] > 0).any():
            return gain, chosen, values
        chosen[improved] = best[improved]
    raise ArithmeticError(f"policies still improve after {most} rounds")


def proved(process: Process, name: str, chosen: np.ndarray) -> Fraction:
    """The gain of a policy with one closed class as a fraction, once no column is found to earn more.

    The equations ``h + g tau - P h = r`` are solved by elimination, the value of a state of the class being 0.
    """
    n, home = len(chosen), int(classes(process.moves[chosen])[0][0])
    rows = []
    for i, column in enumerate(process.columns[k] for k in chosen):
        row = [Fraction(int(i == j)) for j in range(n)]
        for after, chance in column.moves.items():
            row[process.states[after]] -= chance
        row[home] = column.time
        rows.append([*row, Fraction(column.amounts.get(name, 0))])
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(n):
            if k != i and (factor := rows[k][i]):
                rows[k] = [x - factor * y if y else x for x, y in zip(rows[k], rows[i], strict=True)]
    values = [row[-1] for row in rows]
    gain, values[home] = values[home], Fraction(0)
    for column in process.columns:
        after = sum(chance * values[process.states[state]] for state, chance in column.moves.items())
        if column.amounts.get(name, 0) + after - values[process.states[column.state]] > gain * column.time:
            raise ArithmeticError(f"{column.action} in {column.state} earns more")
    return gain


def in_counts(process: Process, k: int) -> Any:
    """An action up to the numbers of the memories."""
    column = process.columns[k]
    couples, tries = column.action
    return sorted(sorted(column.state[i] for i in couple) for couple in couples), len(tries)


def lumped(process: Process) -> Process:
    """The same process without numbers of memories: configurations in decreasing order, one action of a kind."""
    kept: dict[str, Column] = {}
    for k, column in enumerate(process.columns):
        if column.state == tuple(sorted(column.state, reverse=True)):
            moves: Counter[Any] = Counter()
            for after, chance in column.moves.items():
                moves[tuple(sorted(after, reverse=True))] += chance
            action = in_counts(process, k)
            kept.setdefault(str((column.state, action)), column._replace(action=action, moves=dict(moves)))
    return Process(tuple(kept.values()))
