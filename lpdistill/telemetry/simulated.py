"""Telemetry of a simulated link: labelled memories under a policy, as the model has it or with faults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lpdistill.arrays import FloatArray, IntArray, ragged
from lpdistill.errors import ModelError
from lpdistill.numbers import whole
from lpdistill.simulation.deviations import NO_DEVIATIONS, Deviations
from lpdistill.simulation.experiment import Advanced, Experiment
from lpdistill.simulation.simulation import seeded
from lpdistill.simulation.tracked import EMPTY
from lpdistill.solution.given import POLICY, PolicyLike
from lpdistill.telemetry.records import Levels, Record, Waits

MOST_RUNS = 2_000_000
"""Runs that are simulated at most: all at once."""


def simulated_telemetry(
    policy: PolicyLike,
    runs: int | str,
    periods: int | str = 1,
    *,
    seed: int | str | None = None,
    deviations: Deviations = NO_DEVIATIONS,
) -> tuple[Record, ...]:
    """What a link reports that a policy is at work on, from simulated labelled memories.

    Parameters
    ----------
    policy
        The policy in use, of a problem.
    runs, periods
        Deliveries in every period, and the number of periods.
    seed
        Of the random numbers; one is drawn if none is given.
    deviations
        Faults: how reality differs from the problem.

    Raises
    ------
    ModelError
        If a number is out of its range.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> (record,) = simulated_telemetry(solve(Problem("1/2", 2, "3/4", "31/40")).policy, 100, seed=1)
    >>> record.waits.count, record.successes <= record.attempts
    (100, True)
    """
    chosen = POLICY.meant(policy, "policy")
    each, many = whole(runs, "runs"), whole(periods, "periods")
    for name, number in (("runs", each), ("periods", many)):
        if number < 1 or each * many > MOST_RUNS:
            raise ModelError(name, f"must be at least 1, and all runs together at most {MOST_RUNS:,}", number)
    experiment = Experiment.of(chosen, deviations, None)
    allowance = experiment.allowance(chosen, each * many)
    tally = Tally(experiment, each * many)
    tally.run(np.random.default_rng(seeded(seed)), allowance.rounds)
    return tuple(tally.record(slice(k * each, (k + 1) * each), f"period {k + 1}") for k in range(many))


class Tally:
    """Runs that are counted while they go on.

    Attributes
    ----------
    attempts, successes
        Of generation, in every run, (runs,).
    tried, done
        Distillations and those that succeeded, by the levels that go in, (runs,) each.
    times
        When each run ended, (runs,).
    """

    def __init__(self, experiment: Experiment, runs: int) -> None:
        self.experiment, self.runs = experiment, runs
        self.attempts, self.successes, self.times = np.zeros(runs), np.zeros(runs), np.zeros(runs)
        self.tried: dict[Levels, FloatArray] = {}
        self.done: dict[Levels, FloatArray] = {}

    def run(self, rng: np.random.Generator, rounds: int) -> None:
        """Take all runs to their end."""
        experiment, alive = self.experiment, np.arange(self.runs)
        contents, elapsed = experiment.memories.empty(self.runs), np.zeros(self.runs)
        free = experiment.problem.final_step == "free"
        for _ in range(rounds):
            step = experiment.advance(contents, elapsed, rng)
            self._count(alive, step)
            end = elapsed if free else elapsed + step.duration
            elapsed = elapsed + step.duration
            reached = step.happened.delivered != EMPTY
            self.times[alive[reached]] = experiment.clock.time(end[reached])
            alive, contents, elapsed = alive[~reached], contents[~reached], elapsed[~reached]
            if not len(alive):
                return
        raise ModelError("policy", f"must deliver: {len(alive):,} runs have not ended after {rounds:,} steps", None)

    def _count(self, alive: IntArray, step: Advanced) -> None:
        """Count what a step did."""
        happened, decisions, runs = step.happened, self.experiment.controller.decisions, len(alive)
        self.attempts[alive] += np.bincount(happened.trying, minlength=runs) * step.repeats
        self.successes[alive] += np.bincount(happened.trying[happened.generated], minlength=runs)
        run, place = ragged(decisions.pairs[step.decision])
        entries = decisions.levels[decisions.first[step.decision[run]] + place]
        for row in np.unique(entries, axis=0) if len(entries) else ():
            levels: Levels = tuple(int(level) for level in row[::-1] if level >= 0)
            mine = (entries == row).all(axis=1)
            for where, which in ((self.tried, mine), (self.done, mine & (happened.made != EMPTY))):
                counts = where.setdefault(levels, np.zeros(self.runs))
                counts[alive] += np.bincount(run[which], minlength=runs)

    def record(self, part: slice, period: str) -> Record:
        """What some of the runs report."""
        ends, counts = np.unique(self.times[part], return_counts=True)
        kinds: Sequence[Levels] = sorted(self.tried)
        return Record(
            "simulated",
            period,
            int(self.attempts[part].sum()),
            int(self.successes[part].sum()),
            {levels: (int(self.tried[levels][part].sum()), int(self.done[levels][part].sum())) for levels in kinds},
            Waits.of(zip(ends.tolist(), counts.tolist(), strict=True)),
        )
