"""Schemas of what is asked of links in service: whether a fidelity is certified, what telemetry says."""

from __future__ import annotations

from lpdistill.acceptance.verdict import Decision
from lpdistill.schemas.parts import (
    Schema,
    chance,
    document,
    exact,
    flag,
    listed,
    number,
    one_of,
    or_null,
    part,
    record,
    text,
    whole,
)
from lpdistill.telemetry.checks import Quantity
from lpdistill.telemetry.look import Finding

CLAIM = {
    "certify": exact("The fidelity that is to be certified."),
    "delta": exact("Probability of certifying wrongly, at most."),
    "readout": text("Probability that a readout is right, of both nodes or of each."),
}
TRUTH = {
    "true": exact("The fidelity of the pairs in truth."),
    "power": exact("Probability of certifying what is true, at least."),
}
FIXED = {
    "pairs": whole("How many are measured.", least=1),
    "passes": whole("How many of them have to pass."),
    "false_certification": chance("Probability of certifying pairs at the limit."),
    "power": chance("Probability of certifying the true fidelity."),
}
COST = record(
    {
        "waiting_time": number("Expected, one pair at a time.", minimum=0),
        "steady_time": or_null(number(minimum=0), "Where pairs follow each other; null within budgets."),
        "attempts": number("Of generation, expected.", minimum=0),
    }
)
SEQUENTIAL = record(
    {
        "mean": number("Pairs, on average, in truth.", minimum=0),
        "mean_at_limit": number("The same for pairs at the limit.", minimum=0),
        "false_certification": chance("Probability of certifying pairs at the limit."),
        "power": chance("Probability of certifying the true fidelity."),
    },
    told="What becomes of a sequential test, exactly.",
)

VERIFY = document(
    "verify",
    "How many test pairs certify a fidelity, as `verify` has it.",
    record(
        {
            **FIXED,
            "always": record(FIXED, told="The fewest pairs from which on every number suffices."),
            "sequential_mean": number("Mean number of pairs one by one, by Wald's approximation.", minimum=0),
            "sequential": SEQUENTIAL,
            "wald": SEQUENTIAL,
            "hoeffding": whole("Pairs that suffice by Hoeffding's inequality.", least=1),
            "passing": record({"limit": chance("At the limit."), "true": chance()}, told="That a pair passes."),
        },
        {"generation": record({"pair": COST, "pairs": COST}, told="What it takes to make the pairs.")},
    ),
    problem=record(CLAIM | TRUTH, {"link": part("problem")}),
)

VERIFY_VERDICT = document(
    "verify-verdict",
    "What measured pairs certify, as `verify --passes` has it.",
    record(
        {
            "pairs": whole("Measured.", least=1),
            "passes": whole("Of these."),
            "decision": one_of(Decision),
            "p_value": chance("That so many pass, or more, at the limit."),
            "fidelity": record({"estimate": chance(), "lower_bound": chance("With confidence 1 - delta.")}),
            "bounds": listed(record({"confidence": chance(), "fidelity_at_least": chance()})),
        }
    ),
    problem=record(CLAIM),
)

VERIFY_SEQUENCE = document(
    "verify-sequence",
    "What pairs decide that are measured one by one, as `verify --sequence` has it.",
    record(
        {
            "measured": whole("All results given.", least=1),
            "pairs": whole("After how many it was decided, or all.", least=1),
            "passes": whole("Of these."),
            "decision": one_of(Decision),
            "p_value": chance("Valid whenever one looks."),
            "more": or_null(whole(), "How many more would certify if all passed; null: decided, or none would."),
        }
    ),
    problem=record(CLAIM | TRUTH),
)

COUNT = whole("How many.")
TRIED = {"attempts": whole("How many were tried."), "successes": whole("How many of these succeeded.")}

TELEMETRY: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:lpdistill:telemetry:1",
    "title": "lpdistill.telemetry/1",
    **record(
        {},
        {
            "link": text("Whose it is."),
            "period": text("Of when it is."),
            **TRIED,
            "distillations": listed(
                record(
                    {
                        "levels": listed(whole(), "The levels that go in, that of the pair kept last.", minItems=2),
                        **TRIED,
                    }
                )
            ),
            "waiting_times": {
                "anyOf": [
                    listed(number("A time.", minimum=0)),
                    listed(record({"time": number(minimum=0), "count": COUNT})),
                    record(
                        {
                            "count": COUNT,
                            "sum": number("Of all times.", minimum=0),
                            "buckets": listed(record({"within": number(minimum=0), "count": COUNT})),
                        }
                    ),
                ],
                "description": "Of deliveries, from empty memories, in the problem's unit and convention.",
            },
        },
        "What a link reports of a period: a line of a file of telemetry.",
    ),
}

WATCH = document(
    "watch",
    "Whether a link does what was predicted, as `watch` has it.",
    record(
        {
            "link": text("Its name; empty if nothing is said."),
            "alpha": chance("Probability of any alarm in all looks if all is as predicted, at most."),
            "drift": chance("The relative change that power is told for."),
            "alarm": flag("Whether anything contradicts the prediction."),
            "findings": listed(one_of(Finding), "What all looks have found."),
            "looks": listed(
                record(
                    {
                        "period": text(),
                        "alpha": chance("What this look may spend of it."),
                        "alarm": flag(),
                        "findings": listed(one_of(Finding)),
                        "words": listed(text(), "The findings with their numbers."),
                        "checks": listed(
                            record(
                                {
                                    "quantity": one_of(Quantity),
                                    "what": text(),
                                    "count": COUNT,
                                    "predicted": number(),
                                    "estimate": number(),
                                    "lower": number(),
                                    "upper": number("Ends of the interval, which has confidence 1 - alpha."),
                                    "p_value": chance(),
                                    "alpha": chance(),
                                    "alarm": flag(),
                                    "power": chance("Of an alarm at the drift."),
                                }
                            )
                        ),
                        "cost": or_null(
                            record(
                                {
                                    "p": chance("The estimate."),
                                    "planned": number("Expected waiting time, as planned."),
                                    "kept": or_null(number(), "Of the policy in use, there; null: never."),
                                    "best": or_null(number(), "Of the best policy, there; null: never."),
                                }
                            ),
                            "Where p has changed.",
                        ),
                    }
                ),
                "One at all records together, or one at each.",
            ),
        }
    ),
)
