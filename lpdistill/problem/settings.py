"""The settings of a problem, a row each: what options, problem files, JSON, sweeps, schemas and docs know of them.

A new setting is a row here, and its use: an argument of :class:`~lpdistill.hardware.hardware.Hardware` or
:class:`~lpdistill.problem.problem.Problem`, which check it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.numbers import UNIT_OF_TIME
from lpdistill.physics.known import DEFAULT, MAPS, map_named


class FinalStep(StrEnum):
    """Whether the step that reaches the target counts towards the waiting time."""

    CHARGED = "charged"
    """Every step counts: the time that really passes (arXiv:2606.14908, Eq. 12)."""
    FREE = "free"
    """The last step is free, as in the program behind the paper's published numbers."""


class Kind(StrEnum):
    """What a setting holds."""

    NUMBER = "number"
    WHOLE = "integer"
    CHOICE = "choice"
    FLAG = "flag"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of a setting.

    Attributes
    ----------
    name
        How arguments, problem files and JSON call it; options have ``-`` for ``_``.
    kind
        What it holds.
    help
        What it is.
    bounds
        What its values fulfil: an expression, of which ``>= 0`` is the right side.
    default
        What holds if it is not given, in words.
    unit
        The unit of its numbers.
    values
        Those that a choice is of.
    required
        Whether it must be given.
    instead_of
        The setting in whose place it may be given; JSON has that one.
    shapes_levels
        Whether the fidelity levels depend on it.
    short
        A short name of its option.
    written
        Makes JSON data of a value.
    read
        Makes of what files and documents say what the problem takes.
    """

    name: str
    kind: Kind
    help: str
    bounds: str = ""
    default: str = ""
    unit: str = ""
    values: Iterable[str] = ()
    required: bool = False
    instead_of: str = ""
    shapes_levels: bool = False
    short: str = ""
    written: Callable[[Any], Any] = str
    read: Callable[[Any], Any] = lambda value: value

    @property
    def numeric(self) -> bool:
        """Whether sweeps may run over it."""
        return self.kind in {Kind.NUMBER, Kind.WHOLE}

    @property
    def told(self) -> str:
        """What it is and must be, as a sentence."""
        return f"{self.help}, {self.bounds}." if self.bounds else f"{self.help}."


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("p", Kind.NUMBER, "Generation success probability", "0 < p <= 1", required=True),
        Setting(
            "memories",
            Kind.WHOLE,
            "Number of memory pairs",
            ">= 1",
            required=True,
            shapes_levels=True,
            short="-M",
            written=int,
        ),
        Setting("f0", Kind.NUMBER, "Fidelity of a raw pair", "1/2 < f0 <= 1", required=True, shapes_levels=True),
        Setting("target", Kind.NUMBER, "Fidelity to reach", "0 < target <= 1", shapes_levels=True),
        Setting("gap", Kind.NUMBER, "Instead of the target: target - f0", instead_of="target", shapes_levels=True),
        Setting(
            "generation_time",
            Kind.NUMBER,
            "Duration of a step that only generates",
            ">= 0",
            default="1",
            unit=UNIT_OF_TIME,
        ),
        Setting(
            "distillation_time",
            Kind.NUMBER,
            "Duration of a step that distils",
            ">= 0",
            default="2",
            unit=UNIT_OF_TIME,
        ),
        Setting(
            "final_step",
            Kind.CHOICE,
            "Whether the last step counts (charged) or not (free)",
            default="charged",
            values=FinalStep,
        ),
        Setting(
            "distillation",
            Kind.CHOICE,
            "The two-to-one map",
            default=DEFAULT.name,
            values=MAPS,
            shapes_levels=True,
            written=attrgetter("name"),
            read=map_named,
        ),
        Setting("rules", Kind.TABLE, "What the hardware allows", written=lambda rules: [r.to_dict() for r in rules]),
        Setting(
            "budgets",
            Kind.TABLE,
            "Limits on expected use, by resource",
            written=lambda budgets: {budget.name: budget.limits() for budget in budgets},
        ),
        Setting("discarding", Kind.FLAG, "Whether stored pairs may be discarded", default="no", written=bool),
    )
}
"""All settings by name, in the order of JSON documents."""


def require(given: Mapping[str, Any], remedy: str = "give it as an option or in the problem file") -> None:
    """Refuse settings that lack one that must be given."""
    for setting in SETTINGS.values():
        if setting.required and given.get(setting.name) is None:
            raise ModelError(setting.name, f"is missing; {remedy}", None)


def numeric() -> list[str]:
    """The settings that are numbers, over which sweeps may run."""
    return [setting.name for setting in SETTINGS.values() if setting.numeric]


def tables() -> list[str]:
    """The settings that are tables of their own in problem files."""
    return [setting.name for setting in SETTINGS.values() if setting.kind is Kind.TABLE]
