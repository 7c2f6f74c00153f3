"""Deadlines on the enumerated model: exact backward recursion, all policies one by one, time written into the states.

Like :mod:`oracle`, which lists the steps, it takes nothing from the package under test.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

from oracle import TARGET, Chain, Step

Decide = Callable[[int, Hashable], Hashable]
"""A policy: the slots left and the state, to the name of a step."""


def unit_of(chain: Chain) -> Fraction:
    """The greatest common divisor of all durations."""

    def common(a: Fraction, b: Fraction) -> Fraction:
        return Fraction(
            math.gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator
        )

    return reduce(common, {step.cost for deeds in chain.steps.values() for step in deeds.values()}, Fraction(0))


def _next(
    chain: Chain, table: list[dict[Hashable, Any]], allowed: Callable[[Hashable], Mapping[Hashable, Step]]
) -> Any:
    """Least probability of being late with one more slot than the table has.

    Steps that take no time are repeated until anything happens; sweeps over them go on until nothing changes.
    """
    unit, left = unit_of(chain), len(table)
    one = Fraction(1)
    values: dict[Hashable, Any] = {}
    for state in chain.steps:
        values[state] = one
        for step in allowed(state).values():
            slots = int(step.cost / unit)
            if 0 < slots <= left:
                after = table[left - slots]
                found = sum((p * after[s] for s, p in step.moves.items() if s != TARGET), Fraction(0))
                values[state] = min(values[state], found)
    while True:
        before = dict(values)
        for state in chain.steps:
            for step in allowed(state).values():
                staying = step.moves.get(state, Fraction(0))
                if step.cost == 0 and staying < 1:
                    moves = step.moves.items()
                    found = sum((p * values[s] for s, p in moves if s not in {TARGET, state}), Fraction(0))
                    values[state] = min(values[state], found / (1 - staying))
        if values == before:
            return values


def least_late(chain: Chain, slots: int) -> list[dict[Hashable, Any]]:
    """Least probability, over all policies, of needing more than 0, 1, ... slots, by state."""
    table: list[dict[Hashable, Any]] = []
    while len(table) <= slots:
        table.append(_next(chain, table, lambda state: chain.steps[state]))
    return table


def late_of(chain: Chain, decide: Decide, slots: int) -> list[dict[Hashable, Any]]:
    """Probability of needing more than 0, 1, ... slots under a policy, by state."""
    table: list[dict[Hashable, Any]] = []
    while len(table) <= slots:
        left = len(table)

        def chosen(state: Hashable, left: int = left) -> Mapping[Hashable, Step]:
            name = decide(left, state)
            return {} if name is None else {name: chain.steps[state][name]}

        table.append(_next(chain, table, chosen))
    return table


def by_brute_force(chain: Chain, slots: int) -> Fraction:
    """Least probability of needing more slots, over all deterministic policies that depend on time, one by one."""
    places = [(left, state) for left in range(1, slots + 1) for state in chain.steps]
    best = Fraction(1)
    for names in itertools.product(*(chain.steps[state] for _, state in places)):
        choice = dict(zip(places, names, strict=True))
        best = min(
            best, late_of(chain, lambda left, state, choice=choice: choice.get((left, state)), slots)[-1][chain.start]
        )
    return best


def timed(chain: Chain, window: int) -> Chain:
    """The chain with the slots that have passed in its states; ``(state, None)`` once the window has closed."""
    unit = unit_of(chain)

    def later(passed: int | None, step: Step) -> int | None:
        after = None if passed is None else passed + int(step.cost / unit)
        return None if after is None or after > window else after

    steps: dict[Hashable, dict[Hashable, Step]] = {}
    for passed in (*range(window + 1), None):
        for state, deeds in chain.steps.items():
            steps[state, passed] = {
                name: Step(
                    step.cost,
                    {s if s == TARGET else (s, later(passed, step)): p for s, p in step.moves.items()},
                )
                for name, step in deeds.items()
            }
    return Chain((chain.start, 0), steps)


def closes(chain: Chain, window: int) -> Callable[[Any, Any], Fraction]:
    """Whether the window closes during a step of the timed chain."""
    unit = unit_of(chain)

    def use(state: Any, name: Any) -> Fraction:
        within, passed = state
        return Fraction(int(passed is not None and passed + chain.steps[within][name].cost / unit > window))

    return use
