r"""What every parameter is worth for a rate: derivatives of the gain, without solving again.

With the rates ``x`` at which the optimal policy takes its columns, and values ``V``, what the future costs beyond the
average, the envelope theorem gives

.. math::

    \frac{dg}{d\theta} = -\sum_{s,a} x(s,a) \Bigl[\frac{\partial c(s,a)}{\partial\theta}
        + g\,\frac{\partial \tau(s,a)}{\partial\theta}
        + \sum_{s'} \frac{\partial P(s' \mid s,a)}{\partial\theta}\, V(s')\Bigr],

where costs ``c`` are less than nothing for what is earned, and contain the prices of limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.problem.problem import Problem
from lpdistill.process.tariff import Resource, Tariff, Usage
from lpdistill.program.holding import Face
from lpdistill.program.steadily import Terms
from lpdistill.rates.given import RATE
from lpdistill.rates.rate import Rate
from lpdistill.worth.sensitivity import Derivative, Derivatives, derivative_of
from lpdistill.worth.slopes import Parameter, Slopes, meets_target


@dataclass(frozen=True, repr=False, eq=False)
class RateSensitivity(Derivatives):
    """What the parameters are worth at a greatest rate.

    Attributes
    ----------
    problem
        What was asked.
    gain
        The greatest rate.
    derivatives
        Of the gain, by parameter; limits of budgets stay what they are.
    jump
        Whether a tree meets the target exactly: the gain jumps for any smaller ``f0``.
    """

    _KIND: ClassVar[str] = "rate-sensitivity"
    _noun, _short, _less = "gain", "gain", False

    problem: Problem
    gain: float
    derivatives: Mapping[str, Derivative]
    jump: bool

    @property
    def _question(self) -> Problem:
        return self.problem

    @property
    def _asked(self) -> Problem:
        return self.problem

    @property
    def _value(self) -> float:
        return self.gain


class Slope(Resource):
    """What columns add to a derivative, as if they used it.

    Parameters
    ----------
    values
        What each column adds, (all columns,).
    """

    def __init__(self, values: FloatArray) -> None:
        self.values, self.name = values, "slope"

    def amounts(self, usage: Usage) -> FloatArray:
        """What some columns add."""
        return self.values[usage.columns]


def rate_sensitivity(rate: Rate) -> RateSensitivity:
    """Derivatives of the greatest rate by every parameter.

    Where several policies are optimal, and a slightly greater parameter chooses another one than a slightly smaller,
    there are two.  Limits of budgets are held fixed.

    Parameters
    ----------
    rate
        What :func:`lpdistill.throughput` returned, without tenants and labels.

    Raises
    ------
    ModelError
        If the rate is one of key or of tenants, or labels stand for its levels.
    NotCertifiedError
        If the price of a budget is not unique.

    Examples
    --------
    >>> from lpdistill import Problem, throughput
    >>> found = rate_sensitivity(throughput(Problem("1/2", 3, "3/4", "79/100")))
    >>> round(found.derivatives["p"].value, 6), round(found.derivatives["generation_time"].value, 6)
    (0.082929, -0.035076)
    """
    rate = RATE.meant(rate, "rate")
    if rate.earning.worth is not None or rate.earning.users or rate.found.labelling is not None:
        named = "worth" if rate.earning.worth is not None else "tenants" if rate.earning.users else "target"
        raise ModelError(
            named, "leaves no derivatives: these are of pairs counted on levels that are finitely many", None
        )
    for use in rate.uses:
        if use.degenerate:
            raise NotCertifiedError(
                f"budget {use.budget.name}: more than one price would do at the limit {use.limit:g}, and derivatives "
                "depend on it; move the limit a little to one side"
            )
    problem, optimum = rate.problem, rate.found.model.optimum
    face = Face.of(optimum, Terms(problem.budgets))
    process = face.process.under(Tariff(face.gain, face.process.tariff.prices))
    values = np.where(np.isfinite(face.values), face.values, 0.0)
    slopes, found = Slopes(process, face.columns), {}
    for parameter in Parameter:
        each = np.zeros(process.column_count)
        each[face.columns] = -slopes.of(parameter, values)
        below = above = float(each[optimum.columns] @ optimum.rates)
        if len(face.columns) > int(np.count_nonzero(process.live)) + len(problem.budgets):
            least, most = face.extremes(Slope(each))
            below, above = below if least is None else least, above if most is None else most
        found[str(parameter)] = derivative_of(problem, parameter, below, above, rate.gain)
    return RateSensitivity(problem, rate.gain, found, meets_target(problem))
