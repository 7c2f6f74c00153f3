"""What the service tells of itself: the metrics of :mod:`lpdistill.telemetry.metrics`, kept by prometheus-client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from math import nan
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from lpdistill.server.refusals import PREFIX, RefusedError
from lpdistill.server.worker import Reply
from lpdistill.telemetry import metrics
from lpdistill.telemetry.look import Finding
from lpdistill.version import __version__

MEDIA_TYPE = CONTENT_TYPE_LATEST

REASONS = {
    "unauthorized": "token",
    "too-large": "size",
    "malformed-body": "malformed",
    "too-slow": "malformed",
    "busy": "queue_full",
}
"""Why no work was done, by the kind of refusal."""

MOST_LINKS = 1000
"""Links of which the service tells; what is said of others is in the answers alone."""

BOUNDS = {"point": "estimate", "lower": "lower", "upper": "upper"}
"""What estimates are called, and where a check has them."""

OUTCOMES = {"infeasible": "infeasible", "limit": "limit", "out-of-time": "limit", "out-of-memory": "limit"}
"""What became of a request that was worked on, by the kind of refusal."""


class Metrics:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        told = (*metrics.SERVICE, metrics.ESTIMATE, metrics.PREDICTED, metrics.ALARM)
        self._kept: dict[str, Any] = {one.name: one.instrument(self.registry) for one in told}
        self._links: dict[str, set[str]] = {}
        self[metrics.BUILD].labels(__version__).set(1)
        for source in ("computed", "stored", "joined"):
            self[metrics.ANSWERS].labels(source)
        for reason in ("time", "memory", "cancelled", "lost"):
            self[metrics.WORKER_RESTARTS].labels(reason)
        for reason in REASONS.values():
            self[metrics.REFUSALS].labels(reason)

    def __getitem__(self, metric: metrics.Metric) -> Any:
        return self._kept[metric.name]

    def ended(self, request: str, outcome: str, seconds: float) -> None:
        """Count a request that has ended."""
        self[metrics.REQUESTS].labels(request, outcome).inc()
        self[metrics.REQUEST_DURATION].labels(request).observe(seconds)

    def refused(self, error: RefusedError) -> bool:
        """Count a request that no work was done for; whether it is one."""
        reason = REASONS.get(error.kind)
        if reason is not None:
            self[metrics.REFUSALS].labels(reason).inc()
        return reason is not None

    def watched(self, document: Mapping[str, Any]) -> None:
        """Show what the last answer about a link says of it, if it has a name: estimates, predictions, alarms."""
        link, checks = document["link"], document["looks"][-1]["checks"]
        if not link or (link not in self._links and len(self._links) >= MOST_LINKS):
            return
        now = {check["what"] for check in checks}
        for gone in self._links.get(link, set()) - now:
            self[metrics.PREDICTED].remove(link, gone)
            for bound in BOUNDS:
                self[metrics.ESTIMATE].remove(link, gone, bound)
        self._links[link] = now
        for check in checks:
            self[metrics.PREDICTED].labels(link, check["what"]).set(_number(check["predicted"]))
            for bound, name in BOUNDS.items():
                self[metrics.ESTIMATE].labels(link, check["what"], bound).set(_number(check[name]))
        for verdict in Finding:
            if verdict is not Finding.AS_PREDICTED:
                self[metrics.ALARM].labels(link, verdict).set(verdict in document["findings"])

    def exposition(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)


def _number(value: float | None) -> float:
    """A number of a document, which has none where it is not known."""
    return nan if value is None else value


def outcome_of(answer: Reply | RefusedError) -> str:
    """What became of a request, by the status of its answer and the kind of a refusal."""
    status = answer.status
    if status < HTTPStatus.BAD_REQUEST:
        return "done"
    kind = json.loads(answer.body)["type"].removeprefix(PREFIX) if isinstance(answer, Reply) else answer.kind
    return OUTCOMES.get(kind, "bad_input" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "error")
