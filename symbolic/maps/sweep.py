r"""Segments of a parameter on each of which one policy is proved optimal in every configuration.

At a rational point of a gap the optimal policy is found and its reduced costs are written as quotients of integer
polynomials in the parameter over one denominator.  It stays optimal as far to the right and to the left as none of the
numerators changes sign; what is left of the gap on either side is searched in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from flint import fmpq_poly, fmpz, fmpz_poly

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.problem.problem import Problem, last_step_time
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.variation import varied
from lpdistill.program.label_models import Model, Rounded
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.solution.dead_ends import require_live
from symbolic.algebra.algebraic_numbers import AlgebraicNumber, first_sign_change
from symbolic.algebra.rational_function import RationalFunction, fraction, rational, simplest_between
from symbolic.exact.chain import ExactChain
from symbolic.exact.labels import doing
from symbolic.exact.model import Element, Elements, ExactModel, Parameters, elements, scalar

MOST_ROUNDS_AT_A_POINT = 100
"""Rounds of exact policy iteration at one point, far beyond what is ever needed."""

MOST_WORK = 3_000_000_000
"""Bound on ``configurations**2 * degree * columns``, which takes some minutes."""


class Axis(StrEnum):
    """The parameter along which optimal policies are mapped."""

    P = "p"
    """The generation probability, ``0 < p <= 1``."""
    RATIO = "tau_d/tau_g"
    """The duration of a distillation step over that of a generation step, above 0."""


class Quantity(StrEnum):
    """What a map is of."""

    WAITING_TIME = "waiting_time"
    """The least expected waiting time."""
    GAIN = "gain"
    """The greatest number of pairs per unit of time."""

    @property
    def words(self) -> str:
        """Its name in tables."""
        return self.replace("_", " ")

    @property
    def symbol(self) -> str:
        """Its name in formulas."""
        return "T" if self is Quantity.WAITING_TIME else "g"


@dataclass(frozen=True)
class Segment:
    """Where one policy is optimal in every configuration.

    Attributes
    ----------
    low, high
        Ends of the segment (None: infinity); the policy is optimal at the ends, too.
    columns
        The policy, (configurations,).
    tight
        All columns whose reduced costs are zero on the whole segment, increasing.
    value
        Least expected waiting time on the segment, or greatest gain.
    """

    low: AlgebraicNumber
    high: AlgebraicNumber | None
    columns: IntArray
    tight: IntArray
    value: RationalFunction


@dataclass(frozen=True)
class Pricing:
    """A policy along the parameter: values over one denominator, and the numerators of all reduced costs.

    Attributes
    ----------
    columns
        The policy, (configurations,); -1 at dead ends.
    value, denominator
        Time to go from empty memories, or the gain, is their quotient, two integer polynomials.
    reduced_costs
        Numerators of the reduced costs of all columns that are allowed, (columns,); up to a common sign.
    owner, priced
        Configuration and number of each of them, (columns,).
    """

    columns: IntArray
    value: Any
    denominator: Any
    reduced_costs: Elements
    owner: IntArray
    priced: IntArray


@dataclass(frozen=True)
class Sweep:
    """The search for segments.

    Attributes
    ----------
    problem, axis
        What is fixed, and what varies.
    progress
        Told what is being done.
    """

    problem: Problem
    axis: Axis
    progress: Callable[[str], None]

    quantity: ClassVar[Quantity] = Quantity.WAITING_TIME

    def _process(self) -> Dynamics:
        """All columns."""
        return Dynamics(self.problem)

    @cached_property
    def model(self) -> ExactModel:
        """The columns along the axis: along ``p``, those that the rules leave below 1.

        Raises
        ------
        ModelError
            If the rules leave other dead ends where generation is certain.
        InfeasibleError
            If they leave no policy.
        """
        dynamics = self._process()
        if self.axis is Axis.P:
            dynamics = varied(dynamics, p=Fraction(1, 2))
            if (self._certain(dynamics).live != dynamics.live).any():
                raise ModelError("rules", "leave other dead ends at p = 1 than below, where a map has no piece", None)
        require_live(dynamics)
        return ExactModel.rational(dynamics)

    def _certain(self, dynamics: Dynamics) -> Dynamics:
        """The columns where generation is certain."""
        return varied(dynamics, p=1)

    def _everywhere(self, columns: IntArray) -> IntArray:
        """Columns of the live configurations as an entry for every configuration, -1 elsewhere, (configurations,)."""
        found = np.full(self.model.dynamics.size, -1, dtype=np.int64)
        found[self.model.dynamics.live] = columns
        return found

    def segments(self) -> list[Segment]:
        """Segments that cover the whole range of the parameter, in order.

        Raises
        ------
        LimitError
            If the work would take too long.
        """
        model = self.model
        policy = self._everywhere(model.dynamics.admission.proper())
        self._require(model, policy)
        end = AlgebraicNumber.rational(1) if self.axis is Axis.P else None
        gaps: list[tuple[AlgebraicNumber, AlgebraicNumber | None]] = [(AlgebraicNumber.rational(0), end)]
        found: list[Segment] = []
        while gaps:
            low, high = gaps.pop()
            point = inner_point(low, high)
            segment = self._segment(model, policy, point, (low, high))
            policy = segment.columns
            found.append(segment)
            gaps += [(low, segment.low)] if segment.low is not low else []
            gaps += [(segment.high, high)] if segment.high is not None and segment.high is not high else []
            self.progress(f"{len(found):,} segments, {len(gaps):,} gaps left")
        return sorted(found, key=lambda segment: segment.low.low)

    def _require(self, model: ExactModel, policy: IntArray) -> None:
        """Refuse maps that would take too long."""
        configurations, columns = int(np.count_nonzero(policy >= 0)), len(model.dynamics.columns)
        degree = ExactChain(model, policy[policy >= 0]).degree if self.axis is Axis.P else 1
        work = configurations**2 * degree * columns
        if work > MOST_WORK:
            raise LimitError(
                f"memories: a map with {configurations:,} configurations, {columns:,} columns and functions of "
                f"degree up to {degree:,} would take too long; take fewer memories, or a target with fewer levels",
                size={"configurations": configurations, "columns": columns, "degree": degree},
            )

    def _segment(
        self, model: ExactModel, policy: IntArray, point: Any, gap: tuple[AlgebraicNumber, AlgebraicNumber | None]
    ) -> Segment:
        """The segment around a rational point of a gap."""
        low, high = gap
        columns = self._guess(policy, fraction(point))
        for _ in range(MOST_ROUNDS_AT_A_POINT):
            found = self._priced(model, columns)
            sign = 1 if found.denominator(point) > 0 else -1
            values = [sign * cost(point) for cost in found.reduced_costs]
            negative = np.array([value < 0 for value in values])
            if negative.any():
                columns = columns.copy()
                columns[found.owner[negative]] = found.priced[negative]
                continue
            zero = np.array([cost == 0 for cost in found.reduced_costs])
            if any(value == 0 for value, always in zip(values, zero, strict=True) if not always):
                point = (point + rational(inner_end(low, high))) / 2
                continue
            varying = list(found.reduced_costs[~zero])
            right = first_sign_change(varying, point, high)
            mirrored = [cost(fmpz_poly([0, -1])) for cost in varying]
            negated = low.negated()
            left = first_sign_change(mirrored, -point, negated)
            return Segment(
                low if left is negated or left is None else left.negated(),
                right,
                columns,
                doing(model.dynamics, found.priced[zero]),
                self._value(found),
            )
        raise NotCertifiedError(f"exact policy iteration did not end within {MOST_ROUNDS_AT_A_POINT} rounds")

    def _guess(self, policy: IntArray, point: Fraction) -> IntArray:
        """The optimal policy at a point, as floating point finds it, starting from a given one."""
        there = self.at(point)
        try:
            return self._everywhere(self._optimal(there, policy[policy >= 0]))
        except NotCertifiedError:
            return policy

    def _optimal(self, there: Dynamics, columns: IntArray) -> IntArray:
        """The optimal policy of some columns, from another one."""
        return policy_iteration(there, columns).policy.columns

    def optimum(self, point: Fraction, columns: IntArray) -> Rounded:
        """The optimum at a point, which is a given policy, as floating-point numbers have it."""
        there, columns = self.at(point), columns[columns >= 0]
        plan = Plan.of(there.choose(columns), np.ones(len(columns)))
        return Model(self.problem, there, columns, plan, np.where(there.live, plan.values, np.inf))

    def at(self, point: Fraction) -> Dynamics:
        """The columns at a point of the axis."""
        if self.axis is Axis.P:
            return varied(self.model.dynamics, p=point)
        return varied(self.model.dynamics, distillation_time=point * self.problem.generation_time)

    def _priced(self, model: ExactModel, columns: IntArray) -> Pricing:
        """Values and reduced costs of a policy along the axis."""
        chain = ExactChain(model, columns[columns >= 0])
        known, weight, at = self._values_in_p(chain) if self.axis is Axis.P else self._values_in_ratio(chain)
        values = elements([0 * known[0]] * model.dynamics.size)
        values[chain.configuration] = known
        return Pricing(columns, values[0], weight * at.unit, *all_reduced_costs(model, values, weight, at))

    @staticmethod
    def _values_in_p(chain: ExactChain) -> tuple[Elements, Element, Parameters]:
        """Values as integer polynomials in ``p`` over one denominator."""
        found = chain.functions()
        at = Parameters.of(chain.model.dynamics, fmpz_poly([0, 1]), fmpz_poly([1]))
        return elements(found.numerators()), found.denominator // at.unit, at

    @staticmethod
    def _values_in_ratio(chain: ExactChain) -> tuple[Elements, Element, Parameters]:
        """Values as integer polynomials in the ratio of durations, of degree one, over an integer."""
        exact = Parameters.rational(chain.model.dynamics)
        time = chain.model.dynamics.problem.hardware.generation_time
        apart = [
            chain.moments(Parameters(exact.success, exact.total, (fmpz(waits), fmpz(distils), fmpz(0)), 1))
            for waits, distils in ((time.numerator, 0), (0, time.numerator))
        ]
        common = apart[0].first_denominator * apart[1].first_denominator
        alone = [part.first * (common / part.first_denominator) for part in apart]
        durations = fmpz_poly([time.numerator]), fmpz_poly([0, time.numerator]), fmpz_poly([0])
        at = Parameters(exact.success, exact.total, durations, time.denominator)
        return alone[0] + alone[1] * scalar(fmpz_poly([0, 1])), fmpz_poly([common]), at

    def _value(self, found: Pricing) -> RationalFunction:
        """The waiting time of a policy along the axis."""
        problem, last = self.problem, fmpq_poly([0])
        if problem.final_step is FinalStep.FREE:
            varies = self.axis is Axis.RATIO and problem.levels.raw is not None
            time = problem.generation_time if varies else last_step_time(problem)
            last = fmpq_poly([0, 1] if varies else [1]) * rational(time)
        return RationalFunction.quotient(found.value - last * found.denominator, found.denominator, str(self.axis))


def all_reduced_costs(
    model: ExactModel, values: Elements, weight: Element, at: Parameters
) -> tuple[Elements, IntArray, IntArray]:
    """Reduced costs of all columns that are allowed, times positive scales, with their configurations and numbers."""
    parts = list(model.reduced_costs(values, weight, at))
    costs, owner, priced = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("value", "configuration", "columns")
    )
    return costs, owner, priced


def inner_end(low: AlgebraicNumber, high: AlgebraicNumber | None) -> Fraction:
    """A rational above ``low`` and not above ``high``."""
    if high is None:
        return 2 * low.high + 1
    while low.high >= high.low:
        low, high = low.refined(low.width / 4), high.refined(high.width / 4)
    return high.low


def inner_point(low: AlgebraicNumber, high: AlgebraicNumber | None) -> Any:
    """A rational point between two numbers."""
    end = inner_end(low, high)
    while low.high >= end:
        low = low.refined(low.width / 4)
    third = (end - low.high) / 3
    return rational(simplest_between(low.high + third, end - third))
