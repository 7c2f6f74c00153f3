"""Recording and alerting rules of Prometheus: those of a link, from its alerts, and those of the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lpdistill.deployment.alerts import BURNS, INTERVAL, PAGE, PERIOD, TICKET, Alert, Alerts
from lpdistill.deployment.recorded import SECONDS
from lpdistill.telemetry.metrics import (
    QUEUE_DEPTH,
    REFUSALS,
    REQUESTS,
    WORKER_RESTARTS,
    WORKERS,
)

Document = dict[str, Any]
"""A document as data: what YAML and JSON are written from."""

JOB = "lpdistill"
"""The name by which Prometheus scrapes the service."""

AVAILABILITY = 0.999
"""Share of requests that are to be answered, or refused for what is wrong with them."""

SERVICE_BURNS = tuple(
    (over, reset, float(share) * PERIOD / SECONDS[over], severity) for over, reset, share, severity in BURNS
)
"""Errors: the stretch looked at, that by which it is over, how many times too fast the budget is spent."""


def link_rules(alerts: Alerts, runbooks: str) -> Document:
    """The rules of a link: what is recorded of it, and its alerts."""
    link, window = alerts.recorded.link, alerts.expectation.window
    recorded = [
        {"record": rule.record, "expr": rule.expression, "labels": {"link": link}}
        for rule in alerts.recorded.rules(None if window is None else window.time)
    ]
    told = [_rule(alert, runbooks, link) for alert in alerts]
    # One group: its rules are evaluated one after the other, so that alerts see what has just been recorded.
    return {"groups": [_group(f"lpdistill-link-{link}", [*recorded, *told])]}


def service_rules(runbooks: str) -> Document:
    """The rules of the service: errors against their budget, a queue that grows, workers that are lost, silence."""
    rules = [*_recorded_errors(), *(_rule(alert, runbooks) for alert in service_alerts())]
    return {"groups": [_group("lpdistill-service", rules)]}


def _group(name: str, rules: list[Document]) -> Document:
    """Rules that are looked at together."""
    return {"name": name, "interval": f"{INTERVAL}s", "rules": rules}


def _recorded_errors() -> Iterable[Document]:
    """The share of requests that ended in an error, over all stretches that alerts look at."""
    for over in dict.fromkeys(over for long, short, *_ in SERVICE_BURNS for over in (short, long)):
        failed = f'sum(rate({REQUESTS.name}{{outcome="error"}}[{over}]))'
        every = f"sum(rate({REQUESTS.name}[{over}]))"
        yield {"record": f"lpdistill:request_errors:ratio{over}", "expr": f"({failed} or vector(0)) / ({every} > 0)"}


def service_alerts() -> Iterable[Alert]:
    """The alerts of the service."""
    for over, reset, burn, severity in SERVICE_BURNS:
        limit = f"{burn * (1 - AVAILABILITY):.6g}"
        ratios = (f"lpdistill:request_errors:ratio{one}" for one in (over, reset))
        yield Alert(
            "ServiceErrors",
            " and ".join(f"{ratio} > {limit}" for ratio in ratios),
            severity,
            over,
            "service",
            f"So many requests end in errors that the budget of {1 - AVAILABILITY:.3g} is spent {burn:g} times as fast "
            "as it lasts",
            found=f"lpdistill:request_errors:ratio{over}",
        )
    yield Alert(
        "ServiceQueueGrows",
        f"min_over_time({QUEUE_DEPTH.name}[10m]) > {WORKERS.name}",
        TICKET,
        "10m",
        "service",
        "More requests have been waiting for ten minutes than there are workers",
        found=QUEUE_DEPTH.name,
    )
    full = f'sum(increase({REFUSALS.name}{{reason="queue_full"}}[10m]))'
    yield Alert(
        "ServiceRefuses",
        f"{full} > 0",
        PAGE,
        "10m",
        "service",
        "Requests are refused because the queue is full",
        found=full,
    )
    restarts = f"sum(increase({WORKER_RESTARTS.name}[30m]))"
    yield Alert(
        "ServiceWorkersLost",
        f"{restarts} > 5",
        TICKET,
        "30m",
        "service",
        "Workers are started again more than five times in half an hour",
        found=restarts,
    )
    yield Alert(
        "ServiceDown",
        f'absent_over_time(up{{job="{JOB}"}}[5m]) or max_over_time(up{{job="{JOB}"}}[5m]) == 0',
        PAGE,
        "5m",
        "service",
        "Nobody answers where the service is scraped",
    )


def _rule(alert: Alert, runbooks: str, link: str | None = None) -> Document:
    """An alert as a rule of Prometheus: what is the case, what was predicted, what is found, and what to do."""
    told = []
    if alert.predicted is not None:
        told.append(f"predicted {alert.predicted:.6g}")
    if alert.found:
        source = f"printf `{alert.found}` $labels.basis | query" if "%s" in alert.found else f"query `{alert.found}`"
        told.append(f'found {{{{ with {source} }}}}{{{{ . | first | value | printf "%.6g" }}}}{{{{ end }}}}')
    if alert.detects is not None:
        told.append(f"a value of {alert.detects:.6g} is found in {alert.over} with probability 0.9")
    if alert.false_alarm is not None:
        nearly = "" if alert.exact else ", if counts are normal"
        told.append(f"false with probability {alert.false_alarm:.2g} at each look{nearly}")
    what = f"{link}: {alert.what}" if link else alert.what
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "labels": {"severity": alert.severity, "over": alert.over, **({"link": link} if link else {})},
        "annotations": {
            "summary": what,
            **({"description": f"{'; '.join(told)}."} if told else {}),
            "runbook_url": f"{runbooks}#{alert.runbook}",
        },
    }
