"""The level lattice: every fidelity level as a function of the raw fidelity, with its tree, and how levels compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any

import sympy

from lpdistill.physics.levels import Tree
from symbolic.algebra.algebraic_numbers import AlgebraicNumber, between, real_roots
from symbolic.algebra.limits import count, refuse_beyond
from symbolic.formulas.formula import Formula, formula_of
from symbolic.formulas.parameters import F0, fidelity, rational
from symbolic.formulas.trees import refuse_trees, trees

MOST_LISTED_TREES = 2000
"""Trees that are enumerated at most."""

MOST_COMPARISONS = 5000
"""Pairs of levels that are compared at most."""

ENDS = AlgebraicNumber.rational(Fraction(1, 2)), AlgebraicNumber.rational(Fraction(1))
"""Between these raw fidelities distillation gains anything."""


@dataclass(frozen=True, slots=True)
class LevelFormula:
    """One level: its fidelity as a function of ``f0``, and the trees that make it (more than one if they coincide)."""

    index: int
    formula: Formula
    trees: tuple[Tree, ...]

    @property
    def tree(self) -> Tree:
        """A tree that makes the level from the fewest raw pairs."""
        return self.trees[0]

    def __str__(self) -> str:
        return f"{self.tree} = {self.formula}"


@dataclass(frozen=True, slots=True)
class Crossing:
    """A raw fidelity at which levels of different formulas are equal, as pairs of level indices."""

    f0: AlgebraicNumber
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """The order of the levels, from the lowest, for all raw fidelities strictly between two neighbouring crossings."""

    lower: AlgebraicNumber
    upper: AlgebraicNumber
    indices: tuple[int, ...]


@dataclass(frozen=True)
class LevelLattice:
    """Fidelity levels as functions of the raw fidelity, by increasing number of raw pairs.

    Attributes
    ----------
    f0
        What the levels are expressed in: a symbol, an expression or a number.
    levels
        The levels; ``index`` counts them from 0, the raw pair.
    """

    f0: sympy.Expr
    levels: tuple[LevelFormula, ...]

    def __len__(self) -> int:
        return len(self.levels)

    def __iter__(self) -> Iterator[LevelFormula]:
        return iter(self.levels)

    def __getitem__(self, index: int) -> LevelFormula:
        return self.levels[index]

    @cached_property
    def fidelities(self) -> tuple[sympy.Expr, ...]:
        """The fidelity of every level at ``f0``, in lowest terms."""
        return tuple(level.formula.expression(self.f0) for level in self)

    @cached_property
    def parts(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For every level, for each of its trees, the indices of the two levels distilled (none for a raw pair)."""
        index = {level.formula: level.index for level in self}
        return tuple(
            tuple(tuple(index[formula_of(child)] for child in tree.children or ()) for tree in level.trees)
            for level in self
        )

    @property
    def coincidences(self) -> tuple[LevelFormula, ...]:
        """Levels that several trees make, whatever the raw fidelity."""
        return tuple(level for level in self if len(level.trees) > 1)

    @cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """All raw fidelities in (1/2, 1) at which two levels are equal, increasing: roots of exact polynomials.

        Raises
        ------
        LimitError
            If there are too many pairs of levels.
        """
        found: defaultdict[AlgebraicNumber, list[tuple[int, int]]] = defaultdict(list)
        for pair, roots in self._meetings.items():
            for root in roots:
                found[root].append(pair)
        return tuple(Crossing(root, tuple(found[root])) for root in sorted(found))

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The order of the levels between neighbouring crossings: all orders that occur, by increasing ``f0``."""
        marks = [ENDS[0], *(crossing.f0 for crossing in self.crossings), ENDS[1]]
        return tuple(Order(a, b, self.order(between(a, b))) for a, b in pairwise(marks))

    def order(self, f0: Any) -> tuple[int, ...]:
        """Indices of the levels by increasing fidelity at a rational raw fidelity.

        Raises
        ------
        ModelError
            If ``f0`` is irrational, symbolic or no number.
        """
        at = rational(f0, "f0")
        return tuple(sorted(range(len(self)), key=lambda index: self[index].formula.at(at)))

    @cached_property
    def covers(self) -> tuple[tuple[int, int], ...]:
        """The edges of the Hasse diagram: ``(a, b)`` where ``a`` lies below ``b`` for *every* raw fidelity in (1/2, 1).

        Edges that follow from others are left out.  Levels that cross are not comparable.
        """
        ranks = [{index: rank for rank, index in enumerate(order.indices)} for order in self.orders]
        everyone = range(len(self))
        below = {(a, b) for a in everyone for b in everyone if all(rank[a] < rank[b] for rank in ranks)}
        return tuple(sorted((a, b) for a, b in below if not any((a, c) in below and (c, b) in below for c in everyone)))

    @cached_property
    def _meetings(self) -> dict[tuple[int, int], tuple[AlgebraicNumber, ...]]:
        """For every pair of levels, where they are equal."""
        pairs = len(self) * (len(self) - 1) // 2
        refuse_beyond("raw_pairs", MOST_COMPARISONS, comparisons=pairs)
        return {
            (a.index, b.index): real_roots(a.formula.minus(b.formula), *ENDS) for a, b in combinations(self.levels, 2)
        }

    def to_latex(self) -> str:
        r"""The levels as a LaTeX ``align*`` environment, one formula a line."""
        lines = (
            rf"{latex_of(level.tree)} &= {sympy.latex(expression)}"
            for level, expression in zip(self, self.fidelities, strict=True)
        )
        return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"

    def to_dict(self) -> dict[str, Any]:
        """The levels as JSON data."""
        return {
            "f0": str(self.f0),
            "levels": [
                {
                    "index": level.index,
                    "trees": [str(tree) for tree in level.trees],
                    "raw_pairs": level.tree.raw_pairs,
                    "memories": level.tree.memories,
                    "fidelity": str(expression),
                    "latex": sympy.latex(expression),
                }
                for level, expression in zip(self, self.fidelities, strict=True)
            ],
        }

    _repr_latex_ = to_latex

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{level.index}</td><td>{level.tree.raw_pairs}</td><td>{level.tree.memories}</td>"
            f"<td>${latex_of(level.tree)}$</td><td>${sympy.latex(expression, mode='plain')}$</td></tr>"
            for level, expression in zip(self, self.fidelities, strict=True)
        )
        heads = "".join(f"<th>{name}</th>" for name in ("level", "raw pairs", "memories", "made by", "fidelity"))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def __repr__(self) -> str:
        most = max((level.tree.raw_pairs for level in self), default=0)
        return f"<LevelLattice: {len(self)} levels of up to {most} raw pairs, f0 = {self.f0}>"


def latex_of(tree: Tree) -> str:
    """A composition tree in LaTeX.

    >>> latex_of(Tree((Tree(), Tree())))
    'D(f_{0}, f_{0})'
    """
    if tree.children is None:
        return "f_{0}"
    return f"D({latex_of(tree.children[0])}, {latex_of(tree.children[1])})"


def levels(f0: Any = F0, *, raw_pairs: Any = 5, memories: Any = None) -> LevelLattice:
    """All fidelity levels that a number of raw pairs can make, each as a rational function of ``f0``.

    Parameters
    ----------
    f0
        Raw fidelity: a symbol, an expression, or a number in (1/2, 1].
    raw_pairs
        Raw pairs that a level may consume at most.
    memories
        Memories that its tree may need at most (its Sethi-Ullman number); any number by default.

    Raises
    ------
    ModelError
        If ``f0`` is a number outside (1/2, 1], or one of the others is no whole number above 0.
    LimitError
        If there are too many trees, or they are too large; decided by counting, before any is made.

    Notes
    -----
    The numbers of trees are the Wedderburn-Etherington numbers.  Trees with the same formula are one level; formulas
    are compared in lowest terms, so nothing is missed and nothing merged by rounding.

    Examples
    --------
    >>> for level in levels(raw_pairs=3):
    ...     print(level)
    f0 = f0
    D(f0, f0) = (10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)
    D(f0, D(f0, f0)) = (92*f0**3 - 18*f0**2 + 3*f0 + 4)/(64*f0**3 + 12*f0**2 - 18*f0 + 23)
    """
    at, most = fidelity(f0), count(raw_pairs, "raw_pairs", least=1)
    room = most if memories is None else count(memories, "memories", least=1)
    refuse_trees(most, room, most=MOST_LISTED_TREES)
    found: dict[Formula, list[Tree]] = {}
    for size in range(1, most + 1):
        for tree in trees(size, room):
            found.setdefault(formula_of(tree), []).append(tree)
    return LevelLattice(
        at, tuple(LevelFormula(index, formula, tuple(made)) for index, (formula, made) in enumerate(found.items()))
    )
