"""What a certificate says, and what its problem is, worked out from its parameters alone: the checker's own model.

Nothing here comes from the package that made the certificate.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

from lpdistill.errors import LimitError, ModelError, ModelTypeError

MOST_LEVELS = 200
DIGITS = 4000
"""Decimal digits that Python converts at once."""

SCHEMA = "lpdistill.certificate/1"

Pair: TypeAlias = tuple[int, int]


class Written(Protocol):
    """What has a document, as a certificate has."""

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON data."""
        ...


def document_of(certificate: str | PathLike[str] | dict[str, Any] | Written) -> dict[str, Any]:
    """The document of a certificate.

    Raises
    ------
    ModelError
        If there is none.
    """
    write = None if isinstance(certificate, type | PathLike) else getattr(certificate, "to_dict", None)
    found = certificate if isinstance(certificate, dict) else write() if callable(write) else _read(certificate)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ModelError("certificate", f'must be a JSON document with "schema": "{SCHEMA}"', str(certificate)[:80])
    return found


def _read(path: object) -> Any:
    """The JSON document in a file."""
    if not isinstance(path, str | PathLike):
        error = ModelTypeError("certificate", f"must be the path of a file, not of type {type(path).__name__}", None)
        error.value = path
        raise error
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelError("certificate", f"cannot be read: {error.strerror}; give a JSON file", str(path)) from None
    except (ValueError, RecursionError) as error:
        raise ModelError("certificate", f"is not JSON: {error}", str(path)) from None


def number(text: object) -> Fraction:
    """A fraction of any length, from exact text."""
    if not isinstance(text, str) or not re.fullmatch(r"-?[0-9]+(/[0-9]+)?", text):
        raise ModelError("certificate", 'has a number that is not exact text such as "3/4"', text)
    above, _, below = text.lstrip("-").partition("/")
    return Fraction(_integer(above) * (-1 if text[0] == "-" else 1), _integer(below or "1"))


def _integer(digits: str) -> int:
    """A non-negative integer from its digits, of which Python converts only some thousands at once."""
    first = len(digits) % DIGITS
    found = int(digits[:first] or "0")
    for start in range(first, len(digits), DIGITS):
        found = found * 10**DIGITS + int(digits[start : start + DIGITS])
    return found


class Kind(NamedTuple):
    """One kind of distillation: the levels, success probability, and the level made (None: the target)."""

    pair: Pair
    success: Fraction
    result: int | None


RULES = {
    "max_distillations": "most",
    "max_attempts": "most",
    "no_generation_while_distilling": "",
    "banded": "width",
    "equal_levels_only": "",
    "raw_pair_only": "",
}
"""The rules that can be checked, and the whole number that each of them has."""

LIMITED_ATTEMPTS = {"max_attempts", "no_generation_while_distilling"}
"""Rules under which fewer attempts than possible may be worth while."""

ALL_ATTEMPTS = {"generation_attempts", "raw_pairs", "memory_time"}
"""Resources under whose budgets the same holds; it does for visits, too."""


def rules_of(stated: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The rules that a certificate states: their whole numbers by name (0 for rules without).

    Raises
    ------
    ModelError
        If one of them cannot be checked from parameters.
    """
    found: dict[str, list[int]] = {}
    for rule in stated:
        name = rule["rule"]
        if name not in RULES or set(rule) != {"rule", *filter(None, [RULES[name]])}:
            message = "has a rule that this checker does not know: only the built-in rules can be checked"
            raise ModelError("certificate", message, name)
        count = rule[RULES[name]] if RULES[name] else 0
        if type(count) is not int or count < 0:
            raise ModelError("certificate", f"has a rule {name} whose number is not one", count)
        found.setdefault(name, []).append(count)
    return found


@dataclass(frozen=True)
class Hardware:
    """The parameters of a problem, as a certificate states them."""

    p: Fraction
    memories: int
    f0: Fraction
    target: Fraction
    times: tuple[Fraction, Fraction]
    free: bool
    every_attempt: bool
    rules: dict[str, list[int]]
    discarding: bool

    @staticmethod
    def of(stated: dict[str, Any]) -> Hardware:
        """The parameters that a certificate states.

        Raises
        ------
        ModelError
            If they are of no problem, or of one that the checker does not know.
        """
        if stated["distillation"] != "werner":
            raise ModelError("certificate", "has another map than Werner's, which this checker does not know", None)
        if stated["final_step"] not in {"charged", "free"} or stated["attempts"] not in {"full", "all"}:
            raise ModelError("certificate", "has an unknown final_step or attempts", None)
        rules, budgets, discarding = rules_of(stated["rules"]), stated["budgets"], stated["discarding"]
        costly = any(name in ALL_ATTEMPTS or {"least", "visits"} & set(b) for name, b in budgets.items())
        if stated["attempts"] == "full" and (costly or LIMITED_ATTEMPTS & set(rules)):
            raise ModelError("certificate", "must have all attempts: a rule or a budget may make fewer better", "full")
        p, f0, target, *times = (
            number(stated[name]) for name in ("p", "f0", "target", "generation_time", "distillation_time")
        )
        memories = stated["memories"]
        if type(memories) is not int or not (
            0 < p <= 1 and memories > 0 and Fraction(1, 2) < f0 <= 1 and min(times) >= 0 and type(discarding) is bool
        ):
            raise ModelError("certificate", "states parameters of no problem", None)
        free, every = stated["final_step"] == "free", stated["attempts"] == "full"
        return Hardware(p, memories, f0, target, (times[0], times[1]), free, every, rules, discarding)

    def allows(self, low: int, high: int) -> bool:
        """Whether the rules allow levels ``low <= high`` to be distilled; raw pairs are of level 0."""
        banded = all(high - low <= width for width in self.rules.get("banded", []))
        equal = low == high or "equal_levels_only" not in self.rules
        return banded and equal and (low == 0 or "raw_pair_only" not in self.rules)

    @property
    def most_distillations(self) -> int:
        """Greatest number of distillations in one step."""
        return min([self.memories // 2, *self.rules.get("max_distillations", [])])

    def attempts(self, empty: int, distilled: int) -> range:
        """The numbers of attempts that a step may have."""
        most = min([empty, *self.rules.get("max_attempts", [])])
        if distilled and "no_generation_while_distilling" in self.rules:
            most = 0
        return range(most if self.every_attempt else 0, most + 1)

    def successes(self, attempts: int) -> range:
        """How many of some attempts may succeed."""
        return range(attempts if self.p == 1 else 0, attempts + 1)

    def levels(self) -> list[Fraction]:
        """All fidelities below the target that distillation makes (arXiv:2606.14908, Eq. 2), increasing.

        The first is that of a raw pair, because distilling improves every pair below the pumping limit.
        """
        found: list[Fraction] = []
        new = [self.f0] if self.f0 < self.target else []
        while new:
            found += new
            if len(found) > MOST_LEVELS:
                raise LimitError("certificate: too many fidelity levels to check", size={"levels": len(found)})
            made = {_distil(a, b)[0] for a in new for b in found}
            new = sorted(fidelity for fidelity in made - set(found) if fidelity < self.target)
        return sorted(found)

    def duration(self, distilled: tuple[Pair, ...], discarded: tuple[int, ...]) -> Fraction:
        """Duration of a step; a discard takes none."""
        return Fraction(0) if discarded else self.times[bool(distilled)]

    @cached_property
    def outcome(self) -> dict[Pair, tuple[Fraction, int | None]]:
        """Success probability, and the level made, of every kind of distillation that the rules allow."""
        return {kind.pair: (kind.success, kind.result) for kind in self.kinds()}

    def kinds(self) -> list[Kind]:
        """The distillation table, as far as the rules allow it."""
        have = self.levels()
        index = {fidelity: level for level, fidelity in enumerate(have)}
        found = []
        for low, a in enumerate(have):
            for high in range(low, len(have)):
                fidelity, success = _distil(a, have[high])
                if self.allows(low, high):
                    found.append(Kind((low, high), success, index.get(fidelity)))
        return found

    def matchings(self) -> Iterator[tuple[tuple[Pair, ...], int, dict[int, int], int]]:
        """All sets of distillations: the pairs, what they consume, what they make with which weight, and a scale.

        Weights are probabilities times the scale; what reaches the target is left out.  Pairs are counted by numbers
        whose digits to the base ``M + 1`` are the counts of the levels.
        """
        kinds = self.kinds()
        base = self.memories + 1
        common = lcm(*(kind.success.denominator for kind in kinds))

        def extend(first: int, pairs: tuple[Pair, ...], consumed: int, outcomes: dict[int, int]) -> Iterator[Any]:
            yield pairs, consumed, outcomes, common ** len(pairs)
            if len(pairs) == self.most_distillations:
                return
            for number in range(first, len(kinds)):
                (low, high), success, result = kinds[number]
                won = int(success * common)
                after: dict[int, int] = defaultdict(int)
                for made, weight in outcomes.items():
                    if won < common:
                        after[made] += weight * (common - won)
                    if result is not None:
                        after[made + base**result] += weight * won
                taken = consumed + base**low + base**high
                yield from extend(number, (*pairs, (low, high)), taken, dict(after))

        yield from extend(0, (), 0, {0: 1})


def _distil(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """Fidelity and success probability of distilling two Werner pairs (arXiv:2606.14908, Eqs. 2 and 3)."""
    weight = 8 * a * b - 2 * a - 2 * b + 5
    return (10 * a * b - a - b + 1) / weight, weight / 9
