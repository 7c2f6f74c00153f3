r"""Proofs in floating point: a policy's expected costs bounded from both sides, and values that are dual feasible.

If :math:`U(s) \le c_a + P_a U` for *all* columns, ``U`` is feasible for the dual program, and so a lower bound on the
expected cost of every policy that reaches the target.  If :math:`U(s) \ge c_a + P_a U` for the columns of one such
policy, and ``U`` is not negative, it is an upper bound for that policy.  Both are shown whatever was rounded: where
columns are factored, action values are sums and products of what is not negative, with a relative rounding error; where
they are written out, reduced costs are computed by differences (:mod:`lpdistill.program.differences`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.listed import EvaluatedPolicy, IteratedPolicy
from lpdistill.process.priced import Priced
from lpdistill.process.process import Choice, Process
from lpdistill.program.differences import Equations, Twofold, Written
from lpdistill.program.evaluation import (
    ACCURACY,
    MOST_SWEEPS,
    ROUGH,
    SETTLED_SWEEP,
    evaluate,
    require_leaving,
    require_proper,
)
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.systems import ACCEPTED

SETTLED = ACCEPTED, SETTLED_SWEEP, MOST_SWEEPS
"""How accurately small policies are evaluated."""

MARGIN = 4.0
"""Roundings by which the values of a proof stay below those of the policy."""


class Evaluated(Protocol):
    """The expected cost to go of a proper policy, and values a little to either side of it."""

    @property
    def values(self) -> Twofold:
        """Expected cost to go, (configurations,); 0 where the policy has no column."""
        ...

    @property
    def lowered(self) -> Twofold:
        """Values that are feasible for the dual program if the policy is optimal."""
        ...

    @property
    def raised(self) -> Twofold:
        """Values that the policy's are proved not to exceed."""
        ...


def evaluated(policy: Choice, objective: Objective = FIRST_DELIVERY, near: FloatArray | None = None) -> Evaluated:
    """A policy with its expected cost to go, found from values that are near if there are any.

    Raises
    ------
    ImproperPolicyError
        If it does not reach the target from every configuration in which it has a column.
    """
    if policy.process.written is None:
        return ListedEquations.of(policy, objective) or FactoredEquations(policy, objective, near)
    require_proper(policy)
    return Equations(policy, objective=objective)


def iterated(policy: Choice, objective: Objective) -> tuple[IteratedPolicy, Evaluated, Feasibility] | None:
    """A policy of a small process, improved until no column can, with its values and all columns compared with them.

    None where it is none, or must be improved round by round.
    """
    process, listed = policy.process, policy.following.listed
    if listed is None or len(policy.columns) != process.size:
        return None
    every = process.everything()
    if len(every.columns) != process.column_count or not objective.after(process, np.zeros(process.size)).plain:
        return None
    found = listed.iterate(objective.cost(every), MARGIN * process.rounding, process.rounding, SETTLED)
    if found is None:
        return None
    compared = FactoredFeasibility(process, found.evaluated.lowered, objective)
    compared.__dict__["priced"] = found.priced
    return found, ListedEquations(process, objective, found.evaluated), compared


class FactoredEquations:
    """The equations of a proper policy whose columns are factored."""

    def __init__(self, policy: Choice, objective: Objective = FIRST_DELIVERY, near: FloatArray | None = None) -> None:
        require_leaving(policy)
        self._policy, self._process, self._objective = policy, policy.process, objective
        self._local = policy.repetition.until(objective.cost(policy))
        # Small policies are solved directly, and the same wherever they come from.
        if near is None or not policy.following.quick:
            near = evaluate(policy, self._local, accuracy=ROUGH if policy.following.quick else ACCURACY)
        self._values = evaluate(policy, self._local, near)
        self._margin = MARGIN * self._process.rounding * self._values[policy.configuration]

    @property
    def values(self) -> Twofold:
        """Expected cost to go, (configurations,)."""
        return Twofold.of(self._values)

    @cached_property
    def lowered(self) -> Twofold:
        """Values for costs lowered by a few roundings."""
        return Twofold.of(evaluate(self._policy, self._local - self._margin, self._values))

    @property
    def raised(self) -> Twofold:
        """Values for costs raised by a few roundings, and then as far as is needed."""
        high = evaluate(self._policy, self._local + self._margin, self._values)
        missing = _factored_shortfall(self._policy, high, self._objective)
        return Twofold.of(scaled_up(high, float(missing.max()), self._objective.least(self._process)))


@dataclass(frozen=True)
class ListedEquations:
    """The equations of a policy whose columns are few, solved together (:class:`FactoredEquations`).

    Attributes
    ----------
    process, objective
        What it is a policy of, and what is made least.
    found
        Its values.
    """

    process: Process
    objective: Objective
    found: EvaluatedPolicy

    @staticmethod
    def of(policy: Choice, objective: Objective) -> ListedEquations | None:
        """Those of a policy of one column for every configuration, None where they are not at hand or not solved."""
        process, listed = policy.process, policy.following.listed
        if listed is None:
            return None
        found = listed.evaluate(objective.cost(policy), MARGIN * process.rounding, SETTLED)
        return None if found is None else ListedEquations(process, objective, found)

    @property
    def values(self) -> Twofold:
        """Expected cost to go, (configurations,)."""
        return Twofold.of(self.found.values)

    @property
    def lowered(self) -> Twofold:
        """Values for costs lowered by a few roundings."""
        return Twofold.of(self.found.lowered)

    @property
    def raised(self) -> Twofold:
        """Values for costs raised by a few roundings, and then as far as is needed."""
        high = self.found.raised
        missing = self.found.after * (1 + self.process.rounding) - high
        return Twofold.of(scaled_up(high, float(missing.max()), self.objective.least(self.process)))


class Feasibility(Protocol):
    """All columns, compared with values that are to be feasible for the dual program."""

    @property
    def excess(self) -> FloatArray:
        """By how much the values exceed what is proved of their least action values, (configurations,).

        Where none does, they are feasible.  Nothing need be proved where no policy reaches the target for sure: the
        least expected cost is infinite there.
        """
        ...

    @property
    def priced(self) -> Priced | None:
        """The columns, priced for the values, where they are factored."""
        ...

    def improved(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order."""
        ...

    @property
    def floor(self) -> Twofold:
        """Feasible values: these, or some a little below.

        Raises
        ------
        NotCertifiedError
            If rounding leaves no room for them.
        """
        ...


def feasibility(process: Process, values: Twofold, objective: Objective = FIRST_DELIVERY) -> Feasibility:
    """All columns of a process, compared with values."""
    if process.written is None:
        return FactoredFeasibility(process, values.nearest, objective)
    return WrittenFeasibility(Written.of(process.written, objective), values)


@dataclass(frozen=True)
class WrittenFeasibility:
    """Columns written out, whose reduced costs are computed by differences."""

    written: Written
    values: Twofold
    priced: None = None

    @cached_property
    def excess(self) -> FloatArray:
        """By how much the values exceed what is proved of their least action values, (configurations,)."""
        return self.written.excess(self.values)

    def improved(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order."""
        return self.written.improved(self.values, wanted)

    @property
    def floor(self) -> Twofold:
        """The values, if they are feasible (:attr:`Feasibility.floor`)."""
        if not (self.excess <= 0).all():  # nor where it is not a number
            raise NotCertifiedError(
                "no lower bound: some action seems better than the best by less than rounding; give every action a "
                "duration of similar size"
            )
        return self.values


@dataclass(frozen=True)
class FactoredFeasibility:
    """Columns that are factored, and priced all at once."""

    process: Process
    values: FloatArray
    objective: Objective = FIRST_DELIVERY

    @cached_property
    def priced(self) -> Priced:
        """The columns, priced for the values."""
        after = self.objective.after(self.process, self.values)
        return self.process.price(after.values[0]) if after.plain else self.process.price_after(after)

    @cached_property
    def excess(self) -> FloatArray:
        """By how much the values exceed what is proved of their least action values, (configurations,)."""
        return np.where(self.process.live, self.values - self.priced.best * (1 - self.process.rounding), -np.inf)

    def improved(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order."""
        return self.priced.columns(wanted)

    @property
    def floor(self) -> Twofold:
        """The values, scaled down by what is missing (:attr:`Feasibility.floor`)."""
        return Twofold.of(_scaled_down(self.values, float(self.excess.max()), self.objective.least(self.process)))


def shortfall(policy: Choice, values: Twofold, objective: Objective = FIRST_DELIVERY) -> FloatArray:
    """By how much values fall short of what is proved of a policy's action values, at most, (columns,).

    Where none does, the values bound the expected costs of the policy from above, whatever was rounded.
    """
    if policy.process.written is None:
        return _factored_shortfall(policy, values.nearest, objective)
    reduced, rounding = Written.of(policy, objective).reduced_costs(values)
    return np.asarray(reduced + rounding)


def _factored_shortfall(policy: Choice, high: FloatArray, objective: Objective) -> FloatArray:
    value = policy.repetition.until(objective.cost(policy) + policy.expect(high))
    return np.asarray(value * (1 + policy.process.rounding) - high[policy.configuration])


def bounds(process: Process, floor: Twofold, ceiling: Twofold) -> tuple[FloatArray, FloatArray]:
    """The doubles that are proved to bound expected costs, if nothing costs less than nothing, (configurations,).

    Feasible values and those of a policy are moved apart by what may have been rounded where parameters were given.
    """
    share = process.input_rounding
    lower, upper = np.maximum(floor.below, 0.0), ceiling.above
    if not share:
        return lower, upper
    return np.nextafter(lower * (1 - share), 0.0), np.where(upper, np.nextafter(upper * (1 + share), np.inf), 0.0)


def _scaled_down(low: FloatArray, excess: float, least: float) -> FloatArray:
    """Dual feasible values, given some that exceed an action value by at most ``excess``.

    If ``V <= c + P V + excess`` and every ``c >= least``, then ``(1 - e) V`` is feasible for
    ``e = excess / (least + excess)``; twice the excess is taken, so that rounding cannot undo it.
    """
    if excess <= 0:
        return low
    if least <= 0:
        raise NotCertifiedError(
            "no lower bound: some steps take no time, and rounding leaves the dual values infeasible by "
            f"{excess:.3g}; give every step a duration above 0"
        )
    return low * (1 - 2 * excess / (least + 2 * excess))


def scaled_up(high: FloatArray, shortfall: float, least: float) -> FloatArray:
    """Values that bound a policy's from above, given some that fall short of an action value by ``shortfall``."""
    if shortfall <= 0:
        return high
    if least <= 2 * shortfall:
        raise NotCertifiedError(
            f"no upper bound: rounding leaves the values of the policy short by {shortfall:.3g}, as much as a step "
            "takes; take a larger p, or times of similar size"
        )
    return high * (1 + 2 * shortfall / (least - 2 * shortfall))
