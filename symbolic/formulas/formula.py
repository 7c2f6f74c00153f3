"""Fidelities as rational functions of the raw fidelity, in lowest terms, from the one map of the model."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

import sympy
from flint import fmpz_poly

from lpdistill.physics.levels import Tree
from lpdistill.physics.maps import Combination, Reach
from lpdistill.physics.werner import Werner, WernerPair, distilled_fidelity
from symbolic.algebra.algebraic_numbers import value
from symbolic.formulas.parameters import F0

Bilinear: TypeAlias = tuple[tuple[int, ...], ...]


@cache
def distillation_forms() -> tuple[Bilinear, Bilinear]:
    """Coefficients of the numerator and the denominator of ``D(a, b)``: entry ``[i][j]`` belongs to ``a^i b^j``.

    They are read off :func:`lpdistill.physics.werner.distilled_fidelity` (arXiv:2606.14908, Eq. 2).

    >>> distillation_forms()
    (((1, -1), (-1, 10)), ((5, -2), (-2, 8)))
    """
    a, b = sympy.symbols("a b")
    both = sympy.fraction(sympy.together(distilled(a, b)))
    numerator, denominator = (
        tuple(tuple(int(sympy.Poly(part, a, b).coeff_monomial(a**i * b**j)) for j in range(2)) for i in range(2))
        for part in both
    )
    return numerator, denominator


def distilled(a: Any, b: Any) -> Any:
    """The fidelity ``D(a, b)`` (Eq. 2) of expressions.

    >>> distilled(*sympy.symbols("a b"))
    (10*a*b - a - b + 1)/(8*a*b - 2*a - 2*b + 5)
    """
    return distilled_fidelity(a, b)


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A fidelity as a rational function of the raw fidelity ``f0``, in lowest terms.

    The denominator is positive for ``1/2 < f0 <= 1``: it is, up to a positive factor, a product of success
    probabilities.  Equal functions have equal numerators and denominators, so comparison is exact.

    >>> raw = Formula.raw()
    >>> str(raw.distilled_with(raw))
    '(10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)'
    """

    numerator: fmpz_poly
    denominator: fmpz_poly

    @staticmethod
    def of(numerator: fmpz_poly, denominator: fmpz_poly) -> Formula:
        """A quotient of integer polynomials, in lowest terms, the denominator positive at ``f0 = 1``."""
        common = numerator.gcd(denominator)
        sign = 1 if value(denominator, Fraction(1)) > 0 else -1
        return Formula(sign * numerator // common, sign * denominator // common)

    @staticmethod
    def raw() -> Formula:
        """The raw fidelity itself."""
        return Formula(fmpz_poly([0, 1]), fmpz_poly([1]))

    @staticmethod
    def line(constant: Fraction, slope: int) -> Formula:
        """The function ``constant + slope f0``."""
        return Formula.of(
            fmpz_poly([constant.numerator, slope * constant.denominator]), fmpz_poly([constant.denominator])
        )

    def distilled_with(self, other: Formula) -> Formula:
        """The fidelity that distillation of the two makes (arXiv:2606.14908, Eq. 2)."""
        left, right = (self.denominator, self.numerator), (other.denominator, other.numerator)
        numerator, denominator = (
            sum((form[i][j] * left[i] * right[j] for i in range(2) for j in range(2)), fmpz_poly([0]))
            for form in distillation_forms()
        )
        return Formula.of(numerator, denominator)

    def minus(self, other: Formula) -> fmpz_poly:
        """A polynomial with the sign of ``self - other`` on (1/2, 1]."""
        return self.numerator * other.denominator - other.numerator * self.denominator

    @property
    def degree(self) -> int:
        """The greater of the degrees of numerator and denominator."""
        return int(max(self.numerator.degree(), self.denominator.degree()))

    def at(self, f0: Fraction) -> Fraction:
        """The fidelity for a rational raw fidelity."""
        return value(self.numerator, f0) / value(self.denominator, f0)

    def expression(self, f0: sympy.Expr) -> sympy.Expr:
        """The fidelity as a sympy expression of ``f0``."""
        numerator, denominator = (
            sympy.Poly([int(c) for c in reversed(part.coeffs())], sympy.Dummy("f")).as_expr(f0)
            for part in (self.numerator, self.denominator)
        )
        return numerator / denominator

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Formula):
            return NotImplemented
        return bool(self.numerator == other.numerator and self.denominator == other.denominator)

    def __hash__(self) -> int:
        return hash((*map(int, self.numerator.coeffs()), None, *map(int, self.denominator.coeffs())))

    def __str__(self) -> str:
        return str(self.expression(F0))


@cache
def formula_of(tree: Tree) -> Formula:
    """The fidelity that a composition tree makes.

    >>> str(formula_of(Tree((Tree(), Tree()))))
    '(10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)'
    """
    if tree.children is None:
        return Formula.raw()
    a, b = map(formula_of, tree.children)
    return a.distilled_with(b)


@dataclass(frozen=True, slots=True)
class FormulaPair:
    """A Werner pair that remembers its fidelity as a function of ``f0``: equal only if the functions are."""

    formula: Formula
    fidelity: Fraction


@dataclass(frozen=True, slots=True)
class FormulaMap:
    """The Werner map on pairs with formulas: two trees that only happen to agree at one ``f0`` stay apart."""

    name: str = "bbpssw"

    def raw(self, fidelity: Fraction) -> FormulaPair:
        """A raw pair."""
        return FormulaPair(Formula.raw(), fidelity)

    def combine(self, a: FormulaPair, b: FormulaPair) -> Combination[FormulaPair]:
        """Distil ``a`` with ``b``, numbers and formulas alike."""
        made = Werner().combine(WernerPair(a.fidelity), WernerPair(b.fidelity))
        return Combination(FormulaPair(a.formula.distilled_with(b.formula), made.state.fidelity), made.success)

    def reach(self, raw: FormulaPair, target: Fraction, memories: int) -> Reach:
        """Limits of the Werner map."""
        return Werner().reach(WernerPair(raw.fidelity), target, memories)
