"""What running a link and its service takes, as files: container, manifests, rules, dashboards, the prediction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arguments import path_of
from lpdistill.deployment.alerts import Alert, Alerts
from lpdistill.deployment.dashboards import dashboards
from lpdistill.deployment.expectation import Expectation
from lpdistill.deployment.installation import Installation
from lpdistill.deployment.manifests import CONTAINERFILE, manifests
from lpdistill.deployment.objective import LinkObjective, link_name, seconds_of
from lpdistill.deployment.recorded import Recorded
from lpdistill.deployment.rules import JOB, Document, link_rules, service_rules
from lpdistill.errors import ModelError
from lpdistill.export.files import writing
from lpdistill.numbers import Number
from lpdistill.pictures import INK, canvas, style
from lpdistill.problem.problem import Problem
from lpdistill.progress import silent
from lpdistill.solution.answer import Answer
from lpdistill.solution.document import of_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNIT = "1s"
"""How long a unit of time is, where the times of the problem have none."""

RECORD = "deployment.json"
"""The file that says which files there are, with their digests, and what they were made from."""

SHARES = ("0.1", "0.25", "0.5", "0.75", "0.9", "0.99", "0.9999")
"""Shares of all waiting times that exporters are to tell apart."""

DAY, MOST_DAILY = 86_400, 1e15
"""Seconds of a day, the longest stretch that counts are tested over, and attempts in it that are counted one by one."""

POINTS = 401
"""Points of the lines of a picture."""


@dataclass(frozen=True, repr=False, eq=False)
class Deployment(Answer):
    """What running a link and its service takes.

    Attributes
    ----------
    expectation
        What the policy of the link is predicted to do.
    installation
        Where the service is to run.
    link
        The name of the link.
    seconds
        How long a unit of its time is.
    written
        The files that were written.
    """

    _KIND = "deployment"

    expectation: Expectation
    installation: Installation
    link: str
    seconds: Fraction
    written: tuple[str, ...] = ()

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """When somebody is told."""
        return tuple(self._alerts)

    @property
    def _alerts(self) -> Alerts:
        return Alerts(self.expectation, Recorded(self.link), float(self.seconds))

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The files by their names: the same for the same question, whenever it is asked.

        Raises
        ------
        ModelError
            If PyYAML is not installed.
        """
        rules = link_rules(self._alerts, self.installation.runbooks)
        service = service_rules(self.installation.runbooks)
        both = {"groups": rules["groups"] + service["groups"]}
        operator = {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": JOB, "namespace": self.installation.namespace},
            "spec": both,
        }
        found = {f"kubernetes/{name}": _yaml(one) for name, one in manifests(self.installation).items()}
        found |= {
            "Containerfile": CONTAINERFILE,
            "kubernetes/operator/prometheusrule.yaml": _yaml(operator),
            f"prometheus/{self.link}.rules.yaml": _yaml(rules),
            "prometheus/service.rules.yaml": _yaml(service),
            "prometheus/scrape.yaml": _yaml(_scraped(self.link)),
            f"{self.link}.json": _json(self.to_dict()),
        }
        found |= {f"grafana/{one.name}.json": _json(one.to_dict()) for one in dashboards(self._alerts)}
        return dict(sorted(found.items()))

    def write(self, folder: str | PathLike[str], *, replace: bool = False) -> tuple[str, ...]:
        """Write the files into a folder, and a record of them; their paths.

        Files that were written before and have not been changed since are replaced; others only if that is wanted.

        Parameters
        ----------
        folder
            Where they go; it is made if there is none.
        replace
            Whether files that are no longer as they were written, or never were, are replaced.

        Raises
        ------
        ModelError
            If a file is there that would be lost, or cannot be written.
        """
        place, texts = path_of(folder, "to"), self.files
        known = _recorded(place)
        for name in () if replace else (*texts, RECORD):
            there = place / name
            if there.exists() and not _ours(there, name, known):
                raise ModelError(
                    "to",
                    f"holds {name}, which would be lost; take another folder, or replace it (--replace)",
                    str(place),
                )
        record = {"files": {name: _digest(text) for name, text in texts.items()}}
        with writing(place, "to"):
            for name, text in {**texts, RECORD: _json(record)}.items():
                file = place / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
        return tuple(str(place / name) for name in (*texts, RECORD))

    @property
    def _question(self) -> Problem:
        return self.expectation.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        told, unit = self.expectation, of_unit(self.expectation.problem)
        yield "link", f"{self.link}; a unit of time is {float(self.seconds):g} s"
        if told.window is not None:
            wanted, found = 1 - told.window.budget, 1 - told.window.late
            yield "objective", f"{wanted:.6g} of deliveries within {told.window.time:g}{unit}; predicted {found:.6g}"
        elif told.objective.throughput is not None:
            yield "objective", f"{float(told.objective.throughput):g} pairs per unit of time; predicted {told.gain:.6g}"
        yield "deliveries", f"{told.gain:.9g} per unit of time, variance {told.variance:.6g}"
        yield (
            "alerts",
            f"{len(self.alerts)}, of which at most {float(told.objective.false_alarms):g} in thirty days are false",
        )
        if not told.distilled and told.problem.target > told.problem.f0:
            yield "distillations", "no rule: labels stand for levels, and success probabilities are bounds"
        yield "service", f"{self.installation.image}, {'{} to {}'.format(*self.installation.replicas)} pods"
        if self.written:
            yield "written", f"{len(self.written)} files, listed in {self.written[-1]}"

    def _content(self) -> Mapping[str, Any]:
        told = self.expectation
        return {
            "link": self.link,
            "seconds": str(self.seconds),
            "objective": {
                "window": None if told.window is None else told.window.time,
                "confidence": None if told.window is None else 1 - told.window.budget,
                "throughput": None if told.objective.throughput is None else float(told.objective.throughput),
                "false_alarms": float(told.objective.false_alarms),
                "tested": float(told.objective.tested),
                "tolerance": float(told.objective.tolerance),
            },
            "predicted": {
                "gain": told.gain,
                "variance": told.variance,
                "waiting_time": told.waiting_time,
                "late": None if told.window is None else told.window.late,
                "attempts": told.attempts,
                "p": float(told.problem.p),
                "pass_probability": told.pass_probability,
                "distillations": [
                    {"levels": one.levels, "success": one.success, "rate": one.rate} for one in told.distilled
                ],
            },
            "buckets": list(self.buckets),
            "alerts": [alert.to_dict() for alert in self.alerts],
            "files": list(self.written),
        }

    @property
    def buckets(self) -> tuple[float, ...]:
        """Sizes by which exporters are to count waiting times: quantiles of the law, and the window."""
        law, window = self.expectation.waits, self.expectation.window
        if law is None or window is None:
            return ()
        shares = (Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(9, 10), Fraction(99, 100))
        return tuple(
            sorted({*(law.quantile(share) for share in shares), law.quantile(Fraction(9999, 10000)), window.time})
        )

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every alert."""
        for alert in self.alerts:
            yield {name: told for name, told in alert.to_dict().items() if name not in {"what", "exact"}}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how probably attempts that succeed less often are an alarm, after an hour and after a day."""
        ax = canvas(ax, self.expectation.problem)
        p, alerts = float(self.expectation.problem.p), self._alerts
        drawn = [(told, *alerts.generated(over)) for over, told in (("1h", "after an hour"), ("1d", "after a day"))]
        farthest = min((one.drifted for _, one, _ in drawn if one is not None), default=p / 2)
        actual = np.linspace(max(2 * farthest - p, 0.0), p, POINTS)
        for line, (over, found, trials) in enumerate(drawn):
            power = [0.0 if found is None else found.power(int(trials), float(one)) for one in actual]
            ax.plot(actual, power, label=over, lw=1.6, **style(line))
        ax.axvline(p, color=INK, lw=0.8, ls=":", label="predicted")
        ax.set(xlabel="success probability of an attempt", ylabel="probability of an alarm")
        ax.legend(frameon=False)
        return ax


def deploy(  # noqa: PLR0913 - one keyword for each thing that an operator decides
    problem: Problem,
    objective: LinkObjective | None = None,
    installation: Installation | None = None,
    *,
    link: str = "link",
    unit_time: Number | None = None,
    progress: Callable[[str], None] = silent,
) -> Deployment:
    """What running a link and its service takes: container, manifests, rules, dashboards.

    The rules hold telemetry against the law of the policy in use, which is that of least waiting time, again and again,
    or where an objective asks for a throughput, that which delivers most.  Each rule says what was predicted, which
    drift it finds, and how often it is false.

    Parameters
    ----------
    problem
        The hardware with its rules and budgets, and the target.
    objective
        What the link is held to; by default, that 0.99 of all deliveries are in time.
    installation
        Where the service is to run, and with how much.
    link
        The name of the link, the label of its metrics.
    unit_time
        How long a unit of time is, such as ``"1ms"``: 1 s by default; times that have units need none.
    progress
        Told what is being done.

    Raises
    ------
    InfeasibleError
        If the policy does not meet the objective.
    ModelError
        If a name or a number means nothing, or a problem whose times have units has another one.

    Examples
    --------
    >>> found = deploy(Problem("1/2", 4, "3/4", "79/100"), link="delft", unit_time="1ms")
    >>> found.expectation.window.time, found.alerts[0].name, "prometheus/delft.rules.yaml" in found.files
    (30.0, 'LinkYieldLow', True)
    """
    name = link_name(link)
    expectation = Expectation.of(problem, objective or LinkObjective(), progress)
    stated = expectation.problem.hardware.unit
    if stated is not None and unit_time is not None:
        raise ModelError(
            "unit time", "has no meaning where the times of the problem have units; leave it out", unit_time
        )
    seconds = Fraction(1) if stated is not None else seconds_of(UNIT if unit_time is None else unit_time)
    if (daily := expectation.attempts * DAY / float(seconds)) > MOST_DAILY:
        where, given = ("unit time", unit_time) if stated is None else ("generation_time", problem.generation_time)
        remedy = (
            f"makes {daily:.3g} attempts a day, more than the {MOST_DAILY:g} that rules can count; take a longer one"
        )
        raise ModelError(where, remedy, given)
    return Deployment(expectation, installation or Installation(), name, seconds)


def _scraped(link: str) -> Document:
    """A configuration of Prometheus that scrapes the service and the link, and looks at the rules."""
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "1m"},
        "rule_files": [f"{link}.rules.yaml", "service.rules.yaml"],
        "scrape_configs": [
            {
                "job_name": JOB,
                "authorization": {"credentials_file": "/run/secrets/lpdistill/scrape"},
                "static_configs": [{"targets": ["lpdistill:80"]}],
            },
            {"job_name": link, "static_configs": [{"targets": [f"{link}:9100"]}]},
        ],
    }


def _yaml(document: Document) -> str:
    """A document as YAML."""
    try:
        import yaml  # noqa: PLC0415 - only who deploys has it
    except ModuleNotFoundError:
        raise ModelError("deploy", "needs PyYAML: pip install 'lpdistill[service]'", None) from None
    text: str = yaml.safe_dump(document, sort_keys=False, width=110, allow_unicode=True)
    return text


def _json(document: Any) -> str:
    """A document as JSON, with a line at its end."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _digest(text: str) -> str:
    """What tells whether a file is still as it was written."""
    return sha256(text.encode()).hexdigest()


def _recorded(place: Path) -> Mapping[str, Any]:
    """The digests of the files that were written into a folder before; none where nothing says so."""
    try:
        known = json.loads((place / RECORD).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return known if isinstance(known, dict) else {}


def _ours(file: Path, name: str, known: Mapping[str, Any]) -> bool:
    """Whether a file is one that was written before, and has not been changed since."""
    if name == RECORD:
        return bool(known)
    try:
        return known.get(name) == _digest(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
