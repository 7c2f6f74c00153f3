r"""A checker of certificates that trusts nothing but Python's integers.

It shares no code with whatever made the certificate: fidelity levels, configurations, actions and their outcomes are
worked out again from the parameters of the problem.  A certificate is accepted if, in exact arithmetic,

1. every configuration has one value, and :math:`V(s) \le c(s,a) + \sum_{s'} P(s'|s,a) V(s')` for every action;
2. the policy's actions satisfy this with equality, lead only to configurations with exact values, and reach the target;
3. the listed optimal actions are those with equality, and the waiting time is the value of empty memories.

By 1, no policy is faster than ``V``; by 2, the policy attains it; by 3, nothing else is claimed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import comb, lcm
from operator import mul
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from symbolic.checker_model import Hardware, Pair, number

SCHEMA = "lpdistill.certificate/1"
MOST_COLUMNS = 20_000_000
SHIFT = 96
"""Binary digits of the rounded values with which clear cases are decided."""
Act: TypeAlias = tuple[tuple[Pair, ...], int]
"""The pairs of levels distilled, in order, and the number of attempts."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a certificate has been found to prove.

    Attributes
    ----------
    waiting_time
        Least expected waiting time, exact.
    unique
        Whether all optimal policies do the same wherever their runs come.
    configurations, columns, exact_columns
        Configurations and columns of the program, and columns that needed the full digits of the values.
    """

    waiting_time: Fraction
    unique: bool
    configurations: int
    columns: int
    exact_columns: int


def check(certificate: str | PathLike[str] | dict[str, Any]) -> Checked:
    """Verify a certificate from the parameters of its problem alone.

    Parameters
    ----------
    certificate
        A file, or what :meth:`symbolic.Certificate.to_dict` returns.

    Raises
    ------
    ModelError
        If it is no certificate, or of a problem that this checker does not know.
    NotCertifiedError
        If it claims something that is not so.
    LimitError
        If the program is too large to be checked.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> from symbolic import certify
    >>> claims = certify(solve(Problem("9/10", 3, "3/4", "79/100"))).to_dict()
    >>> check(claims).waiting_time
    Fraction(2595250028, 309269159)
    >>> claims["waiting_time"] = claims["waiting_time"].replace("8/", "9/")
    >>> check(claims)
    Traceback (most recent call last):
        ...
    lpdistill.errors.NotCertifiedError: the certificate is wrong: the waiting time is not the value of empty memories
    """
    document = certificate if isinstance(certificate, dict) else _read(certificate)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ModelError("certificate", f'must be a JSON document with "schema": "{SCHEMA}"', str(certificate)[:80])
    try:
        return _Proof.of(document).checked()
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, ZeroDivisionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("certificate", f"does not have the form of one: {error!r}", None) from None


def _read(path: str | PathLike[str]) -> Any:
    """The JSON document in a file."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError("certificate", f"cannot be read: {error.strerror}; give a JSON file", str(path)) from None
    except (ValueError, RecursionError) as error:
        raise ModelError("certificate", f"is not JSON: {error}", str(path)) from None


def _demand(condition: object, claim: str) -> None:
    """Reject the certificate unless a condition holds."""
    if not condition:
        raise NotCertifiedError(f"the certificate is wrong: {claim}")


@dataclass(frozen=True)
class _Proof:
    """A certificate, taken apart.  Configurations are numbers whose digits to the base ``M + 1`` are their counts."""

    document: dict[str, Any]
    hardware: Hardware
    levels: int
    values: dict[int, Fraction]
    exact: dict[int, tuple[Act, frozenset[Act]]]
    common: int

    @staticmethod
    def of(document: dict[str, Any]) -> _Proof:
        hardware = Hardware.of(document["problem"])
        levels, memories = len(hardware.levels()), hardware.memories
        rows = [*document["exact"], *document["bounds"]]
        configurations = comb(memories + levels, levels)
        _demand(len(rows) == configurations, f"it has {len(rows):,} configurations, the problem {configurations:,}")
        values: dict[int, Fraction] = {}
        for row in rows:
            counts = row["counts"]
            proper = len(counts) == levels and all(type(n) is int and n >= 0 for n in counts)
            _demand(proper and sum(counts) <= memories, f"there is no configuration {counts}")
            values[_code(counts, memories)] = number(row["value"])
        _demand(len(values) == configurations, "a configuration occurs twice")
        exact = {
            _code(row["counts"], memories): (_act(row["action"]), frozenset(map(_act, row["optimal"])))
            for row in document["exact"]
        }
        common = lcm(*(value.denominator for value in values.values()))
        return _Proof(document, hardware, levels, values, exact, common)

    def checked(self) -> Checked:
        """Check every claim."""
        given, hardware = self.document, self.hardware
        tight, following, columns, undecided = self._columns()
        _demand(given["checked_columns"] == columns, f"the program has {columns:,} columns")
        _demand(0 in self.exact, "the value of empty memories is not exact")
        for code, (act, optimal) in self.exact.items():
            _demand(act in tight[code], f"the policy's action in {self._counts(code)} does not attain the value")
            _demand(optimal == tight[code], f"other actions are optimal in {self._counts(code)} than those listed")
        policy = {code: following[code, act] for code, (act, _) in self.exact.items()}
        _demand(_reaching(policy, set(self.exact)), "the policy leaves the exact values, or never reaches the target")
        last = hardware.times[1] if self.levels else hardware.times[0]
        waiting = self.values[0] - (last if hardware.free else 0)
        _demand(waiting == number(given["waiting_time"]), "the waiting time is not the value of empty memories")
        visited = _closure(policy, 0)
        unique = all(len(self.exact[code][1]) == 1 for code in visited)
        _demand(given["unique"] is unique, f"the optimal policy is {'' if unique else 'not '}unique")
        return Checked(waiting, unique, len(self.values), columns, undecided)

    def _counts(self, code: int) -> tuple[int, ...]:
        """The counts of a configuration."""
        base = self.hardware.memories + 1
        return tuple(code // base**level % base for level in range(self.levels))

    def _columns(self) -> tuple[dict[int, set[Act]], dict[tuple[int, Act], list[int | None]], int, int]:
        """Check every column; return which are tight and where these lead, how many there are, how many were close."""
        below, above = self._rounded()
        columns = undecided = 0
        tight: dict[int, set[Act]] = defaultdict(set)
        following: dict[tuple[int, Act], list[int | None]] = {}
        p, memories = self.hardware.p, self.hardware.memories
        table, whole = self._attempts(below), [p.denominator**g for g in range(memories + 1)]
        rests = self._by_size()
        for distilled, consumed, outcomes, scale in self.hardware.matchings():
            made, weights = list(outcomes), list(outcomes.values())
            time, size = self.hardware.times[bool(distilled)], 2 * len(distilled)
            cost = time.numerator * scale * (1 << SHIFT) // time.denominator
            for stored in range(memories - size + 1):
                empty = memories - size - stored
                for g in range(empty if self.hardware.every_attempt else 0, empty + 1):
                    after, factor = table[g], whole[g]
                    for rest in rests[stored]:
                        columns += 1
                        least = cost * factor + sum(map(mul, weights, [after[rest + u] for u in made]))
                        state = rest + consumed
                        if least > above[state] * scale * factor:
                            continue
                        undecided += 1
                        act = (distilled, g)
                        slack, leads = self._exactly(state, rest, act, outcomes, scale)
                        _demand(slack >= 0, f"the value of {self._counts(state)} is above that of action {act}")
                        if slack == 0 and (distilled or g):
                            tight[state].add(act)
                            following[state, act] = leads
            if columns > MOST_COLUMNS:
                raise LimitError("certificate: the program has too many columns to check", size={"columns": columns})
        return tight, following, columns, undecided

    def _rounded(self) -> tuple[dict[int, int], dict[int, int]]:
        """All values rounded down and up to integers, in units of ``2**-SHIFT``."""
        below, above = {}, {}
        for code, value in self.values.items():
            below[code], rest = divmod(value.numerator << SHIFT, value.denominator)
            above[code] = below[code] + bool(rest)
        return below, above

    def _attempts(self, values: dict[int, int]) -> list[dict[int, int]]:
        """Expected value after ``g`` attempts on every configuration, times the ``g``-th power of p's denominator."""
        won, lost = self.hardware.p.numerator, self.hardware.p.denominator - self.hardware.p.numerator
        table, by_size = [values], self._by_size()
        for g in range(1, self.hardware.memories + 1):
            before = table[-1]
            fitting = [code for size in by_size[: self.hardware.memories - g + 1] for code in size]
            table.append({c: lost * before[c] + (won * before[c + 1] if self.levels else 0) for c in fitting})
        return table

    def _by_size(self) -> list[list[int]]:
        """The configurations by number of stored pairs."""
        found: list[list[int]] = [[] for _ in range(self.hardware.memories + 1)]
        for code in self.values:
            found[sum(self._counts(code))].append(code)
        return found

    def _exactly(
        self, state: int, rest: int, act: Act, outcomes: dict[int, int], scale: int
    ) -> tuple[int, list[int | None]]:
        """Reduced cost of a column in all digits, times a positive number, and where it leads (None: the target)."""
        p, (distilled, g) = self.hardware.p, act
        won, lost = p.numerator, p.denominator - p.numerator
        total, leads, gained = scale * p.denominator**g, [], 0
        reached = total
        for made, weight in outcomes.items():
            for j in range(g + 1 if self.levels else 1):
                chance = weight * comb(g, j) * won**j * lost ** (g - j)
                after = rest + made + j
                if chance:
                    leads.append(after)
                    reached -= chance
                    gained += chance * self._scaled(after)
        time = self.hardware.times[bool(distilled)]
        slack = (gained - total * self._scaled(state)) * time.denominator + time.numerator * total * self.common
        return slack, [*leads, *([None] if reached else [])]

    def _scaled(self, code: int) -> int:
        """A value in units of one over the common denominator."""
        value = self.values[code]
        return value.numerator * (self.common // value.denominator)


def _code(counts: list[int], memories: int) -> int:
    """The number of a configuration."""
    powers = accumulate([memories + 1] * (len(counts) - 1), mul, initial=1)
    return sum(map(mul, counts, powers))


def _act(stated: dict[str, Any]) -> Act:
    """An action as a certificate states it."""
    return tuple(sorted((int(low), int(high)) for low, high in stated["distil"])), stated["generate"]


def _closure(policy: dict[int, list[int | None]], start: int) -> set[int]:
    """The configurations that a run from ``start`` can visit."""
    seen, queue = {start}, [start]
    while queue:
        new = {code for code in policy[queue.pop()] if code is not None} - seen
        seen |= new
        queue += new
    return seen


def _reaching(policy: dict[int, list[int | None]], inside: set[int]) -> bool:
    """Whether a policy stays inside some configurations and reaches the target from each of them."""
    before: dict[int | None, list[int]] = defaultdict(list)
    for code, leads in policy.items():
        for after in leads:
            before[after].append(code)
    if any(after is not None and after not in inside for after in before):
        return False
    reached: set[int | None] = {None}
    queue: list[int | None] = [None]
    while queue:
        new = set(before[queue.pop()]) - reached
        reached |= new
        queue += new
    return inside <= reached
