"""Noisy distillation of Werner pairs in closed form: limits and thresholds, solved for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy

from lpdistill.physics.codes import Code

G, S = sympy.symbols("g s", positive=True)
"""Probability that a gate is right at both nodes, and contrast of the comparison of two readouts."""

KEPT, MEASURED, RAW, X = sympy.symbols("w1 w2 w0 x", positive=True)
"""Werner parameters: of the pair that is kept and of that which is measured, of a raw pair, and a fixed point."""


@dataclass(frozen=True)
class NoisyDistillation:
    """What two noisy nodes make of two Werner pairs, in the symbols ``g``, ``s``, ``w0``, ``w1``, ``w2`` and ``x``.

    Attributes
    ----------
    success
        Probability of success.
    parameter
        Werner parameter of the pair that is left.
    pumping_limit
        The parameter that pumping with raw pairs of ``w0`` approaches.
    raw_with_limit
        The parameter of raw pairs whose pumping approaches ``x``: the inverse, rational.
    useful
        The least parameter of two equal pairs that is improved, and the greatest.
    threshold
        The least ``g`` with which distillation helps at all.
    least_gates
        The least ``g`` with which two equal pairs of parameter ``w0`` are improved.

    Examples
    --------
    >>> found = noisy_distillation()
    >>> found.parameter
    g*(2*s*w1*w2 + s*w2 + 2*w1*w2 + w1)/(3*(g*s*w1*w2 + 1))
    >>> found.threshold
    9*s/((s + 1)*(4*s + 1))
    """

    success: sympy.Expr
    parameter: sympy.Expr
    pumping_limit: sympy.Expr
    raw_with_limit: sympy.Expr
    useful: tuple[sympy.Expr, sympy.Expr]
    threshold: sympy.Expr
    least_gates: sympy.Expr


@cache
def noisy_distillation() -> NoisyDistillation:
    """Noisy distillation of two Werner pairs, from the characters of Pauli errors (:mod:`lpdistill.physics.codes`).

    Limits are fixed points that are solved for; the threshold is where the discriminant of the fixed points of two
    equal pairs vanishes.
    """
    characters = KEPT, MEASURED
    one, *three = (
        sum(
            G**term.gates
            * S**term.readouts
            * sympy.prod([w for w, letter in zip(characters, term.characters, strict=True) if letter])
            for term in terms
        )
        for terms in Code(("ZZ",)).terms()
    )
    parameter = sympy.factor(sum(three) / (3 * one))
    pumped = sympy.Poly(sympy.numer(sympy.together(parameter.subs({KEPT: X, MEASURED: RAW}) - X)), X)
    square, line, constant = pumped.all_coeffs()
    root = sympy.sqrt(line**2 - 4 * square * constant)
    limit = (line + root) / (-2 * square)
    nested = sympy.Poly(sympy.cancel(sympy.numer(sympy.together(parameter.subs({KEPT: X, MEASURED: X}) - X)) / X), X)
    a, b, c = nested.all_coeffs()
    half = sympy.sqrt(sympy.factor(b**2 - 4 * a * c))
    (threshold,) = (g for g in sympy.solve(b**2 - 4 * a * c, G) if g != 0)
    (gates,) = sympy.solve(parameter.subs({KEPT: RAW, MEASURED: RAW}) - RAW, G)
    (raw,) = sympy.solve(pumped.as_expr(), RAW)
    low, high = (sympy.simplify((b + sign * half) / (-2 * a)) for sign in (-1, 1))
    return NoisyDistillation(
        success=one / 2,
        parameter=parameter,
        pumping_limit=sympy.simplify(limit),
        raw_with_limit=sympy.factor(raw),
        useful=(low, high),
        threshold=sympy.simplify(threshold),
        least_gates=sympy.factor(gates),
    )
