"""What hardware there is to choose from: values of settings, each with its price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any, TypeAlias

from lpdistill.errors import LimitError, ModelError, names_like
from lpdistill.numbers import exact
from lpdistill.problem.problem import Problem
from lpdistill.problem.problem_file import merged
from lpdistill.problem.settings import SETTINGS
from lpdistill.solution.given import ProblemLike
from lpdistill.study.grid import Grid

SAME = {"gate": ("gate_fidelity",), "gate_fidelity": ("gate",)}
"""Settings that are other words for one that has a range."""

MOST_HARDWARE = 20_000
"""Combinations beyond which a plan is several plans."""

FALLING = frozenset({"generation_time", "distillation_time", "distance"})
"""Settings of which less is better."""

RANGED = (
    *("p", "memories", "f0", "gate", "gate_fidelity", "readout", "coherence_time"),
    *("generation_time", "distillation_time", "distance"),
)
"""Settings that may be chosen, each with a price."""

KEYS = ("values", "from", "to", "step", "price", "prices")
"""What is said of a range."""

Place: TypeAlias = tuple[int, ...]
"""A choice of hardware: which value of every range."""


@dataclass(frozen=True, slots=True)
class Range:
    """The values of a setting that may be had, from worst to best.

    Attributes
    ----------
    name
        The setting.
    values
        What it may be.
    prices
        What each costs.
    price
        What one unit costs, if that is the same for all.
    """

    name: str
    values: tuple[Fraction | int, ...]
    prices: tuple[Fraction, ...]
    price: Fraction | None

    @staticmethod
    def of(name: str, given: Any) -> Range:
        """The range that a table describes.

        Raises
        ------
        ModelError
            If the setting cannot be chosen, a key is unknown, there are no values, or prices are missing, too many or
            negative.
        """
        if name not in RANGED:
            raise ModelError("ranges", f"has no such setting; there are {names_like(RANGED, name)}", name)
        where = f"ranges.{name}"
        if not isinstance(given, Mapping):
            raise ModelError(where, 'must be a table, such as {"values": "0.3:0.9:0.1", "price": 10}', given)
        for key in given:
            if key not in KEYS:
                raise ModelError(where, f"has an unknown key; known are {names_like(KEYS, key)}", key)
        values = _values(name, given)
        price = None if given.get("price") is None else _price(given["price"], f"{where}.price")
        several = given.get("prices")
        if (price is None) == (several is None):
            what = "a price is missing" if price is None else "it has price and prices"
            raise ModelError(where, f"{what}; give either price (of one unit) or prices (one for every value)", None)
        if several is None:
            prices = [Fraction(value) * (price or 0) for value in values]
        else:
            parts = several.split(",") if isinstance(several, str) else several
            if not isinstance(parts, Sequence) or len(parts) != len(values):
                raise ModelError(
                    f"{where}.prices", f"must be as many as there are values, {len(values)} (one for each)", several
                )
            prices = [_price(one, f"{where}.prices") for one in parts]
        order = sorted(range(len(values)), key=lambda place: values[place], reverse=name in FALLING)
        return Range(name, tuple(values[place] for place in order), tuple(prices[place] for place in order), price)

    def to_dict(self) -> dict[str, Any]:
        """The range as JSON data."""
        found = {"values": [str(value) for value in self.values], "prices": [str(price) for price in self.prices]}
        return found if self.price is None else {**found, "price": str(self.price)}


def _values(name: str, given: Mapping[str, Any]) -> list[Fraction | int]:
    """The values of a range, as :class:`~lpdistill.Grid` reads them."""
    ends = {key: given[key] for key in ("from", "to", "step") if given.get(key) is not None}
    values, where = given.get("values"), f"ranges.{name}"
    if (values is None) != bool(ends):
        what = "says nothing of its values" if values is None else "has values and ends"
        raise ModelError(where, f"{what}; give either values, or from, to and step", None)
    if ends:
        if not {"from", "to"} <= ends.keys() or ("step" not in ends and name != "memories"):
            raise ModelError(where, "must have from, to and step (memories need no step)", ", ".join(ends))
        values = ":".join(str(ends[key]) for key in ("from", "to", "step") if key in ends)
    if isinstance(values, list | tuple) and not values:
        raise ModelError(where, "is empty; give it at least one value", None)
    try:
        (axis,) = Grid(**{"p": 1, "memories": 2, "f0": 1, name: values if _several(values) else [values]}).axes
    except ModelError as error:
        raise error.at(where) from None
    numbers: list[Any] = list(axis.values)
    return numbers


def _several(values: Any) -> bool:
    """Whether values are a list, or text that is one or a range."""
    return isinstance(values, list | tuple) or (isinstance(values, str) and ("," in values or ":" in values))


def _price(given: Any, where: str) -> Fraction:
    """What something costs."""
    price = exact(given, where)
    if price < 0:
        raise ModelError(where, "must not be negative", given)
    return price


@dataclass(frozen=True)
class Shelf:
    """All hardware that may be had.

    Attributes
    ----------
    base
        A problem with what is fixed; the settings of ranges are among those that may be had.
    ranges
        What may be chosen.
    """

    base: Problem
    ranges: tuple[Range, ...]

    @staticmethod
    def of(fixed: ProblemLike | Mapping[str, Any], ranges: Mapping[str, Any], target: Fraction | None) -> Shelf:
        """The hardware that a table of ranges describes, around what is fixed.

        Raises
        ------
        ModelError
            If there are no ranges, or one of them is wrong, or a setting is fixed and has a range.
        LimitError
            If there are more combinations than anybody looks through.
        """
        if not isinstance(ranges, Mapping) or not ranges:
            raise ModelError("ranges", "must be a table with at least one setting, such as p", ranges or None)
        found = tuple(Range.of(name, given) for name, given in ranges.items())
        size = prod(len(one.values) for one in found)
        if size > MOST_HARDWARE:
            sizes = " x ".join(f"{len(one.values):,} ({one.name})" for one in found)
            raise LimitError(
                f"ranges: {sizes} are {size:,} combinations, more than {MOST_HARDWARE:,}; take fewer values",
                size={"combinations": size, "most": MOST_HARDWARE},
            )
        chosen: dict[str, Any] = {one.name: str(one.values[-1]) for one in found}
        aim = {} if target is None else {"target": target}
        if isinstance(fixed, Mapping):
            for name in chosen:
                for other in (name, *SAME.get(name, ())):
                    if fixed.get(other) is not None:
                        told = "is fixed and has" if other == name else f"fixes {name}, which has"
                        raise ModelError(other, f"{told} a range; leave one out", fixed[other])
            for name in ("target", "gap", "average_fidelity"):
                if target is not None and fixed.get(name) is not None:
                    raise ModelError(name, "is given, and the objective has a fidelity; leave one out", fixed[name])
            seconds = {"unit": "s"} if any(_timed(given) for given in ranges.values()) else {}
            return Shelf(Problem.from_dict({**seconds, **merged(fixed, chosen), **aim}), found).checked()
        return Shelf(fixed.replace(**chosen, **aim), found).checked()  # type: ignore[union-attr]

    def checked(self) -> Shelf:
        """The same hardware, of which every value is one that its setting may have.

        Raises
        ------
        ModelError
            If one is not.
        """
        for one in self.ranges:
            for value in one.values:
                self.base.replace(**{one.name: str(value)})
        return self

    @cached_property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(len(one.values) for one in self.ranges)

    def settings(self, place: Place) -> dict[str, Fraction | int]:
        """The values at a place."""
        return {one.name: one.values[at] for one, at in zip(self.ranges, place, strict=True)}

    def problem(self, place: Place) -> Problem:
        """The problem of a place.

        Raises
        ------
        ModelError
            If values describe no problem.
        """
        return self.base.replace(**{name: str(value) for name, value in self.settings(place).items()})

    def cost(self, place: Place) -> Fraction:
        """What a place costs."""
        return sum((one.prices[at] for one, at in zip(self.ranges, place, strict=True)), Fraction(0))

    @property
    def fixed(self) -> dict[str, Any]:
        """What is the same of all, as documents have it."""
        derived = {name for one in self.ranges for name in (*SETTINGS[one.name].derives, SETTINGS[one.name].instead_of)}
        chosen = {one.name for one in self.ranges} | derived
        return {name: value for name, value in self.base.to_dict().items() if name not in chosen}

    def place(self, given: Mapping[str, Any]) -> Place:
        """The place of some values, one for every range.

        Raises
        ------
        ModelError
            If a range has none, or does not have the value.
        """
        for name in given:
            if name not in {one.name for one in self.ranges}:
                known = names_like([one.name for one in self.ranges], name)
                raise ModelError("hardware", f"has no such range; there are {known}", name)
        found = []
        for one in self.ranges:
            if given.get(one.name) is None:
                raise ModelError("hardware", f"must have a value for {one.name}", None)
            (value,) = _values(one.name, {"values": [given[one.name]]})
            if value not in one.values:
                known = ", ".join(map(str, one.values))
                raise ModelError("hardware", f"must have {one.name} = one of {known}", given[one.name])
            found.append(one.values.index(value))
        return tuple(found)


def _timed(given: Any) -> bool:
    """Whether a value of a range has letters, as units have."""
    return any(character.isalpha() for character in str(given.get("values", given.get("from", ""))))
