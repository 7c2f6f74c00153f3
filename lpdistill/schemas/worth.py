"""Schemas of what parameters, decisions and resources are worth."""

from __future__ import annotations

from lpdistill.schemas.answers import BOUNDS, CHANGES, PRICES, RANGES, ROW, SLOPES, TIME_RECORD
from lpdistill.schemas.parts import (
    ACTION,
    DISCARD,
    acting,
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
from lpdistill.worth.intervention import Ruling
from lpdistill.worth.slopes import Parameter

SENSITIVITY = document(
    "sensitivity", "Derivatives of the waiting time.", record({"waiting_time": TIME_RECORD, **SLOPES})
)
VALIDITY = document("validity", "How far a policy stays optimal.", record({"ranges": RANGES}))
INCREMENTS = document(
    "increments", "What changes in whole pieces save.", record({"waiting_time": TIME_RECORD, "changes": CHANGES})
)

NEIGHBOURS = document(
    "prices",
    "The price of a budget, and the prices to both sides of its range.",
    record({"budget": text("The resource."), **PRICES}),
)

VARIABILITY = document(
    "variability",
    "How often every action may be taken, as `variability` has it.",
    record(
        {
            "waiting_time": TIME_RECORD,
            "slack": number("How much slower a policy may be, as a share.", minimum=0),
            "never_taken": whole("Actions that no such policy takes; listed if there are at most 20,000 in all."),
            "actions": listed(
                acting(
                    {
                        "counts": part("configuration"),
                        "least": number("Expected times that the action is taken, at least."),
                        "greatest": or_null(number(), "At most; null where it may be repeated for nothing."),
                        "taken": number("By the optimum found."),
                        "forced": flag("Whether every such policy takes it whenever it comes there."),
                    }
                )
            ),
        }
    ),
    graphs=True,
)

ROBUST = document(
    "robust",
    "The policy that is best in the worst case over an interval of p, as `robust` has it.",
    record(
        {
            "interval": record({"from": chance(), "to": chance()}),
            "waiting_time": number("In the worst case."),
            **BOUNDS,
            "worst_p": chance("The worst case."),
            "nominal": record(
                {"waiting_time": number("At the expected p."), "worst_case_at_least": number()},
                told="The policy that is optimal at the expected p.",
            ),
            "price_of_robustness": number("How much slower the robust policy is at the expected p.", minimum=0),
            "protection": number("How much slower the nominal policy is in the worst case, at least.", minimum=0),
            "levels": listed(part("level")),
            "policy": listed(ROW),
        }
    ),
)

HASHING = document(
    "hashing",
    "What hashing and breeding yield of many equal pairs, as `hashing` has it.",
    record(
        {
            "entropy": number("Of a pair, in bits.", minimum=0),
            "hashing": chance("Perfect pairs a raw pair, of infinitely many."),
            "breeding": chance("The same, net of the perfect pairs that are measured into and returned."),
            "threshold": chance("The fidelity above which there is a yield, for errors of the same shares."),
            "error": chance("The probability with which hashing may fail."),
            "sizes": listed(
                record(
                    {
                        "pairs": whole("Raw pairs.", least=1),
                        "measured": whole("Pairs that are measured."),
                        "kept": whole("The others."),
                        "yield": chance("Of a raw pair."),
                        "failure": chance("The probability that those kept are not perfect is at most this: proved."),
                    }
                ),
                "What is sure of finitely many pairs.",
            ),
        }
    ),
    problem=record(
        {
            "f0": exact("Fidelity of a pair."),
            "raw": listed(exact(), "Its weights of Phi+, Psi+, Psi- and Phi-.", minItems=4, maxItems=4),
        }
    ),
)

FRONTIER = document(
    "frontier",
    "The least waiting time against the limit on a resource, as `frontier` has it.",
    record(
        {
            "resource": text(),
            "points": listed(
                record(
                    {
                        "used": number("The limit, all of which is used."),
                        "waiting_time": TIME_RECORD,
                        "price": number("d(waiting time)/d(limit) for limits above."),
                    }
                ),
                "Every breakpoint.",
            ),
        }
    ),
    graphs=True,
)

REGRET_CURVE = document(
    "regret-curve",
    "What it costs to be wrong about a parameter.",
    record(
        {
            "parameter": one_of(Parameter),
            "planned": number("The value that the policy was made for."),
            "points": listed(
                record(
                    {
                        "value": number(),
                        "fixed": or_null(number(), "Waiting time of the policy; null: it does not reach the target."),
                        "best": number("Least waiting time."),
                    }
                )
            ),
        }
    ),
)

INTERVENTION = document(
    "intervention",
    "The optimum with one action forbidden or forced.",
    record(
        {
            "ruling": one_of(Ruling),
            "counts": part("configuration"),
            **ACTION,
            "waiting_time": TIME_RECORD,
            "cost": number("How much longer that is."),
        },
        DISCARD,
    ),
)
