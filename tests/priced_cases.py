"""Random problems to be priced, and every column of them priced on its own: the slow way, of which nothing is shared.

Columns are written out one by one, with their moves and their costs; the least value of each configuration is looked
for among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from toy_maps import TOYS

from lpdistill import Banded, Dynamics, EqualLevelsOnly, MaxAttempts, MaxDistillations, Problem, RawPairOnly, Rule
from lpdistill.hardware.rules import NoGenerationWhileDistilling
from lpdistill.library import WITHOUT, library
from lpdistill.process.factored import kernel
from lpdistill.process.repetition import After
from lpdistill.process.resources import REACHING, RESOURCES, Visits
from lpdistill.process.tariff import Tariff
from lpdistill.shared import Shared

LATTICES = [("3/4", "31/40", 6), ("3/4", "79/100", 6), ("9/10", "94/100", 5), ("65/100", "7/10", 4), ("3/4", "3/4", 3)]
"""Fidelities of a raw pair and of the target, with the memories up to which all columns are soon written out."""

SUCCESS = ["1e-6", "1/1000", "1/10", "1/2", "9/10", "1"]
TIMES = ["1/3", "1", "2", "7/2"]


def odd(step: Any) -> bool:
    """A rule that is asked about every action."""
    return len(step.distil) != 1 or step.generate != 1


RULES = [
    EqualLevelsOnly(),
    RawPairOnly(),
    Banded(1),
    MaxDistillations(1),
    MaxDistillations(2),
    MaxAttempts(1),
    MaxAttempts(2),
    NoGenerationWhileDistilling(),
    Rule(odd),
]


@dataclass(frozen=True)
class Written:
    """All columns of a process, priced one by one.

    Attributes
    ----------
    process, after
        The columns, and what comes after steps.
    """

    process: Dynamics
    after: After

    @cached_property
    def owner(self) -> np.ndarray:
        """Configuration of every column, (columns,)."""
        return self.choice.configuration

    @cached_property
    def choice(self) -> Any:
        """Every column."""
        return self.process.choose(np.arange(self.process.column_count))

    @cached_property
    def allowed(self) -> np.ndarray:
        """Whether each column is, (columns,)."""
        return self.process.admission.allows(np.arange(self.process.column_count))

    def _total(self, cost: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Value of every column, for values after each kind of step, (columns,)."""
        choice, kinds = self.choice, self.process.numbering.describe(self.choice.columns).kind
        found = np.full(len(cost), np.inf)
        for kind, (here, charge, staying) in enumerate(zip(values, self.after.charge, self.after.staying, strict=True)):
            never = ~np.isfinite(here)
            after = choice.moves @ np.where(never, 0.0, here)
            after[choice.moves @ never.astype(float) > 0] = np.inf
            total = cost + charge + after
            if staying:
                stays = np.zeros(len(total))
                some = choice.staying > 0
                stays[some] = choice.staying[some] * here[self.owner[some]]
                total = total + stays
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    total = np.where(choice.leaving > 0, total / choice.leaving, np.inf)
            found[kinds == kind] = total[kinds == kind]
        return np.where(self.allowed, found, np.inf)

    @cached_property
    def value(self) -> np.ndarray:
        """Value of every column, (columns,); infinite where it is not allowed."""
        return self._total(self.choice.cost, self.after.values)

    @cached_property
    def size(self) -> np.ndarray:
        """The same with everything positive: to which rounding errors are relative, (columns,)."""
        other = self.process.under(self.process.tariff.unsigned)
        unsigned = Written(other, replace(self.after, charge=np.abs(self.after.charge)))
        return unsigned._total(unsigned.choice.cost, np.abs(self.after.values))

    @cached_property
    def best(self) -> np.ndarray:
        """Least value of every configuration, (configurations,)."""
        found = np.full(self.process.size, np.inf)
        np.minimum.at(found, self.owner, self.value)
        return found

    def close(self, relative: float) -> np.ndarray:
        """How far the least value of each configuration may be missed, relative to what it is made of."""
        near = self.value <= self.best[self.owner] * (1 + 1e-9 * np.sign(self.best[self.owner]))
        found = np.zeros(self.process.size)
        np.maximum.at(found, self.owner[near], self.size[near])
        return relative * np.where(np.isfinite(found), found, 0.0)


def problem_of(rng: np.random.Generator) -> Problem:
    """A small problem, with rules, unequal durations and discarding as it comes."""
    if rng.random() < 0.3:
        problem = list(TOYS.values())[rng.integers(len(TOYS))]
        changes: dict[str, Any] = {"memories": min(problem.memories, 4)}
    else:
        f0, target, most = LATTICES[rng.integers(len(LATTICES))]
        problem, changes = Problem("1/2", 2, f0, target), {"memories": int(rng.integers(2, most + 1))}
    changes |= {
        "p": str(rng.choice(SUCCESS)),
        "generation_time": str(rng.choice(TIMES)),
        "distillation_time": str(rng.choice(TIMES)),
        "discarding": bool(rng.random() < 0.3),
    }
    rules = rng.choice(len(RULES), size=int(rng.choice([0, 0, 1, 1, 2])), replace=False)
    return replace(problem, **changes).with_constraints(*(RULES[rule] for rule in rules))


def tariff_of(process: Dynamics, rng: np.random.Generator) -> Tariff:
    """Prices of either sign on some resources, and on deliveries."""
    full = tuple(process.configurations.counts[-1].tolist())
    known = [*RESOURCES.values(), REACHING, *([Visits([full])] if full else [])]
    some = rng.choice(len(known), size=int(rng.choice([0, 0, 1, 2, 3])), replace=False)
    prices = [(known[one], float(rng.uniform(-1, 2))) for one in some]
    return Tariff(float(rng.choice([0.0, 1.0])), tuple(prices))


def after_of(process: Dynamics, rng: np.random.Generator) -> After:
    """What comes after steps: the same after all of them, or not; configurations that must be avoided."""
    values = rng.random((3, process.size)) * 10.0 ** rng.uniform(-2, 3)
    if rng.random() < 0.3:
        values[:, rng.random(process.size) < 0.2] = np.inf
    if rng.random() < 0.5:
        return After.always(values[0], 3)
    charge = np.where(rng.random(3) < 0.15, np.inf, rng.uniform(-1, 1, 3))
    return After(values, charge, rng.random(3) < 0.5)


def drawn(seed: int) -> tuple[Dynamics, After]:
    """A process with prices, and what comes after its steps."""
    rng = np.random.default_rng(seed)
    process = Dynamics(problem_of(rng), str(rng.choice(["full", "all"])))
    process = process.under(tariff_of(process, rng))
    return process, after_of(process, rng)


@contextmanager
def without_compiled() -> Iterator[None]:
    """As on a machine on which nothing could be compiled."""
    with pytest.MonkeyPatch.context() as changes:
        changes.setenv(WITHOUT, "1")
        changes.setattr(kernel, "ACTIONS", Shared(0, largest=0))
        library.cache_clear()
        yield
    library.cache_clear()
