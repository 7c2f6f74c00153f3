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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import comb, lcm
from typing import Any, NamedTuple

from lpdistill.errors import LimitError
from symbolic.checking.budgets import Act
from symbolic.checking.earning import Earning, earnings_of
from symbolic.checking.graph import stays_and_reaches, surely_reaching
from symbolic.checking.model import Hardware, demand, number
from symbolic.checking.proof import code_of

MOST_MOVES = 20_000_000
"""Moves of columns up to which each is gone through: some minutes."""


class Rate(NamedTuple):
    """What has been proved: bounds on the greatest rate, how large programs are, and the number of labels."""

    lower_bound: Fraction
    upper_bound: Fraction
    configurations: int
    columns: int
    labels: int | None


class Block(NamedTuple):
    """An action beside all configurations that may be left alone.

    ``made`` is what comes of it, with probabilities times ``whole``; ``reward`` what it earns.
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

    document: dict[str, Any]
    earning: Earning
    gain: Fraction
    values: dict[int, Fraction]
    policy: dict[int, tuple[Act, frozenset[Act]]]

    @staticmethod
    def of(document: dict[str, Any], earning: Earning) -> SteadyProof:
        """What a certificate says, of what some hardware earns."""
        hardware = earning.hardware
        values: dict[int, Fraction] = {}
        policy = {}
        for row in document["exact"]:
            code = _configuration(row["counts"], hardware)
            values[code] = number(row["value"])
            policy[code] = earning.act(row["action"]), frozenset(map(earning.act, row["optimal"]))
        demand(len(values) == len(document["exact"]), "a configuration occurs twice")
        return SteadyProof(document, earning, number(document["gain"]), values, policy)

    @property
    def hardware(self) -> Hardware:
        """The parameters of the problem."""
        return self.earning.hardware

    def checked(self) -> Rate:
        """Check every claim."""
        demand(min(self.hardware.times) > 0, "steps must take time")
        demand(self.gain > 0 or self.earning.limited, "the gain is not above 0")
        demand(self.values.get(0) == 0, "the value of empty memories is not 0")
        self._require_all()
        columns, tight = 0, defaultdict[int, set[Act]](set)
        common = lcm(*(value.denominator for value in self.values.values()))
        scaled = {code: value.numerator * (common // value.denominator) for code, value in self.values.items()}
        price = self.gain - self.earning.granted
        for block in self._blocks():
            passing = price * self.hardware.duration(block.act[0], block.act[2]) - block.reward
            change = passing * common
            for rest in block.rests:
                state = rest + block.consumed
                if state not in scaled or any(rest + made not in scaled for made in block.made):
                    continue
                columns += 1
                if self.earning.priced:
                    change = (passing + self.earning.charge(self.hardware.counts(state), block.act)) * common
                after = sum(weight * scaled[rest + made] for made, weight in block.made.items())
                slack = (block.whole * scaled[state] - after) * change.denominator + block.whole * change.numerator
                demand(slack >= 0, f"the value of {self.hardware.counts(state)} is below that of action {block.act}")
                if slack == 0:
                    tight[state].add(block.act)
        demand(self.document["checked_columns"] == columns, f"the program has {columns:,} columns")
        for state, (act, optimal) in self.policy.items():
            counts = self.hardware.counts(state)
            demand(act in tight[state], f"the policy's action in {counts} does not attain the value")
            demand(optimal == tight[state], f"other actions are optimal in {counts} than those listed")
        if self.earning.limited:
            self._require_attained(tight)
        return Rate(self.gain, self.gain, len(self.values), columns, None)

    def _require_attained(self, tight: Mapping[int, set[Act]]) -> None:
        """Demand that the policy within limits earns the gain in its one closed class, and comes to it."""
        taken = {
            (_configuration(row["counts"], self.hardware), self.earning.act(entry)): number(entry["rate"])
            for row in self.document["occupation"]
            for entry in row["actions"]
        }
        leading = {
            _configuration(row["counts"], self.hardware): self.earning.act(row["action"])
            for row in self.document["leading"]
        }
        demand(sum(len(row["actions"]) for row in self.document["occupation"]) == len(taken), "an action occurs twice")
        states = {state for state, _ in taken}
        demand(not states & leading.keys(), "the policy leads to where it is for ever from there")
        acts = {act for _, act in taken} | set(leading.values())
        blocks, rests = dict[Act, Block](), defaultdict[Act, set[int]](set)
        for block in self._blocks():
            if block.act in acts:
                blocks[block.act] = block
                rests[block.act] |= {*block.rests}
        policy: dict[int, list[list[int | None]]] = defaultdict(list)
        balance: dict[int, Fraction] = defaultdict(Fraction)
        home = min(states)
        for state, act in [*taken, *leading.items()]:
            where = f"{act} in {self.hardware.counts(state)}"
            demand(act in blocks and state - blocks[act].consumed in rests[act], f"{where} is not allowed")
            after = {state - blocks[act].consumed + made: weight for made, weight in blocks[act].made.items()}
            policy[state].append([None if code == home else code for code in after])
            if (state, act) in taken:
                rate = taken[state, act]
                demand(act in tight[state], f"{where} is not optimal")
                demand(rate > 0, f"{where} is not taken")
                balance[state] += rate
                for code, weight in after.items():
                    balance[code] -= rate * Fraction(weight, blocks[act].whole)
        demand(0 in policy and stays_and_reaches(policy), "the policy does not come to where it is for ever")
        demand(not any(balance.values()), "the visits of the policy do not balance")
        passing = sum(rate * self.hardware.duration(act[0], act[2]) for (_, act), rate in taken.items())
        demand(passing == 1, "the rates of the policy are not those of a unit of time")
        rates = {(self.hardware.counts(state), act): rate for (state, act), rate in taken.items()}
        demand(self.earning.attained(rates) == self.gain, "the policy earns another gain")

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
            reward = self.earning.delivered(distilled)
            for stored in range(left + 1):
                for g in hardware.attempts(left - stored, len(distilled)):
                    made, whole = self._attempted(outcomes, scale, g)
                    moves += len(made) * len(self._by_size[stored])
                    if moves > MOST_MOVES:
                        size = {"moves": moves}
                        raise LimitError("certificate: the program has too many columns to check", size=size)
                    earned = (reward if hardware.levels else hardware.p * g) - self.earning.cost * g
                    yield Block((distilled, g, ()), consumed, made, whole, earned, self._by_size[stored])
        rests = [code for some in self._by_size[:-1] for code in some]
        for level, worth in self.earning.removing():
            yield Block(((), 0, (level,)), hardware.code([level]), {0: 1}, 1, worth, rests)

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


def proved(document: dict[str, Any]) -> Rate:
    """What a certificate of a rate proves.

    The greatest rate is no less than that of labels rounded down, and no more than that of those rounded up.
    """
    known = earnings_of(document)
    if len(known) == 1:
        return SteadyProof.of(document, known[0]).checked()
    problem = document["problem"]
    lower, upper = (
        SteadyProof.of({**document[side], "problem": problem}, earning).checked()
        for side, earning in zip(("lower", "upper"), known, strict=True)
    )
    demand(number(document["lower_bound"]) == lower.lower_bound, "the lower bound is not that of the labels")
    demand(number(document["upper_bound"]) == upper.upper_bound, "the upper bound is not that of the labels")
    closed = lower.lower_bound == upper.upper_bound
    demand(("gain" in document) is closed, f"the bounds are {'' if closed else 'not '}equal")
    demand(not closed or number(document["gain"]) == lower.lower_bound, "the gain is not the bounds")
    columns = lower.columns + upper.columns
    demand(document["checked_columns"] == columns, f"the programs have {columns:,} columns")
    size = lower.configurations + upper.configurations, columns
    return Rate(lower.lower_bound, upper.upper_bound, *size, len(document["grid"]))


def _configuration(counts: list[int], hardware: Hardware) -> int:
    """The number of a configuration that a certificate names."""
    proper = len(counts) == hardware.levels and all(type(n) is int and n >= 0 for n in counts)
    demand(proper and sum(counts) <= hardware.memories, f"there is no configuration {counts}")
    return code_of(counts, hardware.memories)
