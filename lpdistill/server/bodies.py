"""JSON from strangers: how large, how deep and how long its parts may be is known before anything of it is expanded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import LONGEST_NUMBER, RATIONAL
from lpdistill.server.refusals import RefusedError

DEEPEST = 32
"""Lists and tables within each other, beyond which nothing that is asked lies."""


def document_of(body: bytes) -> dict[str, Any]:
    """The JSON object in the body of a request; decimals are kept exactly, and are not expanded.

    Raises
    ------
    RefusedError
        If it is no JSON object, has a key twice, or lies too deep.
    ModelError
        If a number is longer than numbers are.

    Examples
    --------
    >>> document_of(b'{"p": 0.10, "memories": 4}')
    {'p': Decimal('0.10'), 'memories': 4}
    """
    try:
        found = json.loads(str(body, "utf-8-sig"), **HOOKS)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise _malformed("is not UTF-8; send JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"is not JSON: {error}; send a JSON object") from None
    if not isinstance(found, dict):
        raise _malformed('must be a JSON object, such as {"problem": {...}}')
    _require_flat(found)
    return found


def digest(name: str, document: Mapping[str, Any]) -> str:
    """A digest of what is asked, the same however a body is spaced and ordered.

    >>> digest("solve", {"a": 1, "b": Decimal("0.5")}) == digest("solve", {"b": Decimal("0.5"), "a": 1})
    True
    >>> digest("solve", {"p": Decimal("0.5")}) == digest("solve", {"p": "0.5"})
    False
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=lambda number: {"": str(number)})
    return sha256(f"{name}\n{text}".encode()).hexdigest()


def told(value: Any, decimals: Callable[[Decimal], Any] = str) -> Any:
    """JSON data with something else for decimals: their text, which is exact, or floating point.

    >>> told({"p": [Decimal("0.10"), 1]}), told(Decimal("0.10"), float)
    ({'p': ['0.10', 1]}, 0.1)
    """
    match value:
        case Decimal():
            return decimals(value)
        case dict():
            return {name: told(one, decimals) for name, one in value.items()}
        case list():
            return [told(one, decimals) for one in value]
    return value


def demand(value: Any, schema: Mapping[str, Any], where: str) -> None:
    """Refuse a value that does not have the form of a schema: of those parts of JSON Schema that parameters use.

    Raises
    ------
    ModelError
        If it does not; the message names what is wrong, and where.
    """
    if "type" not in schema:
        return
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, TYPES[kind]) and isinstance(value, bool) == (kind == "boolean") for kind in kinds):
        raise ModelError(where, f"must be {FORMS[' '.join(kinds)]}", _shown(value))
    if "enum" in schema and value not in schema["enum"]:
        raise ModelError(where, f"must be one of {names_like(schema['enum'], value)}", value)
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        raise ModelError(where, f"has more than {schema['maxLength']} characters; give a shorter one", _shown(value))
    if isinstance(value, list):
        most, least = schema.get("maxItems", len(value)), schema.get("minItems", 0)
        if not least <= len(value) <= most:
            raise ModelError(where, f"must be a list of {least} to {most} items", f"{len(value)} items")
        for item in value:
            demand(item, schema["items"], where)
    if isinstance(value, dict):
        _demand_table(value, schema, where)


def _demand_table(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> None:
    """Refuse a table that lacks a key, or has one that is unknown or wrong."""
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if value.get(name) is None:
            raise ModelError(name, f"is missing; give it in {where}", None)
    for name, one in value.items():
        if name in known:
            if one is not None:
                demand(one, known[name], name)
        elif others is False:
            raise ModelError(where, f"has an unknown key; known keys are {names_like(known, name)}", _shown(name))
        elif isinstance(others, Mapping):
            demand(one, others, f"{where} {_shown(name)}")


FORMS = {
    "number string array": "a number, or a list of numbers",
    "boolean": "true or false",
    "string": "text",
    "number string": RATIONAL,
    "array": "a list",
    "object": "a table",
}
"""What values are called in messages."""

TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "number": (int, Decimal),
    "array": (list,),
    "object": (dict,),
}


def _shown(value: Any) -> Any:
    """A value in a message, cut where it is long."""
    return value[:40] + "..." if isinstance(value, str) and len(value) > 40 else value


def _table(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _malformed(f"has a key twice: {_shown(next(name for name in names if names.count(name) > 1))!r}")
    return found


def _whole(text: str) -> int:
    return int(_ordinary(text))


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(_ordinary(text))
    except InvalidOperation:  # an exponent of many digits
        found = Decimal("inf")
    if not found.is_finite() or abs(found.adjusted()) > LONGEST_NUMBER:
        raise ModelError("body", f"has a number with an exponent beyond {LONGEST_NUMBER}", text[:20])
    return found


def _ordinary(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise ModelError("body", f"has a number of more than {LONGEST_NUMBER} characters", text[:20] + "...")
    return text


def _constant(text: str) -> None:
    raise _malformed(f"has {text}, which JSON has not")


HOOKS: Mapping[str, Any] = {
    "object_pairs_hook": _table,
    "parse_int": _whole,
    "parse_float": _decimal,
    "parse_constant": _constant,
}
"""What is made of numbers and tables."""


def _require_flat(document: dict[str, Any]) -> None:
    """Refuse a document that lies too deep, level by level."""
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> RefusedError:
    return _malformed(f"has lists and tables more than {DEEPEST} deep")


def _malformed(told: str) -> RefusedError:
    return RefusedError(400, "malformed-body", f"body: {told}")
