"""Every displayed formula of docs/lattice.md, as LaTeX, from the algebra that derives it."""

import sympy

from symbolic import largest_gap, memory_limit, nested_level, pumping_level, pumping_limit, pumping_rate
from symbolic.formulas.formula import distilled
from symbolic.formulas.moebius import moebius

f0, x, n, q, r, gap = sympy.symbols("f0 x n q r g")
solved = moebius()
centred = solved.matrix - solved.centre * sympy.eye(2)
gap_root, f0_root = largest_gap().gap.in_terms_of(gap).as_expr(), largest_gap().f0.in_terms_of(f0).as_expr()
numerator, denominator = (sympy.collect(sympy.expand(part), x) for part in sympy.fraction(distilled(x, f0)))

for name, formula in (
    ("D(x, f_0)", numerator / denominator),
    ("A", solved.matrix),
    ("c", solved.centre),
    ("B^2 = (A - c)^2", sympy.simplify(centred**2)),
    (r"f_\infty(f_0)", pumping_limit(f0)),
    ("q", (solved.centre - r) / (solved.centre + r)),
    ("x_n", pumping_level(f0, n).subs({pumping_rate(f0): q, solved.radius: r})),
    ("x_1", pumping_level(f0, 1)),
    ("x_2", pumping_level(f0, 2)),
    ("D(x_1, x_1)", nested_level(f0, 2)),
    (r"f_\infty(3/4)", memory_limit("3/4", 2)),
    ("D(x, x) - x", sympy.factor(distilled(x, x) - x)),
    ("0", gap_root),
    ("0", f0_root),
):
    print(f"{name} = {sympy.latex(formula)}")
