r"""Whether distilling helps at all, and which gates would.

A monotone map makes of worse pairs nothing better than of better ones.  So if one distillation of raw pairs makes no
better pair, which is decided exactly, no policy ever holds a better one: then the answer is not to distil.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lpdistill.errors import DoNotDistilError, UnreachableTargetError
from lpdistill.numbers import at_least, at_most
from lpdistill.physics.imported import combined, raw_of
from lpdistill.physics.known import adapted
from lpdistill.physics.maps import DistillationMap, Reach, consumes, is_monotone, reach_of
from lpdistill.physics.noise import IDEAL, Noise

GATE_DIGITS = Fraction(1, 10**9)
"""How closely the least gate is found that would do."""

SHOWN = 9
"""Digits of gates, which are rounded up."""


def made_of_raw(distillation: DistillationMap[Any], f0: Fraction) -> Fraction:
    """The greatest fidelity that one distillation of raw pairs makes, exactly."""
    raw = raw_of(distillation, f0)
    several = (combined(distillation, [raw] * size) for size in consumes(distillation))
    return max(Fraction(state.fidelity) for made in several for _, state in made.outcomes)


def helps(distillation: DistillationMap[Any], f0: Fraction, target: Fraction) -> bool:
    """Whether distilling raises the fidelity of raw pairs: exactly for monotone maps, as far as is seen for others."""
    if is_monotone(distillation):
        return made_of_raw(distillation, f0) > f0
    return reach_of(distillation, raw_of(distillation, f0), target, 2).pumping_limit > float(f0)


def least_gate(given: DistillationMap[Any], does: Callable[[DistillationMap[Any]], bool]) -> Fraction | None:
    """The least depolarising parameter, at both nodes, with which a map does something, from above.

    None if the map has no noise, or perfect gates would not do either.
    """
    noise: Noise | None = getattr(given, "noise", None)
    if noise is None or noise.ideal or not does(adapted(given, noise=Noise(1, noise.readout))):
        return None
    low, high = Fraction(0), Fraction(1)
    while high - low > GATE_DIGITS:
        middle = (low + high) / 2
        low, high = (low, middle) if does(adapted(given, noise=Noise(middle, noise.readout))) else (middle, high)
    return high


def average(gate: Fraction | None) -> float | None:
    """The average gate fidelity of a depolarising parameter, rounded up; None for none."""
    return None if gate is None else float(at_least((1 + 3 * gate) / 4, SHOWN))


def beyond(
    distillation: DistillationMap[Any], f0: Fraction, target: Fraction, memories: int, reach: Reach
) -> UnreachableTargetError:
    """The error of a target that so many memories do not reach: what more memories, or better gates, would do.

    A :class:`~lpdistill.errors.DoNotDistilError` if it is noise that keeps distilling from helping.
    """
    noise: Noise = getattr(distillation, "noise", IDEAL)
    limits = {"target": float(target), "pumping_limit": reach.pumping_limit, "memory_limit": reach.memory_limit}
    noun, held = ("memory", "its fidelity is") if memories == 1 else ("memories", "their fidelity stays below")
    about = f"target: {float(target)} is out of reach for {memories} {noun} and f0 = {float(f0)}: "
    below = (
        f"{held} {at_most(reach.memory_limit, 9)} (memory limit; pumping alone stays below "
        f"{at_most(reach.pumping_limit, 9)})"
    )
    advice, needed = "; lower the target or raise f0", reach.memories_needed
    if needed is not None or noise.ideal:
        more = "no number of memories reaches it" if needed is None else f"{needed} memories could reach it"
        return UnreachableTargetError(f"{about}{below}; {more}{advice}", **limits)

    def reaches(known: DistillationMap[Any]) -> bool:
        needed = reach_of(known, raw_of(known, f0), target, memories).memories_needed
        return needed is not None and needed <= memories

    reaching = least_gate(distillation, reaches)
    would = "would do" if is_monotone(distillation) else "are the least that might do"
    gates = f", but gates of {_told(reaching)} at both nodes {would}" if reaching else ", and no gates would do"
    if helps(distillation, f0, target):
        more = f"no number of memories reaches it with {noise}{gates}"
        return UnreachableTargetError(f"{about}{below}; {more}{advice}", **limits)
    helping = least_gate(distillation, lambda known: helps(known, f0, target))
    some = f", and distilling helps at all from {_told(helping)} on" if helping else ""
    sure = "no pair is better than a raw one" if is_monotone(distillation) else "no better pair than a raw one is found"
    made = at_most(made_of_raw(distillation, f0), SHOWN)
    return DoNotDistilError(
        f"{about}{sure} with {noise}, for with this noise distilling raw pairs (which makes {made} of them) lowers "
        f"their fidelity: do not distil{gates}{some}{advice}",
        helps_from=average(helping),
        reaches_from=average(reaching),
        **limits,
    )


def _told(gate: Fraction) -> str:
    """A depolarising parameter in decimals, rounded up, with the average gate fidelity."""
    return f"{at_least(gate, SHOWN)} (average gate fidelity {average(gate)})"
