"""Levels on a grid: labels, which way results are rounded, and how many memories labels need."""

from fractions import Fraction

import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.errors import ModelError
from lpdistill.physics.levels import Tree
from lpdistill.physics.maps import Combination
from lpdistill.physics.rounding import Grid, Rounding, Short
from lpdistill.physics.werner import Werner, WernerPair

MANY = 99
"""Memories that make every label."""


@st.composite
def grids(draw):
    """Grids of exact fidelities, wherever the target lies."""
    f0 = Fraction(draw(st.integers(55, 90)), 100)
    target = f0 + (1 - f0) * Fraction(draw(st.integers(2, 9)), 10)
    grid = Grid.of(Werner(), f0, target)
    for _ in range(draw(st.integers(0, 5))):
        known = sorted(grid.trees)
        a, b = (known[draw(st.integers(0, len(known) - 1))] for _ in range(2))
        grid = grid.with_results([(max(a, b), min(a, b))])
    return grid


def combined(labels):
    """The fidelities of two labels, what they make in fractions, and the recipe."""
    known = [label.fidelity for label in labels]
    for (low, high), made in labels.combinations.items():
        yield known, oracle.werner(known[low], known[high]), made


@given(grids())
def test_floor_is_the_greatest_label_not_above(grid):
    """What falls short of the target is relabelled downwards, as little as possible."""
    for known, (fidelity, _), made in combined(grid.labels(Rounding.FLOOR, MANY, useless=True)):
        if fidelity < grid.target:
            assert made.state.fidelity == max(label for label in known if label <= fidelity)


@given(grids())
def test_ceil_is_the_least_label_not_below(grid):
    """What falls short of the target is relabelled upwards, as little as possible, at most to just below the target."""
    for known, (fidelity, _), made in combined(grid.labels(Rounding.CEIL, MANY, useless=True)):
        if fidelity < grid.target:
            assert made.state.fidelity == min(label for label in known if label >= fidelity)
            assert isinstance(made.state, Short) == (made.state.fidelity == grid.target)


@pytest.mark.parametrize("rounding", Rounding)
@given(grid=grids())
def test_what_meets_the_target_is_not_rounded(rounding, grid):
    """A result that meets the target delivers, also one that equals it, and no other does."""
    for _, (fidelity, _), made in combined(grid.labels(rounding, MANY, useless=True)):
        delivers = made.state.fidelity >= grid.target and not isinstance(made.state, Short)
        assert delivers == (fidelity >= grid.target)


@pytest.mark.parametrize("rounding", Rounding)
@given(grid=grids())
def test_labels_succeed_as_their_fidelities_do(rounding, grid):
    """Success probabilities are those of the labels' fidelities, exactly: just below the target, that of the target."""
    for _, (_, success), made in combined(grid.labels(rounding, MANY, useless=True)):
        assert made.success == success


@pytest.mark.parametrize("rounding", Rounding)
@given(grid=grids())
def test_results_that_were_rounded_are_known(rounding, grid):
    """``results`` has the true fidelity of every result that is not the label it got, and of no other."""
    labels = grid.labels(rounding, MANY, useless=True)
    known = [label.fidelity for label in labels]
    truth = {pair: oracle.werner(*(known[index] for index in pair))[0] for pair in labels.combinations}
    assert labels.results == {
        pair: fidelity
        for pair, fidelity in truth.items()
        if fidelity < grid.target and fidelity not in known[: len(grid)]
    }


@pytest.mark.parametrize("rounding", Rounding)
@given(grid=grids(), memories=st.integers(2, 4))
def test_labels_are_those_that_memories_make(rounding, grid, memories):
    """A label needs as many memories as the cheapest recipe that ends in it: one more if both inputs need the same."""
    every, some = (grid.labels(rounding, most, useless=True) for most in (MANY, memories))
    least = {label.fidelity: number for label, number in zip(every, every.memories, strict=True)}
    needs = dict.fromkeys(least, MANY) | {grid.f0: 1}
    for _ in needs:
        for (low, high), made in every.combinations.items():
            a, b = needs[every[low].fidelity], needs[every[high].fidelity]
            if made.state.fidelity in needs and (made.state.fidelity < grid.target or isinstance(made.state, Short)):
                fewest = a + 1 if a == b else max(a, b)
                needs[made.state.fidelity] = min(needs[made.state.fidelity], fewest)
    assert {fidelity: number for fidelity, number in needs.items() if number < MANY} == least
    assert [label.fidelity for label in some] == [fidelity for fidelity in least if least[fidelity] <= memories]


@pytest.mark.parametrize("rounding", Rounding)
@given(grid=grids())
def test_useless_distillations_are_left_out(rounding, grid):
    """Without ``useless``, those stay whose label is above both inputs, and those that deliver."""
    every, some = (grid.labels(rounding, MANY, useless=useless) for useless in (True, False))
    place = {label.fidelity: label.index for label in some}
    kept = {
        tuple(place[every[index].fidelity] for index in pair)
        for pair, made in every.combinations.items()
        if all(every[index].fidelity in place for index in pair)
        and (made.state.fidelity > every[max(pair)].fidelity or made.state.fidelity >= grid.target)
        and not (isinstance(made.state, Short) and isinstance(every[max(pair)].state, Short))
    }
    assert kept == set(some.combinations)


@given(grids())
def test_trees_make_the_fidelities(grid):
    """Every fidelity is what its tree makes; a grid computed anew is the same."""

    def made(tree: Tree) -> Fraction:
        return grid.f0 if tree.children is None else oracle.werner(*map(made, tree.children))[0]

    assert {fidelity: made(tree) for fidelity, tree in grid.trees.items()} == {f: f for f in grid.trees}
    assert grid.again() == grid


def test_what_meets_the_target_is_no_label():
    """A result that is added to a grid stays out of it if it meets the target, also where it equals it."""
    grid = Grid.of(Werner(), Fraction(3, 4), Fraction(41, 52))
    assert oracle.werner(Fraction(3, 4), Fraction(3, 4))[0] == grid.target
    assert len(grid.with_results([(grid.f0, grid.f0)])) == 1


class Gradual(Werner):
    """A map that adds a little, so that trees become large while fidelities stay short."""

    def combine(self, a, b):
        """The better of two pairs, a little better, or nothing."""
        return Combination(WernerPair(max(a.fidelity, b.fidelity) + Fraction(1, 1000)), Fraction(1, 2))


def test_trees_that_share_parts_are_not_taken_apart():
    """A grid whose highest level is made of two pairs of the one below, and so on, is computed anew: 2^60 leaves."""
    grid = Grid.of(Gradual(), Fraction(3, 5), Fraction(9, 10))
    for _ in range(60):
        top = max(grid.trees)
        grid = grid.with_results([(top, top)])
    assert grid.trees[max(grid.trees)].raw_pairs == 2**60
    assert grid.again() == grid


@given(grids())
def test_the_label_just_below_the_target_says_that_it_has_no_tree(grid):
    """No pair has it: its document says where it stands instead of a tree, and whoever asks for one is refused."""
    *true, short = grid.labels(Rounding.CEIL, MANY, useless=True)
    assert all(level.to_dict()["tree"] == str(level.tree) for level in true if level.made)
    if isinstance(short.state, Short):
        assert "tree" not in short.to_dict()
        assert short.to_dict()["stands"] == short.made_by == "just below the target"
        with pytest.raises(ModelError, match="level: has no tree: it stands just below the target"):
            short.tree  # noqa: B018 - raises
