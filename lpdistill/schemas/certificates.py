"""Schemas of certificates, and of what they are found to prove."""

from __future__ import annotations

from lpdistill.schemas.answers import CLAIMS, PROVED
from lpdistill.schemas.parts import (
    LEVEL,
    OPERATIONS,
    PROBLEM_SETTINGS,
    acting,
    anything,
    document,
    exact,
    listed,
    one_of,
    or_null,
    part,
    record,
    table,
    text,
    whole,
)
from lpdistill.schemas.rates import GAIN, RATE_BOUNDS

STATED = record(
    {
        **PROBLEM_SETTINGS,
        "attempts": text("Which numbers of attempts the program has."),
        "budgets": anything("Limits by resource."),
    },
    {
        "levels": whole("How many levels the map makes, where it is not Werner's."),
        "raw_level": or_null(whole("The level of a raw pair.")),
        **OPERATIONS,
        "recipes": listed(
            record(
                {
                    "consumed": listed(LEVEL, minItems=2),
                    "outcomes": listed(
                        record({"probability": exact(), "produced": listed(LEVEL), "target": {"type": "boolean"}})
                    ),
                }
            ),
            "What distillation makes of levels.",
        ),
    },
    told="What the certificate is of.",
)

PROOF = {
    "repaired": listed(part("configuration"), "Where double precision had chosen wrongly."),
    "exact": listed(
        record(
            {
                "counts": part("configuration"),
                "value": exact("Expected time to go."),
                "action": part("action"),
                "optimal": listed(part("action")),
            }
        )
    ),
    "bounds": listed(
        record({"counts": part("configuration"), "value": exact()}),
        "Lower bounds in unreachable configurations.",
    ),
}
WITHIN_BUDGETS = {
    "budgets": table(record({"price": exact(), "used": exact()})),
    "occupation": listed(record({"counts": part("configuration"), "actions": listed(acting({"times": exact()}))})),
}
GRID = listed(
    record({"fidelity": exact()}, {"distil": listed(LEVEL, "The labels that make it; missing for a raw pair.")}),
    "The labels.",
)
OF_LABELS = record({"waiting_time": exact(), **CLAIMS, **PROOF}, WITHIN_BUDGETS, "The optimum of a label model.")

CERTIFICATE = document(
    "certificate",
    "A proof of an optimum, as `solve --certificate` writes it; where labels stand for levels, of two label models.",
    {
        **record(
            CLAIMS,
            {
                "version": text("Version of the format; 1.0 where there is none.", r"^1\.\d+$"),
                **PROVED,
                **PROOF,
                **WITHIN_BUDGETS,
                "grid": GRID,
                "lower": OF_LABELS,
                "upper": OF_LABELS,
            },
        ),
        "anyOf": [
            {"required": ["waiting_time", *PROOF]},
            {"required": ["lower_bound", "upper_bound", "grid", "lower", "upper"]},
        ],
    },
    problem=STATED,
)

CHECK = document(
    "check",
    "A certificate that holds, as `check` has it.",
    record(
        {"valid": {"const": True}, **CLAIMS, "configurations": whole()},
        {**PROVED, "labels": whole("How many labels stand for levels.")},
    ),
    problem=STATED,
)

RATE_STATED = {
    **STATED,
    "properties": {
        **STATED["properties"],
        "worth": table(exact(), "What a pair is worth, by its fidelity, where delivering one is a decision."),
        "cost": exact("What an attempt costs, in units of the worth."),
        "tenants": table(record({"target": exact(), "share": exact()}), "Who is served."),
        "fair": one_of(["sum", "max-min"], "What counts of what tenants have."),
    },
}
DELIVERS = {"deliver": listed(LEVEL, "Levels of the pairs that are delivered, where that is a decision.")}
DOES = acting({}, DELIVERS)
RATE_PROOF = {
    "repaired": listed(part("configuration"), "Where double precision had chosen wrongly."),
    "exact": listed(
        record(
            {
                "counts": part("configuration"),
                "value": exact("What is earned more, in the long run, than from empty memories; at prices."),
                "action": DOES,
                "optimal": listed(DOES, "All actions without loss."),
            }
        ),
        "In every configuration.",
    ),
}
RATE_LIMITED = {
    "budgets": table(record({"price": exact("What one more unit earns."), "used": exact()})),
    "served": table(
        record(
            {
                "weight": exact("What a pair for it counts."),
                "price": exact("What one more that it is to have costs all that counts."),
                "rate": exact("What it has per unit of time."),
                "given": table(exact(), "How many pairs per unit of time, by their fidelity."),
            }
        )
    ),
    "occupation": listed(
        record({"counts": part("configuration"), "actions": listed(acting({"rate": exact()}, DELIVERS))}),
        "How often per unit of time the policy takes which action for ever.",
    ),
    "leading": listed(
        record({"counts": part("configuration"), "action": DOES}), "What it does before, from empty memories."
    ),
}
RATE_OF_LABELS = record({**GAIN, **RATE_PROOF}, RATE_LIMITED, "The optimum of a label model.")
COUNTED = {name: GAIN[name] for name in ("checked_columns",)}

RATE_CERTIFICATE = document(
    "rate-certificate",
    "A proof of a greatest rate, as `throughput --certificate` writes it; of two models with labels.",
    {
        **record(
            COUNTED,
            {
                "version": text("Version of the format; 1.0 where there is none.", r"^1\.\d+$"),
                **RATE_BOUNDS,
                **RATE_PROOF,
                **RATE_LIMITED,
                "grid": GRID,
                "lower": RATE_OF_LABELS,
                "upper": RATE_OF_LABELS,
            },
        ),
        "anyOf": [
            {"required": ["gain", *RATE_PROOF]},
            {"required": ["lower_bound", "upper_bound", "grid", "lower", "upper"]},
        ],
    },
    problem=RATE_STATED,
)

RATE_CHECK = document(
    "rate-check",
    "A certificate of a rate that holds, as `check` has it.",
    record(
        {"valid": {"const": True}, **COUNTED, "configurations": whole()},
        {**RATE_BOUNDS, "labels": whole("How many labels stand for levels.")},
    ),
    problem=RATE_STATED,
)
