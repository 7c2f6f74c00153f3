"""Where the lattice changes, against brute force, the solver, and the literature."""

from fractions import Fraction

import oracle
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Problem, solve
from lpdistill.errors import LimitError, ModelError, UnreachableTargetError
from lpdistill.physics.werner import raw_fidelity_with_limit
from symbolic import changes, level_range, pumping_limit
from symbolic.algebra.algebraic_numbers import AlgebraicNumber
from symbolic.formulas import lattice_changes
from symbolic.formulas.formula import Formula, formula_of
from symbolic.formulas.lattice_changes import ChangeKind

F = sympy.Symbol("f0")
GAP = changes(gap="0.04", raw_pairs=6)
TARGET = changes(target="0.9", raw_pairs=6)
RAW = st.fractions(Fraction(51, 100), Fraction(95, 100), max_denominator=10**4)
TINY = Fraction(1, 10**9)


def inside(found):
    """A complete piece and a raw fidelity strictly inside it."""
    complete = st.sampled_from([piece for piece in found.pieces if piece.complete])
    parts = st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)
    return st.builds(lambda p, part: (p, p.lower.high + part * (p.upper.low - p.lower.high)), complete, parts)


def change_at(value: float):
    """The change for the gap 0.04 at a raw fidelity given with eight decimals."""
    (change,) = (change for change in GAP if f"{float(change.f0):.8f}" == f"{value:.8f}")
    return change


def waiting_times(change, p: str) -> tuple[float, float]:
    """Least waiting time of four memories just below and just above a change."""
    sides = change.f0.low - TINY, change.f0.high + TINY
    low, high = (solve(Problem(p, 4, side, gap="0.04")).waiting_time for side in sides)
    return low, high


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        (0.58871323, "D(D(f0, f0), D(f0, f0))"),
        (0.62701878, "D(f0, D(f0, f0))"),
        (0.88868491, "D(f0, D(f0, f0))"),
        (0.91814976, "D(D(f0, f0), D(f0, f0))"),
    ],
)
def test_published_discontinuities(value, tree):
    """The discontinuities of Fig. 3 are where pumping twice, or nesting twice, bridges the gap exactly."""
    change = change_at(value)
    assert change.kind is ChangeKind.LEVEL
    assert tree in map(str, change.lost + change.gained)


@pytest.mark.parametrize("value", [0.57963477, 0.90937718])
def test_transitions_are_where_the_limit_is_the_target(value):
    """The transitions are the roots at which the pumping limit equals the target, checked to fifty digits."""
    change = change_at(value)
    assert change.kind is ChangeKind.TRANSITION
    at = change.f0.expression
    assert abs((pumping_limit(at) - at - sympy.Rational(1, 25)).evalf(50, maxn=200)) < sympy.Rational(1, 10**49)


def test_one_published_discontinuity_lies_among_infinitely_many_levels():
    """0.91814976 lies above the transition at 0.90937718: on both of its sides the levels are infinitely many."""
    assert change_at(0.91814976).finite == (False, False)
    assert change_at(0.90937718).finite == (True, False)


@pytest.mark.parametrize(
    ("value", "p", "jump"),
    [(0.90282265, "0.3", 0.06), (0.60153993, "0.9", -0.01), (0.88868491, "0.5", 0.3), (0.58871323, "0.5", -0.3)],
)
def test_the_waiting_time_jumps_at_changes(value, p, jump):
    """The least waiting time of four memories jumps where a level crosses the target, not only at those of Fig. 3."""
    low, high = waiting_times(change_at(value), p)
    assert (high / low - 1) / jump > 1


def test_the_waiting_time_is_continuous_elsewhere():
    """Where no level crosses the target the least waiting time does not jump."""
    low, high = (solve(Problem("0.5", 4, f0, gap="0.04")).waiting_time for f0 in ("0.7", "0.700000001"))
    assert high == pytest.approx(low, rel=1e-7)


def test_transition_for_a_fixed_target():
    """For a fixed target the transition is the rational raw fidelity whose pumping limit is the target."""
    (transition,) = (change for change in TARGET if change.kind is ChangeKind.TRANSITION)
    assert transition.f0 == AlgebraicNumber.rational(raw_fidelity_with_limit(Fraction(9, 10)))
    assert transition.finite == (False, True)


def test_all_levels_leave_where_the_raw_pair_meets_the_target():
    """For a fixed target the last change is where f0 is the target: above it there are no levels."""
    last = TARGET[len(TARGET) - 1]
    assert (last.f0, [str(tree) for tree in last.lost]) == (AlgebraicNumber.rational(Fraction(9, 10)), ["f0"])
    assert TARGET.pieces[-1].trees == ()


@pytest.mark.parametrize("found", [GAP, TARGET], ids=["gap", "target"])
def test_pieces_join_at_changes(found):
    """Pieces and changes alternate, from 1/2 to where the target is 1."""
    assert [piece.upper for piece in found.pieces[:-1]] == [change.f0 for change in found]
    assert [piece.lower for piece in found.pieces[1:]] == [change.f0 for change in found]


@pytest.mark.parametrize("found", [GAP, TARGET], ids=["gap", "target"])
@given(data=st.data())
def test_complete_pieces_have_all_levels(found, data):
    """At any raw fidelity in a complete piece, trying all pairs of levels finds exactly the levels of its trees."""
    piece, f0 = data.draw(inside(found))
    hardware = oracle.Hardware(Fraction(1), 2, f0, found.aim.at(f0))
    assert sorted(formula_of(tree).at(f0) for tree in piece.trees) == list(oracle.levels(hardware))


@given(f0=RAW)
def test_pieces_know_whether_levels_are_finite(f0):
    """A piece is finite exactly where the target lies below the pumping limit."""
    here = AlgebraicNumber.rational(f0)
    piece = next(piece for piece in GAP.pieces if piece.lower < here < piece.upper)
    assert piece.finite == (f0 + Fraction(1, 25) < float(pumping_limit(f0)))


def test_changes_are_those_of_the_closure():
    """Just below and just above a change the closure has the numbers of levels that the pieces have."""
    for before, change, after in zip(GAP.pieces, GAP, GAP.pieces[1:], strict=False):
        for piece, f0 in ((before, change.f0.low - TINY), (after, change.f0.high + TINY)):
            if piece.complete:
                assert len(Problem(1, 2, f0, gap="0.04").levels) == len(piece.trees)


def test_larger_trees_only_refine():
    """Looking at larger trees adds changes and keeps those found with smaller ones."""
    fewer = {change.f0 for change in changes(gap="0.04", raw_pairs=4)}
    assert fewer < {change.f0 for change in GAP}


@given(inside(GAP))
def test_the_range_of_a_raw_fidelity_is_its_piece(chosen):
    """Starting from one raw fidelity, the range found is the complete piece found from all trees."""
    piece, f0 = chosen
    found = level_range(f0, gap="0.04")
    assert (found.lower, found.upper, set(found.trees)) == (piece.lower, piece.upper, set(piece.trees))


@pytest.mark.parametrize(("target", "lower", "upper"), [("41/52", True, False), ("0.75001", False, True)])
def test_a_range_may_end_at_the_raw_fidelity(target, lower, upper):
    """If something meets the target exactly at f0 the range begins there; in general f0 lies inside."""
    piece, here = level_range("3/4", target=target), AlgebraicNumber.rational(Fraction(3, 4))
    assert (piece.lower == here, piece.lower < here) == (lower, upper)
    assert here < piece.upper


def test_a_level_that_touches_the_target_is_noted(monkeypatch):
    """A level that equals the target at one raw fidelity, and is below it on both sides, is lost and gained there."""
    square = sympy.Poly((4 * F - 3) ** 2, F)
    level = Formula.raw().distilled_with(Formula.raw())
    above = type(level.numerator)([int(c) for c in reversed(square.all_coeffs())])
    aim = Formula.of(level.numerator + above * level.denominator, level.denominator)
    monkeypatch.setattr(lattice_changes, "_aim", lambda *_: (aim, Fraction(1)))
    (touch,) = (change for change in changes(raw_pairs=2) if change.f0 == AlgebraicNumber.rational(Fraction(3, 4)))
    assert [str(tree) for tree in touch.lost] == [str(tree) for tree in touch.gained] == ["D(f0, f0)"]


def test_notebook_table():
    """In a notebook every change is a row with its polynomial."""
    shown = changes(gap="0.04", raw_pairs=3)._repr_html_()
    assert shown.count("<tr>") == 5
    assert "1600 f_{0}^{4} - 1936 f_{0}^{3} + 12 f_{0}^{2} + 482 f_{0} - 77" in shown


def test_as_data():
    """As JSON data a change has its isolated root, its kind, and the trees that come and go."""
    data = changes(gap="0.04", raw_pairs=3).to_dict()["changes"][1]
    assert (data["kind"], data["lost"], data["gained"]) == ("level", ["D(f0, D(f0, f0))"], [])
    assert data["f0"]["polynomial"] == "1600*f0^4 - 1936*f0^3 + 12*f0^2 + 482*f0 - 77"


def test_short_repr():
    """The representation is one line."""
    assert repr(GAP) == "<LatticeChanges: 22 changes by trees of up to 6 raw pairs, target f0 + 1/25>"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "target"),
        ({"gap": "0.04", "target": "0.9"}, "target"),
        ({"gap": 0}, "gap"),
        ({"gap": "1/2"}, "gap"),
        ({"target": "1/2"}, "target"),
        ({"target": 1.5}, "target"),
        ({"gap": sympy.sqrt(2) / 40}, "rational"),
        ({"gap": sympy.Symbol("g")}, "rational"),
        ({"target": "high"}, "target"),
        ({"gap": "0.04", "raw_pairs": 0}, "raw_pairs"),
    ],
)
def test_wrong_input_is_named(wrong, named):
    """Each wrong input is refused with its name."""
    with pytest.raises(ModelError, match=named):
        changes(**wrong)


def test_too_many_trees_are_refused_first():
    """More trees than can be followed are refused with their number."""
    with pytest.raises(LimitError) as caught:
        changes(gap="0.04", raw_pairs=10)
    assert caught.value.size == {"trees": 192}


def test_ranges_need_levels():
    """At or above the target there are no levels whose range could be asked for."""
    with pytest.raises(ModelError, match="below the target"):
        level_range("0.8", target="0.8")


def test_ranges_need_finitely_many_levels():
    """Where the levels are infinitely many there is no range."""
    with pytest.raises(UnreachableTargetError):
        level_range("0.95", gap="0.04")


def test_ranges_of_very_many_levels_are_refused():
    """Very many levels are counted, and refused with their number."""
    with pytest.raises(LimitError) as caught:
        level_range("3/4", target="0.825693909")
    assert caught.value.size == {"levels": 26}
