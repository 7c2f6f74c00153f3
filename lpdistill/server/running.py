"""A service as a process: where it listens, and how it ends."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, whole
from lpdistill.server.access import TOKEN, is_loopback

if TYPE_CHECKING:
    from lpdistill.server.service import Service

BACKLOG = 2048
"""Connections that may wait until they are taken."""


def run(service: Service, host: str, port: Number) -> None:
    """Listen at an address, and answer until the process is asked to end: then what is at work is finished.

    Raises
    ------
    ModelError
        If others could reach it and there is no token, or the address is none, or taken.
    WorkerError
        If no process comes to be that answers.
    """
    import uvicorn  # noqa: PLC0415 - only who serves needs it

    from lpdistill.server.service import application  # noqa: PLC0415 - the same

    if not service.tokens and not is_loopback(host):
        remedy = f"give one with --token-file, or in {TOKEN}, or listen at 127.0.0.1"
        raise ModelError("host", f"can be reached by others, and nobody asks for a token; {remedy}", host)
    with _listening(host, port) as listening:
        config = uvicorn.Config(
            application(service),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=int(service.limits.seconds) + 1,
        )
        where, at = listening.getsockname()[:2]
        sys.stderr.write(f"lpdistill: serving at http://{f'[{where}]' if ':' in where else where}:{at}\n")
        sys.stderr.flush()
        server = uvicorn.Server(config)
        server.run(sockets=[listening])
    if not server.started:
        raise SystemExit(1)


def _listening(host: str, port: Number) -> socket.socket:
    """A socket at an address."""
    number = whole(port, "port")
    if not 0 <= number < 2**16:
        raise ModelError("port", "must be a number from 0 to 65535", port)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ModelError("host", f"is no address of this machine: {error.strerror}", host) from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise ModelError("port", f"cannot be used at {host}: {error.strerror}; give another", port) from None
    return made
