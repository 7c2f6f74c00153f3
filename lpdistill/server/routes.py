"""The table of what is served: a row for every request, which has the name of its command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from lpdistill.problem.settings import SETTINGS
from lpdistill.server.bodies import demand
from lpdistill.server.parameters import PARAMETERS

VERSION = "v1"
"""What paths begin with."""


class About(StrEnum):
    """What a question is about."""

    PROBLEM = "problem"
    QUESTION = "problem or graph"
    PERHAPS = "problem, if any"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A request.

    Attributes
    ----------
    name, told
        What it is called; what it answers, in a sentence.
    takes, required
        The keys of its body besides the problem, and those that must be there.
    answers
        What its documents are called, of :data:`lpdistill.schemas.SCHEMAS`.
    example
        A body.
    about
        What stands under ``problem``, or ``graph``.
    draws
        Whether an answer without a seed is another one every time.
    """

    name: str
    told: str
    takes: tuple[str, ...]
    answers: tuple[str, ...]
    example: Mapping[str, Any]
    required: tuple[str, ...] = ()
    about: About = About.PROBLEM
    draws: bool = False

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/{VERSION}/{self.name}"

    def read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a body asks, without what is null.

        Raises
        ------
        ModelError
            If a key is unknown or missing, or a value is of another form.
        """
        demand(dict(body), form_of(self), "body")
        return {name: value for name, value in body.items() if value is not None}

    def lasting(self, body: Mapping[str, Any]) -> bool:
        """Whether the answer to a body is the same next time."""
        return not (self.draws or "simulate" in body) or body.get("seed") is not None


@cache
def form_of(route: Route) -> dict[str, Any]:
    """The JSON Schema of the body of a request."""
    about: dict[About, dict[str, Any]] = {
        About.PROBLEM: {"problem": PROBLEM},
        About.QUESTION: {"problem": PROBLEM, "graph": GRAPH},
        About.PERHAPS: {"problem": PROBLEM},
        About.NOTHING: {},
    }
    rows = {name: {**PARAMETERS[name].form, "description": PARAMETERS[name].told} for name in route.takes}
    return {
        "type": "object",
        "properties": {**about[route.about], **rows},
        "required": [*(["problem"] if route.about is About.PROBLEM else []), *route.required],
        "additionalProperties": False,
    }


PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "properties": {name: {"description": row.told} for name, row in SETTINGS.items()},
    "additionalProperties": False,
    "description": "The settings, as problem files have them: numbers, or exact text such as 3/4.",
}
"""The problem in a body."""

GRAPH: Mapping[str, Any] = {
    "type": "object",
    "description": "A state graph as node-link JSON, in the place of a problem.",
}
"""A state graph in a body."""

LEVELS = ("within", "time_limit")
"""How near labels come to levels."""

COUNTS = ("attempts", "successes", "telemetry", "link")
"""What was counted, in whole or by records."""

REALITY = ("real_p", "real_f0", "message_loss", "jitter")
"""What differs in reality."""

SMALL = {"p": "1/2", "memories": 3, "f0": "3/4", "target": "79/100"}
"""A problem for examples."""

RATED = {name: value for name, value in SMALL.items() if name != "target"}


def _example(**asked: Any) -> dict[str, Any]:
    return {"problem": SMALL, **asked}


ROUTES = {
    route.name: route
    for route in (
        Route(
            "solve",
            "The policy with the least expected waiting time, proved.",
            ("method", "least", "deterministic", *LEVELS, "all_levels", "exact", "sensitivity", "ranges", "increments"),
            ("solution", "average"),
            _example(sensitivity=True),
            about=About.QUESTION,
        ),
        Route(
            "compare",
            "The optimal policy against others.",
            ("policies", "differences", "cutoff", *LEVELS),
            ("comparison",),
            _example(policies=["optimal", "nested"]),
        ),
        Route(
            "explain",
            "Every action of one configuration, and what it costs.",
            ("counts", *LEVELS),
            ("explanation",),
            _example(counts=[2, 1]),
            required=("counts",),
        ),
        Route(
            "levels",
            "Fidelity levels, what distils into what, and the limits.",
            ("symbolic", *LEVELS),
            ("levels",),
            {"problem": {"f0": "3/4", "target": "79/100"}},
        ),
        Route(
            "waiting-time",
            "The whole distribution of the waiting time of a policy.",
            ("policy", "cutoff", "at", "quantile", "until", *LEVELS),
            ("waiting-time",),
            _example(policy="greedy", at=[10, 20]),
        ),
        Route(
            "deadline",
            "The policy most likely in time, the smallest window, or the fastest at a confidence.",
            ("window", "confidence", "frontier", *LEVELS),
            ("deadline", "service-level", "deadline-frontier"),
            _example(window=10),
            about=About.QUESTION,
        ),
        Route(
            "simulate",
            "Monte Carlo of a policy, memory by memory, also of what differs in reality.",
            ("policy", "cutoff", "runs", "seed", "horizon", *REALITY, "confidence", "history", *LEVELS),
            ("simulation",),
            _example(runs=200, seed=1),
            draws=True,
        ),
        Route(
            "throughput",
            "Pairs per unit of time, for one user or several.",
            ("tenant", "fair", "law", "simulate", "seed", *LEVELS, "exact", "sensitivity", "ranges"),
            ("throughput",),
            {"problem": RATED, "tenant": {"a": {"target": ".78"}, "b": {"target": ".8", "share": ".02"}}},
        ),
        Route(
            "keyrate",
            "Secret key per unit of time, and what to deliver.",
            ("protocol", "cost", "law", "simulate", "seed", *LEVELS),
            ("keyrate",),
            {"problem": {"p": ".1", "memories": 2, "f0": ".85"}, "protocol": "bb84"},
        ),
        Route(
            "standby",
            "What share of a demand a stock of finished pairs meets, and the smallest stock that meets enough.",
            ("slots", "demand", "arrivals", "service"),
            ("standby",),
            _example(slots=1, demand=".05"),
        ),
        Route(
            "frontier",
            "Waiting time, or a rate, against a resource: every breakpoint.",
            ("resource", "per_time", "protocol", "time_limit"),
            ("frontier", "rate-frontier"),
            _example(resource="generation_attempts"),
            about=About.QUESTION,
        ),
        Route(
            "variability",
            "How much every action may vary among policies within a factor of the optimum.",
            ("slack", "time_limit"),
            ("variability",),
            _example(slack=".01"),
            about=About.QUESTION,
        ),
        Route(
            "robust",
            "The best policy in the worst case over an interval of p.",
            ("p", "nominal"),
            ("robust",),
            _example(p=["0.4", "0.6"]),
            required=("p",),
        ),
        Route(
            "sweep",
            "Policies on many problems: numbers of the problem may be ranges and lists.",
            ("policies", *LEVELS),
            ("sweep",),
            {"problem": {**SMALL, "p": "0.3:0.9:0.3"}, "policies": ["optimal", "nested"]},
        ),
        Route(
            "policy-map",
            "All optimal policies along a parameter, exactly.",
            ("axis", "per_time"),
            ("policy-map",),
            {"problem": {**SMALL, "memories": 2}},
        ),
        Route(
            "plan",
            "The cheapest hardware for an objective, and what to improve; the problem has what does not vary.",
            ("objective", "choices", "frontier", "hardware", *LEVELS),
            ("plan",),
            {
                "problem": {"f0": "3/4", "target": "79/100", "memories": 3},
                "objective": {"waiting_time": 11},
                "choices": {"p": {"values": ["0.4", "0.6"], "price": 10}},
            },
            required=("objective", "choices"),
        ),
        Route(
            "adapt",
            "Which policy to use after so many attempts and successes; without counts, all of them for a device.",
            (*COUNTS, "in_use", "confidence", "look", "threshold", "span", "regret"),
            ("adaptation", "policy-table"),
            _example(attempts=5000, successes=2210),
        ),
        Route(
            "hashing",
            "What hashing and breeding yield of many pairs.",
            ("pairs", "error"),
            ("hashing",),
            {"problem": {"f0": "9/10"}, "pairs": [10, 1000]},
        ),
        Route(
            "watch",
            "Whether a link in service does what was predicted, by what it reports.",
            ("telemetry", "policy", "cutoff", "link", "alpha", "drift", "each"),
            ("watch",),
            _example(telemetry=[{"attempts": 5000, "successes": 2210, "waiting_times": [8, 11, 6]}]),
            required=("telemetry",),
        ),
        Route(
            "verify",
            "How many test pairs certify a fidelity, or what measured pairs certify.",
            ("certify", "true", "delta", "power", "passes", "pairs", "sequence"),
            ("verify", "verify-verdict", "verify-sequence"),
            {"problem": {"readout": ".99"}, "certify": ".9", "true": ".95"},
            required=("certify",),
            about=About.PERHAPS,
        ),
        Route(
            "certificate",
            "The proof of an optimum, or of a gain per unit of time, in rational arithmetic.",
            ("per_time", *LEVELS),
            ("certificate", "rate-certificate"),
            _example(),
        ),
        Route(
            "check",
            "A certificate, verified by itself.",
            ("certificate",),
            ("check", "rate-check"),
            {},
            required=("certificate",),
            about=About.NOTHING,
        ),
        Route(
            "graph",
            "The state graph, as node-link JSON.",
            (),
            ("graph",),
            {"problem": {**SMALL, "memories": 2}},
            about=About.QUESTION,
        ),
        Route(
            "export",
            "The linear program, the decision process or the optimal policy, for other tools.",
            ("format", *LEVELS),
            ("export",),
            _example(format="mps"),
            required=("format",),
            about=About.QUESTION,
        ),
    )
}
"""All requests by name."""

UNSERVED = {
    "deploy": "it writes files, for whoever runs the service",
    "serve": "it is the service",
    "reproduce": "it takes minutes and all processes, and is the same for everyone: docs/reproducing.md has it",
}
"""Commands that are no request, and why."""
