"""Policies of steady states at work, memory by memory: rates by batch means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number
from lpdistill.physics.capped import met
from lpdistill.physics.levels import Levels
from lpdistill.pictures import canvas
from lpdistill.problem.problem import Problem
from lpdistill.progress import Report, silent
from lpdistill.rates.given import RATE
from lpdistill.rates.law import Law
from lpdistill.rates.rate import KeyRate, Rate, aimless, aimless_in_words
from lpdistill.simulation.controller import Stationary
from lpdistill.simulation.deviations import DEVIATIONS, NO_DEVIATIONS, Clock, Deviations
from lpdistill.simulation.estimates import Confidence, Estimate
from lpdistill.simulation.experiment import Experiment
from lpdistill.simulation.labelled import Happened, LabelledMemories
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
        What was earned per unit of time in every batch: pairs that were delivered, or what they are worth, (batches,).
    shared
        Pairs that each user had per unit of time in every batch, (batches,), and what the model says it has.
    unit
        What is earned.
    each
        How long a batch lasts.
    fidelities
        How often a pair of each real fidelity was delivered.
    law
        What the model says of the count; None where reality differs, or pairs are better than their labels.
    """

    _KIND: ClassVar[str] = "rate-simulation"

    problem: Problem
    deviations: Deviations
    time: Fraction
    seed: int
    confidence: float
    batches: FloatArray
    shared: Mapping[str, tuple[FloatArray, float | None]]
    unit: str
    each: Fraction
    fidelities: Mapping[Fraction, int]
    law: Law | None

    @property
    def rate(self) -> Estimate:
        """What is earned per unit of time, from the means of batches; of users, all their pairs together."""
        return self._about(self.batches, None if self.law is None else self.law.gain)

    @property
    def tenants(self) -> dict[str, Estimate]:
        """Pairs that each user has per unit of time, by its name."""
        return {name: self._about(each, model) for name, (each, model) in self.shared.items()}

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
    def _question(self) -> Problem | Mapping[str, Any]:
        return aimless(self.problem) if self._sold else self.problem

    @property
    def _sold(self) -> bool:
        """Whether key is counted, so that a target has no meaning."""
        return self.unit == KeyRate.unit

    def _lines(self) -> Iterable[tuple[str, str]]:
        if self._sold:
            yield "problem", aimless_in_words(self.problem)
        yield "simulated", f"{float(self.time):g} in {len(self.batches)} batches, seed {self.seed}"
        if self.deviations:
            yield "reality", str(self.deviations)
        yield "rate", f"{_told(self.rate)}{f' ({self.unit})' if self._sold else ''}"
        for name, found in self.tenants.items():
            yield f"tenant {name}", _told(found)
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
            **({"tenants": {name: found.to_dict() for name, found in self.tenants.items()}} if self.shared else {}),
            "fidelity": finite(self.fidelity),
            "delivered": [
                {"fidelity": float(fidelity), "exact": str(fidelity), "pairs": times}
                for fidelity, times in self.fidelities.items()
            ],
        }

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        rows = {self.unit: self.rate, **{f"tenant {name}": found for name, found in self.tenants.items()}}
        for name, found in {**rows, "variance of the count": self.variance}.items():
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
        drawn.set(xlabel=f"{self.unit} per unit of time", ylabel="batches")
        return drawn


def _told(estimate: Estimate) -> str:
    """An estimate with its interval, and what the model says."""
    told = f"{estimate.value:.6g} ({estimate.lower:.6g} to {estimate.upper:.6g})"
    if estimate.model is None or estimate.distance is None:
        return told
    return f"{told}; model {estimate.model:.6g}, {abs(estimate.distance):.1f} standard errors away"


def simulate_rate(  # noqa: PLR0913 - what an experiment consists of
    rate: Rate,
    time: Number,
    *,
    seed: int | str | None = None,
    deviations: Deviations = NO_DEVIATIONS,
    confidence: Number = 0.95,
    progress: Report = silent,
) -> RateSimulation:
    """Let the policy of a throughput or a key rate work, memory by memory, and count what it delivers.

    Copies of the link begin with empty memories, run for a while that is not counted, and then for a number of batches
    that all last equally long; the interval is that of the mean of batches.  Nothing is taken from the program but what
    the policy decides, and which users pairs of each level go to: that is drawn pair by pair.  Key is that of real
    fidelities.

    Parameters
    ----------
    rate
        The throughput or key rate whose policy is simulated.
    time
        How long is counted, over all copies together.
    seed, deviations, confidence, progress
        As for :func:`lpdistill.simulate`.

    Raises
    ------
    ModelError
        If nothing is ever delivered, or the time is too short for batches that hardly depend on each other.
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
    optimum, process = given.found.model.optimum, given.found.model.process
    if not given.delivered:
        raise ModelError("rate", "is that of a policy which delivers nothing, so that there is nothing to count", 0.0)
    start, level = seeded(seed), float(inside(confidence, "confidence"))
    reality = DEVIATIONS.meant(deviations, "deviations")
    whole = moment(time, "time", process.durations.unit)
    each = whole / (COPIES * BATCHES)
    shortest = APART * given.law.interval_mean
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
    memories = LabelledMemories(given.found.model.problem, reality, process.configurations)
    books = _Books(Experiment(controller, memories, Clock.of(process, reality), None), given)
    counts, fidelities = books.kept(each, start, progress)
    sold = given.found.labelling is None or given.earning.delivery.chosen
    faithful = not reality and sold and given.found.model.exact
    found = counts.reshape(-1, counts.shape[-1]).T / float(each)
    served = {name: has.rate if faithful else None for name, has in given.tenants.items()}
    shared = {name: (one, model) for one, (name, model) in zip(found[1:], served.items(), strict=True)}
    law = given.law if faithful else None
    return RateSimulation(
        given.problem, reality, whole, start, level, found[0], shared, given.unit, each, fidelities, law
    )


@dataclass(frozen=True)
class _Books:
    """What an experiment delivers, to whom, and what that is worth.

    Attributes
    ----------
    experiment
        The policy at work.
    rate
        What it is the policy of.
    """

    experiment: Experiment
    rate: Rate

    def kept(self, each: Fraction, seed: int, progress: Report) -> tuple[FloatArray, dict[Fraction, int]]:
        """What was earned in every batch of every copy, and what each user had, (copies, batches, 1 + users).

        Beside it, how often a pair of each real fidelity was delivered.
        """
        memories, length = self.experiment.memories, float(each / self.experiment.clock.lattice.unit)
        attempts, cost = self.experiment.controller.decisions.attempts, float(self.rate.earning.cost)
        rng, end = np.random.default_rng(seed), length * (BATCHES + 1)
        contents, elapsed = memories.empty(COPIES), np.zeros(COPIES)
        earned, often = np.zeros((COPIES, BATCHES, 1 + len(self.rate.tenants))), dict[Fraction, int]()
        while (elapsed < end).any():
            before = contents.copy()
            done = self.experiment.advance(contents, elapsed, rng)
            elapsed = elapsed + done.duration
            copy, pairs = self._delivered(before, contents, done.happened)
            # A step that ends at the end of a batch belongs to it; the first batch is not counted.
            batch = np.ceil(elapsed / length).astype(np.int64) - 2
            counted = (batch >= 0) & (batch < BATCHES)
            some = counted[copy]
            copy, pairs = copy[some], pairs[some]
            np.add.at(earned, (copy, batch[copy]), self._booked(pairs, rng))
            if cost:
                spent = cost * attempts[done.decision] * done.repeats
                earned[counted, batch[counted], 0] -= spent[counted]
            for species, times in zip(*np.unique(pairs, return_counts=True), strict=True):
                fidelity = memories.species.real[species]
                often[fidelity] = often.get(fidelity, 0) + int(times)
            progress("simulating", int(min(elapsed.min(), end)), int(end))
        return earned, dict(sorted(often.items()))

    def _delivered(self, before: IntArray, contents: IntArray, happened: Happened) -> tuple[IntArray, IntArray]:
        """Copies that deliver with the species, (pairs,) each: what is taken out, or what meets the target."""
        if self.rate.earning.delivery.chosen:
            copy, place = happened.discarding, happened.discarded
            return copy, before[copy, place]
        species = self.experiment.memories.species
        copy, place = np.nonzero((contents != EMPTY) & (np.array(species.level)[contents] == met(self._levels)))
        pairs = contents[copy, place]
        contents[copy, place] = EMPTY
        return copy, pairs

    @property
    def _levels(self) -> Levels:
        return self.rate.found.model.problem.levels

    def _booked(self, pairs: IntArray, rng: np.random.Generator) -> FloatArray:
        """What pairs of some species earn, and which user has each, (pairs, 1 + users)."""
        species, worth = self.experiment.memories.species, self.rate.earning.worth
        if worth is not None:
            return np.array([[worth.at(species.real[one], "a pair")] for one in pairs.tolist()]).reshape(-1, 1)
        entries = np.ones((len(pairs), 1 + len(self.rate.tenants)))
        if self.rate.tenants:
            level = np.array(species.level)[pairs]
            entries[:, 1:] = np.diff(self._shares[level] > rng.random(len(pairs))[:, None], axis=1)
            entries[:, 0] = self._counting[level]
        return entries

    @cached_property
    def _shares(self) -> FloatArray:
        """Probability that a pair of a level goes to one of the users before each, (levels, 1 + users)."""
        answer = self.rate.found.model.optimum.found
        assert answer is not None  # noqa: S101 - users are asked of HiGHS
        assert answer.claims is not None  # noqa: S101 - the same
        given = answer.claims.given
        total = given.sum(axis=1, keepdims=True)
        shares = np.divide(given, total, out=np.zeros_like(given), where=total > 0)
        return np.hstack([np.zeros((len(given), 1)), np.cumsum(shares, axis=1)])

    @cached_property
    def _counting(self) -> FloatArray:
        """Whether a pair of a level meets the target of any user, (levels,)."""
        shares = self.rate.earning.shares(self._levels)
        return np.zeros(0) if shares is None else np.asarray(shares.meets.any(axis=1), dtype=np.float64)
