r"""What a steady state earns, as a certificate states it: pairs that meet the target, their worth, or users' shares.

Where delivering is a decision, levels have one on top for whatever meets the target, of which nothing is distilled.
With prices :math:`\mu` of budgets, :math:`\pi` of the shares :math:`\sigma` that users are to have, and weights
``w`` of users, all not negative but for prices of lower limits, what users have counts

.. math::

    \sum_u w_u y_u \le \sum_u (w_u + \pi_u)\, y_u - \pi\,\sigma \le \sum_l W_l\, x_l - \pi\,\sigma, \qquad
    W_l = \max_{u \text{ met by } l} (w_u + \pi_u),

for every policy that delivers :math:`x_l` pairs of each level.  With weights of sum 1, the least rate is no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from lpdistill.errors import ModelError
from symbolic.checking.budgets import Act, Charges, Limited, budgets_of
from symbolic.checking.model import Hardware, Outcome, Pairs, Recipe, demand, number, raw_with_limit
from symbolic.checking.proof import act_of
from symbolic.checking.rounding import Labels

STATED = {"worth", "cost", "tenants", "fair"}
"""What a certificate of a rate may state of its problem besides what others do."""

Rates: TypeAlias = Mapping[tuple[tuple[int, ...], Act], Fraction]
"""How often a policy takes which action in which configuration."""


class User(NamedTuple):
    """Who is served: what is asked, and what a certificate says of it."""

    target: Fraction
    share: Fraction
    weight: Fraction
    price: Fraction
    rate: Fraction
    given: Mapping[Fraction, Fraction]


@dataclass(frozen=True)
class Earning:
    """What columns earn on some levels.

    ``worth`` is that of a pair of each level, where delivering is a decision, and ``fidelities`` are theirs.
    """

    hardware: Hardware
    budgets: Mapping[str, Limited]
    worth: list[Fraction] | None = None
    cost: Fraction = Fraction(0)
    fidelities: tuple[Fraction, ...] = ()
    users: tuple[User, ...] = ()
    even: bool = False

    def act(self, stated: dict[str, Any]) -> Act:
        """An action as a certificate states it, which discards pairs, or delivers them."""
        names = ("deliver", "discard") if self.worth is not None else ("discard", "deliver")
        if names[1] in stated:
            raise ModelError("certificate", f"has an action that does {names[1]}, which none does here", stated)
        return act_of({"discard" if name == names[0] else name: told for name, told in stated.items()})

    @property
    def limited(self) -> bool:
        """Whether policies keep within limits, or serve users, so that they may randomise."""
        return bool(self.budgets or self.users)

    @property
    def priced(self) -> bool:
        """Whether columns pay for what they use."""
        return any(budget.price for budget in self.budgets.values())

    @property
    def granted(self) -> Fraction:
        """What limits are worth, less what shares cost."""
        found = -sum((user.price * user.share for user in self.users), Fraction(0))
        for name, budget in self.budgets.items():
            limit = budget.most if budget.price > 0 else budget.least
            demand(not budget.price or limit is not None, f"the price of {name} has the wrong sign")
            found += budget.price * (limit or 0)
        return found

    def charge(self, counts: tuple[int, ...], act: Act) -> Fraction:
        """What an action pays for what it uses."""
        charges = Charges(self.hardware, self.budgets)
        priced = ((name, budget.price) for name, budget in self.budgets.items() if budget.price)
        return sum((price * charges.amount(name, counts, act) for name, price in priced), Fraction(0))

    def delivered(self, distilled: tuple[Pairs, ...]) -> Fraction:
        """How many pairs some distillations deliver at once."""
        return sum((self.hardware.recipes[pairs].reaching for pairs in distilled), Fraction(0))

    def removing(self) -> Iterator[tuple[int, Fraction]]:
        """The levels of which a pair may be taken out of its memory, and what that earns."""
        if self.worth is not None:
            yield from enumerate(self.worth)
        elif self.hardware.discarding:
            yield from ((level, Fraction(0)) for level in range(self.hardware.levels))

    def attained(self, rates: Rates) -> Fraction:
        """What a policy earns that keeps within the budgets, as is demanded, and gives users what they are to have."""
        charges, found = Charges(self.hardware, self.budgets), Fraction(0)
        for name, budget in self.budgets.items():
            used = sum((x * charges.amount(name, counts, act) for (counts, act), x in rates.items()), Fraction(0))
            demand(used == budget.used, f"the policy uses another amount of {name}")
            demand(budget.kept, f"the policy does not keep within the budget of {name}")
        worth = dict(self.removing())
        for (_, (distilled, attempts, removed)), rate in rates.items():
            alone = self.delivered(distilled) if self.hardware.levels else self.hardware.p * attempts
            found += rate * (sum((worth[level] for level in removed), alone) - self.cost * attempts)
        return self._shared(rates) if self.users else found

    def _shared(self, rates: Rates) -> Fraction:
        """What counts of what users have, which is demanded to be delivered, and to meet their targets."""
        left = dict.fromkeys(self.fidelities, Fraction(0))
        for (_, (_, _, removed)), rate in rates.items():
            for level in removed:
                left[self.fidelities[level]] += rate
        for user in self.users:
            for fidelity, rate in user.given.items():
                demand(rate >= 0 and fidelity >= user.target, "a user is given what does not meet its target")
                left[fidelity] -= rate
            demand(sum(user.given.values(), Fraction(0)) == user.rate, "a user has another rate than what is given")
            demand(user.rate >= user.share, "a user has less than it is to have")
        demand(min(left.values()) >= 0, "more is given than delivered")
        has = [user.rate for user in self.users]
        return min(has) if self.even else sum(has, Fraction(0))


def earnings_of(document: dict[str, Any]) -> list[Earning]:
    """What is earned on the levels of a certificate's problem, or on labels that are rounded down and up."""
    problem = document["problem"]
    hardware = Hardware.of({name: told for name, told in problem.items() if name not in STATED})
    version, grid = document.get("version", "1.0"), document.get("grid")
    if version == "1.0" and (STATED & problem.keys() or problem["budgets"] or grid is not None):
        raise ModelError(
            "certificate", "has budgets, users, a worth or labels, which its version does not know", version
        )
    kinds = {frozenset(), frozenset({"worth"}), frozenset({"worth", "cost"}), frozenset({"tenants", "fair"})}
    if STATED & problem.keys() not in kinds:
        raise ModelError("certificate", "has users, or a worth, of another form", None)
    if grid is None:
        if "worth" in problem or ("tenants" in problem and hardware.stated is not None):
            raise ModelError("certificate", "has users, or a worth, of pairs whose fidelities it does not state", None)
        return [_earning(document, hardware, None, tuple(hardware.fidelities) if "tenants" in problem else ())]
    labels, found = Labels.of(grid, hardware, problem["budgets"]), []
    for side, up in (("lower", False), ("upper", True)):
        proof = {**document[side], "problem": problem}
        found.append(_earning(proof, labels.model(up=up), labels.top(up=up), labels.fidelities(up=up)))
    return found


def _earning(
    document: dict[str, Any], hardware: Hardware, top: int | None, fidelities: tuple[Fraction, ...]
) -> Earning:
    """What is earned on some levels, of which one may stand for what meets the target."""
    problem, budgets = document["problem"], budgets_of(document)
    if "worth" in problem:
        _require_beyond(hardware)
        hardware, fidelities = _capped(hardware, top, fidelities)
        table = {number(fidelity): number(worth) for fidelity, worth in problem["worth"].items()}
        ordered = [table[fidelity] for fidelity in sorted(table)]
        cost = number(problem.get("cost", "0"))
        demand(min([*ordered, cost]) >= 0, "a worth or a cost is negative")
        demand(all(low <= high for low, high in pairwise(ordered)), "the worth decreases with fidelity")
        return Earning(hardware, budgets, [table[fidelity] for fidelity in fidelities], cost, fidelities)
    if "tenants" not in problem:
        return Earning(hardware, budgets)
    hardware, fidelities = _capped(hardware, top, fidelities)
    even = {"max-min": True, "sum": False}[problem["fair"]]
    users = tuple(
        User(
            number(asked["target"]),
            number(asked["share"]),
            number(has["weight"]),
            number(has["price"]),
            number(has["rate"]),
            {number(fidelity): number(rate) for fidelity, rate in has["given"].items()},
        )
        for name, asked in problem["tenants"].items()
        for has in [document["served"][name]]
    )
    demand(document["served"].keys() == problem["tenants"].keys(), "other users are served than there are")
    demand(max(user.target for user in users) == hardware.target, "the target is not the greatest of the users'")
    demand(min(min(user.weight, user.price, user.share) for user in users) >= 0, "a weight, price or share is negative")
    weights = [user.weight for user in users]
    demand(sum(weights) == 1 if even else set(weights) == {1}, "the weights of users are not those of what counts")
    worth = [
        max((user.weight + user.price for user in users if fidelity >= user.target), default=Fraction(0))
        for fidelity in fidelities
    ]
    return Earning(hardware, budgets, worth, Fraction(0), fidelities, users, even)


def _capped(
    hardware: Hardware, top: int | None, fidelities: tuple[Fraction, ...]
) -> tuple[Hardware, tuple[Fraction, ...]]:
    """Levels of which the one on top stands for what meets the target, with their fidelities."""
    recipes, met = [*hardware.recipes.values()], not hardware.levels
    levels, raw = hardware.levels, hardware.raw if hardware.levels else 0
    met = met or any(recipe.reaching for recipe in recipes)
    if met and top is None:
        top, levels, fidelities = levels, levels + 1, (*fidelities, hardware.target)
    found = [
        Recipe(
            consumed,
            tuple(Outcome(end.chance, (top,)) if end.target and top is not None else end for end in outcomes),
        )
        for consumed, outcomes in recipes
    ]
    return replace(hardware, stated=(found, levels, raw)), fidelities


def _require_beyond(hardware: Hardware) -> None:
    """Demand that no pair which the memories make exceeds the target: all labels stand for what may have a worth."""
    raw = hardware.target
    for _ in range(hardware.memories - 1):
        raw = raw_with_limit(raw)
    demand(Fraction(1, 2) < hardware.f0 <= raw <= hardware.target, "pairs may exceed the target, and be worth more")
