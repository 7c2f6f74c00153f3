"""What Kubernetes is told of the service: what runs, who reaches it, how many there are, what it may take."""

from __future__ import annotations

from typing import Any

from lpdistill.deployment.installation import Installation
from lpdistill.deployment.rules import JOB, Document
from lpdistill.telemetry.metrics import QUEUE_DEPTH

PORT = 8000
USER = 10001
"""The number of the user that the service runs as."""

SECRET, TOKENS = "lpdistill-token", "tokens"
"""The secret that holds the tokens, one a line, and its key; it is made apart, and never written here."""

LABELS = {"app.kubernetes.io/name": JOB}


def manifests(installation: Installation) -> dict[str, Document]:
    """The manifests by the names of their files."""
    return {
        "kustomization.yaml": {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": installation.namespace,
            "resources": [f"{name}.yaml" for name in APPLIED],
        },
        **{f"{name}.yaml": made(installation) for name, made in APPLIED.items()},
        **{f"{name}.yaml": made(installation) for name, made in BESIDE.items()},
    }


def _headed(api: str, kind: str, installation: Installation, spec: Document | None = None) -> Document:
    """How a manifest begins."""
    about = {"name": JOB, "namespace": installation.namespace, "labels": LABELS}
    return {"apiVersion": api, "kind": kind, "metadata": about, **({} if spec is None else {"spec": spec})}


def _account(installation: Installation) -> Document:
    """The account that the pods run under: it may do nothing."""
    return {**_headed("v1", "ServiceAccount", installation), "automountServiceAccountToken": False}


def _deployment(installation: Installation) -> Document:
    """The pods: no root, one folder that can be written, probes, limits as the service has them."""
    probe = {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 5, "timeoutSeconds": 3}
    container = {
        "name": JOB,
        "image": installation.image,
        "args": [
            "serve",
            "--host",
            "0.0.0.0",  # noqa: S104 - in a container, behind a policy and a token
            "--port",
            str(PORT),
            "--token-file",
            f"/run/secrets/lpdistill/{TOKENS}",
            "--workers",
            str(installation.workers),
            "--memory",
            str(installation.memory),
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": {**probe, "failureThreshold": 30},
        "readinessProbe": probe,
        "livenessProbe": {**probe, "httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 20},
        "resources": {
            "requests": {"cpu": str(installation.workers), "memory": f"{installation.room}Mi"},
            "limits": {"memory": f"{installation.room}Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "token", "mountPath": "/run/secrets/lpdistill", "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - the one folder that can be written
        ],
    }
    pod = {
        "serviceAccountName": JOB,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": LABELS},
            }
        ],
        "containers": [container],
        "volumes": [
            {
                "name": "token",
                "secret": {"secretName": SECRET, "defaultMode": 0o440, "items": [{"key": TOKENS, "path": TOKENS}]},
            },
            {"name": "scratch", "emptyDir": {"sizeLimit": "256Mi"}},
        ],
    }
    spec = {
        "revisionHistoryLimit": 3,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": pod},
    }
    return _headed("apps/v1", "Deployment", installation, spec)


def _service(installation: Installation) -> Document:
    """The one address of all pods."""
    spec = {"selector": LABELS, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    return _headed("v1", "Service", installation, spec)


def _autoscaling(installation: Installation) -> Document:
    """How many pods there are: as many as leave each no more requests waiting than it has workers."""
    least, most = installation.replicas
    metric = {
        "type": "Pods",
        "pods": {
            "metric": {"name": QUEUE_DEPTH.name},
            "target": {"type": "AverageValue", "averageValue": str(installation.workers)},
        },
    }
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": JOB},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [metric],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return _headed("autoscaling/v2", "HorizontalPodAutoscaler", installation, spec)


def _disruption(installation: Installation) -> Document:
    """How many pods a drained node may take: one at a time."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}
    return _headed("policy/v1", "PodDisruptionBudget", installation, spec)


def _network(installation: Installation) -> Document:
    """Who reaches the pods: their port, from inside the cluster; they themselves reach nobody."""
    within: list[Document] = [{"namespaceSelector": {}}]
    spec = {
        "podSelector": {"matchLabels": LABELS},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": within, "ports": [{"protocol": "TCP", "port": PORT}]}],
        "egress": [],
    }
    return _headed("networking.k8s.io/v1", "NetworkPolicy", installation, spec)


def _monitor(installation: Installation) -> Document:
    """What Prometheus' operator scrapes, where there is one."""
    endpoint = {
        "port": "http",
        "path": "/metrics",
        "interval": "15s",
        "authorization": {"credentials": {"name": SECRET, "key": "scrape"}},
    }
    spec = {"selector": {"matchLabels": LABELS}, "jobLabel": "app.kubernetes.io/name", "endpoints": [endpoint]}
    return _headed("monitoring.coreos.com/v1", "ServiceMonitor", installation, spec)


def _adapter(installation: Installation) -> Document:
    """Values for the chart of prometheus-adapter: what makes the depth of the queue a metric of pods."""
    series = f'{QUEUE_DEPTH.name}{{namespace="{installation.namespace}",pod!=""}}'
    rule = {
        "seriesQuery": series,
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"matches": QUEUE_DEPTH.name, "as": QUEUE_DEPTH.name},
        "metricsQuery": "max by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})",
    }
    return {"rules": {"default": False, "custom": [rule]}}


APPLIED = {
    "serviceaccount": _account,
    "deployment": _deployment,
    "service": _service,
    "autoscaling": _autoscaling,
    "disruption": _disruption,
    "network": _network,
}
"""What is applied, by the name of its file."""

BESIDE = {"operator/servicemonitor": _monitor, "operator/prometheus-adapter": _adapter}
"""What is of use where Prometheus' operator and adapter are installed."""


CONTAINERFILE = f"""\
# Build in the repository: podman build -f Containerfile -t lpdistill:latest .  (or docker build)
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN apt-get update && apt-get install --yes --no-install-recommends gcc git libc6-dev \\
 && pip wheel --no-cache-dir --wheel-dir /wheels '.[service]'

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \\
    pip install --no-cache-dir --no-index --find-links /wheels 'lpdistill[service]' \\
 && useradd --uid {USER} --no-create-home --shell /usr/sbin/nologin lpdistill
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp MPLCONFIGDIR=/tmp
USER {USER}:{USER}
EXPOSE {PORT}
HEALTHCHECK --interval=20s --timeout=3s --start-period=30s \\
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}/healthz', timeout=2)"]
ENTRYPOINT ["lpdistill"]
CMD ["serve", "--port", "{PORT}"]
"""
"""The container: a wheel made in one stage, installed in another that has no compiler, run by nobody in particular."""
