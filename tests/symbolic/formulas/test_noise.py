"""Formulas of noisy distillation against the map, and against each other."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

from lpdistill import Noise, Werner
from lpdistill.physics.werner import (
    WernerPair,
    fidelity_of,
    least_gates,
    pumping_limit,
    raw_fidelity_with_limit,
    useful_range,
    werner_parameter,
)
from symbolic.formulas.noise import KEPT, MEASURED, RAW, G, S, X, noisy_distillation

NOISE = Noise("97/100", ("99/100", "49/50"))
FORMULAS = noisy_distillation()


def at(expression, **values):
    """An expression at exact numbers, and the noise."""
    known = {"g": NOISE.gates, "s": NOISE.contrast} | values
    return expression.subs({sympy.Symbol(name, positive=True): sympy.Rational(x) for name, x in known.items()})


def test_they_are_the_map():
    """Probability and parameter are those that the map computes."""
    first, second = Fraction(9, 10), Fraction(4, 5)
    made = Werner(noise=NOISE).combine(WernerPair(first), WernerPair(second))
    given = {"w1": werner_parameter(first), "w2": werner_parameter(second)}
    assert at(FORMULAS.success, **given) == sympy.Rational(made.success)
    assert at(FORMULAS.parameter, **given) == sympy.Rational(werner_parameter(made.state.fidelity))


def test_limits_are_those_of_the_map():
    """Pumping limit, its inverse, the useful range and the least gates in numbers."""
    f0 = Fraction(9, 10)
    w0 = werner_parameter(f0)
    assert fidelity_of(float(at(FORMULAS.pumping_limit, w0=w0))) == pytest.approx(pumping_limit(0.9, NOISE), rel=1e-14)
    assert [fidelity_of(float(at(end))) for end in FORMULAS.useful] == pytest.approx(useful_range(NOISE), rel=1e-13)
    x = werner_parameter(Fraction(89, 100))
    inverse = sympy.Rational(werner_parameter(raw_fidelity_with_limit(Fraction(89, 100), NOISE)))
    assert at(FORMULAS.raw_with_limit, x=x) == inverse
    assert at(FORMULAS.least_gates, w0=w0) == sympy.Rational(least_gates(f0, NOISE.contrast))


def test_identities_hold():
    """The published formulas, and that keeping the better pair is right, for all values."""
    assert sympy.simplify(FORMULAS.threshold - 9 * S / ((1 + S) * (1 + 4 * S))) == 0
    quadratic = 3 * G * S * RAW * X**2 + (3 - G - 2 * G * (1 + S) * RAW) * X - G * S * RAW
    assert sympy.simplify(quadratic.subs(X, FORMULAS.pumping_limit)) == 0
    assert sympy.simplify(quadratic.subs(RAW, FORMULAS.raw_with_limit)) == 0
    nested = 3 * G * S * X**2 - 2 * G * (1 + S) * X + 3 - G * (1 + S)
    assert all(sympy.simplify(nested.subs(X, end)) == 0 for end in FORMULAS.useful)
    swapped = FORMULAS.parameter.subs({KEPT: MEASURED, MEASURED: KEPT}, simultaneous=True)
    difference = sympy.factor(FORMULAS.parameter - swapped)
    expected = G * (1 - S) * (KEPT - MEASURED) / (3 * (1 + G * S * KEPT * MEASURED))
    assert sympy.simplify(difference - expected) == 0


def test_without_noise_they_are_those_of_the_paper():
    """With perfect gates and readouts the limit is that of the paper."""
    perfect = FORMULAS.pumping_limit.subs({G: 1, S: 1, RAW: sympy.Rational(2, 3)})
    assert sympy.nsimplify(sympy.simplify((3 * perfect + 1) / 4 - (sympy.Rational(3, 8) + sympy.sqrt(13) / 8))) == 0
