r"""How columns depend on the parameters: derivatives of costs and of expected values.

With the occupation ``x`` of an optimal policy and its values ``V``, the envelope theorem gives

.. math::

    \frac{dT}{d\theta} = \sum_{s,a} x(s,a) \Bigl[\frac{\partial c(s,a)}{\partial\theta}
        + \sum_{s'} \frac{\partial P(s' \mid s,a)}{\partial\theta}\, V(s')\Bigr],

so that the *slope* of a column, the bracket, is all that is needed; no policy is re-optimised.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.physics.levels import Tree
from lpdistill.physics.maps import DistillationMap, Pair
from lpdistill.physics.truncation import Other
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import StandardResource
from lpdistill.process.tariff import Resource, Usage

NEARBY = Fraction(1, 10**40)
"""Step of a difference quotient over the rationals, where nothing cancels: its error is of the order of its square."""


class Parameter(StrEnum):
    """The parameters of a problem that are numbers."""

    P = "p"
    F0 = "f0"
    GENERATION_TIME = "generation_time"
    DISTILLATION_TIME = "distillation_time"


@dataclass(frozen=True)
class Slopes:
    """Derivatives of some columns by the parameters.

    The levels are those of the problem: by ``f0`` their fidelities and success probabilities change, but not which
    levels there are, and the target stays where it is.

    Attributes
    ----------
    dynamics
        Where the columns come from.
    columns
        Their numbers, (columns,).
    """

    dynamics: Dynamics
    columns: IntArray

    @cached_property
    def usage(self) -> Usage:
        """What the columns do."""
        return self.dynamics.kernel.usage(self.columns)

    @cached_property
    def _choice(self) -> Any:
        return self.dynamics.choose(self.columns)

    def expected(self, parameter: Parameter, values: FloatArray) -> FloatArray:
        """Derivative of the expected value after each column, (columns,), for values of the configurations."""
        match parameter:
            case Parameter.P:
                return np.asarray(self._choice.outcomes @ self.dynamics.kernel.generation.slopes(values))
            case Parameter.F0:
                return np.asarray(self._by_f0 @ self.dynamics.kernel.table.tabulate(values))
            case _:
                return np.zeros(len(self.columns))

    def by_success(self, values: FloatArray) -> FloatArray:
        """Derivative of the expected value after each column by each recipe's success, (columns, recipes)."""
        table = self.dynamics.kernel.table.tabulate(values)
        found = [slopes @ table for slopes in self._by_recipe]
        return np.array(found).reshape(len(found), len(self.columns)).T

    @cached_property
    def _by_recipe(self) -> list[sparse.csr_array]:
        """Derivatives of the outcomes by the success probability of each recipe."""
        recipes = range(len(self.dynamics.kernel.matchings.recipes))
        return [self.dynamics.kernel.outcome_slopes(self.columns, recipe) for recipe in recipes]

    @cached_property
    def _by_f0(self) -> sparse.csr_array:
        """Derivatives of the outcomes by ``f0``."""
        total = sparse.csr_array(self._choice.outcomes.shape)
        for slope, by_recipe in zip(self.success_slopes.tolist(), self._by_recipe, strict=True):
            total = total + slope * by_recipe
        return sparse.csr_array(total)

    @cached_property
    def success_slopes(self) -> FloatArray:
        """Derivative of the success probability of each recipe by ``f0``, (recipes,)."""
        return success_slopes(self.dynamics)

    def amounts(self, parameter: Parameter, resource: Resource) -> FloatArray:
        """Derivative of what each column uses of a resource, (columns,); those of users are taken for constant."""
        found = np.zeros(len(self.columns))
        if isinstance(resource, StandardResource):
            found = found + resource.slope(self.usage, **self._moved(parameter))
        return found

    def _moved(self, parameter: Parameter) -> dict[str, FloatArray]:
        """Derivatives of what resources and durations are made of."""
        use = self.usage
        busy = np.asarray(use.distillations) > 0
        match parameter:
            case Parameter.P:
                made = np.asarray(use.attempts, dtype=np.float64)
                at_once = self.dynamics.problem.levels.raw is None and not self.dynamics.kernel.delivery.ends
                return {"made": made, **({"delivering": made} if at_once else {})}
            case Parameter.F0:
                counts = self.dynamics.numbering.describe(self.columns).counts
                moved = {"failures": np.asarray(-counts @ self.success_slopes)}
                if self.dynamics.kernel.delivery.ends:
                    return moved
                reaching = [bool(recipe.reaching) for recipe in self.dynamics.kernel.matchings.recipes]
                return moved | {"delivering": np.asarray(counts @ (self.success_slopes * reaching))}
            case Parameter.GENERATION_TIME:
                return {"duration": np.where(busy, 0.0, use.steps)}
            case Parameter.DISTILLATION_TIME:
                return {"duration": np.where(busy, use.steps, 0.0)}

    def costs(self, parameter: Parameter) -> FloatArray:
        """Derivative of what each column costs under the tariff, (columns,)."""
        tariff, duration = self.dynamics.tariff, self._moved(parameter).get("duration", np.zeros(len(self.columns)))
        found: FloatArray = np.asarray(tariff.time * duration)
        for resource, price in tariff.prices:
            found = found + price * self.amounts(parameter, resource)
        return found

    def of(self, parameter: Parameter, values: FloatArray) -> FloatArray:
        """The slope of each column for values under the tariff, (columns,)."""
        return self.costs(parameter) + self.expected(parameter, values)


def uncharged_slope(problem: Problem, parameter: Parameter) -> float:
    """Derivative of what a free last step takes off the waiting time."""
    last = Parameter.GENERATION_TIME if problem.levels.raw is None else Parameter.DISTILLATION_TIME
    return float(problem.final_step is FinalStep.FREE and parameter is last)


def success_slopes(dynamics: Dynamics) -> FloatArray:
    """Derivative of the success probability of each allowed recipe by ``f0``, (recipes,).

    Trees are followed at two nearby rational fidelities, so that every map is differentiated alike, and to double
    precision.  That of distillations with what is not told apart counts as 0: no exact optimum has them.
    """
    hardware, found = dynamics.problem.hardware, []
    maps = hardware.distillation
    for f0 in (hardware.f0 - NEARBY, hardware.f0 + NEARBY):
        states = [
            level.state if level.made is None else _state(maps, level.made, f0) for level in dynamics.problem.levels
        ]
        consumed = (
            [states[level] for level in reversed(recipe.consumed)] for recipe in dynamics.kernel.matchings.recipes
        )
        known = (pairs if not any(isinstance(one, Other) for one in pairs) else () for pairs in consumed)
        found.append([maps.combine(*pairs).success if pairs else Fraction(0) for pairs in known])
    return np.array([float((above - below) / (2 * NEARBY)) for below, above in zip(*found, strict=True)])


def _state(maps: DistillationMap[Any], tree: Tree, f0: Fraction) -> Pair:
    """The pair that a tree makes of raw pairs of a given fidelity."""
    if tree.children is None:
        state: Pair = maps.raw(f0)
        return state
    made: Pair = maps.combine(*(_state(maps, child, f0) for child in tree.children)).outcomes[tree.outcome][1]
    return made


def meets_target(problem: Problem) -> bool:
    """Whether some tree's fidelity equals the target exactly: a slightly smaller ``f0`` would lose it."""
    if problem.levels.raw is None:
        return problem.f0 == problem.target
    made = (state for made in problem.levels.combinations.values() for _, state in made.outcomes)
    return any(pair.fidelity == problem.target for pair in made)
