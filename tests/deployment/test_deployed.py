"""The files of a deployment: manifests that clusters take, dashboards, and a folder in which nothing is lost."""

import json
import re
from itertools import chain

import pytest
import yaml

from lpdistill import Installation, LinkObjective, ModelError, Problem, deploy
from lpdistill.deployment.dashboards import expressions
from lpdistill.deployment.deployed import RECORD
from lpdistill.telemetry.metrics import METRICS

PROBLEM = Problem("1/2", 4, "3/4", "79/100")
FOUND = deploy(PROBLEM, link="delft", unit_time="100ms")
STEADY = deploy(PROBLEM, LinkObjective(throughput="0.1"), link="hague")
APPLIED = {
    "Deployment",
    "HorizontalPodAutoscaler",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
}
"""Kinds of what is applied, whose schemas Kubernetes has."""


def read(name, found=FOUND):
    """A file of a deployment, as data."""
    return (json.loads if name.endswith(".json") else yaml.safe_load)(found.files[name])


def manifest(kind):
    """The manifest of a kind."""
    return next(
        one for name in FOUND.files if name.startswith("kubernetes/") if (one := read(name)).get("kind") == kind
    )


def pod():
    """What runs in a pod."""
    return manifest("Deployment")["spec"]["template"]["spec"]


@pytest.mark.parametrize("kind", sorted(APPLIED))
def test_manifests_follow_the_schemas_of_kubernetes(kind):
    """Each manifest is one that the API server takes, with no key that it does not know."""
    validator = pytest.importorskip("kubernetes_validate", reason="the schemas of Kubernetes come with it")
    validator.validate(manifest(kind), "1.30", strict=True)
    broken = manifest(kind) | {"spce": {}}
    with pytest.raises(validator.ValidationError):
        validator.validate(broken, "1.30", strict=True)


def test_everything_that_is_applied_is_there():
    """The list of what is applied names files of all kinds, and each is in the namespace."""
    names = read("kubernetes/kustomization.yaml")["resources"]
    found = [read(f"kubernetes/{name}") for name in names]
    assert {one["kind"] for one in found} == APPLIED
    assert {one["metadata"]["namespace"] for one in found} == {"lpdistill"}


def test_the_service_may_do_nothing_that_it_does_not_need():
    """No root, no capability, a file system that cannot be written, no token of the cluster."""
    (container,) = pod()["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert pod()["securityContext"]["runAsNonRoot"]
    assert not pod()["automountServiceAccountToken"]
    assert not manifest("ServiceAccount")["automountServiceAccountToken"]


def test_the_container_runs_as_the_user_of_the_manifests():
    """Both name one user, who is not root."""
    user = str(pod()["securityContext"]["runAsUser"])
    assert f"USER {user}:{user}" in FOUND.files["Containerfile"]
    assert f"--uid {user} " in FOUND.files["Containerfile"]


def test_tokens_are_named_and_not_written():
    """The token is that of a secret, which no file holds."""
    assert pod()["volumes"][0]["secret"]["secretName"] == "lpdistill-token"
    assert not any(read(name).get("kind") == "Secret" for name in FOUND.files if name.endswith(".yaml"))


def test_a_pod_has_room_for_its_workers():
    """Memory is that of all workers, and of the service beside them."""
    found = deploy(PROBLEM, None, Installation(workers=3, memory=1000))
    (container,) = read("kubernetes/deployment.yaml", found)["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == "3256Mi"
    arguments = " ".join(container["args"])
    assert "--workers 3 --memory 1000" in arguments
    assert "cpu" not in container["resources"]["limits"]


def test_the_options_of_the_service_are_options_of_the_command():
    """Every option that a pod is started with is one that ``lpdistill serve`` has."""
    from lpdistill.cli.commands import COMMANDS, load  # noqa: PLC0415 - only here

    if "serve" not in COMMANDS:
        pytest.skip("there is no such command")
    known = {name for item in load("serve").params for name in item.opts}
    (container,) = pod()["containers"]
    assert {name for name in container["args"] if name.startswith("--")} <= known


def test_the_autoscaler_follows_the_queue():
    """The metric is that of the table, in the manifest and in the rule of the adapter."""
    metric = manifest("HorizontalPodAutoscaler")["spec"]["metrics"][0]["pods"]["metric"]["name"]
    (rule,) = read("kubernetes/operator/prometheus-adapter.yaml")["rules"]["custom"]
    assert metric == rule["name"]["as"] == "lpdistill_queue_depth"


@pytest.mark.parametrize("found", [FOUND, STEADY], ids=["renewed", "steady"])
def test_what_is_asked_of_prometheus_is_there(found):
    """Rules and dashboards name metrics of the table, or what rules record, and nothing else."""
    rules = [
        rule
        for name in found.files
        if name.endswith(".rules.yaml")
        for group in read(name, found)["groups"]
        for rule in group["rules"]
    ]
    shown = [read(name, found) for name in found.files if name.startswith("grafana/")]
    asked = chain((rule["expr"] for rule in rules), *(expressions(document) for document in shown))
    known = {name for metric in METRICS for name in metric.series}
    known |= {rule["record"] for rule in rules if "record" in rule}
    word = re.compile(r"[a-z_]*:?lpdistill[a-z_]*(?::[a-z_]+(?:\d+[mhd])?)*")
    assert {name for text in asked for name in word.findall(text)} - known == {"lpdistill"}  # that of the job


@pytest.mark.parametrize("found", [FOUND, STEADY], ids=["renewed", "steady"])
def test_dashboards_are_for_three_readers(found):
    """Each has its own identity, panels that do not overlap, and a line in each of them."""
    shown = [read(name, found) for name in found.files if name.startswith("grafana/")]
    assert len({one["uid"] for one in shown}) == 3
    for one in shown:
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in one["panels"]]
        assert len({*places}) == len(places) > 2
        assert all(panel["targets"] for panel in one["panels"])
        assert len(one["uid"]) <= 40


def test_the_operators_rules_are_the_rules():
    """What Prometheus' operator is told is what files of rules say."""
    found = read("kubernetes/operator/prometheusrule.yaml")["spec"]["groups"]
    assert found == [
        *read("prometheus/delft.rules.yaml")["groups"],
        *read("prometheus/service.rules.yaml")["groups"],
    ]


def test_files_are_the_same_whenever_they_are_written():
    """Nothing depends on when, or how often, it is asked."""
    assert deploy(PROBLEM, link="delft", unit_time="100ms").files == FOUND.files


def test_what_was_written_is_written_again(tmp_path):
    """A folder of one's own is brought up to date, other files in it stay."""
    FOUND.write(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    again = deploy(PROBLEM, link="delft", unit_time="1s").write(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert {str(path) for path in tmp_path.rglob("*") if path.is_file()} == {*again, str(tmp_path / "notes.txt")}
    assert json.loads((tmp_path / "delft.json").read_text())["seconds"] == "1"


@pytest.mark.parametrize("known", [True, False])
def test_what_others_wrote_is_not_lost(tmp_path, known):
    """A file that was changed, or never was ours, is kept, and named, before anything is written."""
    if known:
        FOUND.write(tmp_path)
    (tmp_path / "Containerfile").write_text("FROM scratch")
    (tmp_path / "delft.json").unlink(missing_ok=True)
    with pytest.raises(ModelError, match="to: holds Containerfile, which would be lost"):
        FOUND.write(tmp_path)
    assert (tmp_path / "Containerfile").read_text() == "FROM scratch"
    assert not (tmp_path / "delft.json").exists()
    FOUND.write(tmp_path, replace=True)
    assert (tmp_path / "Containerfile").read_text() == FOUND.files["Containerfile"]


def test_a_record_that_cannot_be_read_makes_nothing_ours(tmp_path):
    """A broken record is a file of somebody else."""
    FOUND.write(tmp_path)
    (tmp_path / RECORD).write_text("[]")
    with pytest.raises(ModelError, match="which would be lost"):
        FOUND.write(tmp_path)
    for name in FOUND.files:
        (tmp_path / name).unlink()
    with pytest.raises(ModelError, match=rf"to: holds {RECORD}, which would be lost"):
        FOUND.write(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    """What cannot be written is said so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="to: cannot be written"):
        FOUND.write(tmp_path / "file")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"image": "lpdistill"}, "image: must be the name of an image with a tag"),
        ({"image": "a:1\nUSER root"}, "image: must be"),
        ({"namespace": "../x"}, "namespace: must be"),
        ({"workers": 0}, "workers: must be from 1"),
        ({"memory": 1}, "memory: must be at least 512"),
        ({"replicas": "3:2"}, "replicas: must be from 1"),
        ({"replicas": "1:2:3"}, "replicas: must be a number"),
        ({"replicas": "many"}, "replicas: must be a whole number"),
        ({"runbooks": "a b"}, "runbooks: must be an address"),
    ],
)
def test_installations_that_mean_nothing_are_refused(options, told):
    """What is out of range, or would be another line of a file, is named."""
    with pytest.raises(ModelError, match=told):
        Installation(**options)


def test_a_unit_is_told_once():
    """Times that have units need no other; the link's window is in them."""
    timed = PROBLEM.replace(generation_time="1ms", distillation_time="2ms")
    with pytest.raises(ModelError, match="unit time: has no meaning"):
        deploy(timed, unit_time="1ms")
    assert deploy(timed, LinkObjective("30ms")).seconds == 1


def test_exporters_count_by_the_window():
    """One of the sizes by which waiting times are counted is that by which deliveries are late."""
    assert FOUND.expectation.window.time in FOUND.buckets
    assert [*FOUND.buckets] == sorted({*FOUND.buckets})
    assert STEADY.buckets == ()


def test_attempts_beyond_counting_are_refused():
    """A unit of time so short that no counter holds a day of attempts is named."""
    with pytest.raises(ModelError, match=r"unit time: makes 1.29e.20 attempts a day.*found '1e-15s'"):
        deploy(PROBLEM, unit_time="1e-15s")
