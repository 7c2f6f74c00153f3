r"""A stock of finished pairs beside the memories: how much of a demand it meets at best.

A configuration with ``b`` pairs in stock is one of the process.  Demands during a step are met from the stock at its
start, what the step delivers arrives at its end, and what is more than ``B`` is lost.  With ``D`` the demands of a step
that takes :math:`\tau`, and ``k`` the pairs that it delivers together with what comes after,

.. math:: r = \operatorname{E}\min(b, D), \qquad b' = \min(B,\ b - \min(b, D) + k).

All columns are priced as those of the steady state are, once for every stock: values after a step depend on how long it
takes, and on how many pairs it delivers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import comb, exp

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.process.priced import Priced
from lpdistill.process.repetition import After
from lpdistill.program.average import MARGIN, MOST_ROUNDS
from lpdistill.program.chain import Chain, Evaluation
from lpdistill.rates.apart import Apart

MOST_STATES = 200_000
"""Configurations with a stock beyond which equations take minutes."""


class Arrivals(StrEnum):
    """How demands come."""

    BERNOULLI = "bernoulli"
    """One or none in every unit of time."""
    POISSON = "poisson"
    """At any time, independently of each other."""


@dataclass(frozen=True)
class Demand:
    """Who wants pairs from a stock.

    Attributes
    ----------
    rate
        How many are wanted per unit of time.
    arrivals
        How demands come.
    """

    rate: Fraction
    arrivals: Arrivals

    def law(self, time: Fraction, most: int) -> FloatArray:
        """Probabilities of 0, 1, ... demands during some time, all from ``most`` on together, (most + 1,).

        Raises
        ------
        ModelError
            If demands come in units of time, and these are none.
        """
        if self.arrivals is Arrivals.POISSON:
            mean = float(self.rate * time)
            found = [*accumulate(range(1, most), lambda chance, k: chance * mean / k, initial=exp(-mean))]
            return np.array([*found, max(0.0, 1 - sum(found))])
        if time.denominator != 1:
            raise ModelError(
                "arrivals",
                f"of one demand or none in every unit of time need steps of whole units, not of {float(time):g}; take "
                "another unit, or 'poisson'",
                str(self.arrivals),
            )
        n, q = int(time), self.rate
        chances = [comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(min(n + 1, most))]
        return np.array([*map(float, chances), *[0.0] * (most - len(chances)), float(1 - sum(chances))])


@dataclass(frozen=True)
class Policy:
    """One column for every state.

    Attributes
    ----------
    columns
        The columns, (states,).
    moves
        Probability of every next state, (states, states).
    served, lost
        Demands that each step meets, and pairs for which the stock has no room, (states,).
    times
        Duration of each step, (states,).
    """

    columns: IntArray
    moves: sparse.csr_array
    served: FloatArray
    lost: FloatArray
    times: FloatArray

    def at(self, rows: IntArray) -> Policy:
        """Some of the states, which are not left."""
        moves = sparse.csr_array(self.moves[rows][:, rows])
        return Policy(self.columns[rows], moves, self.served[rows], self.lost[rows], self.times[rows])

    @cached_property
    def classes(self) -> list[IntArray]:
        """The closed classes."""
        count, number = self._chain.classes()
        return [np.flatnonzero(number == one) for one in range(count)]

    @property
    def _chain(self) -> Chain:
        return Chain(self.moves, self.times, -self.served, np.ones(len(self.times)))

    @cached_property
    def _evaluation(self) -> Evaluation:
        return self._chain.evaluated(int(self.classes[0][0]))

    @property
    def gain(self) -> float:
        """How many demands are met per unit of time, if there is one closed class."""
        return self._evaluation.gain

    @property
    def values(self) -> FloatArray:
        """What the future brings beyond the average, (states,)."""
        return -self._evaluation.values

    @property
    def visits(self) -> FloatArray:
        """How often each state is met per unit of time, (states,)."""
        return self._evaluation.visits


@dataclass(frozen=True)
class Served:
    """The greatest rate at which demands are met, with its proof.

    Attributes
    ----------
    stock
        What was asked.
    policy
        A policy that attains it.
    lower, upper
        Proven bounds on what it meets, and on what any policy does, per unit of time.
    rounds
        Times that all columns were priced.
    """

    stock: Stock
    policy: Policy
    lower: float
    upper: float
    rounds: int


@dataclass(frozen=True)
class Stock:
    """Configurations with a stock: state ``s * (B + 1) + b`` is the ``s``-th that is live, with ``b`` in stock.

    Attributes
    ----------
    apart
        The process, which tells deliveries apart.
    live
        The configurations that are not avoided, (left,).
    demand
        Who wants pairs.
    slots
        The most pairs ``B`` that the stock holds.
    """

    apart: Apart
    live: BoolArray
    demand: Demand
    slots: int

    def __post_init__(self) -> None:
        states = int(self.live.sum()) * (self.slots + 1)
        if states > MOST_STATES:
            raise LimitError(
                f"slots: {self.slots:,} with {int(self.live.sum()):,} configurations make {states:,} states, more than "
                f"the {MOST_STATES:,} whose equations are solved; take fewer slots or memories",
                size={"states": states},
            )

    @cached_property
    def configurations(self) -> IntArray:
        """The configurations that are live, (live,)."""
        return np.flatnonzero(self.live)

    @cached_property
    def times(self) -> tuple[Fraction, ...]:
        """The durations of steps."""
        return self.apart.process.durations.times

    @cached_property
    def met(self) -> FloatArray:
        """Probability of meeting so many demands, by duration and stock, (durations, slots + 1, slots + 1)."""
        found = np.zeros((len(self.times), self.slots + 1, self.slots + 1))
        for kind, time in enumerate(self.times):
            law = self.demand.law(time, self.slots)
            for stock in range(self.slots + 1):
                found[kind, stock, :stock] = law[:stock]
                found[kind, stock, stock] = law[stock:].sum()
        return found

    @cached_property
    def mean_met(self) -> FloatArray:
        """Demands that a step of some duration meets from some stock, (durations, slots + 1)."""
        return self.met @ np.arange(self.slots + 1.0)

    def price(self, stock: int, gain: float, values: FloatArray) -> Priced:
        """Price all columns at some stock, step by step, with what comes after; ``values`` are costs, (states,)."""
        table = np.full((self.apart.left.size, self.slots + 1), np.inf)
        table[self.configurations] = values.reshape(-1, self.slots + 1)
        found = np.zeros((len(self.times), self.apart.process.size))
        for kind, met in np.argwhere(self.met[:, stock] > 0).tolist():
            then = np.minimum(stock - met + self.apart.delivered, self.slots)
            found[kind] += self.met[kind, stock, met] * table[self.apart.rest, then]
        charge = gain * np.array([float(time) for time in self.times]) - self.mean_met[:, stock]
        if not self.apart.process.problem.hardware.discarding:
            charge[[not time for time in self.times]] = np.inf
        return self.apart.process.price_after(After(found, charge, np.ones(len(charge), dtype=bool)))

    def policy(self, columns: IntArray) -> Policy:
        """The policy that takes these columns, (states,)."""
        choice = self.apart.process.choose(columns)
        kind, states = self.apart.process.durations.kind(columns), len(columns)
        steps = choice.transitions.tocoo()
        row, chance, stock = steps.row, steps.data, np.arange(states) % (self.slots + 1)
        place = np.cumsum(self.live) - 1
        into, delivered = place[self.apart.rest[steps.col]], self.apart.delivered[steps.col]
        moves, lost = sparse.csr_array((states, states)), np.zeros(states)
        for met in range(self.slots + 1):
            weight = chance * self.met[kind, stock, met][row]
            some = np.flatnonzero(weight)
            then = (stock[row] - met + delivered)[some]
            lost += np.bincount(row[some], weight[some] * np.maximum(then - self.slots, 0), minlength=states)
            target = into[some] * (self.slots + 1) + np.minimum(then, self.slots)
            moves = moves + sparse.csr_array((weight[some], (row[some], target)), shape=moves.shape)
        times = np.array([float(time) for time in self.times])[kind]
        return Policy(columns, moves, self.mean_met[kind, stock], lost, times)

    def best(self, columns: IntArray, progress: Callable[[str], None]) -> Served:
        """The greatest rate at which demands are met.

        Parameters
        ----------
        columns
            A policy to start from, (live,), that delivers whatever the stock, from wherever it starts.
        progress
            Told what is being done.

        Raises
        ------
        NotCertifiedError
            If Howard's method does not end.
        """
        first = np.repeat(columns, self.slots + 1)
        chosen, seen = first.copy(), set[bytes]()
        for rounds in range(1, MOST_ROUNDS):
            policy = self._led(chosen, first)
            costs, best, found = -policy.values, np.empty(len(first)), np.empty(len(first), dtype=np.int64)
            progress(f"{self.slots} slots, round {rounds}: {policy.gain:.9g} served per unit of time")
            wanted = np.zeros(self.apart.process.size, dtype=bool)
            rows = self.apart.before[self.configurations]
            wanted[rows] = True
            order = np.argsort(np.argsort(rows))
            for stock in range(self.slots + 1):
                priced = self.price(stock, policy.gain, costs)
                best[stock :: self.slots + 1] = priced.best[rows]
                found[stock :: self.slots + 1] = priced.columns(wanted)[order]
            doubt = self._rounding(policy)
            better = best < costs - MARGIN * doubt
            chosen = np.where(better, found, policy.columns)
            if not better.any() or chosen.tobytes() in seen:  # what still looks better is rounding
                return Served(self, policy, *self._bounds(policy, costs - best, doubt), rounds)
            seen.add(chosen.tobytes())
        raise NotCertifiedError(f"Howard's method did not end within {MOST_ROUNDS} rounds")

    def _led(self, columns: IntArray, first: IntArray) -> Policy:
        """A policy; where it has several closed classes, all but the best do as the first policy does."""
        policy = self.policy(columns)
        while len(policy.classes) > 1:
            home = max(policy.classes, key=lambda rows: policy.at(rows).gain)
            reached = np.zeros(len(columns), dtype=bool)
            reached[home] = True
            while (more := (policy.moves @ reached > 0) & ~reached).any():
                reached |= more
            columns = np.where(reached, policy.columns, first)
            if (columns == policy.columns).all():
                raise NotCertifiedError("some configurations never lead to those that serve most; relax a rule")
            policy = self.policy(columns)
        return policy

    def _rounding(self, policy: Policy) -> float:
        """How far rounding may move a price."""
        most = self.slots + abs(policy.gain) * self.apart.process.durations.greatest
        relative = self.apart.process.rounding + (self.slots + 4) * np.finfo(float).eps
        return float(relative * (4 * np.abs(policy.values).max() + most))

    def _bounds(self, policy: Policy, missing: FloatArray, doubt: float) -> tuple[float, float]:
        """What the policy serves at least per unit of time, and what none exceeds."""
        hardware = self.apart.process.problem.hardware
        often = (1 + hardware.memories * hardware.discarding) / min(float(time) for time in self.times if time)
        short = policy.values + policy.gain * policy.times - policy.served - policy.moves @ policy.values
        lower = policy.gain - often * (max(float(short.max()), 0.0) + doubt)
        return max(lower, 0.0), policy.gain + often * (max(float(missing.max()), 0.0) + doubt)
