"""Requests as bodies ask them: what a body holds, given to the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lpdistill import requests
from lpdistill.errors import ModelError, NotCertifiedError, names_like
from lpdistill.export.policies import POLICY_SUFFIXES
from lpdistill.numbers import exact
from lpdistill.physics.known import MAPS
from lpdistill.policies.named import OPTIMAL, with_cutoff
from lpdistill.problem.problem import Problem
from lpdistill.problem.problem_file import merged
from lpdistill.requests.direct import expected, expecting, raw_of
from lpdistill.requests.exact import unneeded
from lpdistill.requests.level_table import with_memories
from lpdistill.server.bodies import told
from lpdistill.server.parameters import PARAMETERS
from lpdistill.server.refusals import RefusedError
from lpdistill.server.routes import ROUTES, About
from lpdistill.simulation.deviations import Deviations
from lpdistill.solving import PATIENCE

if TYPE_CHECKING:
    from lpdistill.solution.answer import Answer

Body = Mapping[str, Any]
Document = dict[str, Any]

HIGHEST = {"target": "1"}
"""What stands for the target where nobody need give one."""

MOST_SETTING = 1000
"""Characters of a setting."""


def answered(name: str, body: Body, *, seconds: float) -> Document:
    """The document that answers a request.

    Parameters
    ----------
    name
        The request, of :data:`lpdistill.server.routes.ROUTES`.
    body
        What it asks.
    seconds
        What it may take, which limits what it takes to add labels.

    Raises
    ------
    LpdistillError
        If there is no answer.
    """
    route = ROUTES[name]
    asked = {
        key: told(value, float if key in {"graph", "telemetry"} else str) for key, value in route.read(body).items()
    }
    if "time_limit" in route.takes:
        wanted = asked.setdefault("time_limit", min(PATIENCE, seconds / 2))
        if exact(wanted, "time_limit") > seconds:
            raise ModelError("time_limit", f"must be at most {seconds:g}, the seconds that a request may take", wanted)
    for key in ("policy", "differences", "policies"):
        _require_names(asked.get(key, ()), key)
    if route.about is About.QUESTION and ("problem" in asked) == ("graph" in asked):
        raise ModelError("problem", "is missing; give a problem, or a graph, and not both", None)
    given = {PARAMETERS[key].argument or key: asked[key] for key in route.takes if key in asked}
    answer = ASKING.get(name, _plainly)
    return answer(name, asked, given)


def settings_of(body: Body, assumed: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the problem in a body, over those that nobody need give; none of them runs code.

    Raises
    ------
    ModelError
        If one names code of a user's, or is longer than settings are.
    """
    stated = {str(name): value for name, value in body["problem"].items()}
    for name, value in stated.items():
        if isinstance(value, str) and len(value) > MOST_SETTING:
            raise ModelError(name, f"has more than {MOST_SETTING} characters; give a shorter one", f"{value[:20]}...")
    named = stated.get("distillation")
    if named is not None and named not in [*MAPS]:
        told = (
            f"must be the name of a map of the model, for a service runs no code of others: {names_like(MAPS, named)}"
        )
        raise ModelError("distillation", told, named)
    return merged(assumed, stated)


def question_of(body: Body, assumed: Mapping[str, Any] | None = None) -> Any:
    """The problem, or the state graph, in a body."""
    if "graph" in body:
        from lpdistill.export.graphs import graph_of  # noqa: PLC0415 - networkx, only where there is a graph

        return graph_of(body["graph"], "graph")
    return Problem.from_dict(settings_of(body, assumed or {}))


def _require_names(names: str | list[str], key: str) -> None:
    """Refuse policies that stand in files."""
    for name in [names] if isinstance(names, str) else names:
        if Path(name).suffix.lower() in POLICY_SUFFIXES or "/" in name or "\\" in name:
            raise ModelError(key, "must be the name of a policy: a service reads no files", name)


def _plainly(name: str, body: Body, given: Document, assumed: Mapping[str, Any] | None = None) -> Document:
    """A function that takes the problem and what else there is."""
    ask: Callable[..., Answer] = getattr(requests, name.replace("-", "_"))
    return ask(question_of(body, assumed), **given).to_dict()


def _explain(_: str, body: Body, given: Document) -> Document:
    counts = given.pop("counts")
    return requests.explain(question_of(body), tuple(counts), **given).to_dict()


def _levels(_: str, body: Body, given: Document) -> Document:
    problem, limited = with_memories(settings_of(body, {}))
    return requests.levels(problem, limited=limited, **given).to_dict()


def _waiting_time(_: str, body: Body, given: Document) -> Document:
    policy = _cut(given)
    times: Document = {name: [str(one) for one in given.pop(name)] for name in ("at", "quantiles") if name in given}
    return requests.waiting_time(question_of(body), policy, **times, **given).to_dict()


def _simulate(_: str, body: Body, given: Document) -> Document:
    policy, real = _cut(given), {"real_p": "p", "real_f0": "f0", "message_loss": "message_loss", "jitter": "jitter"}
    reality = Deviations(**{there: given.pop(name) for name, there in real.items() if name in given})
    return requests.simulate(question_of(body), policy, deviations=reality, **given).to_dict()


def _cut(given: Document) -> str:
    """The policy that is named, with its cutoff."""
    cutoff = given.pop("cutoff", None)
    return with_cutoff(given.pop("policy", OPTIMAL), None if cutoff is None else str(cutoff))


def _compare(name: str, body: Body, given: Document) -> Document:
    return _plainly(name, body, given | ({"cutoff": str(given["cutoff"])} if "cutoff" in given else {}))


def _throughput(name: str, body: Body, given: Document) -> Document:
    tenants = given.get("tenants")
    if tenants is None:
        return _plainly(name, body, given)
    given["tenants"] = {user: (one["target"], one.get("share", 0)) for user, one in tenants.items()}
    return _plainly(name, body, given, HIGHEST)


def _keyrate(_: str, body: Body, given: Document) -> Document:
    worth = given.pop("protocol", "bb84")
    return requests.keyrate(question_of(body, HIGHEST), worth, **given).to_dict()


def _standby(_: str, body: Body, given: Document) -> Document:
    return requests.standby(question_of(body), given.pop("slots", None), given.pop("demand", None), **given).to_dict()


def _frontier(_: str, body: Body, given: Document) -> Document:
    resource, assumed = given.pop("resource", "generation_attempts"), HIGHEST if "protocol" in given else {}
    return requests.frontier(question_of(body, assumed), resource, **given).to_dict()


def _robust(_: str, body: Body, given: Document) -> Document:
    low, high = (exact(end, "p") for end in given["p"])
    interval: tuple[Fraction, Fraction] = (low, high)
    problem = expected(expecting(settings_of(body, {})), interval, given.get("nominal"))
    return requests.robust(problem, interval).to_dict()


def _verify(_: str, body: Body, given: Document) -> Document:
    """What measured pairs certify, whose results stand in the body."""
    from lpdistill.acceptance.verdict import sequential_verdict  # noqa: PLC0415 - rarely wanted
    from lpdistill.requests.acceptance import link_of  # noqa: PLC0415 - rarely wanted

    certify, true = given.pop("certify"), given.pop("true", None)
    link = link_of(settings_of(body, {}) if "problem" in body else {})
    results = given.pop("sequence", None)
    if results is None:
        return requests.verify(certify, true, **link, **given).to_dict()
    if given.keys() & {"passes", "pairs"}:
        raise ModelError("sequence", "has the passes and pairs itself; leave one of both out", None)
    if true is None:
        raise ModelError("true", "is missing; say which fidelity the pairs have in truth", None)
    return sequential_verdict(certify, true, results, readout=link["readout"], **given).to_dict()


def _sweep(_: str, body: Body, given: Document) -> Document:
    from lpdistill.requests.sweeps import grid_of  # noqa: PLC0415 - slow to load, rarely wanted

    return requests.sweep(grid_of(settings_of(body, {})), store=None, jobs=1, **given).to_dict()


def _policy_map(name: str, body: Body, given: Document) -> Document:
    return _plainly(name, body, given, unneeded({"axis": "p", **given}))


def _adapt(_: str, body: Body, given: Document) -> Document:
    if "span" in given:
        given["span"] = tuple(given["span"])
    if "telemetry" in given:
        given["telemetry"] = _records(given["telemetry"])
    return requests.adapt(question_of(body, {"p": "1"}), **given).to_dict()


def _plan(_: str, body: Body, given: Document) -> Document:
    return requests.plan(settings_of(body, {}), given.pop("objective"), given.pop("ranges"), **given).to_dict()


def _hashing(_: str, body: Body, given: Document) -> Document:
    return requests.hashing(**raw_of(settings_of(body, {})), **given).to_dict()


def _watch(_: str, body: Body, given: Document) -> Document:
    records = _records(given.pop("telemetry"))
    return requests.watch(question_of(body), records, policy=_cut(given), **given).to_dict()


def _records(given: list[Any]) -> list[Any]:
    """What records in the body say."""
    from lpdistill.telemetry.records import Record  # noqa: PLC0415 - rarely wanted

    return [Record.from_dict(one, f"telemetry {n}") for n, one in enumerate(given, start=1)]


def _certificate(_: str, body: Body, given: Document) -> Document:
    """The proof itself, which commands write to a file."""
    ask: Callable[..., requests.Report[Any]] = requests.throughput if given.pop("per_time", False) else requests.solve
    return ask(question_of(body), exact=True, **given).parts["certificate"].to_dict()


def _check(_: str, __: Body, given: Document) -> Document:
    try:
        return requests.check(given["certificate"]).to_dict()
    except NotCertifiedError as error:
        raise RefusedError(422, "not-certified", str(error), {"exit": error.exit_code}) from None


def _export(_: str, body: Body, given: Document) -> Document:
    """What is written, in the answer."""
    suffix = given.pop("format")
    with TemporaryDirectory() as folder:
        document = requests.export(question_of(body), Path(folder) / f"file.{suffix}", **given).to_dict()
        files = [Path(file) for file in document["files"]]
        contents = {file.name: file.read_text(encoding="utf-8") for file in files}
    return {**document, "files": [*contents], "contents": contents}


ASKING: Mapping[str, Callable[[str, Body, Document], Document]] = {
    "adapt": _adapt,
    "check": _check,
    "certificate": _certificate,
    "compare": _compare,
    "explain": _explain,
    "export": _export,
    "frontier": _frontier,
    "hashing": _hashing,
    "keyrate": _keyrate,
    "levels": _levels,
    "plan": _plan,
    "policy-map": _policy_map,
    "robust": _robust,
    "simulate": _simulate,
    "standby": _standby,
    "sweep": _sweep,
    "throughput": _throughput,
    "verify": _verify,
    "waiting-time": _waiting_time,
    "watch": _watch,
}
"""The requests whose functions take something else than a problem and the keys of the body."""
