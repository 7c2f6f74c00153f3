"""Telemetry in files: JSON lines, what Prometheus scrapes, and what its query API answers."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, NamedTuple

from lpdistill.arguments import path_of
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import whole
from lpdistill.telemetry.metrics import (
    ATTEMPT_SUCCESSES,
    ATTEMPTS,
    DISTILLATION_SUCCESSES,
    DISTILLATIONS,
    LINK,
    WAITING_TIME,
)
from lpdistill.telemetry.records import MOST_BYTES, Record, buckets_of, read_lines, time_of

MISSING = "needs prometheus-client to be read; install lpdistill[service], or give JSON lines"
BUCKET, SUM, COUNT = WAITING_TIME.series
"""Samples of the histogram of waiting times."""


class Sample(NamedTuple):
    """A number that Prometheus has, with its name and labels."""

    name: str
    labels: dict[str, str]
    value: float


def read_telemetry(file: str | PathLike[str], link: str | None = None) -> tuple[Record, ...]:
    """The records of a link in a file.

    Parameters
    ----------
    file
        JSON lines (``.jsonl``), an answer of the query API of Prometheus (``.json``), or its text format (otherwise).
    link
        Whose records; needed where there are several links.

    Raises
    ------
    ModelError
        If the file cannot be read, holds no telemetry, or that of several links, or none of the one named.
    """
    path = path_of(file, "telemetry")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelError("telemetry", f"is larger than {MOST_BYTES:,} bytes; give a part of it", str(file))
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ModelError("telemetry", f"cannot be read: {reason}", str(file)) from None
    if path.suffix == ".jsonl":
        found: Iterable[Record] = read_lines(text, "telemetry")
    else:
        found = _records(_answered(text) if path.suffix == ".json" else _exposed(text))
    return of_link(list(found), link)


def of_link(records: Sequence[Record], link: str | None) -> tuple[Record, ...]:
    """The records of one link.

    Raises
    ------
    ModelError
        If there are none, or of several links and none is named.
    """
    names = dict.fromkeys(one.link for one in records)
    if not records:
        raise ModelError("telemetry", "has no records", None)
    if link is None and len(names) > 1:
        raise ModelError("link", f"is missing, and there are several: {', '.join(names)}; choose one", None)
    if link is not None and link not in names:
        raise ModelError("link", f"must be one of {names_like(names, link)}", link)
    return tuple(one for one in records if link is None or one.link == link)


def _exposed(text: str) -> list[Sample]:
    """What a text of Prometheus has."""
    try:
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - an extra
    except ImportError:
        raise ModelError("telemetry", MISSING, None) from None
    try:
        families = list(text_string_to_metric_families(text))
    except (ValueError, IndexError, KeyError) as error:
        raise ModelError("telemetry", f"is no text of Prometheus: {error}", None) from None
    return [Sample(one.name, dict(one.labels), one.value) for family in families for one in family.samples]


def _answered(text: str) -> list[Sample]:
    """What an answer of the query API has: an instant vector with the names of metrics."""
    try:
        found = json.loads(text)
        return [
            Sample(
                str(one["metric"]["__name__"]),
                {name: str(text) for name, text in one["metric"].items()},
                float(one["value"][1]),
            )
            for one in found["data"]["result"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        remedy = "must be an answer of the query API with an instant vector that keeps the names of metrics"
        raise ModelError("telemetry", remedy, text[:60]) from None


def _records(samples: Iterable[Sample]) -> list[Record]:
    """A record for every link: what was counted since it began, or in the window that was asked for."""
    links: dict[str, list[Sample]] = defaultdict(list)
    for one in samples:
        if one.name.startswith("lpdistill_link_"):
            links[one.labels.get(LINK, "")].append(one)
    return [_record(name, found) for name, found in links.items()]


def _record(name: str, samples: list[Sample]) -> Record:
    """The record of a link."""
    told: dict[str, Any] = {"link": name}
    kinds: dict[tuple[int, ...], dict[str, int]] = defaultdict(lambda: {"attempts": 0, "successes": 0})
    ends, totals = [], {SUM: 0.0, COUNT: 0.0}
    for one in samples:
        where = f"telemetry {one.name}"
        if one.name in {ATTEMPTS.name, ATTEMPT_SUCCESSES.name}:
            told["attempts" if one.name == ATTEMPTS.name else "successes"] = _counted(one.value, where)
        elif one.name in {DISTILLATIONS.name, DISTILLATION_SUCCESSES.name}:
            levels = tuple(whole(part, f"{where} levels") for part in one.labels.get("levels", "").split(","))
            part = "attempts" if one.name == DISTILLATIONS.name else "successes"
            kinds[levels][part] = _counted(one.value, where)
        elif one.name == BUCKET and (end := _end(one.labels.get("le", "inf"), where)) < math.inf:
            ends.append((time_of(end, where), _counted(one.value, where)))
        elif one.name in totals:
            totals[one.name] = one.value
    told["distillations"] = [{"levels": list(levels), **both} for levels, both in kinds.items()]
    found = Record.from_dict(told, f"telemetry of {name}")
    if not totals[COUNT]:
        return found
    count, total = _counted(totals[COUNT], f"telemetry {COUNT}"), time_of(totals[SUM], f"telemetry {SUM}")
    waits = buckets_of(ends, count, total, f"telemetry {BUCKET}")
    return Record(found.link, found.period, found.attempts, found.successes, found.distillations, waits)


def _end(given: str, where: str) -> float:
    """The end of a bucket, as its label has it.

    Raises
    ------
    ModelError
        If it is no number.
    """
    try:
        return float(given)
    except ValueError:
        raise ModelError(f"{where} le", "must be a number, the end of a bucket", given) from None


def _counted(value: float, where: str) -> int:
    """A count, which extrapolation has not made a fraction.

    Raises
    ------
    ModelError
        If it has.
    """
    if not float(value).is_integer():
        remedy = "must be a whole count; ask for the difference of two scrapes, not for increase(), which extrapolates"
        raise ModelError(where, remedy, value)
    return int(value)
