r"""Gain and bias of a policy, exactly.

A policy with one closed class has one gain ``g``, and a bias ``h`` that is unique up to a constant,

.. math:: h + g \tau - P_\pi h = r, \qquad h(\text{empty}) = 0,

one linear system over the integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpz, fmpz_mat

from lpdistill.arrays import IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.resources import REACHING
from symbolic.algebra.rational_function import fraction
from symbolic.exact.charges import Amounts
from symbolic.exact.model import Elements, ExactModel, Parameters, Rows, elements


@dataclass(frozen=True)
class ExactGain:
    """A policy with one closed class, over the rationals.

    Attributes
    ----------
    rows
        What the policy does, one column for every live configuration.
    gain
        What it delivers per unit of time.
    bias, denominator
        How much more is delivered, in the long run, from each configuration than from empty memories, (columns,).
    """

    rows: Rows
    gain: Fraction
    bias: Elements
    denominator: Any

    @staticmethod
    def of(model: ExactModel, columns: IntArray) -> ExactGain:
        """Solve the equations of a policy.

        Raises
        ------
        NotCertifiedError
            If it has several closed classes.
        """
        rows, time, reward = model.rows(columns), Amounts.time(model.dynamics), Amounts.of(model.dynamics, REACHING)
        chances, scale = rows.chances(Parameters.rational(model.dynamics))
        matrix = np.zeros((len(columns),) * 2, dtype=object)
        matrix[np.diag_indices(len(columns))] = scale
        possible = chances != 0
        place = np.searchsorted(rows.configuration, rows.following[possible])
        np.subtract.at(matrix, (rows.row[possible], place), chances[possible])
        matrix[:, 0] = scale * time.whole(columns)  # the bias of empty memories is 0, and the gain takes its place
        right = [[entry] for entry in (scale * reward.whole(columns)).tolist()]
        try:
            above, below = fmpz_mat(matrix.tolist()).solve(fmpz_mat(right)).numer_denom()
        except ZeroDivisionError:
            raise NotCertifiedError("the policy has several closed classes, exactly, and so no bias") from None
        found = elements(above.entries())
        gain = fraction(found[0]) * time.unit / (int(below) * reward.unit)
        found[0] = fmpz(0)
        return ExactGain(rows, gain, found, below * reward.unit)

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
