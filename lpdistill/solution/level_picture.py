"""The fidelity levels drawn: what distils into what, how likely, and how far that is from the target and the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.errors import LimitError
from lpdistill.hardware.recipes import Recipe, distillations
from lpdistill.physics.levels import Tree, errors_in_words
from lpdistill.problem.problem import Problem
from lpdistill.solution.wording import results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DRAWN = 10
"""Levels whose distillations, a row each, can be read in one picture."""

ROW, HEAD, FOOT = 0.34, 1.75, 1.6
"""Heights in inches: of a distillation, of the levels above them, of the title and the axis."""


def depth(tree: Tree) -> int:
    """Rounds of distillation, one inside the other.

    >>> depth(Tree((Tree(), Tree((Tree(), Tree())))))
    2
    """
    return 0 if tree.children is None else 1 + max(map(depth, tree.children))


def draw_tree(axes: Axes, tree: Tree, corner: tuple[float, float], unit: tuple[float, float]) -> tuple[float, float]:
    """Draw a composition tree: dots are raw pairs, and lines meet where two pairs are distilled.

    Parameters
    ----------
    axes
        Where to draw, in the units of its data.
    tree
        The tree; ``tree.raw_pairs`` leaves wide, ``depth(tree)`` rounds high.
    corner
        Its lower left corner.
    unit
        Width of a leaf and height of a round.

    Returns
    -------
    tuple
        Where its root is.
    """
    (left, bottom), (width, height) = corner, unit
    if tree.children is None:
        root = left + width / 2, bottom
        axes.plot(*root, "o", color="black", markersize=2.6, zorder=4)
        return root
    roots = []
    for child in tree.children:
        roots.append(draw_tree(axes, child, (left, bottom), unit))
        left += width * child.raw_pairs
    top = sum(x for x, _ in roots) / len(roots), bottom + height * depth(tree)
    for root in roots:
        axes.plot(*zip(root, top, strict=True), color="black", linewidth=0.9, zorder=4)
    return top


def draw_levels(problem: Problem, ax: Axes | None = None, *, limited: bool = True) -> Axes:
    """Draw the levels of a problem on an axis of fidelity, and every distillation as a row.

    Each level has a line at its fidelity, headed by the tree that makes it, or by words where none does, and
    by the weights of errors of a Bell-diagonal pair.  A row joins
    the two pairs that are distilled; its arrow ends at what success makes, with the probability of success at the
    right.  The target, and the limits of pumping and, where it is ``limited``, of the memories, are marked.

    Raises
    ------
    LimitError
        If there are more levels than can be read.
    ModelError
        If matplotlib is not installed.
    """
    count = len(problem.levels)
    if count > MOST_DRAWN:
        raise LimitError(
            f"plot: {count} levels are not drawn: their {len(problem.levels.combinations)} distillations cannot be "
            f"read in one picture (at most {MOST_DRAWN} levels); print the table instead",
            size={"levels": count},
        )
    rows = max(len(problem.levels.combinations), 1)
    about = f"f0 = {float(problem.f0):g} -> {float(problem.target):g}"
    about = f"M = {problem.memories}, {about}" if limited else about
    drawn = pictures.canvas(ax, about, width=max(7.6, 1.0 * count + 2.6), height=HEAD + FOOT + ROW * rows)
    picture = _Picture(drawn, problem)
    picture.marks(limited=limited)
    picture.levels()
    for place, recipe in enumerate(picture.recipes):
        picture.distillation(recipe, -place)
    return drawn


class _Picture:
    """The picture of a problem's levels: fidelity to the right, a distillation every unit down."""

    def __init__(self, axes: Axes, problem: Problem) -> None:
        self.axes, self.problem = axes, problem
        self.recipes = distillations(problem.levels)
        self.rows = max(len(self.recipes), 1)
        self.at = [float(level.fidelity) for level in problem.levels]
        self.names = problem.levels.names
        self.colours = pictures.shades(len(self.at))
        self.target = float(problem.target)
        ends = [float(problem.f0), self.target, *(end for recipe in self.recipes for end in self.makes(recipe))]
        self.low, high = min(ends), max(ends)
        pad = 0.04 * (high - self.low or 0.1)
        self.left, self.right = self.low - pad, high + 3 * pad
        self.head = HEAD / ROW
        axes.set_xlim(self.left, self.right)
        axes.set_ylim(0.4 - self.rows, self.head)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("fidelity")

    def makes(self, recipe: Recipe) -> list[float]:
        """Fidelities that a distillation may make, also beyond the target."""
        made = self.problem.levels.combinations[recipe.consumed]
        return [float(state.fidelity) for _, state in made.outcomes]

    def marks(self, *, limited: bool) -> None:
        """The target and the limits; limits beyond the picture are named at its edge."""
        from matplotlib.transforms import ScaledTranslation  # noqa: PLC0415 - only pictures need it

        axes, reach = self.axes, self.problem.reach
        axes.axvspan(self.target, self.right, color=pictures.COLOURS[1], alpha=0.12, lw=0)
        axes.axvline(self.target, color=pictures.COLOURS[1], lw=1.6, label=f"target {self.target:.6g}")
        noun = "memory" if self.problem.memories == 1 else "memories"
        limits = (
            ("pumping limit", reach.pumping_limit, (0, (5, 3)), pictures.COLOURS[0]),
            (f"limit of {self.problem.memories} {noun}", reach.memory_limit, (0, (1, 2)), pictures.COLOURS[2]),
        )
        for name, limit, dashes, colour in limits if limited else limits[:1]:
            inside = limit <= self.right
            words = f"{name} {limit:.6g}" + ("" if inside else " (further right)")
            ends = ([limit, limit], [0.4 - self.rows, 0.7]) if inside else ([], [])
            axes.plot(*ends, label=words, linestyle=dashes, color=colour, lw=1.6)
        below = axes.transAxes + ScaledTranslation(0, -0.5, axes.figure.dpi_scale_trans)
        axes.legend(
            loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=below, ncols=3, fontsize=8, frameon=False
        )

    def levels(self) -> None:
        """Lines at the levels, each led from a heading with its tree; headings are spread evenly."""
        if not self.at:
            text = f"a raw pair ({float(self.problem.f0):g}) meets the target: there is nothing to distil"
            style: dict[str, Any] = {"ha": "center", "color": pictures.INK, "bbox": {"facecolor": "white", "lw": 0}}
            self.axes.text(0.5, 0.5, text, transform=self.axes.transAxes, **style)
        share = (self.target - self.left) / max(len(self.at), 1)
        for index, level in enumerate(self.problem.levels):
            x, colour = self.at[index], self.colours[index]
            middle = self.left + (index + 0.5) * share
            self.axes.plot([middle, x, x], [1.45, 0.7, 0.4 - self.rows], color=colour, lw=1.4, zorder=1)
            self.axes.text(
                middle,
                1.55,
                self.names[index].partition(" (")[0],
                ha="center",
                va="bottom",
                fontsize=9,
                color=pictures.INK,
            )
            foot = 2.6
            if level.weights is not None:
                told, foot = errors_in_words(level.weights, between="\n"), 3.5
                self.axes.text(middle, 2.3, told, ha="center", va="bottom", fontsize=6.5, color=pictures.INK)
            if level.made is None:
                self.axes.text(middle, foot, level.made_by.replace(" ", "\n", 1), ha="center", va="bottom", fontsize=8)
                continue
            leaf = min(0.03 * (self.right - self.left), 0.85 * share / level.tree.raw_pairs)
            rise = min(0.75, (self.head - foot - 0.3) / max(depth(level.tree), 1))
            corner = middle - leaf * level.tree.raw_pairs / 2, foot
            draw_tree(self.axes, level.tree, corner, (leaf, rise))
        ticks = [" + ".join(self.names[level] for level in recipe.consumed) for recipe in self.recipes]
        self.axes.set_yticks([-place for place in range(len(ticks))], ticks, fontsize=8)
        self.axes.tick_params(axis="y", length=0)
        if ticks:
            self._beside(1.0, "success", pictures.INK, fontweight="bold")

    def distillation(self, recipe: Recipe, y: float) -> None:
        """One row: the pairs, an arrow to each that success may make, the probability of success."""
        outcome = pictures.COLOURS[1] if recipe.reaching else pictures.INK
        self.axes.plot([self.at[recipe.low], self.at[recipe.high]], [y, y], color="0.6", lw=1.0, zorder=2)
        for place, level in enumerate(recipe.consumed):
            again = recipe.consumed[:place].count(level)
            size, colour = (3.2, "white") if again else (7.0, self.colours[level])
            self.axes.plot(self.at[level], y, "o", ms=size, color=colour, mec=pictures.INK, mew=0.7, zorder=4)
        arrow = {"arrowstyle": "-|>", "color": outcome, "lw": 1.3, "shrinkA": 4, "shrinkB": 0}
        for made in self.makes(recipe):
            self.axes.annotate("", (made, y), (self.at[recipe.consumed[-1]], y), arrowprops=arrow, zorder=3)
        self._beside(y, f"{float(recipe.success):.3f} → {results(recipe, self.names)}", outcome)

    def _beside(self, y: float, text: str, colour: str, **style: Any) -> None:
        """Text to the right of a row."""
        beside = self.axes.get_yaxis_transform()
        self.axes.text(1.01, y, text, transform=beside, fontsize=8, va="center", color=colour, **style)
