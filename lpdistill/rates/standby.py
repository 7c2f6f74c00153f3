"""Standby pools: how much of a demand a stock of finished pairs meets at best, and how large it has to be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import InfeasibleError, ModelError
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.numbers import Number, decimals, downwards, exact, member, upwards, whole
from lpdistill.pictures import bars
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.names import action_as_json
from lpdistill.program.steadily import FIRM
from lpdistill.progress import silent
from lpdistill.rates.apart import Apart
from lpdistill.rates.models import RateModel
from lpdistill.rates.steady_state import throughput
from lpdistill.rates.stock import Arrivals, Demand, Served, Stock
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.solution import Status
from lpdistill.solution.tables import described
from lpdistill.solution.wording import Words, outwards, words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class StandbyRow(NamedTuple):
    """What to do in one configuration, with so many pairs in stock.

    Attributes
    ----------
    counts, stock
        What the memories hold, and how many finished pairs there are.
    action
        What is done.
    value
        How many more demands are met, in the long run, than from empty memories and an empty stock.
    visits, share
        How often that is met per unit of time, and its share of all time.
    """

    counts: tuple[int, ...]
    stock: int
    action: Action
    value: float
    visits: float
    share: float


class Least(NamedTuple):
    """The smallest stock that meets enough.

    Attributes
    ----------
    service, slots
        The share of all demands that is to be met, and the fewest slots with which it is.
    """

    service: Fraction
    slots: int


@dataclass(frozen=True, repr=False, eq=False)
class Standby(Answer):
    """The greatest share of a demand that a stock of finished pairs meets, with the policy that does.

    Attributes
    ----------
    problem
        What was asked.
    demand
        Who wants pairs.
    model
        The steady state without a stock.
    found
        The optimum with the stock.
    upper
        What no policy exceeds, in demands that are met per unit of time.
    seconds
        Wall-clock time that it took.
    least
        The smallest stock that meets enough, if that was asked.
    """

    _KIND: ClassVar[str] = "standby"

    problem: Problem
    demand: Demand
    model: RateModel
    found: Served
    upper: float
    seconds: float
    least: Least | None = None

    @property
    def slots(self) -> int:
        """The most pairs that the stock holds."""
        return self.found.stock.slots

    @property
    def service(self) -> float:
        """The share of all demands that the policy meets."""
        return float(np.clip(self.found.policy.gain / float(self.demand.rate), self.lower_bound, self.upper_bound))

    @property
    def lower_bound(self) -> float:
        """The policy meets no less: proved, rounding included."""
        return downwards(Fraction(self.found.lower) / self.demand.rate)

    @property
    def upper_bound(self) -> float:
        """No policy meets more: proved over all columns, rounding included."""
        return max(min(upwards(Fraction(self.upper) / self.demand.rate), 1.0), self.lower_bound)

    @property
    def status(self) -> Status:
        """Whether the bounds are as close as rounding lets them be."""
        firm = self.upper_bound - self.lower_bound <= FIRM * self.upper_bound
        return Status.OPTIMAL if firm else Status.BRACKETED

    @property
    def gain(self) -> float:
        """How many pairs can be delivered per unit of time, if all are wanted."""
        return self.model.optimum.gain

    @cached_property
    def stocked(self) -> FloatArray:
        """Share of the time that a step begins with so many pairs in stock, (slots + 1,)."""
        policy = self.found.policy
        stock = np.arange(len(policy.times)) % (self.slots + 1)
        return np.asarray(np.bincount(stock, policy.visits * policy.times, self.slots + 1), dtype=np.float64)

    @property
    def lost(self) -> float:
        """Pairs for which the stock has no room, per unit of time."""
        return float(self.found.policy.visits @ self.found.policy.lost)

    @cached_property
    def held_back(self) -> int:
        """In how many configurations something else is done with a full stock than with an empty one."""
        columns = self.found.policy.columns.reshape(-1, self.slots + 1)
        return int((columns[:, 0] != columns[:, -1]).sum())

    @property
    def wording(self) -> Words:
        """Words for configurations and actions."""
        return words_of(self.model.process)

    def rows(self, *, visited: bool = False) -> Iterator[StandbyRow]:
        """The policy, stock by stock in every configuration; or where it comes for ever, most time first."""
        stock, policy = self.found.stock, self.found.policy
        actions, share = stock.apart.actions(policy.columns), policy.visits * policy.times
        order = np.arange(len(share))
        if visited:
            order = np.lexsort((-policy.visits, -share))[: np.count_nonzero(policy.visits)]
        counts = stock.apart.left.counts[stock.configurations]
        for state in order.tolist():
            row, held = divmod(state, self.slots + 1)
            value = float(policy.values[state] - policy.values[0])
            visits = float(policy.visits[state])
            yield StandbyRow(tuple(counts[row].tolist()), held, actions[state], value, visits, float(share[state]))

    @property
    def _question(self) -> Problem:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        rate, arrivals = float(self.demand.rate), self.demand.arrivals
        yield "service", f"{self.service:.12g} of {rate:g} demands per unit of time, {arrivals} ({self.status})"
        yield "proved", "between {} and {}".format(*outwards(self.lower_bound, self.upper_bound))
        if self.least is not None:
            yield "least stock", f"{self.least.slots} for a service of {float(self.least.service):g}"
        mean = float(self.stocked @ np.arange(self.slots + 1.0))
        yield "stock", f"{mean:.6g} of {self.slots} on average, empty for {100 * self.stocked[0]:.3g} % of the time"
        if rate > self.gain:
            yield "demand", f"is more than can be delivered, {self.gain:.9g} pairs per unit of time"
        else:
            yield "lost", f"{self.lost:.6g} pairs per unit of time, of {self.gain:.9g} that could be delivered"
        states = len(self.found.stock.configurations)
        told = f"otherwise than with an empty one in {self.held_back:,} of {states:,} configurations"
        yield "full stock", told if self.held_back else "no other policy than with an empty one"
        columns = self.found.stock.apart.process.column_count
        size = f"{states * (self.slots + 1):,} configurations with a stock, {columns:,} columns for each"
        yield "program", f"{size}; all priced {self.found.rounds} times, {self.seconds:.3f} s"

    def _content(self) -> Mapping[str, Any]:
        stock = self.found.stock
        least = self.least
        return {
            "status": str(self.status),
            "slots": self.slots,
            "demand": float(self.demand.rate),
            "arrivals": str(self.demand.arrivals),
            "service": self.service,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "gain": self.gain,
            "lost": self.lost,
            "stocked": self.stocked.tolist(),
            **({} if least is None else {"least": {"service": float(least.service), "slots": least.slots}}),
            "program": {
                "configurations": len(self.found.policy.times),
                "columns": stock.apart.process.column_count,
                "rounds": self.found.rounds,
                "seconds": round(self.seconds, 6),
            },
            "levels": [level.stated() for level in self.model.problem.levels],
            "policy": [
                {
                    "counts": list(row.counts),
                    "stock": row.stock,
                    "value": row.value,
                    "visits": row.visits,
                    "share": row.share,
                    "actions": [{**action_as_json(row.action), "probability": 1.0}],
                }
                for row in self.rows()
            ],
        }

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every configuration and stock."""
        for row in self.rows():
            yield {
                "stock": row.stock,
                "counts": row.counts,
                "configuration": self.wording.configuration(row.counts),
                **described(row.action),
                "value": row.value,
                "visits": row.visits,
                "share": row.share,
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """What to do where the policy comes for ever, most time first; or everywhere."""
        words = self.wording
        rows = [
            (
                str(row.stock),
                words.configuration(row.counts),
                *words.action(row.action),
                decimals(row.value),
                decimals(row.visits),
                f"{100 * row.share:.2f} %",
            )
            for row in islice(self.rows(visited=most is not None), most)
        ]
        sides = dict.fromkeys(("configuration", *words.headings), "left")
        numbers = dict.fromkeys(("worth more", "visits", "of the time"), "right")
        count, visited = len(self.found.policy.times), int(np.count_nonzero(self.found.policy.visits))
        note = f"{len(rows):,} of {visited:,} configurations with a stock that are visited for ever; {count:,} in all"
        return Table("policy", {"stock": "right"} | sides | numbers, rows, "" if most is None else note)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how much of the time so many pairs are in stock."""
        drawn = bars(ax, self.problem, [(str(held), share) for held, share in enumerate(self.stocked.tolist())])
        drawn.set(xlabel="share of the time", ylabel="pairs in stock")
        return drawn


def standby(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: Problem,
    slots: Number | None = None,
    demand: Number | None = None,
    *,
    arrivals: Arrivals | str = Arrivals.BERNOULLI,
    service: Number | None = None,
    progress: Callable[[str], None] = silent,
) -> Standby:
    """The greatest share of a demand that a stock of finished pairs meets, and the smallest stock that meets enough.

    Pairs that meet the target go into the stock when their step ends, where they keep; those for which it has no room
    are lost.  Demands during a step are met from the stock at its start, and gone if it is empty.

    Parameters
    ----------
    problem
        The hardware with its rules, and the target.
    slots
        The most pairs that the stock holds; the fewest that give the ``service``, if None.
    demand
        How many pairs are wanted per unit of time.
    arrivals
        Whether demands come one or none in every unit of time (``bernoulli``), or at any time (``poisson``).
    service
        A share of all demands, in (0, 1): also find the fewest slots with which it is met.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If there are no slots, the demand or the service is out of its range, or there are budgets.
    InfeasibleError
        If no stock gives the service: more would have to be delivered than can be.
    LimitError
        If the slots are too many.

    Examples
    --------
    >>> pool = standby(Problem("1/2", 3, "3/4", "79/100"), 2, "1/20", service=".99")
    >>> round(pool.service, 9), pool.least.slots
    (0.950514218, 4)
    """
    began, problem = time.perf_counter(), PROBLEM.meant(problem, "problem")
    wanted = _wanted(demand, member(Arrivals, arrivals, "arrivals"))
    size = None if slots is None else whole(slots, "slots")
    if size is not None and size < 1:
        raise ModelError("slots", "must be at least 1: without a stock nothing is met at once", slots)
    claim = None if service is None else exact(service, "service")
    if claim is not None and not 0 < claim < 1:
        raise ModelError("service", "must be above 0 and below 1", service)
    if size is None and claim is None:
        raise ModelError("slots", "are missing; say how many there are, or which service is to be reached", slots)
    if problem.budgets:
        raise ModelError("budgets", "have no meaning for a standby pool; leave them out", problem.budgets[0].name)
    rate = throughput(problem, progress=progress)
    below, above = rate.found.model, rate.found.above
    for duration in below.process.durations.times:
        wanted.law(duration, 1)  # refused before anything is solved
    least = None if claim is None else Least(claim, _least(below, wanted, claim, progress))
    size = least.slots if size is None and least is not None else size
    assert size is not None  # noqa: S101 - one of both is asked
    found = _best(below, wanted, size, progress)
    upper = found.upper if above is None else _best(above, wanted, size, progress).upper
    return Standby(rate.problem, wanted, below, found, upper, time.perf_counter() - began, least)


def _wanted(demand: Number | None, arrivals: Arrivals) -> Demand:
    """A demand that can be.

    Raises
    ------
    ModelError
        If it is missing, not above 0, or more than one per unit of time where no more come.
    """
    if demand is None:
        raise ModelError("demand", "is missing; say how many pairs are wanted per unit of time", demand)
    rate = exact(demand, "demand")
    if rate <= 0:
        raise ModelError("demand", "must be above 0", demand)
    if arrivals is Arrivals.BERNOULLI and rate > 1:
        raise ModelError("demand", "must be at most 1 per unit of time, or take arrivals 'poisson'", demand)
    return Demand(rate, arrivals)


def _best(model: RateModel, demand: Demand, slots: int, progress: Callable[[str], None]) -> Served:
    """The greatest rate at which demands are met, starting from what delivers most."""
    apart, choice = Apart.of(model.problem, Attempts.ALL), model.optimum.policy.choice
    columns = apart.find(choice.configuration, model.process.names.actions(choice.columns))
    return Stock(apart, model.process.live, demand, slots).best(columns, progress)


def _least(model: RateModel, demand: Demand, service: Fraction, progress: Callable[[str], None]) -> int:
    """The fewest slots that give a service.

    Raises
    ------
    InfeasibleError
        If none do.
    """
    enough = float(service * demand.rate)
    if enough >= model.optimum.gain:
        most = model.optimum.gain / float(demand.rate)
        raise InfeasibleError(
            f"service: no stock meets {float(service):g} of a demand of {float(demand.rate):g}: no policy delivers "
            f"more than {model.optimum.gain:.9g} pairs per unit of time, {most:.6g} of it; lower the demand or the "
            "service, or take more memories",
            conflict=("service", "demand"),
            workable={"demand": model.optimum.gain / float(service)},
        )
    low, high = 0, 1
    while _best(model, demand, high, progress).lower < enough:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _best(model, demand, middle, progress).lower < enough:
            low = middle
        else:
            high = middle
    return high
