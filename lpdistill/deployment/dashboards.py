"""Dashboards of Grafana: for who pays, for who is on call, for who looks for the cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lpdistill.deployment.alerts import PAGE, Alerts
from lpdistill.deployment.rules import Document
from lpdistill.telemetry.metrics import (
    ALARM,
    ANSWERS,
    ATTEMPTS,
    DELIVERIES,
    ESTIMATE,
    LINK,
    QUEUE_DEPTH,
    REFUSALS,
    REQUEST_DURATION,
    REQUESTS,
    TEST_PAIRS,
    TIME,
    WAITING_TIME,
    WORKER_RESTARTS,
    WORKERS,
    WORKERS_BUSY,
)

SCHEMA_VERSION = 39
"""The version of dashboards that Grafana 11 writes; later ones read it."""

WIDTH, HEIGHT = 24, 8
"""Columns of a dashboard, and rows of a panel."""

SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel.

    Attributes
    ----------
    title
        What it shows.
    lines
        What is drawn, in PromQL, by what the legend says.
    kind
        ``timeseries`` or ``stat``.
    unit
        The unit that Grafana writes.
    told
        What is to be seen in it, in a sentence.
    """

    title: str
    lines: dict[str, str]
    kind: str = "timeseries"
    unit: str = "short"
    told: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard.

    Attributes
    ----------
    name
        What its file is called.
    title
        What it is called.
    panels
        What it shows, two beside each other.
    """

    name: str
    title: str
    panels: tuple[Panel, ...] = field(default=())

    def to_dict(self) -> Document:
        """The dashboard as Grafana reads it."""
        return {
            "uid": f"lpdistill-{self.name.replace('_', '-')}",
            "title": self.title,
            "tags": ["lpdistill"],
            "timezone": "utc",
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "refresh": "1m",
            "time": {"from": "now-24h", "to": "now"},
            "templating": {
                "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
            },
            "panels": [_panel(place, panel) for place, panel in enumerate(self.panels)],
        }


def _panel(place: int, panel: Panel) -> Document:
    """A panel at its place."""
    across, down = place % 2, place // 2
    return {
        "id": place + 1,
        "title": panel.title,
        "description": panel.told,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": {"x": across * WIDTH // 2, "y": down * HEIGHT, "w": WIDTH // 2, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for number, (legend, expression) in enumerate(panel.lines.items())
        ],
    }


def dashboards(alerts: Alerts) -> tuple[Dashboard, ...]:
    """The three dashboards of a link and the service."""
    link = alerts.recorded.link
    return (
        Dashboard(f"executive_{link}", f"{link}: what it delivers", tuple(_executive(alerts))),
        Dashboard(f"on_call_{link}", f"{link}: what is wrong", tuple(_on_call(alerts))),
        Dashboard(f"debug_{link}", f"{link}: why", tuple(_debug(alerts))),
    )


def _constant(name: str, value: float) -> dict[str, str]:
    """A line at what is predicted."""
    return {name: f"vector({value:.12g})"}


def _executive(alerts: Alerts) -> Iterator[Panel]:
    """What is delivered, and whether it is what was promised."""
    told, recorded = alerts.expectation, alerts.recorded
    day = f"sum(increase({recorded.selected(DELIVERIES)}[1d]))"
    yield Panel("Pairs delivered in a day", {"delivered": day}, "stat", "none")
    made = {"found": recorded.share("throughput", "1d"), **_constant("predicted", told.gain)}
    if told.objective.throughput is not None:
        made |= _constant("objective", float(told.objective.throughput))
    yield Panel("Pairs per unit of time", made, told="What is found stays with what is predicted.")
    if told.window is not None:
        late = {"late": recorded.late("1d"), **_constant("predicted", told.window.late)}
        late |= _constant("budget", told.window.budget)
        yield Panel(
            f"Deliveries that take longer than {told.window.time:g}",
            late,
            unit="percentunit",
            told="Below the budget, the objective is met.",
        )
        spent = f"{recorded.late('3d')} / {told.window.budget:.12g}"
        yield Panel("Late deliveries, in budgets", {"last three days": spent}, "stat", "percentunit")
    firing = f'count(ALERTS{{alertstate="firing",severity="{PAGE}",{LINK}="{recorded.link}"}}) or vector(0)'
    yield Panel("Alerts that call somebody", {"firing": firing}, "stat", "none")


def _on_call(alerts: Alerts) -> Iterator[Panel]:
    """What contradicts the prediction, and the service."""
    told, recorded = alerts.expectation, alerts.recorded
    firing = f'sum by (alertname, over) (ALERTS{{alertstate="firing",{LINK}="{recorded.link}"}})'
    yield Panel("Alerts of the link", {"{{alertname}} over {{over}}": firing}, "stat", "none")
    service = 'sum by (alertname) (ALERTS{alertstate="firing",alertname=~"Service.*"})'
    yield Panel("Alerts of the service", {"{{alertname}}": service}, "stat", "none")
    yields = {f"found in {over}": recorded.share("yield", over) for over in ("1h", "1d")}
    yield Panel(
        "Attempts that succeed",
        {**yields, **_constant("predicted", float(told.problem.p))},
        unit="percentunit",
        told="Too low: runbook low yield.",
    )
    made = {f"found in {over}": recorded.share("throughput", over) for over in ("1h", "1d")}
    yield Panel("Pairs per unit of time", {**made, **_constant("predicted", told.gain)})
    if told.window is not None:
        late = {over: recorded.late(over) for over in ("5m", "1h", "6h", "3d")}
        yield Panel(
            f"Deliveries that take longer than {told.window.time:g}",
            {**late, **_constant("budget", told.window.budget)},
            unit="percentunit",
            told="Too high: runbook latency.",
        )
    passes = {"{{basis}}": recorded.share("pass_share", "1d"), **_constant("at the target", told.pass_probability)}
    yield Panel("Test pairs that pass", passes, unit="percentunit", told="Too low: runbook readout bias.")
    errors = {"errors in 1h": "lpdistill:request_errors:ratio1h"}
    yield Panel("Requests that end in errors", errors, unit="percentunit")
    queue = {"waiting": QUEUE_DEPTH.name, "busy": WORKERS_BUSY.name, "workers": WORKERS.name}
    yield Panel("Requests that wait", queue)


def _debug(alerts: Alerts) -> Iterator[Panel]:
    """What each part does."""
    told, recorded = alerts.expectation, alerts.recorded
    for one in told.distilled:
        found = recorded.share("distillation_yield", "1h").replace("}", f',levels="{one.levels}"}}')
        yield Panel(
            f"Distillations of levels {one.levels} that succeed",
            {"found in 1h": found, **_constant("predicted", one.success)},
            unit="percentunit",
        )
    rates = {
        "attempts": f"{recorded.increase(ATTEMPTS, '1h')} / {recorded.increase(TIME, '1h')}",
        **_constant("predicted", told.attempts),
    }
    yield Panel("Attempts per unit of time", rates, told="Too few: memories or sources are missing.")
    buckets = recorded.selected(f"{WAITING_TIME.name}_bucket")
    waits = {
        f"{share:.0%}": f"histogram_quantile({share}, sum by (le) (rate({buckets}[1h])))" for share in (0.5, 0.9, 0.99)
    }
    yield Panel("Waiting time", waits)
    yield Panel("Estimates", {"{{quantity}} {{bound}}": recorded.selected(ESTIMATE)})
    yield Panel("Verdicts", {"{{verdict}}": recorded.selected(ALARM)})
    yield Panel("Test pairs in a day", {"{{basis}}": recorded.increase(TEST_PAIRS, "1d")})
    yield from _service()


def _service() -> Iterable[Panel]:
    """What the service does."""
    ends = f"sum by (le, request) (rate({REQUEST_DURATION.name}_bucket[5m]))"
    yield Panel(
        "Requests a second",
        {"{{request}} {{outcome}}": f"sum by (request, outcome) (rate({REQUESTS.name}[5m]))"},
        unit="reqps",
    )
    yield Panel("Seconds of 99 in 100 requests", {"{{request}}": f"histogram_quantile(0.99, {ends})"}, unit="s")
    yield Panel("Refusals a second", {"{{reason}}": f"sum by (reason) (rate({REFUSALS.name}[5m]))"}, unit="reqps")
    yield Panel("Answers a second", {"{{source}}": f"sum by (source) (rate({ANSWERS.name}[5m]))"}, unit="reqps")
    yield Panel("Workers started again", {"{{reason}}": f"sum by (reason) (increase({WORKER_RESTARTS.name}[1h]))"})


def expressions(document: Any) -> Iterator[str]:
    """All expressions of a dashboard."""
    for panel in document["panels"]:
        yield from (target["expr"] for target in panel["targets"])
