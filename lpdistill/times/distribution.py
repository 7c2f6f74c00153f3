r"""The whole distribution of the waiting time of a policy, not its mean alone.

Steps last whole numbers of slots of a lattice (:class:`~lpdistill.process.time_lattice.TimeLattice`), so the waiting
time has a discrete phase-type law.  With :math:`A_d` and :math:`r_d` the probabilities that a step of ``d`` slots leads
to the other configurations and to the target,

.. math:: x_t = \delta_t b + \sum_d A_d^\top x_{t-d}, \qquad P(T = t) = \sum_d r_d \cdot x_{t-d} ,

which is computed slot by slot until nothing that matters is left.  What is left is summed too, and reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, as_float, decimals, exact, member
from lpdistill.process.process import Process
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.progress import silent
from lpdistill.solution.answer import Answer
from lpdistill.solution.document import finite, of_unit, rational
from lpdistill.solution.given import POLICY, PolicyLike
from lpdistill.solution.policy import Policy
from lpdistill.solution.promise import PROMISE
from lpdistill.times.distribution_picture import QUANTILES, View, drawn
from lpdistill.times.propagation import Law, propagate, work
from lpdistill.times.renewal import Renewal
from lpdistill.times.tail import slots_needed, tail_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDED = 1e-18
"""Probability of ending later, of runs that end, at which a distribution counts as whole."""

TIE = 1e-12
"""Relative distance of a probability from the one asked for that is taken for rounding."""

FIRST_TIMES, PROBE = 512, 10**8
"""Times, and then products, that are spent before anybody asks how many there will be."""

LAW_WORK, LAW_SLOTS = 5 * 10**10, 5 * 10**6
"""Products and slots beyond which a distribution is refused: minutes, and gigabytes."""


@dataclass(frozen=True, repr=False, eq=False)
class Distribution(Answer):
    """The distribution of a waiting time.

    Times are in the user's unit of time.  A policy that may never reach the target has a defective distribution: with
    probability :attr:`never` the time is infinite.

    Attributes
    ----------
    policy
        Whose it is.
    lattice
        The times at which runs can end.
    renewal
        The equations of the policy.
    law
        Probabilities by slot of the lattice, as far as they were computed.
    """

    _KIND = "waiting-time"

    policy: Policy
    lattice: TimeLattice
    renewal: Renewal
    law: Law

    @property
    def unit(self) -> Fraction:
        """Distance of the times at which runs can end."""
        return self.lattice.unit

    @cached_property
    def _first(self) -> int:
        """The first slot that counts: what is not charged may take the time of earlier ones below 0."""
        start = max(0, math.ceil(self.lattice.uncharged / self.unit))
        used = np.flatnonzero(self.law.pmf[:start])
        return int(min(start, len(self.law.pmf), *used[:1].tolist()))

    @property
    def pmf(self) -> FloatArray:
        """Probability of every one of :attr:`times`, (slots,)."""
        return self.law.pmf[self._first :]

    @cached_property
    def times(self) -> FloatArray:
        """The waiting times that were computed, (slots,): evenly spaced, from 0 in all ordinary cases."""
        slots = np.arange(self._first, len(self.law.pmf), dtype=np.float64)
        common = math.lcm(self.unit.denominator, self.lattice.uncharged.denominator)
        scaled = slots * float(self.unit * common) - float(self.lattice.uncharged * common)
        return np.asarray(scaled / common, dtype=np.float64)

    @property
    def truncated(self) -> float:
        """Probability of a finite time beyond the last of :attr:`times`: what is in flight then, summed."""
        return self.law.later

    @cached_property
    def never(self) -> float:
        """Probability of never reaching the target."""
        return float(self.renewal.never[0]) if self.renewal.size else 1.0

    @property
    def whole(self) -> bool:
        """Whether nothing that matters lies beyond the last of :attr:`times`."""
        return self.truncated <= _enough(self.renewal)

    @cached_property
    def cumulative(self) -> FloatArray:
        """Probability of being done by each of :attr:`times`, (slots,): as near to it as a number below 1 can be."""
        summed = np.minimum(np.cumsum(self.pmf), 1.0)
        return np.maximum.accumulate(np.where(summed > 1 / 2, 1.0 - self.surviving, summed))

    @cached_property
    def surviving(self) -> FloatArray:
        """Probability of not being done by each of :attr:`times`, (slots,), accurate however small it is."""
        later = np.append(self.pmf[1:], self.truncated + self.never)
        return np.asarray(np.minimum(np.cumsum(later[::-1])[::-1], 1.0))

    def _place(self, time: Number) -> int:
        """Position in :attr:`times` of the last that is within a time; -1 if there is none."""
        when = self.lattice.moment(time, "time")
        if when < 0:
            raise ModelError("time", "must be at least 0", time)
        return max(self.lattice.within(when) - self._first, -1)

    def cdf(self, time: Number) -> float:
        """Probability of being done by a time.

        Raises
        ------
        ModelError
            If the time is negative or no number.
        LimitError
            If the time lies beyond those computed, and something may happen there.
        """
        place = self._place(time)
        if place >= len(self.pmf):
            if not self.whole:
                raise self._beyond(f"cdf: {time}")
            place = len(self.pmf) - 1
        return 0.0 if place < 0 else float(self.cumulative[place])

    def survival(self, time: Number) -> float:
        """Probability of not being done by a time; accurate relative to its own size, however small that is.

        Raises
        ------
        ModelError
            If the time is negative or no number.
        LimitError
            If the time lies beyond those computed, so that only a bound is known.
        """
        place = self._place(time)
        if place < len(self.pmf):
            return 1.0 if place < 0 else float(self.surviving[place])
        if self.truncated > ENDED * self.never:
            raise self._beyond(f"survival: {time}")
        return self.never

    def quantile(self, probability: Number) -> float:
        """The least time by which a run is done with at least the given probability.

        Infinite if the policy never reaches the target too often for that.  Probabilities within 1e-12 of each other,
        relative to them and to what they lack of 1, count as equal.  A float that is the :meth:`cdf` of a time is met
        by that time, and by none before it whose ``cdf`` is another float.

        Raises
        ------
        ModelError
            If the probability is not between 0 and 1, both excluded.
        LimitError
            If the time lies beyond those computed.
        """
        q = exact(probability, "quantile")
        if not 0 < q < 1:
            raise ModelError("quantile", "must be a probability between 0 and 1, both excluded", probability)
        short, given = float(1 - q), as_float(q)
        if given is not None:
            place = int(np.searchsorted(self.cumulative, given))
            told = place < len(self.pmf) and self.cumulative[place] == given
            if told and self.surviving[place] > self.never * (1 + TIE):
                return float(self.times[place])
        if self.never >= short * (1 - TIE) and (self.never > short * (1 + TIE) or math.isfinite(self.tail_rate)):
            return math.inf
        reached = self.surviving <= short * (1 + TIE) if q > Fraction(1, 2) else self.cumulative >= float(q) * (1 - TIE)
        if not reached.any():
            raise self._beyond(f"quantile: that of {float(q)!r}")
        return float(self.times[int(np.argmax(reached))])

    @cached_property
    def mean(self) -> float:
        """Mean of the waiting time; infinite if the policy may never reach the target.

        Summed from the probabilities: :attr:`Policy.waiting_time` is the same number from a linear system.

        Raises
        ------
        LimitError
            If not all times with a share in it were computed.
        """
        if self.never:
            return math.inf
        if not self.whole:
            raise self._beyond("mean: a part of it")
        return float(self.times @ self.pmf)

    @cached_property
    def variance(self) -> float:
        """Variance of the waiting time; infinite if the policy may never reach the target.

        Raises
        ------
        LimitError
            If not all times with a share in it were computed.
        """
        return math.inf if self.never else float((self.times - self.mean) ** 2 @ self.pmf)

    @property
    def standard_deviation(self) -> float:
        """Square root of the variance."""
        return math.sqrt(self.variance)

    @cached_property
    def tail_rate(self) -> float:
        r"""The rate :math:`\gamma` at which the tail falls, :math:`P(t < T < \infty) \sim e^{-\gamma t}`.

        In units of 1/time; infinite where finite times are bounded.  For a law whose times come in rounds, and for one
        with several equally slow stages, it is the limit of :math:`-\log P(t < T < \infty) / t`.
        """
        return tail_rate(self.renewal) / float(self.unit)

    def _beyond(self, what: str) -> LimitError:
        last = float(self.lattice.time(len(self.law.pmf) - 1))
        return LimitError(
            f"{what} lies beyond the last time computed, {last:g}, after which a run ends with probability "
            f"{self.truncated:.3g}; compute more with a later `until`",
            size={"slots": len(self.law.pmf)},
        )

    @property
    def _question(self) -> Process:
        return self.policy.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        if self.never:
            yield "never", f"with probability {self.never:.9f}"
        elif self.whole:
            yield "mean", f"{decimals(self.mean, 9)}{of_unit(self._question)}"
            yield "deviation", f"{decimals(self.standard_deviation, 9)}{of_unit(self._question)} (standard)"
            yield "done", ", ".join(f"{float(q):.0%} by {self.quantile(q):g}" for q in QUANTILES)
        yield from self._above()

    def _above(self) -> Iterable[tuple[str, str]]:
        """What is known of all times."""
        yield from [("bounds", PROMISE)] if self.policy.bounded and self.never < 1 else []
        yield "tail", self._tail
        yield "computed", f"{len(self.pmf):,} times, {self.unit} apart; probability {self.truncated:.2g} beyond"

    @property
    def _tail(self) -> str:
        """What the tail does, in words."""
        if self.tail_rate < math.inf:
            return f"falls as exp(-{self.tail_rate:.6g} t)"
        return "ends: all waiting times are bounded" if self.never < 1 else "none: no run ends"

    def _content(self) -> dict[str, Any]:
        known = self.whole and not self.never
        return {
            "mean": self.mean if known else None,
            "std": self.standard_deviation if known else None,
            "tail_rate": finite(self.tail_rate),
            "truncated": self.truncated,
            "never": self.never,
            "unit": rational(self.unit),
            "first": float(self.times[0]) if len(self.times) else None,
            **({"bound": True} if self.policy.bounded else {}),
            "pmf": self.pmf.tolist(),
        }

    def _cells(self) -> Mapping[str, FloatArray]:
        """A row for every time."""
        return {"time": self.times, "pmf": self.pmf, "cdf": self.cumulative, "survival": self.surviving}

    def plot(self, ax: Axes | None = None, *, label: str | None = None, view: View | str = View.CDF) -> Axes:
        """Draw the distribution; several on the same axes tell policies apart.

        Parameters
        ----------
        ax
            Where to draw; new axes by default.
        label
            What the legend calls it.
        view
            The cumulative distribution with the probability of every time, or the survival on a logarithmic scale.
        """
        return drawn(self, ax, label, member(View, view, "view"))

    def __repr__(self) -> str:
        if self.never:
            return f"Distribution: never ends with probability {self.never:.6g}"
        beyond = f"{self.truncated:.2g} beyond {float(self.lattice.time(len(self.law.pmf) - 1)):g}"
        if not self.whole:
            return f"Distribution: probability {beyond}"
        shown = ", ".join(f"{float(q):.0%} by {self.quantile(q):g}" for q in QUANTILES)
        spread = f"mean {self.mean:.6g}, standard deviation {self.standard_deviation:.6g}"
        return f"Distribution: {spread}; {shown}; probability {beyond}"


def distribution(
    policy: PolicyLike, *, until: Number | None = None, progress: Callable[[str], None] = silent
) -> Distribution:
    """The whole distribution of the waiting time of a policy.

    Parameters
    ----------
    policy
        Any policy: optimal, a baseline, randomised, of a state graph, or one that may never reach the target.
    until
        The last time to compute; by default, as far as a run ends later with a probability of more than 1e-18.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If ``until`` is negative or no number.
    LimitError
        If there are too many times to compute.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> policy = solve(Problem("1/2", 2, "3/4", "31/40")).policy
    >>> found = distribution(policy)
    >>> found.pmf[:6].round(6).tolist(), round(found.tail_rate, 6)
    ([0.0, 0.0, 0.0, 0.180556, 0.225694, 0.146701], 0.25122)
    >>> abs(found.mean - policy.waiting_time) < 1e-12, found.quantile("0.9"), round(found.cdf(6), 6)
    (True, 12.0, 0.647304)
    """
    policy = POLICY.meant(policy, "policy")
    lattice = TimeLattice.of(policy.process)
    renewal = Renewal.of(policy.to_chain(), lattice)
    if until is not None:
        last = lattice.moment(until, "until")
        if last < 0:
            raise ModelError("until", "must be at least 0", until)
        slots = lattice.within(last) + 1
        _require(renewal, slots)
        progress(f"probabilities of {slots:,} times")
        return Distribution(policy, lattice, renewal, propagate(renewal, slots, 0.0))
    return Distribution(policy, lattice, renewal, _whole(renewal, progress))


def _enough(renewal: Renewal) -> float:
    """Probability of ending later, at which a law counts as whole."""
    return ENDED * float(renewal.ever[0]) if renewal.size else 0.0


def _whole(renewal: Renewal, progress: Callable[[str], None]) -> Law:
    """The law as far as anything matters."""
    if not renewal.size:
        return Law(np.zeros(1), 0.0)
    enough = _enough(renewal)
    # Most laws are short, and long ones are computed in a way that takes longer to begin with.
    most = max(1, min(int(PROBE / max(1, work(renewal, 10**6) / 10**6)), LAW_SLOTS))
    for probe in (min(most, FIRST_TIMES), most):
        progress(f"probabilities of up to {probe:,} times")
        law = propagate(renewal, probe, enough)
        if law.later <= enough:
            return law
    slots = slots_needed(renewal, tail_rate(renewal), enough)
    _require(renewal, slots)
    progress(f"probabilities of {slots:,} times")
    return propagate(renewal, slots, enough)


def _require(renewal: Renewal, slots: int) -> None:
    """Refuse more slots than can be computed."""
    needed = work(renewal, slots) if renewal.size else 0
    if slots > LAW_SLOTS or needed > LAW_WORK:
        raise LimitError(
            f"waiting time: its distribution has {slots:,} times to compute ({needed:,} products), more than the "
            f"{LAW_SLOTS:,} ({LAW_WORK:,}) that are worth while; give an earlier `until`, durations with a larger "
            "common unit, or a larger p",
            size={"slots": slots, "most_slots": LAW_SLOTS, "products": needed, "most_products": LAW_WORK},
        )
