"""Schemas of what runs a link."""

from __future__ import annotations

from lpdistill.deployment.alerts import PAGE, TICKET
from lpdistill.schemas.parts import chance, document, exact, flag, listed, number, one_of, or_null, record, text

ALERT = record(
    {
        "alert": text("Its name."),
        "severity": one_of((PAGE, TICKET)),
        "over": text("The stretch of time that it looks at.", r"^\d+[mhd]$"),
        "what": text("What is the case where it is there."),
        "predicted": or_null(number(), "What is predicted in its place."),
        "detects": or_null(number(), "The value that is found with probability 0.9 in one stretch."),
        "false_alarm": or_null(chance(), "Of an alarm at one look, where nothing has changed."),
        "exact": flag("Whether that is proved, or exact for the number of trials that is predicted."),
        "runbook": text("The section of the runbooks that says what to do."),
    }
)

OBJECTIVE = record(
    {
        "window": or_null(number(minimum=0), "The time in which deliveries are to be done."),
        "confidence": or_null(chance(), "The share of them that is to."),
        "throughput": or_null(number(minimum=0), "Pairs per unit of time, where that is the objective."),
        "false_alarms": number("In thirty days, of all alerts, at most.", minimum=0),
        "tested": chance("The share of delivered pairs that is measured."),
        "tolerance": chance("How far what is found may be from what is predicted."),
    }
)

PREDICTED = record(
    {
        "gain": number("Pairs delivered per unit of time.", minimum=0),
        "variance": number("By how much the variance of their number grows.", minimum=0),
        "waiting_time": number("Mean time from delivery to delivery.", minimum=0),
        "late": or_null(chance(), "The share of deliveries that take longer than the window."),
        "attempts": number("Of generation, per unit of time.", minimum=0),
        "p": chance("That an attempt succeeds."),
        "pass_probability": chance("That a pair at the target passes a test in a basis drawn from XX, YY, ZZ."),
        "distillations": listed(
            record(
                {
                    "levels": text("Of the pairs that go in.", r"^\d+(,\d+)*$"),
                    "success": chance(),
                    "rate": number("Per unit of time.", minimum=0),
                }
            )
        ),
    }
)

DEPLOYMENT = document(
    "deployment",
    "What running a link takes: what is predicted of it, and when somebody is told.",
    record(
        {
            "link": text("Its name."),
            "seconds": exact("How long a unit of time is."),
            "objective": OBJECTIVE,
            "predicted": PREDICTED,
            "buckets": listed(number(), "Sizes by which exporters are to count waiting times."),
            "alerts": listed(ALERT, "When somebody is told."),
            "files": listed(text(), "Where they were written."),
        }
    ),
)
