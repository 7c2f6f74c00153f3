"""A Prometheus at work: it scrapes what exporters expose, evaluates every rule, and answers every dashboard."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing, suppress

import pytest
import yaml
from prometheus_client import CollectorRegistry, start_http_server

from lpdistill import LinkObjective, Problem, deploy
from lpdistill.deployment.dashboards import expressions
from lpdistill.telemetry.metrics import LINKS, SERVICE, Kind

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")

FOUND = [
    deploy(Problem("1/2", 4, "3/4", "79/100"), link="delft", unit_time="1ms"),
    deploy(Problem("1/2", 4, "3/4", "79/100"), LinkObjective(throughput="0.1"), link="hague", unit_time="1ms"),
]
LABELS = {
    "request": "solve",
    "outcome": "done",
    "reason": "queue_full",
    "source": "computed",
    "version": "1",
    "levels": "0,1",
    "basis": "XX",
    "quantity": "p",
    "bound": "point",
    "verdict": "p_has_fallen",
}
PATIENCE = 60
"""Seconds after which something that should be there is missed."""


def free_port():
    """A port that nobody listens to."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def exposed():
    """All metrics, exposed by prometheus-client and counted upwards by who calls."""
    registry = CollectorRegistry()
    made = [
        (metric, metric.instrument(registry, FOUND[0].buckets if "link" in metric.labels else ()))
        for metric in (*SERVICE, *LINKS)
    ]
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)

    def count():
        for metric, instrument in made:
            for link in ("delft", "hague") if "link" in metric.labels else ("",):
                values = [link if name == "link" else LABELS[name] for name in metric.labels]
                one = instrument.labels(*values) if values else instrument
                one.observe(7) if metric.kind is Kind.HISTOGRAM else one.inc(10)

    count()
    yield server.server_address[1], count
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def ask(exposed, tmp_path_factory):
    """Prometheus, asked: its rules are those of both links and of the service, looked at every second."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    config = yaml.safe_load(FOUND[0].files["prometheus/scrape.yaml"])
    files = {f"{one.link}.rules.yaml": one.files[f"prometheus/{one.link}.rules.yaml"] for one in FOUND}
    files["service.rules.yaml"] = FOUND[0].files["prometheus/service.rules.yaml"]
    for name, text in files.items():
        (folder / name).write_text(text.replace("interval: 60s", "interval: 1s"), encoding="utf-8")
    config |= {"rule_files": [*files], "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}
    config["scrape_configs"] = [{"job_name": "lpdistill", "static_configs": [{"targets": [f"127.0.0.1:{exposed[0]}"]}]}]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603 - no shell
            [  # noqa: S607 - wherever it is installed
                "prometheus",
                "--config.file=prometheus.yaml",
                "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
        )

    def asked(path, **query):
        address = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    try:
        await_until(lambda: asked("query", query="up")["data"]["result"], process)
        yield asked
    finally:
        process.terminate()
        process.wait(PATIENCE)


def await_until(found, process=None):
    """What there is as soon as it is there."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and (process is None or process.poll() is None):
        with suppress(OSError, ValueError):  # it is not yet there, or not yet ready
            if one := found():
                return one
        time.sleep(0.1)
    pytest.fail("it did not come")


def test_what_is_exposed_is_scraped_and_recorded(ask, exposed):
    """Ten attempts more are, through scrapes and rules, an increase that is recorded."""

    def increased():
        exposed[1]()
        found = ask("query", query='link:lpdistill_link_attempts:increase1h{link="delft"}')["data"]["result"]
        return found and float(found[0]["value"][1]) > 0

    await_until(increased)


def test_every_rule_is_evaluated(ask):
    """No rule of any file ends in an error."""

    def looked_at():
        groups = ask("rules")["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return rules if rules and all(rule["health"] != "unknown" for rule in rules) else None

    rules = await_until(looked_at)
    assert len(rules) > 80
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


@pytest.mark.parametrize("found", FOUND, ids=["renewed", "steady"])
def test_every_dashboard_is_answered(ask, found):
    """Each expression of each dashboard is a query that Prometheus answers."""
    for name in found.files:
        for expression in expressions(json.loads(found.files[name])) if name.startswith("grafana/") else ():
            answer = ask("query", query=expression)
            assert answer["status"] == "success", (expression, answer)


def test_what_links_say_is_shown(ask, exposed):
    """Once counted, no line of a dashboard about what a link does is empty, but for alerts and stretches of a day."""

    def shown():
        exposed[1]()
        names = [name for name in FOUND[0].files if name.startswith("grafana/")]
        asked = {text for name in names for text in expressions(json.loads(FOUND[0].files[name]))}
        missing = {text for text in asked if not ask("query", query=text)["data"]["result"]}
        return not {text for text in missing if "distillation_yield" not in text and "ALERTS" not in text}

    assert await_until(shown)


def test_an_alarm_of_the_link_fires(ask):
    """A verdict that a link reports is an alert that fires, with what it says in words."""

    def firing():
        alerts = ask("alerts")["data"]["alerts"]
        return [one for one in alerts if one["labels"]["alertname"] == "LinkAlarm" and one["state"] == "firing"]

    assert "p_has_fallen" in str(await_until(firing)[0]["annotations"])
