"""What the service offers, as OpenAPI 3.1 has it: made from the tables of requests, keys and schemas."""

from __future__ import annotations

from typing import Any

from lpdistill.schemas import SCHEMAS
from lpdistill.server.refusals import MEDIA_TYPE, PREFIX, TITLES
from lpdistill.server.routes import ROUTES, Route, form_of
from lpdistill.version import __version__

REFUSAL: dict[str, Any] = {
    "type": "object",
    "description": "Why there is no answer (RFC 9457).",
    "properties": {
        "type": {"enum": [PREFIX + kind for kind in TITLES]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, where, the value found, and what to do."},
        "exit": {"enum": [1, 2, 3, 4], "description": "The exit code of the command line."},
        "where": {"type": "string"},
        "value": {},
        "what": {"type": "string"},
        "remedy": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "exit"],
}
"""The problem document."""

STATUSES = {
    "400": "The body is no JSON object.",
    "401": "There is no token that is known.",
    "403": "No token is asked for, and the host is not that of this machine.",
    "408": "The body did not come in time.",
    "409": "There is no answer: infeasible, out of reach, or a policy that never ends. Exit code 3.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "The question is wrong (exit code 2), too large to begin with (4), or what is claimed is not so (1).",
    "429": "Too many wait; Retry-After says when to ask again.",
    "500": "Something went wrong that should not have.",
    "503": "No process is free, one was lost, or its memory did not suffice.",
    "504": "The time of a request has passed.",
}
"""The statuses of refusals."""


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of the service."""
    needed = {kind for route in ROUTES.values() for kind in route.answers}
    schemas: dict[str, Any] = {"refusal": REFUSAL}
    for kind in sorted(needed):
        found = SCHEMAS[f"lpdistill.{kind}/1"]
        parts = found.get("$defs", {})
        own = {name: value for name, value in found.items() if name not in {"$schema", "$id", "$defs"}}
        schemas |= {kind: _moved(own, kind)} | {f"{kind}.{name}": _moved(one, kind) for name, one in parts.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lpdistill",
            "version": __version__,
            "description": "Optimal entanglement-distillation policies, with proofs. Answers are the documents of the "
            "command line; numbers may be JSON numbers or exact text.",
        },
        "security": [{}, {"token": []}],
        "paths": {route.path: {"post": _operation(route)} for route in ROUTES.values()} | _others(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                status: {"description": told, "content": {MEDIA_TYPE: {"schema": _of("refusal")}}}
                for status, told in STATUSES.items()
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    """What a request takes and answers."""
    kinds = [_of(kind) for kind in route.answers]
    form = form_of(route)
    rows = {name: one if name in form["required"] else _or_null(one) for name, one in form["properties"].items()}
    content: dict[str, Any] = {"schema": {**form, "properties": rows}}
    if route.example:
        content["examples"] = {route.name: {"value": route.example}}
    return {
        "operationId": route.name.replace("-", "_"),
        "summary": route.told,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {
                "description": route.told,
                "content": {"application/json": {"schema": {"anyOf": kinds} if len(kinds) > 1 else kinds[0]}},
            },
            **{status: {"$ref": f"#/components/responses/{status}"} for status in STATUSES},
        },
    }


def _others() -> dict[str, Any]:
    """What is there beside requests."""
    told = {
        "/healthz": ("Whether the service is alive.", "application/json"),
        "/readyz": ("Whether a process is there to answer.", "application/json"),
        "/metrics": ("What the service has done, for Prometheus.", "text/plain"),
        "/openapi.json": ("This document.", "application/json"),
    }
    return {
        path: {"get": {"summary": summary, "responses": {"200": {"description": summary, "content": {media: {}}}}}}
        for path, (summary, media) in told.items()
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A value, or null, which says as much as leaving it out."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    names = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*kinds, "null"], **names}


def _of(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _moved(schema: Any, kind: str) -> Any:
    """A schema whose parts stand among the components."""
    match schema:
        case {"$ref": str(place)}:
            return _of(f"{kind}.{place.rpartition('/')[2]}")
        case dict():
            return {name: _moved(one, kind) for name, one in schema.items()}
        case list():
            return [_moved(one, kind) for one in schema]
    return schema
