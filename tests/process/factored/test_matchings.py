"""Sets of parallel distillations: which there are, what they consume, and what they produce."""

import itertools
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import oracle
import pytest
from cases import Additive, result

from lpdistill import Problem
from lpdistill.process.factored.matchings import Matchings

PROBLEMS = {
    "one level": Problem("1/2", 6, "3/4", "31/40"),
    "two levels": Problem("1/2", 6, "3/4", "79/100"),
    "three levels": Problem("1/2", 4, "9/10", "94/100"),
    "five levels": Problem("1/2", 4, "65/100", "71/100"),
    "another map": Problem("1/2", 4, "6/10", "95/100", distillation=Additive()),
}
MATCHINGS = {
    name: Matchings(problem.levels, problem.recipes, problem.memories // 2, problem.memories)
    for name, problem in PROBLEMS.items()
}
every_problem = pytest.mark.parametrize("matchings", MATCHINGS.values(), ids=MATCHINGS)


def produced(matchings: Matchings, counts: np.ndarray) -> tuple[dict[tuple[int, ...], Fraction], Fraction]:
    """Distribution of what a matching leaves while the target is not reached, and the probability that it is."""
    table = {recipe.consumed: recipe for recipe in matchings.recipes}
    kinds = [table[pair] for pair in matchings.distilled(counts)]
    found: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
    target = Fraction(0)
    for coins in itertools.product((True, False), repeat=len(kinds)):
        probability, counts = Fraction(1), [0] * len(matchings.levels)
        for success, kind in zip(coins, kinds, strict=True):
            probability *= kind.success if success else 1 - kind.success
            if success and result(kind) is not None:
                counts[result(kind)] += 1
        if any(success and result(kind) is None for success, kind in zip(coins, kinds, strict=True)):
            target += probability
        else:
            found[tuple(counts)] += probability
    return found, target


def test_consumption_counts_both_pairs():
    """Every kind consumes one pair of each of its two levels, or two of the same."""
    assert MATCHINGS["two levels"].consumption.tolist() == [[2, 0], [1, 1], [0, 2]]


@every_problem
def test_every_matching_is_listed_once(matchings):
    """The matchings are all multisets of pairs of levels that fit into the memories."""
    levels = len(matchings.levels)
    expected = {m for n in oracle.configurations(2 * matchings.most, levels) for m in oracle.matchings(n)}
    found = [tuple(sorted(matchings.distilled(counts))) for counts in matchings.listed]
    assert Counter(found) == Counter(expected)


@every_problem
def test_number_finds_a_matching(matchings):
    """The matchings of a kind are numbered in the order of the list, and no other counts have a number."""
    kind, within = matchings.number(matchings.listed)
    expected = [(row, place) for row, one in enumerate(matchings.kinds) for place in range(one.size)]
    assert list(zip(kind.tolist(), within.tolist(), strict=True)) == expected
    too_many = np.full((1, len(matchings.recipes)), matchings.most + 1)
    assert matchings.number(too_many)[0].tolist() == [-1]


@every_problem
def test_fewer_pairs_come_first(matchings):
    """Matchings are ordered by their number of distillations."""
    pairs = matchings.listed.sum(axis=1).tolist()
    assert pairs == sorted(pairs)


@every_problem
def test_outcomes_are_those_of_coins_tossed_one_by_one(matchings):
    """Every outcome below the target has its exact probability, to a few roundings, and there are no others."""
    levels = matchings.produced_levels
    for counts, outcomes in zip(matchings.listed, matchings.outcomes(matchings.listed), strict=True):
        expected, _ = produced(matchings, counts)
        row = outcomes.tocoo()
        found = {}
        for column, probability in zip(row.coords[-1], row.data, strict=True):
            made = np.zeros(len(matchings.levels), dtype=int)
            made[levels] = matchings.produced.unrank(np.array(column))
            found[tuple(made.tolist())] = probability
        assert found == pytest.approx({k: float(v) for k, v in expected.items() if v}, rel=1e-14, abs=0)


@every_problem
def test_reaching_is_the_probability_of_the_target(matchings):
    """``reaching`` is the exact probability that at least one distillation reaches the target, to a few roundings."""
    expected = [float(produced(matchings, counts)[1]) for counts in matchings.listed]
    assert matchings.reaching(matchings.listed) == pytest.approx(expected, rel=1e-14, abs=0)
