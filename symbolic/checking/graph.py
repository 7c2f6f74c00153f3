"""Where runs can come and what they can reach: the checker's searches in graphs of possible moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

Leads: TypeAlias = Collection[int | None]
"""Where a step may lead: configurations, and None for the target."""


def closure(policy: Mapping[int, Iterable[Leads]], start: int) -> set[int]:
    """The configurations that a run from ``start`` can visit."""
    seen, queue = {start}, [start]
    while queue:
        new = {code for leads in policy[queue.pop()] for code in leads if code is not None} - seen
        seen |= new
        queue += new
    return seen


def reaching(moves: Iterable[tuple[int, Leads]]) -> set[int]:
    """The configurations from which some of the given moves can lead to the target, one after the other."""
    before: dict[int | None, list[int]] = defaultdict(list)
    for code, leads in moves:
        for after in leads:
            before[after].append(code)
    reached: set[int | None] = {None}
    queue: list[int | None] = [None]
    while queue:
        new = set(before[queue.pop()]) - reached
        reached |= new
        queue += new
    return {code for code in reached if code is not None}


def stays_and_reaches(policy: Mapping[int, Iterable[Leads]]) -> bool:
    """Whether a policy stays where it says what to do, and can reach the target from everywhere there."""
    moves = [(code, leads) for code, some in policy.items() for leads in some]
    inside = all(after is None or after in policy for _, leads in moves for after in leads)
    return inside and reaching(moves) >= set(policy)


def surely_reaching(moves: Collection[tuple[int, Leads]]) -> set[int]:
    """The configurations from which some policy reaches the target with probability one.

    Whatever cannot reach it is removed, with all moves that may lead there, until nothing is: a policy that keeps to
    the moves that are left may come nearer the target from everywhere, so that it arrives for sure; and whatever was
    removed is left by no policy for sure.
    """
    while True:
        live = reaching(moves)
        kept = [(code, leads) for code, leads in moves if all(after is None or after in live for after in leads)]
        if len(kept) == len(moves):
            return live
        moves = kept
