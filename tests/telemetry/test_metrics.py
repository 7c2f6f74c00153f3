"""One table of metrics: what exporters make of it, and what the page says of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from lpdistill.telemetry.metrics import LINK, LINKS, METRICS, SERVICE, WAITING_TIME, Kind, levels_label

PAGE = Path(__file__).parents[2] / "docs" / "deploying.md"


def exposed(metric, **options):
    """The samples that a metric is scraped as, once it has been used."""
    registry = CollectorRegistry()
    made = metric.instrument(registry, **options)
    child = made.labels(*metric.labels) if metric.labels else made
    child.observe(1) if metric.kind is Kind.HISTOGRAM else child.inc()
    families = text_string_to_metric_families(generate_latest(registry).decode())
    (family,) = (family for family in families if not family.name.endswith("_created"))
    return family


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_exporters_expose_the_names_of_the_table(metric):
    """What is scraped has the name, the kind, the meaning and the labels of the table."""
    family = exposed(metric)
    assert (family.type, family.documentation) == (metric.kind, metric.meaning)
    assert {sample.name for sample in family.samples} == set(metric.series)
    assert all(set(sample.labels) - {"le"} == set(metric.labels) for sample in family.samples)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions_of_prometheus(metric):
    """One prefix, snake case, and ``_total`` at the end of counters only; no label has a name that is reserved."""
    assert re.fullmatch(r"lpdistill_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not {"le", "quantile", "job", "instance"} & set(metric.labels)


def test_names_are_told_once():
    """No two metrics have one name."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_all_that_is_told_of_a_link_names_it():
    """Metrics of links have its label first, those of the service have none."""
    assert all(metric.labels[0] == LINK and metric.name.startswith("lpdistill_link_") for metric in LINKS)
    assert not any(LINK in metric.labels for metric in SERVICE)


def test_a_histogram_counts_by_the_sizes_that_it_is_given():
    """Waiting times are counted by sizes of their problem, and what is larger by one more."""
    ends = [
        sample.labels["le"] for sample in exposed(WAITING_TIME, buckets=(2.0, 8.0)).samples if "le" in sample.labels
    ]
    assert ends == ["2.0", "8.0", "+Inf"]


def test_a_distillation_is_labelled_by_its_levels_as_documents_have_them():
    """Where it counts which pair is kept, the two ways have two labels."""
    assert (levels_label((2, 0)), levels_label((0, 2))) == ("2,0", "0,2")


def test_the_page_lists_the_metrics():
    """The page has a row for every metric, in the order of the table, and for no other."""
    rows = re.findall(r"^\| `(lpdistill_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [
        (metric.name, str(metric.kind), ", ".join(f"`{name}`" for name in metric.labels) or "-", metric.meaning)
        for metric in METRICS
    ]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_finds_nothing_wrong_with_names():
    """Its own checker of metrics, which knows its conventions, is silent on all of them."""
    registry = CollectorRegistry()
    for metric in METRICS:
        made = metric.instrument(registry)
        child = made.labels(*metric.labels) if metric.labels else made
        child.observe(1) if metric.kind is Kind.HISTOGRAM else child.inc()
    command = ["promtool", "check", "metrics"]
    done = subprocess.run(command, input=generate_latest(registry), capture_output=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
