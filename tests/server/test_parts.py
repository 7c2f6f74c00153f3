"""The parts of the service: who may ask, what is kept, where questions go, what is told of them."""

from __future__ import annotations

import asyncio
import json
import math
import sqlite3
import subprocess
import sys
from contextlib import closing

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from server_cases import PATIENCE, SMALL, lasting

from lpdistill.errors import ModelError
from lpdistill.server.access import Access, is_loopback, tokens_of
from lpdistill.server.desk import Desk
from lpdistill.server.limits import Limits
from lpdistill.server.refusals import RefusedError
from lpdistill.server.service import Service, application
from lpdistill.server.store import Store
from lpdistill.server.tracing import EXPORTER, Tracing, configured
from lpdistill.server.worker import HEAD, LENGTH, Reply, reply_to
from lpdistill.telemetry.metrics import SERVICE

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of a test
OTHER = "another-one-that-is-known"


class Answering:
    """What stands for processes: it counts what it is asked, and answers when it is let."""

    def __init__(self, *replies, gate=None):
        self.asked, self.replies, self.gate = [], list(replies), gate

    async def compute(self, message):
        self.asked.append(message)
        if self.gate is not None:
            await self.gate.wait()
        return self.replies.pop(0) if self.replies else Reply(200, b'{"schema":"lpdistill.solution/1"}')


def asking(service, pool, *requests):
    """The answers of a service whose processes are stood in for."""

    async def asked():
        app = application(service)
        store = Store(None, 10**6)
        app.state.desk = Desk(pool, store)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=30
        ) as client:
            answers = [await client.request(*request[:2], **request[2]) for request in requests]
        store.close()
        return answers

    return asyncio.run(asked())


BODY = {"json": {"problem": SMALL}}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": "Bearer \u00ff\u00fe"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer  {OTHER}", "Host": "evil.example"}, 200),
    ],
)
def test_nobody_asks_without_a_token_that_is_known(headers, status):
    """Any of several tokens lets in; whatever else is sent, nothing is computed, and metrics are not shown either."""
    pool = Answering()
    headers = {name: value.encode("latin-1") for name, value in headers.items()}
    asked = [("POST", "/v1/solve", {**BODY, "headers": headers}), ("GET", "/metrics", {"headers": headers})]
    answer, metrics = asking(Service(tokens=(OTHER, TOKEN)), pool, *asked)
    assert (answer.status_code, metrics.status_code) == (status, status)
    assert len(pool.asked) == (status == 200)
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text


def test_whoever_looks_after_the_service_needs_no_token():
    """That it is alive is said to everybody; that it is ready, only when it is."""
    alive, ready = asking(Service(tokens=(TOKEN,)), Answering(), ("GET", "/healthz", {}), ("GET", "/readyz", {}))
    assert (alive.status_code, ready.status_code) == (200, 503)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:80", "[::1]:8000", "[::1]", "127.0.0.1"])
def test_without_a_token_the_machine_itself_may_ask(host):
    """Names of the machine let in."""
    Access(()).require({"host": host})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example:80", "localhost.evil"]
)
def test_without_a_token_pages_of_others_may_not_ask(host):
    """A name that somebody else made to mean this machine does not."""
    with pytest.raises(RefusedError) as refused:
        Access(()).require({"host": host})
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "must hold a token"),
        (b"short", "at least 16"),
        (b"with a space in it", "no spaces"),
        (b"\xff" * 20, "ASCII"),
    ],
)
def test_a_file_without_tokens_is_refused(tmp_path, content, told):
    """What can be guessed, or cannot be sent, is no token."""
    file = tmp_path / "tokens.txt"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=told):
        tokens_of(file)


def test_tokens_come_from_a_file_or_the_environment(tmp_path):
    """A file has several, one a line; without one, there is that of the environment, or none."""
    file = tmp_path / "tokens.txt"
    file.write_text(f"{TOKEN}\n\n  {OTHER}\n")
    assert tokens_of(file, {}) == (TOKEN, OTHER)
    assert tokens_of(None, {"LPDISTILL_TOKEN": TOKEN}) == (TOKEN,)
    assert tokens_of(None, {}) == ()
    with pytest.raises(ModelError, match="cannot be read"):
        tokens_of(tmp_path / "nowhere.txt")


def test_addresses_of_the_machine_are_known():
    """Everything else can be reached by others."""
    assert [is_loopback(host) for host in ("127.8.0.1", "0.0.0.0", "::", "example.org")] == [True, False, False, False]  # noqa: S104


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "0.0.0.0"), "host: can be reached by others"),  # noqa: S104
        (("--port", "99999"), "port: must be a number from 0 to 65535"),
        (("--workers", "0"), "--workers: must be at least 1"),
        (("--memory", "10"), "--memory: must be at least 512"),
        (("--time", "0"), "--time: must be a number of seconds above 0"),
        (("--body", "0"), "--body: must be a number of megabytes above 0"),
        (("--queue", "-1"), "--queue: must be at least 0"),
        (("--store-size", "-1"), "--store-size: must be at least 0"),
        (("--host", "no.such.host.invalid", "--token-file", "tokens.txt"), "is no address of this machine"),
    ],
)
def test_a_service_that_cannot_be_is_refused(tmp_path, monkeypatch, capsys, options, told):
    """Before anything is started, in one message with the exit code of a wrong input."""
    from lpdistill.cli.app import main  # noqa: PLC0415 - as a shell would

    (tmp_path / "tokens.txt").write_text(TOKEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LPDISTILL_TOKEN", raising=False)
    monkeypatch.setattr(sys, "argv", ["lpdistill", "serve", *options])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert told in capsys.readouterr().err


def test_the_oldest_answers_go():
    """What is kept is bounded, and what is larger than all of it is not kept."""
    store = Store(None, 100)
    for number in range(10):
        store.put(str(number), Reply(200, b"x" * 30))
    assert [number for number in range(10) if store.get(str(number))] == [7, 8, 9]
    store.put("9", Reply(409, b"y" * 30))
    assert store.get("9") == Reply(409, b"y" * 30)
    store.put("large", Reply(200, b"z" * 101))
    assert store.get("large") is None
    store.close()


def test_a_store_is_there_again_and_knows_its_version(tmp_path, monkeypatch):
    """Answers outlive the service, but not the version that computed them."""
    file = tmp_path / "answers.sqlite"
    one = Store(file, 1000)
    one.put("a", Reply(200, b"x"))
    one.close()
    two = Store(file, 1000)
    assert two.get("a") == Reply(200, b"x")
    monkeypatch.setattr("lpdistill.server.store.__version__", "0")
    assert two.get("a") is None
    two.close()


def test_what_was_changed_in_a_store_is_no_answer(tmp_path):
    """Bytes that are not those that were kept are computed again."""
    file = tmp_path / "answers.sqlite"
    store = Store(file, 1000)
    store.put("a", Reply(200, b"abc"))
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for changed in (b"abd", "abc", 1):
            database.execute("UPDATE answer SET body = ?", (changed,))
            assert store.get("a") is None
        store.put("a", Reply(200, b"abc"))
        assert store.get("a") == Reply(200, b"abc")
        database.execute("DROP TABLE answer")
    assert store.get("a") is None
    store.put("a", Reply(200, b"abc"))
    store.close()


@pytest.mark.parametrize("kind", ["another", "text", "folder", "damaged"])
def test_a_file_that_is_no_store_stays_as_it_is(tmp_path, kind):
    """Databases of others, and what is none, are refused and not touched."""
    file = tmp_path / "file"
    match kind:
        case "another":
            with sqlite3.connect(file) as database:
                database.execute("CREATE TABLE other (a)")
            database.close()
        case "text":
            file.write_text("not a database, but long enough to be looked at as one" * 20)
        case "damaged":
            store = Store(file, 10**6)
            for number in range(200):
                store.put(str(number), Reply(200, b"x" * 1000))
            store.close()
            content = bytearray(file.read_bytes())
            content[4096:9000] = b"\xff" * (9000 - 4096)
            file.write_bytes(content)
        case _:
            file.mkdir()
    before = None if file.is_dir() else file.read_bytes()
    with pytest.raises(ModelError, match=r"^store: "):
        Store(file, 1000)
    assert before is None or file.read_bytes() == before


def test_what_is_at_work_ends_when_the_last_who_waits_has_left():
    """One of two who leaves changes nothing; when both have, the work is cancelled, and begun anew if asked again."""

    async def asked():
        gate, store = asyncio.Event(), Store(None, 1000)
        pool = Answering(gate=gate)
        desk = Desk(pool, store)
        one, two = (asyncio.create_task(desk.ask(b"m", "k")) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.sleep(0)
        gate.set()
        assert (await two).source == "joined"
        assert len(pool.asked) == 1
        assert (await desk.ask(b"m", "k")).source == "stored"
        gate.clear()
        three = asyncio.create_task(desk.ask(b"n", "l"))
        await asyncio.sleep(0)
        three.cancel()
        await asyncio.gather(three, return_exceptions=True)
        gate.set()
        assert (await desk.ask(b"n", "l")).source == "computed"
        assert len(pool.asked) == 3
        store.close()

    asyncio.run(asked())


@pytest.mark.parametrize(("status", "kept"), [(200, True), (409, True), (422, False), (503, False), (504, False)])
def test_only_what_is_the_same_next_time_is_kept(status, kept):
    """Optima and conflicts last; that something was too large or too slow for this machine does not."""

    async def asked():
        store = Store(None, 1000)
        pool = Answering(Reply(status, b"{}"), Reply(200, b"{}"))
        desk = Desk(pool, store)
        await desk.ask(b"m", "k")
        await desk.ask(b"m", "k")
        await desk.ask(b"m", None)
        store.close()
        return len(pool.asked)

    assert asyncio.run(asked()) == (2 if kept else 3)


def test_metrics_are_those_of_the_table():
    """Everything of the service is exposed under the names that rules and dashboards read, and counted."""
    refusal = RefusedError(504, "out-of-time", "time").to_bytes()
    pool = Answering(Reply(200, b"{}"), Reply(504, refusal))
    asked = [("POST", "/v1/solve", {"json": {"problem": {**SMALL, "p": p}}}) for p in (0.4, 0.5)]
    asked += [("POST", "/v1/solve", {"json": {"problm": {}}}), ("POST", "/v1/solve", {"content": b"{"})]
    *answers, exposition = asking(Service(), pool, *asked, ("GET", "/metrics", {}))
    assert [answer.status_code for answer in answers] == [200, 504, 422, 415]
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition.text)
        for sample in family.samples
    }
    assert {name for metric in SERVICE for name in metric.series} <= {name for name, *_ in found}
    outcomes = {
        outcome: found["lpdistill_requests_total", outcome, "solve"] for outcome in ("done", "limit", "bad_input")
    }
    assert outcomes == {"done": 1, "limit": 1, "bad_input": 1}
    assert found["lpdistill_refusals_total", "malformed"] == 1
    assert found["lpdistill_request_duration_seconds_count", "solve"] == 3


LABELS = ("link", "quantity", "bound", "verdict")


def watching(link, *whats, findings=()):
    """The answer to a question about a link."""
    checks = [{"what": what, "predicted": 0.5, "estimate": 0.4, "lower": 0.3, "upper": None} for what in whats]
    return Reply(200, json.dumps({"link": link, "findings": findings, "looks": [{"checks": checks}]}).encode())


def test_what_is_found_of_links_is_told():
    """Estimates, predictions and alarms of the last answer about each link that has a name, and nothing of before."""
    pool = Answering(
        watching("north", "p", "mean waiting time", findings=["p has fallen"]),
        watching("south", "p", findings=["as predicted"]),
        watching("", "p"),
        watching("north", "p", findings=["latency is off"]),
    )
    asked = [
        ("POST", "/v1/watch", {"json": {"problem": SMALL, "telemetry": [{"attempts": n, "successes": 1}]}})
        for n in range(1, 5)
    ]
    *answers, exposition = asking(Service(), pool, *asked, ("GET", "/metrics", {}))
    assert [answer.status_code for answer in answers] == [200] * 4
    found = {
        (sample.name.removeprefix("lpdistill_link_"), *map(sample.labels.get, LABELS)): sample.value
        for family in text_string_to_metric_families(exposition.text)
        for sample in family.samples
        if sample.name.startswith("lpdistill_link_")
    }
    assert {link for _, link, *_ in found} == {"north", "south"}
    assert {quantity for name, _, quantity, *_ in found if name != "alarm"} == {"p"}
    assert found["predicted", "north", "p", None, None] == 0.5
    assert found["estimate", "north", "p", "point", None] == 0.4
    assert found["estimate", "north", "p", "lower", None] == 0.3
    assert math.isnan(found["estimate", "north", "p", "upper", None])
    assert found["alarm", "north", None, None, "latency is off"] == 1
    assert found["alarm", "north", None, None, "p has fallen"] == 0
    assert found["alarm", "south", None, None, "latency is off"] == 0


def test_a_body_beyond_the_limit_is_not_read():
    """Neither one that says how long it is, nor one that does not."""
    service, pool = Service(limits=Limits(body=100)), Answering()
    headers = {"content-type": "application/json"}

    async def parts():
        for _ in range(1000):
            yield b" " * 10

    answers = asking(
        service,
        pool,
        ("POST", "/v1/solve", {"content": b" " * 101, "headers": headers}),
        ("POST", "/v1/solve", {"content": parts(), "headers": headers}),
    )
    assert [answer.status_code for answer in answers] == [413, 413]
    assert pool.asked == []


def test_a_request_is_a_span_below_that_of_whoever_sent_it():
    """Traces go on: the span has the trace of the header, says what was asked and what became of it."""
    spans = InMemorySpanExporter()
    tracing = Tracing(spans)
    above = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    bad = {"json": {"problm": 1}, "headers": above}
    asking(
        Service(tracing=tracing),
        Answering(),
        ("POST", "/v1/solve", {**BODY, "headers": above}),
        ("POST", "/v1/solve", bad),
    )
    tracing.close()
    one, two = spans.get_finished_spans()
    assert one.name == "POST /v1/solve"
    assert f"{one.context.trace_id:x}" == "af7651916cd43dd8448eb211c80319c"
    assert f"{one.parent.span_id:x}" == "b7ad6b7169203331"
    assert (one.attributes["lpdistill.request"], one.attributes["lpdistill.outcome"]) == ("solve", "done")
    assert one.attributes["lpdistill.answer"] == "computed"
    assert two.attributes["lpdistill.outcome"] == "bad_input"


def test_traces_go_where_the_environment_says(monkeypatch):
    """The console is there; what is not installed is refused by name."""
    monkeypatch.setenv(EXPORTER, "console")
    configured().close()
    monkeypatch.setenv(EXPORTER, "consle")
    with pytest.raises(ModelError, match="did you mean 'console'"):
        configured()


@pytest.mark.parametrize("at_work", [False, True], ids=["idle", "at work"])
def test_a_process_ends_with_whoever_started_it(at_work):
    """Frames in, frames out; at the end of its input it ends, in order if it has nothing to do, at once otherwise."""
    command = [sys.executable, "-m", "lpdistill.server.worker", json.dumps(Limits(seconds=600).to_dict())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own

        def ask(name, **body):
            message = f"{name}\n{json.dumps(body)}".encode()
            process.stdin.write(LENGTH.pack(len(message)) + message)
            process.stdin.flush()

        def receive():
            size, status, last = HEAD.unpack(process.stdout.read(HEAD.size))
            return Reply(status, process.stdout.read(size), last)

        assert receive() == Reply(200, b"")
        ask("solve", problem=SMALL)
        assert json.loads(receive().body)["status"] == "optimal"
        ask("solve")
        assert receive().status == 422
        if at_work:
            ask("simulate", **lasting(1))
        process.stdin.close()
        assert process.wait(PATIENCE) == int(at_work)


def test_an_answer_that_is_too_large_is_not_sent():
    """Its size is said instead, as that of a question too large to begin with."""
    message = b"solve\n" + json.dumps({"problem": SMALL}).encode()
    reply = reply_to(message, Limits(answer=100))
    found = json.loads(reply.body)
    assert (reply.status, found["exit"]) == (422, 4)
    assert found["size"]["bytes"] > 100


def test_memory_that_does_not_suffice_ends_the_process(monkeypatch):
    """After an answer that says so, a new one is there, for what is left of this one may not suffice either."""

    def starved(*_, **__):
        raise MemoryError

    monkeypatch.setattr("lpdistill.server.asking.answered", starved)
    reply = reply_to(b"solve\n{}", Limits())
    assert (reply.status, reply.last) == (503, True)


def test_limits_of_memory_are_kept_where_there_are_any():
    """A process that asks for more than a request may take gets none."""
    code = (
        "from lpdistill.server.limits import Limits; from lpdistill.server.worker import confine\n"
        "confine(Limits(memory=700 * 2**20))\n"
        "try:\n    bytearray(2**30)\nexcept MemoryError:\n    print('kept')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    assert sys.platform != "linux" or ran.stdout == "kept\n"
