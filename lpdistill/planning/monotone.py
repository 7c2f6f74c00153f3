"""Which settings never make an optimum worse as they get better: what is proved, and for which hardware.

The proofs are couplings (:doc:`planning`): better hardware carries out whatever policy worse hardware has, pair by pair
no worse and step by step no later.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lpdistill.hardware.rules import BUILT_IN, Banded, EqualLevelsOnly, RawPairOnly
from lpdistill.physics.codes import TWO
from lpdistill.physics.werner import Werner
from lpdistill.planning.objective import RATES, Quantity
from lpdistill.planning.ranges import FALLING
from lpdistill.problem.problem import Problem

NO_MORE = frozenset({"steps", "generation_attempts", "distillations", "failed_distillations"})
"""What better hardware uses no more of while it does what worse hardware does."""

QUALITY = frozenset({"f0", "gate", "gate_fidelity", "readout"})
"""Settings of how good pairs and operations are."""

OF_LEVELS = (Banded, EqualLevelsOnly, RawPairOnly)
"""Rules that ask which levels pairs have."""


@dataclass(frozen=True, slots=True)
class Monotone:
    """What is proved.

    Attributes
    ----------
    names
        Better values of these settings, the others being what they are, make no optimum worse.
    keeping
        Whether that holds only against the same hardware with memories that keep for ever: it bounds the optimum.
    """

    names: frozenset[str]
    keeping: bool = False


def proved(problem: Problem, ranged: Collection[str], quantity: Quantity) -> Monotone:
    """What is proved of some settings of a problem, whose other settings do not vary.

    Parameters
    ----------
    problem
        The problem.
    ranged
        The settings that vary.
    quantity
        What is asked of it.
    """
    if any(type(rule) not in BUILT_IN.values() for rule in problem.rules):
        return Monotone(frozenset())
    rate = quantity in RATES
    modest = all(one.least is None and one.resource.name in NO_MORE for one in problem.budgets)
    plain = not problem.budgets if rate else modest
    found = {"memories"}
    if modest:
        found.add("p")
    if plain:
        found |= FALLING
    # An early delivery leaves a step with nothing to distil, which must not make it longer.
    shortened = not rate or (problem.generation_time <= problem.distillation_time and not FALLING & {*ranged})
    ranks = isinstance(problem.distillation, Werner) and problem.distillation.protocols == (TWO,)
    if plain and shortened and ranks and not any(isinstance(rule, OF_LEVELS) for rule in problem.rules):
        found |= QUALITY
    if problem.hardware.coherence_time is None and "coherence_time" not in ranged:
        return Monotone(frozenset(found) & {*ranged})
    if found >= QUALITY:  # whatever ages is bounded by what does not
        return Monotone(frozenset({*found, "coherence_time"}) & {*ranged}, keeping=True)
    return Monotone(frozenset({"memories"}) & {*ranged})
