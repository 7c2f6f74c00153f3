"""Services as processes of their own, and what is asked of them."""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

SMALL = {"p": "1/2", "memories": 3, "f0": "3/4", "target": "79/100"}
PATIENCE = 120.0
"""Seconds that tests wait for what they look for, on a machine with much to do."""


def until(found: Callable[[], Any]) -> Any:
    """What a function gives, once that is something."""
    ends = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < ends, "what is looked for does not come"
        time.sleep(0.02)
    return value


def lasting(seed: int, runs: int = 4 * 10**7) -> dict[str, Any]:
    """A question whose answer takes minutes, or as long as so many runs do."""
    return {"problem": SMALL, "runs": runs, "seed": seed}


@dataclass
class Served:
    """A service that runs."""

    process: psutil.Popen
    url: str
    log: Path

    def client(self, **settings: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, **settings)

    def ask(self, name: str, **body: Any) -> httpx.Response:
        with self.client() as client:
            return client.post(f"/v1/{name}", json=body)

    def waiting(self, name: str, **body: Any) -> socket.socket:
        """Somebody who asks, and may leave before the answer comes."""
        at, content = httpx.URL(self.url), json.dumps(body).encode()
        made = socket.create_connection((at.host, at.port))
        head = f"POST /v1/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        made.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        return made

    def workers(self) -> list[psutil.Process]:
        return [one for one in self.process.children() if "lpdistill.server.worker" in one.cmdline()]

    def metric(self, name: str) -> float:
        """A sample of ``/metrics``, with its labels as they are written."""
        text = httpx.get(f"{self.url}/metrics", timeout=PATIENCE).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@contextmanager
def serving(log: Path, *options: str) -> Iterator[Served]:
    """A service with some options."""
    command = "from lpdistill.cli.app import main; main()"
    with log.open("w", encoding="utf-8") as errors:
        process = psutil.Popen([sys.executable, "-c", command, "serve", "--port", "0", *options], stderr=errors)
    try:
        found = until(
            lambda: re.search(r"serving at (\S+)", log.read_text("utf-8")) or process.poll() is not None,
        )
        assert process.poll() is None, log.read_text("utf-8")
        yield Served(process, found[1], log)
    finally:
        started = process.children() if process.is_running() and process.poll() is None else []
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            _, left = psutil.wait_procs([process, *started], PATIENCE)
            for one in left:
                one.kill()
