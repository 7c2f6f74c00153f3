r"""The chain of a policy, exactly: expected times as rational numbers and as rational functions of ``p``.

In the configurations that a run can visit, a policy with moves ``P`` has times to go ``V = c + P V`` and second moments
:math:`V_2 = c(2V - c) + P V_2`.  Over the integers at a rational ``p`` this is one linear system.  As functions of
``p`` all values have the determinant of the system as a common denominator, a polynomial, and values at enough integers
determine numerators and denominator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz, fmpz_mat, fmpz_poly
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order

from lpdistill.arrays import IntArray
from lpdistill.errors import ImproperPolicyError, LimitError, ModelError
from lpdistill.progress import silent
from symbolic.algebra.rational_function import interpolate
from symbolic.exact.model import Elements, ExactModel, Parameters, Rows, elements

MOST_VISITED = 3000
"""Configurations up to which a policy's exact linear system, stored densely, is solved."""

MOST_DEGREE = 400
"""Degree in ``p`` up to which a waiting time is computed as a rational function."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of the time to go at a rational ``p``, as integers over common denominators.

    Attributes
    ----------
    first, first_denominator
        Expected times to go, (configurations,).
    second, second_denominator
        Expected squares of the time to go, (configurations,); empty unless asked for.
    """

    first: Elements
    first_denominator: Any
    second: Elements
    second_denominator: Any


@dataclass(frozen=True, slots=True)
class Functions:
    """Times to go as functions of ``p``, or their second moments: quotients of integer polynomials.

    Attributes
    ----------
    points, values
        Integers, and the values of the numerator of every configuration there, (points, visited).
    denominator
        The common denominator.
    """

    points: tuple[int, ...]
    values: Elements
    denominator: Any

    def numerators(self, most: int | None = None) -> list[Any]:
        """The numerators of the first ``most`` visited configurations, or of all."""
        return interpolate(self.points, self.values[:, :most].T.tolist())


@dataclass(frozen=True)
class ExactChain:
    """A policy in the configurations that it can visit, over the rationals.

    Attributes
    ----------
    model
        The exact columns.
    columns
        One column for each visited configuration, which are closed under the moves, (visited,).
    """

    model: ExactModel
    columns: IntArray

    @staticmethod
    def visited(model: ExactModel, columns: IntArray, start: IntArray, *, certain: bool) -> ExactChain:
        """The part of a policy that runs from some configurations can visit.

        Parameters
        ----------
        model
            The exact columns.
        columns
            A column for every configuration, (configurations,).
        start
            Ranks of the configurations where runs begin.
        certain
            Whether every attempt succeeds (``p = 1``).

        Raises
        ------
        ModelError
            If a visited configuration has no column (-1).
        """
        seen, new = np.zeros(len(columns), dtype=bool), start
        while len(new):
            seen[new] = True
            if (columns[new] < 0).any():
                lost = model.dynamics.names.key(int(new[columns[new] < 0][0]))
                raise ModelError("policy", "must have an action in every configuration that it visits", lost)
            rows = model.rows(columns[new])
            possible = (rows.successes == rows.attempts[rows.row]) if certain else np.ones(len(rows.row), dtype=bool)
            following = np.unique(rows.following[possible])
            new = following[~seen[following]]
        return ExactChain(model, columns[seen])

    @cached_property
    def rows(self) -> Rows:
        """The policy's transitions."""
        return self.model.rows(self.columns)

    @property
    def configuration(self) -> IntArray:
        """Ranks of the visited configurations, increasing, (visited,)."""
        return self.rows.configuration

    @property
    def degree(self) -> int:
        """A bound on the degree in ``p`` of the determinant of the policy's equations, and of all its values."""
        return int(self.rows.degrees.sum()) + 1

    def require(self, *, degree: bool = False) -> None:
        """Refuse work that would take too long.

        Raises
        ------
        LimitError
            If too many configurations can be visited, or (if asked) the degree in ``p`` is too large.
        """
        require_small(len(self.columns))
        size = {"visited": len(self.columns), "degree": self.degree}
        if degree and size["degree"] > MOST_DEGREE:
            raise LimitError(
                f"memories: the waiting time has degree up to {size['degree']:,} in p ({size['visited']:,} "
                f"configurations visited); rational functions are computed up to degree {MOST_DEGREE:,}; take fewer "
                "memories, or a number for p",
                size=size,
            )

    def costs(self, at: Parameters) -> Elements:
        """What each configuration's step costs, in units of ``1 / at.unit``, (visited,)."""
        return at.costs(self.rows.columns, self.rows.doing)

    def moments(self, at: Parameters, *, second: bool = False) -> Moments:
        """Moments of the time to go, for integers ``at``.

        Raises
        ------
        ImproperPolicyError
            If the policy may never reach the target.
        """
        matrix, right = self.rows.system(at)
        system, cost = fmpz_mat(matrix.tolist()), self.costs(at)
        try:
            first, below = _solution(system, right * cost)
        except ZeroDivisionError:
            raise self._improper() from None
        denominator = below * at.success * at.unit
        if not second:
            return Moments(first, denominator, elements([]), fmpz(1))
        squares = cost * (2 * first - cost * (at.success * below))
        twice, more = _solution(system, right * squares)
        return Moments(first, denominator, twice, below * more * at.success**2 * at.unit**2)

    def functions(self, *, second: bool = False, progress: Callable[[str], None] = silent) -> Functions:
        """First moments, or second ones, as functions of ``p``.

        Raises
        ------
        LimitError
            If the degree is too large.
        ImproperPolicyError
            If the policy may never reach the target.
        """
        self.require(degree=True)
        degree = self.degree * (2 if second else 1)
        progress(f"{len(self.columns):,} configurations visited, degree at most {degree:,} in p")
        points: list[int] = []
        values: list[Elements] = []
        determinants: list[Any] = []
        point, singular = 1, 0
        while len(points) <= degree:
            at = Parameters.of(self.model.dynamics, fmpz(point), fmpz(1))
            matrix, right = self.rows.system(at)
            system, cost = fmpz_mat(matrix.tolist()), self.costs(at)
            determinant = self._determinant(matrix)
            if determinant == 0:
                singular += 1
                if singular > self.degree:  # more roots than a polynomial other than zero has
                    raise self._improper()
            else:
                solution, below = _solution(system, right * cost)
                found = solution * (determinant / below)
                if second:
                    squares = cost * (2 * found - cost * (point * determinant))
                    solution, below = _solution(system, right * squares)
                    found = solution * (determinant / below)
                points.append(point)
                values.append(found)
                determinants.append(determinant)
            point = -point if point > 0 else 1 - point
        order, unit = (2, at.unit**2) if second else (1, at.unit)
        (determinant,) = interpolate(points, [determinants])
        denominator = determinant**order * fmpz_poly([0, 1]) ** order * unit
        return Functions(tuple(points), np.array(values, dtype=object), denominator)

    def _determinant(self, matrix: Elements) -> Any:
        """Determinant of the policy's equations: classes follow each other in one direction, so it is a product."""
        parts = (fmpz_mat(matrix[np.ix_(some, some)].tolist()).det() for some in self.rows.classes)
        return math.prod(parts, start=fmpz(1))

    def _improper(self) -> ImproperPolicyError:
        """What to raise where the policy's equations have no solution: it names where the policy is stuck."""
        stuck = self._stuck()
        named = tuple(map(self.model.dynamics.names.key, (stuck if len(stuck) else self.configuration).tolist()))
        return ImproperPolicyError(
            f"the policy never reaches the target from {len(named)} configurations that it visits, such as {named[0]} "
            "(pairs at each level); choose an action there that distils or generates",
            deadlock=named,
        )

    def _stuck(self) -> IntArray:
        """Ranks of the visited configurations from which the target cannot be reached for any ``p``."""
        rows, size = self.rows, len(self.columns)
        kept, none = np.zeros(size, dtype=object), rows.successes == 0
        np.add.at(kept, rows.row[none], rows.weight[none])
        reaching = kept != rows.scale
        if self.model.dynamics.problem.levels.raw is None:
            reaching = reaching | (rows.attempts > 0)
        ends = np.flatnonzero(reaching)
        before = np.concatenate([np.zeros_like(ends), 1 + np.searchsorted(self.configuration, rows.following)])
        after = 1 + np.concatenate([ends, rows.row])
        graph = sparse.csr_array((np.ones(len(before)), (before, after)), shape=(size + 1, size + 1))
        reached = breadth_first_order(graph, 0, return_predecessors=False)
        return np.delete(self.configuration, reached[1:] - 1)


def require_small(visited: int) -> None:
    """Refuse systems with too many equations.

    Raises
    ------
    LimitError
        If a policy visits more configurations than exact values are computed for.
    """
    if visited > MOST_VISITED:
        raise LimitError(
            f"memories: the policy can visit {visited:,} configurations; exact values are computed for up to "
            f"{MOST_VISITED:,}; take fewer memories, or a target with fewer levels",
            size={"visited": visited},
        )


def _solution(system: Any, right: Elements) -> tuple[Elements, Any]:
    """Solution of an integer system as integers over a common denominator."""
    above, below = system.solve(fmpz_mat([[entry] for entry in right.tolist()])).numer_denom()
    return elements(above.entries()), below
