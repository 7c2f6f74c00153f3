"""The fidelity levels of some settings, what distils into what, and the limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lpdistill.errors import UnreachableTargetError
from lpdistill.hardware.recipes import distillations, tables
from lpdistill.numbers import at_most
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import SETTINGS
from lpdistill.solution.answer import SHOWN, Answer, Block, Summary, Table
from lpdistill.solution.document import section
from lpdistill.solution.level_picture import draw_levels
from lpdistill.solution.wording import results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symbolic import ProblemFormulas

LONGEST_EXACT = 32
"""Characters of an exact fidelity that a table shows; documents have them all."""


@dataclass(frozen=True, repr=False, eq=False)
class LevelTable(Answer):
    """Fidelity levels, distillation table and limits.

    Attributes
    ----------
    problem
        A problem that has the levels.
    limited
        Whether its number of memories is given; otherwise there is no limit by memories.
    formulas
        Levels and limits as formulas, if they are wanted.
    """

    _KIND = "levels"

    problem: Problem
    limited: bool
    formulas: ProblemFormulas | None

    @property
    def _question(self) -> dict[str, Any]:
        """What levels and limits depend on; levels alone do not depend on memories."""
        known = {name: told for name, told in self.problem.to_dict().items() if SETTINGS[name].shapes_levels}
        return {name: told for name, told in known.items() if self.limited or name != "memories"}

    def _lines(self) -> Iterable[tuple[str, str]]:
        problem, reach = self.problem, self.problem.reach
        yield "target", f"{float(problem.target):g} from raw pairs of {float(problem.f0):g}"
        yield "pumping limit", at_most(reach.pumping_limit, 9)
        if self.limited:
            noun = "memory" if problem.memories == 1 else "memories"
            yield "memory limit", f"{at_most(reach.memory_limit, 9)} with {problem.memories} {noun}"

    def _content(self) -> dict[str, Any]:
        reach = self.problem.reach
        limit = reach.memory_limit if self.limited else None
        found = {**tables(self.problem.levels), "pumping_limit": reach.pumping_limit, "memory_limit": limit}
        found["finite"] = reach.finite
        if self.formulas is not None:
            unlimited = {} if self.limited else {"memory_limit": None}
            found["symbolic"] = section(self.formulas.to_dict()) | unlimited
        return found

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every level."""
        for level in self.problem.levels:
            yield {
                "level": level.index,
                "fidelity": float(level.fidelity),
                "exact": str(level.fidelity),
                "raw pairs": level.tree.raw_pairs,
                "memories": level.tree.memories,
                "made by": str(level.tree),
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The levels, exact where that is short."""
        rows = [
            (
                str(row["level"]),
                f"{row['fidelity']:.9f}",
                row["exact"] if len(row["exact"]) <= LONGEST_EXACT else "-",
                *map(str, list(row.values())[3:]),
            )
            for row in self._cells()
        ]
        headings = dict.fromkeys(("level", "fidelity", "exact", "raw pairs", "memories", "made by"), "left")
        return Table("levels", headings, rows[:most])

    @property
    def distillation(self) -> Table:
        """What distils into what."""
        levels = self.problem.levels
        names = levels.names
        rows = [
            (", ".join(names[level] for level in one.consumed), f"{float(one.success):.6f}", results(one, names))
            for one in distillations(levels)
        ]
        return Table("distillation", dict.fromkeys(("pair", "success", "makes"), "left"), rows)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:
        """Both tables, and the formulas."""
        if self.problem.levels.raw is None:
            yield "\nA raw pair meets the target: there is nothing to distil."
        else:
            yield self.shown(most)
            yield self.distillation
        if self.formulas is not None:
            yield self.formulas.shown(most)
            yield Summary(line for line in self.formulas.lines() if self.limited or line[0] != "memory limit")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the levels with what distils into what, the target and the limits."""
        return draw_levels(self.problem, ax, limited=self.limited)


def with_memories(settings: Mapping[str, Any]) -> tuple[Problem, bool]:
    """The problem of some settings, and whether they have memories; otherwise as many as reach the target.

    Raises
    ------
    UnreachableTargetError
        If no number of memories reaches the target.
    """
    if settings.get("memories") is not None:
        return Problem.from_dict({"p": "1"} | dict(settings)), True
    problem = Problem.from_dict({"p": "1"} | dict(settings) | {"memories": 2})
    needed = problem.reach.memories_needed
    if needed is None:
        raise UnreachableTargetError(
            f"target: {float(problem.target)} is out of reach for f0 = {float(problem.f0)} and any number of "
            "memories; lower the target",
            target=float(problem.target),
            pumping_limit=problem.reach.pumping_limit,
            memory_limit=1.0,
        )
    return problem.replace(memories=max(needed, 2)), False


def levels(problem: Problem, *, limited: bool = True, symbolic: bool = False) -> LevelTable:
    """The fidelity levels below the target, what distils into what, and the limits.

    Parameters
    ----------
    problem
        The problem.
    limited
        Whether its number of memories is given.
    symbolic
        Whether levels and limits are wanted as formulas in ``f0``, too.
    """
    problem.levels  # noqa: B018 - computed here, where a target out of reach is an error
    if not symbolic:
        return LevelTable(problem, limited, None)
    from symbolic import ProblemFormulas  # noqa: PLC0415 - sympy takes half a second to import

    return LevelTable(problem, limited, ProblemFormulas.of(problem))
