"""Pumping as a Moebius map, solved: its fixed points, its eigenvalues, its powers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy

from symbolic.formulas.formula import distilled
from symbolic.formulas.parameters import F0


@dataclass(frozen=True, slots=True)
class Moebius:
    r"""Pumping as a Moebius map :math:`x \mapsto D(x, f_0) = (a x + b)/(c x + d)`, solved.

    Attributes
    ----------
    f0
        The symbol that everything is expressed in.
    matrix
        The matrix :math:`A = (a, b; c, d)`.
    limit
        The attracting fixed point.
    repelling
        The other fixed point.
    centre, radius
        The eigenvalues of the matrix are ``centre`` plus and minus ``radius``.
    """

    f0: sympy.Symbol
    matrix: sympy.Matrix
    limit: sympy.Expr
    repelling: sympy.Expr
    centre: sympy.Expr
    radius: sympy.Expr

    @property
    def rate(self) -> sympy.Expr:
        """Factor by which one round shrinks the distance to the limit: the ratio of the eigenvalues."""
        return (self.centre - self.radius) / (self.centre + self.radius)

    def after(self, rounds: sympy.Expr) -> sympy.Expr:
        r"""The level after any number of rounds.

        By Cayley and Hamilton :math:`B = A - \text{centre}` satisfies :math:`B^2 = \text{radius}^2`, so :math:`A^n`
        is a multiple of :math:`1 + \tau_n B` with :math:`\tau_n = (1 - q^n) / (\text{radius}\,(1 + q^n))`.
        """
        shrunk = self.rate**rounds
        numerator, denominator = (
            part.coeff_monomial(1) * self.radius * (1 + shrunk) + part.coeff_monomial(part.gen) * (1 - shrunk)
            for part in self._moved()
        )
        return numerator / denominator

    def _moved(self) -> tuple[sympy.Poly, sympy.Poly]:
        """Numerator and denominator of the image of ``f0`` under ``1 + step B``, as polynomials in ``step``."""
        step = sympy.Dummy("step")
        moved = (sympy.eye(2) + step * (self.matrix - self.centre * sympy.eye(2))) * sympy.Matrix([self.f0, 1])
        return sympy.Poly(moved[0], step), sympy.Poly(moved[1], step)

    def rounds(self, target: sympy.Expr) -> sympy.Expr:
        """The real number of rounds after which the level equals ``target``: :meth:`after`, inverted."""
        numerator, denominator = self._moved()
        (found,) = sympy.solve(numerator.as_expr() - target * denominator.as_expr(), numerator.gen)
        return sympy.log((1 - self.radius * found) / (1 + self.radius * found)) / sympy.log(self.rate)


@cache
def moebius() -> Moebius:
    r"""Pumping, solved: the fixed points of :math:`x \mapsto D(x, f_0)` and the eigenvalues of its matrix.

    Of the two fixed points the limit is the one at which the slope of the map is below 1; it is told at one raw
    fidelity, and holds at all others because the discriminant has no root in [1/2, 1].

    >>> moebius().matrix.tolist()
    [[10*f0 - 1, 1 - f0], [8*f0 - 2, 5 - 2*f0]]
    """
    x, f0 = sympy.Symbol("x"), F0
    image = distilled(x, f0)
    rows = [sympy.Poly(part, x) for part in sympy.fraction(sympy.together(image))]
    matrix = sympy.Matrix([[row.coeff_monomial(x), row.coeff_monomial(1)] for row in rows])
    points = [sympy.numer(point) / sympy.expand(sympy.denom(point)) for point in sympy.solve(image - x, x)]
    slope = sympy.diff(image, x)
    limit, repelling = sorted(points, key=lambda point: abs(slope.subs(x, point).subs(f0, sympy.Rational(3, 4))))
    centre = sympy.expand(matrix.trace() / 2)
    radius = sympy.sqrt(sympy.expand(centre**2 - matrix.det()))
    return Moebius(f0, matrix, limit, repelling, centre, radius)
