"""What a steady state earns, exactly: pairs that meet a target, their worth, or what users have of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import REACHING, RESOURCES
from lpdistill.rates.models import Earning
from symbolic.exact.charges import ExactWorth
from symbolic.exact.text import exact_text
from symbolic.steady.gain import Prices


@dataclass(frozen=True)
class ExactEarning:
    """What columns earn on some levels.

    Attributes
    ----------
    dynamics
        All columns.
    earning
        What was asked for.
    """

    dynamics: Dynamics
    earning: Earning

    @property
    def shared(self) -> bool:
        """Whether users share what is delivered, so that nobody earns anything but them."""
        return bool(self.earning.users)

    def prices(self) -> Prices:
        """What a unit of each resource earns, where no users share it.

        Raises
        ------
        ModelError
            If a worth is not rational.
        """
        worth, cost = self.earning.worth, self.earning.cost
        if self.shared:
            return ()
        if worth is None:
            return ((REACHING, Fraction(1)),)
        each = ExactWorth(tuple(worth.exactly(level.fidelity) for level in self.dynamics.problem.levels))
        return ((each, Fraction(1)), *([(RESOURCES["generation_attempts"], -cost)] if cost else []))

    def meeting(self) -> list[tuple[int, int]]:
        """Levels and users of whom a pair of one meets the target of the other."""
        levels = self.dynamics.problem.levels
        return [
            (level.index, place)
            for level in levels
            for place, user in enumerate(self.earning.users)
            if level.fidelity >= user.target
        ]

    def worth_of_levels(self, each: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        """What a pair of each level is worth to whom it is worth most, given what it is to each user."""
        found = [Fraction(0)] * len(self.dynamics.problem.levels)
        for level, user in self.meeting():
            found[level] = max(found[level], each[user])
        return tuple(found)

    def stated(self) -> dict[str, Any]:
        """What is earned, as JSON data; nothing where pairs that meet the target count alike."""
        earning = self.earning
        if self.shared:
            users = {
                user.name: {"target": exact_text(user.target), "share": exact_text(user.share)}
                for user in earning.users
            }
            return {"tenants": users, "fair": "max-min" if earning.even else "sum"}
        if earning.worth is None:
            return {}
        worth = {
            exact_text(level.fidelity): exact_text(earning.worth.exactly(level.fidelity))
            for level in self.dynamics.problem.levels
        }
        return {"worth": worth, **({"cost": exact_text(earning.cost)} if earning.cost else {})}
