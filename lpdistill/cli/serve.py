"""``lpdistill serve``: requests over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, NUMBER
from lpdistill.errors import ModelError
from lpdistill.numbers import exact, whole
from lpdistill.server.access import TOKEN, tokens_of
from lpdistill.server.limits import MEGABYTE, Limits


def serve(
    host: Annotated[str, Option("--host", metavar="<address>", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[str, Option("--port", metavar=INTEGER, help="The port; 0 takes one that is free.")] = "8000",
    token_file: Annotated[
        Path | None,
        Option(
            "--token-file",
            metavar=FILE,
            help=f"Whoever asks must have one of the tokens in this file, one a line.  [default: that in {TOKEN}]",
        ),
    ] = None,
    workers: Annotated[
        str | None,
        Option("--workers", metavar=INTEGER, help="Processes that answer.  [default: as many as there are cores]"),
    ] = None,
    time: Annotated[str, Option("--time", metavar=NUMBER, help="Seconds that a request may take.")] = "30",
    memory: Annotated[str, Option("--memory", metavar=INTEGER, help="Megabytes that a request may take.")] = "2048",
    body: Annotated[str, Option("--body", metavar=NUMBER, help="Megabytes of the body of a request.")] = "1",
    queue: Annotated[str, Option("--queue", metavar=INTEGER, help="Requests that may wait.")] = "64",
    store: Annotated[
        Path | None,
        Option("--store", metavar=FILE, help="SQLite database that keeps answers.  [default: in memory]"),
    ] = None,
    store_size: Annotated[str, Option("--store-size", metavar=NUMBER, help="Megabytes of answers kept.")] = "64",
    tracing: Annotated[
        bool, Option("--tracing", help="Send traces to where the variables of OpenTelemetry say (the console).")
    ] = False,
) -> None:
    """Answer over HTTP what the command line answers: POST /v1/solve with a problem, and so on.

    Only this machine may ask, unless there is a token.  GET /openapi.json says what may be asked.

    Examples
    --------
    lpdistill serve --port 8000
    lpdistill serve --host 0.0.0.0 --token-file tokens.txt --store answers.sqlite
    """
    count = (os.cpu_count() or 1) if workers is None else whole(workers, "workers")
    if count < 1:
        raise ModelError("workers", "must be at least 1", workers)
    limits = Limits.of(seconds=time, memory=memory, body=body, queue=queue)
    kept = exact(store_size, "store size")
    if kept < 0:
        raise ModelError("store size", "must be at least 0", store_size)
    tokens = tokens_of(token_file)
    try:
        from lpdistill.server.service import Service  # noqa: PLC0415 - only who serves has FastAPI
        from lpdistill.server.tracing import Tracing, configured  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        raise ModelError("serve", f"needs {error.name}; pip install 'lpdistill[service]'", None) from None
    from lpdistill.server.running import run  # noqa: PLC0415 - the same

    traced = configured() if tracing else Tracing()
    run(Service(count, limits, tokens, store, int(kept * MEGABYTE), traced), host, port)
