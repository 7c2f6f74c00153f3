r"""How far the policy of a greatest rate stays optimal, one parameter at a time.

A policy is as good as any while its gain is the greatest.  From an end where another earns more, the root of their
difference is where that one takes over, unless a third is better there; and so on, until none is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import brentq

from lpdistill.arrays import BoolArray, IntArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.average import Policy, led, steady
from lpdistill.program.chain import Evaluation
from lpdistill.progress import counter, silent
from lpdistill.rates.given import RATE
from lpdistill.rates.rate import Rate
from lpdistill.worth.optimal_range import End, Limit, Range, Takeover
from lpdistill.worth.range_search import AS_GOOD, MOST_ROOTS, NEGLIGIBLE, WITHIN, Along
from lpdistill.worth.slopes import Parameter
from lpdistill.worth.validity import Validity

NEARLY = 1 - Fraction(1, 10**9)
"""The greatest p that is looked at."""


@dataclass(frozen=True)
class RateRange(Along):
    """The search for the ends of one parameter's range.

    Attributes
    ----------
    process
        The process in which the policy is optimal.
    parameter
        What varies.
    columns
        The policy: a column for every live configuration.
    """

    process: Dynamics
    parameter: Parameter
    columns: IntArray

    def ends(self) -> Range:
        """Both ends."""
        least, most = self._searched
        if self.parameter is Parameter.P:  # where no attempt fails, some must not be made
            most = min(most, NEARLY)
        low, high = (self._end(*pair) for pair in zip((least, most), self.far, strict=True))
        return Range(float(self.value), low, high)

    def _gain(self, columns: IntArray, value: float) -> float:
        """What a policy earns per unit of time for a value of the parameter."""
        return led(self._there(value), columns)[2].gain

    def _rival(self, value: float) -> IntArray | None:
        """The best policy for a value of the parameter, or None where this one is as good."""
        best = steady(self._there(value), columns=self.columns)
        worse = self._gain(self.columns, value) < best.gain * (1 - AS_GOOD)
        return best.policy.choice.columns if worse else None

    def _end(self, far: Fraction, otherwise: Limit) -> Limit:
        """The end of the range towards a far value; the other one if no action takes over on the way."""
        at, tried, better = float(self.value), float(far), None
        if far == self.value:
            return otherwise
        for _ in range(MOST_ROOTS):
            steps = [tried, *(at + (tried - at) * step / WITHIN for step in range(1, WITHIN))]
            rivals = ((value, self._rival(value)) for value in steps)
            found = next(((value, rival) for value, rival in rivals if rival is not None), None)
            if found is None:
                return otherwise if better is None else Limit(tried, End.ACTION, self._takeovers(better, tried))
            beyond, better = found
            tried = self._root(better, beyond)
            if tried == at:
                return Limit(tried, End.ACTION, self._takeovers(better, tried))
        raise NotCertifiedError(f"ranges: the end of that of {self.parameter} is not found in double precision")

    def _root(self, rival: IntArray, beyond: float) -> float:
        """Where a rival, better beyond, takes over."""
        at = float(self.value)

        def lead(value: float) -> float:
            return self._gain(rival, value) / self._gain(self.columns, value) - 1

        nearby = at if lead(at) < -AS_GOOD else at + (beyond - at) * AS_GOOD**0.5
        if lead(nearby) >= 0:
            return at
        return float(brentq(lead, nearby, beyond, xtol=1e-15 * abs(at), rtol=4 * np.finfo(float).eps))

    def _takeovers(self, rival: IntArray, value: float) -> tuple[Takeover, ...]:
        """Where the rival acts otherwise, and loses nothing, of what runs come by for ever."""
        there = self._there(value)
        _, policy, found = led(there, self.columns)
        values = np.zeros(there.size)
        values[policy.choice.configuration] = found.values
        changed = Policy.of(there, rival)
        choice = changed.choice
        moved = choice.repetition.reduced(choice.moves @ values, found.values)
        lost = choice.cost + found.gain * changed.times + moved
        differ = (rival != self.columns) & (_met(found)) & (np.abs(lost) <= NEGLIGIBLE)
        names = self.process.names
        actions = names.actions(rival[differ]), names.actions(self.columns[differ])
        where = choice.configuration[differ].tolist()
        return tuple(
            Takeover(names.key(rank), action, replaced) for rank, action, replaced in zip(where, *actions, strict=True)
        )


def _met(found: Evaluation) -> BoolArray:
    """Which configurations runs come to for ever, (columns,)."""
    return np.asarray(found.visits > NEGLIGIBLE * found.visits.max())


def rate_validity(rate: Rate, *, progress: Callable[[str], None] = silent) -> Validity:
    """For every parameter, the interval around its value in which the policy of a greatest rate stays optimal.

    Between the ends the policy is checked at some points, too.  At ``p = 1`` there is no interval by ``p``: the policy
    does not say what to do where attempts fail.

    Parameters
    ----------
    rate
        What :func:`lpdistill.throughput` returned, without budgets, tenants and labels.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If it is a rate of another kind.
    NotCertifiedError
        If an end is not found in double precision.

    Examples
    --------
    >>> from lpdistill import Problem, throughput
    >>> found = rate_validity(throughput(Problem("1/2", 4, "3/4", "79/100")))
    >>> round(found.ranges["p"].lower.value, 6), round(found.ranges["p"].upper.value, 6)
    (0.0, 0.526515)
    """
    rate = RATE.meant(rate, "rate")
    if rate.earning.worth is not None or rate.earning.users or rate.problem.budgets or rate.found.labelling is not None:
        raise ModelError("ranges", "are of pairs counted on finitely many levels, without budgets and tenants", None)
    process, columns = rate.found.model.process, rate.found.model.optimum.columns
    found, told = {}, counter(progress)
    asked = [one for one in Parameter if one is not Parameter.P or rate.problem.p < 1]
    for number, parameter in enumerate(asked):
        told("how far the policy holds", number, len(asked), str(parameter))
        found[str(parameter)] = RateRange(process, parameter, columns).ends()
    return Validity(found, process)
