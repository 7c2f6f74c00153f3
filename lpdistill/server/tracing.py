"""Traces, where they are configured: a span for every request, below that of whoever sent it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError, names_like
from lpdistill.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

EXPORTER = "OTEL_TRACES_EXPORTER"
"""The variable of OpenTelemetry that says where spans go: ``console``, or what another package offers, such as otlp."""

GROUP = "opentelemetry_traces_exporter"
"""The entry points of packages that export spans."""


class Tracing:
    """Spans of one service, or none."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        self._tracer: Any = None
        if exporter is None:
            return
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only who traces needs it
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - the same
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - the same

        name = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "lpdistill"), "service.version": __version__}
        self._provider = TracerProvider(resource=Resource.create(name))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("lpdistill", __version__)

    @contextmanager
    def span(self, name: str, headers: Mapping[str, str]) -> Iterator[Span | None]:
        """A span for a request, below the one that its headers name; None where nothing is traced."""
        if self._tracer is None:
            yield None
            return
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - as above
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - the same

        above = TraceContextTextMapPropagator().extract(headers)
        with self._tracer.start_as_current_span(name, above, SpanKind.SERVER, record_exception=False) as span:
            yield span

    def close(self) -> None:
        """Send what is still here."""
        if self._tracer is not None:
            self._provider.shutdown()


def configured() -> Tracing:
    """Spans that go where the variables of OpenTelemetry say.

    Raises
    ------
    ModelError
        If nothing exports to there.
    """
    name = os.environ.get(EXPORTER, "console")
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        known = names_like(found, name)
        raise ModelError(EXPORTER, f"must be installed, such as opentelemetry-exporter-otlp; there are {known}", name)
    return Tracing(found[name].load()())
