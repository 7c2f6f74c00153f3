"""What is swept: settings of a problem with ranges and lists of values, all of them kept exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import floor, prod
from typing import Any, TypeAlias

from lpdistill.errors import LimitError, ModelError, names_like
from lpdistill.hardware.rules import BUILT_IN, Rule, checked, number_of, rules_from
from lpdistill.numbers import NONE, UNIT_OF_TIME, absent, exact, whole
from lpdistill.problem.joining import expanded
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.problem.settings import SETTINGS, ValueKind, require
from lpdistill.solution.given import ProblemLike
from lpdistill.units import TIMES, UNITS, Unit, measured

MOST_POINTS = 200_000
"""Points beyond which a sweep is several sweeps."""

Value: TypeAlias = Fraction | int | tuple[Rule, ...]


def counted() -> tuple[str, ...]:
    """The rules with a number, which may run over numbers too, and over ``none``."""
    return _counted(tuple(BUILT_IN.items()))


@cache
def _counted(rules: tuple[tuple[str, type[Rule]], ...]) -> tuple[str, ...]:
    return tuple(name for name, kind in rules if number_of(kind))


@dataclass(frozen=True, slots=True)
class Axis:
    """One setting that varies.

    Attributes
    ----------
    name
        The setting: an argument of :class:`Problem`, or a rule with a number.
    values
        What it takes, in the order given: exact numbers, or the rules of each alternative.
    """

    name: str
    values: tuple[Value, ...]

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, rather than alternatives."""
        return self.name in SETTINGS and SETTINGS[self.name].numeric

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as text, numbers exactly."""
        return tuple(label_of(value, self.name) for value in self.values)

    def coordinate(self, value: Value) -> float | int | str:
        """A value as a table has it: a floating-point number, a whole number or a label."""
        if isinstance(value, Fraction):
            return float(value)
        return value if isinstance(value, int) else label_of(value, self.name)


def label_of(value: Value, name: str) -> str:
    """A value as text; that of a rule with a number, without the name of the rule."""
    if not isinstance(value, tuple):
        return str(value)
    shown = [rule.to_dict() for rule in value]
    texts = ["=".join(str(part) for part in rule.values()) for rule in shown]
    return " + ".join(texts).removeprefix(f"{name}=") or NONE


@dataclass(frozen=True, slots=True)
class Point:
    """One problem of a grid.

    Attributes
    ----------
    at
        The value on every axis.
    problem
        The problem; None where the gap leads beyond fidelity 1.
    refusal
        Why there is no problem.
    """

    at: tuple[Value, ...]
    problem: Problem | None
    refusal: str = ""


@dataclass(frozen=True, init=False)
class Grid:
    """All combinations of some settings' values.

    Parameters
    ----------
    base
        A problem that has all settings that are not given.
    settings
        Arguments of :class:`Problem`.  Numbers may be a range ``"0.3:0.9:0.1"`` (both ends included if they are hit;
        whole numbers need no step, ``"2:6"``), a list ``"0.6,0.7,3/4"`` or ``[0.6, 0.7, "3/4"]``, or lists with ranges
        in them; a single number does not vary.  ``rules`` is a tuple of rules, or a list of alternatives such as
        ``[(), (MaxDistillations(1),)]``; ``max_distillations``, ``max_attempts`` and ``banded`` may be lists with
        ``none``.  Rules and budgets join those of the base.

    Raises
    ------
    ModelError
        If a setting is unknown, missing or wrong, a range is empty, or a value is repeated; the message names it.
    LimitError
        If there are more points than anybody sweeps.

    Examples
    --------
    >>> grid = Grid(p="0.3:0.9:0.3", memories="2:4", f0="3/4", gap=0.04)
    >>> grid
    Grid: 9 problems, p = 3/10, 3/5, 9/10; memories = 2, 3, 4
    >>> Grid(Problem(0.5, 4, "3/4", "79/100"), max_distillations="none,1")
    Grid: 2 problems, max_distillations = none, 1
    """

    base: Problem | None
    fixed: Mapping[str, Any]
    axes: tuple[Axis, ...]

    def __init__(self, base: ProblemLike | None = None, /, **settings: Any) -> None:
        base = None if base is None else PROBLEM.meant(base, "grid")
        given = {name: value for name, value in expanded(settings).items() if value is not None}
        known = (*sorted(SETTINGS, key=lambda name: list(ValueKind).index(SETTINGS[name].kind)), *counted())
        for name in given:
            if name not in known:
                raise ModelError("grid", f"has no such setting; it has {names_like(known, name)}", name)
        if base is None:
            require(given, "give it to the grid, or a problem that has it")
        if {"gap", "target"} <= given.keys():
            raise ModelError(
                "target",
                "is given, and a gap too; they exclude each other (target = f0 + gap), so give one",
                given["target"],
            )
        axes = tuple(_axis(name, value) for name, value in given.items() if _varies(name, value))
        if any(_timed(axis.name, given[axis.name]) for axis in axes):
            given.setdefault("unit", Unit.SECONDS)
        swept = {axis.name for axis in axes}
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "fixed", {name: value for name, value in given.items() if name not in swept})
        object.__setattr__(self, "axes", axes)
        if self.size > MOST_POINTS:
            sizes = " x ".join(f"{len(axis.values):,} ({axis.name})" for axis in axes)
            raise LimitError(
                f"grid: {sizes} are {self.size:,} problems, more than {MOST_POINTS:,}; take longer steps, or several "
                "sweeps",
                size={"points": self.size, "most_points": MOST_POINTS},
            )

    @property
    def size(self) -> int:
        """Number of problems."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def common(self) -> str:
        """What all problems have in common, in words: settings that do not vary, or the base and what varies."""
        listed = {axis.name: axis.labels[0] for axis in self.axes if len(axis.values) == 1}
        values = {name: _plain(value) for name, value in {**self.fixed, **listed}.items()}
        single = ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in values.items() if value)
        if self.base is None:
            return single
        varied = ", ".join(axis.name.replace("_", " ") for axis in self.axes if len(axis.values) > 1)
        return f"{self.base}" + (f"; but {single}" if single else "") + (f"; varied: {varied}" if varied else "")

    def points(self) -> tuple[Point, ...]:
        """All problems, the last axis running fastest.

        Raises
        ------
        ModelError
            If a value describes no problem.  A gap that leads beyond fidelity 1 from some ``f0`` only does not: those
            points have no problem.
        """
        points = tuple(map(self._point, product(*(axis.values for axis in self.axes))))
        if all(point.problem is None for point in points):
            raise ModelError("gap", points[0].refusal.removeprefix("gap: "), None)
        return points

    def gap(self, at: tuple[Value, ...]) -> Fraction:
        """The gap that was asked for at a point of a grid that has gaps."""
        return exact(self._settings(at)["gap"], "gap")

    def nearest(self, at: tuple[Value, ...]) -> Problem:
        """The problem of a point that has none, but for the target, which is 1."""
        values = {name: value for name, value in self._settings(at).items() if name != "gap"}
        return self._problem({**values, "target": 1})

    def _settings(self, at: tuple[Value, ...]) -> dict[str, Any]:
        return {**self.fixed, **dict(zip((axis.name for axis in self.axes), at, strict=True))}

    def _point(self, at: tuple[Value, ...]) -> Point:
        try:
            return Point(at, self._problem(self._settings(at)))
        except ModelError as error:
            if error.where != "gap":
                raise
            return Point(at, None, str(error))

    def _problem(self, settings: dict[str, Any]) -> Problem:
        alternatives = [settings.pop(name) for name in ("rules", *counted()) if name in settings]
        rules = tuple(rule for found in alternatives for rule in found)
        budgets = tuple(settings.pop("budgets", ()))
        problem = Problem(**settings) if self.base is None else self.base.replace(**settings)
        return problem.with_constraints(*rules, *budgets) if rules or budgets else problem

    def to_dict(self) -> dict[str, list[str]]:
        """The values of every axis as text, numbers exactly."""
        return {axis.name: list(axis.labels) for axis in self.axes}

    def __repr__(self) -> str:
        shown = "; ".join(f"{axis.name} = {_shortened(axis.labels)}" for axis in self.axes)
        return f"Grid: {self.size:,} {'problem' if self.size == 1 else 'problems'}" + (f", {shown}" if shown else "")


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _shortened(labels: tuple[str, ...]) -> str:
    return ", ".join(labels if len(labels) <= 6 else (*labels[:3], "...", labels[-1]))


def _varies(name: str, value: object) -> bool:
    """Whether a setting is given several values."""
    if name == "rules":
        return not all(isinstance(rule, Rule) for rule in _items(value, name))
    if name not in SETTINGS:
        return True  # a rule with a number, even a single one, so that rules are read in one place
    return SETTINGS[name].numeric and ((isinstance(value, str) and ("," in value or ":" in value)) or _several(value))


def _several(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _items(value: object, name: str) -> list[Any]:
    if not _several(value):
        raise ModelError(name, "must be rules, or a list of alternatives such as [(), (MaxDistillations(1),)]", value)
    return list(value)  # type: ignore[call-overload, no-any-return]


def _timed(name: str, given: Any) -> bool:
    """Whether an axis has times with a unit."""
    if name not in SETTINGS or SETTINGS[name].unit != UNIT_OF_TIME:
        return False
    several = re.split("[,:]", given) if isinstance(given, str) else _items(given, name)
    return any(measured(one, name, TIMES)[1] for one in several)


def _number(name: str, given: Any) -> Fraction:
    """A number, which may have a unit where its setting has one."""
    return measured(given, name, UNITS.get(SETTINGS[name].unit, {}))[0]


def _axis(name: str, given: Any) -> Axis:
    """The axis that a user describes."""
    if name == "rules":
        found: list[Value] = [
            checked([item] if isinstance(item, Rule) else _items(item, name)) for item in _items(given, name)
        ]
    else:
        parts = given.split(",") if isinstance(given, str) else list(given) if _several(given) else [given]
        found = []
        for part in parts:
            found += _values(name, part)
            if len(found) > MOST_POINTS:
                raise _too_many(name, len(found))
    if not found:
        raise ModelError(name, "must have at least one value", given)
    seen: set[Value] = set()
    for value in found:
        if value in seen:
            raise ModelError(name, "must not repeat a value", label_of(value, name))
        seen.add(value)
    return Axis(name, tuple(found))


def _values(name: str, part: Any) -> list[Value]:
    """The values of one item of a list: a range, a number, or ``none`` among rules."""
    if name not in SETTINGS:
        if part is None or absent(part):
            return [()]
        if isinstance(part, bool):
            raise ModelError(name, "must be whole numbers such as 1,2, or none", part)
        return [rules_from({name: number}) for number in _numbers(name, part)]
    return list(_numbers(name, part))


def _numbers(name: str, part: Any) -> list[Fraction] | list[int]:
    """A number, or those of a range ``LOW:HIGH:STEP``."""
    integral = name not in SETTINGS or SETTINGS[name].kind is ValueKind.WHOLE
    if not (isinstance(part, str) and ":" in part):
        return [whole(part, name)] if integral else [_number(name, part)]
    ends = re.split(r"\s*:\s*", part.strip())
    if len(ends) == 2 and integral:
        ends = [*ends, "1"]
    if len(ends) != 3:
        form = "LOW:HIGH or LOW:HIGH:STEP, such as 2:6" if integral else "LOW:HIGH:STEP, such as 0.3:0.9:0.1"
        raise ModelError(name, f"must be a range {form}", part)
    low, high, step = (Fraction(whole(end, name)) if integral else _number(name, end) for end in ends)
    return [int(n) for n in _range(name, low, high, step)] if integral else list(_range(name, low, high, step))


def _range(name: str, low: Fraction, high: Fraction, step: Fraction) -> Iterator[Fraction]:
    """All of ``low``, ``low + step``, ... that do not lie beyond ``high``, exactly."""
    shown = f"{low}:{high}:{step}"
    if step == 0:
        raise ModelError(name, "must be a range with a step that is not 0", shown)
    if (high - low) * step < 0:
        raise ModelError(name, f"is an empty range: steps of {step} from {low} never come to {high}", shown)
    count = floor((high - low) / step) + 1
    if count > MOST_POINTS:
        raise _too_many(name, count)
    return (low + i * step for i in range(count))


def _too_many(name: str, count: int) -> LimitError:
    shown = f"{count:,}" if count < 10**12 else "more than 10^12"
    return LimitError(
        f"{name}: {shown} values are more than the {MOST_POINTS:,} points that a sweep may have; take longer steps",
        size={"values": count, "most_points": MOST_POINTS},
    )
