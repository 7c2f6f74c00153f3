"""Rates of maps without an order: levels told apart, and all others taken together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from steady_oracle import Levels, Link, Process, counted, sold
from steady_physics import bb84, few_bell_levels
from steady_routes import program
from toy_maps import Graded

from lpdistill import (
    Hardware,
    NotCertifiedError,
    Problem,
    Status,
    average_delivery,
    key_rate,
    rate_frontier,
    throughput,
)
from lpdistill.physics.maps import Combination
from lpdistill.physics.rounding import Rounding
from lpdistill.physics.truncation import Other
from lpdistill.problem.labels import first_grid
from lpdistill.program.label_models import rounded
from lpdistill.progress import silent
from lpdistill.rates import bracket
from lpdistill.rates.models import Earning, RateModel, labelled
from lpdistill.rates.worth import Worth

ONE = Fraction(1)


@dataclass(frozen=True)
class Whatever:
    """A map that makes of some pairs whatever was drawn: better ones may do worse, and results be worse than both."""

    fidelities: tuple[Fraction, ...]
    results: tuple[tuple[int, ...], ...]
    chances: tuple[tuple[Fraction, ...], ...]

    @staticmethod
    def drawn(seed: int, size: int = 6) -> Whatever:
        rng = np.random.default_rng(seed)
        fidelities = tuple(
            Fraction(int(one), 100) for one in (80, *rng.choice(np.arange(60, 99), size - 1, replace=False))
        )
        results = tuple(map(tuple, rng.integers(1, size, (size, size)).tolist()))
        chances = tuple(tuple(Fraction(int(one), 20) for one in row) for row in rng.integers(5, 20, (size, size)))
        return Whatever(fidelities, results, chances)

    def raw(self, _fidelity: Fraction) -> Graded:
        return Graded(self.fidelities[0], "0")

    def combine(self, kept: Graded, measured: Graded) -> Combination[Graded]:
        a, b = int(kept.sort), int(measured.sort)
        made = self.results[a][b]
        return Combination(Graded(self.fidelities[made], str(made)), self.chances[a][b])

    def levels(self, target: Fraction = ONE) -> Levels:
        """The same for the oracle: below a target, and on top what meets it."""
        below = [one for one, fidelity in enumerate(self.fidelities) if fidelity < target]
        place = {one: number for number, one in enumerate(below, 1)}
        makes = {
            (place[a], place[b]): (place.get(self.results[a][b], len(below) + 1), self.chances[a][b])
            for a in below
            for b in below
        }
        return Levels((*(self.fidelities[one] for one in below), target), makes)


TIMES = {"distilling takes longer": (ONE, Fraction(2)), "generating takes longer": (Fraction(3), ONE)}
"""Durations of steps: those of generation and of distillation."""

TARGET = Fraction(9, 10)


def asked(seed, target=ONE, memories=2, times="distilling takes longer"):
    """A problem with whatever map, and the link of the oracle."""
    drawn, (generation, distillation) = Whatever.drawn(seed), TIMES[times]
    durations = {"generation_time": generation, "distillation_time": distillation}
    problem = Problem("2/5", memories, ".8", target, distillation=drawn, **durations)
    return problem, Link(Fraction(2, 5), memories, drawn.levels(target), *TIMES[times])


def brackets(problem, earning):
    """Optima of levels rounded down and up on ever more known levels, until no more can help."""
    grid = first_grid(problem)
    generous = replace(earning, kept=not earning.delivery.chosen)
    while True:
        above = RateModel.of(labelled(problem, generous, grid, Rounding.CEIL), generous, silent)
        below = RateModel.of(labelled(problem, earning, grid, Rounding.FLOOR), earning, silent)
        yield below, above
        pairs = rounded(above, apart=False)
        if not pairs:
            return
        grid = grid.with_results(pairs)


def require_around(truth, found):
    """Every bracket holds the truth, the first is wide, and the last has both ends there."""
    for below, above in found:
        assert below is None or below.optimum.lower <= truth + 1e-9
        assert above.optimum.upper >= truth - 1e-9
    assert found[0][1].optimum.gain > truth * 1.01
    assert [one.optimum.gain for one in found[-1]] == pytest.approx([truth, truth], rel=1e-9)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("seed", [0, 1, 2, 4])
def test_key_lies_between_both_models_of_whatever_a_map_makes(seed, times):
    """On every set of known levels, however few; and the last two are equal."""
    problem, link = asked(seed, times=times)
    process = sold(link, {"key": bb84})
    truth = program(process, process.amount("key")).gain
    require_around(truth, [*brackets(problem, Earning(worth=Worth.of("bb84")))])


@pytest.mark.parametrize("seed", range(4))
def test_pairs_that_meet_a_target_lie_between_both_models(seed):
    """The same where they are delivered as soon as they are there."""
    problem, link = asked(seed, TARGET)
    process = counted(link)
    truth = program(process, process.amount("delivered")).gain
    require_around(truth, [*brackets(problem, Earning())])


BELL = {
    "two memories": ("1/10", 2, ".85", 4),
    "three, two rounds": ("1/10", 3, ".8", 4),
    "all kinds": ("1/10", 3, ".85", 4),
}
"""p, memories, fidelity of a raw pair, and as many raw pairs as what is delivered takes."""


@pytest.mark.parametrize("name", BELL)
def test_key_of_dejmps_is_that_of_what_few_raw_pairs_make(name):
    """No more is earned with all levels than with those; an oracle in which all others are perfect pairs bounds it."""
    p, memories, f0, raw_pairs = BELL[name]
    found = key_rate(Hardware(p, memories, f0, distillation="dejmps"))
    assert found.status is Status.OPTIMAL
    raw = (Fraction(f0), *[(1 - Fraction(f0)) / 3] * 3)
    gains = []
    for up in (False, True):
        link = Link(Fraction(p), memories, few_bell_levels(raw, raw_pairs, up=up), idle=False)
        process = sold(link, {"key": bb84})
        gains.append(program(process, process.amount("key")).gain)
    assert found.gain == pytest.approx(gains[0], rel=1e-9)
    assert found.gain <= gains[1] * (1 + 1e-9)


def test_pairs_of_dejmps_are_those_of_what_few_raw_pairs_make():
    """The same of pairs that meet a target past the pumping limit."""
    found = throughput(Problem(".5", 3, ".9", ".99", distillation="dejmps"))
    raw = (Fraction(9, 10), *[Fraction(1, 30)] * 3)
    process = counted(Link(Fraction(1, 2), 3, few_bell_levels(raw, 5, Fraction(99, 100)), idle=False))
    assert found.status is Status.OPTIMAL
    assert found.gain == pytest.approx(program(process, process.amount("delivered")).gain, rel=1e-9)


def test_users_share_what_whatever_a_map_makes():
    """The most that two users have in total, of whom one has a share, is what the oracle's program says."""
    problem, link = asked(4, Fraction(96, 100))
    process = sold(link, {"a": lambda f: f >= TARGET, "b": lambda f: f >= Fraction(7, 10)})
    share = program(process, process.amount("a")).gain / 2
    reward = process.amount("a") + process.amount("b")
    truth = program(process, reward, [(process.amount("a"), share, np.inf)])
    found = throughput(problem, tenants={"a": (".9", Fraction(share).limit_denominator(10**12)), "b": ".7"})
    assert found.gain == pytest.approx(truth.gain, rel=1e-9)
    assert found.lower_bound <= truth.gain * (1 + 1e-9) <= found.upper_bound * (1 + 2e-9)


def test_what_is_not_known_may_be_distilled_for_ever():
    """Where distilling ends long steps of generation early, pairs of pairs that are not known do so as often as any."""
    chances = ((Fraction(1, 4), ONE, ONE), (ONE, ONE, ONE), (ONE, ONE, ONE))
    drawn = Whatever((Fraction(4, 5), Fraction(81, 100), Fraction(82, 100)), ((1, 2, 1), (2, 2, 1), (1, 1, 2)), chances)
    problem = Problem("4/5", 4, ".8", 1, distillation=drawn, generation_time=20, distillation_time=1)
    process = sold(Link(Fraction(4, 5), 4, drawn.levels(), Fraction(20), ONE, idle=False), {"pairs": lambda _: 1.0})
    truth = program(process, process.amount("pairs")).gain
    (_, first), *_ = found = [*brackets(problem, Earning(worth=Worth.of(lambda _: 1.0)))]
    assert first.optimum.gain >= truth * (1 - 1e-9)
    assert found[-1][1].optimum.gain == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_what_is_not_known_counts(seed):
    """The label "other" has the greatest fidelity that two known pairs make and that is none of theirs."""
    problem, _ = asked(seed, memories=3)
    for _, above in brackets(problem, Earning(worth=Worth.of("bb84"))):
        labels = above.labels
        known = [int(level.state.sort) for level in labels if isinstance(level.state, Graded)]
        made = {problem.distillation.results[a][b] for a in known for b in known} - {*known}
        others = [level.fidelity for level in labels if isinstance(level.state, Other)]
        assert others == ([max(problem.distillation.fidelities[one] for one in made)] if made else [])


def test_frontiers_of_pairs_without_an_order_end_where_the_key_rate_is():
    """The breakpoint with most attempts is the optimum without a limit, and all are proved."""
    link = Hardware("1/10", 3, ".85", distillation="dejmps")
    curve = rate_frontier(link, worth="bb84")
    assert curve.points[-1].gain == pytest.approx(key_rate(link).gain, rel=1e-9)
    assert all(curve.upper_bound(point.used) - point.gain < 1e-9 for point in curve.points)


def test_a_mean_fidelity_is_that_of_what_few_raw_pairs_make():
    """The least time to a pair, where what is delivered has a mean and all begins anew, is that of the oracle."""
    mean, raw = Fraction(17, 20), (Fraction(4, 5), *[Fraction(1, 15)] * 3)
    levels = few_bell_levels(raw, 5)
    columns = []
    for column in sold(Link(Fraction(1, 2), 2, levels, idle=False), {"pairs": lambda _: 1.0}).columns:
        if column.time:
            columns.append(column)
            continue
        delivered = levels.fidelities[column.state[column.action[1]] - 1]
        amounts = {"pairs": 1, "beyond": delivered - mean}
        columns.append(column._replace(amounts=amounts, moves={(0, 0): ONE}))
    process = Process(tuple(columns))
    truth = program(process, process.amount("pairs"), [(process.amount("beyond"), 0.0, np.inf)])
    found = average_delivery(Problem("1/2", 2, ".8", average_fidelity=mean, distillation="dejmps"))
    assert found.waiting_time == pytest.approx(1 / truth.gain, rel=1e-9)
    assert found.status is Status.OPTIMAL


def test_what_is_lost_in_rounding_is_said(monkeypatch):
    """Where more levels leave what can be earned to rounding, the bracket that is known is the answer."""
    calls = iter(range(10))

    def of(*asked):
        if next(calls) == 2:
            raise NotCertifiedError("rounding")
        return RateModel.of(*asked)

    monkeypatch.setattr(bracket, "RateModel", SimpleNamespace(of=of))
    found = key_rate(Hardware("1/10", 3, ".8", distillation="dejmps"))
    assert found.status is Status.BRACKETED
    assert found.lower_bound < 0.0110755165 < found.upper_bound
    assert "told from rounding" in str(found)
