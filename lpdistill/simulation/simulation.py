"""Monte Carlo of a policy in the system of labelled memories: an independent route to every number of the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from secrets import randbits

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, whole
from lpdistill.process.resources import RESOURCES
from lpdistill.progress import Report, silent
from lpdistill.simulation.controller import CONTROLLER, Controller
from lpdistill.simulation.deviations import NO_DEVIATIONS, Deviations
from lpdistill.simulation.estimates import Moments
from lpdistill.simulation.experiment import BLOCK, Allowance, Experiment
from lpdistill.simulation.simulated import Simulation, inside
from lpdistill.solution.given import PolicyLike
from lpdistill.solution.policy import Policy

MOST_RUNS = 50_000_000
"""Runs beyond which the sample takes too much memory."""

SEED_BITS = 32
"""Length of a seed that is drawn: short enough to be typed again."""


def simulate(  # noqa: PLR0913 - what an experiment consists of
    policy: PolicyLike | Controller,
    runs: int = 100_000,
    *,
    seed: int | None = None,
    deviations: Deviations = NO_DEVIATIONS,
    horizon: Number | None = None,
    confidence: Number = 0.95,
    progress: Report = silent,
) -> Simulation:
    """Run a policy many times in the system of labelled memories.

    Every memory is simulated on its own, every attempt and every distillation is a coin tossed, and the policy is asked
    only what it decides: nothing here shares a formula with the program.  Time is counted in whole units, exactly.

    Parameters
    ----------
    policy
        The policy of a problem; budgets of the problem do not matter.  Or any other
        :class:`~lpdistill.simulation.controller.Controller`, whose decisions may depend on time; it needs a horizon.
    runs
        Number of runs, at least 2.
    seed
        Of the random numbers, at least 0; the same seed gives the same runs.  One is drawn, and reported, if None.
    deviations
        How reality differs from the problem.
    horizon
        Time after which a run is given up as not delivered.
    confidence
        Level of the intervals, in (0, 1).
    progress
        Told how many runs are done.

    Raises
    ------
    ModelError
        If an argument is out of its range, the policy is for a state graph, or runs enter a configuration about which
        the policy says nothing.
    ImproperPolicyError
        If the policy may never reach the target, and there is no horizon.
    LimitError
        If the runs would take too much time or memory; for another controller, once they have taken too much.

    Notes
    -----
    Steps in which no attempt succeeds are jumped over where the same is decided again for sure: the number of attempts
    until one succeeds is a geometric variable.  Runs come in blocks of 32,768, each with a stream of its own (spawned
    from the seed), so the first blocks of a longer simulation are those of a shorter one.  Memory is that of one block
    and of the sample.

    Examples
    --------
    >>> from lpdistill import Problem, baseline
    >>> found = simulate(baseline(Problem("1/2", 2, "3/4", "31/40"), "greedy"), 20_000, seed=1)
    >>> found
    Simulation: 20,000 runs, seed 1, intervals at 95 %
      problem:       p = 0.5, M = 2, f0 = 0.75 -> 0.775, times 1 (generation) and 2 (distillation)
      waiting time:  6.4451 (6.39103 to 6.49917); model 6.46154, 0.6 standard errors away
      spread:        standard deviation 3.90097; model 3.91024, 0.2 standard errors away
      quantiles:     50 % within 5, 90 % within 11, 99 % within 20
      yield:         0.361507 (0.358861 to 0.364152) delivered pairs a raw pair
      fidelity:      0.788462 (0.788462 to 0.788462); 100 % meet the target
    """
    policy = CONTROLLER.meant(policy, "policy")
    count, start = _number_of_runs(runs), seeded(seed)
    level = float(inside(confidence, "confidence"))
    experiment = Experiment.of(policy, deviations, horizon)
    sample = _Sample.of(experiment, experiment.allowance(policy, count), count, start, progress)
    return Simulation(
        problem=experiment.problem,
        policy=policy if isinstance(policy, Policy) else None,
        deviations=deviations,
        horizon=experiment.horizon,
        seed=start,
        confidence=level,
        samples=sample.times,
        moments=sample.moments,
        fidelities=sample.fidelities(experiment.memories.species.real),
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    """What many runs come to.

    Attributes
    ----------
    times
        When each run ended, (runs,) (the user's unit of time).
    moments
        Of the totals of a run, and of whether it delivered.
    delivered
        How many runs delivered a pair of each species, by its number.
    """

    times: FloatArray
    moments: Moments
    delivered: Mapping[int, int]

    @staticmethod
    def of(experiment: Experiment, allowance: Allowance, runs: int, seed: int, progress: Report) -> _Sample:
        """Take the runs block by block."""
        times, moments, clock = np.empty(runs), [], experiment.clock
        delivered = Counter[int]()
        timed = np.array([bool(known.unit) for known in RESOURCES.values()])
        progress("simulating runs", 0, runs)
        for number, first in enumerate(range(0, runs, BLOCK)):
            here = slice(first, min(first + BLOCK, runs))
            stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
            ended = experiment.block(here.stop - here.start, allowance, stream)
            allowance = allowance.after(ended)
            ended.totals[:, timed] = clock.time(ended.totals[:, timed])
            times[here] = clock.time(ended.time)
            moments.append(Moments.of(np.column_stack([ended.totals, np.isfinite(ended.time)])))
            delivered.update(dict(enumerate(np.bincount(ended.delivered[ended.delivered >= 0]).tolist())))
            progress("simulating runs", here.stop, runs)
        return _Sample(times, reduce(add, moments), delivered)

    def fidelities(self, species: Sequence[Fraction]) -> dict[Fraction, int]:
        """How many runs delivered a pair of each real fidelity, the least first; species may share one."""
        found: dict[Fraction, int] = {}
        for number, times in self.delivered.items():
            if times:
                found[species[number]] = found.get(species[number], 0) + times
        return dict(sorted(found.items()))


def _number_of_runs(given: int) -> int:
    """How many runs there are to be, at least 2 and no more than are kept."""
    count = whole(given, "runs")
    if count < 2:
        raise ModelError("runs", "must be at least 2", given)
    if count > MOST_RUNS:
        raise LimitError(
            f"runs: {count:,} exceed the {MOST_RUNS:,} whose waiting times are kept; take fewer", size={"runs": count}
        )
    return count


def seeded(seed: int | str | None) -> int:
    """A seed, drawn if none is given.

    Raises
    ------
    ModelError
        If it is negative, or no whole number.
    """
    if seed is None:
        return randbits(SEED_BITS)
    start = whole(seed, "seed")
    if start < 0:
        raise ModelError("seed", "must be a whole number of at least 0", seed)
    return start
