"""The law of deliveries of a policy, in the chain of numbered memories: how the count spreads, and how long one waits.

The variance of the count grows by a constant per unit of time. It is found from the fundamental matrix of the chain of
decisions, and from the moments of the count itself, one unit of time after the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from steady_oracle import Link, Process, steps


class Moves(NamedTuple):
    """A policy: by its state and the next one, how likely a step is with 0, 1, 2, ... deliveries; and its times."""

    joint: np.ndarray
    time: np.ndarray

    @property
    def likely(self) -> np.ndarray:
        """The chain of decisions."""
        return self.joint.sum(axis=0)


def moves_of(link: Link, process: Process, chosen: np.ndarray) -> Moves:
    """What the chosen columns of :func:`steady_oracle.counted` lead to, each outcome with its number of deliveries."""
    n = len(process.states)
    joint = np.zeros((link.memories // 2 + 1, n, n))
    for k in chosen:
        column = process.columns[k]
        for action, _, _, outcomes in steps(link, column.state, leaves=True):
            for (after, made), probability in outcomes.items() if action == column.action else ():
                joint[made, process.states[column.state], process.states[after]] += float(probability)
    return Moves(joint, process.time[chosen])


def stationary(likely: np.ndarray) -> np.ndarray:
    """How often a chain with one closed class is in each state."""
    balance = np.eye(len(likely)) - likely.T
    balance[0] = 1.0
    return np.linalg.solve(balance, np.eye(len(likely))[0])


def spread(moves: Moves) -> float:
    """Growth of the variance of the count per unit of time, by the fundamental matrix.

    The count less its mean is a sum of ``f = deliveries - gain * time`` over steps, whose variance grows with each by
    ``E f^2 + 2 E f Z f'``, where ``Z = (I - P + 1 pi)^-1`` and ``f'`` is the mean of ``f`` from the next state.
    """
    pi, n = stationary(moves.likely), len(moves.time)
    made = np.arange(len(moves.joint))[:, None, None]
    gain = pi @ (made * moves.joint).sum(axis=(0, 2)) / (pi @ moves.time)
    f = made - gain * moves.time[:, None]
    mean = (f * moves.joint).sum(axis=(0, 2))
    later = np.linalg.solve(np.eye(n) - moves.likely + np.outer(np.ones(n), pi), mean)
    return float(pi @ ((f**2 + 2 * f * later) * moves.joint).sum(axis=(0, 2)) / (pi @ moves.time))


def spread_in_time(moves: Moves, until: int = 3000) -> float:
    """The same from the moments of the count in the last unit of time, for steps of one or two units."""
    n, pi = len(moves.time), stationary(moves.likely)
    unit, two = np.zeros((len(moves.joint), 2 * n, 2 * n)), moves.time == 2
    unit[:, :n, :n] = moves.joint * ~two[:, None]
    unit[0, :n, n:] = np.diag(two.astype(float))
    unit[:, n:, :n] = moves.joint
    made = np.arange(len(moves.joint))[:, None, None]
    f = made - pi @ (made * moves.joint).sum(axis=(0, 2)) / (pi @ moves.time)
    chain, first, second = unit.sum(axis=0), (f * unit).sum(axis=0), (f**2 * unit).sum(axis=0)
    mass, mean, square, variances = np.eye(2 * n)[0], np.zeros(2 * n), np.zeros(2 * n), [0.0]
    for _ in range(until):
        square = square @ chain + 2 * mean @ first + mass @ second
        mean = mean @ chain + mass @ first
        mass = mass @ chain
        variances.append(square.sum() - mean.sum() ** 2)
    return variances[-1] - variances[-2]


def between(moves: Moves) -> tuple[float, float]:
    """Mean and variance of the time from one step that delivers to the next, in the long run."""
    quiet, loud = moves.joint[0], moves.joint[1:].sum(axis=0)
    system = np.eye(len(quiet)) - quiet
    after = stationary(np.linalg.solve(system, loud))
    means = np.linalg.solve(system, moves.time)
    square = after @ np.linalg.solve(system, moves.time**2 + 2 * moves.time * (quiet @ means))
    mean = float(after @ means)
    return mean, float(square) - mean**2
