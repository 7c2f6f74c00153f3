"""Rules as Prometheus reads them: silent on what is predicted, each of them heard where its drift is."""

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace

import pytest
import yaml

from lpdistill import Problem, deploy
from lpdistill.deployment.alerts import TESTS, Alerts
from lpdistill.deployment.evidence import evidence
from lpdistill.deployment.expectation import Expectation
from lpdistill.deployment.objective import LinkObjective
from lpdistill.deployment.recorded import Recorded
from lpdistill.deployment.rules import link_rules, service_alerts, service_rules

PROBLEM = Problem("1/2", 4, "3/4", "79/100")
SECONDS = 0.1
MINUTE = 60 / SECONDS
promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def alerts_of(**objective):
    """The alerts of a link."""
    return Alerts(Expectation.of(PROBLEM, LinkObjective(**objective)), Recorded("delft"), SECONDS)


ALERTS = alerts_of()
STEADY = alerts_of(throughput="0.12")


def series(alerts, **drift):
    """What a link counts in a minute, as it is predicted but for what drifts by a factor."""
    told = alerts.expectation
    attempts, made = told.attempts * MINUTE, told.gain * MINUTE * drift.get("deliveries", 1)
    rates = {
        "time_total": MINUTE * drift.get("time", 1),
        "attempts_total": attempts,
        "attempt_successes_total": attempts * float(told.problem.p) * drift.get("generation", 1),
        "deliveries_total": made,
    }
    for one in told.distilled:
        at = f'levels="{one.levels}"'
        rates[f"distillations_total {at}"] = one.rate * MINUTE
        rates[f"distillation_successes_total {at}"] = one.rate * one.success * MINUTE * drift.get("distillation", 1)
    for basis in ("XX", "YY", "ZZ"):
        tested = float(told.objective.tested) * told.gain * MINUTE / 3
        rates[f'test_pairs_total basis="{basis}"'] = tested
        passed = tested * told.pass_probability * drift.get("fidelity", 1) * drift.get(basis, 1)
        rates[f'test_passes_total basis="{basis}"'] = passed
    if told.window:
        late = told.window.late * drift.get("late", 1)
        rates["waiting_time_count"] = made
        rates['waiting_time_bucket le="+Inf"'] = made
        rates[f'waiting_time_bucket le="{told.window.time!r}"'] = made * (1 - late)
    found = []
    for name, rate in rates.items():
        metric, _, labels = name.partition(" ")
        label = ",".join(filter(None, ['link="delft"', labels]))
        found.append({"series": f"lpdistill_link_{metric}{{{label}}}", "values": f"0+{rate!r}x1500"})
    return found


def rehearsed(folder, rules, inputs, at, *tests):
    """What promtool says of rules, looked at once, given what is counted until then."""
    groups = [{name: part for name, part in group.items() if name != "interval"} for group in rules["groups"]]
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": at}
    document["tests"] = [{"interval": "1m", "input_series": inputs, **dict(tests)}]
    for name, content in (("rules", {"groups": groups}), ("tests", document)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return told_by_promtool(folder, "test", "rules", "tests.yaml")


def told_by_promtool(folder, *arguments):
    """How promtool ends, and what it says."""
    command = ["promtool", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    return done.returncode, done.stdout + done.stderr


def heard(folder, rules, inputs, counts, at="1500m"):
    """Whether just so many alerts of each name are there."""
    samples = [{"labels": f'{{alertname="{name}"}}', "value": count} for name, count in counts.items()]
    expression = 'count by (alertname) (ALERTS{alertstate="firing"})'
    test = {"expr": expression, "eval_time": at, "exp_samples": samples}
    code, told = rehearsed(folder, rules, inputs, at, ("promql_expr_test", [test]))
    assert code == 0, told


@promtool
@pytest.mark.parametrize("alerts", [ALERTS, STEADY], ids=["renewed", "steady"])
def test_rules_are_rules(tmp_path, alerts):
    """Prometheus' own checker reads all rules, of links and of the service."""
    for name, rules in (("link", link_rules(alerts, "runbooks")), ("service", service_rules("runbooks"))):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
        code, told = told_by_promtool(tmp_path, "check", "rules", f"{name}.yaml")
        assert code == 0, told


@promtool
def test_the_configuration_is_one(tmp_path):
    """Prometheus' own checker reads the configuration that scrapes the service and the link."""
    (tmp_path / "scrape.yaml").write_text(deploy(PROBLEM, link="delft").files["prometheus/scrape.yaml"])
    code, told = told_by_promtool(tmp_path, "check", "config", "--syntax-only", "scrape.yaml")
    assert code == 0, told


@promtool
@pytest.mark.parametrize("alerts", [ALERTS, STEADY], ids=["renewed", "steady"])
def test_nothing_is_heard_of_a_link_that_does_what_is_predicted(tmp_path, alerts):
    """A day in which all counts are as predicted."""
    heard(tmp_path, link_rules(alerts, "runbooks"), series(alerts), {})


@promtool
@pytest.mark.parametrize(
    ("drift", "counts"),
    [
        ({"generation": 0.94}, {"LinkYieldLow": 2}),
        ({"generation": 0.975}, {"LinkYieldLow": 1}),
        ({"generation": 1.03}, {"LinkYieldHigh": 1}),
        ({"distillation": 0.94}, {"LinkDistillationLow": 2}),
        ({"late": 40}, {"LinkLate": 4}),
        ({"late": 20}, {"LinkLate": 3}),
        ({"deliveries": 0.9}, {"LinkThroughputLow": 2}),
        ({"fidelity": 0.88}, {"LinkFidelityLow": 1}),
        ({"XX": 0.75, "YY": 1.1, "ZZ": 1.1}, {"LinkReadoutBias": 1}),
        ({"deliveries": 0}, {"LinkStarved": 1, "LinkThroughputLow": 2}),
        ({"deliveries": 0, "time": 0.02}, {"LinkThroughputLow": 2}),
        ({"generation": 1.008, "distillation": 0.995, "deliveries": 0.995, "fidelity": 0.995}, {}),
        ({"time": 0}, {"LinkSilent": 1}),
    ],
    ids=str,
)
def test_a_drift_is_heard_by_its_own_alert_and_by_no_other(tmp_path, drift, counts):
    """As many alerts as there are stretches that show it."""
    heard(tmp_path, link_rules(ALERTS, "runbooks"), series(ALERTS, **drift), counts)


@promtool
def test_what_never_succeeds_is_heard_though_nothing_counts_it(tmp_path):
    """Counters of successes that are not there until the first one are counts of 0."""
    missing = ("attempt_successes", "distillation_successes", "test_passes")
    inputs = [one for one in series(ALERTS) if not any(name in one["series"] for name in missing)]
    counts = {"LinkYieldLow": 2, "LinkDistillationLow": 2, "LinkFidelityLow": 1, "LinkReadoutBias": 3}
    heard(tmp_path, link_rules(ALERTS, "runbooks"), inputs, counts)


@promtool
def test_a_service_without_errors_has_a_share_of_0(tmp_path):
    """No request that ended in an error is a share of 0, and no gap."""
    inputs = [{"series": "lpdistill_requests_total{request='solve',outcome='done'}", "values": "0+100x300"}]
    found = {"expr": "lpdistill:request_errors:ratio1h", "eval_time": "300m"}
    found["exp_samples"] = [{"labels": "lpdistill:request_errors:ratio1h", "value": 0}]
    code, told = rehearsed(tmp_path, service_rules("runbooks"), inputs, "300m", ("promql_expr_test", [found]))
    assert code == 0, told


@promtool
def test_a_link_below_its_objective_is_heard(tmp_path):
    """A throughput between the objective and what chance explains is below neither; one below both is told twice."""
    rules = link_rules(STEADY, "runbooks")
    heard(tmp_path, rules, series(STEADY, deliveries=0.97), {"LinkThroughputLow": 1})
    heard(tmp_path, rules, series(STEADY, deliveries=0.9), {"LinkThroughputLow": 2, "LinkBelowObjective": 1})


@promtool
def test_an_hour_is_enough_for_what_is_urgent(tmp_path):
    """A link that breaks after a day without fault is heard within the hour."""
    before, after = series(ALERTS), series(ALERTS, generation=0.8)
    joined = [
        {"series": one["series"], "values": f"{one['values'].replace('x1500', 'x1440')} {_onwards(one, other)}"}
        for one, other in zip(before, after, strict=True)
    ]
    heard(tmp_path, link_rules(ALERTS, "runbooks"), joined, {}, at="1440m")
    heard(tmp_path, link_rules(ALERTS, "runbooks"), joined, {"LinkYieldLow": 1}, at="1470m")


def _onwards(one, other):
    """How a series goes on at another rate from where it is."""
    rates = [float(each["values"].split("+")[1].split("x")[0]) for each in (one, other)]
    return f"{rates[0] * 1440 + rates[1]!r}+{rates[1]!r}x60"


@promtool
def test_an_alert_says_what_was_predicted_what_is_found_and_what_to_do(tmp_path):
    """The annotations, as somebody is sent them, with the value found filled in."""
    rules = link_rules(ALERTS, "https://example.org/runbooks.html")
    expected = {
        "summary": "delft: Attempts of generation succeed less often than predicted",
        "description": "predicted 0.5; found 0.45; a value of 0.480154 is found in 1h with probability 0.9; false with "
        "probability 9.8e-09 at each look.",
        "runbook_url": "https://example.org/runbooks.html#low-yield",
    }
    alert = {"eval_time": "1500m", "alertname": "LinkYieldLow"}
    alert["exp_alerts"] = [
        {"exp_labels": {"severity": "page", "over": "1h", "link": "delft"}, "exp_annotations": expected},
        {
            "exp_labels": {"severity": "ticket", "over": "1d", "link": "delft"},
            "exp_annotations": expected
            | {
                "description": "predicted 0.5; found 0.45; a value of 0.49197 is found in 1d with probability 0.9; "
                "false with probability 9.9e-09 at each look.",
            },
        },
    ]
    code, told = rehearsed(tmp_path, rules, series(ALERTS, generation=0.9), "1500m", ("alert_rule_test", [alert]))
    assert code == 0, told


@promtool
@pytest.mark.parametrize(
    ("inputs", "counts"),
    [
        ({}, {}),
        ({"lpdistill_requests_total{request='solve',outcome='error'}": "0+2x300"}, {"ServiceErrors": 4}),
        ({"lpdistill_requests_total{request='solve',outcome='error'}": "0+0.7x300"}, {"ServiceErrors": 3}),
        ({"lpdistill_queue_depth": "9x300"}, {"ServiceQueueGrows": 1}),
        ({"lpdistill_refusals_total{reason='queue_full'}": "0+1x300"}, {"ServiceRefuses": 1}),
        ({"lpdistill_worker_restarts_total{reason='memory'}": "0+1x300"}, {"ServiceWorkersLost": 1}),
        ({"up{job='lpdistill'}": "0x300"}, {"ServiceDown": 1}),
    ],
    ids=str,
)
def test_the_service_is_heard_when_something_is_wrong_with_it(tmp_path, inputs, counts):
    """A hundred requests a minute, and one thing that is wrong."""
    usual = {
        "lpdistill_requests_total{request='solve',outcome='done'}": "0+100x300",
        "lpdistill_queue_depth": "1x300",
        "lpdistill_workers": "2x300",
        "up{job='lpdistill'}": "1x300",
    }
    told = [{"series": name, "values": values} for name, values in {**usual, **inputs}.items()]
    heard(tmp_path, service_rules("runbooks"), told, counts, at="300m")


def test_as_many_tests_share_the_false_alarms_as_there_are():
    """What is allowed is divided by the tests that are made: three bases are three."""
    counted = Counter(alert.name for alert in ALERTS if alert.false_alarm is not None)
    assert counted.total() + 2 * counted["LinkReadoutBias"] == TESTS


@pytest.mark.parametrize("alerts", [ALERTS, STEADY, alerts_of(false_alarms=20), alerts_of(confidence="0.9")], ids=str)
def test_no_alert_is_false_more_often_than_its_share(alerts):
    """At each look, as far as it is exact."""
    assert all(alert.false_alarm <= alerts.alpha for alert in alerts if alert.false_alarm is not None)


def test_alerts_that_could_never_come_are_left_out():
    """A link that is slow has no alerts on stretches that hold too little of it."""
    slow = replace(ALERTS, seconds=600.0)
    names = {alert.name for alert in slow}
    assert "LinkYieldLow" in names
    assert not {"LinkReadoutBias", "LinkFidelityLow"} & names
    assert all(alert.detects is None or 0 <= alert.detects < 1 for alert in slow)


@pytest.mark.parametrize(
    ("confidence", "over"),
    [("0.99", ["1h", "6h", "1d", "3d"]), ("0.95", ["1h", "6h", "1d", "3d"]), ("0.9", ["6h", "1d", "3d"])],
)
def test_a_budget_that_cannot_be_spent_so_fast_has_no_alert(confidence, over):
    """14.4 times a budget of 0.1 is more than all deliveries; of 0.05 it is 0.72 of them."""
    assert [alert.over for alert in alerts_of(confidence=confidence) if alert.name == "LinkLate"] == over


def test_a_basis_is_held_against_its_own_third_of_the_tests():
    """The drift that is found in one basis is that of a third of all test pairs, weighed for as many."""
    told = ALERTS.expectation
    (bias,) = (alert for alert in ALERTS if alert.name == "LinkReadoutBias")
    trials = told.gain * 86400 / SECONDS / 100 / 3
    found = evidence(told.pass_probability * 0.99, trials, ALERTS.alpha)
    assert bias.detects == found.found(int(trials))
    assert bias.detects > evidence(told.pass_probability * 0.99, 3 * trials, ALERTS.alpha).found(int(trials))


def test_a_probability_of_1_is_contradicted_by_one_failure():
    """Where nothing fails, and nothing is tolerated, the first failure is an alarm."""
    told = Expectation.of(PROBLEM.replace(p=1), LinkObjective(tolerance=0))
    first = next(iter(Alerts(told, Recorded("delft"), SECONDS)))
    assert (first.name, first.false_alarm) == ("LinkYieldLow", 0.0)
    assert first.expression.endswith("> 0.5")


def test_every_alert_has_a_runbook():
    """Each alert points to a section of the runbooks."""
    sections = {alert.runbook for alert in (*ALERTS, *STEADY, *service_alerts())}
    assert sections == {"low-yield", "latency", "readout-bias", "drift", "starvation", "service"}
    assert json.dumps([alert.to_dict() for alert in ALERTS])
