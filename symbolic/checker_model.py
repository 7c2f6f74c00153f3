"""What a certificate's problem is, worked out from its parameters alone: the checker's own model.

Nothing here comes from the package that made the certificate.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple, TypeAlias

from lpdistill.errors import LimitError, ModelError

MOST_LEVELS = 200
DIGITS = 4000
"""Decimal digits that Python converts at once."""

Pair: TypeAlias = tuple[int, int]


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

    @staticmethod
    def of(stated: dict[str, Any]) -> Hardware:
        """The parameters that a certificate states.

        Raises
        ------
        ModelError
            If they are of no problem, or of one that the checker does not know.
        """
        if stated["distillation"] != "werner" or stated["rules"] or stated["budgets"]:
            raise ModelError("certificate", "has another map, rules or budgets, which this checker does not know", None)
        if stated["final_step"] not in {"charged", "free"} or stated["attempts"] not in {"full", "all"}:
            raise ModelError("certificate", "has an unknown final_step or attempts", None)
        p, f0, target, *times = (
            number(stated[name]) for name in ("p", "f0", "target", "generation_time", "distillation_time")
        )
        memories = stated["memories"]
        if type(memories) is not int or not (
            0 < p <= 1 and memories > 0 and Fraction(1, 2) < f0 <= 1 and min(times) >= 0
        ):
            raise ModelError("certificate", "states parameters of no problem", None)
        return Hardware(
            p,
            memories,
            f0,
            target,
            (times[0], times[1]),
            stated["final_step"] == "free",
            stated["attempts"] == "full",
        )

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

    def kinds(self) -> list[Kind]:
        """The distillation table."""
        have = self.levels()
        index = {fidelity: level for level, fidelity in enumerate(have)}
        found = []
        for low, a in enumerate(have):
            for high in range(low, len(have)):
                fidelity, success = _distil(a, have[high])
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
            if 2 * len(pairs) + 2 > self.memories:
                return
            for number in range(first, len(kinds)):
                (low, high), success, result = kinds[number]
                won = int(success * common)
                after: dict[int, int] = defaultdict(int)
                for made, weight in outcomes.items():
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
