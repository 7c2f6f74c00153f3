"""What links report: read, refused, added, written."""

import json

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from lpdistill import ModelError, Record, read_telemetry, write_telemetry
from lpdistill.telemetry.metrics import ATTEMPT_SUCCESSES, ATTEMPTS, DISTILLATION_SUCCESSES, DISTILLATIONS, WAITING_TIME
from lpdistill.telemetry.records import Waits

LINE = {
    "link": "a-b",
    "period": "week 1",
    "attempts": 50,
    "successes": 21,
    "distillations": [{"levels": [0, 0], "attempts": 9, "successes": 7}],
    "waiting_times": [{"time": 8, "count": 2}, {"time": 3, "count": 1}],
}


def test_a_record_is_read_as_it_was_written(tmp_path):
    """What is written is read again, and says the same."""
    record = Record.from_dict(LINE)
    assert (record.successes, record.distillations, record.waits.total) == (21, {(0, 0): (9, 7)}, 19.0)
    write_telemetry([record, record], tmp_path / "link.jsonl")
    assert read_telemetry(tmp_path / "link.jsonl") == (record, record)


def test_waits_may_be_numbers_or_a_histogram():
    """A list of times is one with counts; buckets say what is within their ends only."""
    listed = Record.from_dict({"waiting_times": [8, 3.0, 8]}).waits
    assert listed == Record.from_dict(LINE).waits
    buckets = {"count": 3, "sum": 19, "buckets": [{"within": 4, "count": 1}, {"within": 16, "count": 3}]}
    found = Record.from_dict({"waiting_times": buckets}).waits
    assert (found.at_most(4), found.at_most(16), found.total, found.listed) == (1, 3, 19.0, False)
    assert Record(waits=found).to_dict()["waiting_times"] == buckets


def test_periods_are_added():
    """Counts of what both have, and of what one has."""
    other = Record("a-b", "week 2", 5, 1, {(0, 1): (2, 1), (0, 0): (1, 0)}, Waits.of([(3.0, 4)]))
    both = Record.from_dict(LINE) + other
    assert (both.attempts, both.successes, both.period) == (55, 22, "week 1 to week 2")
    assert both.distillations == {(0, 0): (10, 7), (0, 1): (2, 1)}
    assert both.waits == Waits.of([(3.0, 5), (8.0, 2)])


def test_unlike_histograms_are_not_added():
    """Buckets with other ends cannot be joined."""
    with pytest.raises(ModelError, match="the same buckets"):
        Waits(1, 3.0, (4.0,), (1,), listed=False) + Waits(1, 3.0, (5.0,), (1,), listed=False)


def exposed(tmp_path, *links):
    """What a link exports, as Prometheus scrapes it."""
    registry = CollectorRegistry()
    made = {
        one: one.instrument(registry) for one in (ATTEMPTS, ATTEMPT_SUCCESSES, DISTILLATIONS, DISTILLATION_SUCCESSES)
    }
    times = WAITING_TIME.instrument(registry)
    for link in links:
        made[ATTEMPTS].labels(link).inc(50)
        made[ATTEMPT_SUCCESSES].labels(link).inc(21)
        made[DISTILLATIONS].labels(link, "0,0").inc(9)
        made[DISTILLATION_SUCCESSES].labels(link, "0,0").inc(7)
        for time in (3, 8, 8):
            times.labels(link).observe(time)
    file = tmp_path / "metrics.prom"
    file.write_bytes(generate_latest(registry))
    return file


def test_what_prometheus_scrapes_is_a_record(tmp_path):
    """The names are those of the table of metrics."""
    (found,) = read_telemetry(exposed(tmp_path, "a-b"))
    assert (found.link, found.attempts, found.successes, found.distillations) == ("a-b", 50, 21, {(0, 0): (9, 7)})
    assert (found.waits.count, found.waits.total, found.waits.at_most(4), found.waits.at_most(8)) == (3, 19.0, 1, 3)


def test_of_several_links_one_is_chosen(tmp_path):
    """Without a name the message lists them; with another it says which is meant."""
    file = exposed(tmp_path, "a-b", "b-c")
    assert read_telemetry(file, "b-c")[0].link == "b-c"
    with pytest.raises(ModelError, match="link: is missing, and there are several: a-b, b-c"):
        read_telemetry(file)
    with pytest.raises(ModelError, match=r"link: must be one of a-b, b-c.*\(found 'b-d'\)"):
        read_telemetry(file, "b-d")


def answer(value):
    """An answer of the query API."""
    found = [
        {"metric": {"__name__": name, "link": "a-b"}, "value": [1, text]}
        for name, text in ((ATTEMPTS.name, value), (ATTEMPT_SUCCESSES.name, "21"))
    ]
    return json.dumps({"status": "success", "data": {"result": found}})


def test_an_answer_of_the_query_api_is_a_record(tmp_path):
    """An instant vector that keeps the names; what increase() extrapolates is refused."""
    file = tmp_path / "answer.json"
    file.write_text(answer("50"))
    assert read_telemetry(file)[0].attempts == 50
    file.write_text(answer("50.3"))
    with pytest.raises(ModelError, match=r"whole count.*which extrapolates"):
        read_telemetry(file)


WRONG = {
    "": "telemetry: has no records",
    "{": "telemetry line 1: is no JSON",
    "[]": "telemetry line 1: must be an object",
    '{"attemps": 3}': "none of link, period, attempts.*did you mean 'attempts'",
    '{"attempts": 3}': "must have both attempts and successes",
    '{"attempts": 3, "successes": 4}': "line 1: successes: must be no more than the 3 attempts",
    '{"attempts": -3, "successes": 0}': "line 1: attempts: must be a count",
    '{"attempts": 2.5, "successes": 0}': "line 1: attempts: must be a whole number",
    '{"attempts": true, "successes": 0}': "line 1: attempts: must be a whole number",
    '{"attempts": NaN, "successes": 0}': "line 1: attempts: must be a finite number",
    '{"distillations": 3}': "line 1: distillations: must be a list",
    '{"distillations": [{"levels": [0], "attempts": 1, "successes": 1}]}': "levels: must name two pairs or more",
    '{"waiting_times": [-1]}': "waiting_times: must be a time of at least 0",
    '{"waiting_times": [Infinity]}': "waiting_times: must be a time of at least 0",
    f'{{"waiting_times": [1{"0" * 400}]}}': "waiting_times: must be a time of at least 0, and at most",
    '{"link": {"a": 1}}': "line 1: link: must be a name",
    '{"attempts": 9, "attempts": 5, "successes": 1}': "line 1: has a name twice in an object.*found 'attempts'",
    '{"waiting_times": {"count": 1, "sum": 2, "buckets": [{"within": 2, "count": 3}]}}': "no more than all",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_no_record_is_refused(line, tmp_path):
    """The message names the line, the key, what it must be, and what was found."""
    file = tmp_path / "link.jsonl"
    file.write_text(line)
    with pytest.raises(ModelError, match=WRONG[line]):
        read_telemetry(file)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("metrics.prom", "lpdistill_link_attempts_total{", "is no text of Prometheus"),
        ("metrics.prom", "other_total 3\n", "has no records"),
        ("metrics.prom", 'lpdistill_link_waiting_time_bucket{link="a",le="x"} 3\n', "bucket le: must be a number"),
        (
            "answer.json",
            '{"data": {"result": [{"metric": {"__name__": "a", "le": [1]}, "value": [1, []]}]}}',
            "must be",
        ),
        ("answer.json", '{"data": 3}', "must be an answer of the query API"),
    ],
)
def test_what_prometheus_would_not_write_is_refused(name, text, message, tmp_path):
    """Broken texts and answers are one error."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=message):
        read_telemetry(tmp_path / name)


def test_files_that_cannot_be_read_are_named(tmp_path):
    """A missing file, a folder, bytes that are no text."""
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe")
    for path, reason in ((tmp_path / "none.jsonl", "No such file"), (tmp_path / "bytes.jsonl", "it is no text")):
        with pytest.raises(ModelError, match=f"telemetry: cannot be read: {reason}"):
            read_telemetry(path)
    with pytest.raises(ModelError, match="cannot be written"):
        write_telemetry([], tmp_path / "none" / "link.jsonl")
