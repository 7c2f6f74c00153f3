r"""Gain and bias of a policy, exactly: as rational numbers, and as rational functions of a parameter.

A policy with one closed class has one gain ``g``, and a bias ``h`` that is unique up to a constant,

.. math:: h + g \tau - P_\pi h = r, \qquad h(\text{empty}) = 0,

one linear system over the integers.  As functions of ``p``, or of a duration, gain and bias have the determinant of the
system as a common denominator, a polynomial, and values at enough integers determine numerators and denominator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz, fmpz_mat, fmpz_poly

from lpdistill.arrays import IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import REACHING
from lpdistill.process.tariff import Resource
from symbolic.algebra.rational_function import fraction, interpolate
from symbolic.exact.charges import Amounts, Charges
from symbolic.exact.model import Elements, ExactModel, Parameters, Rows, elements, powers

Prices: TypeAlias = tuple[tuple[Resource, Fraction], ...]
"""What a unit of each resource earns."""


@dataclass(frozen=True)
class ExactGain:
    """A policy with one closed class, over the rationals.

    Attributes
    ----------
    rows
        What the policy does, one column for every live configuration.
    gain
        What it earns per unit of time.
    bias, denominator
        How much more is earned, in the long run, from each configuration than from empty memories, (columns,).
    """

    rows: Rows
    gain: Fraction
    bias: Elements
    denominator: Any

    @staticmethod
    def of(model: ExactModel, columns: IntArray, earned: Prices = ((REACHING, Fraction(1)),)) -> ExactGain:
        """Solve the equations of a policy, that earns what has the given prices.

        Raises
        ------
        NotCertifiedError
            If it has several closed classes.
        """
        rows, time = model.rows(columns), Amounts.time(model.dynamics)
        charges = Charges(model.dynamics, earned, Fraction(0))
        chances, scale = rows.chances(Parameters.rational(model.dynamics))
        matrix = np.zeros((len(columns),) * 2, dtype=object)
        matrix[np.diag_indices(len(columns))] = scale
        possible = chances != 0
        place = np.searchsorted(rows.configuration, rows.following[possible])
        np.subtract.at(matrix, (rows.row[possible], place), chances[possible])
        matrix[:, 0] = scale * time.whole(columns)  # the bias of empty memories is 0, and the gain takes its place
        right = [[-entry] for entry in (scale * charges.of(columns)).tolist()]
        try:
            above, below = fmpz_mat(matrix.tolist()).solve(fmpz_mat(right)).numer_denom()
        except ZeroDivisionError:
            raise _several() from None
        found = elements(above.entries())
        gain = fraction(found[0]) * time.unit / (int(below) * charges.unit)
        found[0] = fmpz(0)
        return ExactGain(rows, gain, found, below * charges.unit)

    def entered(self, at: Parameters) -> IntArray:
        """The columns that runs from empty memories take."""
        rows = self.rows
        possible = rows.chances(at)[0] != 0
        row, after = rows.row[possible], np.searchsorted(rows.configuration, rows.following[possible])
        seen, new = np.zeros(len(rows.columns), dtype=bool), np.zeros(1, dtype=np.int64)
        while len(new):
            seen[new] = True
            following = np.unique(after[np.isin(row, new)])
            new = following[~seen[following]]
        return np.asarray(rows.columns[seen])


@dataclass(frozen=True)
class GainFunctions:
    """Gain and bias of a policy as functions of a parameter: quotients of integer polynomials.

    Attributes
    ----------
    gain, bias
        Numerators: of the gain over the chance of an attempt, and of the bias, (columns,).
    denominator
        The common denominator.
    """

    gain: Any
    bias: Elements
    denominator: Any

    @staticmethod
    def of(rows: Rows, at: Callable[[int], Parameters], reward: Amounts, degree: int) -> GainFunctions:
        """Interpolate the solutions of the equations of a policy.

        Parameters
        ----------
        rows
            What the policy does, one column for every live configuration.
        at
            Chances and durations for an integer in place of the parameter.
        reward
            What columns deliver.
        degree
            A bound on the degree of the determinant of the equations, and of what it becomes with the right-hand side
            in place of a column.

        Raises
        ------
        NotCertifiedError
            If the policy has several closed classes.
        """
        points: list[int] = []
        values: list[Elements] = []
        point, singular = 1, 0
        while len(points) <= degree:
            matrix, right = _equations(rows, at(point), reward)
            determinant = matrix.det()
            if determinant == 0:
                singular += 1
                if singular > degree:  # more roots than a polynomial other than zero has
                    raise _several()
            else:
                above, below = matrix.solve(right).numer_denom()
                points.append(point)
                values.append(np.append(elements(above.entries()) * (determinant / below), determinant))
            point = -point if point > 0 else 1 - point
        gain, *bias, denominator = interpolate(points, np.array(values, dtype=object).T.tolist())
        return GainFunctions(gain, elements([fmpz_poly([0]), *bias]), denominator)


def delivered(dynamics: Dynamics) -> Amounts:
    """What columns deliver; where raw pairs are delivered, for every attempt that succeeds for sure."""
    if dynamics.problem.levels.raw is None:
        attempts: Amounts = Amounts.quantities(dynamics).attempts
        return attempts
    return Amounts.of(dynamics, REACHING)


def _equations(rows: Rows, at: Parameters, reward: Amounts) -> tuple[Any, Any]:
    r"""The equations of a policy, for the bias and, in place of that of empty memories, for the gain over ``p``.

    Those of steps that only generate are divided by ``p``, and so is, in all others, the gain: all coefficients of
    both are integers, of degrees as low as can be (:meth:`Rows.system`).
    """
    matrix, right = rows.system(at)
    matrix[:, 0] = right * at.costs(rows.columns, rows.doing)
    whole = powers(at.total, int(rows.attempts.max(initial=0)))
    earned = rows.scale * whole[rows.attempts] * reward.whole(rows.columns)
    return fmpz_mat(matrix.tolist()), fmpz_mat([[entry] for entry in earned.tolist()])


def _several() -> NotCertifiedError:
    return NotCertifiedError("the policy has several closed classes, exactly, and so no bias")
