"""All columns priced by the recursion, against every column written out on its own."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import oracle
import pytest
from cases import REACHED_BY_DISTILLATION, labels
from priced_cases import Written, drawn, without_compiled
from toy_maps import TOYS, enumerated

from lpdistill import Dynamics, MaxDistillations, Problem, solve
from lpdistill.process.repetition import After
from lpdistill.process.resources import RESOURCES, StandardResource
from lpdistill.process.tariff import Tariff

CASES = 300
"""Random processes that are priced both ways."""

CLOSE = 1e-12
"""Relative difference that rounding may make between both ways."""

COLUMNS_OF_FIFTY = 311_902_656
"""Columns that fifty memories and three levels make."""

blocks = pytest.mark.parametrize("block", range(0, CASES, 20))


@cache
def priced_both_ways(seed):
    """A random process priced at once, and every column of it on its own."""
    process, after = drawn(seed)
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


def told(seed):
    """Prices, columns and ties of a random process."""
    process, after = drawn(seed)
    priced = process.price_after(after)
    wanted = np.isfinite(priced.best)
    return priced.best, priced.columns(wanted).tolist(), priced.tied(wanted, 0.1).tolist()


def test_without_anything_compiled_all_is_the_same():
    """Prices, columns and ties of random processes do not depend on whether anything was compiled."""
    compiled = [told(seed) for seed in range(0, CASES, 8)]
    with without_compiled():
        for (best, *named), seed in zip(compiled, range(0, CASES, 8), strict=True):
            found, *others = told(seed)
            assert found == pytest.approx(best, rel=1e-14)
            assert others == named


@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
@pytest.mark.parametrize("attempts", ["full", "all"])
def test_prices_are_exact_up_to_rounding(problem, attempts):
    """With a price on every resource, they are those of the enumeration over the rationals, within stated rounding."""
    prices = {name: Fraction(n + 1, 8) for n, name in enumerate(RESOURCES) if name != "failed_distillations"}
    tariff = Tariff(1.0, tuple((RESOURCES[name], float(price)) for name, price in prices.items()))
    process, hardware = Dynamics(problem, attempts).under(tariff), oracle.Hardware.of(problem)
    values = np.random.default_rng(2).random(process.size)
    exact = dict(zip(map(tuple, process.configurations.counts.tolist()), map(Fraction, values), strict=True))
    best: dict[tuple[int, ...], Fraction] = {}
    for counts, (distilled, tried) in labels(process):
        step = oracle.step(hardware, counts, distilled, tried)
        used = {
            "steps": 1,
            "generation_attempts": tried,
            "raw_pairs": tried * hardware.p,
            "distillations": len(distilled),
            "memory_time": sum(counts) * step.cost,
        }
        still = Fraction(0) if distilled else (1 - hardware.p) ** tried
        if still < 1:
            paid = step.value(exact) + sum(prices[name] * amount for name, amount in used.items())
            value = (paid - still * exact[counts]) / (1 - still)
            best[counts] = min(value, best.get(counts, value))
    for counts, found in zip(exact, process.price(values).best.tolist(), strict=True):
        assert abs(Fraction(found) - best[counts]) <= Fraction(process.rounding) * best[counts]


@pytest.mark.parametrize("problem", TOYS.values(), ids=TOYS)
def test_prices_of_recipes_of_every_form_are_exact_up_to_rounding(problem):
    """Of two pairs or three, with one outcome or several, they are within stated rounding of exact values."""
    process = Dynamics(problem, "all")
    values = np.random.default_rng(3).random(process.size)
    exact = dict(zip(map(tuple, process.configurations.counts.tolist()), map(Fraction, values), strict=True))
    chain = enumerated(problem)
    for counts, found in zip(exact, process.price(values).best.tolist(), strict=True):
        least = []
        for (chosen, _), step in chain.steps[counts].items():
            still = Fraction(0) if chosen else step.moves.get(counts, Fraction(0))
            if still < 1:
                least.append((step.value(exact) - still * exact[counts]) / (1 - still))
        assert abs(Fraction(found) - min(least)) <= Fraction(process.rounding) * min(least)


@pytest.mark.parametrize(
    "formula",
    [
        lambda use: use.distillations * use.distillations,
        lambda use: use.distillations * use.failures,
        lambda use: use.attempts * use.distillations,
        lambda use: use.stored * use.failures,
    ],
    ids=[
        "distillations squared",
        "failures by distillations",
        "attempts by distillations",
        "failures by what is stored",
    ],
)
def test_amounts_that_do_not_add_up_are_asked_about_every_column(formula):
    """A resource whose amount for a matching is no sum over its distillations is priced column by column."""
    resource = StandardResource("product", formula, touches_generation=True)
    process = Dynamics(Problem("1/2", 4, "3/4", "79/100"), "all").under(Tariff(1.0, ((resource, 0.7),)))
    values = np.random.default_rng(4).random(process.size)
    choice, best = process.choose(process.columns), np.full(process.size, np.inf)
    np.minimum.at(best, choice.configuration, choice.action_values(values))
    assert process.price(values).best == pytest.approx(best, rel=CLOSE)


@pytest.mark.parametrize("price", [-0.5, 0.0, 0.5])
@pytest.mark.parametrize("rules", [(), (MaxDistillations(1),)], ids=["any number", "one at a time"])
def test_distillations_that_never_fail_are_priced_once(price, rules):
    """What comes after a certain delivery counts nothing, infinite or not, and no further distillation is paid for."""
    process = Dynamics(TOYS["sure"].with_constraints(*rules), "all")
    process = process.under(Tariff(1.0, ((RESOURCES["distillations"], price),)))
    values = np.random.default_rng(8).random(process.size)
    values[::3] = np.inf
    written = Written(process, After.always(values, 3))
    finite = np.isfinite(written.best)
    priced = process.price(values)
    assert np.isfinite(priced.best).tolist() == finite.tolist()
    assert priced.best[finite] == pytest.approx(written.best[finite], rel=CLOSE)
    attaining = written.value <= (written.best + 1e-9)[written.owner]
    assert priced.tied(finite, 1e-9).tolist() == np.flatnonzero(attaining & np.isfinite(written.value)).tolist()


def test_fifty_memories_are_solved_and_proved():
    """Of 312 million columns none is listed, and both bounds meet."""
    solution = solve(Problem("1/2", 50, "9/10", "94/100"))
    assert solution.waiting_time == pytest.approx(5.000177866756439, rel=1e-12)
    assert solution.upper_bound - solution.lower_bound <= 1e-11
    assert solution.run.columns == COLUMNS_OF_FIFTY
