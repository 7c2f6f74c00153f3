"""A policy drawn: a row for every configuration, its memories as boxes, and what is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.actions import Action
from lpdistill.hardware.recipes import Recipe, by_consumed
from lpdistill.numbers import whole
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import is_problem
from lpdistill.solution.bounds import waited
from lpdistill.solution.document import measure
from lpdistill.solution.wording import results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lpdistill.solution.policy import Decision, Policy
from lpdistill.solution.tables import Key

MOST_BOXES = 12
"""Memories that can be told apart in a row."""

ROWS = 16
"""Configurations that are drawn unless more are asked for."""

WIDEST_NAME = 6
"""Characters of a fidelity that fit into a box; where fidelities need more, boxes have the index of their level."""

BOX, SIDE = 0.46, 0.86
"""Height and width of a box, of a row's height and a memory's width."""

INCHES, NARROWEST = 0.62, 6.6
"""Width of a memory and least width of a picture, in inches."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One memory of a row: the level that it holds (None: empty), and what is done with it alone."""

    level: int | None
    attempted: bool = False
    discarded: bool = False
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One decision in one configuration, its memories in an order in which pairs to be distilled are neighbours.

    Attributes
    ----------
    counts
        The configuration; None where the row above belongs to the same one.
    cells
        Its memories.
    pairs
        The distillations: place of the first memory of each, and its recipe.
    probability, value, visits
        Of the decision, and of the configuration: its time to go, as a rule; visits are None for improper policies.
    trapped
        Whether runs are trapped there for ever.
    """

    counts: Key | None
    cells: tuple[Cell, ...]
    pairs: tuple[tuple[int, Recipe], ...]
    probability: float
    value: float
    visits: float | None
    trapped: bool


def require_drawable(problem: object) -> Problem:
    """The problem given; LimitError if it has more memories than can be told apart, ModelError if it is none."""
    if not is_problem(problem):
        raise ModelError("plot", "draws policies of problems; nodes of a state graph have no memories to draw", None)
    if problem.memories > MOST_BOXES:
        raise LimitError(
            f"plot: a policy of {problem.memories} memories is not drawn: more than {MOST_BOXES} boxes in a row "
            "cannot be read; print the table instead (--all), or write the policy to a file",
            size={"memories": problem.memories},
        )
    return problem


def draw_policy(policy: Policy, ax: Axes | None = None, most: int = ROWS) -> Axes:
    """Draw a policy (:meth:`Policy.plot`)."""
    if whole(most, "most") < 1:
        raise ModelError("most", "must be at least 1 configuration", most)
    problem = require_drawable(policy.process.problem)
    rows, entered = _rows(policy, problem, most)
    proper = policy.plan.proper
    time = f"expected waiting time {policy.waiting_time:.6g}" if proper else "may never reach the target"
    shown = sum(row.counts is not None for row in rows)
    part = f"all {entered:,}" if shown == entered else f"{shown:,} of {entered:,}"
    note = f"{time}; {part} configurations that a run can enter; times {measure(problem)}"
    return draw_rows(problem, rows, (str(problem), note), ax)


def draw_rows(
    problem: Problem, rows: list[Row], texts: Sequence[str], ax: Axes | None, value: str = "time to go"
) -> Axes:
    """Draw rows, with texts above them; ``value`` is what their values are called."""
    drawing = _Drawing(problem, value, several=any(row.probability < 1 for row in rows))
    width = max(INCHES * (drawing.right - drawing.left), NARROWEST)
    drawn = pictures.canvas(ax, "", width=width, height=0.56 * len(rows) + 1.5)
    drawing.draw(drawn, rows)
    lines = [line for text in texts for line in wrap(text, int(pictures.LETTERS * width))]
    drawn.set_title("\n".join(lines), loc="left", fontsize=9, color=pictures.INK)
    return drawn


def row_of(  # noqa: PLR0913 - what a row says
    problem: Problem, counts: Key, decision: Decision, *, first: bool, value: float, visits: float | None
) -> Row:
    """The row of a decision; the first of its configuration says which that is."""
    recipes = by_consumed(problem.recipes)
    cells, pairs = _placed(counts, problem.memories, decision.action)
    placed = tuple((at, recipes[consumed]) for at, consumed in pairs)
    return Row(counts if first else None, cells, placed, decision.probability, value, visits, trapped=False)


def _rows(policy: Policy, problem: Problem, most: int) -> tuple[list[Row], int]:
    """The rows of a picture: most visited configurations first, traps first for an improper policy."""
    plan, process = policy.plan, policy.process
    visits = plan.visits if plan.proper else None
    trapped = set(plan.deadlock.tolist())
    ranks = np.flatnonzero(plan.entered)
    urgency = -visits[ranks] if visits is not None else -np.isin(ranks, plan.deadlock).astype(float)
    chosen = ranks[np.argsort(urgency, kind="stable")][:most].tolist()
    rows = []
    for rank in chosen:
        counts = process.names.key(rank)
        for place, decision in enumerate(policy.of_rank(rank)):
            drawn = row_of(
                problem,
                counts,
                decision,
                first=place == 0,
                value=waited(float(plan.values[rank]), process.durations.uncharged),
                visits=None if visits is None else float(visits[rank]),
            )
            rows.append(replace(drawn, trapped=rank in trapped))
    return rows, len(ranks)


def _placed(counts: Key, memories: int, action: Action) -> tuple[tuple[Cell, ...], list[tuple[int, tuple[int, ...]]]]:
    """Memories in a row: pairs to be distilled side by side, then what is kept, then what is empty."""
    left = list(counts)
    cells: list[Cell] = []
    pairs: list[tuple[int, tuple[int, ...]]] = []
    for consumed in sorted(action.distil, reverse=True):
        pairs.append((len(cells), consumed))
        cells += [Cell(level) for level in reversed(consumed)]
        for level in consumed:
            left[level] -= 1
    for level in action.discard:
        cells.append(Cell(level, discarded=True))
        left[level] -= 1
    for level in action.deliver:
        cells.append(Cell(level, delivered=True))
        left[level] -= 1
    cells += [Cell(level) for level in reversed(range(len(left))) for _ in range(left[level])]
    empty = memories - sum(counts)
    cells += [Cell(None, attempted=place < action.generate) for place in range(empty)]
    return tuple(cells), pairs


class _Drawing:
    """The picture of some rows: memories are 1 wide, rows 1 high, the first at the top."""

    axes: Axes

    def __init__(self, problem: Problem, value: str, *, several: bool) -> None:
        self.value = value
        self.memories = problem.memories
        self.colours = pictures.shades(len(problem.levels))
        self.legend = [f"level {level}: {name}" for level, name in enumerate(problem.levels.names)]
        named = all(len(name) <= WIDEST_NAME for name in problem.levels.names)
        self.names = problem.levels.names if named else [f"level {level}" for level in range(len(self.legend))]
        ends = self.memories + np.cumsum([*([1.7] if several else []), 1.9, 1.6])
        names = [*(["probability"] if several else []), value, "visits"]
        self.columns = dict(zip(names, ends.tolist(), strict=True))
        self.left, self.right = -2.9, float(ends[-1]) + 0.2

    def draw(self, axes: Axes, rows: list[Row]) -> None:
        """Draw the rows, headings and legend."""
        self.axes = axes
        for place, row in enumerate(rows):
            self._row(row, -place)
            if place and row.counts is not None:
                axes.axhline(0.61 - place, color="0.88", lw=0.7, zorder=0)
        heads = {"pairs at each level": (-0.25, "right"), "memories": (0.0, "left")}
        heads |= {name: (x, "right") for name, x in self.columns.items()}
        for name, (x, side) in heads.items():
            axes.text(x, 0.72, name, ha=side, va="bottom", fontsize=9, fontweight="bold", color=pictures.INK)
        axes.set_xlim(self.left, self.right)
        axes.set_ylim(0.3 - len(rows), 1.2)
        axes.axis("off")
        self._legend(rows)

    def _row(self, row: Row, y: float) -> None:
        if row.counts is not None:
            text = f"{tuple(row.counts)}" if len(row.counts) != 1 else f"({row.counts[0]})"
            self._text(-0.25, y, text, "right")
            trap = {"color": pictures.COLOURS[1], "fontweight": "bold"} if row.trapped else {}
            self._text(self.columns[self.value], y, "never" if np.isinf(row.value) else f"{row.value:.3f}")
            visits = "trapped" if row.trapped else "-" if row.visits is None else f"{row.visits:.3f}"
            self._text(self.columns["visits"], y, visits, **trap)
        if "probability" in self.columns:
            self._text(self.columns["probability"], y, f"{row.probability:.4f}")
        for place, cell in enumerate(row.cells):
            self._cell(cell, place, y)
        for first, recipe in row.pairs:
            self._distillation(first, recipe, y)

    def _text(self, x: float, y: float, text: str, side: str = "right", **style: Any) -> None:
        usual: dict[str, Any] = {"ha": side, "va": "center", "fontsize": 9, "color": pictures.INK}
        self.axes.text(x, y, text, **usual | style)

    def _cell(self, cell: Cell, place: int, y: float) -> None:
        from matplotlib.patches import Rectangle  # noqa: PLC0415 - only pictures need it

        corner, centre = (place + (1 - SIDE) / 2, y - BOX / 2), place + 0.5
        if cell.level is None:
            style: dict[str, Any] = {"facecolor": "white", "edgecolor": "0.6", "linestyle": (0, (3, 2)), "lw": 0.9}
        else:
            style = {"facecolor": self.colours[cell.level], "edgecolor": pictures.INK, "lw": 0.9}
        self.axes.add_patch(Rectangle(corner, SIDE, BOX, **style))
        if cell.level is not None:
            ink = pictures.ink_on(self.colours[cell.level])
            self.axes.text(centre, y, self.names[cell.level], ha="center", va="center", fontsize=8, color=ink)
        if cell.attempted:
            self.axes.plot(centre, y, marker="P", ms=7, color=pictures.COLOURS[2], mec="none", ls="none")
        if cell.discarded:
            self.axes.plot(centre, y, marker="x", ms=15, mew=2.2, color=pictures.COLOURS[1], ls="none")
        if cell.delivered:
            self.axes.plot(centre, y + BOX / 2, marker="^", ms=9, color=pictures.COLOURS[2], mec="none", ls="none")

    def _distillation(self, first: int, recipe: Recipe, y: float) -> None:
        """An arc over neighbours, and what success makes of them."""
        turn, middle = np.linspace(0, np.pi, 40), first + len(recipe.consumed) / 2
        colour, weight = (pictures.COLOURS[1], "bold") if recipe.reaching else (pictures.INK, "normal")
        wide = (len(recipe.consumed) - 1) / 2 * np.cos(turn)
        self.axes.plot(middle + wide, y + BOX / 2 + 0.12 * np.sin(turn), color=colour, lw=1.4, zorder=3)
        self.axes.text(
            middle,
            y + BOX / 2 + 0.15,
            f"→ {results(recipe, self.names)}",
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=colour,
            fontweight=weight,
        )

    def _legend(self, rows: list[Row]) -> None:
        from matplotlib.lines import Line2D  # noqa: PLC0415 - only pictures need it
        from matplotlib.patches import Patch  # noqa: PLC0415 - the same

        cells = [cell for row in rows for cell in row.cells]
        handles: list[Patch | Line2D] = [
            Patch(facecolor=colour, edgecolor=pictures.INK, label=label)
            for label, colour in zip(self.legend, self.colours, strict=True)
        ]
        handles.append(Patch(facecolor="white", edgecolor="0.6", linestyle=(0, (3, 2)), label="empty"))
        if any(cell.attempted for cell in cells):
            mark: dict[str, Any] = {"marker": "P", "ms": 7, "color": pictures.COLOURS[2], "mec": "none", "ls": "none"}
            handles.append(Line2D([], [], **mark, label="generation attempt"))
        if any(row.pairs for row in rows):
            handles.append(Line2D([], [], color=pictures.INK, lw=1.4, label="distillation (→ what success makes)"))
        if any(cell.discarded for cell in cells):
            mark = {"marker": "x", "ms": 9, "mew": 2.2, "color": pictures.COLOURS[1], "ls": "none"}
            handles.append(Line2D([], [], **mark, label="discard"))
        if any(cell.delivered for cell in cells):
            mark = {"marker": "^", "ms": 8, "color": pictures.COLOURS[2], "mec": "none", "ls": "none"}
            handles.append(Line2D([], [], **mark, label="delivery"))
        self.axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.0, 0.0),
            ncols=3 if self.memories > 2 else 2,
            fontsize=8,
            frameon=False,
        )
