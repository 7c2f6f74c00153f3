"""A service under load: ``python tests/benchmarks/service_load.py --rate 200 --clients 32 --seconds 60 [--same]``.

It starts ``lpdistill serve`` on the loopback address, and asks it from so many connections for a small optimum, at a
rate that does not wait for answers: the time of a request begins when it should have been sent.  Questions are all
different, so that each is computed, or with ``--same`` one and the same, so that all but the first are answered from
the store.  Other options are those of ``lpdistill serve``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

START = 120.0
"""Seconds within which the service is there."""


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> int:
    """Ask over a connection; the status of the answer, once all of it is here."""
    head = b"POST /v1/solve HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(body) + body)
    told = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(re.search(rb"content-length: (\d+)", told)[1]))
    return int(told.split()[1])


def question(number: int, *, same: bool) -> bytes:
    """One of many problems, or always the same."""
    p = "1/2" if same else f"{300_000 + number % 600_000}/1000000"
    return json.dumps({"problem": {"p": p, "memories": 4, "f0": "3/4", "target": "79/100"}}).encode()


async def load(port: int, wanted: argparse.Namespace, first: int = 0) -> tuple[list[float], Counter[object]]:
    """Seconds of every request, and how many ended how."""
    due = asyncio.Queue[tuple[float, bytes]]()
    seconds, ends = list[float](), Counter[object]()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            at, body = await due.get()
            try:
                ends[await ask(reader, writer, body)] += 1
            except (OSError, EOFError) as error:
                ends[type(error).__name__] += 1
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            seconds.append(time.perf_counter() - at)
            due.task_done()

    clients = [asyncio.create_task(client()) for _ in range(wanted.clients)]
    began = time.perf_counter()
    for number in range(int(wanted.rate * wanted.seconds)):
        at = began + number / wanted.rate
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.put_nowait((at, question(first + number, same=wanted.same)))
    await due.join()
    for one in clients:
        one.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return seconds, ends


def main() -> None:
    """Start a service, ask it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--same", action="store_true")
    wanted, options = parser.parse_known_args()
    with tempfile.TemporaryFile("w+") as log:
        command = [sys.executable, "-c", "from lpdistill.cli.app import main; main()", "serve", "--port", "0", *options]
        service = subprocess.Popen(command, stderr=log)  # noqa: S603 - our own
        try:
            ends = time.monotonic() + START
            while True:
                found = re.search(r"serving at http://[\d.]+:(\d+)", Path(f"/proc/self/fd/{log.fileno()}").read_text())
                if found or time.monotonic() > ends:
                    break
                time.sleep(0.05)
            asyncio.run(load(int(found[1]), argparse.Namespace(**{**vars(wanted), "seconds": 2.0})))  # all is loaded
            before = os.getloadavg()[0]
            seconds, ended = asyncio.run(load(int(found[1]), wanted, 100_000))
        finally:
            service.terminate()
            service.wait()
    seconds.sort()
    quantiles = {name: seconds[min(int(share * len(seconds)), len(seconds) - 1)] for name, share in SHARES.items()}
    times = ", ".join(f"{name} {1000 * one:.1f} ms" for name, one in quantiles.items())
    kinds = ", ".join(f"{count:,} x {kind}" for kind, count in ended.items())
    print(f"{len(seconds):,} of {int(wanted.rate * wanted.seconds):,} requests ended: {kinds}")  # noqa: T201 - a script
    print(f"{times}; {os.cpu_count()} cores, load {before:.1f} before")  # noqa: T201 - the same


SHARES = {"median": 0.5, "p90": 0.9, "p99": 0.99, "longest": 1.0}
"""What is said of the times."""

if __name__ == "__main__":
    main()
