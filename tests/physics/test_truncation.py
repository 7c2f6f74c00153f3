"""Levels told apart, and all others taken together: bounds without any order of pairs."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import Budget, Dejmps, MaxDistillations, Problem, read_policy, simulate, solve, sweep, write_policy
from lpdistill.physics.codes import protocols_of
from lpdistill.physics.dejmps import BellDiagonalPair
from lpdistill.physics.noise import Noise
from lpdistill.physics.rounding import Rounding
from lpdistill.physics.truncation import Other, Truncation
from lpdistill.problem.labels import with_labels
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program import refining
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.program.refining import refine

EPSILON = 1e-10

FINITE = [
    {"f0": ".9", "target": ".96", "distillation": Dejmps()},
    {"f0": ".75", "target": ".85", "distillation": Dejmps()},
    {"raw": ".85,.05,.02,.08", "target": ".93", "distillation": Dejmps(), "gate": ".99", "readout": ".99"},
    {"f0": ".8", "target": ".86"},
    {"f0": ".86", "target": ".9384", "protocols": 3},
]
"""Problems with a few levels."""

ENDLESS = [
    ({"memories": 3, "f0": ".9", "target": ".965"}, 12.766880636204),
    ({"memories": 3, "f0": ".9", "target": ".995"}, 21.473204571627),
    ({"memories": 3, "f0": ".9", "target": ".97", "gate": ".99", "readout": ".99"}, 17.553035896746),
]
"""Problems of DEJMPS with more levels than are explored, and their optima."""

weights = st.lists(st.integers(0, 20), min_size=4, max_size=4).filter(any)


def pair(numbers: list[int]) -> BellDiagonalPair:
    """A Bell-diagonal pair with weights in these ratios."""
    i, x, y, z = (Fraction(one, sum(numbers)) for one in numbers)
    return BellDiagonalPair((i, x, y, z))


@given(weights, weights, weights, st.sampled_from(["1", ".9"]), st.booleans())
def test_no_pair_makes_success_likelier(one, other, third, quality, several):
    """Beside given pairs, no others make a distillation succeed more often than is said."""
    dejmps = Dejmps(noise=Noise(quality, quality), protocols=protocols_of("2,3"))
    known, others = [pair(one)], [pair(other), pair(third)][: 1 + several]
    for order in ([*known, *others], [*others, *known]):
        assert dejmps.combine(*order).success <= dejmps.likeliest(known, len(others))


def values(problem: Problem) -> dict[tuple[object, ...], float]:
    """The least time to go, by the states of all pairs; infinite at dead ends."""
    dynamics = Dynamics(problem)
    found = dict[tuple[object, ...], float]()
    optimum = policy_iteration(dynamics, dynamics.admission.proper()).values if dynamics.live.any() else None
    for rank, counts in enumerate(dynamics.configurations.counts.tolist()):
        held = tuple(level.state for level, count in zip(problem.levels, counts, strict=True) for _ in range(count))
        known = optimum is not None and dynamics.live[rank]
        found[tuple(sorted(held, key=str))] = float(optimum[rank]) if known else float("inf")
    return found


@settings(max_examples=15)
@given(st.data())
def test_known_levels_bracket_every_configuration(data):
    """Between the two models lies the true time to go, wherever one begins, whatever levels are known."""
    arguments = dict(data.draw(st.sampled_from(FINITE)))
    rules = [MaxDistillations(1)] if data.draw(st.booleans()) else []
    problem = Problem(data.draw(st.sampled_from(["1/2", "9/10"])), 3, **arguments, rules=rules)
    problem = problem.replace(generation_time=data.draw(st.sampled_from([1, 3])))
    raw = problem.levels.raw
    trees = {one.state: one.tree for one in problem.levels if one.index == raw or data.draw(st.booleans())}
    some = Truncation(problem.distillation, problem.f0, problem.target, trees)
    low, high = (some.labels(rounding, 99) for rounding in (Rounding.CEIL, Rounding.FLOOR))
    known = {label.state for label in low}
    truth, below, above = (values(one) for one in (problem, with_labels(problem, low), with_labels(problem, high)))
    for held, value in truth.items():
        outside = [state if state in known else Other(problem.target) for state in held]
        assert below.get(tuple(sorted(outside, key=str)), 0) <= value * (1 + EPSILON)
        assert value <= above.get(held, float("inf")) * (1 + EPSILON)


@pytest.mark.parametrize(("arguments", "expected"), ENDLESS, ids=str)
def test_optima_past_exploration_are_found_exactly(arguments, expected):
    """Brackets close monotonically on the optimum of all levels, which verifies."""
    problem = Problem(".5", **arguments, distillation="dejmps")
    assert not problem.reach.finite
    assert not problem.reach.proved
    solution = solve(problem)
    assert solution.status == "optimal"
    assert solution.waiting_time == pytest.approx(expected, rel=1e-11)
    for one, other in pairwise(solution.bracket.refinement.rounds):
        assert one.lower <= other.lower * (1 + EPSILON)
        assert other.upper <= one.upper * (1 + EPSILON)
    solution.verify()


@pytest.mark.parametrize("arguments", FINITE, ids=str)
def test_fewer_levels_have_the_optimum_of_all(arguments):
    """Where levels are finitely many, those that are told apart close on the optimum of all of them."""
    problem = Problem(".6", 3, **arguments)
    everything, some = solve(problem, all_levels=True), solve(problem, within="1e-9")
    assert some.waiting_time == pytest.approx(everything.waiting_time, rel=1e-9)


@pytest.mark.parametrize(("target", "protocols"), [(".88", 2), (".9", "2,3")])
def test_rounding_and_truncation_agree(monkeypatch, target, protocols):
    """Past the pumping limit of Werner pairs both ways lead to the same optimum, and share nothing but the program."""
    problem = Problem(".5", 3, ".8", target, protocols=protocols)
    rounded = solve(problem)
    monkeypatch.setattr(refining, "first_grid", lambda one: Truncation.of(one.distillation, one.f0, one.target))
    truncated = refine(problem, None, 60.0)
    assert isinstance(truncated.grid, Truncation)
    assert [truncated.lower.waiting_time, truncated.upper.waiting_time] == pytest.approx(
        [rounded.waiting_time] * 2, rel=1e-9
    )


def test_codes_need_no_rounding_where_generation_takes_longest():
    """Where codes might do worse with better pairs, levels are told apart."""
    problem = Problem(".5", 3, ".9", ".98", protocols="2,3", generation_time=3)
    solution = solve(problem)
    assert solution.status == "optimal"
    assert isinstance(solution.bracket.refinement.grid, Truncation)


def test_limits_hold_for_all_levels():
    """An upper limit on raw pairs is kept, and no policy that keeps it is faster than the bound."""
    problem = Problem(".5", 3, ".9", ".97", distillation="dejmps", gate=".99", readout=".99")
    limited = solve(problem.with_constraints(Budget("raw_pairs", 7.5)))
    assert limited.status == "optimal"
    assert limited.plan.used(limited.uses[0].budget.resource) == pytest.approx(7.5)
    assert limited.waiting_time > 17.5530359


def test_what_is_carried_out_is_what_is_promised(tmp_path):
    """Policies are read back, and runs deliver true pairs in the time that is promised."""
    solution = solve(Problem(".5", 3, ".9", ".97", distillation="dejmps", gate=".99", readout=".99"))
    write_policy(solution.policy, tmp_path / "policy.json")
    again = read_policy(Problem.from_dict(solution.problem.to_dict()), tmp_path / "policy.json")
    assert again.waiting_time == pytest.approx(solution.waiting_time, rel=1e-12)
    found = simulate(solution, 4_000, seed=2)
    assert abs(found.waiting_time.value - solution.waiting_time) <= 4 * found.waiting_time.error
    assert found.meeting_target.value == 1


def test_sweeps_know_both(tmp_path):
    """Points of DEJMPS and of protocols of several pairs past the limit are done, with their labels and exactly."""
    common = {"p": "1/2", "memories": 3, "f0": ".9"}
    for number, more in enumerate(({"target": ".97", "distillation": "dejmps"}, {"target": ".98", "protocols": "2,3"})):
        found = sweep(common | more, store=tmp_path / f"{number}.sqlite").to_frame().iloc[0]
        assert (found["status"], found["relative_gap"]) == ("done", 0)
        assert found["labels"] >= 1


def test_success_is_no_matter_of_quality():
    """In the order of sorted weights, a better pair may succeed less often: no order of pairs brackets DEJMPS."""
    dejmps = Dejmps()
    raw = dejmps.raw(Fraction(3, 4))
    once = dejmps.combine(raw, raw).state
    even = BellDiagonalPair((once.fidelity, *3 * ((1 - once.fidelity) / 3,)))
    assert dejmps.order(once) > dejmps.order(even)
    assert dejmps.combine(raw, once).success < dejmps.combine(raw, even).success
    assert dejmps.combine(raw, once).success < dejmps.combine(raw, raw).success
