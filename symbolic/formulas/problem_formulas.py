"""The levels and limits of one problem as formulas, and how far the raw fidelity may move without changing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from lpdistill import pictures
from lpdistill.errors import ModelError
from lpdistill.physics.known import DEFAULT
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.given import ProblemLike
from symbolic.formulas.formula import formula_of
from symbolic.formulas.lattice import LevelFormula, LevelLattice
from symbolic.formulas.lattice_changes import Piece, level_range
from symbolic.formulas.parameters import F0
from symbolic.formulas.pumping import pumping_limit, pumping_rate, pumping_rounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE = 200
"""Points of a level's curve in a picture."""


@dataclass(frozen=True, slots=True)
class ProblemFormulas(Answer):
    """What holds for a problem, as functions of its raw fidelity.

    Attributes
    ----------
    problem
        The problem.
    lattice
        Its levels, by increasing fidelity.
    same_gap, same_target
        The raw fidelities for which the levels are made by the same trees, with the gap or the target kept; None if a
        raw pair meets the target.

    Examples
    --------
    >>> formulas = ProblemFormulas.of(Problem(p=1, memories=2, f0="3/4", target="0.79"))
    >>> str(formulas.lattice[1]), formulas.rounds
    ('D(f0, f0) = (10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)', 2)
    """

    _KIND = "formulas"

    problem: Problem
    lattice: LevelLattice
    same_gap: Piece | None
    same_target: Piece | None

    @staticmethod
    def of(problem: ProblemLike) -> ProblemFormulas:
        """The formulas of a problem.

        Raises
        ------
        ModelError
            If its distillation map is not the Werner map.
        UnreachableTargetError
            If the target cannot be reached, or infinitely many levels lie below it.
        LimitError
            If there are too many levels.
        """
        problem = PROBLEM.meant(problem, "problem")
        if problem.distillation != DEFAULT:
            raise ModelError(
                "distillation",
                "must be bbpssw of two pairs without noise to have formulas",
                str(problem.hardware.operations),
            )
        levels = (LevelFormula(level.index, formula_of(level.tree), (level.tree,)) for level in problem.levels)
        below = problem.f0 < problem.target
        return ProblemFormulas(
            problem,
            LevelLattice(F0, tuple(levels)),
            level_range(problem.f0, gap=problem.target - problem.f0) if below else None,
            level_range(problem.f0, target=problem.target) if below else None,
        )

    @property
    def rounds(self) -> int:
        """Rounds of pumping that reach the target."""
        return int(pumping_rounds(self.problem.f0, self.problem.target))

    def lines(self) -> list[tuple[str, str]]:
        """Limits and ranges as names and text."""
        found = [
            ("pumping limit", str(pumping_limit())),
            ("memory limit", f"the pumping limit iterated {self.problem.memories - 1} x"),
            ("pumping rate", str(pumping_rate())),
            ("rounds", f"{self.rounds} of pumping reach the target"),
        ]
        for name, piece in (("same gap", self.same_gap), ("same target", self.same_target)):
            if piece is not None:
                found.append((name, f"the same trees make the levels for f0 from {piece.lower} to {piece.upper}"))
        return found

    def to_latex(self) -> str:
        """Levels and pumping limit in LaTeX."""
        limit = "f_\\infty(f_{0}) = " + sympy.latex(pumping_limit())
        return f"{self.lattice.to_latex()}\n\\[ {limit} \\]"

    _repr_latex_ = to_latex

    @property
    def _question(self) -> Problem:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "levels", f"{len(self.lattice)}, as functions of f0"
        yield from self.lines()

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every level."""
        for level in self.lattice:
            yield {"level": level.index, "made by": str(level.tree), "fidelity": str(level.formula)}

    def shown(self, most: int | None = SHOWN) -> Table:
        """The fidelity of every level as a function of ``f0``."""
        rows = [tuple(map(str, cells.values())) for cells in self._cells()]
        return Table("formulas", dict.fromkeys(("level", "made by", "fidelity"), "left"), rows[:most])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the fidelity of every level against ``f0``, where the same trees make the levels below the target."""
        drawn = pictures.canvas(ax, self.problem)
        piece, at = self.same_target, float(self.problem.f0)
        low, high = (at / 2, 1.0) if piece is None else (float(piece.lower), float(piece.upper))
        inside = [low + (high - low) * step / CURVE for step in range(CURVE + 1)]
        for level in self.lattice:
            fidelities = [float(level.formula.at(Fraction(f0))) for f0 in inside]
            drawn.plot(inside, fidelities, **pictures.style(level.index), lw=1.8, label=str(level.tree))
        drawn.axhline(float(self.problem.target), color=pictures.INK, lw=0.8, ls="--", label="target")
        drawn.axvline(at, color=pictures.INK, lw=0.8, ls=":", label=f"f0 = {at:g}")
        drawn.set_xlabel("fidelity f0 of a raw pair")
        drawn.set_ylabel("fidelity of the level")
        drawn.legend(frameon=False, fontsize="small")
        return drawn

    def _content(self) -> dict[str, Any]:
        return {
            **self.lattice.to_dict(),
            "pumping_limit": {"formula": str(pumping_limit()), "latex": sympy.latex(pumping_limit())},
            "pumping_rate": {"formula": str(pumping_rate()), "latex": sympy.latex(pumping_rate())},
            "pumping_rounds": self.rounds,
            "memory_limit": {"iterations_of_pumping_limit": self.problem.memories - 1},
            "same_levels": {
                "gap": None if self.same_gap is None else self.same_gap.to_dict(),
                "target": None if self.same_target is None else self.same_target.to_dict(),
            },
        }
