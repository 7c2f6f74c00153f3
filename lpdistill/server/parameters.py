"""What may be asked of a request besides its problem: a row for every key, which has the name of the option.

Options that name files of the machine, or say how a terminal shows an answer, have no key; :data:`WITHOUT` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lpdistill.numbers import LONGEST_NUMBER
from lpdistill.process.resources import RESOURCES
from lpdistill.program.methods import Method
from lpdistill.rates.fairness import Fair
from lpdistill.rates.stock import Arrivals
from lpdistill.rates.worth import PROTOCOLS
from lpdistill.solving import PATIENCE

Form = Mapping[str, Any]
"""A JSON Schema, of the parts that :func:`lpdistill.server.bodies.demand` knows."""

MOST_ITEMS = 1000
"""Items of a list."""

MOST_RESULTS = 100_000
"""Characters of results of measured pairs."""

FLAG: Form = {"type": "boolean"}
TEXT: Form = {"type": "string", "maxLength": LONGEST_NUMBER}
NUMBER: Form = {"type": ["number", "string"], "maxLength": LONGEST_NUMBER}
NUMBERS: Form = {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": MOST_ITEMS}
TEXTS: Form = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MOST_ITEMS}
INTERVAL: Form = {**NUMBERS, "minItems": 2, "maxItems": 2}
TABLE: Form = {"type": "object"}

RECORDS: Form = {"type": "array", "items": TABLE, "minItems": 1, "maxItems": MOST_ITEMS}


def one_of(values: Iterable[object]) -> Form:
    """One of some names."""
    return {"type": "string", "enum": [str(value) for value in values]}


SHARE: Form = {
    "type": "object",
    "properties": {"target": NUMBER, "share": NUMBER},
    "required": ["target"],
    "additionalProperties": False,
}
"""A tenant."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One key of a body.

    Attributes
    ----------
    name
        What the body calls it: the option, with ``_`` for ``-``.
    form
        The values that it may have.
    told
        What it is, in a sentence.
    argument
        What the function that answers calls it, if it has another name there.
    """

    name: str
    form: Form
    told: str
    argument: str = ""


PARAMETERS = {
    row.name: row
    for row in (
        Parameter("method", one_of(Method), "How to solve the program."),
        Parameter("least", one_of(RESOURCES), "Of the fastest policies, one that uses least of a resource."),
        Parameter("deterministic", FLAG, "Whether budgets may not make the policy randomise."),
        Parameter("within", NUMBER, "Relative gap that will do where labels stand for levels."),
        Parameter("time_limit", NUMBER, f"Seconds for which labels are added; {PATIENCE:g} if the service allows it."),
        Parameter("all_levels", FLAG, "Whether to tell all levels apart, however many."),
        Parameter("exact", FLAG, "Whether to prove the answer in rational arithmetic."),
        Parameter("sensitivity", FLAG, "Whether to add derivatives by every parameter."),
        Parameter("ranges", FLAG, "Whether to add how far the policy, or the price of each budget, holds."),
        Parameter("increments", FLAG, "Whether to add what one more memory saves, and other changes in whole pieces."),
        Parameter("policies", TEXTS, "Names of policies."),
        Parameter("policy", TEXT, "The name of a policy."),
        Parameter("differences", TEXT, "The policy whose differences from the optimum are wanted, too."),
        Parameter("cutoff", NUMBER, "Age from which baselines discard pairs: a time, such as 5steps, or best."),
        Parameter("counts", {**NUMBERS, "minItems": 0}, "A configuration: pairs stored at each level, or their names."),
        Parameter("symbolic", FLAG, "Whether to add levels and limits as formulas in f0."),
        Parameter("at", NUMBERS, "Times by which to be done."),
        Parameter("quantile", NUMBERS, "Probabilities of being done.", "quantiles"),
        Parameter("until", NUMBER, "The last time to compute."),
        Parameter("window", NUMBER, "Time within which the target is to be reached."),
        Parameter("confidence", NUMBER, "A probability: of meeting the window, or of the intervals."),
        Parameter(
            "frontier", FLAG, "Whether every breakpoint is wanted: of expected time against being late, or of cost."
        ),
        Parameter("runs", NUMBER, "Number of runs."),
        Parameter("seed", NUMBER, "Of the random numbers; one is drawn, and reported, if none is given."),
        Parameter("horizon", NUMBER, "Time after which a run is given up."),
        Parameter("real_p", NUMBER, "In reality, p is this."),
        Parameter("real_f0", NUMBER, "In reality, raw pairs have this fidelity."),
        Parameter("message_loss", NUMBER, "Probability that the message of a step is lost."),
        Parameter("jitter", NUMBER, "Coefficient of variation of the durations of steps."),
        Parameter("history", FLAG, "Whether to add an example run."),
        Parameter(
            "tenant",
            {"type": "object", "additionalProperties": SHARE},
            "Users by name, each with its target and a share per unit of time, if any.",
            "tenants",
        ),
        Parameter("fair", one_of(Fair), "What counts of what tenants have."),
        Parameter("law", FLAG, "Whether to add how what is delivered spreads."),
        Parameter("simulate", NUMBER, "Time in which to count what the policy delivers.", "simulated"),
        Parameter("protocol", one_of(PROTOCOLS), "What a pair is worth."),
        Parameter("cost", NUMBER, "What an attempt costs, in bits of key."),
        Parameter("slots", NUMBER, "The most finished pairs that are kept."),
        Parameter("demand", NUMBER, "How many pairs are wanted per unit of time."),
        Parameter("arrivals", one_of(Arrivals), "When demands come."),
        Parameter("service", NUMBER, "Share of all demands to meet with the fewest slots."),
        Parameter("resource", one_of(RESOURCES), "What to use less of."),
        Parameter("per_time", FLAG, "Whether it is about pairs per unit of time."),
        Parameter("slack", NUMBER, "How much slower a policy may be: 0.01 for one percent."),
        Parameter("p", INTERVAL, "Interval of the generation success probability."),
        Parameter("nominal", NUMBER, "The expected probability."),
        Parameter("axis", one_of(("p", "tau_d/tau_g")), "What varies."),
        Parameter(
            "objective", TABLE, "What hardware is to attain: waiting_time, window and confidence, throughput, ..."
        ),
        Parameter("choices", TABLE, "What there is to choose from: values and prices by setting.", "ranges"),
        Parameter("hardware", TABLE, "What is to be improved: a value for every range."),
        Parameter("pairs", {**NUMBERS, "type": ["number", "string", "array"]}, "Numbers of pairs."),
        Parameter("attempts", NUMBER, "Generation attempts that were counted."),
        Parameter("successes", NUMBER, "How many of them generated a pair."),
        Parameter("in_use", NUMBER, "The policy in use: the number of its piece of the map, from 1."),
        Parameter("look", NUMBER, "Which look this is, from 1, where all looks share what may go wrong."),
        Parameter("threshold", NUMBER, "What a change must gain for sure, in units of time."),
        Parameter("span", INTERVAL, "Range of p of a table of policies."),
        Parameter("regret", NUMBER, "What a policy of such a table may lose, as a share."),
        Parameter("error", NUMBER, "Probability with which hashing may fail."),
        Parameter("certify", NUMBER, "The fidelity that is to be certified."),
        Parameter("true", NUMBER, "The fidelity of the pairs in truth."),
        Parameter("delta", NUMBER, "Probability of certifying wrongly, at most."),
        Parameter("power", NUMBER, "Probability of certifying what is true, at least."),
        Parameter("passes", NUMBER, "So many measured pairs passed."),
        Parameter("sequence", {**TEXT, "maxLength": MOST_RESULTS}, "Results of pairs measured one by one: 1 or 0."),
        Parameter("telemetry", RECORDS, "What the link reported: records, as lines of a file have them."),
        Parameter("link", TEXT, "Whose records, where there are several."),
        Parameter("alpha", NUMBER, "Probability of any alarm if all is as predicted, at most."),
        Parameter("drift", NUMBER, "The relative change that the power of tests is told for."),
        Parameter("each", FLAG, "Whether to look at every record on its own."),
        Parameter("certificate", TABLE, "A certificate, as /v1/certificate answers it."),
        Parameter(
            "format",
            one_of(("mps", "drn", "tra", "json", "csv")),
            "What is written: the linear program, the decision process for Storm or PRISM, or the optimal policy.",
        ),
    )
}
"""All keys by name."""

WITHOUT = {
    "plot": "a picture is drawn by whoever has the document",
    "timeline": "a picture is drawn by whoever has the document",
    "latex": "documents have formulas as text",
    "as_json": "answers are JSON",
    "everything": "documents have everything",
    "every": "documents have everything",
    "certificate": "/v1/certificate answers with it, instead of writing a file",
    "output": "the answer has what would be written, and format says how it is written",
    "store": "the service keeps answers in a store of its own",
    "jobs": "a request is computed by one process",
    "dask": "the service reaches no other machine for a request",
    "retry": "there is no store of which points could be computed again",
    "export": "the document has all points",
    "quantity": "it is about the picture",
    "plot_policy": "it is about the picture",
    "table": "without counts the answer is the table of policies",
    "telemetry": "telemetry of a simulation is written to a file; what is watched stands in the body",
    "periods": "it is about that file",
    "file": "the problem, or the state graph, stands in the body",
}
"""Options that no key stands for, and why."""
