r"""The proof of a greatest rate of a steady state, checked in integers.

A pair that meets the target is delivered when its step ends, and leaves nothing.  With the duration :math:`\tau` of a
column and the expected number ``r`` of its deliveries, the proof holds if, in exact arithmetic,

1. every configuration has one value, empty memories 0, and every action satisfies
   :math:`h(s) + g \tau \ge r(s, a) + \sum_{s'} P(s'|s,a) h(s')`;
2. the policy's action does so with equality in every configuration, and so do the listed optimal ones, no others.

Steps take time, and values are bounded: by 1, no policy delivers more than ``g`` per unit of time, and by 2 the policy
delivers as many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import comb, lcm
from typing import Any, NamedTuple

from lpdistill.errors import LimitError, ModelError
from symbolic.checking.budgets import Act
from symbolic.checking.graph import surely_reaching
from symbolic.checking.model import Hardware, demand, number
from symbolic.checking.proof import act_of, code_of

MOST_MOVES = 20_000_000
"""Moves of columns up to which each is gone through: some minutes."""


class Rate(NamedTuple):
    """What has been proved: the greatest rate, and how large the program is."""

    gain: Fraction
    configurations: int
    columns: int


class Block(NamedTuple):
    """An action beside all configurations that may be left alone.

    ``made`` is what comes of it, with probabilities times ``whole``; ``reward`` how many pairs it delivers.
    """

    act: Act
    consumed: int
    made: dict[int, int]
    whole: int
    reward: Fraction
    rests: list[int]


@dataclass(frozen=True)
class SteadyProof:
    """A proof, taken apart.  Configurations are numbers whose digits to the base ``M + 1`` are their counts."""

    hardware: Hardware
    gain: Fraction
    values: dict[int, Fraction]
    policy: dict[int, tuple[Act, frozenset[Act]]]
    stated_columns: int

    @staticmethod
    def of(document: dict[str, Any]) -> SteadyProof:
        """What a certificate says."""
        hardware = Hardware.of(document["problem"])
        if document["problem"]["budgets"]:
            raise ModelError("certificate", "has budgets, within which this checker knows no rates", None)
        values: dict[int, Fraction] = {}
        policy = {}
        for row in document["exact"]:
            counts = row["counts"]
            proper = len(counts) == hardware.levels and all(type(n) is int and n >= 0 for n in counts)
            demand(proper and sum(counts) <= hardware.memories, f"there is no configuration {counts}")
            code = code_of(counts, hardware.memories)
            values[code] = number(row["value"])
            policy[code] = act_of(row["action"]), frozenset(map(act_of, row["optimal"]))
        demand(len(values) == len(document["exact"]), "a configuration occurs twice")
        return SteadyProof(hardware, number(document["gain"]), values, policy, document["checked_columns"])

    def checked(self) -> Rate:
        """Check every claim."""
        demand(min(self.hardware.times) > 0, "steps must take time")
        demand(self.gain > 0, "the gain is not above 0")
        demand(self.values.get(0) == 0, "the value of empty memories is not 0")
        self._require_all()
        columns, tight = 0, defaultdict[int, set[Act]](set)
        common = lcm(*(value.denominator for value in self.values.values()))
        scaled = {code: value.numerator * (common // value.denominator) for code, value in self.values.items()}
        for block in self._blocks():
            change = (self.gain * self.hardware.duration(block.act[0], block.act[2]) - block.reward) * common
            for rest in block.rests:
                state = rest + block.consumed
                if state not in scaled or any(rest + made not in scaled for made in block.made):
                    continue
                columns += 1
                after = sum(weight * scaled[rest + made] for made, weight in block.made.items())
                slack = (block.whole * scaled[state] - after) * change.denominator + block.whole * change.numerator
                demand(slack >= 0, f"the value of {self.hardware.counts(state)} is below that of action {block.act}")
                if slack == 0:
                    tight[state].add(block.act)
        demand(self.stated_columns == columns, f"the program has {columns:,} columns")
        for state, (act, optimal) in self.policy.items():
            counts = self.hardware.counts(state)
            demand(act in tight[state], f"the policy's action in {counts} does not attain the value")
            demand(optimal == tight[state], f"other actions are optimal in {counts} than those listed")
        return Rate(self.gain, len(self.values), columns)

    def _require_all(self) -> None:
        """Demand values of all configurations from which some policy empties memories again for sure."""
        every = sum(map(len, self._by_size))
        if len(self.values) == every:
            return
        moves = {
            (rest + block.consumed, frozenset(rest + made or None for made in block.made))
            for block in self._blocks()
            for rest in block.rests
        }
        live = surely_reaching(moves) | {0}
        demand(
            live == set(self.values),
            f"it has {len(self.values):,} configurations, the problem {every:,}, {len(live):,} of them not dead ends",
        )

    @cached_property
    def _by_size(self) -> list[list[int]]:
        """All configurations by number of stored pairs."""
        powers = [(self.hardware.memories + 1) ** level for level in range(self.hardware.levels)]
        return [list(map(sum, combinations_with_replacement(powers, n))) for n in range(self.hardware.memories + 1)]

    def _blocks(self) -> Iterator[Block]:
        """Everything that the rules allow; discards last."""
        hardware, moves = self.hardware, 0
        for distilled, consumed, outcomes, scale in hardware.matchings(delivering=True):
            left = hardware.memories - sum(map(len, distilled))
            reward = sum((hardware.recipes[pairs].reaching for pairs in distilled), Fraction(0))
            for stored in range(left + 1):
                for g in hardware.attempts(left - stored, len(distilled)):
                    made, whole = self._attempted(outcomes, scale, g)
                    moves += len(made) * len(self._by_size[stored])
                    if moves > MOST_MOVES:
                        size = {"moves": moves}
                        raise LimitError("certificate: the program has too many columns to check", size=size)
                    delivered = reward if hardware.levels else hardware.p * g
                    yield Block((distilled, g, ()), consumed, made, whole, delivered, self._by_size[stored])
        rests = [code for some in self._by_size[:-1] for code in some]
        for level in range(hardware.levels) if hardware.discarding else ():
            yield Block(((), 0, (level,)), hardware.code([level]), {0: 1}, 1, Fraction(0), rests)

    def _attempted(self, outcomes: dict[int, int], scale: int, attempts: int) -> tuple[dict[int, int], int]:
        """What distillations and attempts make, with probabilities times the scale returned."""
        hardware = self.hardware
        if not hardware.levels:  # raw pairs are delivered at once
            return outcomes, scale
        won, whole, raw = hardware.p.numerator, hardware.p.denominator, hardware.code([hardware.raw])
        made: dict[int, int] = defaultdict(int)
        for j in hardware.successes(attempts):
            odds = comb(attempts, j) * won**j * (whole - won) ** (attempts - j)
            for code, weight in outcomes.items():
                made[code + j * raw] += weight * odds
        return dict(made), scale * whole**attempts
