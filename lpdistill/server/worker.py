"""``python -m lpdistill.server.worker LIMITS``: a process that answers what comes on its standard input, one by one.

What passes between a service and its workers are bytes of JSON, each with its length before it; nothing is unpickled.
A worker ends with whoever started it, whatever it is doing.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from queue import SimpleQueue
from typing import BinaryIO, NamedTuple

import psutil

from lpdistill.errors import LimitError
from lpdistill.server.limits import Limits
from lpdistill.server.refusals import RefusedError, refusal_of

LENGTH = struct.Struct(">I")
"""What stands before a question: its bytes."""

HEAD = struct.Struct(">IH?")
"""What stands before an answer: its bytes, its status, and whether the process ends with it."""

GRACE = 5.0
"""Seconds after its time at which a process ends by itself, if nobody has ended it."""

FULL = 0.75
"""Share of its memory from which a process is replaced by a new one."""


class Reply(NamedTuple):
    """An answer: the status of HTTP, a document, and whether the process ends with it."""

    status: int
    body: bytes
    last: bool = False


def reply_to(message: bytes, limits: Limits) -> Reply:
    """The answer to a question: the name of a request, a line feed, and its body."""
    from lpdistill.server.asking import answered  # noqa: PLC0415 - loads all that answers, within the limits
    from lpdistill.server.bodies import document_of  # noqa: PLC0415 - the same

    name, _, body = message.partition(b"\n")
    try:
        document = answered(name.decode(), document_of(body), seconds=limits.seconds)
        found = _of_size(json.dumps(document, allow_nan=False, separators=(",", ":")).encode(), limits.answer)
    except Exception as error:  # noqa: BLE001 - whatever happens is answered
        refusal = refusal_of(error)
        if refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            traceback.print_exc()
        return Reply(refusal.status, refusal.to_bytes(), isinstance(error, MemoryError))
    return Reply(HTTPStatus.OK, found)


def _of_size(answer: bytes, most: int) -> bytes:
    """An answer, unless it is longer than what is sent."""
    if len(answer) > most:
        told = f"answer: {len(answer):,} bytes are more than the {most:,} that this service sends; ask for less at once"
        raise LimitError(told, size={"bytes": len(answer)})
    return answer


def confine(limits: Limits) -> None:
    """Let this process have no more memory than a request may take, where the system has such a limit."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    bound = limits.memory if most == resource.RLIM_INFINITY else min(limits.memory, most)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (bound, most))
    except (ValueError, OSError):  # macOS has the limit, and refuses it
        return


@contextmanager
def _timed(seconds: float) -> Iterator[None]:
    """Within, the process ends after its time even if nobody ends it, and whatever code is at work."""
    import signal  # noqa: PLC0415 - beside its only use

    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _listen(questions: BinaryIO, inbox: SimpleQueue[bytes | None], busy: threading.Event) -> None:
    """Take questions in; when nobody is there to ask any more, end at once."""
    while True:
        head = questions.read(LENGTH.size)
        message = questions.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else b""
        if not message:
            break
        busy.set()
        inbox.put(message)
    if busy.is_set():  # from when a question is here until its answer is sent
        os._exit(1)
    inbox.put(None)


def main(limits: Limits) -> None:
    """Answer until nobody asks."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    confine(limits)
    inbox, busy = SimpleQueue[bytes | None](), threading.Event()
    process = psutil.Process()

    def send(reply: Reply) -> None:
        answers.write(HEAD.pack(len(reply.body), reply.status, reply.last) + reply.body)
        answers.flush()

    try:
        _warm(limits)
    except MemoryError:
        short = RefusedError(503, "out-of-memory", "memory: does not suffice for the libraries; give more")
        send(Reply(short.status, short.to_bytes(), last=True))
        return
    threading.Thread(target=_listen, args=(questions, inbox, busy), daemon=True).start()
    send(Reply(HTTPStatus.OK, b""))
    while (message := inbox.get()) is not None:
        with _timed(limits.seconds + GRACE):
            reply = reply_to(message, limits)
        last = reply.last or process.memory_info().vms > FULL * limits.memory
        busy.clear()
        send(reply._replace(last=last))
        if last:
            return


def _warm(limits: Limits) -> None:
    """Load what answers most questions, so that the first is answered as fast as all others."""
    from lpdistill.server.routes import ROUTES  # noqa: PLC0415 - within the limits

    reply_to(b"solve\n" + json.dumps(ROUTES["solve"].example).encode(), limits)


if __name__ == "__main__":
    main(Limits(**json.loads(sys.argv[1])))
