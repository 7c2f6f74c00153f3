r"""Everything about the columns of a problem that costs and rules leave alone: what they do, and what comes of it.

A column is a configuration with an action: a matching ``X`` (which distillations), and ``g`` generation attempts.  Its
outcome does not depend on the pairs ``r`` left alone:

.. math::

    Q[X, r, g] = \tau_X + \sum_u O[X, u]\, W[r + u, g],

where ``O`` holds the outcomes of matchings (:class:`~lpdistill.process.factored.matchings.Matchings`) and ``W`` is the
attempt table (:class:`~lpdistill.process.factored.generation.Generation`); the configuration of a column is ``r`` plus
what ``X`` consumes.  Chosen columns are written out so, on demand; all of them are priced without being listed
(:mod:`lpdistill.process.factored.recursion`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import LimitError
from lpdistill.hardware.actions import Attempts, Step
from lpdistill.hardware.delivery import Delivery
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.process.factored.columns import MOST_LISTED, Columns, Numbering
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import Generation
from lpdistill.process.factored.lattice import Lattice
from lpdistill.process.factored.listed import MOST_LISTED as MOST_KEPT
from lpdistill.process.factored.listed import Listing, use
from lpdistill.process.factored.matchings import Matchings
from lpdistill.process.factored.names import Counts
from lpdistill.process.factored.size import Size, require, require_listed
from lpdistill.process.repetition import Repetition
from lpdistill.process.tariff import Resource, Usage
from lpdistill.process.task import Task
from lpdistill.shared import Same, Shared


@dataclass(frozen=True)
class Actions:
    """What of the columns depends on levels, memories and rules alone.

    Attributes
    ----------
    numbering, lattice
        Which column is which, and what the pricing of distillations needs.
    """

    numbering: Numbering
    lattice: Lattice

    @staticmethod
    def of(repertoire: Repertoire) -> Actions:
        """Those of a repertoire."""
        levels, memories = repertoire.levels, repertoire.memories
        configurations = CountVectors(memories, len(levels))
        most, delivery = repertoire.most_distillations, repertoire.delivery
        matchings = Matchings(levels, repertoire.distillations, most, memories, delivery)
        return Actions(Numbering(configurations, matchings, repertoire), Lattice(configurations, matchings))

    @cached_property
    def listing(self) -> Listing | None:
        """All columns described and written out; None where they are many."""
        if self.numbering.size > MOST_KEPT:
            return None
        what = self.numbering.describe(np.arange(self.numbering.size))
        generation = Generation(self.numbering.configurations, self.numbering.matchings.levels.raw, 0.5, 0.5)
        matrix = _placed(self.numbering, generation, what, self.numbering.matchings.outcomes(what.counts))
        return Listing(self.numbering, what, matrix)

    def __len__(self) -> int:
        return self.numbering.configurations.size


ACTIONS: Shared[Actions] = Shared(32, largest=25_000, total=50_000)
"""Those that were used last, for problems that differ in nothing that shapes them."""


def _key(kernel: Kernel) -> Hashable:
    """What a kernel must have in common with another for the same actions."""
    hardware, levels = kernel.problem.hardware, kernel.problem.levels
    if not hardware.rules:
        return Same(levels), hardware.memories, kernel.attempts, hardware.discarding, kernel.delivery
    repertoire = kernel.repertoire
    return (
        *(Same(repertoire.levels), repertoire.memories, repertoire.attempts, len(repertoire.discards), kernel.delivery),
        *(tuple(map(Same, repertoire.distillations)), repertoire.most_distillations),
        *(repertoire.most_attempts(distilling=distils) for distils in (False, True)),
    )


@dataclass(frozen=True)
class AttemptTables:
    """The two attempt tables of every number of attempts, joined (:class:`~lpdistill.process.outcomes.Outcomes`).

    Attributes
    ----------
    generation
        The attempts.
    """

    generation: Generation

    @property
    def size(self) -> int:
        """Number of entries of both."""
        return 2 * int(self.generation.offsets[-1])

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The two attempt tables, joined."""
        return np.concatenate(self.generation.expect(values))

    def collect(self, weights: FloatArray) -> FloatArray:
        """Weights on the joined tables as weights on the configurations that they are made of."""
        return self.generation.collect(*np.array(weights).reshape(2, -1))

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Entries of the joined tables, as the attempts have them."""
        return self.generation.expand(index)

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of the joined tables are written out."""
        offsets = self.generation.offsets
        attempts = np.searchsorted(offsets, index % int(offsets[-1]), side="right") - 1
        return int(attempts.sum()) + len(index)


@dataclass(frozen=True)
class Kernel:
    """The columns of a problem's program: numbered, with their outcomes and what they use.

    Attributes
    ----------
    problem
        Hardware and levels.
    attempts
        Whether an action attempts generation on as many empty memories as it may, or on any number of them.
    delivery
        What delivering a pair is.
    """

    problem: Task
    attempts: Attempts
    delivery: Delivery = Delivery.FIRST

    @cached_property
    def repertoire(self) -> Repertoire:
        """Which actions there are."""
        return Repertoire.of(self.problem, self.attempts, self.delivery)

    @cached_property
    def size(self) -> Size:
        """How large the program is, known before anything is built."""
        return Size.of(self.repertoire)

    @property
    def configurations(self) -> CountVectors:
        """All configurations: counts of pairs at each level.

        Raises
        ------
        LimitError
            If the program does not fit into this machine's memory; nothing has been built then.
        """
        return self.actions.numbering.configurations

    @property
    def matchings(self) -> Matchings:
        """All sets of parallel distillations; refused as :attr:`configurations` are."""
        return self.actions.numbering.matchings

    @cached_property
    def actions(self) -> Actions:
        """What depends on levels, memories and rules alone, shared with others of the same."""
        return ACTIONS.of(_key(self), self._actions)

    def _actions(self) -> Actions:
        """The same, made."""
        require(self.size, self.repertoire, explicit=False)
        return Actions.of(self.repertoire)

    @cached_property
    def generation(self) -> Generation:
        """The attempt tables; of pairs that are taken away as soon as they are made, of nothing."""
        p, raw = self.problem.hardware.p, self.problem.levels.raw
        if raw is None and not self.delivery.ends:
            return Generation(self.configurations, None, 0.0, 1.0)
        return Generation(self.configurations, self.problem.levels.raw, float(p), float(1 - p))

    @property
    def numbering(self) -> Numbering:
        """Which column is which."""
        return self.actions.numbering

    @property
    def lattice(self) -> Lattice:
        """What the pricing of distillations needs of levels, memories and rules."""
        return self.actions.lattice

    @property
    def names(self) -> Counts:
        """Names of configurations and actions."""
        return Counts(self.numbering, lambda: self.permitted)

    @property
    def table(self) -> AttemptTables:
        """What outcomes refer to."""
        return AttemptTables(self.generation)

    @cached_property
    def step_times(self) -> FloatArray:
        """Duration of a step that does not distil, of one that does, and of discarding, (3,)."""
        hardware = self.problem.hardware
        return np.array([float(hardware.generation_time), float(hardware.distillation_time), 0.0])

    def changed(self, **changes: Any) -> Kernel:
        """A copy with some attributes changed; everything else is shared."""
        other = copy(self)
        other.__dict__.update(changes)
        return other

    @property
    def possible(self) -> Kernel:
        """The same possible outcomes with other probabilities of generation: those that do not round to 0."""
        if self.problem.hardware.p == 1:
            return self
        return self.changed(generation=replace(self.generation, success=0.5, failure=0.5))

    @cached_property
    def permitted(self) -> BoolArray | None:
        """Which columns the rules that are asked about every action allow, (columns,); None without such rules."""
        if not (self.problem.hardware.rules and self.repertoire.predicates):
            return None
        require_listed(self.size)
        first, *others = self.repertoire.predicates
        everything = np.arange(self.numbering.size)
        answers = (
            first.answer(step) and all(rule.answer(step) for rule in others)
            for step in self.steps(everything, f"rule {first.name}")
        )
        return np.fromiter(answers, dtype=np.bool_, count=len(everything))

    @cached_property
    def _tables(self) -> dict[int, tuple[Resource, FloatArray]]:
        return {}

    def tabulated(self, resource: Resource) -> FloatArray:
        """What every column that rules permit uses of a resource that is a function of the step, (columns,)."""
        if id(resource) not in self._tables:
            require_listed(self.size)
            columns = np.arange(self.numbering.size) if self.permitted is None else np.flatnonzero(self.permitted)
            amounts = np.zeros(self.numbering.size)
            amounts[columns] = [resource.measured(step) for step in self.steps(columns, f"resource {resource.name}")]
            self._tables[id(resource)] = resource, amounts
        return self._tables[id(resource)][1]

    def steps(self, columns: IntArray, asker: str) -> Iterator[Step]:
        """The given columns as users see them, one after the other.

        Raises
        ------
        LimitError
            If they are more than a Python function can be asked about.
        """
        if len(columns) > MOST_LISTED:
            raise LimitError(
                f"{asker}: would be asked about {len(columns):,} actions, more than the {MOST_LISTED:,} for which that "
                "is worth while; take fewer memories, or rules that limit the structure (MaxDistillations, Banded)",
                size={"actions": len(columns), "most_actions": MOST_LISTED},
            )
        levels, memories = self.problem.levels, self.problem.hardware.memories
        fidelities = tuple(float(level.fidelity) for level in levels)
        what = self.numbering.describe(columns)
        counts = map(tuple, self.configurations.counts[what.configuration].tolist())
        for n, action in zip(counts, self.names.described(what), strict=True):
            does = action.distil, action.generate, action.discard, action.deliver
            yield Step(n, memories, fidelities, levels.raw, *does)

    @cached_property
    def _discarding(self) -> Usage:
        """What all columns do that discard, or deliver as a decision: asked for under every tariff."""
        return self.usage(np.array(self.numbering.discards, dtype=np.int64))

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and sent to other processes: not what is asked for when it is wanted."""
        return {name: known for name, known in self.__dict__.items() if name != "_discarding"}

    def usage(self, columns: IntArray | range, what: Columns | None = None) -> Usage:
        """What the given columns do, or, as a range, those that discard, in arrays of shape (columns,)."""
        if isinstance(columns, range):
            return self._discarding
        what = self.numbering.describe(columns) if what is None else what
        listing = self.actions.listing
        done = listing.use if listing is not None and what is listing.what else use(self.numbering, what)
        if self.generation.raw is None:
            done = {**done, "delivering": np.where(what.kind == 1, done["delivering"], arriving(self, what.attempts))}
        if self.delivery.chosen:
            done = {**done, "delivering": np.where(what.kind == 2, 1.0, done["delivering"])}
        return Usage(
            kernel=self,
            columns=columns,
            duration=self.step_times[what.kind],
            attempts=what.attempts,
            made=made(self, what.attempts),
            configuration=lambda: what.configuration,
            removed=lambda: what.discard,
            **done,
        )

    def repetition(self, what: Columns) -> Repetition:
        """How likely columns change nothing; steps that distil or discard always change something."""
        return repeated(self.generation, what.attempts).within(what.kind > 0)

    def attempted(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The two attempt tables of values, as :attr:`generation` expects them, compiled where that is at hand."""
        compiled = self.lattice.compiled
        return self.generation.expect(values) if compiled is None else compiled.attempted(self.generation, values)

    def collected(self, whole: FloatArray, some: FloatArray) -> FloatArray:
        """Weights on the two attempt tables as weights on configurations, likewise."""
        compiled = self.lattice.compiled
        return (
            self.generation.collect(whole, some)
            if compiled is None
            else compiled.collected(self.generation, whole, some)
        )

    def outcomes(self, what: Columns) -> sparse.csr_array:
        """Outcomes of columns as weights on the joined attempt tables, (columns, 2 * table)."""
        return _placed(self.numbering, self.generation, what, self.matchings.outcomes(what.counts))

    def outcome_slopes(self, columns: IntArray, recipe: int) -> sparse.csr_array:
        """Derivatives of the outcomes of some columns by the success probability of a recipe, (columns, 2 * table)."""
        what = self.numbering.describe(columns)
        return _placed(self.numbering, self.generation, what, self.matchings.outcome_slopes(what.counts, recipe))


def repeated(generation: Generation, attempts: IntArray) -> Repetition:
    """How likely steps that do not distil change nothing: all of so many attempts fail, (columns,)."""
    return Repetition(generation.leaving[attempts], generation.staying[attempts])


def made(kernel: Kernel, attempts: IntArray) -> FloatArray:
    """Expected number of raw pairs that so many attempts make, (columns,)."""
    return np.asarray(float(kernel.problem.hardware.p) * attempts)


def arriving(kernel: Kernel, attempts: IntArray) -> FloatArray:
    """Where raw pairs meet the target: probability that any is made, or how many if a run goes on, (columns,)."""
    return kernel.generation.leaving[attempts] if kernel.delivery.ends else made(kernel, attempts)


def _placed(numbering: Numbering, generation: Generation, what: Columns, rows: sparse.csr_array) -> sparse.csr_array:
    """Weights on what matchings produce as weights on the joined attempt tables, (columns, 2 * table)."""
    table, configurations = int(generation.offsets[-1]), numbering.configurations
    entry = np.repeat(np.arange(len(what.rest)), np.diff(rows.indptr))
    sums = numbering.matchings.produced_sums[:, rows.indices] + configurations.sums[:, what.rest[entry]]
    index = generation.index(configurations.rank_sums(sums), what.attempts[entry])
    places = index + np.where((what.kind == 0)[entry], table, 0)
    return sparse.csr_array((rows.data, places, rows.indptr), shape=(len(what.rest), 2 * table))
