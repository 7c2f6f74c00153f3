"""The level lattice: all trees, their formulas, and how levels compare."""

from fractions import Fraction
from itertools import combinations

import oracle
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.errors import LimitError, ModelError
from lpdistill.physics.levels import Tree
from symbolic import levels
from symbolic.algebra.algebraic_numbers import AlgebraicNumber
from symbolic.formulas.trees import standard, tree_counts, trees

F = sympy.Symbol("f0")
RAW = st.fractions(Fraction(501, 1000), Fraction(999, 1000), max_denominator=10**4)
SIX, EIGHT = levels(raw_pairs=6), levels(raw_pairs=8)

WEDDERBURN_ETHERINGTON = [1, 1, 1, 2, 3, 6, 11, 23, 46, 98, 207]
"""Numbers of unordered binary trees by leaves (OEIS A001190)."""


def carried_out(tree: Tree, f0: Fraction) -> Fraction:
    """Fidelity that a tree makes, through Werner parameters."""
    return f0 if tree.children is None else oracle.werner(*(carried_out(child, f0) for child in tree.children))[0]


def test_trees_are_wedderburn_etherington_many():
    """The trees of 1, 2, 3, ... raw pairs are as many as the literature counts, and all different."""
    made = [trees(size, size) for size in range(1, 12)]
    assert [len(set(found)) for found in made] == WEDDERBURN_ETHERINGTON


@pytest.mark.parametrize("size", range(1, 12))
def test_trees_are_counted_before_they_are_made(size):
    """The numbers of trees by memories that are counted are those of the trees that are made."""
    made = [tree.memories for tree in trees(size, size)]
    assert dict(tree_counts(size)) == {memories: made.count(memories) for memories in set(made)}


@pytest.mark.parametrize("memories", [1, 2, 3, 4])
def test_trees_keep_to_their_memories(memories):
    """Asked for few memories, exactly those of all trees are made that need no more."""
    assert trees(9, memories) == tuple(tree for tree in trees(9, 9) if tree.memories <= memories)


@pytest.mark.parametrize("tree", trees(7, 7), ids=str)
def test_mirror_images_have_one_standard(tree):
    """A tree with all its subtrees exchanged has the listed tree as its standard form."""

    def mirrored(tree: Tree) -> Tree:
        return tree if tree.children is None else Tree((mirrored(tree.children[1]), mirrored(tree.children[0])))

    assert standard(mirrored(tree)) == tree


@given(RAW)
def test_formulas_are_the_fidelities(f0):
    """At every raw fidelity each formula is the fidelity that its tree makes through Werner parameters."""
    assert [level.formula.at(f0) for level in EIGHT] == [carried_out(level.tree, f0) for level in EIGHT]


def test_formulas_are_in_lowest_terms():
    """Numerator and denominator have no common factor, and sympy's cancellation finds nothing to cancel."""
    for level, expression in zip(EIGHT, EIGHT.fidelities, strict=True):
        numerator, denominator = sympy.fraction(sympy.cancel(expression))
        assert sympy.fraction(expression) == (numerator, denominator)
        assert sympy.gcd(numerator, denominator) == 1
        assert level.formula.degree == level.tree.raw_pairs


def test_denominators_have_no_root_above_one_half():
    """Every denominator is positive on [1/2, 1], so that signs of differences are those of numerators."""
    for expression in EIGHT.fidelities:
        denominator = sympy.Poly(sympy.denom(expression), F)
        assert denominator.count_roots(sympy.Rational(1, 2), 1) == 0
        assert denominator.eval(1) > 0


def test_no_two_trees_have_the_same_formula():
    """Of the 399 trees of up to eleven raw pairs no two make the same function of f0."""
    lattice = levels(raw_pairs=11)
    assert (len(lattice), lattice.coincidences) == (sum(WEDDERBURN_ETHERINGTON), ())


def test_trees_that_coincide_are_one_level(monkeypatch):
    """Where a map makes the same of different trees, as one that multiplies odds, they are one level with both."""

    def odds(a, b):
        return a * b / (1 - a - b + 2 * a * b)

    from symbolic.formulas import formula  # noqa: PLC0415 - the map under it is replaced

    monkeypatch.setattr(formula, "distilled_fidelity", odds)
    for cached in (formula.distillation_forms, formula.formula_of):
        cached.cache_clear()
    try:
        (level,) = levels(raw_pairs=4).coincidences
    finally:
        for cached in (formula.distillation_forms, formula.formula_of):
            cached.cache_clear()
    assert [str(tree) for tree in level.trees] == ["D(f0, D(f0, D(f0, f0)))", "D(D(f0, f0), D(f0, f0))"]


def test_at_crossings_levels_are_equal():
    """The polynomial of each crossing divides the numerator of the difference of its levels, as sympy has it."""
    lattice = levels(raw_pairs=7)
    for crossing in lattice.crossings:
        for a, b in crossing.pairs:
            difference = sympy.numer(sympy.together(lattice.fidelities[a] - lattice.fidelities[b]))
            assert sympy.rem(difference, crossing.f0.in_terms_of(F).as_expr(), F) == 0


def test_crossings_are_all():
    """For every pair of levels there are as many crossings as its difference has roots in (1/2, 1), by Sturm."""
    listed = [pair for crossing in SIX.crossings for pair in crossing.pairs]
    for a, b in combinations(range(len(SIX)), 2):
        difference = sympy.Poly(sympy.numer(sympy.together(SIX.fidelities[a] - SIX.fidelities[b])), F)
        ends = sum(difference.eval(end) == 0 for end in (sympy.Rational(1, 2), 1))
        assert listed.count((a, b)) == difference.count_roots(sympy.Rational(1, 2), 1) - ends


@given(RAW)
def test_orders_hold_between_crossings(f0):
    """Sorting the fidelities at any raw fidelity gives the order of the piece that it lies in."""
    here = AlgebraicNumber.rational(f0)
    (order,) = (order for order in EIGHT.orders if order.lower < here < order.upper)
    assert list(order.indices) == sorted(range(len(EIGHT)), key=lambda i: carried_out(EIGHT[i].tree, f0))


def test_the_order_changes_at_every_crossing():
    """On the two sides of a crossing exactly the pairs that meet there have changed places."""
    for before, after, crossing in zip(EIGHT.orders, EIGHT.orders[1:], EIGHT.crossings, strict=False):
        swapped = {
            (a, b)
            for a, b in combinations(range(len(EIGHT)), 2)
            if (before.indices.index(a) < before.indices.index(b)) != (after.indices.index(a) < after.indices.index(b))
        }
        assert swapped == set(crossing.pairs)


def test_covers_are_the_order_that_always_holds():
    """Following the edges of the Hasse diagram upwards leads from a to b exactly if a lies below b in every order."""
    above = {a: {b for p, b in SIX.covers if p == a} for a in range(len(SIX))}
    reached = {a: set(above[a]) for a in above}
    for _ in above:
        reached = {a: seen.union(*(reached[b] for b in seen)) for a, seen in reached.items()}
    always = {a: {b for b in above if all(o.indices.index(a) < o.indices.index(b) for o in SIX.orders)} for a in above}
    assert reached == always


def test_no_edge_of_the_diagram_follows_from_others():
    """Removing an edge loses a comparison: no level lies between its ends in every order."""
    for a, b in SIX.covers:
        for c in range(len(SIX)):
            assert not all(o.indices.index(a) < o.indices.index(c) < o.indices.index(b) for o in SIX.orders)


def test_levels_at_a_number():
    """With a number for f0 the levels are rational numbers."""
    expected = [sympy.Rational(3, 4), sympy.Rational(41, 52), sympy.Rational(559, 692)]
    assert list(levels(0.75, raw_pairs=3).fidelities) == expected


def test_levels_in_another_symbol():
    """Levels may be expressed in the Werner parameter: of two raw pairs it is that of Eq. 2."""
    w = sympy.Symbol("w")
    made = levels((3 * w + 1) / 4, raw_pairs=2).fidelities[1]
    assert sympy.simplify((4 * made - 1) / 3 - (2 * w + 4 * w**2) / (3 * (1 + w**2))) == 0


def test_notebook_table():
    """In a notebook every level is a row with its tree and its formula in LaTeX."""
    shown = levels(raw_pairs=3)._repr_html_()
    assert shown.count("<tr>") == 4
    assert r"$\frac{10 f_{0}^{2} - 2 f_{0} + 1}{8 f_{0}^{2} - 4 f_{0} + 5}$" in shown
    assert "$D(f_{0}, D(f_{0}, f_{0}))$" in shown


def test_latex():
    """As LaTeX the levels are lines of one aligned environment."""
    shown = levels(raw_pairs=2).to_latex()
    assert shown.splitlines() == [
        r"\begin{align*}",
        r"f_{0} &= f_{0} \\",
        r"D(f_{0}, f_{0}) &= \frac{10 f_{0}^{2} - 2 f_{0} + 1}{8 f_{0}^{2} - 4 f_{0} + 5}",
        r"\end{align*}",
    ]
    assert levels(raw_pairs=2)._repr_latex_() == shown


def test_as_data():
    """As JSON data a level has its trees, what they need, and its formula as text that sympy reads back."""
    data = levels(raw_pairs=4).to_dict()["levels"][4]
    assert (data["trees"], data["raw_pairs"], data["memories"]) == (["D(D(f0, f0), D(f0, f0))"], 4, 3)
    assert sympy.sympify(data["fidelity"]) == SIX.fidelities[4]


def test_short_repr():
    """The representation is one line."""
    assert repr(SIX) == "<LevelLattice: 14 levels of up to 6 raw pairs, f0 = f0>"


@pytest.mark.parametrize("raw_pairs", [0, -1, 2.5, "all", True])
def test_raw_pairs_must_be_a_number(raw_pairs):
    """Anything but a whole number above 0 is refused by name."""
    with pytest.raises(ModelError, match="raw_pairs"):
        levels(raw_pairs=raw_pairs)


@pytest.mark.parametrize(
    ("raw_pairs", "quantity", "size"), [(14, "trees", 4012), (10**30, "degree", 10**30)], ids=["trees", "degree"]
)
def test_too_many_trees_are_refused_first(raw_pairs, quantity, size):
    """Too many trees are refused with their number, and formulas of too high a degree with it, before any is made."""
    with pytest.raises(LimitError) as caught:
        levels(raw_pairs=raw_pairs)
    assert caught.value.size == {quantity: size}


def test_too_many_comparisons_are_refused_first():
    """Levels that make too many pairs are listed, but not compared."""
    with pytest.raises(LimitError) as caught:
        _ = levels(raw_pairs=10).crossings
    assert caught.value.size == {"comparisons": 192 * 191 // 2}


def test_orders_are_asked_for_at_rational_fidelities():
    """An irrational raw fidelity is refused: comparisons are exact."""
    with pytest.raises(ModelError, match="rational"):
        SIX.order(sympy.sqrt(2) / 2)
