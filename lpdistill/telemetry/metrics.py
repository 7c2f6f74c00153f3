"""Metrics of the service and of links in service: one table, of which exporters, rules, dashboards and pages are made.

Names follow the conventions of Prometheus: a prefix, a unit at the end where there is a base unit, ``_total`` for what
only grows.  Times of a link are in the unit of its problem, which need not be a second; what compares them with
anything divides by ``lpdistill_link_time_total``, which is in the same unit, and holds whatever that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LINK = "link"
"""The label of whatever is told of a link: its name."""


class Kind(StrEnum):
    """What a metric does in time."""

    COUNTER = "counter"
    """It only grows, or starts again at 0."""
    GAUGE = "gauge"
    """It is what it is at the moment."""
    HISTOGRAM = "histogram"
    """It counts what was measured, by size."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Attributes
    ----------
    name
        What it is called wherever it is read; that of a counter ends in ``_total``.
    kind
        What it does in time.
    meaning
        What it is, in a sentence.
    labels
        What it is told apart by.
    buckets
        Upper ends of the sizes that a histogram counts by.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def instrument(
        self, registry: CollectorRegistry | None, buckets: Iterable[float] = ()
    ) -> Counter | Gauge | Histogram:
        """The object of prometheus-client that keeps it.

        Parameters
        ----------
        registry
            Where it is registered, if anywhere.
        buckets
            Upper ends of the sizes that a histogram counts by, in place of its own.
        """
        import prometheus_client as client  # noqa: PLC0415 - only who exports metrics needs it

        if self.kind is Kind.HISTOGRAM:
            ends = (*(buckets or self.buckets), inf)
            return client.Histogram(self.name, self.meaning, self.labels, registry=registry, buckets=ends)
        kind = client.Counter if self.kind is Kind.COUNTER else client.Gauge
        return kind(self.name, self.meaning, self.labels, registry=registry)

    @property
    def series(self) -> tuple[str, ...]:
        """The names of its samples.

        >>> REQUEST_DURATION.series[0]
        'lpdistill_request_duration_seconds_bucket'
        """
        if self.kind is not Kind.HISTOGRAM:
            return (self.name,)
        return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Sizes of requests, in seconds: from a small problem to what is refused for its time."""
UNITS = tuple(2.0**power for power in range(13))
"""Sizes of waiting times, in steps of generation, where nothing is known of the problem."""

BUILD = Metric("lpdistill_build_info", Kind.GAUGE, "1, for the version that runs.", ("version",))
REQUESTS = Metric(
    "lpdistill_requests_total",
    Kind.COUNTER,
    "Requests that have ended, by what was asked and outcome: done, bad_input, infeasible, limit, cancelled, error.",
    ("request", "outcome"),
)
REQUEST_DURATION = Metric(
    "lpdistill_request_duration_seconds",
    Kind.HISTOGRAM,
    "Seconds from the arrival of a request to its answer.",
    ("request",),
    SECONDS,
)
REFUSALS = Metric(
    "lpdistill_refusals_total",
    Kind.COUNTER,
    "Requests that no work was done for, by reason: token, size, malformed, queue_full, shutdown.",
    ("reason",),
)
ANSWERS = Metric(
    "lpdistill_answers_total",
    Kind.COUNTER,
    "Answers by where they come from: computed, stored, joined (an identical request was already at work).",
    ("source",),
)
QUEUE_DEPTH = Metric("lpdistill_queue_depth", Kind.GAUGE, "Requests that wait for a worker.")
WORKERS = Metric("lpdistill_workers", Kind.GAUGE, "Workers that there are.")
WORKERS_BUSY = Metric("lpdistill_workers_busy", Kind.GAUGE, "Workers that are at work.")
WORKER_RESTARTS = Metric(
    "lpdistill_worker_restarts_total",
    Kind.COUNTER,
    "Workers that were started in place of another, by why it ended: time, memory, cancelled, lost.",
    ("reason",),
)

TIME = Metric("lpdistill_link_time_total", Kind.COUNTER, "Time in service, in the unit of the problem.", (LINK,))
ATTEMPTS = Metric("lpdistill_link_attempts_total", Kind.COUNTER, "Attempts of generation.", (LINK,))
ATTEMPT_SUCCESSES = Metric(
    "lpdistill_link_attempt_successes_total", Kind.COUNTER, "Attempts of generation that left a raw pair.", (LINK,)
)
DISTILLATIONS = Metric(
    "lpdistill_link_distillations_total",
    Kind.COUNTER,
    "Distillations, by the levels of the pairs that go in, as the policy has them, with commas: 0,1.",
    (LINK, "levels"),
)
DISTILLATION_SUCCESSES = Metric(
    "lpdistill_link_distillation_successes_total",
    Kind.COUNTER,
    "Distillations that were heralded as successful, by levels.",
    (LINK, "levels"),
)
DELIVERIES = Metric("lpdistill_link_deliveries_total", Kind.COUNTER, "Pairs delivered.", (LINK,))
WAITING_TIME = Metric(
    "lpdistill_link_waiting_time",
    Kind.HISTOGRAM,
    "Time that a delivery took, from empty memories or the delivery before it, in the unit of the problem.",
    (LINK,),
    UNITS,
)
TEST_PAIRS = Metric(
    "lpdistill_link_test_pairs_total",
    Kind.COUNTER,
    "Delivered pairs that were measured to certify their fidelity, by basis: XX, YY, ZZ.",
    (LINK, "basis"),
)
TEST_PASSES = Metric(
    "lpdistill_link_test_passes_total",
    Kind.COUNTER,
    "Of these, the ones whose outcomes agreed as those of the wanted state do.",
    (LINK, "basis"),
)
ESTIMATE = Metric(
    "lpdistill_link_estimate",
    Kind.GAUGE,
    "What telemetry says of a quantity: bound is point, lower or upper.",
    (LINK, "quantity", "bound"),
)
PREDICTED = Metric(
    "lpdistill_link_predicted", Kind.GAUGE, "What the policy in use is predicted to do.", (LINK, "quantity")
)
ALARM = Metric("lpdistill_link_alarm", Kind.GAUGE, "1 while telemetry contradicts the prediction.", (LINK, "verdict"))

SERVICE = (
    BUILD,
    REQUESTS,
    REQUEST_DURATION,
    REFUSALS,
    ANSWERS,
    QUEUE_DEPTH,
    WORKERS,
    WORKERS_BUSY,
    WORKER_RESTARTS,
)
"""What is told of the service itself."""

LINKS = (
    TIME,
    ATTEMPTS,
    ATTEMPT_SUCCESSES,
    DISTILLATIONS,
    DISTILLATION_SUCCESSES,
    DELIVERIES,
    WAITING_TIME,
    TEST_PAIRS,
    TEST_PASSES,
    ESTIMATE,
    PREDICTED,
    ALARM,
)
"""What is told of each link."""

METRICS = SERVICE + LINKS


def levels_label(levels: Iterable[int]) -> str:
    """The label of a distillation by the levels that go in, in the order of the policy.

    >>> levels_label((0, 1))
    '0,1'
    """
    return ",".join(map(str, levels))
