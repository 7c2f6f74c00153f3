"""When somebody is to be told of a link: alerts computed from what its policy is predicted to do.

All alerts of a link together are false so often in thirty days as was allowed, at most: each test has an equal share of
that for every time it is looked at.  What counts prove (:mod:`lpdistill.deployment.evidence`) keeps to that
for certain; where a count is taken for normal, or has the number of deliveries that is predicted, its alert says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, sqrt
from typing import Any

from scipy.special import bdtrc, ndtri

from lpdistill.deployment.evidence import POWER, Evidence, evidence, rounded
from lpdistill.deployment.expectation import Expectation, Window
from lpdistill.deployment.recorded import SECONDS, Recorded, over_seconds
from lpdistill.telemetry.metrics import (
    ALARM,
    ATTEMPT_SUCCESSES,
    ATTEMPTS,
    DELIVERIES,
    DISTILLATION_SUCCESSES,
    DISTILLATIONS,
    LINK,
    TEST_PAIRS,
    TEST_PASSES,
    TIME,
    Metric,
)

INTERVAL = 60
"""Seconds from one look at the rules to the next."""

PERIOD = 30 * 86400
"""Seconds in which budgets are spent, and false alarms counted."""

PAGE, TICKET = "page", "ticket"
"""Whether somebody is called at once, or finds it in the morning."""

URGENT = {"1h": PAGE, "1d": TICKET}
"""How urgent it is what a stretch of time shows."""

BURNS = (
    ("1h", "5m", Fraction(2, 100), PAGE),
    ("6h", "30m", Fraction(5, 100), PAGE),
    ("1d", "2h", Fraction(10, 100), TICKET),
    ("3d", "6h", Fraction(10, 100), TICKET),
)
"""Late deliveries: the stretch looked at, that by which it is over, the share of the budget that is spent in it."""

TESTS = 16
"""Tests of a link, each of which has its share of false alarms."""

BASES = 3
"""Bases in which pairs are measured."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A reason to tell somebody.

    Attributes
    ----------
    name
        What it is called.
    expression
        When it is there, in PromQL.
    severity
        How urgent it is.
    over
        The stretch of time that it looks at.
    runbook
        The section of the runbooks that says what to do.
    what
        What is the case, in a sentence.
    predicted
        What was predicted in its place.
    found
        What is found, in PromQL; the basis stands for ``%s``.
    detects
        The value that is found with probability 0.9 in one stretch, where that is known.
    false_alarm
        The probability of an alarm at one look where nothing has changed; None where it is no question of chance.
    exact
        Whether that is proved, or exact for so many trials as are predicted; not so where a count is taken for normal.
    """

    name: str
    expression: str
    severity: str
    over: str
    runbook: str
    what: str
    predicted: float | None = None
    found: str = ""
    detects: float | None = None
    false_alarm: float | None = None
    exact: bool = True

    def to_dict(self) -> dict[str, Any]:
        """What it is, as JSON data."""
        return {
            "alert": self.name,
            "severity": self.severity,
            "over": self.over,
            "what": self.what,
            "predicted": self.predicted,
            "detects": self.detects,
            "false_alarm": self.false_alarm,
            "exact": self.exact,
            "runbook": self.runbook,
        }


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts of a link.

    Attributes
    ----------
    expectation
        What is predicted of it.
    recorded
        Its recorded series.
    seconds
        How long a unit of its time is.
    """

    expectation: Expectation
    recorded: Recorded
    seconds: float

    @property
    def alpha(self) -> float:
        """The probability of a false alarm that each test has at each look."""
        return float(self.expectation.objective.false_alarms) * INTERVAL / PERIOD / TESTS

    def __iter__(self) -> Iterator[Alert]:
        """All of them; those that could never come are left out."""
        for over in URGENT:
            yield from self._generation(over)
        yield from self._generation("1d", lower=False)
        for over in URGENT:
            yield from self._distillation(over)
        if self.expectation.window is not None:
            yield from self._late(self.expectation.window)
        for over in URGENT:
            yield from self._throughput(over)
        yield from self._certified()
        yield self._starved()
        yield from self._told()

    def tolerated(self, predicted: float, *, lower: bool = True) -> float:
        """The value farthest from what is predicted, to one side, that does not count as changed."""
        share = float(self.expectation.objective.tolerance)
        return predicted * (1 - share) if lower else min(predicted * (1 + share), 1.0)

    def units(self, over: str) -> float:
        """A stretch in units of the link's time."""
        return SECONDS[over] / self.seconds

    def _counted(self, found: Evidence, part: Metric, whole: Metric, over: str) -> str:
        """Evidence that counts are, in PromQL."""
        done, all_of_them = self.recorded.increase(part, over), self.recorded.increase(whole, over)
        return f"{found.success:.9f} * {done} + {found.failure:.9f} * ({all_of_them} - {done})"

    def generated(self, over: str, *, lower: bool = True) -> tuple[Evidence | None, float]:
        """Evidence that attempts succeed less, or more often than predicted, and how many a stretch holds."""
        trials = self.expectation.attempts * self.units(over)
        p = self.tolerated(float(self.expectation.problem.p), lower=lower)
        return evidence(p, trials, self.alpha, lower=lower), trials

    def _generation(self, over: str, *, lower: bool = True) -> Iterator[Alert]:
        """Attempts that succeed too rarely, or too often."""
        p = float(self.expectation.problem.p)
        found, trials = self.generated(over, lower=lower)
        base = Alert(
            "LinkYieldLow" if lower else "LinkYieldHigh",
            "",
            URGENT[over],
            over,
            "low-yield" if lower else "drift",
            f"Attempts of generation succeed {'less' if lower else 'more'} often than predicted",
            p,
            self.recorded.share("yield", over),
        )
        if found is not None:
            expression = f"{self._counted(found, ATTEMPT_SUCCESSES, ATTEMPTS, over)} > {found.threshold:.9f}"
            yield _with(replace(base, expression=expression), found, trials)
        elif lower and self.tolerated(p) == 1:
            failed = f"{self.recorded.increase(ATTEMPTS, over)} - {self.recorded.increase(ATTEMPT_SUCCESSES, over)}"
            yield replace(base, expression=f"{failed} > 0.5", false_alarm=0.0)

    def distilled(self, over: str) -> dict[str, Evidence]:
        """Evidence that distillations succeed less often than predicted, by their levels: logarithms add.

        Each is held against what all of them together would show.
        """
        trials = sum(one.rate for one in self.expectation.distilled) * self.units(over)
        weighed = (
            (one, evidence(self.tolerated(one.success), trials, self.alpha)) for one in self.expectation.distilled
        )
        return {one.levels: found for one, found in weighed if found is not None}

    def _distillation(self, over: str) -> Iterator[Alert]:
        """Distillations that succeed too rarely, all levels together."""
        parts, several = [], self.expectation.distilled
        weighed = self.distilled(over)
        for levels, found in weighed.items():
            done, begun = (
                self.recorded.increase(metric, over).replace("}", f',levels="{levels}"}}')
                for metric in (DISTILLATION_SUCCESSES, DISTILLATIONS)
            )
            parts.append(f"{found.success:.9f} * {done} + {found.failure:.9f} * ({begun} - {done})")
        if not parts:
            return
        rate = sum(one.rate for one in several)
        mean = sum(one.rate * one.success for one in several) / rate
        threshold = next(iter(weighed.values())).threshold
        yield Alert(
            "LinkDistillationLow",
            f"sum by ({LINK}) ({' or '.join(parts)}) > {threshold:.9f}",
            URGENT[over],
            over,
            "drift",
            "Distillations succeed less often than predicted",
            mean,
            f"sum by ({LINK}) ({self.recorded.increase(DISTILLATION_SUCCESSES, over)}) / "
            f"sum by ({LINK}) ({self.recorded.increase(DISTILLATIONS, over)})",
            false_alarm=self.alpha,
        )

    def _late(self, window: Window) -> Iterator[Alert]:
        """Deliveries that are late so often that the budget is spent before its time."""
        for over, reset, share, severity in BURNS:
            count = floor(self.expectation.gain * self.units(over))
            burned = float(share) * PERIOD / SECONDS[over] * window.budget
            limit = rounded(max(burned, beyond_chance(count, window.late, self.alpha)), up=True)
            if limit < 1:
                yield Alert(
                    "LinkLate",
                    f"{self.recorded.late(over)} > {limit:.9f} and {self.recorded.late(reset)} > {limit:.9f}",
                    severity,
                    over,
                    "latency",
                    f"Deliveries take longer than {window.time:g} so often that the budget of {window.budget:.4g} is "
                    f"spent {limit / window.budget:.3g} times as fast as it lasts",
                    window.late,
                    self.recorded.late(over),
                    false_alarm=float(bdtrc(floor(limit * count), count, window.late)),
                )

    def fewest(self, over: str) -> float:
        """Deliveries per unit of time below which their number is an alarm, where it is normal."""
        spread = sqrt(self.expectation.variance / self.units(over))
        return self.tolerated(self.expectation.gain) + float(ndtri(self.alpha)) * spread

    def _throughput(self, over: str) -> Iterator[Alert]:
        """Fewer deliveries than the spread of their number explains."""
        told, z = self.expectation, -float(ndtri(self.alpha))
        least, limit = self.tolerated(told.gain), self.fewest(over)
        made, passed = self.recorded.increase(DELIVERIES, over), self.recorded.increase(TIME, over)
        if limit > 0:
            yield Alert(
                "LinkThroughputLow",
                f"{made} < {least:.12g} * {passed} - {z * sqrt(told.variance):.12g} * sqrt({passed})",
                URGENT[over],
                over,
                "low-yield",
                "Fewer pairs are delivered per unit of time than predicted",
                told.gain,
                self.recorded.share("throughput", over),
                max(limit - float(ndtri(POWER)) * sqrt(told.variance / self.units(over)), 0.0),
                self.alpha,
                exact=False,
            )
        wanted = told.objective.throughput
        if wanted is not None and over == "1d":
            yield Alert(
                "LinkBelowObjective",
                f"{made} < {float(wanted):.12g} * {passed}",
                TICKET,
                over,
                "low-yield",
                f"Fewer than {float(wanted):g} pairs are delivered per unit of time",
                told.gain,
                self.recorded.share("throughput", over),
            )

    def _certified(self) -> Iterator[Alert]:
        """Test pairs that pass too rarely, in all bases together and in one."""
        q, over = self.expectation.pass_probability, "1d"
        trials = float(self.expectation.objective.tested) * self.expectation.gain * self.units(over)
        least = self.tolerated(q)
        found = evidence(least, trials, self.alpha)
        passed, tested = self.recorded.increase(TEST_PASSES, over), self.recorded.increase(TEST_PAIRS, over)
        if found is not None:
            weighed = f"{found.success:.9f} * {passed} + {found.failure:.9f} * ({tested} - {passed})"
            alert = Alert(
                "LinkFidelityLow",
                f"sum by ({LINK}) ({weighed}) > {found.threshold:.9f}",
                TICKET,
                over,
                "readout-bias",
                "Delivered pairs pass their tests less often than pairs at the target do",
                q,
                f"sum by ({LINK}) ({passed}) / sum by ({LINK}) ({tested})",
            )
            yield _with(alert, found, trials)
        found = evidence(least, trials / BASES, self.alpha) if self.expectation.alike else None
        if found is not None:
            alert = Alert(
                "LinkReadoutBias",
                f"{found.success:.9f} * {passed} + {found.failure:.9f} * ({tested} - {passed}) > {found.threshold:.9f}",
                TICKET,
                over,
                "readout-bias",
                "Delivered pairs pass their tests in one basis less often than pairs at the target do",
                q,
                self.recorded.share("pass_share", over).replace("}", ',basis="%s"}'),
            )
            yield _with(alert, found, trials / BASES)

    def _starved(self) -> Alert:
        """No delivery for longer than chance explains."""
        told = self.expectation
        longest = told.silence(self.alpha)
        over = over_seconds(1.25 * longest * self.seconds)
        made, passed = (
            f"sum by ({LINK}) (increase({self.recorded.selected(metric)}[{over}]))" for metric in (DELIVERIES, TIME)
        )
        return Alert(
            "LinkStarved",
            f"({passed} > {longest:.12g}) unless ({made} > 0)",
            PAGE,
            over,
            "starvation",
            f"Nothing has been delivered for more than {longest:g} units of time",
            told.gain,
            f"{made} / {passed}",
            false_alarm=self.alpha,
        )

    def _told(self) -> Iterator[Alert]:
        """What the link says of itself, or no longer says."""
        silent = self.recorded.selected(TIME)
        yield Alert(
            "LinkSilent",
            f"absent_over_time({silent}[5m]) or sum by ({LINK}) (increase({silent}[5m])) == 0",
            PAGE,
            "5m",
            "starvation",
            "The link reports nothing, or its time stands still",
        )
        yield Alert(
            "LinkAlarm",
            f"{self.recorded.selected(ALARM)} > 0",
            TICKET,
            "5m",
            "drift",
            "Telemetry contradicts the prediction: {{ $labels.verdict }}",
        )


def beyond_chance(count: int, share: float, alpha: float) -> float:
    """The least share of so many that is exceeded with at most a given probability: binomial, exact.

    >>> beyond_chance(100, 0.01, 1e-3)
    0.05
    >>> beyond_chance(0, 0.01, 1e-3)
    1.0
    """
    low, high = -1, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bdtrc(middle, count, share) <= alpha else (middle, high)
    return high / count if count else 1.0


def _with(alert: Alert, found: Evidence, trials: float) -> Alert:
    """An alert with what is known of the evidence that it needs, for so many trials as are predicted."""
    count = max(floor(trials), 1)
    return replace(alert, detects=found.found(count), false_alarm=found.false_alarm(count))
