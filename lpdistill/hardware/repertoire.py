"""Which actions there are at all: the structure that rules leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.hardware import Hardware
from lpdistill.hardware.rules import Rule
from lpdistill.numbers import member
from lpdistill.physics.levels import Kind, Levels


class Aimed(Protocol):
    """Hardware that works towards a target."""

    @property
    def hardware(self) -> Hardware:
        """What does the work."""

    @property
    def levels(self) -> Levels:
        """The fidelity levels below the target."""


@dataclass(frozen=True)
class Repertoire:
    """The actions of ``memories`` memories that the structure of all rules admits.

    Attributes
    ----------
    memories, levels
        Number of memories, and the fidelity levels.
    rules
        The rules.
    attempts
        Whether an action attempts generation on as many empty memories as it may, or on any number up to that.
    discarding
        Whether stored pairs may be discarded.
    """

    memories: int
    levels: Levels
    rules: tuple[Rule, ...] = ()
    attempts: Attempts = Attempts.FULL
    discarding: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "attempts", member(Attempts, self.attempts, "attempts"))

    @staticmethod
    def of(problem: Aimed, attempts: Attempts) -> Repertoire:
        """The actions of some hardware on the way to a target."""
        hardware = problem.hardware
        return Repertoire(hardware.memories, problem.levels, hardware.rules, attempts, hardware.discarding)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of distillation that every rule allows."""
        raw = -1 if self.levels.raw is None else self.levels.raw
        return tuple(k for k in self.levels.kinds if all(rule.allows_pair(k.low, k.high, raw) for rule in self.rules))

    @property
    def distillations(self) -> int:
        """Greatest number of distillations in one step."""
        most = min((rule.most_distillations(self.memories) for rule in self.rules), default=self.memories)
        return max(0, min(most, self.memories // 2)) if self.kinds else 0

    def most_attempts(self, *, distilling: bool) -> int:
        """Greatest number of generation attempts in a step that distils, or in one that does not."""
        most = (rule.most_attempts(self.memories, distilling=distilling) for rule in self.rules)
        return max(0, min(self.memories, *most)) if self.rules else self.memories

    @property
    def predicates(self) -> tuple[Rule, ...]:
        """The rules that must be asked about every action."""
        return tuple(rule for rule in self.rules if rule.elementwise)
