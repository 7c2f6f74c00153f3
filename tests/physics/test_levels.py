"""Fidelity levels: the closure of the raw pair below the target, with exact comparisons."""

from fractions import Fraction

import oracle
import pytest
from cases import SMALL, Additive, problems, result
from hypothesis import given, settings

from lpdistill import LimitError, Problem
from lpdistill.hardware.recipes import tables
from lpdistill.physics.levels import Tree
from lpdistill.physics.maps import Combination
from lpdistill.physics.werner import WernerPair

ABOVE = Fraction(1, 10**30)


def value_of(tree: Tree, f0: Fraction) -> Fraction:
    """Fidelity that a composition tree makes."""
    return f0 if tree.children is None else oracle.werner(*(value_of(child, f0) for child in tree.children))[0]


def fewest_raw_pairs(f0: Fraction, target: Fraction) -> dict[Fraction, int]:
    """Least number of raw pairs in a tree for every level, by relaxation until nothing changes."""
    fewest = {f0: 1}
    changed = True
    while changed:
        changed = False
        for a, m in list(fewest.items()):
            for b, n in list(fewest.items()):
                made = oracle.werner(a, b)[0]
                if made < target and m + n < fewest.get(made, m + n + 1):
                    fewest[made], changed = m + n, True
    return fewest


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_levels_are_the_closure(problem):
    """The levels are exactly the fidelities that trying all pairs finds, in increasing order."""
    assert [level.fidelity for level in problem.levels] == list(oracle.levels(oracle.Hardware.of(problem)))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(problems())
def test_levels_of_random_problems_are_the_closure(problem):
    """The same for random problems."""
    assert [level.fidelity for level in problem.levels] == list(oracle.levels(oracle.Hardware.of(problem)))


@pytest.mark.parametrize(
    ("f0", "target", "count"), [(".75", ".79", 2), (".9", ".94", 3), (".65", ".71", 5), (".62", ".66", 3)]
)
def test_level_counts_of_the_literature(f0, target, count):
    """The numbers of levels of the problems that are solved in print."""
    assert len(Problem(0.5, 4, f0, target).levels) == count


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_kinds_are_all_distillations(problem):
    """There is one kind for every unordered pair of levels, with the success and the result of the map."""
    have = oracle.levels(oracle.Hardware.of(problem))
    expected = []
    for low, a in enumerate(have):
        for high, b in enumerate(have[low:], low):
            made, success = oracle.werner(a, b)
            expected.append((low, high, success, have.index(made) if made < problem.target else None))
    assert [(*recipe.consumed, recipe.success, result(recipe)) for recipe in problem.recipes] == expected


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_trees_make_their_levels(problem):
    """The tree of every level, carried out, gives its fidelity."""
    for level in problem.levels:
        assert value_of(level.tree, problem.f0) == level.fidelity


def test_trees_consume_the_fewest_raw_pairs():
    """No tree of a level consumes fewer raw pairs than the one given."""
    problem = Problem(0.5, 4, ".65", ".71")
    found = {level.fidelity: level.tree.raw_pairs for level in problem.levels}
    assert found == fewest_raw_pairs(problem.f0, problem.target)


@pytest.mark.parametrize(
    ("tree", "pairs", "memories"),
    [
        (Tree(), 1, 1),
        (Tree((Tree(), Tree())), 2, 2),
        (Tree((Tree(), Tree((Tree(), Tree())))), 3, 2),
        (Tree((Tree((Tree(), Tree())), Tree((Tree(), Tree())))), 4, 3),
    ],
    ids=str,
)
def test_tree_counts(tree, pairs, memories):
    """Pumping keeps to two memories; nesting two distillations takes three."""
    assert (tree.raw_pairs, tree.memories) == (pairs, memories)


def test_a_target_that_is_exactly_a_level_is_reached_by_it():
    """``D(3/4, 3/4) = 41/52`` meets the target 41/52: one level is left, and its distillation ends the run."""
    (recipe,) = Problem(0.5, 2, "3/4", "41/52").recipes
    assert (recipe.consumed, recipe.success, result(recipe)) == ((0, 0), Fraction(13, 18), None)


def test_a_target_just_above_a_level_is_not_reached_by_it():
    """1e-30 above 41/52, far below double precision, the pair of fidelity 41/52 is a level to be stored."""
    levels = Problem(0.5, 2, "3/4", Fraction(41, 52) + ABOVE).levels
    assert [level.fidelity for level in levels] == [Fraction(3, 4), Fraction(41, 52)]


def test_a_target_just_above_f0_has_one_level():
    """1e-30 above the raw fidelity, one distillation is needed and one level is stored."""
    assert len(Problem(0.5, 2, "3/4", Fraction(3, 4) + ABOVE).levels) == 1


@pytest.mark.parametrize("target", ["3/4", "0.7"])
def test_no_levels_where_a_raw_pair_meets_the_target(target):
    """At or below the raw fidelity there is nothing to store and nothing to distil."""
    problem = Problem(0.5, 2, "3/4", target)
    assert (len(problem.levels), problem.recipes, problem.levels.raw) == (0, (), None)


def test_raw_level_is_the_lowest():
    """The raw pair is level 0, as distillation only raises fidelity."""
    assert Problem(0.5, 4, ".65", ".71").levels.raw == 0


class Climbing(Additive):
    """A map under which success raises the better pair by 1/10, whatever the other is."""

    def combine(self, a, b):
        """Distil ``a`` with ``b``."""
        return Combination(WernerPair(max(a.fidelity, b.fidelity) + Fraction(1, 10)), Fraction(1, 2))


def test_of_several_trees_the_one_with_fewest_raw_pairs_is_kept():
    """Where a level can be pumped with one raw pair a round, no tree that nests, and consumes more, is given for it."""
    levels = Problem(0.5, 4, "0.5001", "0.95", distillation=Climbing()).levels
    assert [level.tree.raw_pairs for level in levels] == [1, 2, 3, 4, 5]


def test_of_trees_with_as_many_raw_pairs_the_one_with_fewest_memories_is_kept():
    """Under a map that adds up excess every tree consumes as much, and two memories are enough for all levels."""
    levels = Problem(0.5, 4, "0.6", "1", distillation=Additive()).levels
    assert [level.tree.memories for level in levels] == [1, 2, 2, 2]


def test_trees_of_equal_fidelity_are_one_level():
    """Where two trees make the same fidelity, as under a map that adds excess over 1/2, there is one level."""
    problem = Problem(0.5, 4, "0.6", "0.95", distillation=Additive())
    assert [level.fidelity for level in problem.levels] == [Fraction(n, 10) for n in (6, 7, 8, 9)]


def test_too_many_levels_are_refused():
    """Just below the pumping limit there are finitely many levels, too many for fifty memories: a LimitError."""
    with pytest.raises(LimitError) as caught:
        _ = Problem(0.5, 50, "3/4", "0.82569").levels
    assert caught.value.size["memories"] == 50


def test_table_as_data():
    """As JSON data, a distillation that meets the target says so, and exact fidelities are text."""
    data = tables(Problem(0.5, 2, "3/4", "79/100").levels)
    assert data == {
        "levels": [
            {"index": 0, "fidelity": 0.75, "exact": "3/4", "tree": "f0"},
            {"index": 1, "fidelity": 41 / 52, "exact": "41/52", "tree": "D(f0, f0)"},
        ],
        "distillation": [
            {"levels": [0, 0], "success": 13 / 18, "result": 1},
            {
                "levels": [0, 1],
                "success": float(oracle.werner(Fraction(3, 4), Fraction(41, 52))[1]),
                "result": "target",
            },
            {
                "levels": [1, 1],
                "success": float(oracle.werner(Fraction(41, 52), Fraction(41, 52))[1]),
                "result": "target",
            },
        ],
    }
