"""What a certificate says, and what its problem is, worked out from its parameters alone: the checker's own model.

Nothing here comes from the package that made the certificate.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement, takewhile
from math import lcm
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

from lpdistill.errors import LimitError, ModelError, ModelTypeError, NotCertifiedError

MOST_CHECKED_LEVELS = 200
MOST_DIGITS_READ = 4000
"""Decimal digits that Python converts at once."""

SCHEMA, OF_RATES = "lpdistill.certificate/1", "lpdistill.rate-certificate/1"
VERSIONS = "1.0", "1.1", "1.2", "1.3"
"""The versions of the format that are read; a document without one is of the first."""

STATED = {"p", "memories", "f0", "target", "generation_time", "distillation_time", "final_step", "distillation"}
STATED |= {"unit", "rules", "budgets", "discarding", "attempts", "levels", "raw_level", "recipes"}
OPERATIONS = {"protocols", "raw", "gate", "readout"}
"""What a problem may say of operations: with any of them the map is another one, and recipes are stated."""

STATED |= OPERATIONS
"""What a certificate may state of its problem: anything else would make it another problem."""

Pairs: TypeAlias = tuple[int, ...]


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
    if not isinstance(found, dict) or found.get("schema") not in {SCHEMA, OF_RATES}:
        wanted = f'must be a JSON document with "schema": "{SCHEMA}", or "{OF_RATES}"'
        raise ModelError("certificate", wanted, str(certificate)[:80])
    version = found.get("version", VERSIONS[0])
    if version not in VERSIONS:
        message = f"is of a version of the format that this checker does not read: {', '.join(VERSIONS)}"
        raise ModelError("certificate", message, version)
    return found


def labelled(document: dict[str, Any]) -> bool:
    """Whether labels stand for the levels of a certificate's problem; earlier versions of the format have none."""
    return "grid" in document and document.get("version") in VERSIONS[VERSIONS.index("1.2") :]


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
    first = len(digits) % MOST_DIGITS_READ
    found = int(digits[:first] or "0")
    for start in range(first, len(digits), MOST_DIGITS_READ):
        found = found * 10**MOST_DIGITS_READ + int(digits[start : start + MOST_DIGITS_READ])
    return found


def demand(condition: object, claim: str) -> None:
    """Reject the certificate unless a condition holds."""
    if not condition:
        raise NotCertifiedError(f"the certificate is wrong: {claim}")


class Outcome(NamedTuple):
    """What may become of the pairs that are distilled: the levels made, and whether a pair meets the target."""

    chance: Fraction
    produced: tuple[int, ...] = ()
    target: bool = False


class Recipe(NamedTuple):
    """One distillation: the levels consumed, that which is kept last, and all outcomes."""

    consumed: Pairs
    outcomes: tuple[Outcome, ...]

    @property
    def failure(self) -> Fraction:
        """Probability that nothing comes of it."""
        return sum((end.chance for end in self.outcomes if not (end.produced or end.target)), Fraction(0))

    @property
    def reaching(self) -> Fraction:
        """Probability that a pair meets the target."""
        return sum((end.chance for end in self.outcomes if end.target), Fraction(0))


def recipes_of(stated: dict[str, Any]) -> tuple[list[Recipe], int, int] | None:
    """The distillations, the number of levels and that of a raw pair, of a map that is not Werner's; None for Werner's.

    Raises
    ------
    ModelError
        If they are stated of Werner's map, or not of another, or are none.
    """
    own = stated["distillation"] in {"bbpssw", "werner"} and not OPERATIONS & {*stated}
    if ("recipes" in stated) == own:
        message = "has another map than Werner's, which this checker does not know unless it states its recipes"
        raise ModelError("certificate", message, stated["distillation"])
    if "recipes" not in stated:
        return None
    levels, raw = stated["levels"], stated["raw_level" if "raw_level" in stated else "raw"]  # before 1.3: raw
    found = [
        Recipe(
            tuple(one["consumed"]),
            tuple(
                Outcome(number(end["probability"]), tuple(end["produced"]), end["target"]) for end in one["outcomes"]
            ),
        )
        for one in stated["recipes"]
    ]
    named = {level for recipe in found for level in (*recipe.consumed, *(x for end in recipe.outcomes for x in end[1]))}
    proper = all(
        sum(end.chance for end in recipe.outcomes) == 1
        and all(end.chance >= 0 and type(end.target) is bool for end in recipe.outcomes)
        and 2 <= len(recipe.consumed) >= max(len(end.produced) for end in recipe.outcomes)
        for recipe in found
    )
    if not (
        proper
        and type(levels) is int
        and all(type(level) is int and 0 <= level < levels <= MOST_CHECKED_LEVELS for level in {raw, *named})
        and len({recipe.consumed for recipe in found}) == len(found)
    ):
        raise ModelError("certificate", "states recipes that are none", None)
    return sorted(found), levels, raw


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
    stated: tuple[list[Recipe], int, int] | None

    @staticmethod
    def of(stated: dict[str, Any]) -> Hardware:
        """The parameters that a certificate states.

        Raises
        ------
        ModelError
            If they are of no problem, or of one that the checker does not know.
        """
        if set(stated) - STATED:
            message = "states something of its problem that this checker does not know"
            raise ModelError("certificate", message, sorted(set(stated) - STATED))
        if stated["final_step"] not in {"charged", "free"} or stated["attempts"] not in {"full", "all"}:
            raise ModelError("certificate", "has an unknown final_step or attempts", None)
        if stated.get("unit", "s") != "s":
            raise ModelError("certificate", "has times in an unknown unit", stated["unit"])
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
        return Hardware(
            p, memories, f0, target, (times[0], times[1]), free, every, rules, discarding, recipes_of(stated)
        )

    def allows(self, consumed: tuple[int, ...]) -> bool:
        """Whether the rules allow pairs of some levels to be distilled together."""
        low, high = min(consumed), max(consumed)
        banded = all(high - low <= width for width in self.rules.get("banded", []))
        equal = low == high or "equal_levels_only" not in self.rules
        return banded and equal and (self.raw in consumed or "raw_pair_only" not in self.rules)

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

    @property
    def raw(self) -> int:
        """The level of a raw pair; among Werner pairs, the lowest: distilling improves below the pumping limit."""
        return self.stated[2] if self.stated else 0

    @cached_property
    def levels(self) -> int:
        """How many levels there are."""
        return self.stated[1] if self.stated else len(self.fidelities)

    @cached_property
    def fidelities(self) -> list[Fraction]:
        """All fidelities below the target that Werner's map makes (arXiv:2606.14908, Eq. 2), increasing."""
        found: list[Fraction] = []
        new = [self.f0] if self.f0 < self.target else []
        if new and raw_with_limit(self.target) >= self.f0:
            if not self.allows((0, 1)):  # equal pairs only: each level takes one memory more than the one below
                return [*takewhile(lambda fidelity: fidelity < self.target, doubled(self.f0, self.memories))]
            message = "certificate: infinitely many fidelity levels lie below the target, and it has no labels for them"
            raise LimitError(message, size={"levels": MOST_CHECKED_LEVELS + 1})
        while new:
            found += new
            if len(found) > MOST_CHECKED_LEVELS:
                raise LimitError("certificate: too many fidelity levels to check", size={"levels": len(found)})
            made = {distil(a, b)[0] for a in new for b in found}
            new = sorted(fidelity for fidelity in made - set(found) if fidelity < self.target)
        return sorted(found)

    def duration(self, distilled: tuple[Pairs, ...], discarded: tuple[int, ...]) -> Fraction:
        """Duration of a step; a discard takes none."""
        return Fraction(0) if discarded else self.times[bool(distilled)]

    @cached_property
    def recipes(self) -> dict[Pairs, Recipe]:
        """Every distillation that the rules allow, by what it consumes, in its order."""
        every = self.stated[0] if self.stated else self._werner()
        return {one.consumed: one for one in every if self.allows(one.consumed)}

    @cached_property
    def weights(self) -> dict[Pairs, tuple[list[tuple[int, int]], int]]:
        """What every recipe leaves where it misses the target, with probabilities times a scale, and the scale."""
        found = {}
        for pairs, (_, ends) in self.recipes.items():
            scale = lcm(*(end.chance.denominator for end in ends))
            short = [end for end in ends if end.chance and not end.target]
            found[pairs] = [(self.code(end.produced), int(end.chance * scale)) for end in short], scale
        return found

    def _werner(self) -> Iterator[Recipe]:
        """The distillations of Werner pairs."""
        index = {fidelity: level for level, fidelity in enumerate(self.fidelities)}
        for (low, a), (high, b) in combinations_with_replacement(enumerate(self.fidelities), 2):
            fidelity, success = distil(a, b)
            end = Outcome(success, (index[fidelity],)) if fidelity in index else Outcome(success, target=True)
            yield Recipe((low, high), (Outcome(1 - success), end))

    def matchings(self, *, delivering: bool = False) -> Iterator[tuple[tuple[Pairs, ...], int, dict[int, int], int]]:
        """All sets of distillations: the pairs, what they consume, what they make with which weight, and a scale.

        Weights are probabilities times the scale; what reaches the target is left out, or delivered and gone.  Pairs
        are counted by numbers whose digits to the base ``M + 1`` are the counts of the levels.
        """
        recipes = list(self.recipes.values())
        common = lcm(*(end.chance.denominator for recipe in recipes for end in recipe.outcomes))

        def extend(first: int, pairs: tuple[Pairs, ...], consumed: int, outcomes: dict[int, int]) -> Iterator[Any]:
            yield pairs, consumed, outcomes, common ** len(pairs)
            if len(pairs) == self.most_distillations:
                return
            stored = sum(map(len, pairs))
            for place in range(first, len(recipes)):
                taken, ends = recipes[place]
                if stored + len(taken) > self.memories:
                    continue
                after: dict[int, int] = defaultdict(int)
                for made, weight in outcomes.items():
                    for end in ends:
                        if end.chance and (delivering or not end.target):
                            after[made + self.code(() if end.target else end.produced)] += weight * int(
                                end.chance * common
                            )
                yield from extend(place, (*pairs, taken), consumed + self.code(taken), dict(after))

        yield from extend(0, (), 0, {0: 1})

    def code(self, levels: Iterable[int]) -> int:
        """The number that counts a pair of each of some levels."""
        return sum((self.memories + 1) ** level for level in levels)

    def counts(self, code: int) -> tuple[int, ...]:
        """The counts of the levels that a number stands for."""
        return tuple(code // (self.memories + 1) ** level % (self.memories + 1) for level in range(self.levels))


def doubled(f0: Fraction, memories: int) -> Iterator[Fraction]:
    """The fidelities that so many memories make of equal pairs, increasing."""
    for _ in range(memories):
        yield f0
        f0 = distil(f0, f0)[0]


def raw_with_limit(target: Fraction) -> Fraction:
    """The fidelity of raw pairs that pumping carries towards a target (arXiv:2606.14908, Eq. 7, solved for f0)."""
    return (2 * target**2 - 6 * target + 1) / (8 * target**2 - 12 * target + 1)


def distil(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """Fidelity and success probability of distilling two Werner pairs (arXiv:2606.14908, Eqs. 2 and 3)."""
    weight = 8 * a * b - 2 * a - 2 * b + 5
    return (10 * a * b - a - b + 1) / weight, weight / 9
