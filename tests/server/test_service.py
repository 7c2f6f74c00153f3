"""The service over HTTP: documents of the command line, limits that hold, and nothing lost when processes are."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from jsonschema import Draft202012Validator
from server_cases import PATIENCE, SMALL, lasting, serving, until

from lpdistill import Problem, requests
from lpdistill.server.routes import ROUTES

MEGABYTE = 2**20


def document(answer):
    """A document without the seconds that it took."""
    assert answer.status_code == 200, answer.text
    found = answer.json()
    found.get("program", {}).pop("seconds", None)
    return found


def refused(answer, *statuses):
    """A problem document with one of some statuses."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == answer.status_code
    return found


@pytest.fixture
def idle(served):
    """The service with both processes and nothing to do."""
    until(lambda: served.metric("lpdistill_workers") == 2 and served.metric("lpdistill_workers_busy") == 0)
    return served


def test_an_answer_is_the_document_of_the_command_line(served):
    """What the service says is what ``--json`` says."""
    wanted = requests.solve(Problem(**SMALL), increments=True).to_dict()
    wanted["program"].pop("seconds")
    assert document(served.ask("solve", problem=SMALL, increments=True)) == json.loads(json.dumps(wanted))


def test_an_answer_is_kept(served):
    """The same question, however it is written, is answered by the same bytes, and computed once."""
    body = {"problem": {**SMALL, "p": 0.375}, "exact": True}
    computed = served.metric('lpdistill_answers_total{source="computed"}')
    one = served.ask("solve", **body)
    two = served.ask("solve", **dict(reversed(body.items())))
    assert [found.headers["lpdistill-answer"] for found in (one, two)] == ["computed", "stored"]
    assert one.content == two.content
    assert served.metric('lpdistill_answers_total{source="computed"}') == computed + 1


def test_identical_questions_at_once_are_computed_once(idle):
    """Who asks what is at work already waits for that answer."""
    body = lasting(7, runs=400_000)
    busy, begun = 'lpdistill_answers_total{source="%s"}', {}
    for source in ("computed", "joined"):
        begun[source] = idle.metric(busy % source)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: idle.ask("simulate", **body), range(4)))
    assert len({one.content for one in found}) == 1
    assert document(found[0])["runs"] == 400_000
    assert idle.metric(busy % "computed") == begun["computed"] + 1
    assert idle.metric(busy % "joined") >= begun["joined"] + 1


def test_a_simulation_without_a_seed_is_another_one_every_time(served):
    """What is drawn anew is not kept."""
    one, two = (served.ask("simulate", problem=SMALL, runs=50) for _ in range(2))
    assert one.json()["seed"] != two.json()["seed"]


def test_every_example_of_the_openapi_document_is_answered_as_it_says(served):
    """Examples are sent as they stand, and answers follow the schema that stands beside them."""
    with served.client() as client:
        told = client.get("/openapi.json").json()
        assert told["openapi"] == "3.1.0"
        assert {f"/v1/{name}" for name in ROUTES} <= told["paths"].keys()
        for path, operations in told["paths"].items():
            if "post" not in operations:
                assert client.get(path).status_code == 200
                continue
            content = operations["post"]["requestBody"]["content"]["application/json"]
            body = [one["value"] for one in content.get("examples", {}).values()]
            if path == "/v1/check":
                body = [{"certificate": client.post("/v1/certificate", json={"problem": SMALL}).json()}]
            answer = client.post(path, json=body[0])
            assert answer.status_code == 200, answer.text
            form = operations["post"]["responses"]["200"]["content"]["application/json"]["schema"]
            validator = Draft202012Validator({**form, "components": told["components"]})
            assert [error.message for error in validator.iter_errors(answer.json())] == []


HOSTILE = {
    "no JSON": b"memories=4",
    "nothing": b"",
    "half of it": b'{"problem": {"p": 0.5',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "NaN": b'{"problem": {"p": NaN}}',
    "infinity": b'{"problem": {"p": 1e400, "memories": 2, "f0": 0.75, "target": 0.79}}',
    "other bytes": b"\x00\xff\xfe" * 100,
    "UTF-16": '{"problem": {}}'.encode("utf-16"),
    "deep lists": b'{"problem": ' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    "deep tables": b'{"problem":' * 90_000,
    "a key twice": b'{"problem": {"p": 0.5, "p": 0.6}}',
    "many digits": b'{"problem": {"p": 0.' + b"1" * 900_000 + b"}}",
    "many digits of a whole number": b'{"problem": {"memories": ' + b"9" * 900_000 + b"}}",
    "a great exponent": b'{"problem": {"p": 1e999999999}}',
    "an exponent of many digits": b'{"problem": {"p": 1e' + b"9" * 5000 + b"}}",
    "too large": b" " * (2 * MEGABYTE),
    "a lone surrogate": b'{"problem": {"distillation": "\\ud800"}}',
}
"""Bodies that are none."""

WRONG = {
    "text as a number": {"p": "1e999999"},
    "a fraction of huge numbers": {"p": f"1e900/{'9' * 900}"},
    "a division by zero": {"p": "1/0"},
    "negative": {"p": -1},
    "a table as a number": {"p": {"a": 1}},
    "a list as a number": {"f0": [1, 2]},
    "true as a number": {"memories": True},
    "very many memories": {"memories": 10**30},
    "many memories": {"memories": 10**9},
    "memories that do not fit": {"memories": 5000},
    "half a memory": {"memories": 2.5},
    "a path": {"distillation": "../../etc/passwd"},
    "a module": {"distillation": "os:system"},
    "a null byte": {"distillation": "bbpssw\x00"},
    "spaces without end": {"p": " " * 100_000},
    "a rule that is none": {"rules": {"__class__": 1}},
    "rules that are no table": {"rules": "max_distillations"},
    "a rule with a huge number": {"rules": {"max_distillations": "1e9999"}},
    "a budget without a limit": {"budgets": {"steps": {}}},
    "a budget that is none": {"budgets": {"../steps": 1}},
    "an unknown setting": {"__init__": 1},
    "a preset that is none": {"preset": "../ion"},
    "a unit of a million digits": {"coherence_time": "1e999999ms"},
    "many protocols": {"protocols": ",".join(["2"] * 400)},
    "weights of a pair that are none": {"raw": [1, 1, 1, 1]},
}
"""Settings that describe no problem."""

WRONG_KEYS = {
    "an unknown key": {"__proto__": 1},
    "a certificate as a file": {"certificate": "/etc/passwd"},
    "a picture": {"plot": "/tmp/x.png"},  # noqa: S108 - as others write it
    "a flag that is text": {"exact": "true"},
    "a method that is none": {"method": "; rm -rf /"},
    "a gap of a million digits": {"within": "1e-999999"},
    "a time without end": {"time_limit": "1e300"},
    "a graph that is none": {"graph": {"nodes": 1, "edges": 1}},
}
"""Keys that are not there, or hold something else."""


def bodies():
    """All hostile bodies by name."""
    yield from HOSTILE.items()
    yield from ((name, json.dumps({"problem": {**SMALL, **more}}).encode()) for name, more in WRONG.items())
    yield from ((name, json.dumps({"problem": SMALL, **more}).encode()) for name, more in WRONG_KEYS.items())


def test_hostile_bodies_are_refused_one_by_one(served):
    """Each of fifty is one clear refusal of the client's, the memory stays, and the service answers as before."""
    everyone = [served.process, *served.workers()]
    before = sum(one.memory_info().rss for one in everyone)
    with served.client() as client:
        for name, body in bodies():
            answer = client.post("/v1/solve", content=body, headers={"content-type": "application/json"})
            found = refused(answer, 400, 409, 413, 422)
            assert len(found["detail"]) < 1000, name
            assert found["exit"] in {2, 3, 4}, name
            assert "Traceback" not in answer.text
    assert len([*bodies()]) >= 50
    assert sum(one.memory_info().rss for one in everyone) < before + 200 * MEGABYTE
    assert served.workers() == everyone[1:]
    assert "Traceback" not in served.log.read_text("utf-8")
    assert served.ask("solve", problem=SMALL).status_code == 200


def test_other_paths_methods_and_kinds_of_bodies_are_refused(served):
    """What is no request is a problem document, too."""
    with served.client() as client:
        assert "did you mean /v1/solve?" in refused(client.post("/v1/slove", json={}), 404)["detail"]
        refused(client.post("/v1/..%2f..%2fetc%2fpasswd", json={}), 404)
        refused(client.get("/v1/solve"), 405)
        refused(client.post("/v1/solve", content=b"{}", headers={"content-type": "text/plain"}), 415)
        refused(client.post("/v1/solve", json={}, headers={"host": "evil.example"}), 403)


def test_a_target_out_of_reach_is_a_conflict(served):
    """What cannot be is said with the exit code of the command line, and with what can be."""
    found = refused(served.ask("solve", problem={**SMALL, "target": ".999"}), 409)
    assert found["exit"] == 3
    assert found["memory_limit"] < 0.999


def test_who_waits_beyond_the_queue_is_told_to_come_again(idle):
    """Two are computed and two wait; the next gets 429, and when the others leave, what they asked for ends."""
    cancelled = idle.metric('lpdistill_worker_restarts_total{reason="cancelled"}')
    assert idle.ask("solve", problem=SMALL).status_code == 200
    clients = [idle.waiting("simulate", **lasting(seed)) for seed in range(1, 5)]
    until(lambda: idle.metric("lpdistill_workers_busy") == 2 and idle.metric("lpdistill_queue_depth") == 2)
    answer = idle.ask("simulate", **lasting(9))
    assert refused(answer, 429)["exit"] == 4
    assert int(answer.headers["retry-after"]) >= 1
    kept = idle.ask("solve", problem=SMALL)  # what is kept needs no process
    assert kept.headers["lpdistill-answer"] == "stored"
    for client in reversed(clients):
        client.close()
    until(lambda: idle.metric('lpdistill_worker_restarts_total{reason="cancelled"}') == cancelled + 2)
    assert idle.metric('lpdistill_refusals_total{reason="queue_full"}') >= 1


def test_a_process_that_is_killed_loses_one_answer_and_is_replaced(idle):
    """Whoever waited is told to ask again; everybody else notices nothing."""
    lost = idle.metric('lpdistill_worker_restarts_total{reason="lost"}')
    before = idle.workers()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(idle.ask, "simulate", **lasting(11))
        until(lambda: idle.metric("lpdistill_workers_busy") == 1)
        for worker in before:
            worker.kill()
        found = refused(asked.result(), 503)
    assert (found["exit"], found["type"]) == (1, "urn:lpdistill:problem:lost")
    answer = idle.ask("solve", problem={**SMALL, "p": "3/7"})
    assert document(answer)["waiting_time"] == requests.solve(Problem(**{**SMALL, "p": "3/7"})).main.waiting_time
    until(lambda: idle.metric('lpdistill_worker_restarts_total{reason="lost"}') == lost + 2)
    until(lambda: len(idle.workers()) == 2)
    assert not {*idle.workers()} & {*before}


def test_a_server_that_is_killed_leaves_nothing_behind_and_is_there_again(tmp_path):
    """Its processes end with it, at work or not, and the next one answers from the store, with the same bytes."""
    store = tmp_path / "answers.sqlite"
    options = ("--workers", "1", "--store", str(store))
    with serving(tmp_path / "one.txt", *options, "--time", "1") as first:
        answer = first.ask("solve", problem=SMALL)
        late = refused(first.ask("simulate", **lasting(1)), 504)
        assert (late["exit"], late["type"]) == (4, "urn:lpdistill:problem:out-of-time")
        assert first.ask("solve", problem={**SMALL, "p": "3/7"}).status_code == 200
        assert first.metric('lpdistill_worker_restarts_total{reason="time"}') == 1
        workers = first.workers()
        first.process.kill()
        assert psutil.wait_procs(workers, PATIENCE)[1] == []
    with serving(tmp_path / "two.txt", *options) as second, ThreadPoolExecutor(1) as pool:
        again = second.ask("solve", problem=SMALL)
        assert (again.headers["lpdistill-answer"], again.content) == ("stored", answer.content)
        asked = pool.submit(second.ask, "simulate", **lasting(3, runs=20_000))
        until(lambda: second.metric("lpdistill_workers_busy") == 1 or asked.done())
        second.process.terminate()  # what is at work is finished
        assert asked.result().status_code == 200
        second.process.wait(PATIENCE)
