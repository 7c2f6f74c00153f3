"""The service: requests over HTTP, each computed within its limits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from lpdistill.server.access import Access
from lpdistill.server.bodies import digest, document_of
from lpdistill.server.desk import Answered, Desk
from lpdistill.server.limits import MEGABYTE, Limits
from lpdistill.server.metrics import MEDIA_TYPE as EXPOSITION
from lpdistill.server.metrics import Metrics, outcome_of
from lpdistill.server.openapi import openapi_document
from lpdistill.server.pool import Pool
from lpdistill.server.refusals import MEDIA_TYPE, RefusedError, refusal_of
from lpdistill.server.routes import ROUTES, Route
from lpdistill.server.store import Store
from lpdistill.server.tracing import Tracing
from lpdistill.telemetry import metrics as named
from lpdistill.version import __version__

T = TypeVar("T")

OPEN = frozenset({"/healthz", "/readyz"})
"""Paths for whoever looks after the service, which say nothing of what is asked."""

SOURCE = "Lpdistill-Answer"
"""The header that says where an answer comes from."""

SLOWEST_BODY = 30.0
"""Seconds in which a body must have come."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a service consists of.

    Attributes
    ----------
    workers
        Processes that answer.
    limits
        What a request may take.
    tokens
        Any of them lets in; without one, only the machine itself is.
    store, store_size
        The file that answers are kept in, or None for memory; bytes of what is kept.
    tracing
        Where spans go.
    """

    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    tokens: tuple[str, ...] = ()
    store: Path | None = None
    store_size: int = 64 * MEGABYTE
    tracing: Tracing = field(default_factory=Tracing)


def application(service: Service) -> FastAPI:
    """The service as an application of ASGI, whose lifespan starts and ends its processes."""
    metrics, access = Metrics(), Access(service.tokens)
    pool = Pool(service.workers, service.limits, lambda reason: metrics[named.WORKER_RESTARTS].labels(reason).inc())
    metrics[named.QUEUE_DEPTH].set_function(lambda: pool.waiting)
    metrics[named.WORKERS].set_function(lambda: pool.alive)
    metrics[named.WORKERS_BUSY].set_function(lambda: pool.busy)

    @asynccontextmanager
    async def lifespan(made: FastAPI) -> AsyncIterator[None]:
        store = Store(service.store, service.store_size)
        try:
            await pool.open()
            made.state.desk = Desk(pool, store)
            yield
            await pool.close()
        finally:
            store.close()
            service.tracing.close()

    app = FastAPI(
        title="lpdistill",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers={RefusedError: _refused, HTTPException: _unknown},
    )
    answers = _Answers(service, app, metrics)
    for route in ROUTES.values():
        app.add_api_route(route.path, answers.of(route), methods=["POST"], name=route.name)

    described = json.dumps(openapi_document(), separators=(",", ":")).encode()

    async def openapi() -> Response:
        return Response(described, media_type="application/json")

    async def alive() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    async def ready() -> Response:
        if pool.alive:
            return Response(b'{"status":"ready"}', media_type="application/json")
        raise RefusedError(503, "busy", "no process that answers is there yet; ask again", headers={"Retry-After": "1"})

    async def exposition() -> Response:
        return Response(metrics.exposition(), media_type=EXPOSITION)

    for path, asked in {"/openapi.json": openapi, "/healthz": alive, "/readyz": ready, "/metrics": exposition}.items():
        app.add_api_route(path, asked, methods=["GET"])
    app.add_middleware(_Door, access=access, metrics=metrics)
    return app


class _Door:
    """Lets in who may ask, before anything of a body is read."""

    def __init__(self, app: ASGIApp, access: Access, metrics: Metrics) -> None:
        self._app, self._access, self._metrics = app, access, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            try:
                self._access.require(Request(scope).headers)
            except RefusedError as error:
                self._metrics.refused(error)
                await _told(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Answers:
    """What answers requests."""

    def __init__(self, service: Service, app: FastAPI, metrics: Metrics) -> None:
        self._service, self._app, self._metrics = service, app, metrics

    def of(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        """What answers one of them."""

        async def answer(request: Request) -> Response:
            began, outcome = time.perf_counter(), "cancelled"
            with self._service.tracing.span(f"POST {route.path}", request.headers) as span:
                try:
                    reply, source = await self._answered(route, request)
                    outcome = outcome_of(reply)
                    self._metrics[named.ANSWERS].labels(source).inc()
                    if route.name == "watch" and reply.status == HTTPStatus.OK:
                        self._metrics.watched(json.loads(reply.body))
                except _GoneError:
                    return Response(status_code=499)
                except RefusedError as error:
                    outcome = "" if self._metrics.refused(error) else outcome_of(error)
                    raise
                except Exception:
                    outcome = "error"
                    raise
                finally:
                    if span is not None:
                        span.set_attributes(
                            {"lpdistill.request": route.name, "lpdistill.outcome": outcome or "refused"}
                        )
                    if outcome:
                        self._metrics.ended(route.name, outcome, time.perf_counter() - began)
                if span is not None:
                    span.set_attributes({"lpdistill.answer": source, "http.response.status_code": reply.status})
            media = "application/json" if reply.status < HTTPStatus.BAD_REQUEST else MEDIA_TYPE
            return Response(reply.body, reply.status, {SOURCE: source}, media)

        return answer

    async def _answered(self, route: Route, request: Request) -> Answered:
        """The answer to a request, unless it is refused or nobody waits for it."""
        body = await _body(request, self._service.limits.body)
        try:
            document = document_of(body)
            asked = route.read(document)
        except Exception as error:
            raise refusal_of(error) from error
        key = digest(route.name, asked) if route.lasting(asked) else None
        desk: Desk = self._app.state.desk
        return await _while_there(request, desk.ask(f"{route.name}\n".encode() + body, key))


class _GoneError(Exception):
    """Whoever asked has left."""


async def _while_there(request: Request, work: Awaitable[T]) -> T:
    """What comes of some work, which ends when whoever asked leaves."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _GoneError
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


async def _body(request: Request, most: int) -> bytes:
    """The body of a request, as far as it is one that is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        told = "content-type: must be application/json"
        raise RefusedError(415, "malformed-body", told, {"value": kind[:100]})
    told = f"body: must have at most {most:,} bytes"
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and (len(stated) > 15 or int(stated) > most):
        raise RefusedError(413, "too-large", told)
    parts, size = [], 0
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise RefusedError(413, "too-large", told)
                parts.append(part)
    except TimeoutError:
        raise RefusedError(408, "too-slow", f"body: must come within {SLOWEST_BODY:g} s") from None
    return b"".join(parts)


def _told(error: RefusedError) -> Response:
    return Response(error.to_bytes(), error.status, error.headers, MEDIA_TYPE)


async def _refused(_: Request, error: Exception) -> Response:
    return _told(refusal_of(error))


async def _unknown(request: Request, error: Exception) -> Response:
    """What is said of a path or a method that there is not."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    path = request.url.path[:100]
    like = get_close_matches(path, [route.path for route in ROUTES.values()], n=1)
    told = "there is no such request; GET /openapi.json lists them" + (f"; did you mean {like[0]}?" if like else "")
    if error.status_code == 405:
        told = "has another method; what is asked is POSTed, and the rest is got with GET"
    return _told(
        RefusedError(error.status_code, "no-such-request", f"{path}: {told}", headers=dict(error.headers or {}))
    )
