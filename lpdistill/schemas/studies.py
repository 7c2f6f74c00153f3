"""Schemas of studies of many problems, of maps, and of files."""

from __future__ import annotations

from lpdistill.problem.settings import swept
from lpdistill.schemas.answers import DEADLOCK, REFINEMENT
from lpdistill.schemas.parts import (
    ALGEBRAIC,
    LEVEL,
    OPERATIONS,
    PROBLEM_SETTINGS,
    anything,
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
from lpdistill.study.claims import Verdict
from lpdistill.study.grid import counted
from lpdistill.study.outcome import Ending

SAME = record({}, {**PROBLEM_SETTINGS, **OPERATIONS}, "What is the same of all problems.")

SWEEP = document(
    "sweep",
    "Policies on all problems of a grid, as `sweep` has them.",
    record(
        {
            "results": text("What computed them."),
            "axes": table(listed(text()), "Values by setting: exact numbers, or names."),
            "policies": listed(text()),
            "store": or_null(text(), "The database that keeps the results."),
            "computed": whole("Points that this run computed."),
            "reused": whole("Points that were in the store."),
            "points": listed(
                record(
                    {
                        "policy": text(),
                        "status": one_of(Ending),
                        "message": text("What to know of it; empty if it is done."),
                        "waiting_time": or_null(number()),
                        "lower_bound": or_null(number()),
                        "upper_bound": or_null(number()),
                        "std": or_null(number(minimum=0)),
                        "relative_gap": or_null(
                            number(minimum=0),
                            "How far apart the bounds of the optimum are, relative to the upper one; 0 if it is exact.",
                        ),
                        "levels": or_null(whole(), "How many lie below the target; null for infinitely many."),
                        "labels": or_null(whole(), "How many labels stand for them; null if all are told apart."),
                        "expected": part("totals"),
                        **DEADLOCK,
                        "seconds": number(minimum=0),
                        "advantage": or_null(number(), "The share of its time that the optimum saves."),
                        "problem": or_null(part("problem"), "Null: the gap leads beyond fidelity 1."),
                    },
                    dict.fromkeys((*swept(), *counted(), "rules"), text("Its value on this axis.")),
                )
            ),
        }
    ),
    problem=SAME,
)

WHERE = {name: PROBLEM_SETTINGS[name] for name in ("p", "memories", "f0", "target")}

REPRODUCTION = document(
    "reproduction",
    "The published study computed again, as `reproduce` has it.",
    record(
        {
            "tolerance": number("To which the published numbers were iterated."),
            "greatest_difference": number(minimum=0),
            "agrees": flag("Whether the tolerance explains every difference."),
            "numbers": listed(
                record(
                    {
                        "table": text(),
                        **WHERE,
                        "policy": text(),
                        "published": number(),
                        "found": number(),
                        "difference": number(),
                    }
                )
            ),
            "records": listed(
                record(
                    {
                        "baseline": text(),
                        "region": text("Where it was searched."),
                        **WHERE,
                        "levels": whole("How many there are."),
                        "waiting_times": table(or_null(number()), "By policy, the last step free; null: never ends."),
                        "of_optimum": number("(T_b - T) / T."),
                        "of_baseline": number("(T_b - T) / T_b."),
                        "of_baseline_charged": number("The same with the last step counted."),
                    }
                ),
                "The greatest advantages found.",
            ),
            "claims": listed(
                record(
                    {
                        "claim": text(),
                        "verdict": one_of(Verdict),
                        "finding": text(),
                        "evidence": table(anything("Numbers behind the finding.")),
                    }
                )
            ),
        },
        {"figures": listed(text(), "Files drawn.")},
    ),
    problem=SAME,
)

PIECE = or_null(
    record(
        {
            "from": part("algebraic"),
            "to": part("algebraic"),
            "trees": listed(text()),
            "finite": flag(),
            "complete": flag(),
        }
    )
)
FORMULA = record({"formula": text(), "latex": text()})

MADE = {"anyOf": [LEVEL, {"const": "target"}]}

FORMULAS = {
    "f0": text(),
    "levels": listed(
        record(
            {
                "index": LEVEL,
                "trees": listed(text()),
                "raw_pairs": whole(),
                "memories": whole(),
                "fidelity": text("As a function of f0."),
                "latex": text(),
            }
        )
    ),
    "pumping_limit": FORMULA,
    "pumping_rate": FORMULA,
    "pumping_rounds": whole("Of pumping that reach the target."),
    "memory_limit": or_null(record({"iterations_of_pumping_limit": whole()})),
    "same_levels": record({"gap": PIECE, "target": PIECE}, told="Where the same trees make the levels."),
}

PROBLEM_FORMULAS = document(
    "formulas", "The levels and limits of a problem as functions of its raw fidelity.", record(FORMULAS)
)

SHAPING = ("f0", "target", "distillation", "rules")
"""What levels depend on; labels that stand for them depend on everything."""

LEVELS = document(
    "levels",
    "Fidelity levels, distillation table and limits, as `levels` has them.",
    record(
        {
            "levels": listed(part("level")),
            "distillation": listed(
                record(
                    {"levels": listed(LEVEL, minItems=2), "success": chance()},
                    {
                        "result": MADE,
                        "outcomes": listed(
                            record({"probability": chance(), "result": MADE}), "Where success is several."
                        ),
                        "rounded_from": exact("The true fidelity, where the result is the label below it."),
                    },
                )
            ),
            "pumping_limit": number("What pumping alone approaches."),
            "memory_limit": or_null(number(), "What so many memories approach."),
            "finite": flag("Whether finitely many levels lie below the target."),
        },
        {
            "symbolic": record(FORMULAS, told="Levels and limits as formulas."),
            "refinement": REFINEMENT,
        },
    ),
    problem=record(
        {name: told for name, told in PROBLEM_SETTINGS.items() if name in SHAPING},
        {name: told for name, told in PROBLEM_SETTINGS.items() if name not in SHAPING} | OPERATIONS,
    ),
)

_PIECE = {
    "from": number(),
    "to": or_null(number(), "Null: infinity."),
    "policy": listed(part("decided")),
    "ties": listed(
        record({"counts": part("configuration"), "actions": listed(part("action"))}), "Where several are best."
    ),
}

POLICY_MAP = document(
    "policy-map",
    "All optimal policies along a parameter, as `policy-map` has them: waiting times, or gains with `--per-time`.",
    record(
        {
            "parameter": text("p, or tau_d/tau_g."),
            "breakpoints": listed(
                record(
                    {
                        **ALGEBRAIC,
                        "changes": listed(
                            record({"counts": part("configuration"), "before": part("action"), "after": part("action")})
                        ),
                    }
                )
            ),
            "pieces": {
                "anyOf": [
                    listed(record(_PIECE | {value: text(f"The {words}, a quotient of polynomials.")}))
                    for value, words in (("waiting_time", "waiting time"), ("gain", "pairs per unit of time"))
                ]
            },
        }
    ),
    problem=record(
        {n: s for n, s in PROBLEM_SETTINGS.items() if n not in {"p", "distillation_time"}},
        {n: PROBLEM_SETTINGS[n] for n in ("p", "distillation_time")} | OPERATIONS,
        "What is fixed.",
    ),
)

EXPORT = document(
    "export",
    "The files that `export` wrote.",
    record({"files": listed(text())}, {"contents": table(text(), "What a service does not write, but answers.")}),
    graphs=True,
)

GRAPH_DOCUMENT = document(
    "graph",
    "A state graph as node-link data, as `graph` has it; `networkx.node_link_graph` reads it.",
    record(
        {
            "directed": {"const": True},
            "multigraph": {"const": False},
            "graph": table(
                anything("Of the graph."), "Attributes of the graph; `start` names the node in which runs start."
            ),
            "nodes": listed(
                {
                    "type": "object",
                    "properties": {"id": {"type": "string"}, "kind": one_of(["state", "action", "target"])},
                    "required": ["id", "kind"],
                    "description": "A node with all its attributes.",
                }
            ),
            "edges": listed(
                {
                    "type": "object",
                    "properties": {"source": {"type": "string"}, "target": {"type": "string"}, "probability": chance()},
                    "required": ["source", "target"],
                    "description": "An edge with all its attributes.",
                }
            ),
        }
    ),
    graphs=True,
)
