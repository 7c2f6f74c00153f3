"""The law of the time at which a run ends, slot by slot.

Steps of no duration are solved out.  Everything else is sums of products of numbers that are not negative, so that
small probabilities carry as many digits as large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError
from lpdistill.memory import free
from lpdistill.process.slots import HEADROOM
from lpdistill.times.renewal import Renewal

SLOTS_AT_ONCE = 512
"""Slots that are computed at once at most, however long the steps are."""

LIFTED, LONG = 256, 4096
"""Slots that a small chain passes at once, and how many of them there must be for that to pay."""

SMALL = 1000
"""States times slots of the longest step up to which a chain is small."""

OVERHEAD = 40_000
"""Products that take as long as calling what computes them."""

LOOKS = 64
"""Slots between two looks at what is still in flight."""


@dataclass(frozen=True)
class Law:
    """The law of the slot with which a run ends, as far as it was computed.

    Attributes
    ----------
    pmf
        Probability of ending with each slot, (slots,).
    later
        Probability of ending later: what was in flight at the end of the last slot.
    """

    pmf: FloatArray
    later: float


class March(Protocol):
    """A way through the slots."""

    @property
    def width(self) -> int:
        """Slots passed at once."""
        ...

    def advance(self) -> FloatArray:
        """What the steps that begin in the next slots lead to.

        For each duration, the probability that such a step reaches the target, and that it leads there in the end,
        (2 * durations, width).
        """
        ...


def work(renewal: Renewal, slots: int) -> int:
    """About how many products it takes to compute some slots, one way or the other."""
    if _lifts(renewal, slots):
        flying = _flying(renewal)
        return slots * (2 * len(renewal.slots) * flying + flying**2 // LIFTED) + OVERHEAD * (slots // LIFTED)
    return slots * renewal.entries + OVERHEAD * (slots // _widest(renewal))


def propagate(renewal: Renewal, slots: int, enough: float) -> Law:
    """The law of the slot with which a run ends.

    Parameters
    ----------
    renewal
        The equations.
    slots
        How many slots to compute at most.
    enough
        Probability of ending later, at which to stop before that.

    Raises
    ------
    LimitError
        If what is in flight over the longest step takes more memory than there is.
    """
    if not renewal.size:
        return Law(np.zeros(slots), 0.0)
    _require_memory(renewal, slots)
    durations = renewal.slots.tolist()
    march: March = Lifted(renewal) if _lifts(renewal, slots) else Blocks(renewal)
    pmf = np.zeros(slots + durations[-1] + march.width)
    onwards = np.zeros((len(durations), slots + march.width))

    def later(done: int) -> float:
        """Probability of ending later, of the steps that began in the slots done and last beyond them."""
        return float(sum(onwards[kind, max(0, done - d) : done].sum() for kind, d in enumerate(durations) if d))

    done = 0
    for now in range(0, slots, march.width):
        found = march.advance()
        for kind, d in enumerate(durations):
            pmf[now + d : now + d + march.width] += found[2 * kind]
            onwards[kind, now : now + march.width] = found[2 * kind + 1]
        done = min(now + march.width, slots)
        if done // LOOKS > now // LOOKS and later(done) <= enough:
            break
    # What ends after a slot is what ends until the last, and what is in flight then.
    rest = np.cumsum(np.append(later(done), pmf[1:done][::-1]))[::-1]
    if rest[-1] <= enough:
        done = int(np.argmax(rest <= enough)) + 1
    return Law(pmf[:done].copy(), later(done))


def memory(renewal: Renewal, slots: int) -> int:
    """About how many bytes it takes to compute some slots."""
    longest, width = int(renewal.slots[-1]), LIFTED if _lifts(renewal, slots) else _widest(renewal)
    ring = 0 if _lifts(renewal, slots) else longest + width
    together = 3 * width * (len(renewal.slots) + 1)
    return 8 * (renewal.size * (ring + together) + (len(renewal.slots) + 3) * (slots + width) + longest)


def _require_memory(renewal: Renewal, slots: int) -> None:
    """Refuse to allocate what this machine cannot hold."""
    needed, available = memory(renewal, slots), free()
    if needed > HEADROOM * available:
        longest = int(renewal.slots[-1])
        raise LimitError(
            f"durations: the longest step takes {longest:,} times their common unit, {float(renewal.unit):.3g}, and "
            f"what is in flight over it in {renewal.size:,} configurations takes about {needed / 1e9:,.1f} GB of "
            f"memory where {available / 1e9:,.1f} GB are free; give durations with a larger common unit",
            size={"slots": longest, "states": renewal.size, "bytes": needed, "available_bytes": available},
        )


class Blocks:
    """As many slots at once as the shortest step lasts: none of them depends on another."""

    def __init__(self, renewal: Renewal) -> None:
        self._renewal = renewal
        self._width = _widest(renewal)
        self._ring = int(renewal.slots[-1]) + self._width
        self._ahead = np.zeros((self._ring, renewal.size))
        self._ahead[0, 0] = 1.0
        self._now = 0

    @property
    def width(self) -> int:
        """Slots passed at once."""
        return self._width

    @cached_property
    def _push(self) -> sparse.csr_array:
        """What steps lead to: next states by duration, then what :meth:`advance` reports."""
        return sparse.csr_array(sparse.vstack([*_onwards(self._renewal), sparse.csr_array(_ends(self._renewal))]))

    def advance(self) -> FloatArray:
        """What the steps that begin in the next slots lead to (:meth:`March.advance`)."""
        span, size = self._now + np.arange(self._width), self._renewal.size
        begun = self._ahead[span % self._ring].T
        self._ahead[span % self._ring] = 0.0
        if self._renewal.slots[0] == 0:
            begun = self._renewal.instant.solve(np.ascontiguousarray(begun))
        after = self._push @ begun
        timed = [d for d in self._renewal.slots.tolist() if d]
        for kind, d in enumerate(timed):
            self._ahead[(span + d) % self._ring] += after[kind * size : (kind + 1) * size].T
        self._now += self._width
        return np.asarray(after[len(timed) * size :])


class Lifted:
    """Many slots at once: what is in flight, by slot and state, times a power of the matrix that passes one slot."""

    width = LIFTED

    def __init__(self, renewal: Renewal) -> None:
        size, longest = renewal.size, int(renewal.slots[-1])
        begun = np.eye(size)
        if renewal.slots[0] == 0:
            begun = renewal.instant.solve(begun)
        passing = np.eye(size * longest, k=size)
        timed = [d for d in renewal.slots.tolist() if d]
        for d, onwards in zip(timed, _onwards(renewal), strict=True):
            passing[(d - 1) * size : d * size, :size] += onwards @ begun
        read = np.zeros((2 * len(renewal.slots), size * longest))
        read[:, :size] = _ends(renewal) @ begun
        reads, step = [read], sparse.csr_array(passing)
        for _ in range(1, LIFTED):
            reads.append(np.asarray(reads[-1] @ step))
        self._reads = np.concatenate(reads)
        self._jump = np.linalg.matrix_power(passing, LIFTED)
        self._flying = np.zeros(size * longest)
        self._flying[0] = 1.0

    def advance(self) -> FloatArray:
        """What the steps that begin in the next slots lead to (:meth:`March.advance`)."""
        found = (self._reads @ self._flying).reshape(LIFTED, -1).T
        self._flying = self._jump @ self._flying
        return found


def _flying(renewal: Renewal) -> int:
    """Number of states times slots of the longest step: how much there is to know of what is in flight."""
    return int(renewal.slots[-1]) * renewal.size


def _lifts(renewal: Renewal, slots: int) -> bool:
    """Whether it pays to pass many slots at once: less than their overhead is spent on a power of a matrix."""
    flying = _flying(renewal)
    return 0 < flying <= SMALL and slots >= LONG and slots * OVERHEAD >= flying**3


def _widest(renewal: Renewal) -> int:
    """How many slots do not depend on each other."""
    return int(renewal.slots[renewal.slots > 0].min(initial=SLOTS_AT_ONCE))


def _onwards(renewal: Renewal) -> list[sparse.csr_array]:
    """For each duration that is not 0, the transposed probabilities of the next states."""
    return [sparse.csr_array(whole.T) for d, whole in zip(renewal.slots.tolist(), renewal.whole, strict=True) if d]


def _ends(renewal: Renewal) -> FloatArray:
    """For each duration, the probability that a step reaches the target, and that it leads there in the end."""
    return np.stack([renewal.reaching, renewal.arriving], axis=1).reshape(-1, renewal.size)
