"""What a link reports of a period: counts of attempts and distillations, and waiting times; as JSON lines.

A record is one line, a JSON object with counts of what was tried and what succeeded::

    {"link": "a-b", "period": "week 1", "attempts": 5000, "successes": 2210,
     "distillations": [{"levels": [0, 0], "attempts": 812, "successes": 590}],
     "waiting_times": [{"time": 8, "count": 12}, {"time": 9, "count": 30}]}

Waiting times may be a list of numbers instead, or a histogram with ``count``, ``sum`` and ``buckets``, each with
``within`` and how many were no longer.  Whatever a link does not report may be left out.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import accumulate
from operator import add
from os import PathLike
from typing import Any

from lpdistill.arguments import named, path_of, wrong_type
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import whole

LARGEST = 10**12
"""The greatest count."""

LONGEST = 1e100
"""The longest time, and the greatest sum of times."""

MOST_RECORDS, MOST_BYTES = 100_000, 10**8
"""Records and bytes of a file beyond which it is refused."""

Levels = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """Waiting times of runs that began with empty memories.

    Attributes
    ----------
    count, total
        How many there were, and their sum.
    ends, within
        Times in ascending order, and how many waits were no longer than each.
    listed
        Whether these are all times that occurred, and not only the ends of the buckets of a histogram.
    """

    count: int
    total: float
    ends: tuple[float, ...]
    within: tuple[int, ...]
    listed: bool = True

    @staticmethod
    def of(times: Iterable[tuple[float, int]]) -> Waits:
        """Times, each with how often it occurred.

        >>> Waits.of([(8.0, 2), (3.0, 1)])
        Waits(count=3, total=19.0, ends=(3.0, 8.0), within=(1, 3), listed=True)
        """
        counts = Counter[float]()
        for time, count in times:
            counts[time] += count
        ends = sorted(counts)
        within = tuple(accumulate(counts[end] for end in ends))
        return Waits(sum(counts.values()), math.fsum(end * counts[end] for end in ends), tuple(ends), within)

    def at_most(self, time: float) -> int:
        """How many were no longer than a time, which is an end where they are in buckets."""
        place = bisect_right(self.ends, time)
        return self.within[place - 1] if place else 0

    def __add__(self, other: Waits) -> Waits:
        if self.listed != other.listed or not (self.listed or self.ends == other.ends):
            raise ModelError("waiting_times", "must have the same buckets in all periods, or be times in all", None)
        ends = sorted({*self.ends, *other.ends})
        within = tuple(self.at_most(end) + other.at_most(end) for end in ends)
        return Waits(self.count + other.count, self.total + other.total, tuple(ends), within, self.listed)

    def to_json(self) -> Any:
        """They as a record has them."""
        if self.listed:
            before = (0, *self.within)
            return [{"time": end, "count": n - m} for end, m, n in zip(self.ends, before, self.within, strict=False)]
        buckets = [{"within": end, "count": n} for end, n in zip(self.ends, self.within, strict=True)]
        return {"count": self.count, "sum": self.total, "buckets": buckets}


@dataclass(frozen=True, slots=True)
class Record:
    """What a link reports of a period.

    Attributes
    ----------
    link, period
        Whose it is, and of when, as the user calls them; empty if nothing is said.
    attempts, successes
        Of generation.
    distillations
        By the levels that go in, that of the pair kept last: how many there were, and how many succeeded.
    waits
        How long deliveries took.
    """

    link: str = ""
    period: str = ""
    attempts: int = 0
    successes: int = 0
    distillations: Mapping[Levels, tuple[int, int]] = field(default_factory=dict)
    waits: Waits | None = None

    def __add__(self, other: Record) -> Record:
        """Both periods together."""
        kinds = sorted({*self.distillations, *other.distillations})
        none, waits = (0, 0), [one for one in (self.waits, other.waits) if one is not None]
        summed = {
            kind: (
                self.distillations.get(kind, none)[0] + other.distillations.get(kind, none)[0],
                self.distillations.get(kind, none)[1] + other.distillations.get(kind, none)[1],
            )
            for kind in kinds
        }
        return replace(
            self,
            period=f"{self.period.partition(' to ')[0]} to {other.period}" if self.period else other.period,
            attempts=self.attempts + other.attempts,
            successes=self.successes + other.successes,
            distillations=summed,
            waits=reduce(add, waits) if waits else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """It as a line has it."""
        told: dict[str, Any] = {name: text for name in ("link", "period") if (text := getattr(self, name))}
        told |= {"attempts": self.attempts, "successes": self.successes}
        told["distillations"] = [
            {"levels": list(levels), "attempts": tried, "successes": done}
            for levels, (tried, done) in self.distillations.items()
        ]
        return told | ({} if self.waits is None else {"waiting_times": self.waits.to_json()})

    @staticmethod
    def from_dict(given: object, where: str = "telemetry") -> Record:
        """The record of a line.

        Raises
        ------
        ModelError
            If a name is unknown, something is no count, or more succeeded than was tried.

        Examples
        --------
        >>> Record.from_dict({"attempts": 10, "successes": 4}).successes
        4
        """
        known = ("link", "period", "attempts", "successes", "distillations", "waiting_times")
        found = _object(given, where, known)
        attempts, successes = _tried(found, where)
        kinds: dict[Levels, tuple[int, int]] = {}
        for number, one in enumerate(_list(found.get("distillations", []), f"{where}: distillations"), start=1):
            place = f"{where}: distillation {number}"
            parts = _object(one, place, ("levels", "attempts", "successes"))
            levels = tuple(
                _count(level, f"{place}: levels") for level in _list(parts.get("levels"), f"{place}: levels")
            )
            if len(levels) < 2 or levels in kinds:
                raise ModelError(f"{place}: levels", "must name two pairs or more, once", list(levels))
            kinds[levels] = _tried(parts, place)
        waits = found.get("waiting_times")
        return Record(
            _text(found.get("link", ""), f"{where}: link"),
            _text(found.get("period", ""), f"{where}: period"),
            attempts,
            successes,
            kinds,
            None if waits is None else _waits(waits, f"{where}: waiting_times"),
        )


def _object(given: object, where: str, known: Sequence[str]) -> Mapping[str, Any]:
    """A JSON object with known names only."""
    if not isinstance(given, Mapping):
        raise ModelError(where, f"must be an object with {', '.join(known)}", given)
    for name in given:
        if name not in known:
            raise ModelError(where, f"has a name that is none of {names_like(known, name)}", name)
    return given


def _table(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names are told once."""
    for place, (name, _) in enumerate(pairs):
        if any(name == other for other, _ in pairs[:place]):
            raise ModelError("telemetry", "has a name twice in an object; leave one out", name)
    return dict(pairs)


def _list(given: object, where: str) -> Sequence[Any]:
    """A JSON list."""
    if not isinstance(given, list):
        raise ModelError(where, "must be a list", given)
    return given


def _text(given: object, where: str) -> str:
    """A name; a number is one, too."""
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ModelError(where, 'must be a name such as "a-b"', "null" if given is None else given)
    return str(given)


def _count(given: object, where: str) -> int:
    """A count."""
    number = whole(given, where)
    if not 0 <= number <= LARGEST:
        raise ModelError(where, f"must be a count from 0 to {LARGEST:,}", given)
    return number


def _tried(given: Mapping[str, Any], where: str) -> tuple[int, int]:
    """How often something was tried, and how often it succeeded."""
    if ("attempts" in given) != ("successes" in given):
        raise ModelError(where, "must have both attempts and successes, or neither", sorted(given))
    tried, done = (_count(given.get(name, 0), f"{where}: {name}") for name in ("attempts", "successes"))
    if done > tried:
        raise ModelError(f"{where}: successes", f"must be no more than the {tried:,} attempts", done)
    return tried, done


def time_of(given: object, where: str) -> float:
    """A time that is no less than 0."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= LONGEST:
        raise ModelError(where, f"must be a time of at least 0, and at most {LONGEST:g}", given)
    return float(given)


def _waits(given: object, where: str) -> Waits:
    """Waiting times, listed or in buckets."""
    if isinstance(given, Mapping):
        parts = _object(given, where, ("count", "sum", "buckets"))
        buckets = [_object(one, where, ("within", "count")) for one in _list(parts.get("buckets", []), where)]
        ends = [(time_of(one.get("within"), where), _count(one.get("count"), where)) for one in buckets]
        return buckets_of(ends, _count(parts.get("count"), where), time_of(parts.get("sum"), where), where)
    times = []
    for one in _list(given, where):
        if isinstance(one, Mapping):
            parts = _object(one, where, ("time", "count"))
            times.append((time_of(parts.get("time"), where), _count(parts.get("count"), where)))
        else:
            times.append((time_of(one, where), 1))
    return Waits.of(times)


def buckets_of(ends: Iterable[tuple[float, int]], count: int, total: float, where: str) -> Waits:
    """A histogram.

    Raises
    ------
    ModelError
        If longer buckets hold less, or one more than there are.
    """
    ordered = sorted(ends)
    within = [number for _, number in ordered]
    if within != sorted(within) or (within and within[-1] > count) or len({end for end, _ in ordered}) < len(ordered):
        raise ModelError(where, "must have buckets that count what is within each end, no more than all", within)
    return Waits(count, total, tuple(end for end, _ in ordered), tuple(within), listed=False)


def read_lines(text: str, where: str) -> list[Record]:
    """The records of JSON lines.

    Raises
    ------
    ModelError
        If a line is no record.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            place = f"{where} line {number}"
            try:
                given = json.loads(line, object_pairs_hook=_table)
            except ModelError as error:
                raise error.at(place) from None
            except (ValueError, RecursionError):
                raise ModelError(place, "is no JSON", line[:60]) from None
            found.append(Record.from_dict(given, place))
    if len(found) > MOST_RECORDS:
        raise ModelError(where, f"has {len(found):,} records, more than {MOST_RECORDS:,}; take a part of them", None)
    return found


def records_of(given: object) -> tuple[Record, ...]:
    """Records that are given, one or several.

    Raises
    ------
    ModelTypeError
        If something else is.
    """
    several = (given,) if isinstance(given, Record) else given
    if not isinstance(several, Sequence) or not all(isinstance(one, Record) for one in several):
        raise wrong_type("telemetry", f"must be a file or a list of records, not {named(given)}", given)
    return tuple(several)


def write_telemetry(records: Record | Sequence[Record], file: str | PathLike[str]) -> None:
    """Write records to a file, a line each.

    Raises
    ------
    ModelError
        If it cannot be written.
    """
    lines = "".join(json.dumps(one.to_dict()) + "\n" for one in records_of(records))
    try:
        path_of(file, "telemetry").write_text(lines, encoding="utf-8")
    except OSError as error:
        raise ModelError("telemetry", f"cannot be written: {error.strerror or error}", str(file)) from None
