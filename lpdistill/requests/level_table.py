"""The fidelity levels of some settings, or the labels that stand for them, what distils into what, and the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.errors import InfiniteLevelsError, ModelError, UnreachableTargetError
from lpdistill.hardware.recipes import distillations, tables
from lpdistill.numbers import Number, at_most
from lpdistill.problem.labels import labels_of, wants_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import SETTINGS
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Answer, Block, Summary, Table
from lpdistill.solution.document import question_in_words, section
from lpdistill.solution.level_picture import draw_levels
from lpdistill.solution.wording import results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lpdistill.solution.solution import Solution
    from symbolic import ProblemFormulas

LONGEST_EXACT = 32
"""Characters of an exact fidelity that a table shows; documents have them all."""


@dataclass(frozen=True, repr=False, eq=False)
class LevelTable(Answer):
    """Fidelity levels, distillation table and limits.

    Attributes
    ----------
    problem
        A problem that has the levels; where labels stand for them, with these as its levels.
    limited
        Whether its number of memories is given; otherwise there is no limit by memories.
    formulas
        Levels and limits as formulas, if they are wanted.
    solution
        The optimum on labels, where infinitely many levels lie below the target.
    """

    _KIND = "levels"

    problem: Problem
    limited: bool
    formulas: ProblemFormulas | None
    solution: Solution | None = None

    @property
    def _question(self) -> dict[str, Any]:
        """What levels and limits depend on; levels alone do not depend on memories, and labels on everything."""
        if self.solution is not None:
            return self.problem.to_dict()
        known = {name: told for name, told in self.problem.to_dict().items() if SETTINGS[name].shapes_levels}
        return {name: told for name, told in known.items() if self.limited or name != "memories"}

    def _lines(self) -> Iterable[tuple[str, str]]:
        problem, reach = self.problem, self.problem.reach
        yield "target", f"{float(problem.target):g} from raw pairs of {float(problem.f0):g}"
        yield "pumping limit", at_most(reach.pumping_limit, 9)
        if self.limited:
            noun = "memory" if problem.memories == 1 else "memories"
            yield "memory limit", f"{at_most(reach.memory_limit, 9)} with {problem.memories} {noun}"
        if self.solution is not None and self.solution.bracket is not None:
            yield "labels", str(self.solution.bracket.refinement)
            yield "problem", question_in_words(problem)

    @cached_property
    def needed(self) -> tuple[bool, ...]:
        """Of every label, whether the optimum that tells pairs apart by labels can meet it; none without labels."""
        if self.solution is None:
            return ()
        from lpdistill.process.labelled import require_memories  # noqa: PLC0415 - scipy, only where labels are

        process = require_memories(self.solution.process, "levels", "must be of memories")
        met = process.configurations.counts[np.flatnonzero(self.solution.occupation > 0)]
        return tuple(bool(count) for count in met.sum(axis=0))

    def _tables(self) -> dict[str, Any]:
        """Levels and distillations as JSON data; of labels, also what memories they need, and what is rounded."""
        levels, labels = self.problem.levels, labels_of(self.problem)
        told = tables(levels)
        if labels is not None:
            for level, memories, needed in zip(told["levels"], labels.memories, self.needed, strict=True):
                level |= {"memories_needed": memories, "needed": needed}
            for recipe, entry in zip(distillations(levels), told["distillation"], strict=True):
                if recipe.consumed in labels.results:
                    entry["rounded_from"] = str(labels.results[recipe.consumed])
        return told

    def _content(self) -> dict[str, Any]:
        reach = self.problem.reach
        limit = reach.memory_limit if self.limited else None
        found: dict[str, Any] = {
            **self._tables(),
            "pumping_limit": reach.pumping_limit,
            "memory_limit": limit,
            "finite": reach.finite,
        }
        if self.solution is not None and self.solution.bracket is not None:
            found["refinement"] = self.solution.bracket.refinement.to_dict()
        if self.formulas is not None:
            unlimited = {} if self.limited else {"memory_limit": None}
            found["symbolic"] = section(self.formulas.to_dict()) | unlimited
        return found

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every level, or label."""
        levels = self.problem.levels
        for level, memories in zip(levels, levels.least_memories, strict=True):
            yield {
                "level": level.index,
                "fidelity": float(level.fidelity),
                "exact": str(level.fidelity),
                **({} if level.weights is None else dict(zip("XYZ", map(float, level.weights[1:]), strict=True))),
                "raw pairs": level.tree.raw_pairs,
                "memories": memories,
                **({"needed": self.needed[level.index]} if self.needed else {}),
                "made by": level.made_by,
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The levels, exact where that is short."""
        rows = [
            {
                **row,
                "fidelity": f"{row['fidelity']:.9f}",
                "exact": row["exact"] if len(row["exact"]) <= LONGEST_EXACT else "-",
                **({error: f"{row[error]:.6f}" for error in "XYZ" if error in row}),
                **({"needed": "yes" if row["needed"] else "no"} if self.needed else {}),
            }
            for row in self._cells()
        ]
        headings = {name: "left" for row in rows[:1] for name in row}
        title = f"labels, which stand for {self.problem.reach.many} levels" if self.needed else "levels"
        return Table(title, headings, [tuple(map(str, row.values())) for row in rows[:most]])

    @property
    def distillation(self) -> Table:
        """What distils into what."""
        levels = self.problem.levels
        names, labels = levels.names, labels_of(self.problem)
        rounded = {} if labels is None else {pair: f" ({float(true):.9f})" for pair, true in labels.results.items()}
        rows = [
            (
                ", ".join(names[level] for level in one.consumed),
                f"{float(one.success):.6f}",
                results(one, names) + rounded.get(one.consumed, ""),
            )
            for one in distillations(levels)
        ]
        note = "In brackets, true fidelities that are rounded down to the label before them." if rounded else ""
        return Table("distillation", dict.fromkeys(("pair", "success", "makes"), "left"), rows, note)

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
    InfiniteLevelsError
        If infinitely many levels lie below it, and the labels that stand for them depend on what is not given.
    """
    missing = [name for name in ("p", "memories") if settings.get(name) is None]
    known = {"p": "1", "memories": 2} | {name: told for name, told in settings.items() if told is not None}
    problem, limited = Problem.from_dict(known), "memories" not in missing
    reach = problem.reach
    if not limited and reach.memories_needed is None:
        raise UnreachableTargetError(
            f"target: {float(problem.target)} is out of reach for f0 = {float(problem.f0)} and any number of "
            f"memories (pumping alone stays below {at_most(reach.pumping_limit, 9)}); lower the target",
            target=float(problem.target),
            pumping_limit=reach.pumping_limit,
            memory_limit=1.0,
        )
    if not limited:
        problem = problem.replace(memories=max(reach.memories_needed or 2, 2))
    endless = not reach.finite and problem.hardware.coherence_time is None
    if endless and not limited and any(rule.separable for rule in problem.rules):
        missing = ["memories"]  # which limit the chain of levels that such rules leave
    if missing and endless and (missing == ["memories"] or wants_labels(problem)):
        beside = f" (memory limit {at_most(reach.memory_limit, 9)})" if limited else ""
        raise InfiniteLevelsError(
            f"target: {reach.many} fidelity levels lie between f0 = {float(problem.f0)} and the target "
            f"{float(problem.target)}, which is not below {problem.hardware.endless(reach)}{beside}; "
            f"what stands for them depends on {' and '.join(missing)}: give {'both' if missing[1:] else 'it'}",
            target=float(problem.target),
            pumping_limit=reach.pumping_limit,
            memory_limit=reach.memory_limit if limited else 1.0,
        )
    return problem, limited


def levels(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    problem: Problem,
    *,
    limited: bool = True,
    symbolic: bool = False,
    within: Number | None = None,
    time_limit: Number | None = None,
    progress: Callable[[str], None] = silent,
) -> LevelTable:
    """The fidelity levels below the target, what distils into what, and the limits.

    Where infinitely many levels lie below it, the labels of the optimum stand for them, unless ``symbolic``.

    Parameters
    ----------
    problem
        The problem.
    limited
        Whether its number of memories is given.
    symbolic
        Whether levels and limits are wanted as formulas in ``f0``, too.
    within, time_limit, progress
        As for :func:`lpdistill.solve`, where labels stand for levels.

    Raises
    ------
    UnreachableTargetError
        If the target is out of reach.
    InfiniteLevelsError
        If infinitely many levels lie below it, and labels do not stand for them, or formulas are wanted.
    ModelError
        If a gap is given, and all levels are shown.
    LimitError
        If there are too many, or no policy is found in time.
    """
    endless = not problem.reach.finite and problem.hardware.coherence_time is None
    labelled = endless and not symbolic and wants_labels(problem)
    if within is not None and not labelled:
        raise ModelError("within", "is the gap of a bracket by labels, and all levels are shown; leave it out", within)
    if labelled:
        from lpdistill.solving import PATIENCE, solve  # noqa: PLC0415 - HiGHS, which tables of levels do without

        seconds = PATIENCE if time_limit is None else time_limit
        solution = solve(problem, within=within, time_limit=seconds, progress=progress)
        assert isinstance(solution.problem, Problem)  # noqa: S101 - a problem was asked
        return LevelTable(solution.problem, limited, None, solution)
    problem.levels  # noqa: B018 - computed here, where a target out of reach is an error
    if not symbolic:
        return LevelTable(problem, limited, None)
    from symbolic import ProblemFormulas  # noqa: PLC0415 - sympy takes half a second to import

    return LevelTable(problem, limited, ProblemFormulas.of(problem))
