r"""A mean fidelity instead of a threshold: the least expected time, where any pair may be delivered at any time.

Runs that end with a delivery, one after the other, are a steady state in which each delivery empties all memories: one
pair is delivered in every waiting time.  That what is delivered has a mean fidelity of at least ``f`` is one row,

.. math:: \\sum_{s, l} x(\\mathrm{deliver}\\ l \\text{ in } s)\\,(F_l - f) \\ge 0,

and its price says how much longer a unit more of fidelity takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill.arrays import BoolArray
from lpdistill.errors import InfeasibleError, ModelError, UnreachableTargetError
from lpdistill.numbers import Number, decimals, downwards, upwards
from lpdistill.problem.labels import without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.problem.settings import FinalStep
from lpdistill.process.resources import REACHING, Worth
from lpdistill.process.tariff import Resource, Tariff
from lpdistill.program.average import Policy, earned
from lpdistill.progress import silent
from lpdistill.rates.bracket import bracketed
from lpdistill.rates.models import Earning, RateModel, highest
from lpdistill.rates.parts import RateRow, cells_of
from lpdistill.rates.rate import Rate
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.resources import Expected, in_words
from lpdistill.solution.solution import Status
from lpdistill.solution.wording import outwards
from lpdistill.solving import PATIENCE, precision

if TYPE_CHECKING:
    from matplotlib.axes import Axes


ROW = frozenset({"counts", "visits", "actions"})
"""What is told of a configuration, of which no value is known but the time that a run takes."""


class Share(NamedTuple):
    """Pairs of one fidelity among all that are delivered.

    Attributes
    ----------
    fidelity
        Their fidelity.
    probability
        That a run delivers one of them.
    """

    fidelity: Fraction
    probability: float

    def to_dict(self) -> dict[str, float | str]:
        """As JSON data."""
        return {"fidelity": float(self.fidelity), "exact": str(self.fidelity), "probability": self.probability}


@dataclass(frozen=True, repr=False, eq=False)
class AverageDelivery(Answer):
    """The least expected time to a pair, where only the mean fidelity of what is delivered counts.

    Attributes
    ----------
    rate
        The same as a rate: pairs per unit of time, if a run follows on another.
    assured
        The expected time, at most, of a policy with no less than the mean fidelity: this one, but for the share of runs
        that has to do otherwise because of rounding; None if none is known.
    """

    _KIND = "average"

    rate: Rate
    assured: Fraction | None

    @property
    def problem(self) -> Problem:
        """What was asked."""
        return self.rate.problem

    @property
    def waiting_time(self) -> float:
        """Expected time to the delivery, in the user's unit of time."""
        return 1 / self.rate.gain

    @property
    def lower_bound(self) -> float:
        """No policy is faster: proved."""
        return downwards(1 / Fraction(self.rate.upper_bound))

    @property
    def upper_bound(self) -> float:
        """The policy, but for runs that make up for rounding, is not slower, and has the mean fidelity: proved."""
        return float("inf") if self.assured is None else upwards(self.assured)

    @property
    def status(self) -> Status:
        """Whether the bounds are as close as rounding lets them be."""
        return self.rate.status

    @property
    def price(self) -> float:
        """d(waiting time)/d(average fidelity): 0 if more than what is asked for is delivered anyway."""
        return float(self.rate.found.model.optimum.prices[-1]) * self.waiting_time

    @property
    def delivered(self) -> tuple[Share, ...]:
        """What is delivered, by fidelity, the lowest first."""
        return tuple(Share(one.fidelity, one.rate * self.waiting_time) for one in self.rate.delivered)

    @property
    def mean(self) -> float:
        """The mean fidelity of what is delivered."""
        return float(sum(float(one.fidelity) * one.probability for one in self.delivered))

    @property
    def expected(self) -> Expected:
        """Expected totals of a run."""
        return Expected({name: used * self.waiting_time for name, used in self.rate.use.items()})

    def rows(self, *, visited: bool = False) -> Iterator[RateRow]:
        """The policy, with how often a run is expected to come by; or only where it does, most time first."""
        return (row._replace(visits=row.visits * self.waiting_time) for row in self.rate.rows(visited=visited))

    @property
    def _question(self) -> Problem:
        return self.problem

    def _content(self) -> Mapping[str, Any]:
        return {
            "status": str(self.status),
            "waiting_time": self.waiting_time,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "average_fidelity": self.mean,
            "price": self.price,
            "delivered": [one.to_dict() for one in self.delivered],
            "expected": self.expected.to_dict(),
            "levels": [level.stated() for level in self.rate.found.model.problem.levels],
            "policy": [{name: told for name, told in row.to_dict().items() if name in ROW} for row in self.rows()],
            **({"refinement": self.rate.found.labelling.to_dict()} if self.rate.found.labelling else {}),
        }

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every configuration and decision."""
        return cells_of(self.rows(), self.rate.wording, "visits")

    def shown(self, most: int | None = SHOWN) -> Table:
        """What to do in so many configurations that runs come to, most visited first; or in all."""
        words = self.rate.wording
        rows = [
            (
                words.configuration(row.counts),
                *words.action(decision.action),
                f"{decision.probability:.4f}",
                decimals(row.visits),
            )
            for row in islice(self.rows(visited=most is not None), most)
            for decision in row.decisions
        ]
        headings = dict.fromkeys(("configuration", *words.headings), "left")
        return Table("policy", headings | dict.fromkeys(("probability", "visits"), "right"), rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the policy, most visited first, as :meth:`lpdistill.Policy.plot`."""
        return self.rate.plot(ax)

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "waiting time", f"{self.waiting_time:.12g} ({self.status})"
        yield "proved", "between {} and {}".format(*outwards(self.lower_bound, self.upper_bound))
        more = f"{self.price:.6g} longer per unit of fidelity" if self.price else "more than asked for, at no price"
        yield "mean fidelity", f"{self.mean:.9g}; {more}"
        told = (f"{100 * one.probability:.4g} % of fidelity {float(one.fidelity):.9g}" for one in self.delivered)
        yield "delivered", "; ".join(told)
        if self.rate.found.labelling is not None:
            yield "labels", str(self.rate.found.labelling)
        yield "expected use", in_words(self.expected)


def average_delivery(
    problem: Problem,
    *,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> AverageDelivery:
    """The least expected time to a pair, where what is delivered has a mean fidelity (``average_fidelity``).

    Parameters
    ----------
    problem
        The hardware with its rules, and the mean fidelity.
    within, time_limit
        Relative gap that will do, and the seconds after which no more labels are added.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the problem has a target, budgets, or a last step that is free.
    UnreachableTargetError
        If no pair that the memories make is as good.

    Examples
    --------
    >>> found = average_delivery(Problem("1/2", 2, "3/4", average_fidelity="79/100"))
    >>> round(found.waiting_time, 9), round(found.price, 3)
    (7.073103448, 397.517)
    """
    began, problem = time.perf_counter(), without_labels(PROBLEM.meant(problem, "problem"))
    average = problem.average_fidelity
    if average is None:
        raise ModelError("average_fidelity", "is missing; give the mean fidelity of what is to be delivered", None)
    if problem.budgets:
        raise ModelError(
            "budgets", "have no meaning with average_fidelity yet; leave them out", problem.budgets[0].name
        )
    if problem.final_step is FinalStep.FREE:
        raise ModelError("final_step", "must be charged with average_fidelity: delivering takes no time", "free")
    limits = precision(within, time_limit)
    best = highest(problem)
    if average >= best:
        raise UnreachableTargetError(
            f"average_fidelity: {float(average):g} is out of reach for {problem.memories} memories and f0 = "
            f"{float(problem.f0):g}: their fidelity stays below {float(best):.9g}; lower it, raise f0 or "
            "take more memories",
            target=float(average),
            pumping_limit=problem.hardware.reach(best).pumping_limit,
            memory_limit=float(best),
        )
    earning = Earning(average=average)
    try:
        found = bracketed(problem, earning, limits, progress)
    except InfeasibleError:
        raise InfeasibleError(
            f"average_fidelity: under the rules no policy delivers a mean of {float(average):g}; relax one or lower it",
            conflict=problem.rules,
        ) from None
    rate = Rate(problem, earning, found, (), time.perf_counter() - began)
    return AverageDelivery(rate, _assured(found.model, average))


class _Kept(NamedTuple):
    """What is proved of a policy: deliveries per unit of time, and by how much they exceed the mean fidelity."""

    least: Fraction
    most: Fraction
    excess: Fraction


def _assured(found: RateModel, average: Fraction) -> Fraction | None:
    """The expected time, at most, of a policy that delivers a mean fidelity.

    Each run begins with empty memories: to choose anew, run by run, between two policies is a policy, whose expected
    time and mean fidelity are means of theirs.  One that delivers as much less than the mean as rounding may leave,
    and one that delivers more, which does what the former does in some runs, make one that delivers the mean.
    """
    optimum = found.optimum
    own = _kept(found, average, np.ones(len(optimum.columns), dtype=bool))
    if own.least <= 0:
        return None
    if own.excess >= 0:
        return 1 / own.least
    owner = optimum.process.choose(optimum.columns).configuration
    times = np.bincount(owner, minlength=optimum.process.size)
    for row in np.flatnonzero(times[owner] > 1).tolist():
        other = _kept(found, average, (owner != owner[row]) | (np.arange(len(owner)) == row))
        if other.excess > 0 < other.least:
            lacking, more = -own.excess / own.least, other.excess / other.most
            share = lacking / (lacking + more)
            return (1 - share) / own.least + share / other.least
    return None


def _kept(found: RateModel, average: Fraction, rows: BoolArray) -> _Kept:
    """What is proved of the policy of an optimum, or of a part of it."""
    process, levels = found.process, found.problem.levels
    columns, probability = found.optimum.columns[rows], found.optimum.probability[rows]
    owners, of = np.unique(process.choose(columns).configuration, return_inverse=True)
    probability = probability / np.bincount(of, probability, minlength=len(owners))[of]
    more = Worth(np.array([downwards(level.fidelity - average) for level in levels]))

    def least(what: Resource, sign: float) -> Fraction:
        some = process.under(Tariff(0.0, ((what, -sign),)))
        policy = Policy.of(some, columns, probability)
        return Fraction(earned(some, policy, policy.chain.evaluated(0)))

    entered = Policy.of(process, columns, probability).entered()[of]
    levels_met = np.unique(process.kernel.numbering.describe(columns[entered]).discard)
    never = all(levels[level].fidelity >= average for level in levels_met.tolist() if level >= 0)
    excess = least(more, 1.0)
    return _Kept(least(REACHING, 1.0), -least(REACHING, -1.0), max(excess, Fraction(0)) if never else excess)
