"""What simulated runs say: estimates with intervals, beside what the model says exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, decimals, exact
from lpdistill.problem.problem import Problem
from lpdistill.process.resources import RESOURCES
from lpdistill.simulation.deviations import Deviations
from lpdistill.simulation.estimates import UNSPREAD, Confidence, Estimate, Moments
from lpdistill.simulation.histogram import draw_histogram
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import rational
from lpdistill.solution.policy import Policy
from lpdistill.times.distribution import Distribution, distribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PROBABILITIES = (Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
"""The quantiles that are reported."""

BOUND = "a promise, not an expectation: it rounds fidelities down to labels, and runs have the true ones"
"""What the model's numbers are where labels round results down."""


@dataclass(frozen=True, repr=False, eq=False)
class Simulation(Answer):
    """What many simulated runs say, beside what the model says.

    A run is *delivered* when a pair nominally meets the target, within the horizon if there is one.

    Attributes
    ----------
    problem
        The problem of the policy.
    policy
        The policy simulated; None for another controller.
    deviations
        How reality differs from the problem.
    horizon
        Time after which runs were given up, or None.
    seed
        What all random numbers follow from.
    confidence
        Level of all intervals.
    samples
        Waiting time of every run, (runs,); infinite where a run was not delivered.
    moments
        Of the totals of a run (``RESOURCES``, and whether it was delivered).
    fidelities
        How often a pair of each real fidelity was delivered.
    """

    _KIND = "simulation"

    problem: Problem
    policy: Policy | None
    deviations: Deviations
    horizon: Fraction | None
    seed: int
    confidence: float
    samples: FloatArray
    moments: Moments
    fidelities: Mapping[Fraction, int]

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.samples)

    @cached_property
    def _delivered(self) -> FloatArray:
        return self.samples[np.isfinite(self.samples)]

    @property
    def _intervals(self) -> Confidence:
        return Confidence(self.confidence)

    @property
    def _promised(self) -> Policy | None:
        """The policy whose exact expectations every run is drawn from; None where runs are given up."""
        return self.policy if self.horizon is None else None

    def _estimate(self, estimate: tuple[float, float], model: float | None) -> Estimate:
        return self._intervals.around(estimate, self.runs, model)

    @cached_property
    def waiting_time(self) -> Estimate:
        """Mean waiting time of the runs delivered."""
        count = len(self._delivered)
        mean = float(self._delivered.mean()) if count else float("nan")
        error = float(self._delivered.std(ddof=1)) / count**0.5 if count > 1 else float("nan")
        promised = self._promised
        return self._intervals.around((mean, error), count, promised.waiting_time if promised else None)

    @cached_property
    def standard_deviation(self) -> Estimate:
        """Standard deviation of the waiting time of the runs delivered."""
        promised = self._promised
        return self._intervals.deviation(self._delivered, promised.standard_deviation if promised else None)

    @cached_property
    def quantiles(self) -> Mapping[Fraction, Estimate]:
        """Times within which a share of *all* runs is delivered; the intervals hold whatever the law of the time is.

        A run that is not delivered counts as later than everything.
        """
        return {probability: self.quantile(probability) for probability in PROBABILITIES}

    def quantile(self, probability: Number) -> Estimate:
        """The time within which a share of all runs is delivered.

        Raises
        ------
        ModelError
            If the probability is not above 0 and below 1.
        """
        share = inside(probability, "quantile")
        found = self._intervals.quantile(self._ordered, float(share))
        return replace(found, model=self._exact_quantile(share))

    @cached_property
    def _law(self) -> Distribution | None:
        """The model's law of the waiting time, as far as the runs reach; None where it takes too long."""
        if self.policy is None:
            return None
        end = self.horizon if self.horizon is not None else float(self._ordered[-1]) * (1 + UNSPREAD)
        for until in (end, None):  # all of the law may be less than the law until then
            try:
                return distribution(self.policy, until=until)
            except LimitError:
                continue
        return None

    def _exact_quantile(self, probability: Fraction) -> float | None:
        """The model's quantile; infinite beyond the horizon, None beyond what is known."""
        if self._law is None:
            return None
        try:
            return self._law.quantile(probability)
        except LimitError:
            return None if self.horizon is None else inf

    @cached_property
    def _ordered(self) -> FloatArray:
        return np.sort(self.samples)

    def _weights(self, **weights: float) -> FloatArray:
        return np.array([weights.get(name, 0.0) for name in (*RESOURCES, "delivered")])

    @cached_property
    def expected(self) -> Mapping[str, Estimate]:
        """Mean totals of a run: steps, generation attempts, ..., by name."""
        promised = self._promised
        return {
            name: self._estimate(
                self.moments.mean_of(self._weights(**{name: 1.0})),
                promised.expected[name] if promised else None,
            )
            for name in RESOURCES
        }

    @cached_property
    def pair_yield(self) -> Estimate:
        """Pairs delivered for each raw pair generated, over all runs."""
        promised = self._promised
        found = self.moments.ratio_of(self._weights(delivered=1.0), self._weights(raw_pairs=1.0))
        return self._estimate(found, 1 / promised.expected["raw_pairs"] if promised else None)

    @cached_property
    def distillation_success(self) -> Estimate:
        """Share of all distillations that succeed; not a number where there are none."""
        promised = self._promised
        weights = self._weights(distillations=1.0), self._weights(failed_distillations=1.0)
        found = self.moments.ratio_of(weights[0] - weights[1], weights[0])
        expected = promised.expected if promised else {}
        tried = expected.get("distillations", 0.0)
        return self._estimate(found, 1 - expected["failed_distillations"] / tried if tried else None)

    @cached_property
    def success_rate(self) -> Estimate:
        """Probability that a run is delivered, within the horizon if there is one."""
        if self.horizon is not None:
            exact = None if self._law is None else self._law.cdf(self.horizon)
        else:
            exact = 1.0 if self.policy is not None else None
        return self._intervals.share(len(self._delivered), self.runs, exact)

    @cached_property
    def fidelity(self) -> Estimate:
        """Mean real fidelity of the pairs delivered."""
        values = np.array([float(value) for value in self.fidelities])
        counts = np.array(list(self.fidelities.values()), dtype=np.float64)
        count = len(self._delivered)
        if count < 2:
            return Estimate(float("nan"), 0.0, 1.0)
        mean = float(values @ counts) / count
        spread = float(counts @ (values - mean) ** 2) / (count - 1)
        return self._intervals.around((mean, (spread / count) ** 0.5), count)

    @cached_property
    def meeting_target(self) -> Estimate:
        """Share of the pairs delivered whose real fidelity meets the target."""
        met = sum(count for value, count in self.fidelities.items() if value >= self.problem.target)
        return self._intervals.share(met, len(self._delivered), 1.0)

    @property
    def estimates(self) -> Mapping[str, Estimate]:
        """All estimates by name, quantiles as ``quantile 0.9``."""
        return {
            "waiting_time": self.waiting_time,
            "standard_deviation": self.standard_deviation,
            **{f"quantile {float(q):g}": found for q, found in self.quantiles.items()},
            **self.expected,
            "yield": self.pair_yield,
            "distillation_success": self.distillation_success,
            "success_rate": self.success_rate,
            "fidelity": self.fidelity,
            "meeting_target": self.meeting_target,
        }

    @property
    def _question(self) -> Problem:
        return self.problem

    def _content(self) -> dict[str, Any]:
        return {
            "runs": self.runs,
            "seed": self.seed,
            "confidence": self.confidence,
            "horizon": None if self.horizon is None else rational(self.horizon),
            "deviations": self.deviations.to_dict(),
            **({"bound": True} if self._bounded else {}),
            "waiting_time": self.waiting_time.to_dict(),
            "std": self.standard_deviation.to_dict(),
            "quantiles": {f"{float(q):g}": found.to_dict() for q, found in self.quantiles.items()},
            "expected": {name: found.to_dict() for name, found in self.expected.items()},
            "yield": self.pair_yield.to_dict(),
            "distillation_success": self.distillation_success.to_dict(),
            "success_rate": self.success_rate.to_dict(),
            "fidelity": self.fidelity.to_dict(),
            "meeting_target": self.meeting_target.to_dict(),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every estimate."""
        return ({"quantity": name, **found.to_dict()} for name, found in self.estimates.items())

    def shown(self, most: int | None = SHOWN) -> Table:
        """The estimates with their intervals, beside what the model says."""
        rows = [
            (
                name.replace("_", " "),
                *map(_number, (one.value, one.lower, one.upper) if not isnan(one.value) else [None] * 3),
                _number(one.model),
                "-" if one.distance is None else f"{one.distance:+.1f}",
            )
            for name, one in list(self.estimates.items())[:most]
        ]
        headings = dict.fromkeys(("estimate", "from", "to", "model", "standard errors away"), "right")
        return Table(f"a run, with intervals at {100 * self.confidence:g} %", {"": "left"} | headings, rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the histogram of waiting times with their mean, and the model's mean where all runs were delivered."""
        return draw_histogram(self, ax)

    def _lines(self) -> Iterable[tuple[str, str]]:
        def interval(found: Estimate) -> str:
            return f"{found.value:.6g} ({found.lower:.6g} to {found.upper:.6g})"

        def beside(found: Estimate) -> str:
            away = "" if found.distance is None else f", {abs(found.distance):.1f} standard errors away"
            return "" if found.model is None else f"; model {found.model:.6g}{away}"

        within = ", ".join(
            f"{100 * float(q):g} % within {found.value:g}" for q, found in self.quantiles.items() if found.value < inf
        )
        late = f"{100 * float(max(self.quantiles)):g} % not" if self.quantiles[max(self.quantiles)].value == inf else ""
        some = len(self._delivered) > 1
        lines = {
            "deviations": str(self.deviations) if self.deviations else "",
            "horizon": "" if self.horizon is None else f"{float(self.horizon):g}",
            "delivered": interval(self.success_rate) + beside(self.success_rate) if self.horizon is not None else "",
            "model": BOUND if self._bounded else "",
            "waiting time": interval(self.waiting_time) + beside(self.waiting_time) if some else "",
            "spread": f"standard deviation {self.standard_deviation.value:.6g}" + beside(self.standard_deviation)
            if some
            else "",
            "quantiles": ", ".join(part for part in (within, late) if part),
            "yield": f"{interval(self.pair_yield)} delivered pairs a raw pair",
            "fidelity": f"{interval(self.fidelity)}; {100 * self.meeting_target.value:.4g} % meet the target"
            if some
            else "",
        }
        return ((name, text) for name, text in {"runs": self._runs, **lines}.items() if text)

    def _above(self) -> Iterable[tuple[str, str]]:
        """What was simulated; what came of it, the table says."""
        if self.deviations:
            yield "deviations", str(self.deviations)
        if self.horizon is not None:
            yield "horizon", f"{float(self.horizon):g}; the mean waiting time is that of the runs delivered"
        yield "runs", f"{self.runs:,}, seed {self.seed}"
        if self._bounded:
            yield "model", BOUND

    @property
    def _bounded(self) -> bool:
        """Whether what the model says is a bound."""
        return self.policy is not None and self.policy.bounded

    @property
    def _runs(self) -> str:
        return f"{self.runs:,}, seed {self.seed}, intervals at {100 * self.confidence:g} %"

    def __repr__(self) -> str:
        first, *lines = super().__repr__().splitlines()
        runs = self._runs.replace(", seed", " runs, seed")
        return "\n".join([f"{first}: {runs}", *(line for line in lines if not line.startswith("  runs:"))])


def _number(number: float | None) -> str:
    """A number, or that there is none."""
    if number is None or isnan(number):
        return "-"
    return "not delivered" if number == inf else decimals(number)


def inside(number: Number, where: str) -> Fraction:
    """A number in (0, 1).

    Raises
    ------
    ModelError
        If it is none.
    """
    found = exact(number, where)
    if not 0 < float(found) < 1:
        raise ModelError(where, "must be above 0 and below 1", number)
    return found
