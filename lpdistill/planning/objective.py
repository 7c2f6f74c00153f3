"""What hardware is to attain: a fidelity, a waiting time, a deadline, a rate of pairs or of key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import inf
from typing import Any

from lpdistill.deadlines.most_likely import deadline
from lpdistill.errors import (
    InfeasibleError,
    InfiniteLevelsError,
    LimitError,
    ModelError,
    UnreachableTargetError,
    names_like,
)
from lpdistill.numbers import Number, exact
from lpdistill.problem.problem import Problem
from lpdistill.progress import silent
from lpdistill.rates.steady_state import key_rate, throughput
from lpdistill.rates.worth import Worth
from lpdistill.solving import PATIENCE, solve
from lpdistill.units import TIMES, UNMEASURED, Unit, measured

ROUNDING = 1e-9
"""Share of a value up to which a difference is rounding: proved bounds are a thousand times closer."""


class Quantity(StrEnum):
    """What is asked of hardware."""

    FIDELITY = "fidelity"
    """That the target fidelity is within reach, however long it takes."""
    WAITING_TIME = "waiting_time"
    """The least expected waiting time, at most so much."""
    IN_TIME = "window"
    """The greatest probability to be done within a window, at least so much (``confidence``)."""
    THROUGHPUT = "throughput"
    """Pairs per unit of time, at least so many."""
    KEY_RATE = "key_rate"
    """Secret key per unit of time, at least so much."""


KEYS = (*Quantity, "confidence", "protocol")
"""What an objective may say."""

RATES = frozenset({Quantity.THROUGHPUT, Quantity.KEY_RATE})
"""What is counted per unit of time."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What hardware attains.

    Attributes
    ----------
    value
        What its policy attains; of a deadline, the probability to be late.
    bound
        No policy attains a better value: proved.
    met
        Whether the value meets the objective.
    possible
        Whether the bound does, so that some policy may.
    """

    value: float
    bound: float
    met: bool
    possible: bool


@dataclass(frozen=True, slots=True)
class Objective:
    """What hardware is to attain.

    Attributes
    ----------
    quantity
        What is asked.
    limit
        The most or the least that will do: a time, a confidence, a rate, or a fidelity.
    target
        The fidelity of pairs, if the objective says it.
    window
        The time within which a pair is to be there, in the unit of problems.
    protocol
        What pairs are worth.
    within, time_limit
        How near labels come to levels, as for :func:`lpdistill.solve`.
    """

    quantity: Quantity
    limit: Fraction
    target: Fraction | None = None
    window: Number | None = None
    protocol: str = "bb84"
    within: Number | None = None
    time_limit: Number = PATIENCE

    @staticmethod
    def of(given: Mapping[str, Any], *, within: Number | None = None, time_limit: Number = PATIENCE) -> Objective:
        """The objective that a table describes.

        Raises
        ------
        ModelError
            If a key is unknown, none or several things are asked for, or a number is out of its range.
        """
        if not isinstance(given, Mapping):
            raise ModelError("objective", "must be a table, such as {'waiting_time': 8}", given)
        for name in given:
            if name not in KEYS:
                raise ModelError("objective", f"has an unknown key; known are {names_like(KEYS, name)}", name)
        asked = [quantity for quantity in Quantity if given.get(quantity) is not None]
        main = [quantity for quantity in asked if quantity is not Quantity.FIDELITY] or asked
        if not main:
            raise ModelError("objective", f"asks for nothing; give {', '.join(Quantity)} (with confidence)", None)
        if len(main) > 1:
            remedy = "give one, and look at the other with --frontier or a plan of its own"
            raise ModelError("objective", f"asks for several things; {remedy}", " and ".join(main))
        quantity, target = main[0], given.get(Quantity.FIDELITY)
        _require_company(given, quantity)
        aim = None if target is None else _within("fidelity", target, 1)
        limit = given["confidence"] if quantity is Quantity.IN_TIME else given[quantity]
        protocol = str(given.get("protocol", "bb84"))
        Worth.of(protocol)
        return Objective(
            quantity,
            _limit(quantity, limit),
            None if quantity is Quantity.KEY_RATE else aim,
            given.get(Quantity.IN_TIME),
            protocol,
            within,
            time_limit,
        )

    @property
    def falls(self) -> bool:
        """Whether less is better."""
        return self.quantity in {Quantity.WAITING_TIME, Quantity.IN_TIME}

    @property
    def worst(self) -> float:
        """The value of hardware that attains nothing."""
        if self.quantity is Quantity.WAITING_TIME:
            return inf
        return 1.0 if self.quantity is Quantity.IN_TIME else 0.0

    def better(self, one: float, other: float) -> bool:
        """Whether a value is better than another by more than rounding."""
        return one < other * (1 - ROUNDING) if self.falls else one > other * (1 + ROUNDING)

    def meets(self, value: float) -> bool:
        """Whether a value meets the objective, but for rounding."""
        limit = float(1 - self.limit if self.quantity is Quantity.IN_TIME else self.limit)
        return value <= limit * (1 + ROUNDING) if self.falls else value >= limit * (1 - ROUNDING)

    def told(self, value: float) -> float:
        """A value as people are told it: of a deadline, the probability to be in time."""
        return 1 - value if self.quantity is Quantity.IN_TIME else value

    def __str__(self) -> str:
        limit = f"{float(self.limit):g}"
        match self.quantity:
            case Quantity.FIDELITY:
                return f"a fidelity of {limit} within reach"
            case Quantity.WAITING_TIME:
                return f"an expected waiting time of at most {limit}"
            case Quantity.IN_TIME:
                return f"done within {self.window} with a probability of at least {limit}"
            case Quantity.THROUGHPUT:
                return f"at least {limit} pairs per unit of time"
        return f"at least {limit} of key ({self.protocol}) per unit of time"

    @property
    def noun(self) -> str:
        """What its values are called."""
        return "probability_in_time" if self.quantity is Quantity.IN_TIME else str(self.quantity)

    def to_dict(self) -> dict[str, Any]:
        """The objective as JSON data."""
        found: dict[str, Any] = {"quantity": self.noun, "limit": str(self.limit)}
        if self.quantity is Quantity.IN_TIME:
            found["window"] = str(self.window)
        if self.quantity is Quantity.KEY_RATE:
            found["protocol"] = self.protocol
        return found

    def measure(self, problem: Problem, progress: Callable[[str], None] = silent) -> Measured:
        """What hardware attains at best, with what is proved.

        Raises
        ------
        InfiniteLevelsError
            If nothing is known about targets with infinitely many levels.
        LimitError
            If a program does not fit into this machine's memory, or nothing is known when time is over.
        """
        if self.quantity is Quantity.FIDELITY:
            return self._reached(problem)
        try:
            value, bound = self._attained(problem, progress)
        except InfiniteLevelsError:
            raise
        except (InfeasibleError, UnreachableTargetError):
            value = bound = self.worst
        except LimitError as error:
            if error.lower_bound is None or self.quantity is not Quantity.WAITING_TIME:
                raise
            value, bound = self.worst, error.lower_bound
        return Measured(value, bound, self.meets(value), self.meets(bound))

    def _attained(self, problem: Problem, progress: Callable[[str], None]) -> tuple[float, float]:
        """The value of the best policy, and the bound that is proved."""
        precise: dict[str, Any] = {"within": self.within, "time_limit": self.time_limit, "progress": progress}
        if self.quantity is Quantity.WAITING_TIME:
            solution = solve(problem, **precise)
            return solution.waiting_time, solution.lower_bound
        if self.quantity is Quantity.IN_TIME:
            found = deadline(problem, self.window or 0, progress=progress)
            return found.late, found.late if found.greatest is None else min(found.late, 1 - found.greatest)
        if self.quantity is Quantity.THROUGHPUT:
            rate: Any = throughput(problem, **precise)
        else:
            rate = key_rate(problem, self.protocol, **precise)
        return rate.gain, rate.upper_bound

    def _reached(self, problem: Problem) -> Measured:
        """The limit of what so many memories can make.

        Raises
        ------
        ModelError
            If rules or memories that forget may keep it from what the map can reach.
        """
        if problem.rules or problem.hardware.coherence_time is not None:
            what = "rules" if problem.rules else "coherence_time"
            raise ModelError(
                what, "may keep pairs below what the map can reach; give a waiting_time too, however long", None
            )
        reach = problem.reach
        met = reach.memories_needed is not None and reach.memories_needed <= problem.memories
        return Measured(reach.memory_limit, reach.memory_limit, met, met)


def _require_company(given: Mapping[str, Any], quantity: Quantity) -> None:
    """Refuse what belongs to another quantity, or what lacks what belongs to it."""
    if quantity is Quantity.IN_TIME:
        if given.get("confidence") is None:
            raise ModelError("confidence", "is missing: the probability to be done within the window", None)
        within, _ = measured(given[quantity], "window", TIMES)
        if within <= 0:
            raise ModelError("window", "must be above 0", given[quantity])
    elif given.get("confidence") is not None:
        raise ModelError("confidence", "belongs to a window; give one, or leave it out", given["confidence"])
    if quantity is Quantity.KEY_RATE:
        if given.get(Quantity.FIDELITY) is not None:
            raise ModelError("fidelity", "has no meaning for key, which any pair is worth; leave it out", None)
    elif given.get("protocol") is not None:
        raise ModelError("protocol", "belongs to a key_rate; give one, or leave it out", given["protocol"])


def _limit(quantity: Quantity, given: Any) -> Fraction:
    """The number that is asked for."""
    if quantity is Quantity.WAITING_TIME:
        limit, _ = measured(given, quantity, TIMES)
        if limit <= 0:
            raise ModelError(quantity, "must be above 0", given)
        return limit
    if quantity in RATES:
        rate = exact(given, quantity)
        if rate <= 0:
            raise ModelError(quantity, "must be above 0", given)
        return rate
    return _within("fidelity" if quantity is Quantity.FIDELITY else "confidence", given, 1)


def _within(name: str, given: Any, most: int) -> Fraction:
    """A share."""
    found = exact(given, name)
    if not 0 < found <= most or (name == "confidence" and found == most):
        raise ModelError(name, f"must be above 0 and {'below' if name == 'confidence' else 'at most'} {most}", given)
    return found


def require_unit(objective: Objective, given: Mapping[str, Any], problem: Problem) -> None:
    """Refuse a waiting time with a unit where the times of the problem have none; of windows, the deadline does."""
    name = objective.quantity
    if name is Quantity.WAITING_TIME and problem.hardware.unit is not Unit.SECONDS:
        _, stated = measured(given[name], name, TIMES)
        if stated:
            raise ModelError(name, UNMEASURED, given[name])
