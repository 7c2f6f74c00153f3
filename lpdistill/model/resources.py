"""Resources: what actions use besides time, and what a unit of each costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import index as whole_number
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arguments import named, wrong_type
from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ModelError, names_like
from lpdistill.model.actions import Step

if TYPE_CHECKING:
    from lpdistill.model.dynamics import Dynamics


@dataclass(frozen=True, slots=True)
class Usage:
    """What some columns do, as numbers and arrays that broadcast against each other.

    Attributes
    ----------
    dynamics, columns
        The columns and their numbers.
    steps
        1 for a step, 0 for a discard, which takes none.
    duration
        Duration of the step.
    attempts, distillations
        Generation attempts and distillations.
    failures
        Expected number of distillations that fail.
    reaching
        Probability that the step's distillations reach the target.
    stored
        Pairs stored at the start of the step.
    configuration
        Computes the rank of the configuration of each column, of the full shape.
    """

    dynamics: Dynamics
    columns: IntArray
    steps: float | FloatArray
    duration: float | FloatArray
    attempts: IntArray
    distillations: int | IntArray
    failures: FloatArray
    reaching: FloatArray
    stored: IntArray
    configuration: Callable[[], IntArray]


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
        return usage.dynamics.tabulated(self)[usage.columns]

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


class StandardResource(Resource):
    """A resource that the model knows, computed for all columns at once."""

    def __init__(
        self,
        name: str,
        formula: Callable[[Usage], Any],
        *,
        touches_generation: bool,
    ) -> None:
        self.name = name
        self._formula = formula
        self.touches_generation = touches_generation

    def amounts(self, usage: Usage) -> FloatArray:
        """What columns use of it."""
        return np.asarray(self._formula(usage), dtype=np.float64)

    def __reduce__(self) -> tuple[Callable[[str], Resource], tuple[str]]:
        """There is one such resource of each name, also after pickling."""
        return _standard, (self.name,)


class Visits(Resource):
    """The number of steps that start in one of some configurations.

    Parameters
    ----------
    configurations
        The configurations, each as pairs at every level.
    name
        How budgets and tables call it.

    Examples
    --------
    >>> Visits([(2, 1), (0, 2)])
    Resource('visits (2, 1) (0, 2)')
    """

    def __init__(self, configurations: Iterable[tuple[int, ...]], name: str | None = None) -> None:
        try:
            self.configurations = tuple(tuple(int(whole_number(n)) for n in counts) for counts in configurations)
        except TypeError:
            raise ModelError("visits", "must name configurations, such as [(2, 1)]", configurations) from None
        if not self.configurations or min((n for counts in self.configurations for n in counts), default=-1) < 0:
            raise ModelError("visits", "must name at least one configuration, such as (2, 1)", configurations)
        self.name = name or "visits " + " ".join(map(str, self.configurations))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Visits) and (self.name, self.configurations) == (other.name, other.configurations)

    def __hash__(self) -> int:
        return hash((self.name, self.configurations))

    def amounts(self, usage: Usage) -> FloatArray:
        """One for every step that starts in one of the configurations."""
        known = usage.dynamics.configurations
        try:
            ranks = known.rank(np.array(self.configurations, dtype=np.int64))
        except (ValueError, TypeError):
            raise ModelError(
                self.name,
                f"must name configurations of {known.kinds} counts, one per level, that sum to at most {known.most}",
                self.configurations,
            ) from None
        return np.asarray(usage.steps * np.isin(usage.configuration(), ranks))


RESOURCES: Mapping[str, Resource] = {
    resource.name: resource
    for resource in (
        StandardResource("steps", lambda use: use.steps, touches_generation=False),
        StandardResource("generation_attempts", lambda use: use.attempts, touches_generation=True),
        StandardResource(
            "raw_pairs", lambda use: use.dynamics.generation.success * use.attempts, touches_generation=True
        ),
        StandardResource("distillations", lambda use: use.distillations, touches_generation=False),
        StandardResource("failed_distillations", lambda use: use.failures, touches_generation=False),
        StandardResource("memory_time", lambda use: use.stored * use.duration, touches_generation=True),
    )
}
"""The resources that every problem has, by name: what :class:`~lpdistill.solution.resources.Expected` reports."""


REACHING = StandardResource("reaching", lambda use: use.reaching, touches_generation=True)
"""The probability that a step reaches the target, as a resource."""


def _standard(name: str) -> Resource:
    """The resource of the model that has a name."""
    return REACHING if name == REACHING.name else RESOURCES[name]


def resource_of(resource: object, where: str) -> Resource:
    """The resource that a user means.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if isinstance(resource, Resource):
        return resource
    if not isinstance(resource, str):
        known = f"{', '.join(RESOURCES)}, or a Resource of your own"
        raise wrong_type(where, f"must name a resource, not be {named(resource)}: {known}", resource)
    if resource not in RESOURCES:
        raise ModelError(where, f"must name a resource: {names_like(RESOURCES, resource)}", resource)
    return RESOURCES[resource]


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
