"""Resources: what actions use besides time, and what a unit of each costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import index as whole_number
from typing import Any

import numpy as np

from lpdistill.arguments import named, wrong_type
from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import UNIT_OF_TIME
from lpdistill.process.tariff import Resource, Usage


class StandardResource(Resource):
    """A resource that the model knows, computed for all columns at once.

    Parameters
    ----------
    name
        How budgets, messages and tables call it.
    formula
        What a step uses of it: a sum of products of counts, each with at most one of what is made, failures and
        duration.
    touches_generation
        Whether it depends on the number of attempts, or on what is stored.
    unit
        The unit of its amounts; none for a pure number.
    """

    def __init__(self, name: str, formula: Callable[[Any], Any], *, touches_generation: bool, unit: str = "") -> None:
        self.name = name
        self.formula = formula
        self.touches_generation = touches_generation
        self.unit = unit

    def amounts(self, usage: Usage) -> FloatArray:
        """What columns use of it."""
        return np.asarray(self.formula(usage), dtype=np.float64)

    def slope(self, usage: Usage, **moving: Any) -> FloatArray:
        """Derivative of what columns use, for those of what is ``made``, ``failures``, ``duration``, ``delivering``."""
        nothing: dict[str, Any] = dict.fromkeys(("made", "failures", "duration", "delivering"), 0.0)
        still = replace(usage, **nothing)
        moved = replace(still, **moving)
        return np.asarray(self.formula(moved) - self.formula(still), dtype=np.float64)

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
        known = usage.kernel.configurations
        try:
            ranks = known.rank(np.array(self.configurations, dtype=np.int64))
        except (ValueError, TypeError):
            raise ModelError(
                self.name,
                f"must name configurations of {known.kinds} counts, one per level, that sum to at most {known.most}",
                self.configurations,
            ) from None
        return np.asarray(usage.steps * np.isin(usage.configuration(), ranks))


class Worth(Resource):
    """What the pairs are worth whose delivery is a decision.

    Parameters
    ----------
    values
        The worth of a pair of each level, (levels,).
    name
        What it is.
    """

    def __init__(self, values: FloatArray, name: str = "worth") -> None:
        self.values, self.name = values, name

    def amounts(self, usage: Usage) -> FloatArray:
        """What columns that deliver are worth, and 0 for all others."""
        level = usage.removed()
        return np.where(level >= 0, self.values[level], 0.0)


RESOURCES: dict[str, StandardResource] = {
    resource.name: resource
    for resource in (
        StandardResource("steps", lambda use: use.steps, touches_generation=False),
        StandardResource("generation_attempts", lambda use: use.attempts, touches_generation=True),
        StandardResource("raw_pairs", lambda use: use.made, touches_generation=True),
        StandardResource("distillations", lambda use: use.distillations, touches_generation=False),
        StandardResource("failed_distillations", lambda use: use.failures, touches_generation=False),
        StandardResource(
            "memory_time",
            lambda use: use.stored * use.duration,
            touches_generation=True,
            unit=f"memories times the {UNIT_OF_TIME}",
        ),
    )
}
"""The resources that every problem has, by name: what :class:`~lpdistill.solution.resources.Expected` reports.

Another one is another row: budgets, exports, derivatives, simulations and exact results follow.
"""


REACHING = StandardResource("reaching", lambda use: use.delivering, touches_generation=True)
"""The probability that a step reaches the target, or how many pairs it delivers where a run goes on, as a resource."""


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
