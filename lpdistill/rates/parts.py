"""What an answer about rates is made of: what is delivered, what users have, rows of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple

from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.program.budgeted import BudgetUse
from lpdistill.solution.policy import Decision
from lpdistill.solution.tables import Key, described
from lpdistill.solution.wording import Words


class Delivered(NamedTuple):
    """Pairs of one fidelity that are delivered.

    Attributes
    ----------
    fidelity
        Their fidelity.
    rate
        How many are delivered per unit of time.
    worth
        What each is worth; 1 where pairs are counted.
    or_more
        Whether they have that fidelity or more.
    """

    fidelity: Fraction
    rate: float
    worth: float
    or_more: bool = False

    def to_dict(self) -> dict[str, float | str | bool]:
        """As JSON data."""
        told: dict[str, float | str | bool] = {
            "fidelity": float(self.fidelity),
            "exact": str(self.fidelity),
            "rate": self.rate,
            "worth": self.worth,
        }
        return told | ({"or_more": True} if self.or_more else {})


class Served(NamedTuple):
    """What a user has.

    Attributes
    ----------
    target, share
        The fidelity that its pairs have at least, and how many it is to have per unit of time at least.
    rate
        How many it has.
    price
        How many fewer the others have for one more that it is to have: d(rates of the others)/d(share), 0 unless its
        share binds.
    """

    target: Fraction
    share: Fraction
    rate: float
    price: float

    def to_dict(self) -> dict[str, float | str]:
        """As JSON data."""
        return {"target": str(self.target), "share": str(self.share), "rate": self.rate, "price": self.price}


class RateRow(NamedTuple):
    """One configuration of a policy.

    Attributes
    ----------
    counts
        What it holds.
    value
        How much more is earned, in the long run, from it than from the empty configuration.
    visits
        How often it is met per unit of time.
    share
        Share of all time that is spent in steps from it.
    decisions
        What is done there.
    """

    counts: Key
    value: float
    visits: float
    share: float
    decisions: tuple[Decision, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "counts": node_as_json(self.counts),
            "value": self.value if isfinite(self.value) else None,
            "visits": self.visits,
            "share": self.share,
            "actions": [{**action_as_json(one.action), "probability": one.probability} for one in self.decisions],
        }


def cells_of(rows: Iterable[RateRow], words: Words, *told: str) -> Iterator[dict[str, Any]]:
    """What a frame says of every configuration and decision, with what is told of rows."""
    for row in rows:
        for decision in row.decisions:
            yield {
                "counts": row.counts,
                "configuration": words.configuration(row.counts),
                **described(decision.action),
                "probability": decision.probability,
                **{name: getattr(row, name) for name in told},
            }


@dataclass(frozen=True)
class FirstDelivery:
    """What the policy that is fastest to the first pair earns.

    Attributes
    ----------
    rate
        One pair for every waiting time, if each run starts with empty memories.
    run_on
        What the same policy earns that keeps what is left; None where labels stand for levels, or rules trap that.
    """

    rate: float
    run_on: float | None


def kept(use: BudgetUse, unit: str) -> str:
    """What came of a budget, in words."""
    if not use.price:
        return f"{use.kept()} per unit of time; does not bind, so its price is 0"
    ends = f"from {use.valid_from:.6g} to {use.valid_to:.6g}"
    range_ = "to one side only" if use.degenerate else f"for limits {ends}"
    return f"{use.kept()} per unit of time; one more earns {use.price:.6g} {unit}, {range_}"
