"""What schemas are made of: JSON Schema in few words, and the parts that several documents have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from lpdistill.hardware.rules import BUILT_IN, number_of
from lpdistill.physics.levels import ANY_OTHER, UNMADE
from lpdistill.problem.settings import SETTINGS, Setting, ValueKind

Schema: TypeAlias = dict[str, Any]


def number(told: str = "", **limits: float) -> Schema:
    """A number."""
    return _told({"type": "number", **limits}, told)


def whole(told: str = "", least: int | None = 0) -> Schema:
    """A whole number, not negative unless told otherwise."""
    return _told({"type": "integer", **({} if least is None else {"minimum": least})}, told)


def chance(told: str = "") -> Schema:
    """A probability."""
    return number(told, minimum=0, maximum=1)


def text(told: str = "", pattern: str | None = None) -> Schema:
    """A text."""
    return _told({"type": "string", **({} if pattern is None else {"pattern": pattern})}, told)


def exact(told: str = "") -> Schema:
    """A rational number as text: a whole number, or a fraction in lowest terms."""
    return text(told, r"^-?\d+(/\d+)?$")


def flag(told: str = "") -> Schema:
    """True or false."""
    return _told({"type": "boolean"}, told)


def one_of(values: Any, told: str = "") -> Schema:
    """One of some texts."""
    return _told({"enum": [str(value) for value in values]}, told)


def anything(told: str) -> Schema:
    """Whatever there is."""
    return {"description": told}


def listed(items: Schema, told: str = "", **sizes: int) -> Schema:
    """A list."""
    return _told({"type": "array", "items": items, **sizes}, told)


def table(values: Schema, told: str = "") -> Schema:
    """Values by names that depend on what was asked."""
    return _told({"type": "object", "additionalProperties": values}, told)


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, told: str = "") -> Schema:
    """Values by names that are all listed here."""
    found = {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }
    return _told(found, told)


def or_null(schema: Schema, told: str = "") -> Schema:
    """A value, or null where there is none."""
    if isinstance(schema.get("type"), str):
        return _told({**schema, "type": [schema["type"], "null"]}, told)
    return _told({"anyOf": [schema, {"type": "null"}]}, told)


def part(name: str) -> Schema:
    """One of :data:`PARTS`, by name."""
    return {"$ref": f"#/$defs/{name}"}


def _told(schema: Schema, told: str) -> Schema:
    return {**schema, "description": told} if told else schema


LEVEL = whole("A fidelity level, from 0.")
ACTION = {
    "generate": whole("The number of generation attempts."),
    "distil": listed(listed(LEVEL, minItems=2), "The levels that are distilled together; that kept stands last."),
}
DISCARD = {"discard": listed(LEVEL, "The levels of the pairs that are thrown away.")}
ACTED = {*ACTION, *DISCARD}


def acting(more: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, told: str = "") -> Schema:
    """An action with what is said of it."""
    return record({**ACTION, **more}, {**DISCARD, **(optional or {})}, told)


TABLE_SCHEMAS = {"rules": listed(part("rule"), SETTINGS["rules"].told), "budgets": part("limits")}
"""The settings that are tables."""


def setting(row: Setting) -> Schema:
    """What a problem says of a setting."""
    told = row.told
    found: dict[ValueKind, Schema] = {
        ValueKind.NUMBER: exact(told),
        ValueKind.SIDES: text(told),
        ValueKind.WHOLE: whole(told, least=1),
        ValueKind.NUMBERS: {"type": "array", "description": told},
        ValueKind.CHOICE: text(told) if row.name == "distillation" else one_of(row.values, told),
        ValueKind.FLAG: flag(told),
    }
    return found[row.kind] if row.kind in found else TABLE_SCHEMAS[row.name]


PROBLEM_SETTINGS = {name: setting(row) for name, row in SETTINGS.items() if row.stated and row.kept}
"""What a problem says of itself, exactly."""

OPERATIONS = {name: setting(row) for name, row in SETTINGS.items() if not row.stated}
"""What it says of operations that are not those of the paper."""

USE = {
    "limit": number("The limit that the price is of."),
    "used": number("What the policy is expected to use."),
    "price": number("d(waiting time)/d(limit)."),
    "valid_from": or_null(number(), "From which limit on the price holds, at least; null: no end."),
    "valid_to": or_null(number(), "Up to which limit it holds, at least; null: no end."),
    "degenerate": flag("Whether the price holds to one side only, or over a range that is not known."),
}
"""What came of a budget."""

ALGEBRAIC = {
    "value": number(),
    "decimals": text("Thirty digits."),
    "interval": listed(exact(), "Two fractions that enclose it, and no other root.", minItems=2, maxItems=2),
    "polynomial": text("Its minimal polynomial."),
}
"""A real algebraic number."""

PARTS: dict[str, Schema] = {
    "problem": record(PROBLEM_SETTINGS, OPERATIONS, "What was asked, exactly: numbers as text."),
    "graph": record(
        {
            "graph": record({"states": whole(), "actions": whole(), "start": part("node")}),
            "budgets": part("limits"),
        },
        told="A state graph: its size, where runs start, and its budgets.",
    ),
    "rule": {
        "anyOf": [
            record(
                {"rule": one_of(BUILT_IN)},
                {name: whole() for name in filter(None, map(number_of, BUILT_IN.values()))},
            ),
            {
                "type": "object",
                "properties": {"rule": {"type": "string", "not": one_of(BUILT_IN)}},
                "required": ["rule"],
                "description": "A rule of the user's own.",
            },
        ]
    },
    "limits": table(
        record({}, {"most": exact("Upper limit."), "least": exact("Lower limit.")}),
        "Limits on expected totals of a run, by resource.",
    ),
    "node": anything("A node of a state graph, as the JSON data that is most like it."),
    "configuration": listed(whole(), "A configuration: the number of pairs stored at each level."),
    "action": acting({}, told="What is done in one step."),
    "decision": acting({"probability": chance("Of taking it.")}, told="An action, and how probably it is taken."),
    "decided": record({"counts": part("configuration"), "actions": listed(part("decision"))}),
    "level": record(
        {"fidelity": chance(), "exact": exact("The fidelity, exactly.")},
        {
            "index": LEVEL,
            "weights": listed(chance(), "Of Phi+, Psi+, Psi- and Phi-: of a Bell-diagonal pair.", minItems=4),
            "name": text("Where another level has the same fidelity."),
            "age": text("How old the pair is, where pairs age; its fidelity is a bound then."),
            "tree": text("The composition that makes it: f0, or D(a, b)."),
            "memories_needed": whole("Of a label: the least number with which it can be made."),
            "needed": flag("Of a label: whether the optimum on labels can meet it."),
            "stands": one_of([UNMADE, ANY_OTHER], "Instead of a tree, of the label that nothing makes."),
        },
        "A fidelity level below the target.",
    ),
    "totals": table(number(), "Expected totals of a run, by resource."),
    "use": record(USE, told="What came of a budget."),
    "algebraic": record(ALGEBRAIC, told="A real algebraic number."),
}
"""The parts that documents share."""


ON_GRAPHS = {"problem": "graph", "configuration": "node"}
"""What stands for a part in a document about a state graph."""


def document(
    name: str,
    told: str,
    content: Schema,
    *,
    problem: Schema | None = None,
    graphs: bool = False,
) -> Schema:
    """The schema of a document, with the shared parts that it needs.

    Parameters
    ----------
    name
        The document says that it follows ``lpdistill.name/1``.
    told
        What it is.
    content
        What it has besides its schema and problem: a record.
    problem
        What it says of its problem; all of it by default.
    graphs
        Whether it may also be about a state graph.
    """
    title = f"lpdistill.{name}/1"
    head = {"schema": {"const": title}, "problem": problem or part("problem")}
    body = {
        **content,
        "properties": {**head, **content["properties"]},
        "required": [*head, *content["required"]],
    }
    if graphs:
        body = {"if": {"properties": {"problem": {"required": ["graph"]}}}, "then": _on_graphs(body), "else": body}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lpdistill:{name}:1",
        "title": title,
        "description": told,
        **body,
        "$defs": _needed(body),
    }


def _needed(schema: Schema) -> dict[str, Schema]:
    """The shared parts that a schema names, and those that they name, in order."""
    known = PARTS | {f"{name}_on_graph": _on_graphs(one) for name, one in PARTS.items()}
    found: set[str] = set()
    waiting = _references(schema)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _references(known[name])
    return {name: one for name, one in known.items() if name in found}


def _references(schema: object) -> set[str]:
    """The shared parts that a schema names."""
    match schema:
        case {"$ref": str(place)}:
            return {place.rpartition("/")[2]}
        case dict():
            return {name for value in schema.values() for name in _references(value)}
        case list():
            return {name for value in schema for name in _references(value)}
        case _:
            return set()


def _on_graphs(schema: Any) -> Any:
    """The same of a state graph: configurations and actions are its nodes."""
    match schema:
        case {"$ref": str(place)}:
            name = place.rpartition("/")[2]
            differs = _on_graphs(PARTS[name]) != PARTS[name]
            return part(ON_GRAPHS.get(name, f"{name}_on_graph" if differs else name))
        case {"properties": {"generate": _, "distil": _}}:
            named = {"action": part("node")} | {k: v for k, v in schema["properties"].items() if k not in ACTED}
            required = ["action", *(name for name in schema["required"] if name not in ACTED)]
            return _on_graphs({**schema, "properties": named, "required": required})
        case dict():
            return {name: _on_graphs(value) for name, value in schema.items()}
        case list():
            return [_on_graphs(value) for value in schema]
        case _:
            return schema
