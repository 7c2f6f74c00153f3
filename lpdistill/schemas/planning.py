"""Schemas of hardware for an objective."""

from __future__ import annotations

from lpdistill.planning.objective import Quantity
from lpdistill.planning.ranges import RANGED
from lpdistill.planning.search import Why
from lpdistill.schemas.parts import (
    OPERATIONS,
    PROBLEM_SETTINGS,
    document,
    exact,
    listed,
    number,
    one_of,
    or_null,
    record,
    table,
    text,
    whole,
)

CHOICE = table(text(), "The settings that vary, exactly.")
QUANTITIES = [one for one in Quantity if one is not Quantity.IN_TIME] + ["probability_in_time"]
OPTION = record(
    {
        "settings": CHOICE,
        "cost": exact("What it costs."),
        "value": or_null(number(), "What its best policy attains; null: nothing."),
        "bound": or_null(number(), "No policy on it attains a better value: proved."),
    },
    told="Hardware.",
)

PLAN = document(
    "plan",
    "The cheapest hardware that meets an objective, as `plan` has it.",
    record(
        {
            "objective": record(
                {"quantity": one_of(QUANTITIES), "limit": exact("The most or the least that will do.")},
                {"window": text("The time within which a pair is to be there."), "protocol": text("Of key.")},
                "What is asked.",
            ),
            "ranges": table(
                record(
                    {"values": listed(text(), "From worst to best."), "prices": listed(exact(), "What each costs.")},
                    {"price": exact("What one unit costs.")},
                ),
                "What there is to choose from, by setting.",
            ),
            "chosen": or_null(OPTION, "The cheapest that meets the objective; null: none does."),
            "frontier": listed(OPTION, "What attains more than whatever costs no more, if that was asked."),
            "improvements": record(
                {
                    "at": CHOICE,
                    "changes": listed(
                        record(
                            {
                                "setting": one_of(RANGED),
                                "kind": one_of(("step", "derivative")),
                                "before": text(),
                                "after": {"type": ["string", "null"], "description": "Null: a derivative, per unit."},
                                "gain": number("By how much the value becomes better."),
                                "cost": exact("By how much it becomes dearer."),
                                "gain_per_price": or_null(number(minimum=0), "Null: it gains, and costs nothing."),
                            }
                        ),
                        "Best for its price first.",
                    ),
                },
                told="What to improve, from which hardware.",
            ),
            "search": record(
                {
                    "combinations": whole("How many there are."),
                    "solved": whole("How many problems were solved."),
                    "monotone": listed(one_of(RANGED), "Better values of these are proved never to be worse."),
                    "left_out": listed(
                        record(
                            {
                                "from": CHOICE,
                                "to": CHOICE,
                                "combinations": whole(least=1),
                                "bound": or_null(number(), "None of them attains a better value: proved."),
                                "why": one_of(Why),
                            }
                        ),
                        "Hardware that need not be looked at: all combinations between two corners.",
                    ),
                },
                told="How it was found.",
            ),
        }
    ),
    problem=record({}, {**PROBLEM_SETTINGS, **OPERATIONS}, "What is fixed."),
)
