"""Policies of steady states at work, memory by memory: rates by batch means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import nan
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.delivery import Delivery
from lpdistill.numbers import Number
from lpdistill.pictures import canvas
from lpdistill.problem.problem import Problem
from lpdistill.progress import Report, silent
from lpdistill.rates.given import RATE
from lpdistill.rates.law import Law
from lpdistill.rates.rate import Throughput
from lpdistill.simulation.controller import Stationary
from lpdistill.simulation.deviations import DEVIATIONS, NO_DEVIATIONS, Clock, Deviations
from lpdistill.simulation.estimates import Confidence, Estimate
from lpdistill.simulation.experiment import Experiment
from lpdistill.simulation.labelled import LabelledMemories
from lpdistill.simulation.simulated import inside
from lpdistill.simulation.simulation import seeded
from lpdistill.simulation.tracked import EMPTY
from lpdistill.solution.answer import Answer
from lpdistill.solution.document import finite
from lpdistill.units import moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COPIES, BATCHES = 128, 2
"""Copies of the link that run beside each other, and batches into which the time of each is cut."""

APART = 10
"""Mean times between deliveries that a batch lasts at least, so that batches hardly depend on each other."""

MOST_STEPS = 2_000_000
"""Steps of every copy beyond which a simulation takes more than minutes."""


@dataclass(frozen=True, repr=False, eq=False)
class RateSimulation(Answer):
    """What a policy delivered, memory by memory.

    Attributes
    ----------
    problem
        What was simulated.
    deviations
        How reality differed from it.
    time, seed
        How long was counted, over all copies, and the seed of the random numbers.
    confidence
        Level of the intervals.
    batches
        Pairs delivered per unit of time in every batch, (batches,).
    each
        How long a batch lasts.
    fidelities
        How often a pair of each real fidelity was delivered.
    law
        What the model says of the count; None where reality differs, or labels stand for levels.
    """

    _KIND: ClassVar[str] = "rate-simulation"

    problem: Problem
    deviations: Deviations
    time: Fraction
    seed: int
    confidence: float
    batches: FloatArray
    each: Fraction
    fidelities: Mapping[Fraction, int]
    law: Law | None

    @property
    def rate(self) -> Estimate:
        """Pairs per unit of time, from the means of batches."""
        return self._about(self.batches, None if self.law is None else self.law.gain)

    @property
    def variance(self) -> Estimate:
        """By how much the variance of the count grows per unit of time, from how batches differ."""
        count = len(self.batches)
        apart = float(self.each) * (self.batches - self.batches.mean()) ** 2 * count / (count - 1)
        return self._about(apart, None if self.law is None else self.law.variance)

    def _about(self, sample: FloatArray, model: float | None) -> Estimate:
        """The interval of a mean over batches."""
        error = float(sample.std(ddof=1)) / len(sample) ** 0.5
        return Confidence(self.confidence).around((float(sample.mean()), error), len(sample), model)

    @property
    def fidelity(self) -> float:
        """Mean real fidelity of what was delivered."""
        total = sum(self.fidelities.values())
        return float(sum(fidelity * times for fidelity, times in self.fidelities.items()) / total) if total else nan

    @property
    def _question(self) -> Problem:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "simulated", f"{float(self.time):g} in {len(self.batches)} batches, seed {self.seed}"
        if self.deviations:
            yield "reality", str(self.deviations)
        yield "rate", _told(self.rate)
        yield "variance", f"{_told(self.variance)} per unit of time"
        yield "fidelity", f"{self.fidelity:.6g} on average, {sum(self.fidelities.values()):,} pairs"

    def _content(self) -> Mapping[str, Any]:
        return {
            "time": float(self.time),
            "seed": self.seed,
            "confidence": self.confidence,
            "deviations": self.deviations.to_dict(),
            "batches": len(self.batches),
            "rate": self.rate.to_dict(),
            "variance": self.variance.to_dict(),
            "fidelity": finite(self.fidelity),
            "delivered": [
                {"fidelity": float(fidelity), "exact": str(fidelity), "pairs": times}
                for fidelity, times in self.fidelities.items()
            ],
        }

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        for name, found in {"pairs": self.rate, "variance of the count": self.variance}.items():
            yield {
                "simulated, per unit of time": name,
                "value": found.value,
                "lower": found.lower,
                "upper": found.upper,
                "model": found.model,
            }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how many batches had which rate."""
        drawn = canvas(ax, self.problem)
        drawn.hist(self.batches, bins="auto")
        drawn.axvline(self.rate.value, color="black")
        drawn.set(xlabel="pairs per unit of time", ylabel="batches")
        return drawn


def _told(estimate: Estimate) -> str:
    """An estimate with its interval, and what the model says."""
    told = f"{estimate.value:.6g} ({estimate.lower:.6g} to {estimate.upper:.6g})"
    if estimate.model is None or estimate.distance is None:
        return told
    return f"{told}; model {estimate.model:.6g}, {abs(estimate.distance):.1f} standard errors away"


def simulate_rate(  # noqa: PLR0913 - what an experiment consists of
    rate: Throughput,
    time: Number,
    *,
    seed: int | str | None = None,
    deviations: Deviations = NO_DEVIATIONS,
    confidence: Number = 0.95,
    progress: Report = silent,
) -> RateSimulation:
    """Let the policy of a throughput work, memory by memory, and count what it delivers.

    Copies of the link begin with empty memories, run for a while that is not counted, and then for a number of batches
    that all last equally long; the interval is that of the mean of batches.  Nothing is taken from the program but what
    the policy decides.

    Parameters
    ----------
    rate
        The throughput whose policy is simulated, of one user.
    time
        How long is counted, over all copies together.
    seed, deviations, confidence, progress
        As for :func:`lpdistill.simulate`.

    Raises
    ------
    ModelError
        If the rate is another, or the time is too short for batches that hardly depend on each other.
    LimitError
        If the time is too long.

    Examples
    --------
    >>> from lpdistill import throughput
    >>> found = simulate_rate(throughput(Problem("1/2", 2, "3/4", "79/100")), 100_000, seed=1)
    >>> found.rate.lower < 173 / 2448 < found.rate.upper
    True
    """
    given = RATE.meant(rate, "rate")
    if not isinstance(given, Throughput) or given.found.model.process.kernel.delivery is not Delivery.EVERY:
        raise ModelError("rate", "must be a throughput of one user; of others only the law is known: rate.law", rate)
    optimum, process = rate.found.model.optimum, rate.found.model.process
    start, level = seeded(seed), float(inside(confidence, "confidence"))
    reality = DEVIATIONS.meant(deviations, "deviations")
    whole = moment(time, "time", process.durations.unit)
    each = whole / (COPIES * BATCHES)
    shortest = APART * rate.law.interval_mean
    if float(each) < shortest:
        least = f"{COPIES * BATCHES * shortest:.3g}"
        raise ModelError("time", f"must be at least {least}, so that batches hardly depend on each other", time)
    steps = float(each) * (BATCHES + 1) / process.durations.per_column
    if steps > MOST_STEPS:
        raise LimitError(
            f"time: {float(whole):g} takes up to {steps:.3g} steps of every copy, more than {MOST_STEPS:,}; take less",
            size={"steps": int(min(steps, 1e18))},
        )
    configuration = process.choose(optimum.columns).configuration
    controller = Stationary.taking(process, configuration, optimum.columns, optimum.probability)
    memories = LabelledMemories(rate.found.model.problem, reality, process.configurations)
    experiment = Experiment(controller, memories, Clock.of(process, reality), None)
    counts, delivered = _counted(experiment, each, start, progress)
    species = memories.species.real
    fidelities: dict[Fraction, int] = {}
    for number in np.flatnonzero(delivered).tolist():
        fidelities[species[number]] = fidelities.get(species[number], 0) + int(delivered[number])
    known = None if reality or rate.found.labelling is not None else rate.law
    found = counts.ravel() / float(each)
    return RateSimulation(
        rate.problem, reality, whole, start, level, found, each, dict(sorted(fidelities.items())), known
    )


def _counted(experiment: Experiment, each: Fraction, seed: int, progress: Report) -> tuple[FloatArray, IntArray]:
    """Pairs delivered in every batch of every copy, (copies, batches), and how often each species was, (species,)."""
    memories, length = experiment.memories, float(each / experiment.clock.lattice.unit)
    rng, end = np.random.default_rng(seed), length * (BATCHES + 1)
    contents, elapsed = memories.empty(COPIES), np.zeros(COPIES)
    counts, delivered = np.zeros((COPIES, BATCHES)), np.zeros(0, dtype=np.int64)
    top = memories.configurations.kinds
    while (elapsed < end).any():
        elapsed = elapsed + experiment.advance(contents, elapsed, rng).duration
        species = np.array(memories.species.level)
        copy, place = np.nonzero((contents != EMPTY) & (species[contents] == top))
        # A step that ends at the end of a batch belongs to it; the first batch is not counted.
        batch = np.ceil(elapsed[copy] / length).astype(np.int64) - 2
        some = (batch >= 0) & (batch < BATCHES)
        np.add.at(counts, (copy[some], batch[some]), 1)
        found = np.bincount(contents[copy[some], place[some]], minlength=len(species))
        found[: len(delivered)] += delivered
        delivered = found
        contents[copy, place] = EMPTY
        progress("simulating", int(min(elapsed.min(), end)), int(end))
    return counts, delivered
