"""What two nodes have: memories, how they make pairs and distil them, how long that takes, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from fractions import Fraction
from math import inf
from typing import Any

from lpdistill.errors import InfiniteLevelsError, ModelError, UnreachableTargetError
from lpdistill.hardware.helping import beyond
from lpdistill.hardware.keeping import Keeping
from lpdistill.hardware.operations import Operations, gate_of, map_for, raw_pair
from lpdistill.hardware.recipes import Recipe, discards, distillations
from lpdistill.hardware.rules import Rule, checked
from lpdistill.hardware.timing import SMALLEST, timing
from lpdistill.numbers import Number, at_most, exact, flag, whole
from lpdistill.physics.ageing import Clock, Coherence, Products
from lpdistill.physics.closure import are_few, closure
from lpdistill.physics.codes import ProtocolsLike
from lpdistill.physics.imported import map_name, raw_of
from lpdistill.physics.known import DEFAULT, map_meant
from lpdistill.physics.levels import Levels, reaches
from lpdistill.physics.limits import most_levels
from lpdistill.physics.maps import DistillationMap, Reach, consumes, reach_of
from lpdistill.physics.noise import SeveralNumbers
from lpdistill.units import Unit

GREATEST = 10**250
"""Expected times beyond this leave no room for sums in double precision."""

HALF, CLOSEST = Fraction(1, 2), Fraction(1, 10**15)
"""Raw fidelities closer to 1/2 than :data:`CLOSEST` are 1/2 in double precision."""

LEAST_RAW = HALF + CLOSEST
"""The least raw fidelity."""


@dataclass(frozen=True)
class Hardware(Keeping):
    """Two nodes with ``memories`` shared memory pairs.

    Its arguments mean what those of :class:`~lpdistill.Problem` do.

    Raises
    ------
    ModelError
        If an argument is out of its range or no number.

    Examples
    --------
    >>> hardware = Hardware(p=0.5, memories=4, f0="3/4")
    >>> len(hardware.levels(Fraction(79, 100)))
    2
    """

    p: Fraction
    memories: int
    f0: Fraction
    _: KW_ONLY
    generation_time: Fraction
    distillation_time: Fraction
    distillation: DistillationMap[Any] = field(repr=False)
    rules: tuple[Rule, ...]
    discarding: bool

    def __init__(  # noqa: PLR0913 - the parameters of the hardware
        self,
        p: Number,
        memories: int | str,
        f0: Number | None = None,
        *,
        generation_time: Number | None = None,
        distillation_time: Number | None = None,
        distance: Number | None = None,
        signal_speed: Number | None = None,
        unit: Unit | str | None = None,
        distillation: DistillationMap[Any] | str | None = None,
        protocols: ProtocolsLike | None = None,
        raw: SeveralNumbers | None = None,
        gate: SeveralNumbers | None = None,
        gate_fidelity: SeveralNumbers | None = None,
        readout: SeveralNumbers | None = None,
        rules: Rule | Iterable[Rule] | Mapping[str, Any] | None = (),
        discarding: bool = False,
        coherence_time: Number | None = None,
        products: Products | str | None = None,
    ) -> None:
        chance, (fidelity, shares) = exact(p, "p"), raw_pair(f0, raw)
        if not 0 < chance <= 1:
            raise ModelError("p", "must be a probability with 0 < p <= 1", p)
        if chance < SMALLEST:
            raise ModelError("p", f"must be at least {float(SMALLEST):g}: double precision ends there", p)
        if not HALF < fidelity <= 1:
            raise ModelError("f0", "must be a raw fidelity with 1/2 < f0 <= 1", f0)
        if fidelity < LEAST_RAW:
            raise ModelError("f0", f"must exceed 1/2 by at least {float(CLOSEST):g}: nothing is gained below", f0)
        known = DEFAULT if distillation is None else map_meant(distillation)
        given = {
            "generation_time": generation_time,
            "distillation_time": distillation_time,
            "coherence_time": None if coherence_time in (inf, "inf") else coherence_time,  # they keep for ever
        }
        *times, keeping, unit = timing(given, distance=distance, signal_speed=signal_speed, unit=unit)
        if not any(times):
            raise ModelError("generation_time", "must be above 0 if distillation_time is 0", generation_time)
        if keeping is None and products is not None:
            remedy = "give it, or leave this out"
            raise ModelError("products", f"age or not, but nothing does without coherence_time; {remedy}", products)
        coherence = None if keeping is None else Coherence(keeping, products or Products.AGE)
        discards_pairs = flag(discarding, "discarding") or coherence is not None
        if discards_pairs and not times[0]:
            raise ModelError(
                "generation_time",
                "must be above 0 with discarding (as with coherence_time): runs could go in circles for nothing",
                generation_time,
            )
        if max(times) > chance * GREATEST:
            raise ModelError("p", "is so small that times overflow double precision; take another unit of time", p)
        number = whole(memories, "memories")
        if number < 1:
            raise ModelError("memories", "must be at least 1", memories)
        self.__dict__.update(
            p=chance,
            memories=number,
            f0=fidelity,
            generation_time=times[0],
            distillation_time=times[1],
            distillation=map_for(known, shares, protocols, gate_of(gate, gate_fidelity), readout),
            rules=checked(rules),
            discarding=discards_pairs,
            coherence_time=coherence and coherence.time,
            products=coherence and coherence.products,
            unit=unit,
        )
        _require_ageing(self)

    @property
    def clock(self) -> Clock | None:
        """How long steps take, and how pairs age meanwhile; None where memories keep for ever."""
        coherence = self.coherence
        return None if coherence is None else Clock(coherence, self.generation_time, self.distillation_time)

    @property
    def operations(self) -> Operations:
        """The map with its protocols, raw pairs and noise."""
        return Operations.of(self.distillation, self.f0)

    def reach(self, target: Fraction) -> Reach:
        """How far the map carries raw pairs towards a target."""
        found = reach_of(self.distillation, raw_of(self.distillation, self.f0), target, self.memories)
        ages = self.coherence_time is not None and self.f0 < target
        if ages or found.proved:
            return replace(found, finite=False) if ages else found
        known: Any = self.distillation  # which has a hash
        finite = are_few(known, self.f0, target, self.memories)
        return replace(found, finite=finite, proved=finite)

    def levels(self, target: Fraction) -> Levels:
        """The fidelity levels below a target.

        Raises
        ------
        UnreachableTargetError
            If no policy of this many memories reaches the target.
        InfiniteLevelsError
            If the target is reachable, but infinitely many levels lie below it.
        LimitError
            If there are finitely many, but too many for this machine.
        """
        reach = self.reach(target)
        if reach.memories_needed is None or reach.memories_needed > self.memories:
            raise beyond(self.distillation, self.f0, target, self.memories, reach)
        if self.coherence_time is not None and self.f0 < target:
            raise InfiniteLevelsError(
                f"coherence_time: pairs that age pass through infinitely many fidelities (found "
                f"{float(self.coherence_time):g}); solve(problem) finds labels that stand for them, and what needs all "
                "levels has no meaning here: leave coherence_time out",
                target=float(target),
                pumping_limit=reach.pumping_limit,
                memory_limit=reach.memory_limit,
            )
        if not reach.finite and any(rule.separable for rule in self.rules):
            return self._levels_under_rules(target)
        if not reach.finite and reach.proved:
            raise InfiniteLevelsError(
                f"target: {float(target)} can be reached with {self.memories} memories (memory limit "
                f"{at_most(reach.memory_limit, 9)}), but it is not below {self.endless(reach)} of "
                f"f0 = {float(self.f0)}, so infinitely many fidelity levels lie below it; solve(problem) finds "
                "labels that stand for them, or take a target below the pumping limit or raise f0",
                target=float(target),
                pumping_limit=reach.pumping_limit,
                memory_limit=reach.memory_limit,
            )
        return closure(self.distillation, self.f0, target, most=most_levels(self.memories), memories=self.memories)

    def out_of_reach(self, target: Fraction, why: str, under: str = "") -> UnreachableTargetError:
        """The error of a target that so many memories do not reach, under rules if these are why."""
        reach, noun = self.reach(target), "memory" if self.memories == 1 else "memories"
        return UnreachableTargetError(
            f"target: {float(target)} is out of reach for {self.memories} {noun} and f0 = {float(self.f0)}{under}: "
            f"{why}",
            target=float(target),
            pumping_limit=reach.pumping_limit,
            memory_limit=reach.memory_limit,
        )

    def endless(self, reach: Reach) -> str:
        """What it is that a target with infinitely many levels is not below."""
        if consumes(self.distillation) != (2,) or not reach.proved:  # the limit is that of the best protocol and order
            return "what one of the ways of pumping approaches"
        return f"the pumping limit {at_most(reach.pumping_limit, 9)}"

    def _levels_under_rules(self, target: Fraction) -> Levels:
        """The levels below a target that rules leave, where without them there are infinitely many.

        Raises
        ------
        UnreachableTargetError
            If what they leave does not reach the target.
        """
        reach, separable = self.reach(target), [rule for rule in self.rules if rule.separable]

        def allowed(numbers: Sequence[int]) -> bool:
            return all(rule.allows_levels(numbers, 0) for rule in separable)

        under = f" under {' and '.join(rule.name for rule in separable)}"
        free = f"memory limit without that: {at_most(reach.memory_limit, 9)}"
        if allowed((0, 1)):  # pumping, which approaches a limit that is not above the target
            raise self.out_of_reach(
                target,
                f"pumping stays below {at_most(reach.pumping_limit, 9)} (pumping limit; {free}); lower the target, "
                "raise f0 or relax the rule",
                under,
            )
        most, memories = most_levels(self.memories), self.memories
        levels = closure(self.distillation, self.f0, target, most=most, memories=memories, allowed=allowed)
        if not reaches(levels, memories):
            highest = float(max(level.fidelity for level in levels))
            raise self.out_of_reach(
                target,
                f"the highest fidelity that is made is {at_most(highest, 9)} (pumping limit "
                f"{at_most(reach.pumping_limit, 9)}; {free}); lower the target, take more memories or relax the rule",
                under,
            )
        return levels

    def recipes(self, levels: Levels) -> tuple[Recipe, ...]:
        """Everything that can be done with stored pairs, whatever the rules: distillations, then discards."""
        return distillations(levels) + (discards(levels) if self.discarding else ())


def _require_ageing(hardware: Hardware) -> None:
    """Refuse memories that forget where the map is another than that on Werner pairs, which stay such as they age."""
    if hardware.coherence is not None and hardware.distillation != DEFAULT:
        raise ModelError(
            "coherence_time",
            f"is for Werner pairs, distilled by {DEFAULT.name} without noise, two at a time; leave it out, or these",
            str(hardware.operations) or map_name(hardware.distillation),
        )
