"""Where the lattice changes: raw fidelities at which levels cross the target, or become infinitely many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from itertools import combinations_with_replacement, pairwise
from typing import Any

import sympy
from flint import fmpz_poly

from lpdistill.errors import ModelError
from lpdistill.physics.levels import Tree
from lpdistill.problem.problem import Problem
from symbolic.algebra.algebraic_numbers import AlgebraicNumber, between, real_roots, value
from symbolic.algebra.limits import count, refuse_beyond
from symbolic.formulas.formula import Formula, FormulaMap, formula_of
from symbolic.formulas.lattice import LevelLattice, latex_of, levels
from symbolic.formulas.parameters import F0, rational
from symbolic.formulas.trees import refuse_trees, standard

MOST_CROSSING_TREES = 100
"""Trees whose crossings are looked for."""

MOST_EXPLORED_LEVELS = 24
"""Levels of one raw fidelity whose neighbourhood is explored."""


class ChangeKind(StrEnum):
    """What changes at a raw fidelity."""

    LEVEL = "level"
    """A level meets the target on one side and falls short of it on the other."""
    TRANSITION = "transition"
    """Levels are finitely many on one side and infinitely many on the other: the target is the pumping limit."""


@dataclass(frozen=True, slots=True)
class Change:
    """One raw fidelity at which the set of levels changes.

    Attributes
    ----------
    f0
        Where: a root of an integer polynomial.  There itself the level equals the target, and so meets it.
    kind
        A level that crosses the target, or the transition between finitely and infinitely many levels.
    lost, gained
        Trees that make a level below the target before, but not after it; and after, but not before.
    finite
        Whether levels are finitely many before and after.
    """

    f0: AlgebraicNumber
    kind: ChangeKind
    lost: tuple[Tree, ...]
    gained: tuple[Tree, ...]
    finite: tuple[bool, bool]

    def __str__(self) -> str:
        if self.kind is ChangeKind.TRANSITION:
            return f"{float(self.f0):.8f}  levels become {'finitely' if self.finite[1] else 'infinitely'} many"
        parts = [f"{tree} meets the target" for tree in self.lost]
        parts += [f"{tree} falls below the target" for tree in self.gained]
        return f"{float(self.f0):.8f}  {'; '.join(parts)}" + ("" if any(self.finite) else " (infinitely many levels)")

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON data."""
        return {
            "f0": self.f0.to_dict(str(F0)),
            "kind": str(self.kind),
            "lost": [str(tree) for tree in self.lost],
            "gained": [str(tree) for tree in self.gained],
            "finite": list(self.finite),
        }


@dataclass(frozen=True, slots=True)
class Piece:
    """An open interval of raw fidelities in which the levels are made by the same trees.

    Attributes
    ----------
    lower, upper
        Its ends.
    trees
        Trees of the levels below the target, those of the fewest raw pairs first.
    finite
        Whether the levels are finitely many.
    complete
        Whether ``trees`` are all of them, throughout the interval.
    """

    lower: AlgebraicNumber
    upper: AlgebraicNumber
    trees: tuple[Tree, ...]
    finite: bool
    complete: bool

    def to_dict(self) -> dict[str, Any]:
        """The piece as JSON data."""
        return {
            "from": self.lower.to_dict(str(F0)),
            "to": self.upper.to_dict(str(F0)),
            "trees": [str(tree) for tree in self.trees],
            "finite": self.finite,
            "complete": self.complete,
        }


@dataclass(frozen=True, slots=True)
class LatticeChanges:
    """All changes of the lattice as the raw fidelity varies, and the pieces between them.

    Attributes
    ----------
    aim
        The target as a function of ``f0``.
    raw_pairs
        Raw pairs of the largest trees looked at.
    changes
        By increasing ``f0``.
    pieces
        One more than there are changes.
    """

    aim: Formula
    raw_pairs: int
    changes: tuple[Change, ...]
    pieces: tuple[Piece, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __getitem__(self, index: int) -> Change:
        return self.changes[index]

    def to_dict(self) -> dict[str, Any]:
        """Changes and pieces as JSON data."""
        return {
            "target": str(self.aim),
            "raw_pairs": self.raw_pairs,
            "changes": [change.to_dict() for change in self],
            "pieces": [piece.to_dict() for piece in self.pieces],
        }

    def _repr_html_(self) -> str:
        def formulas(trees: tuple[Tree, ...]) -> str:
            return ", ".join(f"${latex_of(tree)}$" for tree in trees)

        rows = "".join(
            f"<tr><td>{float(change.f0):.8f}</td><td>{change.kind}</td><td>{formulas(change.lost)}</td>"
            f"<td>{formulas(change.gained)}</td><td>${sympy.latex(change.f0.in_terms_of(F0).as_expr())}$</td></tr>"
            for change in self
        )
        heads = "".join(f"<th>{name}</th>" for name in ("f0", "kind", "meet the target", "fall below it", "root of"))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def __repr__(self) -> str:
        return f"<LatticeChanges: {len(self)} changes by trees of up to {self.raw_pairs} raw pairs, target {self.aim}>"


def changes(*, gap: Any = None, target: Any = None, raw_pairs: Any = 4) -> LatticeChanges:
    """The raw fidelities at which the set of levels changes, for a fixed gap or a fixed target.

    A level ``L`` is there as long as ``L < target`` and its parts are levels, so it comes and goes at roots of the
    numerator of ``L - target``; levels are finitely many as long as ``D(target, f0) > target``, that is, as long as
    the target lies below the pumping limit.  All these roots in (1/2, 1) are isolated, and between neighbouring ones
    everything is decided at a rational point.

    Parameters
    ----------
    gap, target
        Either the gap between target and raw fidelity or the target itself, rational.
    raw_pairs
        Raw pairs of the largest trees looked at.  Towards a transition ever larger trees come and go; pieces say
        whether they are complete.

    Raises
    ------
    ModelError
        If not exactly one of gap and target is given, or it is irrational or out of range.
    LimitError
        If there are too many trees; decided by counting, before any is made.

    Examples
    --------
    >>> for change in changes(gap="0.04", raw_pairs=3):
    ...     print(change)
    0.57963477  levels become finitely many
    0.62701878  D(f0, D(f0, f0)) meets the target
    0.88868491  D(f0, D(f0, f0)) falls below the target
    0.90937718  levels become infinitely many
    """
    aim, end = _aim(gap, target)
    refuse_trees(count(raw_pairs, "raw_pairs", least=1), most=MOST_CROSSING_TREES)
    lattice = levels(raw_pairs=raw_pairs)
    bounds = AlgebraicNumber.rational(Fraction(1, 2)), AlgebraicNumber.rational(end)
    crossing: defaultdict[AlgebraicNumber, list[Tree]] = defaultdict(list)
    for level in lattice:
        for root in real_roots(level.formula.minus(aim), *bounds):
            crossing[root] += level.trees
    for root in real_roots(_climb(aim), *bounds):
        crossing[root] += []
    marks = [bounds[0], *sorted(crossing), bounds[1]]
    pieces = [_piece(lattice, aim, a, b) for a, b in pairwise(marks)]
    found, kept = [], pieces[:1]
    for piece in pieces[1:]:
        before = kept[-1]
        both = {*before.trees} & {*piece.trees}
        touching = tuple(tree for tree in crossing[piece.lower] if tree in both)
        if (before.trees, before.finite, touching) == (piece.trees, piece.finite, ()):
            kept[-1] = replace(before, upper=piece.upper, complete=before.complete and piece.complete)
            continue
        kept.append(piece)
        found.append(
            Change(
                piece.lower,
                ChangeKind.LEVEL if before.finite == piece.finite else ChangeKind.TRANSITION,
                (*(tree for tree in before.trees if tree not in both), *touching),
                (*(tree for tree in piece.trees if tree not in both), *touching),
                (before.finite, piece.finite),
            )
        )
    return LatticeChanges(aim, max(level.tree.raw_pairs for level in lattice), tuple(found), tuple(kept))


def level_range(f0: Any, *, gap: Any = None, target: Any = None) -> Piece:
    """The interval of raw fidelities around ``f0`` in which the levels are made by the same trees.

    The levels stay the same as long as every level is below the target and every distillation of two levels makes a
    level or meets the target: the ends are the nearest roots of the polynomials that decide this.  If something meets
    the target exactly at ``f0``, then ``f0`` itself may be an end, or both.

    Parameters
    ----------
    f0
        Raw fidelity, rational, below the target.
    gap, target
        What is kept fixed while ``f0`` varies: the gap between target and raw fidelity, or the target itself.

    Raises
    ------
    ModelError
        If a number is irrational, symbolic or out of range, or not exactly one of gap and target is given.
    UnreachableTargetError
        If infinitely many levels lie below the target.
    LimitError
        If too many levels do.

    Examples
    --------
    >>> piece = level_range("3/4", gap="0.04")
    >>> print(piece.lower, piece.upper, [str(tree) for tree in piece.trees])
    0.6270187812 0.8886849093 ['f0', 'D(f0, f0)']
    """
    raw = rational(f0, "f0")
    aim, end = _aim(gap, target)
    problem = Problem(1, 2, raw, aim.at(raw))
    if raw >= problem.target:
        raise ModelError("f0", f"must be below the target {float(problem.target):g}: at it there are no levels", f0)
    refuse_beyond("target", MOST_EXPLORED_LEVELS, remedy="take a lower target", levels=len(problem.levels))
    closed = problem.replace(distillation=FormulaMap()).levels
    formulas = [formula_of(level.tree) for level in closed]
    below = [formula.minus(aim) for formula in formulas]
    results = (made.state for made in closed.combinations.values())
    above = [state.formula.minus(aim) for state in results if state.fidelity >= closed.target]
    here, bounds = (
        AlgebraicNumber.rational(raw),
        (AlgebraicNumber.rational(Fraction(1, 2)), AlgebraicNumber.rational(end)),
    )
    marks = sorted({*bounds, *(root for polynomial in (*below, *above) for root in real_roots(polynomial, *bounds))})
    lower = max(mark for mark in marks if mark < here)
    upper = min(mark for mark in marks if here < mark)
    if here in marks:

        def holds(beside: Fraction) -> bool:
            return all(value(p, beside) < 0 for p in below) and all(value(p, beside) >= 0 for p in above)

        lower = lower if holds(between(lower, here)) else here
        upper = upper if holds(between(here, upper)) else here
    made = sorted((standard(level.tree) for level in closed), key=lambda tree: tree.raw_pairs)
    return Piece(lower, upper, tuple(made), finite=True, complete=True)


def _aim(gap: Any, target: Any) -> tuple[Formula, Fraction]:
    """The target as a function of the raw fidelity, and the raw fidelity at which it reaches 1, or 1."""
    if gap is None and target is None:
        raise ModelError("target", "is missing; give target or gap (target = f0 + gap)", None)
    if gap is not None and target is not None:
        raise ModelError("target", "and gap exclude each other (target = f0 + gap); give one", f"{target}, gap {gap}")
    if gap is None:
        fixed = rational(target, "target")
        if not Fraction(1, 2) < fixed <= 1:
            raise ModelError("target", "must be a fidelity above 1/2 and at most 1", target)
        return Formula.line(fixed, 0), Fraction(1)
    distance = rational(gap, "gap")
    if not 0 < distance < Fraction(1, 2):
        raise ModelError("gap", "must be above 0 and below 1/2, so that f0 and f0 + gap are fidelities", gap)
    return Formula.line(distance, 1), 1 - distance


def _climb(aim: Formula) -> fmpz_poly:
    """A polynomial with the sign of ``D(target, f0) - target``: positive if the target is below the pumping limit."""
    return aim.distilled_with(Formula.raw()).minus(aim)


def _piece(lattice: LevelLattice, aim: Formula, lower: AlgebraicNumber, upper: AlgebraicNumber) -> Piece:
    """What holds between two neighbouring roots, decided at a rational point."""
    f0 = between(lower, upper)
    target, present = aim.at(f0), set[int]()
    for level, parts in zip(lattice, lattice.parts, strict=True):
        if any(present.issuperset(pair) for pair in parts) and level.formula.at(f0) < target:
            present.add(level.index)
    found = [level for level in lattice if level.index in present]
    finite = value(_climb(aim), f0) > 0
    complete = finite and _closed({level.formula for level in found}, aim, lower, upper)
    return Piece(lower, upper, tuple(level.tree for level in found), finite, complete)


def _closed(present: set[Formula], aim: Formula, lower: AlgebraicNumber, upper: AlgebraicNumber) -> bool:
    """Whether every distillation of two levels makes a level or meets the target, throughout an interval."""
    f0 = between(lower, upper)
    made = {a.distilled_with(b) for a, b in combinations_with_replacement(present, 2)} - present
    excess = [formula.minus(aim) for formula in made]
    return all(value(polynomial, f0) >= 0 and not real_roots(polynomial, lower, upper) for polynomial in excess)
