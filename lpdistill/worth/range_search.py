r"""The search for the ends of the range in which an optimal policy stays optimal.

An end is found from outside.  Where the policy is not optimal, the optimal one there takes over at a root of that
difference; at the root another may be better still, and so on, until the policy is optimal at the root itself.  By the
two times every :math:`T_\pi` is linear, so that roots are ratios (the ratio test), :math:`T^*` is concave, and the
range an interval.  By ``p`` and ``f0`` roots are found numerically, and the range found is checked within.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.variation import same_levels, varied
from lpdistill.program.evaluation import evaluate, visits
from lpdistill.program.objective import FIRST_DELIVERY
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.worth.optimal_range import End, Limit, Range, Takeover
from lpdistill.worth.slopes import Parameter

AS_GOOD = 1e-12
"""Relative difference from the least time up to which a policy counts as optimal."""

NEGLIGIBLE = 1e-9
"""Regret at an end, relative to the waiting time, of the actions that take over there."""

FARTHEST = 10**6
"""Factor up to which ranges are searched; beyond, times and probabilities have no end."""

WITHIN = 8
"""Points within a range of ``p`` or ``f0`` at which it is checked."""

MOST_ROOTS = 200
"""Far beyond the policies that take over from each other on the way to an end."""


_KINDS = Parameter.GENERATION_TIME, Parameter.DISTILLATION_TIME
"""The durations of a step that does not distil, and of one that does."""


class Along:
    """One parameter of a process, and how far it is followed."""

    process: Dynamics
    parameter: Parameter

    @property
    def value(self) -> Fraction:
        """The present value."""
        return Fraction(getattr(self.process.problem.hardware, self.parameter))

    @cached_property
    def far(self) -> tuple[Limit, Limit]:
        """The ends if no action takes over."""
        match self.parameter:
            case Parameter.P:
                return Limit(0.0, End.NONE), Limit(1.0, End.NONE)
            case Parameter.F0:
                low, high = self._searched
                return Limit(float(low), End.LEVELS), Limit(float(high), End.NONE if high == 1 else End.LEVELS)
        return Limit(0.0, End.NONE), Limit(float("inf"), End.NONE)

    @cached_property
    def _searched(self) -> tuple[Fraction, Fraction]:
        """The least and greatest value that is looked at."""
        at = self.value
        match self.parameter:
            case Parameter.P:
                return at / FARTHEST, Fraction(1)
            case Parameter.F0:
                return same_levels(self.process.problem)
        hardware = self.process.problem.hardware
        return at / FARTHEST, max(at, (hardware.generation_time + hardware.distillation_time) / FARTHEST) * FARTHEST

    def _there(self, value: float | Fraction) -> Dynamics:
        low, high = self._searched
        return varied(self.process, **{str(self.parameter): min(max(Fraction(value), low), high)})


@dataclass(frozen=True)
class RangeSearch(Along):
    """The search for the ends of one parameter's range.

    Attributes
    ----------
    optimum, process
        The policy, and the process that it is optimal in.
    parameter
        What varies.
    beyond
        What took over at the ends that were found: the process there, and the policy.
    """

    optimum: Optimum
    process: Dynamics
    parameter: Parameter
    beyond: list[tuple[Dynamics, IntArray]] = field(default_factory=list)

    def ends(self) -> Range:
        """Both ends."""
        low, high = (self._end(*pair) for pair in zip(self._searched, self.far, strict=True))
        return Range(float(self.value), low, high)

    def _columns(self) -> IntArray:
        """The policy's columns in reachable configurations."""
        return self._taken(self.optimum.policy.columns)

    def _taken(self, columns: IntArray) -> IntArray:
        """Those of a policy's columns that runs take; for ``p``, also where they come if generation may fail."""
        certain = self.parameter is Parameter.P and self.value == 1
        policy = (self._there(Fraction(1, 2)) if certain else self.process).choose(columns)
        return np.asarray(policy.columns[visits(policy, self._start) > 0])

    @cached_property
    def _start(self) -> FloatArray:
        """Where runs begin, (configurations,)."""
        return FIRST_DELIVERY.entered(self.process)

    def _end(self, far: Fraction, otherwise: Limit) -> Limit:
        """The end of the range towards a far value; the other one if no action takes over on the way."""
        if far == self.value:
            return otherwise
        columns = self._columns()
        tried, better = float(far), None
        for _ in range(MOST_ROOTS):
            rival = self._rival(columns, tried)
            if rival is None:
                within = None if self._linear else self._gap(columns, tried)
                if within is None:
                    break
                tried, rival = within
            better, tried = rival, self._root(columns, rival, tried)
            if tried == float(self.value):
                break
        else:
            raise NotCertifiedError(
                f"validity: the end of the range of {self.parameter} is not found in double precision"
            )
        if better is None:
            return otherwise
        self.beyond.append((self._there(tried), better))
        return Limit(tried, End.ACTION, self._takeovers(columns, better, tried))

    @property
    def _linear(self) -> bool:
        return self.parameter in _KINDS

    def _lead(self, columns: IntArray, rival: IntArray) -> Callable[[float], float]:
        """By how much a rival takes longer than the policy, for a value of the parameter."""
        taken = self._taken(rival)
        if not self._linear:
            return lambda value: self._time(taken, value) - self._time(columns, value)
        # By a duration visits do not change, and regrets are linear; they are 0 where the two do the same.
        usual, other = self.optimum.policy, self.process.choose(taken)
        same = other.columns == usual.columns[np.searchsorted(usual.configuration, other.configuration)]
        often = np.where(same, 0.0, visits(other, self._start))
        timed = [policy.kind == _KINDS.index(self.parameter) for policy in (usual, other)]
        steps, total = (
            often @ other.regrets(evaluate(usual, usual.repetition.until(ours)), theirs)
            for ours, theirs in (tuple(part.astype(np.float64) for part in timed), (usual.cost, other.cost))
        )
        return lambda value: float(total + steps * (value - float(self.value)))

    def _time(self, columns: IntArray, value: float) -> float:
        """Expected duration of a policy for a value of the parameter."""
        policy = self._there(value).choose(columns)
        return float(evaluate(policy, policy.repetition.until(policy.cost))[0])

    def _best(self, there: Dynamics) -> Optimum:
        """The optimum for a value of the parameter, found from the present policy where that is proper."""
        try:
            return policy_iteration(there, self.optimum.policy.columns)
        except (ImproperPolicyError, NotCertifiedError):
            return policy_iteration(there, there.admission.proper())

    def _rival(self, columns: IntArray, value: float) -> IntArray | None:
        """The optimal policy's columns for a value of the parameter, or None where the given ones are as good."""
        there = self._there(value)
        optimum = self._best(there)
        if self._time(columns, value) <= float(optimum.values[0]) * (1 + AS_GOOD):
            return None
        return optimum.policy.columns

    def _gap(self, columns: IntArray, end: float) -> tuple[float, IntArray] | None:
        """A value before an end at which the policy is not optimal after all, with the policy that is."""
        at = float(self.value)
        for step in range(1, WITHIN):
            value = at + (end - at) * step / WITHIN
            rival = self._rival(columns, value)
            if rival is not None:
                return value, rival
        return None

    def _root(self, columns: IntArray, rival: IntArray, beyond: float) -> float:
        """Where the rival, better beyond, takes over."""
        at = float(self.value)
        lead = self._lead(columns, rival)
        near, far = lead(at), lead(beyond)
        if near <= AS_GOOD * self.optimum.values[0]:
            # As good at the present value already: ahead at once, or somewhat behind first.
            nearby = at + (beyond - at) * AS_GOOD**0.5
            if lead(nearby) <= 0:
                return at
            at, near = nearby, lead(nearby)
        if self._linear:
            return at + (beyond - at) * near / (near - far)
        return float(brentq(lead, at, beyond, xtol=1e-15 * abs(at), rtol=4 * np.finfo(float).eps))

    def _takeovers(self, columns: IntArray, rival: IntArray, value: float) -> tuple[Takeover, ...]:
        """Where the rival acts otherwise than the policy, of what runs of the policy come by."""
        there = self._there(value)
        optimum = self._best(there)
        rank = there.choose(columns).configuration
        changed = rival[np.searchsorted(there.choose(rival).configuration, rank)]
        regret = there.choose(changed).regrets(optimum.values)
        differ = (changed != columns) & (regret <= NEGLIGIBLE * optimum.values[0])
        actions = self.process.names.actions(changed[differ]), self.process.names.actions(columns[differ])
        return tuple(
            Takeover(self.process.names.key(int(where)), action, replaced)
            for where, action, replaced in zip(rank[differ], *actions, strict=True)
        )
