"""What columns cost, without listing them: by configuration and attempts, by distillation, and by delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.factored.kernel import Kernel, arriving, made
from lpdistill.process.resources import StandardResource, Visits, Worth
from lpdistill.process.tariff import Tariff, Usage

SEPARATE = 1e-9
"""How far amounts that add up may differ from their sum."""


class Charged(Protocol):
    """Columns with what they cost."""

    @property
    def kernel(self) -> Kernel:
        """The columns."""
        ...

    @property
    def tariff(self) -> Tariff:
        """What they cost."""
        ...


@dataclass(frozen=True)
class Entries:
    """Configurations with the numbers of attempts that a step may make in them, as the attempt table has them.

    Attributes
    ----------
    kernel
        All configurations.
    most
        The greatest number of attempts.
    free
        Whether fewer attempts may be made.
    cost
        What a step costs, whatever it distils, (entries,).
    """

    kernel: Kernel
    most: int
    free: bool
    cost: FloatArray

    @staticmethod
    def of(kernel: Kernel, *, distilling: bool) -> Entries:
        """Those of steps that distil, or of those that do not; at no cost."""
        numbering = kernel.numbering
        entries = Entries(kernel, numbering.most_attempts(distilling=distilling), numbering.free, np.zeros(0))
        return replace(entries, cost=np.zeros(len(entries.rank)))

    @cached_property
    def place(self) -> IntArray:
        """Where they stand in the attempt table, (entries,)."""
        generation = self.kernel.generation
        if self.free:
            return np.arange(generation.offsets[self.most + 1])
        return generation.index(np.arange(self.kernel.configurations.size), self.attempts)

    @cached_property
    def attempts(self) -> IntArray:
        """Number of attempts, (entries,)."""
        some, offsets = self.kernel.configurations, self.kernel.generation.offsets
        if self.free:
            return np.repeat(np.arange(self.most + 1), np.diff(offsets[: self.most + 2]))
        return np.minimum(some.most - some.totals, self.most)

    @cached_property
    def rank(self) -> IntArray:
        """Rank of the configuration, (entries,)."""
        return self.place - self.kernel.generation.offsets[self.attempts]

    @property
    def starts(self) -> IntArray:
        """Where entries with each number of attempts start, (memories + 1,)."""
        offsets = self.kernel.generation.offsets[:-1]
        return offsets if self.free else np.zeros_like(offsets)

    @property
    def wanted(self) -> IntArray:
        """For every number of attempts, the least number of pairs in the configurations that make so many."""
        most = self.kernel.configurations.most
        attempts = np.arange(most + 1)
        least = np.zeros_like(attempts) if self.free else np.where(attempts < self.most, most - attempts, 0)
        return np.where(attempts <= self.most, least, most + 1)

    def least(self, values: FloatArray) -> tuple[IntArray, FloatArray]:
        """The number of attempts of least value in every configuration, and that value, (configurations,)."""
        if not self.free:
            return self.attempts, values
        size, offsets = self.kernel.configurations.size, self.kernel.generation.offsets
        best, chosen = np.full(size, np.inf), np.zeros(size, dtype=np.int64)
        for g in range(self.most, -1, -1):
            here = values[offsets[g] : offsets[g + 1]]
            better = np.flatnonzero(here < best[: len(here)])
            best[better], chosen[better] = here[better], g
        return chosen, best


@dataclass(frozen=True)
class Charges:
    """What columns cost.

    Attributes
    ----------
    generating, distilling
        Steps that do not distil, and those that do, whatever they distil.
    discarding
        Cost of the columns that discard, (discards,).
    each, failed, delivered
        What every distillation costs on top, what one that fails does, and what a delivery does.
    grouped
        Whether sets of recipes are priced by what they consume (:mod:`lpdistill.process.factored.grouped`).
    """

    generating: Entries
    distilling: Entries
    discarding: FloatArray
    each: float
    failed: float
    delivered: float
    grouped: bool

    @staticmethod
    def of(charged: Charged) -> Charges | None:
        """What columns cost under a tariff; None where they must be asked one by one."""
        kernel, tariff = charged.kernel, charged.tariff
        if any(price and not isinstance(what, StandardResource | Visits | Worth) for what, price in tariff.prices):
            return None
        generating, distilling = (Entries.of(kernel, distilling=distils) for distils in (False, True))
        here, there = _usage(generating, distils=False), _usage(distilling, distils=True)
        parts = [_more(tariff, there, **{name: 1.0}) for name in ("distillations", "failures", "delivering")]
        if any(np.ptp(part) if len(part) else 0 for part in parts):
            return None
        each, failed, delivered = (float(part[0]) if len(part) else 0.0 for part in parts)
        together = _more(tariff, there, distillations=2.0, delivering=1.0, failures=2.0)
        if tariff.prices and not np.allclose(together, 2 * (each + failed) + delivered, rtol=SEPARATE, atol=SEPARATE):
            return None
        # Where a delivery is certain, nothing after it tells whether further distillations would have fitted.
        certain = not kernel.matchings.failure[kernel.lattice.second].all()
        discards = kernel.usage(kernel.numbering.discards)
        return Charges(
            replace(generating, cost=_cost(tariff, here)),
            replace(distilling, cost=_cost(tariff, there)),
            tariff.cost(np.asarray(discards.duration), lambda resource: resource.amounts(discards)),
            each,
            failed,
            delivered,
            # Where a run goes on after a delivery, what recipes cost adds up.
            grouped=kernel.delivery.ends and bool(failed or (each and certain)),
        )


def _cost(tariff: Tariff, use: Usage) -> FloatArray:
    """What some steps cost, (entries,)."""
    return tariff.cost(np.asarray(use.duration), lambda resource: resource.amounts(use))


def _more(tariff: Tariff, use: Usage, **more: Any) -> FloatArray:
    """What one more of something costs some steps, (entries,), exactly 0 where no resource counts it."""
    total = np.zeros(len(use.columns))
    for resource, price in tariff.prices:
        with_it, without = resource.amounts(replace(use, **more)), resource.amounts(use)
        total += price * (np.asarray(with_it) - np.asarray(without))
    return total


def _usage(entries: Entries, *, distils: bool) -> Usage:
    """What steps do, whatever they distil."""
    kernel, rank, attempts = entries.kernel, entries.rank, entries.attempts
    delivering = np.zeros(len(rank))
    if kernel.generation.raw is None and not distils:
        delivering = arriving(kernel, attempts)
    return Usage(
        kernel=kernel,
        columns=entries.place,
        steps=np.ones(len(rank)),
        duration=np.full(len(rank), kernel.step_times[int(distils)]),
        attempts=attempts,
        made=made(kernel, attempts),
        distillations=np.zeros(len(rank)),
        failures=np.zeros(len(rank)),
        delivering=delivering,
        stored=kernel.configurations.totals[rank],
        configuration=lambda: rank,
        removed=lambda: np.full(len(rank), -1),
    )
