r"""A mean fidelity instead of a threshold: the least expected time, where any pair may be delivered at any time.

Runs that end with a delivery, one after the other, are a steady state in which each delivery empties all memories: one
pair is delivered in every waiting time.  That what is delivered has a mean fidelity of at least ``f`` is one row,

.. math:: \\sum_{s, l} x(\\mathrm{deliver}\\ l \\text{ in } s)\\,(F_l - f) \\ge 0,

and its price says how much longer a unit more of fidelity takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from lpdistill.errors import InfeasibleError, ModelError, UnreachableTargetError
from lpdistill.numbers import Number, decimals, downwards, upwards
from lpdistill.problem.labels import without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.problem.settings import FinalStep
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.progress import silent
from lpdistill.rates.bracket import bracketed
from lpdistill.rates.models import Earning, highest
from lpdistill.rates.rate import Rate
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.resources import Expected, in_words
from lpdistill.solution.solution import Status
from lpdistill.solution.tables import described
from lpdistill.solution.wording import outwards
from lpdistill.solving import PATIENCE, precision

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    """

    _KIND = "average"

    rate: Rate

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
        """The policy is not slower: proved."""
        return upwards(1 / Fraction(self.rate.lower_bound)) if self.rate.lower_bound > 0 else float("inf")

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
            "policy": [
                {
                    "counts": node_as_json(row.counts),
                    "visits": row.visits * self.waiting_time,
                    "actions": [
                        {**action_as_json(one.action), "probability": one.probability} for one in row.decisions
                    ],
                }
                for row in self.rate.rows()
            ],
            **({"refinement": self.rate.found.labelling.to_dict()} if self.rate.found.labelling else {}),
        }

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every configuration and decision."""
        for row in self.rate.rows():
            for decision in row.decisions:
                yield {
                    "counts": row.counts,
                    "configuration": self.rate.wording.configuration(row.counts),
                    **described(decision.action),
                    "probability": decision.probability,
                    "visits": row.visits * self.waiting_time,
                }

    def shown(self, most: int | None = SHOWN) -> Table:
        """What to do in so many configurations that runs come to, most visited first; or in all."""
        words = self.rate.wording
        rows = [
            (
                words.configuration(row.counts),
                *words.action(decision.action),
                f"{decision.probability:.4f}",
                decimals(row.visits * self.waiting_time),
            )
            for row in islice(self.rate.rows(visited=most is not None), most)
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
    return AverageDelivery(Rate(problem, earning, found, (), time.perf_counter() - began))
