"""What is said to whoever gets no answer: problem documents (RFC 9457), with the exit codes of the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from http import HTTPStatus
from math import isfinite
from typing import Any

from lpdistill.errors import (
    ImproperPolicyError,
    InfeasibleError,
    LimitError,
    LpdistillError,
    ModelError,
    UnreachableTargetError,
    quoted,
)

MEDIA_TYPE = "application/problem+json"

PREFIX = "urn:lpdistill:problem:"
"""What names of kinds of refusals begin with."""

REMEDY = re.compile(r"; (?![^(]*\))")
"""What stands between what is wrong and what to do, which no brackets hold."""

TITLES = {
    "malformed-body": "The body of the request is not what is sent here",
    "wrong-input": "The question describes no model",
    "infeasible": "Nothing does what is asked",
    "limit": "What is asked is larger than this service computes",
    "unauthorized": "The request has no token that is known here",
    "no-such-request": "There is no such request",
    "too-large": "The body of the request is too large",
    "too-slow": "The body of the request did not come in time",
    "busy": "All processes are at work, and others wait for them",
    "out-of-time": "The time of a request has passed",
    "out-of-memory": "The memory of a request did not suffice",
    "lost": "The process that computed the answer was lost",
    "not-certified": "What is claimed is not proved",
    "unexpected": "Something went wrong that should not have",
}
"""The kinds of refusals, with what each is about."""

STATUSES: tuple[tuple[type[Exception], int, str], ...] = (
    (ModelError, 422, "wrong-input"),
    (UnreachableTargetError, 409, "infeasible"),
    (InfeasibleError, 409, "infeasible"),
    (ImproperPolicyError, 409, "infeasible"),
    (LimitError, 422, "limit"),
)
"""The status of errors of the library, with the kind of refusal that they are."""


class RefusedError(LpdistillError):
    """Why a request gets no answer.

    Parameters
    ----------
    status
        The status of HTTP.
    kind
        One of :data:`lpdistill.server.refusals.TITLES`.
    message
        What is wrong, where, and what to do.
    members
        What the document has besides.
    headers
        Those of the response.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.kind = kind
        self.members = dict(members or {})
        self.headers = dict(headers or {})
        super().__init__(message)

    def to_dict(self) -> dict[str, Any]:
        """The problem document."""
        code = {HTTPStatus.SERVICE_UNAVAILABLE: 4, HTTPStatus.GATEWAY_TIMEOUT: 4, HTTPStatus.TOO_MANY_REQUESTS: 4}
        given = 2 if self.status < HTTPStatus.INTERNAL_SERVER_ERROR else 1
        head = {"type": PREFIX + self.kind, "title": TITLES[self.kind], "status": self.status, "detail": str(self)}
        return {**head, "exit": code.get(HTTPStatus(self.status), given), **self.members}

    def to_bytes(self) -> bytes:
        """The problem document as it is sent."""
        return json.dumps(self.to_dict(), allow_nan=False).encode()


def refusal_of(error: Exception) -> RefusedError:
    """What is said of an error: all that it says, unless nobody raised it on purpose.

    Examples
    --------
    >>> found = refusal_of(ModelError("p", "must be at most 1; give a probability", 2)).to_dict()
    >>> found["status"], found["exit"], found["where"], found["value"], found["what"], found["remedy"]
    (422, 2, 'p', 2, 'must be at most 1', 'give a probability')
    """
    if isinstance(error, RefusedError):
        return error
    for kind, status, name in STATUSES:
        if isinstance(error, kind):
            return RefusedError(status, name, str(error), {"exit": kind.exit_code, **_members(error)})  # type: ignore[attr-defined]
    if isinstance(error, LpdistillError):
        return RefusedError(500, "not-certified", str(error), {"exit": error.exit_code, **_members(error)})
    if isinstance(error, MemoryError):
        what = "the memory that this service gives a request does not suffice"
        return RefusedError(503, "out-of-memory", f"{what}; take fewer memories, or a target with fewer levels")
    return RefusedError(500, "unexpected", "something unexpected happened; the log of the service says what")


def _members(error: Exception) -> dict[str, Any]:
    """What an error carries, what is wrong and what to do."""
    told = str(error)
    if isinstance(error, ModelError):
        told = told.removeprefix(f"{error.where}: ").removesuffix(f" (found {quoted(error.value)})")
    what, *remedy = REMEDY.split(told, maxsplit=1)
    return {
        **{name: _plain(value) for name, value in vars(error).items() if name != "exit_code"},
        "what": what,
        "remedy": remedy[0] if remedy else what,
    }


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one for each type of JSON
    """A value as JSON data."""
    match value:
        case None | bool():
            return value
        case str():
            return value if len(value) <= 300 else f"{value[:300]}..."
        case int():
            return value if abs(value) < 2**53 else quoted(value)
        case float():
            return value if isfinite(value) else None
        case Fraction():
            return str(value)
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value[:100]]
    return re.sub(r" at 0x[0-9a-f]+", "", quoted(value))
