r"""The law of what a steady state delivers: how the count spreads, and how long one waits from delivery to delivery.

A policy's steps are taken apart by what they deliver, at once and together with what comes after.  With
:math:`f = r - g \tau` what a step earns beyond the average, a random number, and :math:`h = \bar f + P h`,

.. math:: \sigma^2 = \lim_{t \to \infty} \frac{\operatorname{Var} N(t)}{t}
    = \sum_a x_a\, \operatorname{E}_a\!\left[f^2 + 2 f\, h(s')\right],

with ``x`` the rates at which columns are taken (the central limit theorem of renewal-reward chains; the same as by the
fundamental matrix, for which ``h`` stands).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.hardware.delivery import Delivery
from lpdistill.pictures import canvas
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import RESOURCES
from lpdistill.rates.apart import Apart
from lpdistill.rates.models import Earning, RateModel
from lpdistill.solution.answer import Answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPREADS, POINTS = 2.0, 201
"""Standard deviations that a picture shows to either side of the mean, and points of its lines."""


@dataclass(frozen=True, repr=False, eq=False)
class Law(Answer):
    """What a policy delivers in the long run, as a random number.

    Attributes
    ----------
    problem
        What was asked.
    gain
        What is earned per unit of time: the mean of the count grows by so much.
    variance
        By how much its variance grows per unit of time, in the long run.
    interval_mean, interval_variance
        Mean and variance of the time from one moment at which anything is delivered to the next.
    counted
        Whether pairs are counted, and not what they are worth.
    """

    _KIND: ClassVar[str] = "law"

    problem: Problem
    gain: float
    variance: float
    interval_mean: float
    interval_variance: float
    counted: bool = True

    @property
    def dispersion(self) -> float:
        """Variance over mean of a count over a long time: 1 if pairs came at random times, one by one."""
        return self.variance / self.gain

    def within(self, time: float) -> tuple[float, float]:
        """Mean and standard deviation of what a long time brings."""
        return self.gain * time, sqrt(self.variance * time)

    @property
    def _question(self) -> Problem:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "earned", f"mean {self.gain:.9g}, variance {self.variance:.9g} per unit of time"
        if self.counted:
            yield "dispersion", f"{self.dispersion:.6g}, where 1 is that of deliveries at random times"
        spread = sqrt(self.interval_variance)
        yield "interval", f"{self.interval_mean:.9g} from delivery to delivery, standard deviation {spread:.9g}"

    def _content(self) -> Mapping[str, Any]:
        return {
            "gain": self.gain,
            "variance": self.variance,
            "dispersion": self.dispersion,
            "interval": {"mean": self.interval_mean, "variance": self.interval_variance},
        }

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        yield {"law of": "what is earned, per unit of time", "mean": self.gain, "variance": self.variance}
        yield {
            "law of": "the time between deliveries",
            "mean": self.interval_mean,
            "variance": self.interval_variance,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what is delivered against time, and how far that spreads."""
        ax = canvas(ax, self.problem)
        times = np.linspace(0.0, 100 * self.interval_mean, POINTS)
        mean, spread = self.gain * times, SPREADS * np.sqrt(self.variance * times)
        ax.plot(times, mean)
        ax.fill_between(times, mean - spread, mean + spread, alpha=0.3, linewidth=0)
        ax.set(xlabel="time", ylabel="delivered")
        return ax


@dataclass(frozen=True)
class Steps:
    """The columns of a policy in its closed class, with what they deliver and where they lead at the same time.

    Attributes
    ----------
    mixture
        What each configuration does, as probabilities of columns, (configurations, columns).
    times, rates, spent
        Duration of each column, how often it is taken per unit of time, and what it costs, (columns,).
    outcomes
        What may be delivered, of each column, (columns,), with the probability of that and of every next
        configuration, (columns, configurations).
    """

    mixture: sparse.csr_array
    times: FloatArray
    rates: FloatArray
    spent: FloatArray
    outcomes: tuple[tuple[FloatArray, sparse.csr_array], ...]

    def moments(self) -> tuple[float, float]:
        """What is earned per unit of time, and by how much its variance grows."""
        moves = [moves for _, moves in self.outcomes]
        mean = sum(amounts * move.sum(axis=1) for amounts, move in self.outcomes) - self.spent
        origin = int(np.argmax(self.mixture @ self.rates))
        equations = sparse.lil_array(sparse.eye_array(self.mixture.shape[0]) - self.mixture @ sum(moves[1:], moves[0]))
        equations[:, [origin]] = (self.mixture @ self.times)[:, None]
        values = sparse.linalg.splu(sparse.csc_array(equations)).solve(self.mixture @ mean)
        gain, values[origin] = float(values[origin]), 0.0
        variance = 0.0
        for amounts, move in self.outcomes:
            beyond = amounts - self.spent - gain * self.times
            variance += float(self.rates @ (beyond**2 * move.sum(axis=1) + 2 * beyond * (move @ values)))
        return gain, variance

    def intervals(self) -> tuple[float, float]:
        """Mean and variance of the time from one moment at which anything is delivered to the next.

        Several deliveries that take no time are one moment.
        """
        quiet = sum(sparse.diags_array((amounts == 0) * 1.0) @ move for amounts, move in self.outcomes)
        loud = sum(sparse.diags_array((amounts != 0) * 1.0) @ move for amounts, move in self.outcomes)
        start = self.rates @ loud
        often, start = float(start.sum()), start / start.sum()
        one = sparse.eye_array(self.mixture.shape[0])
        system = sparse.linalg.splu(sparse.csc_array(one - self.mixture @ quiet))
        mean = system.solve(self.mixture @ self.times)
        square = system.solve(self.mixture @ (self.times**2 + 2 * self.times * (quiet @ mean)))
        timeless = sparse.diags_array((self.times == 0) * 1.0)
        at_once = sparse.linalg.splu(sparse.csc_array(one - self.mixture @ timeless @ quiet))
        later = 1 - float(start @ at_once.solve(self.mixture @ (timeless @ loud).sum(axis=1)))
        found = float(start @ mean) / later
        assert abs(found * often * later - 1) < 1e-6, "rates and intervals agree"  # noqa: S101
        return found, float(start @ square) / later - found**2


def law(problem: Problem, earning: Earning, model: RateModel) -> Law:
    """The law of what the optimal policy of a steady state delivers."""
    steps = steps_of(earning, model)
    return Law(problem, *steps.moments(), *steps.intervals(), earning.worth is None)


def steps_of(earning: Earning, model: RateModel) -> Steps:
    """The columns of an optimal policy that it takes for ever."""
    optimum, process = model.optimum, model.process
    _, number = optimum.policy.classes()
    visits = optimum.evaluation.visits
    states = optimum.policy.choice.configuration[number == number[int(np.argmax(visits))]]
    owner = process.choose(optimum.columns).configuration
    some = np.isin(owner, states)
    columns, owner = optimum.columns[some], owner[some]
    row = np.searchsorted(states, owner)
    shape = len(states), len(columns)
    durations = np.array([float(time) for time in process.durations.times])
    return Steps(
        mixture=sparse.csr_array((optimum.probability[some], (row, np.arange(len(columns)))), shape=shape),
        times=durations[process.durations.kind(columns)],
        rates=optimum.rates[some],
        spent=float(earning.cost) * process.amounts(RESOURCES["generation_attempts"], columns),
        outcomes=_chosen(earning, model, columns, states)
        if process.kernel.delivery is Delivery.CHOSEN
        else _counted(model.problem, process, columns, states),
    )


def _chosen(
    earning: Earning, model: RateModel, columns: IntArray, states: IntArray
) -> tuple[tuple[FloatArray, sparse.csr_array], ...]:
    """Outcomes where delivering is a decision: all of a column deliver the same."""
    choice, levels = model.process.choose(columns), model.problem.levels
    level = model.process.kernel.numbering.describe(columns).discard
    shares = earning.shares(levels)
    worth: FloatArray
    if earning.worth is not None:
        worth = np.asarray(earning.worth.of_levels(levels), dtype=np.float64)
    else:
        worth = np.zeros(0) if shares is None else np.asarray(shares.meets.any(axis=1), dtype=np.float64)
    return ((np.where(level >= 0, worth[level], 0.0), sparse.csr_array(choice.transitions[:, states])),)


def _counted(
    problem: Problem, process: Dynamics, columns: IntArray, states: IntArray
) -> tuple[tuple[FloatArray, sparse.csr_array], ...]:
    """Outcomes where all that meets the target is delivered: told apart by how many pairs do."""
    apart, choice = Apart.of(problem, process.attempts), process.choose(columns)
    found = apart.find(choice.configuration, process.names.actions(columns))
    moves = apart.process.choose(found).transitions.tocoo()
    delivered, into = apart.delivered[moves.col], np.searchsorted(states, apart.rest[moves.col])
    shape, outcomes = (len(columns), len(states)), []
    for count in np.unique(delivered).tolist():
        some = delivered == count
        matrix = sparse.csr_array((moves.data[some], (moves.row[some], into[some])), shape=shape)
        outcomes.append((np.full(len(columns), float(count)), matrix))
    return tuple(outcomes)
