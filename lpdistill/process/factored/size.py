"""How large a program will be, in closed form, and whether the machine can hold it: known before anything is built."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import comb

from lpdistill.errors import LimitError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.memory import free
from lpdistill.physics.limits import most_levels
from lpdistill.process.slots import (
    HEADROOM,
)

LARGEST_NUMBER = 2**62
"""Columns are numbered with 64-bit integers."""


MOST_OPERATIONS = 10**12
"""Operations of one pricing of all columns beyond which a solution would take an hour or more."""

LISTED_BYTES = 48
"""Memory for each column of a list."""

BASE_BYTES = 200_000_000
"""Memory of the interpreter and the libraries."""


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of the program of ``memories`` memories, exact and in closed form, except the memory, an upper estimate.

    Attributes
    ----------
    configurations
        Rows of the program, ``comb(M + K, K)``.
    columns
        Columns of the program: one per configuration and action.
    matchings
        Multisets of distillations that fit into the memories.
    operations
        Operations that pricing all columns takes, each about a nanosecond where it is compiled.
    factored_bytes
        Memory for the factored dynamics: the tables that price all columns, and some columns chosen.
    explicit_entries, explicit_bytes
        Transition probabilities of all columns written out (before equal ones merge), and memory for them.
    """

    configurations: int
    columns: int
    matchings: int
    operations: int
    factored_bytes: int
    explicit_entries: int
    explicit_bytes: int

    @staticmethod
    def of(repertoire: Repertoire) -> Size:
        r"""Count everything that a repertoire of actions makes.

        With ``K`` levels, ``m`` recipes that distil ``s`` pairs each, and ``k`` distillations, there are
        :math:`\binom{k+m-1}{m-1}` matchings, each on :math:`\binom{M-sk+K}{K}` sets of untouched pairs; if the number
        of attempts is free, on :math:`F(M-sk) - F(M-sk-c-1)` pairs of a set and a number of attempts, where
        :math:`F(n) = \binom{n+K+1}{K+1}` and ``c`` is the greatest number of attempts allowed.  Of the outcomes of a
        recipe those short of the target matter: with ``d`` of them in all recipes, the outcomes of ``k`` distillations
        number :math:`\binom{k+d-1}{d-1}`.  Numbers of recipes of different sizes ``s`` are folded.

        Pricing goes once over a table of :math:`\binom{M-c+K+1}{K+1}` entries for every matching of ``c`` pairs that
        recipes consume which may leave one short of the target, and once more for every other recipe.
        """
        most_levels(repertoire.memories)  # which refuses memories that closed forms take long for
        memories, count, recipes = repertoire.memories, len(repertoire.levels), repertoire.distillations
        most, free = repertoire.most_distillations, repertoire.attempts is Attempts.ALL
        sizes, ends, firsts = Counter[int](), Counter[int](), Counter[int]()
        for recipe in recipes:
            sizes[len(recipe.consumed)] += 1
            firsts[len(recipe.consumed)] += bool(recipe.made)
            ends[len(recipe.consumed)] += 1 + len(recipe.made)
        chosen, ended = _ways(sizes, most, memories), _ways(ends, most, memories)
        columns = explicit = 0
        for (k, consumed), ways in chosen.items():
            left, cap = memories - consumed, repertoire.most_attempts(distilling=k > 0)
            over = left - cap - 1
            tried = _up_to(left, count + 1) - _up_to(over, count + 1)
            rests = tried if free else _up_to(left, count)
            columns += ways * rests
            after = _up_to(left, count + 2) - _up_to(over, count + 2) - (cap + 1) * _up_to(over, count + 1)
            explicit += ended[k, consumed] * (after if free else tried)
        discards = len(repertoire.discards) * _up_to(memories - 1, count)
        columns, explicit = columns + discards, explicit + discards
        first = sum(firsts.values())
        nodes = _ways(firsts, most, memories)
        tables = sum(ways * _up_to(memories - consumed, count + 1) for (_, consumed), ways in nodes.items())
        # Bytes per item are upper bounds, measured on programs of up to 100 memories.
        each = 8 * (4 * count + 8 * len(recipes) + 24 + (os.cpu_count() or 1) * (first + 2))
        factored = each * _up_to(memories, count) + 64 * _up_to(memories, count + 1) + BASE_BYTES
        factored += 8 * (first + 2 * count + 6) * sum(nodes.values())
        if repertoire.predicates:
            factored += 64 * columns
        return Size(
            configurations=comb(memories + count, count),
            columns=columns,
            matchings=sum(chosen.values()),
            operations=tables * (1 + len(recipes) - first),
            factored_bytes=factored,
            explicit_entries=explicit,
            explicit_bytes=factored + 190 * explicit + 650 * columns,
        )

    def to_dict(self) -> dict[str, int]:
        """The sizes by name."""
        return asdict(self)

    def fits(self, available: int, *, explicit: bool) -> bool:
        """Whether the program fits into ``available`` bytes, and its columns into 64-bit numbers."""
        numbered = self.columns <= LARGEST_NUMBER and self.operations <= MOST_OPERATIONS
        return self.needed(explicit=explicit) <= HEADROOM * available and numbered

    def needed(self, *, explicit: bool) -> int:
        """Bytes that the program needs, written out or in factored form."""
        return self.explicit_bytes if explicit else self.factored_bytes


def require(size: Size, repertoire: Repertoire, *, explicit: bool) -> None:
    """Refuse the program of a repertoire if this machine cannot hold it.

    Raises
    ------
    LimitError
        If it cannot; the message states what would fit.
    """
    available = free()
    memories, levels = repertoire.memories, repertoire.levels
    if size.fits(available, explicit=explicit):
        return
    most = _most_memories(repertoire, available, explicit=explicit)
    remedies = [f"take at most {most} memories"] if most else []
    remedies += ["a target with fewer levels"]
    if explicit and size.fits(available, explicit=False):
        remedies += ['method "columns", which does not write columns out']
    raise LimitError(
        f"memories: {memories} memories and {len(levels)} levels make {size.configurations:,} configurations and "
        f"{size.columns:,} columns, which need about {_gigabytes(size.needed(explicit=explicit))} of memory "
        f"{'written out' if explicit else 'even in factored form'}, but {_gigabytes(available)} are free, and about "
        f"{size.operations:.1g} operations every time that they are priced; " + ", or ".join(remedies),
        size={**size.to_dict(), "available_bytes": available, "most_memories": most},
    )


def _most_memories(repertoire: Repertoire, available: int, *, explicit: bool) -> int:
    """The greatest number of memories below those of a repertoire that fits, or 0."""
    low, high = 0, repertoire.memories - 1
    while low < high:
        middle = (low + high + 1) // 2
        if Size.of(replace(repertoire, memories=middle)).fits(available, explicit=explicit):
            low = middle
        else:
            high = middle - 1
    return low


def _up_to(most: int, kinds: int) -> int:
    """Number of vectors of ``kinds`` counts with sum at most ``most``."""
    return comb(most + kinds, kinds) if most >= 0 else 0


def _ways(sizes: Mapping[int, int], most: int, memories: int) -> dict[tuple[int, int], int]:
    """Number of multisets of at most ``most`` items of the given sizes that fit, by how many they are and their sum."""
    found = {(0, 0): 1}
    for size, kinds in sizes.items():
        grown = Counter[tuple[int, int]]()
        for (k, total), ways in found.items():
            for more in range(min(most - k, (memories - total) // size) + 1):
                grown[k + more, total + more * size] += ways * _multisets(kinds, more)
        found = grown
    return found


def _multisets(kinds: int, k: int) -> int:
    """Number of multisets of ``k`` items of ``kinds`` kinds."""
    return comb(k + kinds - 1, k) if kinds else int(k == 0)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"


def require_listed(size: Size) -> None:
    """Refuse to list the columns of a program if this machine cannot hold the list.

    Raises
    ------
    LimitError
        If it cannot.
    """
    available = free()
    if LISTED_BYTES * size.columns > HEADROOM * available:
        raise LimitError(
            f"memories: {size.columns:,} columns are too many for a list of them, with {_gigabytes(available)} free; "
            "take fewer memories, or leave out what asks about every column: resources and rules of your own",
            size={**size.to_dict(), "available_bytes": available},
        )


def grouped_size(repertoire: Repertoire) -> tuple[int, int]:
    r"""The operations of pricing all columns where failures have a price, and the sets of recipes that it takes.

    Beside every set of recipes that may leave a pair short of the target, the others are gone through by what they
    consume: by :math:`\binom{s+K-1}{K-1}` sets of ``s`` pairs, of which hulls have hardly more than four vertices.
    From that, what is certainly worse is left out when prices are known.
    """
    memories, count, most = repertoire.memories, len(repertoire.levels), repertoire.most_distillations
    sorts = Counter[int](), Counter[int]()
    for recipe in repertoire.distillations:
        sorts[not recipe.made][len(recipe.consumed)] += 1
    nodes, sets = Counter[int](), Counter[int]()
    for found, sizes in zip((nodes, sets), sorts, strict=True):
        for (_, consumed), ways in _ways(sizes, most, memories).items():
            found[consumed] += ways
    groups = {consumed: min(ways, 4 * comb(max(consumed + count - 1, 0), consumed)) for consumed, ways in sets.items()}
    kinds = count + (repertoire.attempts is Attempts.ALL)
    operations = sum(
        ways * others * _up_to(memories - consumed - more, kinds)
        for consumed, ways in nodes.items()
        for more, others in groups.items()
    )
    return operations, sum(groups.values())


def require_grouped(size: Size, repertoire: Repertoire) -> None:
    """Refuse a price on failed distillations if this machine cannot price all columns with it.

    Raises
    ------
    LimitError
        If it cannot.
    """
    operations, groups = grouped_size(repertoire)
    # Bytes per set are an upper bound, measured on lattices of up to 45 recipes.
    each = 64 * (len(repertoire.distillations) + len(repertoire.levels) + 10)
    available, needed = free(), size.factored_bytes + each * groups
    if operations > MOST_OPERATIONS or needed > HEADROOM * available:
        raise LimitError(
            f"memories: with a price on failed distillations, {size.columns:,} columns take about {operations:.1g} "
            f"operations every time that they are priced, and about {_gigabytes(needed)} of memory, with "
            f"{_gigabytes(available)} free; take fewer memories, or a rule such as MaxDistillations",
            size={**size.to_dict(), "operations": operations, "available_bytes": available},
        )
