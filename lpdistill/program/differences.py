r"""Proofs where columns are written out: reduced costs by differences, of values in two parts.

A run of a million steps leaves a proof in floating point no room: a rounding a step would be as large as the gap that
is to be proved.  Two things make room.  Reduced costs are computed as

.. math:: \rho_a(V) = c_a - r_a V(s) + \sum_{s'} P_a(s')\, \bigl(V(s') - V(s)\bigr),

with the probability :math:`r_a` of the target: their rounding is then relative to how much values change in a step, not
to the values.  And values are sums of two doubles, a head and a tail (:class:`Twofold`), so that their own rounding is
that of twice the precision.  Both are linear, so :math:`\rho_a` of the sum is that of the head, plus that of the tail
without cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import ROUNDOFF, BoolArray, FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.process import Choice
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.systems import System

MOST_REFINEMENTS = 12
"""Rounds of iterative refinement: two or three are usual."""

TAIL = 512.0
"""How far a solve may leave tails from what they should be, in roundings of the smallest: far below what counts."""

GROWTH, MOST_GROWTHS = 4.0, 12
"""By how many times what is missing a margin grows that the rounding of a solve has used up, and how often."""


@dataclass(frozen=True, slots=True)
class Twofold:
    """Values of twice the precision: the sum of two doubles, the second of them small, (configurations,)."""

    head: FloatArray
    tail: FloatArray

    @staticmethod
    def of(values: FloatArray) -> Twofold:
        """Values that are doubles."""
        return Twofold(values, np.zeros_like(values))

    def plus(self, correction: FloatArray) -> Twofold:
        """The sum with a small correction, in two parts again."""
        tail = self.tail + correction
        head = self.head + tail
        taken = head - self.head
        return Twofold(head, (self.head - (head - taken)) + (tail - taken))

    @property
    def nearest(self) -> FloatArray:
        """The values as doubles."""
        return self.head + self.tail

    @property
    def below(self) -> FloatArray:
        """The greatest doubles that do not exceed the values."""
        rounded = self.plus(np.zeros_like(self.tail))
        return np.where(rounded.tail < 0, np.nextafter(rounded.head, -np.inf), rounded.head)

    @property
    def above(self) -> FloatArray:
        """The least doubles that the values do not exceed."""
        rounded = self.plus(np.zeros_like(self.tail))
        return np.where(rounded.tail > 0, np.nextafter(rounded.head, np.inf), rounded.head)


@dataclass(frozen=True)
class Written:
    """Columns written out, whose reduced costs are computed by differences.

    Attributes
    ----------
    choice
        The columns.
    cost
        What each of them costs, (columns,).
    terms
        The sum of what each cost is a sum of, without signs, (columns,).
    objective
        What is made least.
    """

    choice: Choice
    cost: FloatArray
    terms: FloatArray
    objective: Objective = FIRST_DELIVERY

    @staticmethod
    def of(choice: Choice, objective: Objective = FIRST_DELIVERY) -> Written:
        """Columns that cost what the objective says."""
        tariff, cost = choice.process.tariff, objective.cost(choice)
        if not tariff.signed:
            return Written(choice, cost, cost, objective)
        unsigned = objective.cost(choice.process.under(tariff.unsigned).choose(choice.columns))
        return Written(choice, cost, unsigned, objective)

    @cached_property
    def _absorbed(self) -> FloatArray:
        """Probability that a run ends with each column, (columns,)."""
        return self.objective.absorbed(self.choice)

    @cached_property
    def _row(self) -> IntArray:
        """The column of every move."""
        return np.repeat(np.arange(len(self.cost)), np.diff(self.choice.moves.indptr))

    @cached_property
    def _rounding(self) -> float:
        """Rounding of a reduced cost, relative to the sum of what it is a sum of."""
        outcomes = int(np.diff(self.choice.moves.indptr).max(initial=0))
        return (outcomes + 4 * len(self.choice.process.tariff.prices) + 24) * ROUNDOFF

    def _changes(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Expected change of values in a step, the target being worth 0, and that of its size, (columns,)."""
        moves, here = self.choice.moves, values[self.choice.configuration]
        changes, ends = moves.data * (values[moves.indices] - here[self._row]), self._absorbed * here
        total = np.bincount(self._row, changes, minlength=len(here)) - ends
        size = np.bincount(self._row, np.abs(changes), minlength=len(here)) + np.abs(ends)
        return total.astype(np.float64), size.astype(np.float64)

    def reduced_costs(self, values: Twofold) -> tuple[FloatArray, FloatArray]:
        """Reduced costs of the columns, and bounds on their rounding, (columns,)."""
        (change, size), (correction, small) = self._changes(values.head), self._changes(values.tail)
        return (self.cost + change) + correction, self._rounding * (self.terms + size + small)

    def excess(self, values: Twofold) -> FloatArray:
        """By how much values exceed what is proved of their action values, at most, (configurations,).

        Where none does, they are feasible for the dual program restricted to these columns, whatever was rounded.
        """
        found = np.full(self.choice.process.size, -np.inf)
        reduced, rounding = self.reduced_costs(values)
        with np.errstate(invalid="ignore"):  # what is not a number stays none
            np.maximum.at(found, self.choice.configuration, rounding - reduced)
        return found

    def improved(self, values: Twofold, wanted: BoolArray) -> IntArray:
        """Of the columns that the values exceed, a best one for every wanted configuration, in order of configuration.

        Each moves the values down by more than their rounding, so that no policy comes twice.
        """
        reduced, rounding = self.reduced_costs(values)
        waits = self.choice.repetition.waits
        rows = np.flatnonzero(wanted[self.choice.configuration] & ~waits & (reduced < rounding))
        owners = self.choice.configuration[rows]
        order = np.lexsort((self.choice.repetition.at(rows).until(reduced[rows]), owners))
        _, first = np.unique(owners[order], return_index=True)
        return np.asarray(self.choice.columns[rows[order[first]]])


class Equations:
    """The equations of a proper policy that is written out, factorised once and solved to twice the precision.

    Parameters
    ----------
    policy
        One column for every configuration that is entered.
    cost
        What is collected in each of its configurations, (columns,); by default, what its columns cost.
    objective
        What is made least.
    """

    def __init__(self, policy: Choice, cost: FloatArray | None = None, objective: Objective = FIRST_DELIVERY) -> None:
        self.policy, self._system = policy, System(policy)
        self._written = (
            Written.of(policy, objective) if cost is None else Written(policy, cost, np.abs(cost), objective)
        )

    def _solve(self, collected: FloatArray) -> FloatArray:
        everywhere = np.zeros(self.policy.process.size)
        everywhere[self.policy.configuration] = self._system.solve(self.policy.repetition.until(collected))
        return everywhere

    def _noise(self, values: Twofold, rounding: FloatArray) -> FloatArray:
        """How far reduced costs of the policy may be from 0 for rounding, that of the tails included, (columns,)."""
        size = np.abs(values.tail) + TAIL * ROUNDOFF * np.abs(values.head)
        return rounding + 8 * ROUNDOFF * self.policy.repetition.changes(size[self.policy.configuration])

    @cached_property
    def values(self) -> Twofold:
        """Expected cost to go, (configurations,); 0 where the policy has no column."""
        found = Twofold.of(self._solve(self._written.cost))
        for _ in range(MOST_REFINEMENTS):
            reduced, rounding = self._written.reduced_costs(found)
            if (np.abs(reduced) <= self._noise(found, rounding)).all():
                break
            found = found.plus(self._solve(reduced))
        return found

    @property
    def lowered(self) -> Twofold:
        """Values a little below: all reduced costs of the policy are proved not to be negative, if there is room."""
        return self._moved(1.0)[0]

    @property
    def raised(self) -> Twofold:
        """Values a little above: all reduced costs of the policy are proved not to be positive.

        Raises
        ------
        NotCertifiedError
            If rounding leaves no room for it.
        """
        found, proved = self._moved(-1.0)
        if not proved:
            raise NotCertifiedError(
                "no upper bound: the expected time of the policy exceeds what double precision can hold; make runs "
                "shorter, or durations of similar size"
            )
        return found

    def _moved(self, sign: float) -> tuple[Twofold, bool]:
        """Values moved until the reduced costs of the policy have a sign for sure, and whether they have."""
        margin = 2 * self._noise(self.values, self._written.reduced_costs(self.values)[1])
        for _ in range(MOST_GROWTHS):
            moved = self.values.plus(-sign * self._solve(margin))
            reduced, rounding = self._written.reduced_costs(moved)
            missing = rounding - sign * reduced
            if missing.max(initial=0.0) <= 0:
                return moved, True
            margin = np.where(missing > 0, 2 * margin + GROWTH * missing, margin)
        return moved, False
