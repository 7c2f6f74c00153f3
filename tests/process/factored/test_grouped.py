"""Columns priced where failed distillations have a price, against every column written out on its own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from priced_cases import Written, after_of, problem_of, without_compiled
from toy_maps import TOYS

from lpdistill import Budget, Dynamics, Problem, Rule, solve
from lpdistill.hardware.recipes import Outcome, Recipe
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.grouped import GroupedRecursion
from lpdistill.process.factored.groups import members
from lpdistill.process.factored.lattice import Chances, Lattice
from lpdistill.process.factored.matchings import Matchings
from lpdistill.process.resources import REACHING, RESOURCES
from lpdistill.process.tariff import Tariff

CASES = 240
"""Random processes with a price on failures that are priced both ways."""

CLOSE = 1e-12
"""Relative difference that rounding may make between both ways."""

FAILURES, DISTILLATIONS = RESOURCES["failed_distillations"], RESOURCES["distillations"]

blocks = pytest.mark.parametrize("block", range(0, CASES, 20))


def fined(seed):
    """A random process with a price on failures, often on distillations and deliveries too, and what comes after."""
    rng = np.random.default_rng(1_000 + seed)
    problem = problem_of(rng)
    problem = replace(problem, rules=tuple(rule for rule in problem.rules if type(rule) is not Rule))
    scale = 10.0 ** rng.uniform(-3, 3)
    others = [what for what in (DISTILLATIONS, REACHING, RESOURCES["memory_time"]) if rng.random() < 0.3]
    prices = [(what, float(scale * rng.uniform(-1, 1))) for what in (FAILURES, *others)]
    process = Dynamics(problem, str(rng.choice(["full", "all"]))).under(Tariff(1.0, tuple(prices)))
    return process, after_of(process, rng)


@cache
def priced_both_ways(seed):
    """Such a process priced at once, and every column of it on its own."""
    process, after = fined(seed)
    return process.price_after(after), Written(process, after)


def each(block):
    """The processes of a block."""
    return map(priced_both_ways, range(block, block + 20))


@blocks
def test_prices_are_the_least_of_all_columns(block):
    """The least action value of every configuration is that of its columns priced one by one; infinite alike."""
    for priced, written in each(block):
        finite = np.isfinite(written.best)
        assert np.isfinite(priced.best).tolist() == finite.tolist()
        assert (np.abs(priced.best[finite] - written.best[finite]) <= written.close(CLOSE)[finite]).all()


@blocks
def test_columns_attain_the_prices(block):
    """The column named for a configuration belongs to it, is allowed, and has its least action value."""
    for priced, written in each(block):
        finite = np.isfinite(written.best)
        columns = priced.columns(finite)
        assert written.owner[columns].tolist() == np.flatnonzero(finite).tolist()
        assert (np.abs(written.value[columns] - written.best[finite]) <= 2 * written.close(CLOSE)[finite]).all()


@blocks
def test_tied_columns_are_all_within_the_slack(block):
    """Those within a slack of the least action value are named, each once, increasing, and no others."""
    for seed, (priced, written) in enumerate(each(block), block):
        rng, best = np.random.default_rng(seed), np.where(np.isfinite(written.best), written.best, 0.0)
        slack = np.abs(best) * rng.uniform(0, 0.3) + rng.uniform(0, 0.1)
        wanted = np.isfinite(written.best) & (rng.random(len(best)) < 0.8)
        tied = priced.tied(wanted, slack)
        possible = wanted[written.owner] & np.isfinite(written.value)
        gap = np.where(possible, written.value, np.inf) - (best + slack)[written.owner]
        room = 10 * CLOSE * np.where(possible, written.size, 0.0)
        assert (np.diff(tied) > 0).all()
        assert (gap <= room)[tied].all()
        assert np.isin(np.flatnonzero(gap < -room), tied).all()


def test_no_column_is_listed():
    """Whatever the signs of prices, rules with a structure, recipes and attempts, sets are priced by group."""
    grouped = [process for process, _ in map(fined, range(0, CASES, 4)) if process.kernel.matchings.recipes]
    assert len(grouped) > CASES // 8
    assert all(process._pricing.charges.grouped for process in grouped)  # noqa: SLF001 - which way is taken


def told(seed):
    """Prices, columns and ties of such a process."""
    process, after = fined(seed)
    priced = process.price_after(after)
    wanted = np.isfinite(priced.best)
    return priced.best.tobytes(), priced.columns(wanted).tolist(), priced.tied(wanted, 0.1).tolist()


def test_without_anything_compiled_all_is_the_same():
    """Prices have the same bits, and columns and ties are the same, whether anything was compiled or not."""
    compiled = [told(seed) for seed in range(0, CASES, 4)]
    with without_compiled():
        assert [told(seed) for seed in range(0, CASES, 4)] == compiled


@pytest.mark.parametrize("failed", [Fraction(15, 7), Fraction(-15, 7)])
def test_failures_are_paid_for_even_if_another_distillation_delivers(failed):
    """Two distillations that succeed with 9/10, before a 18/5: 813/1750 at 15/7 a failure, not 951/3500."""
    recipe = Recipe((0, 0), (Outcome(Fraction(9, 10), target=True), Outcome(Fraction(1, 10))))
    lattice = Lattice(CountVectors(4, 1), Matchings(Problem("1/2", 4, "3/4", "77/100").levels, (recipe,), 2, 4))
    after, none = 18 / 5, np.zeros(5, dtype=np.int64)
    found = GroupedRecursion(
        *(lattice, Chances.of(lattice, 0.0), np.full(5, after), np.array([0, 5]), none, none[:1]), fine=float(failed)
    )
    expected = failed * Fraction(1, 5) + Fraction(1, 100) * Fraction(18, 5)
    assert expected == (Fraction(813, 1750) if failed > 0 else expected) != Fraction(951, 3500)
    every = found.lattice.groups
    both = int(np.flatnonzero(every.pairs == 2)[0])
    assert float(failed) * every.failures[both] + every.missed[both] * after == pytest.approx(float(expected))


def test_what_is_never_least_is_not_a_vertex():
    """Of sets that consume the same pairs, only those are kept that some price of failures makes the least."""
    lattice = Dynamics(Problem("1/2", 8, "65/100", "71/100")).kernel.lattice
    every, consumption = lattice.groups, lattice.matchings.consumption[lattice.second]
    failure = lattice.matchings.failure[lattice.second]
    keys = {(tuple(taken), pairs) for taken, pairs in zip(every.taken.tolist(), every.pairs.tolist(), strict=True)}
    angles = np.linspace(0, 2 * np.pi, 50)
    left = 0
    for taken, pairs in keys:
        sets = [np.bincount(one, minlength=len(failure)) for one in members(consumption, taken, pairs)]
        points = np.array([(np.prod(failure**one), one @ failure) for one in sets])
        here = (every.taken == taken).all(axis=1) & (every.pairs == pairs)
        vertices = np.array([every.missed[here], every.failures[here]])
        for angle in angles:
            toward = np.array([np.cos(angle), np.sin(angle)])
            assert (toward @ vertices).min() == pytest.approx((points @ toward).min(), rel=1e-12, abs=1e-15)
        left += len(points) - here.sum()
    assert left > 0


@pytest.mark.parametrize("price", [-3.0, 0.25, 3.0])
def test_all_columns_are_within_a_large_slack(price):
    """A slack larger than any difference names every column that ever changes anything."""
    process = Dynamics(TOYS["three into one"], "all").under(Tariff(1.0, ((FAILURES, price),)))
    tied = process.price(np.random.default_rng(2).random(process.size)).tied(np.ones(process.size, dtype=bool), 1e6)
    assert len(tied) == process.column_count - len(process.admission.waiting)


def test_a_limit_on_failures_is_kept_with_twenty_memories():
    """Of 408 thousand columns none is listed: the limit is met exactly, and both bounds meet."""
    solution = solve(Problem("1/2", 20, "9/10", "94/100").with_constraints(Budget("failed_distillations", "9/10")))
    use = solution.budgets["failed_distillations"]
    assert use.used == pytest.approx(0.9, rel=1e-9)
    assert use.price < 0
    assert solution.upper_bound - solution.lower_bound <= 1e-10
