r"""Segments of a parameter on each of which one policy is proved to deliver most pairs per unit of time.

With its gain ``g`` and bias ``h``, a policy delivers most if no column has a negative reduced cost
:math:`h(s) + g \tau - r - P h`.  Both are quotients of integer polynomials in the parameter over one denominator.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

from flint import fmpz, fmpz_poly

from lpdistill.arrays import IntArray
from lpdistill.hardware.actions import Attempts
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.columns import Columns
from lpdistill.process.factored.dynamics import Continued, Dynamics
from lpdistill.process.factored.variation import varied
from lpdistill.process.resources import REACHING
from lpdistill.process.tariff import Tariff
from lpdistill.program.average import steady
from lpdistill.program.label_models import Rounded
from lpdistill.progress import silent
from lpdistill.rates.models import Earning, RateModel
from lpdistill.solution.dead_ends import require_live
from symbolic.algebra.rational_function import RationalFunction
from symbolic.exact.chain import ExactChain
from symbolic.exact.charges import Amounts, Charges
from symbolic.exact.model import ExactModel, Parameters, elements, scalar
from symbolic.maps.sweep import Axis, Pricing, Quantity, Sweep, all_reduced_costs
from symbolic.steady.gain import GainFunctions, delivered

X = fmpz_poly([0, 1])
"""The parameter as a polynomial."""


@dataclass(frozen=True, kw_only=True)
class TimedCharges(Charges):
    """What time costs at a gain, less what is delivered: polynomials in the parameter.

    Attributes
    ----------
    durations
        Of the kinds of steps, polynomials too.
    reward
        What columns deliver.
    gain, each
        What a unit of both is worth.
    """

    durations: tuple[Any, Any, Any]
    reward: Amounts
    gain: Any
    each: Any

    @cached_property
    def unit(self) -> int:
        """What charges are divided by."""
        return 1

    def of(self, columns: IntArray | Columns) -> Any:
        """The charges of some columns, or of what they do, (columns,)."""
        what = columns if isinstance(columns, Columns) else self.dynamics.numbering.describe(columns)
        times = elements(list(self.durations))[what.kind]
        return times * scalar(self.gain) - self.reward.whole(what) * scalar(self.each)


class RateSweep(Sweep):
    """The search for segments of rates."""

    quantity: ClassVar[Quantity] = Quantity.GAIN

    def _process(self) -> Dynamics:
        require_live(Dynamics(self.problem))  # or nothing is delivered for sure
        return Continued(self.problem, self.problem.attempts, Tariff(0.0, ((REACHING, -1.0),)))

    def _certain(self, dynamics: Dynamics) -> Dynamics:
        """The columns where generation is certain, and memories are empty again only where some attempts are left."""
        return varied(Continued(dynamics.problem, Attempts.ALL, dynamics.tariff), p=1)

    def _optimal(self, there: Dynamics, columns: IntArray) -> IntArray:
        return steady(there, columns=columns).policy.choice.columns

    def optimum(self, point: Fraction, columns: IntArray) -> Rounded:  # noqa: ARG002 - found anew
        """The optimum at a point, as floating-point numbers have it."""
        found = RateModel.of(PROBLEM.meant(self.at(point), "map"), Earning(), silent)
        assert found is not None  # noqa: S101 - it has a gain
        return found

    def _priced(self, model: ExactModel, columns: IntArray) -> Pricing:
        """Gain and reduced costs of a policy along the axis."""
        chain, reward = ExactChain(model, columns[columns >= 0]), delivered(model.dynamics)
        if self.axis is Axis.P:
            chain.require(degree=True)
        degree = chain.degree if self.axis is Axis.P else 1
        found = GainFunctions.of(chain.rows, lambda point: self._numbers(fmpz(point)), reward, degree)
        at, (won, of) = self._numbers(X), self._chance
        values = elements([0 * X] * model.dynamics.size)
        values[chain.configuration] = -found.bias
        each = found.denominator * (won if self._made_and_gone else 1)
        charges = TimedCharges(
            model.dynamics, (), durations=at.durations, reward=reward, gain=found.gain * won, each=each
        )
        costs = all_reduced_costs(model, values, fmpz(1), at.charging(charges))
        return Pricing(columns, found.gain * won * at.unit, found.denominator * of * reward.unit, *costs)

    @cached_property
    def _made_and_gone(self) -> bool:
        """Whether raw pairs are delivered, so that attempts change nothing."""
        return self.problem.levels.raw is None

    @property
    def _chance(self) -> tuple[Any, int]:
        """What a gain over the chance of an attempt is to be multiplied with, and divided by."""
        p = self.model.dynamics.problem.hardware.p
        if self.axis is Axis.P:
            return X, 1
        return p.numerator + 0 * X, p.denominator if self._made_and_gone else 1

    def _numbers(self, x: Any) -> Parameters:
        """Chances and durations, for an integer or polynomial in place of the parameter."""
        if self.axis is Axis.P:
            return Parameters.of(self.model.dynamics, 0 * x if self._made_and_gone else x, fmpz(1))
        exact, time = Parameters.rational(self.model.dynamics), self.model.dynamics.problem.hardware.generation_time
        durations = fmpz(time.numerator), time.numerator * x, fmpz(0)
        return Parameters(exact.success, exact.total, durations, time.denominator)

    def _value(self, found: Pricing) -> RationalFunction:
        """The gain of a policy along the axis."""
        return RationalFunction.quotient(found.value, found.denominator, str(self.axis))
