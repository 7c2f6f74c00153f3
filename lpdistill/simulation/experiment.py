"""Runs of labelled memories under a controller, all advanced together to the next step that changes something.

A step that only generates may have to be taken again and again before anything comes of it.  Its attempts are coins
tossed one after the other, so the first that succeeds is a geometric variable, which says at once how many steps pass:
rare successes take no longer to simulate than frequent ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, inf, log

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError, LimitError, ModelError
from lpdistill.numbers import Number
from lpdistill.physics.aged import AgedLabels
from lpdistill.problem.labels import labels_of, with_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.problem.settings import FinalStep
from lpdistill.process.labelled import label_process
from lpdistill.process.repetition import drawn
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Quantities
from lpdistill.program.evaluation import raise_improper
from lpdistill.program.plan import Plan
from lpdistill.simulation.ageing import AgeingMemories
from lpdistill.simulation.controller import Controller, Stationary
from lpdistill.simulation.deviations import DEVIATIONS, Clock, Deviations
from lpdistill.simulation.labelled import Coins, Happened, LabelledMemories
from lpdistill.simulation.tracked import EMPTY
from lpdistill.solution.policy import Policy
from lpdistill.units import moment

BLOCK = 1 << 15
"""Runs that are advanced together; every block has a stream of random numbers of its own."""

MOST_RUN_WORK = 2 * 10**10
"""Memories times steps times runs beyond which a simulation takes more than about half an hour."""

STEP_WORK = 20_000
"""Memories that could be advanced by a step in the time that a step of no run at all takes."""

RAREST = 1e-11
"""Success probability of an attempt from which the steps of a run are counted exactly: a run of mean ``1 / RAREST``
stays far below ``2**53`` slots."""

ENOUGH_STEPS = 1000
"""Times the expected number of steps after which a run is given up; no run of a proper policy comes near."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """One step of some runs, and those before it in which the same was decided and nothing came of it.

    Attributes
    ----------
    decision
        What was decided, (runs,).
    repeats
        How many steps were taken, (runs,).
    happened
        What came of the last.
    duration
        How long they lasted, (runs,) units.
    """

    decision: IntArray
    repeats: IntArray
    happened: Happened
    duration: FloatArray


@dataclass(frozen=True, slots=True)
class Ended:
    """A block of runs that have ended.

    Attributes
    ----------
    time
        When each ended by the problem's convention, (runs,) units; infinite where it was not delivered in time.
    totals
        Steps, attempts, ... of each, (runs, RESOURCES); memory time in units.
    delivered
        The species delivered, EMPTY for none, (runs,).
    work
        Memories times steps, of all runs together, and what the steps took besides.
    """

    time: FloatArray
    totals: FloatArray
    delivered: IntArray
    work: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far runs may go.

    Attributes
    ----------
    rounds
        Steps that no run may exceed.
    work
        Memories times steps, of all runs together, that may still be spent; infinite where it was judged beforehand.
    done
        Runs that have ended.
    """

    rounds: int
    work: float = inf
    done: int = 0

    def after(self, ended: Ended) -> Allowance:
        """What is left after some runs."""
        return replace(self, work=self.work - ended.work, done=self.done + len(ended.time))


@dataclass(frozen=True)
class Experiment:
    """A controller at work.

    Attributes
    ----------
    controller
        Who decides.
    memories
        What steps do.
    clock
        How long they last.
    horizon
        Time after which runs are given up, or None.
    """

    controller: Controller
    memories: LabelledMemories
    clock: Clock
    horizon: Fraction | None

    @staticmethod
    def of(policy: Policy | Controller, deviations: Deviations, horizon: Number | None) -> Experiment:
        """A policy, or a controller, at work on its own problem.

        Raises
        ------
        ModelError
            If the policy is none for a problem, or the horizon is not above 0 (or missing, for a controller).
        """
        deviations = DEVIATIONS.meant(deviations, "deviations")
        controller = Stationary.of(policy) if isinstance(policy, Policy) else policy
        end = None if horizon is None else moment(horizon, "horizon", controller.dynamics.durations.unit)
        if end is not None and end <= 0:
            raise ModelError("horizon", "must be above 0", horizon)
        if end is None and not isinstance(controller, Stationary):
            raise ModelError("horizon", "is missing; nothing says that the controller ever reaches the target", None)
        problem = PROBLEM.meant(controller.dynamics, "policy")
        clock = Clock.of(controller.dynamics, deviations)
        known = controller.dynamics.configurations
        ages = isinstance(labels_of(problem), AgedLabels)
        memories = (AgeingMemories if ages else LabelledMemories)(problem, deviations, known)
        return Experiment(controller, memories, clock, end)

    @property
    def problem(self) -> Problem:
        """The problem that is simulated."""
        return PROBLEM.meant(self.controller.dynamics, "experiment")

    @cached_property
    def until(self) -> float:
        """The last moment at which a run may be delivered, in units."""
        return inf if self.horizon is None else self.clock.until(self.horizon)

    @cached_property
    def trapped(self) -> BoolArray:
        """Decisions to wait for ever in no time: those to wait, taken again at once, if waiting takes none."""
        decisions = self.controller.decisions
        endless = self.clock.lattice.slots[decisions.time] == 0
        return np.asarray(decisions.waiting & self.controller.settled & endless)

    @cached_property
    def persistent(self) -> BoolArray:
        """Decisions that only attempt to generate, and are taken again for sure until something comes of it."""
        decisions = self.controller.decisions
        timeless = isinstance(self.controller, Stationary) or self.clock.lattice.slots[decisions.time] == 0
        steady = self.horizon is None or self.clock.steady
        only = (decisions.attempts > 0) & (decisions.pairs == 0) & (decisions.discard < 0)
        return np.asarray(only & self.controller.settled & timeless & steady)

    def allowance(self, policy: Policy | Controller, runs: int) -> Allowance:
        """How far the runs may go; work of a policy that would not end in any reasonable time is refused.

        How many steps another controller takes is not known beforehand: its work is counted as it is spent.

        Raises
        ------
        ImproperPolicyError
            If the policy may never reach the target, and there is no horizon.
        LimitError
            If the runs of a policy would take too many steps.
        """
        steps, times = inf, [slots for slots in self.clock.lattice.slots.tolist() if slots]
        if isinstance(policy, Policy):
            plan = self._planned(policy)
            if not plan.proper and self.horizon is None:
                improper(plan)
            if plan.proper:
                # The steps without effect that are jumped over are not taken one by one.
                taken = plan.occupation
                steps = float(np.where(self.persistent, plan.uses.repetition.changes(taken), taken).sum())
        if self.horizon is not None:
            # Steps that take no time generate until something comes of it.
            idle = 1 / self.memories.chance if len(times) < 2 or self.problem.generation_time == 0 else 1.0
            steps = min(steps, self.clock.until(self.horizon) / min(times) * idle + self.problem.memories)
        if self.memories.chance < RAREST and self.until > 1 / RAREST:
            where = "p" if self.memories.deviations.p is None else "real p"
            raise LimitError(
                f"{where}: one attempt in {1 / self.memories.chance:.3g} succeeds; beyond one in {1 / RAREST:.0e} the "
                "steps of a run are not counted exactly in double precision; take a larger p, or a shorter horizon",
                size={"steps": int(min(1 / self.memories.chance, 1e18))},
            )
        rounds = ENOUGH_STEPS * ceil(steps + 1)
        if not isinstance(policy, Policy):
            return Allowance(rounds, MOST_RUN_WORK)
        blocks, together = -(-runs // BLOCK), min(runs, BLOCK)
        work = runs * steps * self.problem.memories + blocks * steps * (1 + log(together)) * STEP_WORK
        if work > MOST_RUN_WORK:
            raise LimitError(
                f"runs: {runs:,} of about {steps:.3g} steps each would take more than about half an hour; take fewer "
                "runs, or a shorter horizon",
                size={"runs": runs, "steps": int(min(steps, 1e18))},
            )
        return Allowance(rounds)

    def _planned(self, policy: Policy) -> Plan:
        """The policy evaluated for the real ``p``, which decides what it may run into and how many steps it takes."""
        real = self.memories.deviations.p
        unlike = isinstance(self.memories, AgeingMemories) and 1 in {real, self.problem.p}  # other columns are met
        if real is None or real == self.problem.p or unlike:
            return policy.plan
        dynamics = self.controller.dynamics
        problem, labels = self.problem.replace(p=real), labels_of(self.problem)
        problem = problem if labels is None else with_labels(problem, labels)
        changed = label_process(problem, dynamics.names.attempts).unguarded()
        return Plan.improper(changed.choose(policy.plan.uses.columns), policy.plan.probability)

    def advance(
        self, contents: IntArray, elapsed: FloatArray, rng: np.random.Generator, *, jump: bool = True
    ) -> Advanced:
        """Advance every run by one step, ``contents`` in place; with ``jump`` past steps that have no effect, too."""
        places = self.memories.up_to(contents)
        decisions = self.controller.decisions
        decision = self.controller.decide(self.memories.ranks(places[1]), elapsed, rng)
        repeats, first = np.ones(len(decision), dtype=np.int64), None
        persisting = self.persistent[decision] & self.memories.lasting(places[1])
        if jump and persisting.any():
            repeats, first = self._tossed(decision, persisting, elapsed, rng)
        happened = self.memories.step(contents, places, decisions, decision, Coins(rng, first))
        duration = self.clock.durations(decisions.time[decision], repeats, rng)
        if not self.clock.steady:
            lost = duration - self.clock.lattice.slots[decisions.time[decision]] * repeats
            happened = self.memories.wait(contents, happened, self.clock.time(lost))
        return Advanced(decision, repeats, happened, duration)

    def _tossed(
        self, decision: IntArray, persisting: BoolArray, elapsed: FloatArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """How many steps pass until an attempt succeeds or time is up, and which attempt of the last, (runs,) each."""
        repeats, first = np.ones(len(decision), dtype=np.int64), np.full(len(decision), -1)
        runs = np.flatnonzero(persisting)
        attempts = self.controller.decisions.attempts[decision[runs]]
        failing, first[runs] = drawn(self.memories.chance, attempts, rng)
        repeats[runs] += failing
        if self.horizon is not None:
            slots = self.clock.lattice.slots[self.controller.decisions.time[decision[runs]]]
            fitting = np.full(len(runs), inf)
            np.floor_divide(self.until - elapsed[runs], slots, out=fitting, where=slots > 0)
            fitting += 1
            cut = repeats[runs] > fitting
            repeats[runs[cut]] = fitting[cut].astype(np.int64)
            first[runs[cut]] = attempts[cut]
        return repeats, first

    def block(self, runs: int, allowance: Allowance, rng: np.random.Generator) -> Ended:
        """Run some runs to their end, all together.

        Raises
        ------
        LimitError
            If a run does not end within the steps, or the runs within the work, that are allowed.
        """
        free, decisions = self.problem.final_step is FinalStep.FREE, self.controller.decisions
        limit, trapped = self.until, self.trapped
        ended = Ended(np.full(runs, inf), np.zeros((runs, len(RESOURCES))), np.full(runs, EMPTY), 0.0)
        alive, contents, elapsed = np.arange(runs), self.memories.empty(runs), np.zeros(runs)
        totals, work = np.zeros((len(RESOURCES), runs)), 0.0
        for step in range(allowance.rounds):
            work += len(alive) * self.problem.memories + STEP_WORK
            if work > allowance.work:
                raise LimitError(
                    f"runs: about half an hour's work is spent after {allowance.done:,} runs and {step:,} steps of "
                    f"{runs:,} others, {len(alive):,} of which have not ended; take fewer runs, or a shorter horizon",
                    size={"runs": allowance.done, "steps": step, "going": len(alive)},
                )
            done = self.advance(contents, elapsed, rng)
            end = elapsed if free else elapsed + done.duration
            elapsed = elapsed + done.duration
            totals += tallied(done, discards=decisions.discard[done.decision] >= 0)
            reached = (done.happened.delivered != EMPTY) & (end <= limit)
            ended.time[alive[reached]] = end[reached]
            ended.delivered[alive[reached]] = done.happened.delivered[reached]
            going = (done.happened.delivered == EMPTY) & (elapsed <= limit) & ~trapped[done.decision]
            if not going.all():
                ended.totals[alive[~going]] = totals[:, ~going].T
                alive, contents, elapsed, totals = alive[going], contents[going], elapsed[going], totals[:, going]
            if not len(alive) or (self.horizon is None and trapped[done.decision].any()):
                break
        ended.totals[alive] = totals.T
        if self.horizon is None and not np.isfinite(ended.time).all():
            raise LimitError(
                f"horizon: is missing, and a run has not ended after {allowance.rounds:,} steps; give one",
                size={"steps": allowance.rounds},
            )
        return replace(ended, work=work)


def tallied(done: Advanced, *, discards: BoolArray) -> FloatArray:
    """What a step adds to the totals of every run, (RESOURCES, runs); discards take no step."""
    happened, runs = done.happened, len(done.decision)

    def per_run(run: IntArray) -> IntArray:
        return np.bincount(run, minlength=runs)

    did = Quantities(
        steps=~discards * done.repeats,
        duration=done.duration,
        attempts=per_run(happened.trying) * done.repeats,
        made=per_run(happened.trying[happened.generated]),
        distillations=per_run(happened.distilling),
        failures=per_run(happened.failed),
        stored=happened.stored,
    )
    return np.array([known.formula(did) for known in RESOURCES.values()], dtype=np.float64)


def improper(plan: Plan) -> None:
    """Refuse a policy that may never reach the target.

    Raises
    ------
    ImproperPolicyError
        With the remedy: a horizon.
    """
    try:
        raise_improper(plan.mixed, plan.deadlock)
    except ImproperPolicyError as error:
        raise ImproperPolicyError(f"{error}, or give a horizon", deadlock=error.deadlock) from None
