"""Schemas of what answers a question about one problem or one policy."""

from __future__ import annotations

from lpdistill.physics.rounding import Rounding
from lpdistill.program.refining import Stopped
from lpdistill.schemas.parts import (
    LEVEL,
    USE,
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
from lpdistill.solution.solution import DO_NOT_DISTIL, Status
from lpdistill.worth.optimal_range import End

TIME_RECORD = number("Expected waiting time, in the user's unit.")
BOUNDS = {
    "lower_bound": number("No policy is faster: proved."),
    "upper_bound": number("This policy is not slower: proved."),
}
DEADLOCK = {"deadlock": listed(part("configuration"), "Configurations in which runs are trapped.")}

PROGRAM = record(
    {
        "configurations": whole(),
        "columns": whole(),
        "method": text(),
        "iterations": whole("Of HiGHS."),
        "rounds": whole("How often all columns were priced."),
        "objective": number("The optimum as HiGHS reports it."),
        "seconds": number(minimum=0),
    },
    told="How the program was solved.",
)

ROW = record(
    {
        "counts": part("configuration"),
        "value": or_null(number(), "Expected time to go; null where the target is not reached for sure."),
        "visits": number("How often a run is expected to come by.", minimum=0),
        "actions": listed(part("decision")),
    }
)

DETERMINISM = record(
    {
        "lower_bound": number("No deterministic policy within the budgets is faster, as HiGHS claims."),
        "randomised_waiting_time": number("The least time of policies that may randomise."),
        "price": number("What it costs not to randomise."),
        "nodes": whole("Of branch and bound.", least=None),
    }
)

REFINEMENT = record(
    {
        "stopped": one_of(Stopped, "Why no more labels were added."),
        "labels": whole("Levels that are told apart."),
        "rounds": listed(
            record(
                {
                    "labels": whole(),
                    "lower": number("Least time of the label model that rounds up."),
                    "upper": or_null(number(), "Of the one that rounds down; null: it does not reach the target yet."),
                    "configurations": whole(),
                    "columns": whole(),
                }
            ),
            "The bracket, round by round.",
        ),
    },
    told="How labels that stand for levels were found.",
)

CUTOFFS = listed(
    record(
        {
            "level": LEVEL,
            "pair": text("The name of the label that it has when it is made."),
            "beside": listed(text(), "Those of the other pairs that are stored; none for a lone pair."),
            "kept": or_null(number(minimum=0), "The greatest age at which it is kept; null: discarded at once."),
            "discarded": or_null(number(minimum=0), "The least age at which it is discarded; null: met too rarely."),
            "visits": number("Expected number of steps that begin with such a pair stored.", minimum=0),
            "proved": flag("Whether every optimal policy has this cutoff."),
        }
    ),
    "Where pairs age: up to which age those of each kind are kept.",
)

SIDE = or_null(number(), "One-sided derivative; null where there is none.")
SLOPES = {
    "derivatives": table(
        record(
            {
                "value": or_null(number(), "d(waiting time)/d(parameter)."),
                "below": SIDE,
                "above": SIDE,
                "elasticity": or_null(number(), "Relative change of the waiting time by that of the parameter."),
                "kink": flag("Whether the two sides differ."),
            }
        ),
        "By parameter.",
    ),
    "jump": flag("Whether the waiting time jumps for any smaller f0."),
    "by_pair": listed(
        record({"levels": listed(LEVEL, minItems=2), "derivative": number()}),
        "By the success probability of distilling some levels.",
    ),
    "totals": table(table(number()), "Derivatives of the expected totals, by total and parameter."),
}

END = record(
    {
        "value": or_null(number(), "The parameter there; null: infinite."),
        "because": one_of(End, "What ends the range."),
        "takeovers": listed(
            record({"counts": part("configuration"), "action": part("action"), "replaced": part("action")}),
            "The actions that take over beyond.",
        ),
    }
)
RANGES = table(
    record({"value": number(), "lower": END, "upper": END}), "Values of each parameter for which the policy is optimal."
)
NEIGHBOURING = record(
    {
        "end": or_null(number()),
        "price": or_null(number(), "Null: no policy keeps within such limits."),
        "breakpoint": or_null(number(), "Where that price ends in turn; null: nowhere."),
    },
    told="The price beyond one end of a range.",
)
PRICES = {**USE, "below": or_null(NEIGHBOURING), "above": or_null(NEIGHBOURING)}
CHANGES = listed(
    record({"name": text(), "before": number(), "after": number(), "waiting_time": number(), "saves": number()}),
    "What changes in whole pieces save.",
)
CLAIMS = {
    "unique": flag("Whether all optimal policies are proved to do the same in every reachable configuration."),
    "checked_columns": whole(),
}
PROVED = {
    "waiting_time": exact("Least expected waiting time; missing where bounds of labels do not meet."),
    "lower_bound": exact("Where labels stand for levels: no policy is faster."),
    "upper_bound": exact("Where labels stand for levels: the policy is no slower."),
}

DIFFERENCES = listed(
    record(
        {
            "counts": part("configuration"),
            "one": listed(part("decision"), "What the first policy does; in a comparison, the optimum."),
            "other": listed(part("decision"), "What the other does."),
            "visits_one": or_null(number()),
            "visits_other": or_null(number()),
            "regret": or_null(number(), "How much longer it takes to act otherwise once."),
            "loss": or_null(number(), "Regret times visits of the other policy."),
        }
    ),
    "Configurations in which two policies act differently.",
)

SOLUTION_DOCUMENT = document(
    "solution",
    "An optimal policy, as `solve` has it.",
    record(
        {
            "status": one_of(Status),
            "waiting_time": TIME_RECORD,
            **BOUNDS,
            "program": PROGRAM,
            "levels": listed(part("level")),
            "expected": part("totals"),
            "policy": listed(ROW, "What to do in every configuration."),
            "budgets": table(part("use"), "By resource."),
        },
        {
            "verdict": one_of([DO_NOT_DISTIL], "Where raw pairs meet the target."),
            "determinism": DETERMINISM,
            "refinement": REFINEMENT,
            "cutoffs": CUTOFFS,
            "sensitivity": table(or_null(number()), "d(waiting time)/d(parameter), by parameter."),
            "sensitivity_details": record(SLOPES),
            "ranges": RANGES,
            "prices": table(record(PRICES), "By resource."),
            "increments": CHANGES,
            "certificate": record(CLAIMS, PROVED, told="What is proved exactly."),
        },
    ),
    graphs=True,
)

COMPARISON = document(
    "comparison",
    "The optimal policy and others, as `compare` has them.",
    record(
        {
            "policies": table(
                record(
                    {
                        "waiting_time": or_null(number(), "Null: never ends, not allowed, or not evaluated."),
                        "std": or_null(number(minimum=0), "Standard deviation of the waiting time."),
                        "expected": or_null(part("totals")),
                    },
                    {
                        **DEADLOCK,
                        "not_allowed": text("Which rule forbids it."),
                        "not_evaluated": text("Why it meets too many levels."),
                        "cutoff": number("The age beyond which it discards pairs.", minimum=0),
                    },
                ),
                "By name.",
            ),
            "advantage": table(or_null(number()), "The share of each policy's time that the optimum saves."),
        },
        {
            "differences": DIFFERENCES,
            "lower_bound": number("No policy is faster, where the optimum is known within a bracket.", minimum=0),
        },
    ),
    graphs=True,
)

BOUND = {"bound": flag("True: labels round results down, so that the model's numbers are bounds.")}

WAITING_TIME = document(
    "waiting-time",
    "The distribution of the waiting time of a policy, as `waiting-time` has it.",
    record(
        {
            "mean": or_null(number(), "Null: infinite, or not all times were computed."),
            "std": or_null(number(minimum=0), "Standard deviation; null as the mean is."),
            "tail_rate": or_null(number(), "The tail falls as exp(-rate t); null: times are bounded."),
            "truncated": chance("Of a finite time beyond those computed."),
            "never": chance("Of never reaching the target."),
            "unit": number("How far the times of `pmf` lie apart.", exclusiveMinimum=0),
            "first": or_null(number(), "The first of them; null: there is none."),
            "pmf": listed(chance(), "Probability of every time."),
        },
        {
            "policy": text("Its name, or its file."),
            "quantiles": table(or_null(number()), "Times by probability; null: never, or not computed."),
            "cdf": table(chance(), "Probabilities of being done, by time."),
            **DEADLOCK,
            **BOUND,
        },
    ),
    graphs=True,
)

EXPLANATION = document(
    "explanation",
    "All actions of one configuration, the best first, as `explain` has them.",
    record(
        {
            "counts": part("configuration"),
            "value": or_null(number(), "Expected time to go."),
            "actions": listed(
                acting(
                    {
                        "regret": number("How much longer it takes if the action is taken once."),
                        "probability": chance("That the policy takes it."),
                        "outcomes": listed(
                            record(
                                {
                                    "counts": or_null(part("configuration"), "Null: the target."),
                                    "target": flag(),
                                    "probability": chance(),
                                    "value": or_null(number(), "Expected time to go from there."),
                                }
                            )
                        ),
                    }
                )
            ),
        },
        {"cutoffs": CUTOFFS},
    ),
    graphs=True,
)

DIFFERENT = document(
    "differences", "Where two policies act differently.", record({"differences": DIFFERENCES}), graphs=True
)

POLICY_DOCUMENT = document(
    "policy",
    "A policy for one problem, as `export` and `write_policy` write it.",
    record(
        {"levels": listed(part("level")), "policy": listed(part("decided"))},
        {"rounding": one_of(Rounding, "Levels are labels; which way results are rounded to them.")},
    ),
    graphs=True,
)
