"""The settings of a problem, a row each: what options, problem files, JSON, sweeps, schemas and docs know of them.

A new setting is a row here, and its use: an argument of :class:`~lpdistill.hardware.hardware.Hardware` or
:class:`~lpdistill.problem.problem.Problem`, which check it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from operator import attrgetter
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.hardware.rules import rules_stated
from lpdistill.numbers import UNIT_OF_TIME
from lpdistill.physics.ageing import Products
from lpdistill.physics.codes import TWO, stated
from lpdistill.physics.imported import map_name
from lpdistill.physics.known import DEFAULT, MAPS, map_stated
from lpdistill.physics.noise import told
from lpdistill.problem.presets import PRESETS
from lpdistill.process.budgets import budgets_from
from lpdistill.units import Unit


class FinalStep(StrEnum):
    """Whether the step that reaches the target counts towards the waiting time."""

    CHARGED = "charged"
    """Every step counts: the time that really passes (arXiv:2606.14908, Eq. 12)."""
    FREE = "free"
    """The last step is free, as in the program behind the paper's published numbers."""


class ValueKind(StrEnum):
    """What a setting holds."""

    NUMBER = "number"
    SIDES = "number[,number]"
    WHOLE = "integer"
    NUMBERS = "numbers"
    CHOICE = "choice"
    FLAG = "flag"
    TABLE = "table"
    NAMES = "names"


OPERATIONS = "hardware.operations"
"""What of a problem has what its nodes do to pairs."""

ALWAYS = object()
"""That documents state a setting, whatever its value."""


def _plain(value: Any) -> Any:
    """A value as JSON data: whole numbers and flags are themselves, other numbers exact text."""
    return value if isinstance(value, int) else str(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of a setting.

    Attributes
    ----------
    name, kind, help
        How arguments, problem files and JSON call it (options have ``-`` for ``_``); what it holds; what it is.
    bounds, default, unit
        What its values fulfil, as an expression (``>= 0`` is the right side of one); what holds without it; its unit.
    values, short
        Those that a choice is of; a short name of the option.
    required, instead_of
        Whether it must be given; the setting in whose place it may be given, which JSON has.
    shapes_levels
        Whether the fidelity levels depend on it.
    derives
        The settings that follow from it, unless they are given; JSON has these.
    written, read
        What makes JSON data of a value; and what the problem takes of what files and documents say.
    usual
        What documents leave out, as they have it: :data:`ALWAYS` if they state every value.
    within
        What of a problem has it, if it is no attribute of the problem itself.
    unless
        The setting that makes it needless.
    varies
        Whether sweeps may run over it, if it is a number.
    """

    name: str
    kind: ValueKind
    help: str
    bounds: str = ""
    default: str = ""
    unit: str = ""
    values: Iterable[str] = ()
    short: str = ""
    required: bool = False
    instead_of: str = ""
    shapes_levels: bool = False
    derives: tuple[str, ...] = ()
    written: Callable[[Any], Any] = _plain
    read: Callable[[Any], Any] = lambda value: value
    usual: Any = ALWAYS
    within: str = ""
    unless: str = ""
    varies: bool = True

    def of(self, problem: Any) -> Any:
        """Its value for a problem."""
        return attrgetter(".".join(filter(None, [self.within, self.name])))(problem)

    @property
    def kept(self) -> bool:
        """Whether problems have it, and not only what follows from it."""
        return not self.instead_of and not self.derives

    @property
    def stated(self) -> bool:
        """Whether documents have it always, whatever its value."""
        return self.usual is ALWAYS

    @property
    def numeric(self) -> bool:
        """Whether sweeps may run over it."""
        return self.varies and self.kind in {ValueKind.NUMBER, ValueKind.SIDES, ValueKind.WHOLE}

    def cell(self, problem: Any) -> float | str:
        """A number of a problem as tables of many have it: two different ones of two nodes as text."""
        value = self.of(problem)
        if value is None:  # without end
            return inf
        if self.kind is ValueKind.SIDES:
            return float(value[0]) if value[0] == value[1] else told(value)
        return float(value)

    def exact(self, problem: Any) -> str:
        """A number of a problem as exact text."""
        value = self.of(problem)
        if value is None:
            return self.default
        return told(value) if self.kind is ValueKind.SIDES else str(value)

    @property
    def told(self) -> str:
        """What it is and must be, as a sentence."""
        return f"{self.help}, {self.bounds}." if self.bounds else f"{self.help}."


SETTINGS = {
    row.name: row
    for row in (
        Setting("p", ValueKind.NUMBER, "Generation success probability", "0 < p <= 1", required=True),
        Setting(
            "memories", ValueKind.WHOLE, "Number of memory pairs", ">= 1", short="-M", required=True, shapes_levels=True
        ),
        Setting(
            "f0",
            ValueKind.NUMBER,
            "Fidelity of a raw pair",
            "1/2 < f0 <= 1",
            required=True,
            shapes_levels=True,
            unless="raw",
        ),
        Setting("target", ValueKind.NUMBER, "Fidelity to reach", "0 < target <= 1", shapes_levels=True),
        Setting("gap", ValueKind.NUMBER, "Instead of the target: target - f0", instead_of="target", shapes_levels=True),
        Setting(
            "average_fidelity",
            ValueKind.NUMBER,
            "Instead of the target: mean fidelity of what is delivered",
            "0 < average_fidelity <= 1",
            shapes_levels=True,
            written=lambda mean: None if mean is None else str(mean),
            usual=None,
            varies=False,
        ),
        Setting(
            "generation_time", ValueKind.NUMBER, "Duration of a step that only generates", ">= 0", "1", UNIT_OF_TIME
        ),
        Setting("distillation_time", ValueKind.NUMBER, "Duration of a step that distils", ">= 0", "2", UNIT_OF_TIME),
        Setting(
            "distance",
            ValueKind.NUMBER,
            "Distance L of the nodes, such as 10km: durations that are not given are L/c and 2 L/c, in seconds",
            unit="m",
            derives=("generation_time", "distillation_time"),
        ),
        Setting(
            "signal_speed",
            ValueKind.NUMBER,
            "Speed c of signals over the distance, at most that of light",
            default="200000km/s, fibre",
            unit="m/s",
            derives=("generation_time", "distillation_time"),
        ),
        Setting(
            "unit",
            ValueKind.CHOICE,
            "Unit of times that have none, if it is known",
            default="s where others have one, or none",
            values=Unit,
            usual=None,
            written=lambda unit: None if unit is None else str(unit),
            within="hardware",
        ),
        Setting(
            "final_step",
            ValueKind.CHOICE,
            "Whether the last step counts (charged) or not (free)",
            default=FinalStep.CHARGED,
            values=FinalStep,
        ),
        Setting(
            "distillation",
            ValueKind.CHOICE,
            "The map of two pairs, or module:name of one of your own",
            default=DEFAULT.name,
            values=MAPS,
            shapes_levels=True,
            written=map_name,
            read=map_stated,
        ),
        Setting(
            "protocols",
            ValueKind.NUMBERS,
            "How many pairs a distillation may take, such as 2,3: two by the map, more by the best stabiliser code",
            default="2",
            shapes_levels=True,
            written=stated,
            usual=[TWO],
            within=OPERATIONS,
        ),
        Setting(
            "raw",
            ValueKind.NUMBERS,
            "Weights of a raw pair: of Phi+, Psi+, Psi- and Phi- (errors I, X, Y, Z)",
            default="those of a Werner pair of f0",
            shapes_levels=True,
            written=lambda raw: None if raw is None else [str(weight) for weight in raw],
            usual=None,
            within=OPERATIONS,
        ),
        Setting(
            "gate",
            ValueKind.SIDES,
            "Depolarising parameter p2 of two-qubit gates, of both nodes or of each",
            "0 < gate <= 1",
            "1",
            shapes_levels=True,
            written=told,
            usual="1",
            within=OPERATIONS,
        ),
        Setting(
            "gate_fidelity",
            ValueKind.SIDES,
            "Instead of the gate: average gate fidelity, p2 + (1 - p2)/4",
            instead_of="gate",
            shapes_levels=True,
        ),
        Setting(
            "readout",
            ValueKind.SIDES,
            "Probability that a readout is right, of both nodes or of each",
            "1/2 < readout <= 1",
            "1",
            shapes_levels=True,
            written=told,
            usual="1",
            within=OPERATIONS,
        ),
        Setting(
            "rules",
            ValueKind.TABLE,
            "What the hardware allows",
            shapes_levels=True,
            written=lambda rules: [rule.to_dict() for rule in rules],
            read=rules_stated,
        ),
        Setting(
            "budgets",
            ValueKind.TABLE,
            "Limits on expected use, by resource",
            written=lambda budgets: {budget.name: budget.limits() for budget in budgets},
            read=budgets_from,
        ),
        Setting("discarding", ValueKind.FLAG, "Whether stored pairs may be discarded", default="no"),
        Setting(
            "coherence_time",
            ValueKind.NUMBER,
            "Coherence time of the memories, above 0, in which pairs depolarise",
            default="for ever",
            unit=UNIT_OF_TIME,
            shapes_levels=True,
            written=lambda time: None if time is None else str(time),
            usual=None,
            within="hardware",
        ),
        Setting(
            "products",
            ValueKind.CHOICE,
            "Whether results of distillation age while they are made (age) or are fresh (fresh)",
            default=Products.AGE,
            values=Products,
            shapes_levels=True,
            written=lambda products: str(products or Products.AGE),
            usual=str(Products.AGE),
            within="hardware",
        ),
        Setting(
            "preset",
            ValueKind.NAMES,
            f"Numbers of platforms, which others win over; one, or several with commas: {', '.join(PRESETS)}",
            values=PRESETS,
            derives=("p", "f0", "gate", "readout", "coherence_time"),
        ),
    )
}
"""All settings by name, in the order of JSON documents."""


def require(given: Mapping[str, Any], remedy: str = "give it as an option or in the problem file") -> None:
    """Refuse settings that lack one that must be given."""
    for setting in SETTINGS.values():
        if setting.required and given.get(setting.name) is None and given.get(setting.unless) is None:
            raise ModelError(setting.name, f"is missing; {remedy}", None)


def numeric() -> list[str]:
    """The attributes of problems that are numbers, over which sweeps may run."""
    return [setting.name for setting in SETTINGS.values() if setting.numeric and setting.kept]


def swept() -> list[str]:
    """The settings over which sweeps may run, also those from which others follow."""
    return [setting.name for setting in SETTINGS.values() if setting.numeric]


def tables() -> list[str]:
    """The settings that are tables of their own in problem files."""
    return [setting.name for setting in SETTINGS.values() if setting.kind is ValueKind.TABLE]


def operations() -> list[str]:
    """The settings that say what nodes do to pairs, which may stand in a table [operations] of problem files."""
    own = {name for name, row in SETTINGS.items() if row.within == OPERATIONS}
    return [name for name, row in SETTINGS.items() if name in own or row.instead_of in own or name == "distillation"]
