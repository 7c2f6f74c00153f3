"""What columns use, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Step


class Numbered(Protocol):
    """Configurations as counts of pairs."""

    @property
    def most(self) -> int:
        """The most pairs that they count."""
        ...

    @property
    def kinds(self) -> int:
        """Number of levels."""
        ...

    def rank(self, counts: IntArray) -> IntArray:
        """Ranks of count vectors; ValueError where there is no such vector."""
        ...


class Tabulated(Protocol):
    """What resources ask of the columns that are used."""

    @property
    def configurations(self) -> Numbered:
        """All configurations."""
        ...

    def tabulated(self, resource: Resource) -> FloatArray:
        """What every column uses of a resource that is a function of the step, (columns,)."""
        ...


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a step does, of which the amounts of resources are made.

    The same formula makes them of arrays, of exact numbers, and of what happened in simulated runs.

    Attributes
    ----------
    steps
        1 for a step, 0 for a discard, which takes none.
    duration
        Duration of the step.
    attempts, made
        Generation attempts, and the expected number of raw pairs that they make.
    distillations, failures
        Distillations, and the expected number that fail.
    stored
        Pairs stored at the start of the step.
    """

    steps: Any
    duration: Any
    attempts: Any
    made: Any
    distillations: Any
    failures: Any
    stored: Any


@dataclass(frozen=True, slots=True)
class Usage(Quantities):
    """What some columns do, as numbers and arrays that broadcast against each other.

    Attributes
    ----------
    kernel, columns
        All columns, and the numbers of these.
    delivering
        Probability that the step delivers a pair that meets the target; or how many it does, where a run goes on.
    configuration, removed
        Compute the rank of the configuration of each column, and the level of the pair that it takes out of its memory
        for no time, -1 for none; of the full shape.
    """

    kernel: Tabulated
    columns: IntArray
    delivering: FloatArray
    configuration: Callable[[], IntArray]
    removed: Callable[[], IntArray]


class Resource:
    """Something that actions use, as a function of the action in its configuration.

    Parameters
    ----------
    name
        How budgets, messages and tables call it.
    function
        What an action uses: a function of a :class:`Step` that returns a finite number, not negative.

    Examples
    --------
    Energy, with two units an attempt and five a distillation:

    >>> from lpdistill import Budget, Problem, Resource, solve
    >>> energy = Resource("energy", lambda step: 2 * step.generate + 5 * len(step.distil))
    >>> solution = solve(Problem(0.5, 3, "3/4", "79/100").with_constraints(Budget(energy, 38)))
    >>> round(solution.budgets["energy"].used, 9)
    38.0
    """

    touches_generation = True
    """Whether the resource may depend on the number of attempts, or on what is stored."""

    def __init__(self, name: str, function: Callable[[Step], float]) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ModelError("resource", "must have a name", name)
        if not callable(function):
            raise ModelError(f"resource {name}", "must be a function of a step that returns a number", function)
        self.name = name
        self._function = function

    def amounts(self, usage: Usage) -> FloatArray:
        """What columns use of it, in a shape that broadcasts to that of the columns."""
        return usage.kernel.tabulated(self)[usage.columns]

    def measured(self, step: Step) -> float:
        """What one action uses.

        Raises
        ------
        ModelError
            If the function raises, or returns anything but a finite number that is not negative.
        """
        where = f"resource {self.name}"
        try:
            found = self._function(step)
            number = float(found)
        except Exception as error:
            raise ModelError(where, f"raised {type(error).__name__}: {error}; it was asked about", str(step)) from error
        if not math.isfinite(number) or number < 0:
            raise ModelError(where, f"must be a finite number >= 0 for every step, for ({step}) it is not", found)
        return number

    def __eq__(self, other: object) -> bool:
        if type(self) is Resource and type(other) is Resource:
            return self.name == other.name and self._function == other._function
        return self is other

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f"Resource({self.name!r})"


@dataclass(frozen=True)
class Tariff:
    """What a column costs: a price for time, and one for each unit of some resources.

    Attributes
    ----------
    time
        Price of a unit of time.
    prices
        Price of a unit of each resource.
    """

    time: float = 1.0
    prices: tuple[tuple[Resource, float], ...] = ()

    def plus(self, prices: Iterable[tuple[Resource, float]]) -> Tariff:
        """The tariff with more prices on top; those that are zero say nothing."""
        return Tariff(self.time, self.prices + tuple((what, price) for what, price in prices if price))

    def cost(self, time: FloatArray, amounts: Callable[[Resource], FloatArray]) -> FloatArray:
        """What columns cost that take so much time, and use so much of each resource."""
        cost = self.time * time
        for resource, price in self.prices:
            cost = cost + price * amounts(resource)
        return cost

    @property
    def signed(self) -> bool:
        """Whether a column may cost less than nothing."""
        return any(price < 0 for _, price in self.prices)

    @property
    def unsigned(self) -> Tariff:
        """The tariff with all prices positive."""
        return Tariff(self.time, tuple((what, abs(price)) for what, price in self.prices))


TIME = Tariff()
"""Only time counts."""
