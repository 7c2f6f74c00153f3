"""Configurations and actions in a physicist's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

from lpdistill.model.levels import Levels

FEWEST_DECIMALS = 3

DIGITS = 12
"""Significant digits of a printed bound: as many as the waiting time has."""


def outwards(lower: float, upper: float) -> tuple[str, str]:
    """Two bounds in decimals, rounded away from each other, so that what is printed is still proved.

    >>> outwards(8.640493238435169, 8.640493238437489)
    ('8.64049323843', '8.64049323844')
    """
    down, up = Context(DIGITS, ROUND_FLOOR), Context(DIGITS, ROUND_CEILING)
    return f"{down.create_decimal(lower):g}", f"{up.create_decimal(upper):g}"


@dataclass(frozen=True, order=True)
class Action:
    """What is done in one step: the pairs of levels that are distilled, and the number of generation attempts.

    Levels are indices from 0, the lowest fidelity; ``Action(((0, 0), (0, 1)), 1)`` distils two raw pairs with each
    other and a raw pair with a level-1 pair, and attempts generation on one empty memory.
    """

    distil: tuple[tuple[int, int], ...] = ()
    generate: int = 0


@dataclass(frozen=True)
class Wording:
    """Words for the configurations and actions of ``memories`` memories.

    Attributes
    ----------
    levels
        The levels, which are named by their fidelity.
    memories
        Number of memories.
    """

    levels: Levels
    memories: int

    def fidelities(self) -> list[str]:
        """The fidelity of every level, with as many decimals as tell them apart, and at least three."""
        exact = [float(level.fidelity) for level in self.levels]
        for decimals in range(FEWEST_DECIMALS, 17):
            names = [f"{x:.{decimals}f}" for x in exact]
            if len({*names, f"{float(self.levels.target):.{decimals}f}"}) > len(names):
                break
        return names if exact else []

    def configuration(self, counts: Sequence[int]) -> str:
        """A configuration: ``2 x 0.750 + 1 x 0.788, 1 empty``."""
        names = self.fidelities()
        stored = " + ".join(f"{n} x {name}" for n, name in zip(counts, names, strict=True) if n)
        empty = self.memories - sum(counts)
        return ", ".join(part for part in (stored, f"{empty} empty" if empty else "") if part)

    def distillation(self, action: Action) -> str:
        """The distillations of an action: ``2 x (0.750, 0.750 -> 0.788)``."""
        names, made = self.fidelities(), {(kind.low, kind.high): kind.result for kind in self.levels.kinds}
        parts = []
        for low, high in dict.fromkeys(action.distil):
            times, result = action.distil.count((low, high)), made[low, high]
            outcome = "target" if result is None else names[result]
            word = f"{names[low]}, {names[high]} -> {outcome}"
            parts.append(word if times == 1 else f"{times} x ({word})")
        return "; ".join(parts) or "-"

    def generation(self, action: Action) -> str:
        """The generation attempts of an action: ``on 2 memories``."""
        if not action.generate:
            return "-"
        return f"on {action.generate} {'memory' if action.generate == 1 else 'memories'}"

    def action(self, action: Action) -> str:
        """An action in one phrase: ``distil 0.750, 0.750 -> 0.788, generate on 1 memory``."""
        parts = [f"distil {self.distillation(action)}"] if action.distil else []
        parts += [f"generate {self.generation(action)}"] if action.generate else []
        return ", ".join(parts) or "wait"
