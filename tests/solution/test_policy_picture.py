"""A policy drawn: every configuration a row, its memories boxes, and all that is done with them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from cases import SMALL, solved

pytest.importorskip("matplotlib")

from matplotlib.patches import Rectangle

from lpdistill import Action, Budget, LimitError, ModelError, Policy, Problem, baseline, pictures, solve
from lpdistill.solution.policy_picture import require_drawable

FOUR = SMALL["four memories, three levels"]
WHITE = (1.0, 1.0, 1.0, 1.0)
TWO = Problem("1/2", 2, "3/4", "79/100")


def texts(axes):
    """What is written in a picture, legend and title apart."""
    return [text.get_text() for text in axes.texts]


def boxes(axes):
    """The boxes: (row, place, filled) of every memory, rows from 0 down."""
    found = []
    for patch in axes.patches:
        assert isinstance(patch, Rectangle)
        found.append((round(-patch.get_y() - 0.23), round(patch.get_x() - 0.07), patch.get_facecolor() != WHITE))
    return sorted(found)


def marks(axes, marker):
    """How many marks of a kind there are."""
    return sum(line.get_marker() == marker for line in axes.lines)


def legend(axes):
    """What the legend explains."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def visited(solution):
    """The rows that a run can come to, most visited first."""
    return list(solution.rows(visited=True))


def test_every_configuration_is_a_row_of_boxes():
    """Each row has a box for every memory: filled ones for stored pairs, open ones for empty memories."""
    solution = solved(FOUR)
    found, rows = boxes(solution.policy.plot()), visited(solution)
    assert len(found) == 4 * len(rows)
    for place, row in enumerate(rows):
        assert sum(filled for at, _, filled in found if at == place) == sum(row.counts)


def test_rows_say_what_the_table_says():
    """Counts, time to go and visits of every configuration stand in its row, most visited first."""
    solution = solved(FOUR)
    written, rows = texts(solution.policy.plot()), visited(solution)
    assert [text for text in written if text.startswith("(")] == [str(row.counts) for row in rows]
    for row in rows:
        assert f"{row.value:.3f}" in written
        assert f"{row.visits:.3f}" in written
    assert {"pairs at each level", "memories", "time to go", "visits"} <= set(written)


def test_boxes_name_the_fidelity_that_they_hold():
    """Each stored pair's box has its fidelity, each level its colour and its line in the legend."""
    solution = solved(FOUR)
    axes = solution.policy.plot()
    stored = [sum(row.counts[level] for row in visited(solution)) for level in range(3)]
    assert [texts(axes).count(name) for name in ("0.900", "0.926", "0.937")] == stored
    colours = {patch.get_facecolor() for patch in axes.patches if patch.get_facecolor() != WHITE}
    assert len(colours) == 3
    assert legend(axes)[:4] == ["level 0: 0.900", "level 1: 0.926", "level 2: 0.937", "empty"]


def test_arcs_say_what_success_makes():
    """Every distillation has an arc and what it makes; every attempt a mark."""
    solution = solved(FOUR)
    axes, actions = solution.policy.plot(), [row.decisions[0].action for row in visited(solution)]
    made = [text for text in texts(axes) if text.startswith("→")]
    assert len(made) == sum(len(action.distil) for action in actions)
    reaching = [pair for action in actions for pair in action.distil if pair not in {(0, 0), (0, 1)}]
    assert made.count("→ target") == len(reaching)
    assert marks(axes, "P") == sum(action.generate for action in actions)
    assert "generation attempt" in legend(axes)


def test_pairs_to_be_distilled_are_neighbours():
    """An arc spans two neighbouring boxes."""
    axes = solved(FOUR).policy.plot()
    arcs = [line for line in axes.lines if len(line.get_xdata()) > 10]
    assert arcs
    for arc in arcs:
        ends = sorted((arc.get_xdata()[0], arc.get_xdata()[-1]))
        assert ends[1] - ends[0] == pytest.approx(1)
        assert ends[0] % 1 == pytest.approx(0.5)


def test_discards_are_crossed_out():
    """A pair that is discarded has a cross, and the legend says what that means."""

    def thrifty(counts):
        if counts == (1, 0):
            return Action(discard=(0,))
        if sum(counts) == 2:
            return Action((tuple(level for level, count in enumerate(counts) for _ in range(count)),))
        return Action((), 2 - sum(counts))

    axes = Policy.of(TWO.replace(discarding=True), thrifty).plot()
    assert marks(axes, "x") == 1
    assert "discard" in legend(axes)
    assert "discard" not in legend(solved(TWO).policy.plot())


def test_lots_are_rows_of_their_own():
    """Where the policy randomises every decision has a row and its probability; counts and time are written once."""
    solution = solve(Problem("1/2", 3, "3/4", "79/100", budgets=[Budget("generation_attempts", 11)]))
    axes = solution.policy.plot()
    (drawn,) = solution.policy.randomised
    assert "probability" in texts(axes)
    for decision in solution.policy[drawn]:
        assert f"{decision.probability:.4f}" in texts(axes)
    assert texts(axes).count(str(drawn)) == 1
    assert len(boxes(axes)) == 3 * (len(visited(solution)) + 1)
    assert "probability" not in texts(solved(TWO).policy.plot())


def test_a_trap_is_marked():
    """An improper policy is drawn with its trap first, and no visits."""
    axes = baseline(TWO, "nested").plot()
    assert next(text for text in texts(axes) if text.startswith("(")) == "(1, 1)"
    assert texts(axes).count("trapped") == 1
    assert texts(axes).count("never") == 5
    assert "may never reach the target" in axes.get_title(loc="left")


def test_the_most_visited_are_drawn():
    """Of many configurations the most visited are drawn, as many as asked, and the title says of how many."""
    solution = solved(FOUR)
    axes = solution.policy.plot(most=5)
    assert [text for text in texts(axes) if text.startswith("(")] == [str(row.counts) for row in visited(solution)[:5]]
    assert "5 of 15 configurations" in axes.get_title(loc="left")
    assert "all 15 configurations" in solution.policy.plot().get_title(loc="left")


def test_close_levels_are_named_by_index():
    """Fidelities of many decimals go into the legend, and boxes name levels by index."""
    close = Problem("1/2", 2, "3/4", "0.78846153846154")  # just above the level that two raw pairs make
    axes = solve(close).policy.plot()
    assert "level 0" in texts(axes)
    assert "→ level 1" in texts(axes)
    assert any(text.startswith("level 1: 0.78846153") for text in legend(axes))


def test_no_levels_are_drawn():
    """Where raw pairs meet the target there is one configuration, of empty memories."""
    axes = solved(SMALL["three memories, target equal to f0"]).policy.plot()
    assert len(boxes(axes)) == 3
    assert marks(axes, "P") == 3


def test_colours_are_ordered_by_lightness():
    """The colours of levels grow darker, so that they are told apart without colour."""

    def lightness(colour):
        return sum(int(colour[at : at + 2], 16) * weight for at, weight in ((1, 0.299), (3, 0.587), (5, 0.114)))

    for count in range(1, 11):
        shades = [lightness(colour) for colour in pictures.shades(count)]
        assert shades == sorted(shades, reverse=True)
        assert all(a - b > 8 for a, b in pairwise(shades))


def test_black_and_white_ink():
    """Text on light colours is black, on dark ones white."""
    assert (pictures.ink_on("#ffffff"), pictures.ink_on("#000000")) == ("black", "white")


def test_too_many_memories_are_refused():
    """More memories than can be told apart are refused with their number, before anything is solved."""
    with pytest.raises(LimitError, match="13 memories") as caught:
        require_drawable(TWO.replace(memories=13))
    assert caught.value.size == {"memories": 13}
    with pytest.raises(LimitError):
        solve(TWO.replace(memories=13)).policy.plot()
    require_drawable(TWO.replace(memories=12))


def test_state_graphs_are_refused():
    """The policy of a state graph has no memories to draw."""
    with pytest.raises(ModelError, match="state graph"):
        solve(TWO.graph()).policy.plot()


@pytest.mark.parametrize("most", [0, -1, "many", 1.5])
def test_no_configurations_are_refused(most):
    """A picture of no configurations, or of a number that is none, is refused."""
    with pytest.raises(ModelError, match="most"):
        solved(TWO).policy.plot(most=most)


def test_a_policy_is_drawn_on_the_axes_given():
    """A plot goes onto the axes of the caller, which are returned."""
    axes = pictures.axes()
    assert solved(TWO).policy.plot(axes) is axes
    assert axes.patches
