"""Monte Carlo of labelled memories against exact numbers: the law of the waiting time, resources, deviations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import werner
from simulated_cases import POLICIES, SHARP, law, policy_of, runs_of

from lpdistill import (
    Action,
    Deviations,
    Dynamics,
    ImproperPolicyError,
    LimitError,
    ModelError,
    Policy,
    Problem,
    Simulation,
    baseline,
    deadline,
    distribution,
    simulate,
    solve,
)
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.simulation import experiment, simulation
from lpdistill.simulation.controller import Controller, Decisions, Stationary
from lpdistill.simulation.deviations import Clock
from lpdistill.simulation.labelled import Coins, LabelledMemories, Species

INSTANT_RARE = Problem("1/20", 3, "3/4", "79/100", generation_time=0, distillation_time=1)

FOUR_SIGMA = 0.9999366
"""Level of an interval that reaches four standard errors to both sides."""

FOUR = Problem("1/2", 4, "9/10", "94/100")
GREEDY = baseline(FOUR, "greedy")


@pytest.mark.parametrize("times", [("1", "2"), ("1/3", "2/7"), ("1/10", "3/10")])
def test_quantiles_of_runs_invert_their_shares(times):
    """The quantile of the share of runs that are done by a time is that time, a time of the model's lattice."""
    problem = Problem("7/10", 3, "3/4", "79/100", generation_time=times[0], distillation_time=times[1])
    policy = solve(problem).policy
    found, known = simulate(policy, 1500, seed=2), set(distribution(policy).times.tolist())
    seen = np.unique(found.samples)
    assert set(seen.tolist()) <= known
    shares = [float((found.samples <= time).mean()) for time in seen[:-1]]
    assert [found.quantile(share).value for share in shares] == seen[:-1].tolist()


@cache
def simulated(name: str) -> Simulation:
    """As many runs of a case as make one percent of its mean show."""
    policy = policy_of(name)
    return simulate(policy, runs_of(policy), seed=20260, confidence=FOUR_SIGMA)


def near(estimate, exact: float, *, errors: float = 4.0) -> bool:
    """Whether an exact number is within so many standard errors."""
    return abs(estimate.value - exact) <= errors * estimate.error


@pytest.mark.parametrize("name", POLICIES)
def test_the_mean_is_exact(name):
    """The mean is within four standard errors of the linear solve, and one percent of it is more than eight."""
    found, exact = simulated(name).waiting_time, policy_of(name).waiting_time
    assert SHARP * found.error < 0.01 * exact
    assert near(found, exact)
    assert found.model == exact


@pytest.mark.parametrize("name", POLICIES)
def test_the_law_is_exact(name):
    """Quantiles are those of the induced chain within four standard errors of a share, and so is the whole law."""
    policy, found = policy_of(name), simulated(name)
    lattice = TimeLattice.of(policy.process)
    exact = law(policy, round((found.samples.max() + float(lattice.uncharged)) / float(lattice.unit)) + 1)
    times = np.array([float(lattice.time(slot)) for slot in range(len(exact))])
    for probability, estimate in found.quantiles.items():
        quantile = times[np.searchsorted(exact, float(probability))]
        assert estimate.lower <= quantile <= estimate.upper
        assert estimate.model == pytest.approx(quantile, rel=1e-12)
    seen = np.searchsorted(np.sort(found.samples), times + 1e-9, side="right") / found.runs
    rare = 20 / found.runs
    common = (exact > rare) & (exact < 1 - rare)
    # Hundreds of slots are looked at together, each a chance to be four standard errors away.
    assert (np.abs(seen - exact) <= 5 * np.sqrt(exact * (1 - exact) / found.runs))[common].all()


@pytest.mark.parametrize("name", POLICIES)
def test_resources_are_exact(name):
    """Every expected total, the yield and the spread are within four standard errors of the linear solve."""
    found, policy = simulated(name), policy_of(name)
    for resource, estimate in found.expected.items():
        assert abs(estimate.value - policy.expected[resource]) <= 4 * estimate.error + 1e-9 * estimate.value, resource
    assert abs(found.pair_yield.value - 1 / policy.expected.raw_pairs) <= 4 * found.pair_yield.error + 1e-12
    assert near(found.standard_deviation, policy.standard_deviation)
    if policy.expected.distillations:
        failing = policy.expected.failed_distillations / policy.expected.distillations
        assert near(found.distillation_success, 1 - failing)


@pytest.mark.parametrize("name", POLICIES)
def test_every_pair_delivered_meets_the_target(name):
    """Undisturbed runs are all delivered, each with a pair that meets the target."""
    found = simulated(name)
    assert (found.success_rate.value, found.meeting_target.value) == (1.0, 1.0)
    assert sum(found.fidelities.values()) == found.runs
    assert min(found.fidelities) >= found.problem.target


def test_a_wrong_percent_is_noticed():
    """A model whose mean is one percent off is more than four standard errors away, on either side."""
    for name in POLICIES:
        found = simulated(name).waiting_time
        assert not near(found, 1.01 * policy_of(name).waiting_time)
        assert not near(found, 0.99 * policy_of(name).waiting_time)


def test_the_randomised_case_draws_lots():
    """The randomised policy is one, and uses its budget in the mean."""
    policy = policy_of("randomised by a budget")
    assert policy.randomised
    assert near(simulated("randomised by a budget").expected["generation_attempts"], 8.0)


def test_species_are_the_levels():
    """Without deviations the pairs are the levels and the pairs that meet the target, with the table of the levels."""
    problem = Problem("1/2", 8, "13/20", "71/100")
    found, levels = Species.of(problem, None), problem.levels
    assert found.nominal == found.real
    assert found.nominal[: len(levels)] == tuple(level.fidelity for level in levels)
    for recipe in problem.recipes:
        low, high = recipe.consumed
        assert found.success[0, low, high] == float(recipe.success)
        made = found.result[0, low, high]
        assert found.level[made] == (recipe.made[0].produced[0] if recipe.made else len(levels))
        assert found.real[made] == werner(levels[low].fidelity, levels[high].fidelity)[0]


def trapped(counts: tuple[int, int]) -> Action:
    """A policy for three memories that is trapped with two raw pairs."""
    if counts == (2, 0):
        return Action()
    if counts == (3, 0):
        return Action(((0, 0),))
    return Action(((0, 1),)) if min(counts) else Action((), 3 - sum(counts))


THREE = Problem("9/10", 3, "3/4", "79/100")

CUT = {
    "trapped now and then": (Policy.of(THREE, trapped, improper=True), 30),
    "trapped, last step free": (Policy.of(THREE.replace(final_step="free"), trapped, improper=True), "41/2"),
    "never trapped, cut early": (baseline(Problem("1/3", 5, "13/20", "71/100"), "nested"), 25),
}


@pytest.mark.parametrize("case", CUT.values(), ids=CUT)
def test_runs_succeed_as_often_as_they_do_within_the_horizon(case):
    """The share of runs delivered within a horizon is that of the induced chain, for improper policies too."""
    policy, horizon = case
    found = simulate(policy, 40_000, seed=3, horizon=horizon, confidence=FOUR_SIGMA)
    exact = law(policy, TimeLattice.of(policy.process).within(Fraction(horizon)))[-1]
    assert 0.05 < exact < 0.95
    assert found.success_rate.lower <= exact <= found.success_rate.upper
    assert found.success_rate.model == pytest.approx(exact, rel=1e-9)
    assert found.success_rate.error < 0.004
    assert found.samples[np.isfinite(found.samples)].max() <= Fraction(horizon)


def test_a_horizon_cuts_the_same_runs():
    """A horizon at which all runs have ended changes nothing, and one before the first end leaves no run delivered."""
    whole = simulate(GREEDY, 2, seed=8)
    cut = simulate(GREEDY, 2, seed=8, horizon=float(whole.samples.max()))
    assert (cut.samples == whole.samples).all()
    early = simulate(GREEDY, 2, seed=8, horizon=float(whole.samples.min()) / 2)
    assert np.isinf(early.samples).all()


def test_the_horizon_itself_is_in_time():
    """A run that ends exactly at the horizon is delivered."""
    sure = baseline(Problem(1, 1, "3/4", "7/10", generation_time="1/3"), "greedy")
    assert simulate(sure, 2, seed=1, horizon="1/3").success_rate.value == 1
    assert simulate(sure, 2, seed=1, horizon="0.333").success_rate.value == 0


def test_an_improper_policy_needs_a_horizon():
    """Without a horizon an improper policy is refused with its deadlock, and the message names the remedy."""
    nested = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested")
    with pytest.raises(ImproperPolicyError, match="horizon") as caught:
        simulate(nested, 10)
    assert caught.value.deadlock == ((1, 1),)


def test_waiting_for_ever_in_no_time_ends():
    """A run that is trapped where waiting takes no time is given up at once."""
    nested = baseline(Problem("1/2", 2, "3/4", "79/100", generation_time=0), "nested")
    found = simulate(nested, 50, seed=1, horizon=100)
    assert found.success_rate.value == 0


def test_another_p_is_another_problem_with_the_same_decisions():
    """With another real p the mean is that of the same decisions under that p, exactly computed."""
    policy = solve(FOUR).policy
    exact = Policy.of(FOUR.replace(p="2/5"), lambda counts: policy[counts])
    found = simulate(policy, 60_000, seed=11, deviations=Deviations(p="2/5"))
    assert near(found.waiting_time, exact.waiting_time)
    assert near(found.standard_deviation, exact.standard_deviation)
    assert near(found.expected["raw_pairs"], exact.expected.raw_pairs)
    assert not near(found.waiting_time, policy.waiting_time, errors=20)
    assert found.waiting_time.model == policy.waiting_time


def test_another_p_can_make_a_policy_improper():
    """Where only certain generation keeps a policy out of its deadlock, another p is refused without a horizon."""
    policy = Policy.of(THREE.replace(p=1), trapped, improper=True)
    assert np.isfinite(policy.waiting_time)
    simulate(policy, 100, seed=1)
    with pytest.raises(ImproperPolicyError, match="horizon"):
        simulate(policy, 100, seed=1, deviations=Deviations(p="1/2"))


def test_a_policy_must_say_what_to_do_wherever_runs_come():
    """A policy that leaves out what cannot happen at p = 1 is refused where it does happen, by configuration."""
    problem = Problem(1, 2, "3/4", "31/40")
    policy = Policy.of(problem, {(0,): Action((), 2), (2,): Action(((0, 0),))})
    with pytest.raises(ModelError, match="says nothing") as caught:
        simulate(policy, 100, seed=1, deviations=Deviations(p="1/2"))
    assert caught.value.value == (1,)


@pytest.mark.parametrize("final_step", ["charged", "free"])
def test_lost_messages_stretch_time(final_step):
    """With messages lost with probability q all times are 1 / (1 - q) times as long in the mean; steps are as many."""
    policy = baseline(FOUR.replace(final_step=final_step), "pumping")
    found = simulate(policy, 60_000, seed=2, deviations=Deviations(message_loss="1/5"))
    assert near(found.waiting_time, policy.waiting_time / 0.8)
    assert near(found.expected["memory_time"], policy.expected.memory_time / 0.8)
    assert near(found.expected["steps"], policy.expected.steps)
    assert (found.samples == np.round(found.samples)).all()


def test_lost_messages_add_the_variance_of_repetitions():
    """The variance is that of the steps, stretched, plus q / (1 - q)^2 for every squared duration."""
    policy, q = GREEDY, 0.2
    found = simulate(policy, 60_000, seed=4, deviations=Deviations(message_loss=str(q)))
    variance = policy.standard_deviation**2 / (1 - q) ** 2 + q / (1 - q) ** 2 * squares(policy)
    assert near(found.standard_deviation, sqrt(variance))


def test_jitter_keeps_the_mean_and_adds_its_variance():
    """Jitter leaves the mean alone and adds its squared coefficient of variation for every squared duration."""
    policy, spread = GREEDY, 0.8
    found = simulate(policy, 60_000, seed=5, deviations=Deviations(jitter=str(spread)))
    assert near(found.waiting_time, policy.waiting_time)
    assert near(found.standard_deviation, sqrt(policy.standard_deviation**2 + spread**2 * squares(policy)))
    assert len(np.unique(found.samples)) == found.runs


def test_repetitions_have_a_jitter_of_their_own():
    """With both, a step lasts a sum of independent jittered repetitions."""
    clock = Clock.of(Dynamics(FOUR), Deviations(message_loss="1/2", jitter="1/2"))
    drawn = clock.durations(*np.ones((2, 200_000), dtype=np.int64), np.random.default_rng(1)) / 2
    # N repetitions: mean 2, variance 2; each of variance 1/4.
    assert abs(drawn.mean() - 2) < 4 * sqrt(2.5 / 200_000)
    assert abs(drawn.var() - 2.5) < 0.06


def squares(policy: Policy) -> float:
    """Expected sum of the squared durations of a run's steps."""
    times = np.array([float(time) for time in policy.process.durations.times])
    return float(policy.plan.occupation @ times[policy.process.durations.kind(policy.plan.uses.columns)] ** 2)


@pytest.mark.parametrize(("target", "rounds"), [("31/40", 1), ("79/100", 2)])
def test_another_raw_fidelity_changes_success_and_what_is_delivered(target, rounds):
    """Two memories that pump with worse pairs take as long as the closed form says, and deliver what Eq. 2 says."""
    p, real = Fraction(1, 2), Fraction(7, 10)
    policy = baseline(Problem(p, 2, "3/4", target), "pumping")
    found = simulate(policy, 60_000, seed=6, deviations=Deviations(f0=real))
    # All times charged: [g2 + 2 + d1 (g1 + 2)] / (d1 d2), with both memories filled in g2 and one in g1.
    fidelity, success = werner(real, real)
    both, one = (3 - 2 * p) / (p * (2 - p)), 1 / p
    time = (both + 2) / success
    if rounds == 2:
        fidelity, second = werner(fidelity, real)
        time = (both + 2 + success * (one + 2)) / (success * second)
    assert near(found.waiting_time, float(time))
    assert not near(found.waiting_time, policy.waiting_time)
    assert found.fidelities == {fidelity: found.runs}
    assert found.meeting_target.value == float(fidelity >= found.problem.target)


def test_a_better_raw_pair_still_is_not_known_to_be_better():
    """With real raw pairs that meet the target the controller distils all the same, and all that it delivers meets."""
    found = simulate(GREEDY, 5_000, seed=6, deviations=Deviations(f0="0.95"))
    assert found.expected["distillations"].value > 1
    assert found.meeting_target.value == 1


def test_the_same_seed_gives_the_same_runs():
    """Everything follows from the seed, and another seed gives others."""
    first, again, other = (simulate(GREEDY, 500, seed=seed) for seed in (5, 5, 6))
    assert (first.samples == again.samples).all()
    assert first.to_dict() == again.to_dict()
    assert (first.samples != other.samples).any()


def test_a_seed_that_is_drawn_is_reported():
    """Without a seed one is drawn, and repeats the runs."""
    drawn, again = simulate(GREEDY, 300), simulate(GREEDY, 300)
    assert drawn.seed != again.seed
    assert (simulate(GREEDY, 300, seed=drawn.seed).samples == drawn.samples).all()


def test_blocks_are_independent_of_each_other(monkeypatch):
    """Every block has its own stream: a longer simulation begins with the runs of a shorter one, and repeats none."""
    monkeypatch.setattr(simulation, "BLOCK", 200)
    short, long = simulate(GREEDY, 400, seed=9), simulate(GREEDY, 1000, seed=9)
    assert (long.samples[:400] == short.samples).all()
    assert (long.samples[:200] != long.samples[200:400]).any()
    assert long.moments.count == 1000


def test_moments_do_not_depend_on_blocks(monkeypatch):
    """Means and standard errors over blocks are those over all runs at once."""
    monkeypatch.setattr(simulation, "BLOCK", 128)
    found = simulate(GREEDY, 1000, seed=9)
    steps = found.expected["steps"]
    assert found.waiting_time.value == pytest.approx(found.samples.mean(), rel=1e-12)
    assert abs(found.moments.mean[-1] - 1) < 1e-12
    assert steps.error > 0
    assert steps.lower < steps.value < steps.upper


def test_progress_counts_runs(monkeypatch):
    """Progress is told the number of runs done, block by block."""
    monkeypatch.setattr(simulation, "BLOCK", 200)
    told = []
    simulate(GREEDY, 500, seed=1, progress=lambda *report: told.append(report))
    assert told == [("simulating runs", done, 500) for done in (0, 200, 400, 500)]


@dataclass(frozen=True)
class Delayed:
    """A controller that does nothing until some slot, and then follows another one."""

    after: Stationary
    decisions: Decisions
    idle: int
    until: float

    @property
    def dynamics(self):
        return self.after.dynamics

    @cached_property
    def settled(self):
        return np.ones(len(self.decisions.attempts), dtype=bool)

    def decide(self, ranks, elapsed, rng):
        return np.where(elapsed < self.until, self.idle, self.after.decide(ranks, elapsed, rng))


def test_a_controller_may_decide_by_the_time():
    """A controller that waits five slots before it follows a policy takes that policy's time and five slots."""
    policy = Policy.of(FOUR, lambda counts: GREEDY[counts])
    process = policy.process
    waits = next(
        c for c in process.admission.waiting.tolist() if process.numbering.describe(np.array([c])).configuration[0] == 0
    )
    columns = policy.plan.uses.columns
    controller = Delayed(
        Stationary.of(policy), Decisions.of(process, np.append(columns, waits)), len(columns), until=5.0
    )
    assert isinstance(controller, Controller)
    found = simulate(controller, 20_000, seed=7, horizon=300)
    assert found.success_rate.value == 1
    assert near(found.waiting_time, policy.waiting_time + 5)
    assert found.waiting_time.model is None
    with pytest.raises(ModelError, match="horizon"):
        simulate(controller, 100)


def test_frame_and_document_say_the_same():
    """The frame has a row for every estimate, with the numbers of the document."""
    found = simulate(GREEDY, 500, seed=1)
    frame, document = found.to_frame().set_index("quantity"), found.to_dict()
    assert document["schema"] == "lpdistill.simulation/1"
    assert frame.loc["waiting_time", "value"] == document["waiting_time"]["value"]
    assert frame.loc["quantile 0.9", "upper"] == document["quantiles"]["0.9"]["upper"]
    assert frame.loc["raw_pairs", "model"] == GREEDY.expected.raw_pairs
    assert set(document["expected"]) == set(GREEDY.expected)
    assert found.to_json(indent=None).startswith('{"schema"')


def test_nothing_delivered_is_no_number():
    """Where no run is delivered the document holds nulls, the text no estimate, and the picture says so."""
    found = simulate(GREEDY, 10, seed=1, horizon="1/2")
    assert found.to_dict()["waiting_time"]["value"] is None
    assert found.to_dict()["quantiles"]["0.5"]["value"] is None
    assert "nan" not in repr(found)
    assert found.plot().get_title(loc="left") == "none of 10 simulated runs was delivered"


def test_text_is_short():
    """The text has at most twelve lines, also with everything there is to say."""
    found = simulate(GREEDY, 200, seed=1, horizon=9, deviations=Deviations(p="0.4", f0="0.89", jitter="0.1"))
    assert len(repr(found).splitlines()) <= 12
    assert "jitter = 0.1" in repr(found)
    assert "99 % not" in repr(found)


@pytest.mark.parametrize("deviations", [Deviations(), Deviations(jitter="0.3")])
def test_a_histogram_shows_all_but_the_longest_runs(deviations):
    """The bars add up to the share of runs that is shown, and both means are marked."""
    pytest.importorskip("matplotlib")
    found = simulate(GREEDY, 2_000, seed=1, deviations=deviations)
    axes = found.plot()
    assert 0.99 <= sum(bar.get_height() for bar in axes.patches) <= 1
    assert [line.get_xdata()[0] for line in axes.lines] == [found.waiting_time.value, GREEDY.waiting_time]


WRONG = {
    "runs 0": ({"runs": 0}, "runs"),
    "runs 1": ({"runs": 1}, "runs"),
    "runs no whole number": ({"runs": 2.5}, "runs"),
    "runs no number": ({"runs": "many"}, "runs"),
    "negative seed": ({"seed": -1}, "seed"),
    "seed no whole number": ({"seed": 0.5}, "seed"),
    "horizon 0": ({"horizon": 0}, "horizon"),
    "negative horizon": ({"horizon": "-1/2"}, "horizon"),
    "confidence 1": ({"confidence": 1}, "confidence"),
    "confidence 0": ({"confidence": 0}, "confidence"),
    "confidence next to 1": ({"confidence": "0.99999999999999999999999"}, "confidence"),
    "deviations of another kind": ({"deviations": {"p": 0.5}}, "deviations"),
    "policy of another kind": ({"policy": "greedy"}, "policy"),
    "policy of a state graph": ({"policy": solve(Problem("1/2", 2, "3/4", "31/40").graph()).policy}, "policy"),
}


@pytest.mark.parametrize(("wrong", "where"), WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_named(wrong, where):
    """An argument that makes no sense is one error with its name."""
    with pytest.raises(ModelError) as caught:
        simulate(**({"policy": GREEDY, "runs": 10} | wrong))
    assert caught.value.where == where


WRONG_DEVIATIONS = {
    "p 0": {"p": 0},
    "p above 1": {"p": "1.01"},
    "p below what floats hold": {"p": "1e-300"},
    "f0 1/2": {"f0": "1/2"},
    "f0 above 1": {"f0": 2},
    "loss 1": {"message_loss": 1},
    "negative loss": {"message_loss": "-0.1"},
    "negative jitter": {"jitter": -1},
    "jitter beyond sense": {"jitter": 1000},
    "jitter no number": {"jitter": "some"},
    "not a number": {"p": float("nan")},
}


@pytest.mark.parametrize("wrong", WRONG_DEVIATIONS.values(), ids=WRONG_DEVIATIONS)
def test_wrong_deviations_are_named(wrong):
    """A deviation out of its range is one error with its name."""
    with pytest.raises(ModelError) as caught:
        Deviations(**wrong)
    assert next(iter(wrong)) in caught.value.where


@given(
    st.sampled_from(["p", "f0", "message_loss", "jitter"]),
    st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none(), st.booleans()),
)
def test_deviations_are_accepted_or_refused(name, value):
    """Whatever is given, it is a number in its range, or a ModelError."""
    try:
        found = getattr(Deviations(**{name: value}), name)
    except ModelError:
        return
    assert found is None or 0 <= found <= 10


def test_work_without_end_is_refused():
    """Runs that would take hours are refused before they start, with their size."""
    rare = baseline(Problem("1e-20", 4, "3/4", "79/100"), "greedy")
    with pytest.raises(LimitError, match="larger p") as caught:
        simulate(rare, 1000)
    assert caught.value.size["steps"] > 10**17
    with pytest.raises(LimitError, match="runs"):
        simulate(GREEDY, 10**9)
    with pytest.raises(LimitError):
        simulate(GREEDY, 1000, deviations=Deviations(p="1e-12"))
    nested = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested")
    with pytest.raises(LimitError, match="horizon"):
        simulate(nested, 1000, horizon="1e100")


def test_a_horizon_makes_long_runs_short():
    """A horizon bounds the work of runs that would be too long without one."""
    rare = baseline(Problem("1e-9", 4, "3/4", "79/100"), "greedy")
    assert simulate(rare, 100, seed=1, horizon=50).success_rate.value == 0


def walking(policy: Policy, monkeypatch: pytest.MonkeyPatch, runs: int, **options) -> Simulation:
    """Runs whose every step is taken, also those without effect."""
    with monkeypatch.context() as patch:
        nowhere = property(lambda found: np.zeros(len(found.controller.decisions.attempts), dtype=bool))
        patch.setattr(experiment.Experiment, "persistent", nowhere)
        return simulate(policy, runs, **options)


JUMPING = {
    "as the model has it": (FOUR.replace(p="1/20"), {}),
    "last step free": (FOUR.replace(p="1/20", final_step="free"), {}),
    "generation takes no time": (INSTANT_RARE, {}),
    "given up at a horizon": (FOUR.replace(p="1/20"), {"horizon": 33}),
    "no time, and a horizon": (INSTANT_RARE, {"horizon": 2}),
    "a raw pair meets the target": (Problem("1/20", 3, "3/4", "7/10"), {"horizon": 12}),
    "lost messages": (FOUR.replace(p="1/20"), {"deviations": Deviations(message_loss="1/4")}),
    "jitter": (FOUR.replace(p="1/20"), {"deviations": Deviations(message_loss="1/4", jitter="1/2")}),
    "another p": (FOUR, {"deviations": Deviations(p="1/20")}),
}


@pytest.mark.parametrize(("problem", "options"), JUMPING.values(), ids=JUMPING)
def test_jumping_changes_no_law(problem, options, monkeypatch):
    """Runs that jump over steps without effect have the law, and the totals, of runs that take them one by one."""
    policy, runs = baseline(problem, "greedy"), 12_000
    jumped = simulate(policy, runs, seed=1, **options)
    walked = walking(policy, monkeypatch, runs, seed=2, **options)
    for name, one in jumped.expected.items():
        other = walked.expected[name]
        assert abs(one.value - other.value) <= 4 * np.hypot(one.error, other.error) + 1e-12, name
    ends = np.unique(np.quantile(walked.samples[np.isfinite(walked.samples)], np.linspace(0, 1, 40)))
    shares = [np.searchsorted(np.sort(found.samples), ends, side="right") / runs for found in (jumped, walked)]
    assert np.abs(shares[0] - shares[1]).max() < 1.95 * np.sqrt(2 / runs)  # Kolmogorov and Smirnov, level 0.001


@pytest.mark.parametrize("p", ["1e-2", "1e-4", "1e-9"])
def test_rare_successes_are_exact(p):
    """Mean, spread and totals of runs that hardly ever succeed are those of the linear solves."""
    policy = baseline(FOUR.replace(p=p), "greedy")
    found = simulate(policy, 40_000, seed=12)
    assert near(found.waiting_time, policy.waiting_time)
    assert near(found.standard_deviation, policy.standard_deviation)
    assert found.waiting_time.error < 0.01 * policy.waiting_time
    for name, estimate in found.expected.items():
        assert near(estimate, policy.expected[name]), name


def test_a_horizon_cuts_rare_runs_at_the_horizon():
    """A run given up counts the steps until the one in which it was given up, whatever it would have jumped over."""
    found = simulate(baseline(FOUR.replace(p="1e-9"), "greedy"), 200, seed=1, horizon="99/2")
    assert found.success_rate.value == 0
    expected = {name: estimate.value for name, estimate in found.expected.items()}
    assert (expected["steps"], expected["generation_attempts"], expected["raw_pairs"]) == (50, 200, 0)


def test_rare_successes_take_no_more_work():
    """A delivery at p = 1e-4 takes less than three times the work of one at p = 1/2."""

    def work(p: str) -> float:
        policy = solve(FOUR.replace(p=p)).policy
        runner = experiment.Experiment.of(policy, Deviations(), None)
        return runner.block(2000, runner.allowance(policy, 2000), np.random.default_rng(1)).work

    assert work("1e-4") < 3 * work("1/2")


def test_durations_without_a_common_unit_are_refused():
    """Durations whose common unit is out of proportion are refused, not counted wrongly."""
    odd = baseline(Problem("1/2", 2, "3/4", "31/40", generation_time="1e-90", distillation_time="1e90"), "greedy")
    with pytest.raises(LimitError, match="durations"):
        simulate(odd, 10)


def test_times_keep_their_digits():
    """Times are whole multiples of the unit, correctly rounded."""
    problem = Problem("1/2", 2, "3/4", "31/40", generation_time="1/3", distillation_time="1/7")
    found = simulate(baseline(problem, "greedy"), 100, seed=1)
    possible = {float(Fraction(k, 21)) for k in range(ceil(found.samples.max() * 21) + 1)}
    assert set(found.samples.tolist()) <= possible


def test_memories_of_one_level_are_taken_in_order():
    """A distillation takes the first memories of its levels, and what it makes stays with the better pair."""
    memories = LabelledMemories(FOUR.replace(p=1), Deviations())
    process = Dynamics(FOUR)
    column = process.names.find(process.configurations.rank(np.array([[2, 1, 0]])), [Action(((0, 1),), 1)])
    contents = np.array([[0, -1, 0, 1]])
    done = memories.step(
        contents,
        memories.up_to(contents),
        Decisions.of(process, column),
        np.array([0]),
        Coins(np.random.default_rng(1)),
    )
    assert (done.memories.tolist(), done.tried.tolist()) == ([[3, 0]], [1])
    assert contents[0, :3].tolist() == [-1, 0, 0]


def test_stationary_controllers_draw_by_probability():
    """Of several decisions each is taken with its probability, and probabilities of 0 are never."""
    policy = policy_of("randomised by a budget")
    controller, rng = Stationary.of(policy), np.random.default_rng(2)
    rank = policy.process.names.rank(policy.randomised[0])
    first = controller.starts[rank]
    drawn = controller.decide(np.full(100_000, rank), np.zeros(100_000), rng)
    share = np.bincount(drawn - first, minlength=2) / 100_000
    wanted = [decision.probability for decision in policy[policy.randomised[0]]]
    assert np.abs(share - wanted).max() < 4 * 0.5 / sqrt(100_000)
    certain = replace(controller, edges=controller.edges.copy())
    certain.edges[first] = rank
    assert (certain.decide(np.full(1000, rank), np.zeros(1000), rng) == first + 1).all()


@pytest.mark.parametrize("window", [8, 10, 14])
def test_the_policy_for_a_deadline_is_in_time_as_often_as_it_says(window):
    """Followed memory by memory, the policy for a deadline is in time with the greatest probability, as computed."""
    found = deadline(Problem("7/10", 5, "3/4", "79/100"), window)
    runs = 200_000
    simulated = simulate(found.policy, runs, seed=window, horizon=100)
    share = np.count_nonzero(simulated.samples <= window) / runs
    error = sqrt(found.probability * (1 - found.probability) / runs)
    assert abs(share - found.probability) < 4 * error
    assert abs(share - found.probability_of_fastest_mean) > 8 * error  # the fastest policy would be told apart


def test_the_policy_for_a_deadline_of_a_state_graph_has_no_memories():
    """A policy for a state graph cannot be simulated memory by memory, and says so."""
    found = deadline(Problem("7/10", 2, "3/4", "79/100").graph(), 10)
    with pytest.raises(ModelError, match="state graph"):
        simulate(found.policy, 10, horizon=100)


INSTANT = Problem("1/3", 3, "3/4", "79/100", generation_time=0, distillation_time=1)


def test_controllers_may_have_horizons_far_beyond_their_runs():
    """What a controller's runs take is counted as they go, so a distant horizon costs nothing."""
    found = simulate(deadline(INSTANT, 5).policy, 4000, seed=1, horizon=10**6)
    assert np.isfinite(found.samples).all()
    assert found.expected["steps"].value < 100


def test_controllers_stop_once_they_have_taken_too_much(monkeypatch):
    """A controller that takes too many steps is stopped, and the message says how far it came."""
    monkeypatch.setattr(experiment, "MOST_RUN_WORK", 3 * (10 * 3 + experiment.STEP_WORK))
    with pytest.raises(LimitError, match="after 0 runs and 3 steps of 10 others, 10 of which"):
        simulate(deadline(INSTANT, 5).policy, 10, seed=1, horizon=10**6)


def test_a_horizon_beyond_the_whole_law_leaves_the_model():
    """With a horizon of more slots than can be computed, the model's numbers are those of the whole law."""
    policy = baseline(Problem("1/2", 2, "3/4", "31/40"), "greedy")
    found = simulate(policy, 100, seed=1, horizon=10**7)
    assert found.success_rate.model == pytest.approx(1, rel=0, abs=1e-12)
    assert found.quantile("0.9").model == distribution(policy).quantile("0.9")
