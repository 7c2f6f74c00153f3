"""Composition trees: all of them by number of raw pairs, and how many there are before any is made."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations_with_replacement, product
from math import comb

from lpdistill.physics.levels import Tree
from symbolic.algebra.limits import refuse_beyond

MOST_RAW_PAIRS = 200
"""Raw pairs of one tree at most: the degree of its formula."""


@cache
def trees(raw_pairs: int, memories: int) -> tuple[Tree, ...]:
    """All composition trees of exactly so many raw pairs that need at most so many memories.

    Distillation is symmetric, so of mirror images one is kept.

    >>> [str(tree) for tree in trees(4, 3)]
    ['D(f0, D(f0, D(f0, f0)))', 'D(D(f0, f0), D(f0, f0))']
    """
    if raw_pairs == 1:
        return (Tree(),)
    found = []
    for smaller in range(1, raw_pairs // 2 + 1):
        larger = raw_pairs - smaller
        pairs = (
            combinations_with_replacement(trees(smaller, memories), 2)
            if smaller == larger
            else product(trees(smaller, memories), trees(larger, memories))
        )
        found += [tree for tree in map(Tree, map(_ordered, pairs)) if tree.memories <= memories]
    return tuple(found)


def standard(tree: Tree) -> Tree:
    """The mirror image of a tree that :func:`trees` lists: of any two subtrees distilled, the smaller comes first.

    >>> str(standard(Tree((Tree((Tree(), Tree())), Tree()))))
    'D(f0, D(f0, f0))'
    """
    if tree.children is None:
        return tree
    a, b = tree.children
    return Tree(_ordered((standard(a), standard(b))))


def _ordered(pair: tuple[Tree, Tree]) -> tuple[Tree, Tree]:
    """Two trees, the smaller first."""
    a, b = sorted(pair, key=lambda tree: (tree.raw_pairs, tree.memories, str(tree)))
    return a, b


@cache
def tree_counts(raw_pairs: int) -> Counter[int]:
    """Number of composition trees of exactly so many raw pairs, by the memories that they need.

    A tree needs as many memories as the more demanding of its two subtrees, and one more if they demand the same
    (Sethi-Ullman number).  The totals are the Wedderburn-Etherington numbers 1, 1, 1, 2, 3, 6, 11, 23, ...

    >>> sorted(tree_counts(8).items())
    [(2, 1), (3, 21), (4, 1)]
    """
    if raw_pairs == 1:
        return Counter({1: 1})
    counts: Counter[int] = Counter()
    for smaller in range(1, raw_pairs // 2 + 1):
        larger = raw_pairs - smaller
        for (a, m), (b, n) in product(tree_counts(smaller).items(), tree_counts(larger).items()):
            needed = a + 1 if a == b else max(a, b)
            if smaller < larger:
                counts[needed] += m * n
            elif a <= b:
                counts[needed] += comb(m + 1, 2) if a == b else m * n
    return counts


def refuse_trees(raw_pairs: int, memories: int | None = None, *, most: int) -> None:
    """Refuse more than ``most`` trees of up to so many raw pairs and memories, by counting alone.

    Raises
    ------
    LimitError
        If there are more, or their formulas would be of too high a degree.
    """
    refuse_beyond("raw_pairs", MOST_RAW_PAIRS, degree=raw_pairs)
    room = raw_pairs if memories is None else memories
    number = sum(n for size in range(1, raw_pairs + 1) for m, n in tree_counts(size).items() if m <= room)
    refuse_beyond("raw_pairs", most, trees=number)
