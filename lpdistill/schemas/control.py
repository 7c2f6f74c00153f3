"""Schemas of policies for a link whose generation probability is estimated."""

from __future__ import annotations

from lpdistill.control.table import BOUNDED, EXACT, FORMAT
from lpdistill.schemas.parts import (
    OPERATIONS,
    PROBLEM_SETTINGS,
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

WITHOUT_P = record(
    {name: told for name, told in PROBLEM_SETTINGS.items() if name != "p"}, OPERATIONS, "The problem, whatever its p."
)
TIME = or_null(number(), "Null: the policy never ends there.")

ADAPTATION = document(
    "adaptation",
    "The policy to use after so many attempts and successes, as `adapt` has it.",
    record(
        {
            "counted": record({"attempts": whole(least=1), "successes": whole(least=1)}),
            "estimate": record(
                {
                    "value": chance("Of p."),
                    "lower": chance("p is no less, with the confidence."),
                    "upper": chance("p is no greater, with the confidence."),
                    "confidence": chance(),
                    "look": {
                        "type": ["integer", "null"],
                        "description": "Which one, if there are several.",
                        "minimum": 1,
                    },
                }
            ),
            "policies": listed(
                record(
                    {
                        "number": whole("Of its piece of the map.", least=1),
                        "from": chance("It is optimal from this p on."),
                        "to": chance("It is optimal up to this p."),
                        "possible": flag("Whether the interval has a part of its piece."),
                        "waiting_time": TIME,
                        "worst_regret": or_null(number(), "By how much it is slower than the best, over the interval."),
                        "sure_gain": or_null(number(), "By how much it is faster than that in use, at least."),
                    }
                ),
                "All policies of the exact map.",
            ),
            "in_use": {"type": ["integer", "null"], "description": "The policy in use."},
            "threshold": number("What a change must gain for sure.", minimum=0),
            "recommended": whole("The policy to use.", least=1),
            "switch": flag("Whether the policy in use is to be changed."),
            "gain": or_null(number(), "By how much that is faster, at the estimate."),
            "regret": or_null(number(), "By how much what is in use is slower than the best, at the estimate."),
            "why": text("In words."),
        },
        {"table": text("The file that the table of policies was written to.")},
    ),
    problem=WITHOUT_P,
)

POLICY_TABLE = document(
    "policy-table",
    "Policies for a device, as `adapt --table` writes them: texts and whole numbers only.",
    record(
        {
            "format": {"const": FORMAT},
            "parameter": {"const": "p"},
            "proof": one_of((EXACT, BOUNDED), "By an exact map, or by bounds for whatever p does within an entry."),
            "signature": text("SHA-256 of the problem.", "^[0-9a-f]{64}$"),
            "levels": listed(exact(), "Fidelities, of which counts count pairs."),
            "entries": listed(
                record(
                    {
                        "from": listed(exact(), "Two numbers between which the end lies.", minItems=2, maxItems=2),
                        "to": listed(exact(), "The same.", minItems=2, maxItems=2),
                        "polynomial": or_null(text(), "Of an exact table: `to` has its only root between its numbers."),
                        "regret": exact("The policy is slower than the best by at most this share of that one's time."),
                        "policy": listed(
                            record({"counts": part("configuration"), "action": part("action")}),
                            "What to do.",
                        ),
                    }
                ),
                "In the order of p.",
                minItems=1,
            ),
            "digest": text("SHA-256 of all but this and the schema.", "^[0-9a-f]{64}$"),
        }
    ),
    problem=WITHOUT_P,
)
