"""The levels drawn: every distillation a row, every level a line, the target and the limits marked."""

from __future__ import annotations

import pytest
from cases import SMALL, result

pytest.importorskip("matplotlib")

from lpdistill import LimitError, Problem, pictures
from lpdistill.physics.levels import Tree
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.problem.labels import with_labels
from lpdistill.solution.level_picture import depth, draw_levels, draw_tree

FOUR = SMALL["four memories, three levels"]
PUMPED = Tree((Tree(), Tree((Tree(), Tree()))))


def texts(axes):
    """What is written in a picture."""
    return [text.get_text() for text in axes.texts]


def test_every_distillation_is_a_row():
    """Each kind of distillation has its two levels at the left, success and result at the right, and an arrow."""
    axes = draw_levels(FOUR)
    names = ["0.900", "0.926", "0.937"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        f"{names[low]} + {names[high]}" for low, high in FOUR.levels.combinations
    ]
    for recipe in FOUR.recipes:
        made = "target" if result(recipe) is None else names[result(recipe)]
        assert f"{float(recipe.success):.3f} → {made}" in texts(axes)


def test_arrows_end_at_what_is_made():
    """An arrow leads from the better pair to the fidelity made, which is beyond the target where that is reached."""
    axes = draw_levels(FOUR)
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == len(FOUR.recipes)
    for arrow, recipe in zip(arrows, FOUR.recipes, strict=True):
        low, high = (FOUR.levels[level] for level in recipe.consumed)
        made = FOUR.distillation.combine(low.state, high.state).state.fidelity
        assert arrow.xy[0] == float(made)
        assert arrow.xyann[0] == float(high.fidelity)
        assert (arrow.xy[0] >= float(FOUR.target)) == (result(recipe) is None)


def test_the_target_and_the_limits_are_named():
    """Target, pumping limit and memory limit are in the legend; a limit off the picture says so."""
    words = [text.get_text() for text in draw_levels(FOUR).get_legend().get_texts()]
    assert words == ["target 0.94", "pumping limit 0.94346", "limit of 4 memories 0.984319 (further right)"]


def test_levels_are_headed_by_their_fidelity_and_tree():
    """Each level has its fidelity as a heading, and a dot for every raw pair of its tree."""
    axes = draw_levels(FOUR)
    assert {"0.900", "0.926", "0.937"} <= set(texts(axes))
    leaves = sum(line.get_markersize() == 2.6 for line in axes.lines)
    assert leaves == sum(level.tree.raw_pairs for level in FOUR.levels)


def test_nothing_to_distil_is_said():
    """Where a raw pair meets the target the picture has no rows, and says why."""
    axes = draw_levels(SMALL["three memories, target equal to f0"])
    assert any("nothing to distil" in text for text in texts(axes))
    assert not axes.get_yticklabels()


def test_too_many_levels_are_refused():
    """More levels than can be read are refused with their number."""
    many = Problem("1/2", 4, "58/100", gap="16/400")
    assert len(many.levels) == 17
    with pytest.raises(LimitError, match="17 levels") as caught:
        draw_levels(many)
    assert caught.value.size == {"levels": 17}
    assert draw_levels(Problem("1/2", 4, "54/100", gap="8/400")).texts  # ten


def test_levels_are_drawn_on_the_axes_given():
    """A plot goes onto the axes of the caller, which are returned."""
    axes = pictures.axes()
    assert draw_levels(FOUR, axes) is axes


def test_a_tree_has_a_leaf_for_every_raw_pair():
    """A tree is as wide as it has leaves, as high as it has rounds, and its root is where the last two meet."""
    axes = pictures.axes()
    root = draw_tree(axes, PUMPED, (2.0, 1.0), (0.5, 0.25))
    assert depth(PUMPED) == 2
    assert root == (pytest.approx(2.625), pytest.approx(1.5))
    leaves = sorted(float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o")
    assert leaves == [2.25, 2.75, 3.25]


def test_a_label_without_a_tree_has_words_instead():
    """The label just below the target, which rounding up has, stands below words."""
    labels = Grid.of(FOUR.distillation, FOUR.f0, FOUR.target).labels(Rounding.CEIL, FOUR.memories)
    assert "just\nbelow the target" in texts(draw_levels(with_labels(FOUR, labels)))
