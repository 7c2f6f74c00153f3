r"""Budgets in a certificate: what columns are charged at the prices, and the policy's occupation, checked exactly.

With charges :math:`c - \sum_i \mu_i d_i` in place of durations, the values of a certificate prove that no policy within
the limits ``b`` takes less time than :math:`V(\text{empty}) + \sum_i \mu_i b_i`, provided that a price is negative only
for an upper limit and positive only for a lower one.  The occupation is that of a policy if it balances everywhere and
the policy can reach the target from wherever it comes; then its uses and its time are sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from lpdistill.errors import ModelError, NotCertifiedError
from symbolic.checking.model import Hardware, Pairs, number

PRIME = (1 << 61) - 1
"""A system that has one solution modulo a prime has one."""

KNOWN_RESOURCES = {"steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations", "memory_time"}
"""The resources whose amounts are known."""

Act: TypeAlias = tuple[tuple[Pairs, ...], int, tuple[int, ...]]
"""The pairs of levels distilled, in order, the number of attempts, and the levels discarded."""


@dataclass(frozen=True)
class Limited:
    """One budget: the limits, what a certificate says of it, and the configurations whose visits it counts."""

    least: Fraction | None
    most: Fraction | None
    price: Fraction
    used: Fraction
    visits: frozenset[tuple[int, ...]] | None

    @property
    def kept(self) -> bool:
        """Whether what is used lies within the limits."""
        return (self.least is None or self.used >= self.least) and (self.most is None or self.used <= self.most)

    @property
    def worth(self) -> Fraction | None:
        """What the limit that the price belongs to is worth; None if there is no such limit."""
        if not self.price:
            return Fraction(0)
        limit = self.most if self.price < 0 else self.least
        return None if limit is None else self.price * limit


def budgets_of(document: dict[str, Any]) -> dict[str, Limited]:
    """The budgets of a certificate's problem with its claims."""
    stated, claims = document["problem"]["budgets"], document.get("budgets", {})
    if set(stated) != set(claims):
        raise NotCertifiedError("the certificate is wrong: its prices are not those of the problem's budgets")
    found = {}
    for name, limits in stated.items():
        if set(limits) - {"least", "most", "visits"} or not {"least", "most"} & set(limits):
            raise ModelError("certificate", f"has a budget {name} of another form", None)
        least, most = (number(limits[side]) if side in limits else None for side in ("least", "most"))
        visits = frozenset(map(tuple, limits["visits"])) if "visits" in limits else None
        if visits is None and name not in KNOWN_RESOURCES:
            raise ModelError("certificate", "has a budget on a resource that this checker does not know", name)
        found[name] = Limited(least, most, number(claims[name]["price"]), number(claims[name]["used"]), visits)
    return found


@dataclass(frozen=True)
class Charges:
    """What columns cost: their duration less the price of what they use."""

    hardware: Hardware
    budgets: Mapping[str, Limited]

    @property
    def priced(self) -> bool:
        """Whether columns cost more than their duration."""
        return any(budget.price for budget in self.budgets.values())

    def price(self, name: str) -> Fraction:
        """What a unit of a resource costs."""
        return -self.budgets[name].price if name in self.budgets else Fraction(0)

    def beside(self, distilled: tuple[Pairs, ...]) -> Fraction:
        """What some distillations cost for themselves: their number and their failures."""
        failing = sum((self.hardware.recipes[pairs].failure for pairs in distilled), Fraction(0))
        return self.price("distillations") * len(distilled) + self.price("failed_distillations") * failing

    def amount(self, name: str, counts: tuple[int, ...], act: Act) -> Fraction | int:
        """What an action uses of a resource; a discard uses nothing."""
        budget = self.budgets[name]
        distilled, attempts, discarded = act
        if discarded:
            return 0
        if budget.visits is not None:
            return int(counts in budget.visits)
        standard: dict[str, Fraction | int] = {
            "steps": 1,
            "generation_attempts": attempts,
            "raw_pairs": self.hardware.p * attempts,
            "distillations": len(distilled),
            "failed_distillations": sum(self.hardware.recipes[pairs].failure for pairs in distilled),
            "memory_time": sum(counts) * self.hardware.duration(distilled, discarded),
        }
        return standard[name]

    def exactly(self, counts: tuple[int, ...], act: Act) -> Fraction:
        """What an action costs."""
        priced = ((name, budget.price) for name, budget in self.budgets.items() if budget.price)
        used = sum((price * self.amount(name, counts, act) for name, price in priced), Fraction(0))
        return self.hardware.duration(act[0], act[2]) - used


Moves: TypeAlias = dict[int | None, Fraction]
Occupation: TypeAlias = dict[tuple[int, Act], Fraction]


def balanced(occupation: Occupation, moves: Mapping[tuple[int, Act], Moves]) -> bool:
    """Whether runs leave every configuration as often as they enter it, starting once from empty memories."""
    balance: dict[int | None, Fraction] = defaultdict(Fraction)
    balance[0] -= 1
    for (code, act), times in occupation.items():
        balance[code] += times
        for after, chance in moves[code, act].items():
            balance[after] -= times * chance
    return all(flow == 0 for code, flow in balance.items() if code is not None)


def independent(columns: list[dict[Any, Fraction]]) -> bool:
    """Whether some columns are proved linearly independent, by elimination modulo a prime."""
    pivots: dict[Any, dict[Any, int]] = {}
    order: dict[Any, int] = {}
    for column in columns:
        if any(entry.denominator % PRIME == 0 for entry in column.values()):
            return False
        rest = {row: x.numerator * pow(x.denominator, -1, PRIME) % PRIME for row, x in column.items()}
        rest = {row: x for row, x in rest.items() if x}
        while rest:
            shared = min((row for row in rest if row in pivots), key=order.__getitem__, default=None)
            if shared is None:
                row, lead = next(iter(rest.items()))
                inverse = pow(lead, -1, PRIME)
                pivots[row] = {other: x * inverse % PRIME for other, x in rest.items()}
                order[row] = len(order)
                break
            factor = rest[shared]
            for other, x in pivots[shared].items():
                rest[other] = (rest.get(other, 0) - factor * x) % PRIME
            rest = {other: x for other, x in rest.items() if x}
        else:
            return False
    return True
