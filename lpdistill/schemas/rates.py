"""Schemas of rates of the steady state."""

from __future__ import annotations

from lpdistill.program.refining import Stopped
from lpdistill.rates.rate import AIMS
from lpdistill.rates.stock import Arrivals
from lpdistill.rates.worth import PROTOCOLS
from lpdistill.schemas.answers import RANGES, SLOPES
from lpdistill.schemas.parts import (
    OPERATIONS,
    PROBLEM_SETTINGS,
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
    table,
    text,
    whole,
)
from lpdistill.schemas.windows import DEVIATING, ESTIMATE
from lpdistill.solution.solution import Status

DECIDED = acting(
    {"probability": chance("Of taking it.")},
    {"deliver": listed(whole("A fidelity level, from 0."), "The levels of pairs that are delivered.")},
    "An action, and how probably it is taken.",
)

ROW = record(
    {
        "counts": part("configuration"),
        "value": or_null(number(), "What is earned more from it than from empty memories, in the long run."),
        "visits": number("How often it is met per unit of time.", minimum=0),
        "share": chance("Of all time that is spent in steps from it."),
        "actions": listed(DECIDED),
    }
)
"""What is done in a configuration."""

DELIVERED = listed(
    record(
        {
            "fidelity": chance(),
            "exact": exact("The fidelity, exactly."),
            "rate": number("Pairs per unit of time.", minimum=0),
            "worth": number("Of each.", minimum=0),
        },
        {"or_more": flag("Whether they have that fidelity or more.")},
    ),
    "What is delivered, by fidelity.",
)

RATE = {
    "status": one_of(Status),
    "gain": number("What the policy earns per unit of time; of tenants, what counts."),
    "lower_bound": number("It earns no less: proved."),
    "upper_bound": number("No policy earns more: proved."),
    "delivered": DELIVERED,
    "use": table(number(), "What is used per unit of time, by resource."),
    "budgets": table(part("use"), "What came of each budget: limits, uses and prices are those of rates."),
    "tenants": table(
        record(
            {
                "target": exact("The fidelity that its pairs have at least."),
                "share": exact("What it is to have per unit of time at least."),
                "rate": number("What it has.", minimum=0),
                "price": number("d(rates of the others)/d(share): 0 unless the share binds."),
            }
        ),
        "By name.",
    ),
    "program": record(
        {
            "configurations": whole(),
            "columns": whole(),
            "rounds": whole("How often all columns were priced."),
            "seconds": number(minimum=0),
        },
        told="How it was found.",
    ),
    "levels": listed(part("level")),
    "policy": listed(ROW),
}

LAW_RECORD = {
    "gain": number("The mean of what is earned per unit of time."),
    "variance": number("By how much its variance grows per unit of time, in the long run.", minimum=0),
    "dispersion": number("Variance over mean.", minimum=0),
    "interval": record(
        {"mean": number(minimum=0), "variance": number(minimum=0)},
        told="The time from one moment at which anything is delivered to the next.",
    ),
}

SIMULATION_RECORD = {
    "time": number("How long was counted, over all copies of the link.", minimum=0),
    "seed": whole(),
    "confidence": chance("Level of the intervals."),
    "deviations": DEVIATING,
    "batches": whole("Into which the time was cut.", least=2),
    "rate": {**ESTIMATE, "description": "Pairs, or bits of key, per unit of time."},
    "variance": ESTIMATE,
    "fidelity": or_null(chance(), "Mean real fidelity of what was delivered."),
    "delivered": listed(
        record({"fidelity": chance(), "exact": exact("The same."), "pairs": whole()}),
        "How often a pair of each real fidelity was delivered.",
    ),
}

SERVED = {"tenants": table(ESTIMATE, "Pairs per unit of time of each user, by name.")}

ANY_PROBLEM = record(
    {name: told for name, told in PROBLEM_SETTINGS.items() if name not in AIMS},
    OPERATIONS | {name: told for name, told in PROBLEM_SETTINGS.items() if name in AIMS},
)
"""A problem that has no target where any pair may be delivered."""

SIMULATION = document(
    "rate-simulation",
    "A policy of a steady state at work, as `simulate_rate` has it.",
    record(SIMULATION_RECORD, SERVED),
    problem=ANY_PROBLEM,
)

LAW = document("law", "How what is delivered spreads over time, as `rate.law` has it.", record(LAW_RECORD))

STANDBY = document(
    "standby",
    "What a stock of finished pairs serves, as `standby` has it.",
    record(
        {
            "status": one_of(Status),
            "slots": whole("The most pairs that are kept.", least=1),
            "demand": number("Pairs that are wanted per unit of time."),
            "arrivals": one_of(Arrivals, "How demands come."),
            "service": chance("Of a demand, to be met."),
            "lower_bound": chance("The policy meets no less: proved."),
            "upper_bound": chance("No policy meets more: proved."),
            "gain": number("Pairs that can be delivered per unit of time.", minimum=0),
            "lost": number("Pairs for which there is no room, per unit of time.", minimum=0),
            "stocked": listed(chance(), "Share of the time with 0, 1, ... pairs in stock."),
            "program": RATE["program"],
            "levels": listed(part("level")),
            "policy": listed(
                record(
                    {
                        "counts": part("configuration"),
                        "stock": whole("Finished pairs that are kept."),
                        "value": number("Demands that are met more, in the long run, than from nothing."),
                        "visits": number("How often it is met per unit of time.", minimum=0),
                        "share": chance("Of all time that is spent in steps from it."),
                        "actions": listed(part("decision")),
                    }
                )
            ),
        },
        {
            "least": record(
                {"service": chance("What is to be met."), "slots": whole("The fewest that meet it.", least=1)},
                told="The smallest stock that meets enough.",
            )
        },
    ),
)

LABELLING = record(
    {
        "stopped": one_of(Stopped, "Why no more labels were added."),
        "labels": whole("Levels that are told apart."),
        "rounds": listed(
            record(
                {
                    "labels": whole(),
                    "lower": or_null(number(), "What labels rounded down earn; null where that was not asked for."),
                    "upper": number("What labels rounded up earn."),
                }
            )
        ),
    },
    told="How labels that stand for levels were found.",
)

GAIN = {
    "gain": exact("The greatest number of pairs per unit of time."),
    "checked_columns": whole("Whose reduced costs are proved not to be negative: all."),
}

RATE_BOUNDS = {
    "gain": exact("The greatest rate; missing where bounds of labels do not meet."),
    "lower_bound": exact("Where labels stand for levels: the policy earns no less."),
    "upper_bound": exact("Where labels stand for levels: no policy earns more."),
}

RATE_SLOPES = {
    "derivatives": {**SLOPES["derivatives"], "description": "Of the gain, by parameter."},
    "jump": flag("Whether the gain jumps for any smaller f0."),
}

RATE_SENSITIVITY = document(
    "rate-sensitivity", "Derivatives of a greatest rate.", record({"gain": number("The rate."), **RATE_SLOPES})
)

THROUGHPUT = document(
    "throughput",
    "The greatest number of pairs per unit of time, as `throughput` has it.",
    record(
        RATE,
        {
            "first_delivery_rate": number("One pair for every least waiting time."),
            "first_delivery_run_on": or_null(
                number(), "What the policy of least waiting time earns that keeps what is left; null: not known."
            ),
            "refinement": LABELLING,
            "law": record(LAW_RECORD, told="How that spreads, with `--law`."),
            "certificate": record({"checked_columns": GAIN["checked_columns"]}, RATE_BOUNDS, "What is proved exactly."),
            "simulation": record(SIMULATION_RECORD, SERVED, told="What the policy delivered, with `--simulate`."),
            "sensitivity": table(or_null(number()), "d(gain)/d(parameter), by parameter."),
            "sensitivity_details": record(RATE_SLOPES),
            "ranges": RANGES,
        },
    ),
)

AVERAGE = document(
    "average",
    "The least expected time to a pair where a mean fidelity is asked for, as `solve` has it.",
    record(
        {
            "status": one_of(Status),
            "waiting_time": number("Expected waiting time, in the user's unit."),
            "lower_bound": number("No policy is faster: proved."),
            "upper_bound": number("The policy is not slower: proved."),
            "average_fidelity": chance("The mean of what is delivered."),
            "price": number("d(waiting time)/d(average fidelity)."),
            "delivered": listed(
                record(
                    {
                        "fidelity": chance(),
                        "exact": exact("The fidelity, exactly."),
                        "probability": chance("That a run delivers such a pair."),
                    }
                ),
                "What is delivered, by fidelity.",
            ),
            "expected": part("totals"),
            "levels": listed(part("level")),
            "policy": listed(
                record(
                    {
                        "counts": part("configuration"),
                        "visits": number("How often a run is expected to come by.", minimum=0),
                        "actions": listed(DECIDED),
                    }
                )
            ),
        },
        {"refinement": LABELLING},
    ),
)

KEYRATE = document(
    "keyrate",
    "The greatest secret key per unit of time, as `keyrate` has it.",
    record(
        {
            **RATE,
            "protocol": text(f"What pairs are worth: {', '.join(PROTOCOLS)}, or what the user called it."),
            "cost": exact("What an attempt costs."),
        },
        {
            "refinement": LABELLING,
            "law": record(LAW_RECORD, told="How that spreads, with `--law`."),
            "simulation": record(SIMULATION_RECORD, told="What the policy earned, with `--simulate`."),
        },
    ),
    problem=record({name: told for name, told in PROBLEM_SETTINGS.items() if name not in AIMS}, OPERATIONS),
)

RATE_FRONTIER = document(
    "rate-frontier",
    "The greatest rate against the limit on what is used per unit of time, as `frontier --per-time` has it.",
    record(
        {
            "resource": text(),
            "points": listed(
                record(
                    {
                        "used": number("The limit, all of which is used per unit of time.", minimum=0),
                        "gain": number("The greatest rate within it."),
                        "price": number("d(gain)/d(limit) for limits above.", minimum=0),
                        "delivered": DELIVERED,
                        "levels": listed(part("level")),
                        "policy": listed(ROW, "Where it comes for ever, most time first."),
                    }
                ),
                "Every breakpoint.",
            ),
        }
    ),
    problem=ANY_PROBLEM,
)
