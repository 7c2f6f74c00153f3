"""Schemas of what happens within a window of time, and in single runs."""

from __future__ import annotations

from lpdistill.schemas.answers import BOUND, BOUNDS, TIME_RECORD
from lpdistill.schemas.parts import (
    chance,
    document,
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
from lpdistill.simulation.history import Operation

WINDOW = number("Time within which the target is to be reached.", minimum=0)
REMAINING = number("Time left.", minimum=0)

DEADLINE = document(
    "deadline",
    "The policy that is most likely done within a window, as `deadline` has it.",
    record(
        {
            "window": WINDOW,
            "probability": chance("Of being done within it."),
            "probability_of_fastest_mean": chance("The same of the policy that is fastest on average."),
            "waiting_time": or_null(number(), "Expected; null: infinite."),
            "waiting_time_of_fastest_mean": TIME_RECORD,
            "curve": listed(
                record({"window": WINDOW, "probability": chance(), "probability_of_fastest_mean": chance()}),
                "The same for every shorter window.",
            ),
            "differences": listed(
                record(
                    {
                        "remaining": REMAINING,
                        "counts": part("configuration"),
                        "action": part("action"),
                        "fastest": part("action"),
                        "probability": chance("Of being in time."),
                        "probability_of_fastest": chance("The same if the fastest policy's action is taken."),
                        "visits": number("How often a run is expected to come by.", minimum=0),
                    }
                ),
                "Where the policy leaves the fastest one.",
            ),
        },
        {
            "confidence": chance("The window is the smallest that is met with it."),
            "greatest_probability": chance("Of any policy, at most, where labels stand for levels."),
            "least_window": number("No smaller one is met with the confidence, whatever the policy.", minimum=0),
        },
    ),
    graphs=True,
)

SERVICE_LEVEL = document(
    "service-level",
    "The fastest policy that is done within a window at a confidence, as `deadline` has it.",
    record(
        {
            "window": WINDOW,
            "confidence": chance(),
            "waiting_time": TIME_RECORD,
            **BOUNDS,
            "probability": chance("Of being done within the window."),
            "greatest_probability": chance("Of any policy."),
            "waiting_time_of_fastest_mean": TIME_RECORD,
            "probability_of_fastest_mean": chance(),
            "price": number("d(waiting time)/d(confidence)."),
            "valid_from": chance("From which confidence on the price holds, at least."),
            "valid_to": chance("Up to which confidence it holds, at least."),
            "budgets": table(part("use")),
            "policy": listed(
                record(
                    {
                        "remaining": REMAINING,
                        "counts": part("configuration"),
                        "visits": number(minimum=0),
                        "actions": listed(part("decision")),
                    }
                ),
                "What to do in every configuration reachable in time.",
            ),
        }
    ),
    graphs=True,
)

DEADLINE_FRONTIER = document(
    "deadline-frontier",
    "Expected time against the probability of being late, as `deadline` has it.",
    record(
        {
            "window": WINDOW,
            "points": listed(
                record({"probability": chance(), "late": chance(), "waiting_time": TIME_RECORD, "price": number()}),
                "Every breakpoint.",
            ),
        }
    ),
    graphs=True,
)

DEVIATING = record(
    {
        "p": or_null(chance()),
        "f0": or_null(chance()),
        "message_loss": chance("That the message of a step is lost, and its time passes again."),
        "jitter": number("Coefficient of variation of step durations.", minimum=0),
    },
    told="What is different in reality; null: as in the model.",
)

ESTIMATE = record(
    {
        "value": or_null(number()),
        "lower": or_null(number()),
        "upper": or_null(number()),
        "standard_error": or_null(number(minimum=0)),
        "model": or_null(number(), "The exact number, where the model knows it."),
        "standard_errors_away": or_null(number()),
    },
    told="An estimate and its interval; null where there is none.",
)

RUN = {
    "deviations": DEVIATING,
    "seed": whole(),
    "waiting_time": or_null(number(), "Null: the run was given up at the horizon."),
    "events": listed(
        record(
            {
                "step": whole(least=1),
                "start": number(minimum=0),
                "end": number(minimum=0),
                "operation": one_of(Operation),
                "memories": listed(whole(least=1)),
                "success": flag(),
                "consumed": listed(chance(), "Real fidelities of the pairs in those memories before."),
                "fidelity": or_null(chance(), "Real fidelity of the pair made."),
            }
        )
    ),
}

HISTORY = document("history", "One run, recorded.", record(RUN))

SIMULATION = document(
    "simulation",
    "Many runs of a policy, as `simulate` has them.",
    record(
        {
            "runs": whole(),
            "seed": whole(),
            "confidence": chance("Level of the intervals."),
            "horizon": or_null(number(), "Time after which a run was given up."),
            "deviations": DEVIATING,
            **dict.fromkeys(("waiting_time", "std"), ESTIMATE),
            "quantiles": table(ESTIMATE, "By probability."),
            "expected": table(ESTIMATE, "Totals of a run, by resource."),
            **dict.fromkeys(("yield", "distillation_success", "success_rate", "fidelity", "meeting_target"), ESTIMATE),
        },
        {"policy": text("Its name, or its file."), "history": record(RUN), **BOUND},
    ),
)
