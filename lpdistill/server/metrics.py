"""What the service tells of itself: the metrics of :mod:`lpdistill.telemetry.metrics`, kept by prometheus-client."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from lpdistill.server.refusals import PREFIX, RefusedError
from lpdistill.server.worker import Reply
from lpdistill.telemetry import metrics
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

OUTCOMES = {"infeasible": "infeasible", "limit": "limit", "out-of-time": "limit", "out-of-memory": "limit"}
"""What became of a request that was worked on, by the kind of refusal."""


class Metrics:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._kept: dict[str, Any] = {one.name: one.instrument(self.registry) for one in metrics.SERVICE}
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

    def exposition(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)


def outcome_of(answer: Reply | RefusedError) -> str:
    """What became of a request, by the status of its answer and the kind of a refusal."""
    status = answer.status
    if status < HTTPStatus.BAD_REQUEST:
        return "done"
    kind = json.loads(answer.body)["type"].removeprefix(PREFIX) if isinstance(answer, Reply) else answer.kind
    return OUTCOMES.get(kind, "bad_input" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "error")
