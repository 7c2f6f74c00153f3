r"""The dynamics, factored: every column of the program priced without writing its transitions out.

A column is a configuration with an action: a matching ``X`` (which distillations), and ``g`` generation attempts.  Its
outcome does not depend on the pairs ``r`` left alone, so with ``k = |X|``

.. math::

    Q[X, r, g] = \tau_k + \sum_u O_k[X, u]\, W[r + u, g],

where :math:`O_k` is the sparse matrix of outcomes (:class:`~lpdistill.process.factored.matchings.Matchings`) and ``W``
the attempt table (:class:`~lpdistill.process.factored.generation.Generation`): all columns with ``k`` distillations
are one sparse-times-dense product, and the configuration of a column is ``r`` plus what ``X`` consumes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.actions import Attempts, Step
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.numbers import member
from lpdistill.process.choice import After, Choice
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.process.factored.columns import Block, Columns, Numbering
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import Generation
from lpdistill.process.factored.matchings import Matchings
from lpdistill.process.factored.names import Counts
from lpdistill.process.factored.pricing import PricedCells, Pricing
from lpdistill.process.factored.size import require
from lpdistill.process.process import Process
from lpdistill.process.reachability import HUGE, Reachability
from lpdistill.process.resources import REACHING, RESOURCES
from lpdistill.process.tariff import TIME, Resource, Tariff, Usage
from lpdistill.process.task import TASK, Task

MOST_ASKED = 5_000_000
"""Actions beyond which asking a Python function about each of them would take minutes."""


@dataclass(frozen=True)
class Dynamics:
    """The columns of a problem's program: numbered, priced all at once, and written out on demand.

    A :class:`~lpdistill.process.process.Process`.

    Attributes
    ----------
    problem
        Parameters, levels and rules.
    attempts
        Whether an action attempts generation on as many empty memories as it may, or on any number of them; by
        default, whatever the problem needs.
    tariff
        What columns cost: their duration, by default.
    """

    problem: Task
    attempts: Attempts | None = None
    tariff: Tariff = TIME

    def __post_init__(self) -> None:
        object.__setattr__(self, "problem", TASK.meant(self.problem, "problem"))
        given = self.problem.attempts if self.attempts is None else member(Attempts, self.attempts, "attempts")
        object.__setattr__(self, "attempts", given)

    @cached_property
    def repertoire(self) -> Repertoire:
        """Which actions there are."""
        return Repertoire.of(self.problem, self.attempts or Attempts.FULL)

    @cached_property
    def configurations(self) -> CountVectors:
        """All configurations: counts of pairs at each level.

        Raises
        ------
        LimitError
            If the program does not fit into this machine's memory; nothing has been built then.
        """
        require(self.repertoire, explicit=False)
        return CountVectors(self.problem.hardware.memories, len(self.problem.levels))

    @cached_property
    def matchings(self) -> Matchings:
        """All sets of parallel distillations; refused as :attr:`configurations` are."""
        require(self.repertoire, explicit=False)
        return Matchings(
            self.problem.levels,
            self.repertoire.distillations,
            self.repertoire.most_distillations,
            self.problem.hardware.memories,
        )

    @cached_property
    def generation(self) -> Generation:
        """The attempt tables."""
        p = self.problem.hardware.p
        return Generation(self.configurations, self.problem.levels.raw, float(p), float(1 - p))

    @cached_property
    def numbering(self) -> Numbering:
        """Which column is which."""
        return Numbering(self.configurations, self.matchings, self.repertoire)

    @property
    def names(self) -> Counts:
        """Names of configurations and actions."""
        return Counts(self.numbering, lambda: self.permitted)

    @cached_property
    def durations(self) -> FloatArray:
        """Duration of a step that does not distil, and of one that does, (2,)."""
        return np.array([float(self.problem.hardware.generation_time), float(self.problem.hardware.distillation_time)])

    @property
    def least_duration(self) -> float:
        """The shortest duration of a step; 0 where pairs may be discarded."""
        return 0.0 if self.problem.hardware.discarding else float(self.durations.min())

    @property
    def time_per_column(self) -> float:
        """What every policy's expected time, divided by the expected number of columns that it takes, is at least.

        Discards take no time, but no more pairs can be discarded than the steps have made, one a memory.
        """
        discards = self.problem.hardware.memories if self.problem.hardware.discarding else 0
        return float(self.durations.min()) / (1 + discards)

    @property
    def greatest_duration(self) -> float:
        """The longest duration of a step."""
        return float(self.durations.max())

    @property
    def written(self) -> None:
        """Columns are factored: None."""
        return None

    @property
    def merged(self) -> None:
        """Nothing that changes a configuration for nothing is undone for nothing: None."""
        return None

    @property
    def input_rounding(self) -> float:
        """Parameters are exact, and what becomes of them is part of the rounding of action values."""
        return 0.0

    @property
    def step_times(self) -> tuple[Fraction, ...]:
        """Durations of a step that does not distil, of one that does, and of discarding."""
        return self.problem.hardware.generation_time, self.problem.hardware.distillation_time, Fraction(0)

    def step_time(self, columns: IntArray) -> IntArray:
        """Which of :attr:`step_times` the given columns take, (columns,)."""
        what = self.numbering.describe(columns)
        return np.where(what.discard >= 0, 2, what.pairs > 0).astype(np.int64)

    @property
    def uncharged_time(self) -> Fraction:
        """What ``final_step`` takes off the waiting time of every run, exactly."""
        return self.problem.uncharged_time

    @property
    def size(self) -> int:
        """Number of configurations."""
        return self.configurations.size

    @property
    def column_count(self) -> int:
        """Number of columns that the structure of the rules leaves, waiting included."""
        return self.numbering.size

    @cached_property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value, for values and prices that are not negative.

        Everything is a sum or product of numbers that are not negative, so relative errors only add up, at most
        ``2**-53`` an operation.  On the way to one action value there are at most

        - three operations and one rounded probability in each of ``M`` steps of the attempt recursion, and as many
          for the probability of leaving: ``8 M``;
        - as many in each step of the binomial tables, over all recipes at most ``M / 2`` trials: ``2 M``;
        - a power and a product for every recipe, each power within a few roundings: ``4 m``;
        - one addition for every outcome of a matching, whether outcomes merge before or in the product;
        - the price of each resource: its amount, a sum over recipes at most, one product and one addition: ``m + 4``;
        - a handful more: the duration, its addition, one division, the mixture of a few columns.
        """
        recipes, outcomes = len(self.matchings.recipes), self.matchings.most_outcomes
        branches = sum(max(len(recipe.made), 1) for recipe in self.matchings.recipes)
        prices = len(self.tariff.prices) * (recipes + 4)
        return (10 * self.problem.hardware.memories + 4 * branches + outcomes + prices + 64) * 2.0**-53

    def under(self, tariff: Tariff) -> Dynamics:
        """The same columns with other costs; everything that does not depend on costs is shared."""
        self.numbering, self.generation, self.durations, self.gathered  # noqa: B018 - computed here
        self._tables, self.allowed  # noqa: B018
        return self._with(tariff=tariff)

    def _with(self, **changes: Any) -> Dynamics:
        """A copy with some attributes changed, which computes anew what depends on costs."""
        other = copy(self)
        for name in ("rounding", "pricing"):
            other.__dict__.pop(name, None)
        other.__dict__.update(changes)
        return other

    @cached_property
    def gathered(self) -> dict[int, IntArray]:
        """Where the values after the columns of a block stand in the attempt table, by its number, once needed."""
        return {}

    @cached_property
    def _tables(self) -> dict[int, tuple[Resource, FloatArray]]:
        return {}

    def tabulated(self, resource: Resource) -> FloatArray:
        """What every column uses of a resource that is a function of the step, (columns,)."""
        if id(resource) not in self._tables:
            columns = self.columns
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
        if len(columns) > MOST_ASKED:
            raise LimitError(
                f"{asker}: would be asked about {len(columns):,} actions, more than the {MOST_ASKED:,} for which that "
                "is worth while; take fewer memories, or rules that limit the structure (MaxDistillations, Banded)",
                size={"actions": len(columns), "most_actions": MOST_ASKED},
            )
        levels, memories = self.problem.levels, self.problem.hardware.memories
        fidelities = tuple(float(level.fidelity) for level in levels)
        what = self.numbering.describe(columns)
        counts = map(tuple, self.configurations.counts[what.configuration].tolist())
        for n, action in zip(counts, self.names.described(what), strict=True):
            yield Step(n, memories, fidelities, levels.raw, action.distil, action.generate, action.discard)

    def unguarded(self) -> Dynamics:
        """The same columns with those that may leave the live configurations."""
        return self._with(allowed=self.permitted)

    @cached_property
    def permitted(self) -> BoolArray | None:
        """Which columns the rules that are asked about every action allow, (columns,); None without such rules."""
        if not self.repertoire.predicates:
            return None
        first, *others = self.repertoire.predicates
        everything = np.arange(self.numbering.size)
        answers = (
            first.answer(step) and all(rule.answer(step) for rule in others)
            for step in self.steps(everything, f"rule {first.name}")
        )
        return np.fromiter(answers, dtype=np.bool_, count=len(everything))

    @cached_property
    def reachability(self) -> Reachability:
        """Where the target can be reached from for sure."""
        return Reachability.of(self._support)

    @cached_property
    def _support(self) -> Dynamics:
        """The same possible outcomes with other probabilities of generation: those that do not round to 0."""
        fair = replace(self.generation, success=0.5, failure=0.5) if self.problem.hardware.p < 1 else self.generation
        return self._with(generation=fair, allowed=self.permitted)

    @property
    def restricted(self) -> bool:
        """Whether some actions are forbidden."""
        return bool(self.problem.hardware.rules) or self.permitted is not None

    @cached_property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        return self.reachability.live if self.restricted else np.ones(self.size, dtype=bool)

    @cached_property
    def allowed(self) -> BoolArray | None:
        """Columns that no rule forbids and that never leave the live configurations, (columns,); None for all."""
        if self.live.all():
            return self.permitted
        safe = self._support.pricing.all_values((~self.live).astype(np.float64)) == 0
        safe &= self.live[self.numbering.describe(np.arange(len(safe))).configuration]
        return np.asarray(safe if self.permitted is None else safe & self.permitted)

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, increasing."""
        return np.arange(self.numbering.size) if self.allowed is None else np.flatnonzero(self.allowed)

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing: no distillation, no attempt."""
        idle = np.flatnonzero(self.numbering.blocks[0].attempts == 0)
        return idle if self.allowed is None else idle[self.allowed[idle]]

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        columns = self.numbering.of_configuration(rank)
        return columns if self.allowed is None else columns[self.allowed[columns]]

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        return self.reachability.columns if self.restricted else GREEDY.columns(self)

    @cached_property
    def pricing(self) -> Pricing:
        """What prices all columns under the tariff."""
        return Pricing(self)

    def price(self, values: FloatArray) -> PricedCells:
        """Price every column: the least action value of each configuration for the given values, (configurations,)."""
        return self.pricing.price(After.always(values, len(self.step_times)))

    def price_after(self, after: After) -> PricedCells:
        """Price every column where what comes after a step depends on how long it takes."""
        return self.pricing.price(after)

    def usage_of_block(self, block: Block) -> Usage:
        """What the columns of a block do, in arrays that broadcast to (matchings, rests)."""
        here, busy = slice(block.matchings.start, block.matchings.stop), block.pairs > 0
        size = np.diff(self.matchings.groups[block.groups.start : block.groups.stop + 1])
        reaching = self.matchings.reaching[here, None]
        if self.generation.raw is None and not busy:
            reaching = self.generation.leaving[block.attempts][None, :]
        return Usage(
            dynamics=self,
            columns=np.arange(block.columns.start, block.columns.stop).reshape(block.shape),
            steps=1.0,
            duration=self.durations[int(busy)],
            attempts=block.attempts[None, :],
            distillations=block.pairs,
            failures=self.matchings.failing[here, None],
            reaching=reaching,
            stored=block.consumed + self.configurations.totals[block.rest][None, :],
            configuration=lambda: np.repeat(self.numbering.block_configuration(block), size, axis=0),
        )

    def usage(self, columns: IntArray) -> Usage:
        """What the given columns do, in arrays of shape (columns,)."""
        what = self.numbering.describe(columns)
        idle = what.discard < 0
        reaching = self.matchings.reaching[what.matching]
        if self.generation.raw is None:
            reaching = np.where(what.pairs > 0, reaching, self.generation.leaving[what.attempts])
        return Usage(
            dynamics=self,
            columns=columns,
            steps=idle.astype(np.float64),
            duration=np.where(idle, self.durations[(what.pairs > 0).astype(np.int64)], 0.0),
            attempts=what.attempts,
            distillations=what.pairs,
            failures=self.matchings.failing[what.matching],
            reaching=reaching,
            stored=self.configurations.totals[what.configuration],
            configuration=lambda: what.configuration,
        )

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The standard resources, and those of the problem's budgets."""
        return {**RESOURCES, **{budget.name: budget.resource for budget in self.problem.budgets}}

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        found = np.broadcast_to(resource.amounts(self.usage(columns)), columns.shape)
        return np.asarray(found, dtype=np.float64)

    def columns_entering(self, reached: BoolArray, avoided: BoolArray) -> PricedCells:
        """Which columns may enter some configurations or the target, and never enter some others.

        The price of a configuration is below 0 if it has such a column.
        """
        values = np.where(avoided, HUGE, -reached.astype(np.float64))
        return self._with(tariff=Tariff(0.0, ((REACHING, -1.0),))).price(values)

    def everything(self) -> Choice:
        """All columns that are allowed, written out.

        Raises
        ------
        LimitError
            If they do not fit into this machine's memory.
        """
        require(self.repertoire, explicit=True)
        return self.choose(self.columns)

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        what, generation = self.numbering.describe(columns), self.generation
        use = self.usage(columns)
        leaving = np.where(_generates(what), generation.leaving[what.attempts], 1.0)
        staying = np.where(_generates(what), generation.binomials[what.attempts, 0], 0.0)
        reaching = np.asarray(use.reaching)
        outcomes = self._placed(what, self.matchings.outcomes[what.matching])
        return Choice(self, columns, what.configuration, self.cost(use), leaving, staying, reaching, outcomes)

    def outcome_slopes(self, columns: IntArray, recipe: int) -> sparse.csr_array:
        """Derivatives of the outcomes of some columns by the success probability of a recipe, (columns, 2 * table)."""
        what = self.numbering.describe(columns)
        return self._placed(what, self.matchings.outcome_slopes(what.matching, recipe))

    def _placed(self, what: Columns, rows: sparse.csr_array) -> sparse.csr_array:
        """Weights on what matchings produce as weights on the joined attempt tables, (columns, 2 * table)."""
        table = int(self.generation.offsets[-1])
        entry = np.repeat(np.arange(len(what.rest)), np.diff(rows.indptr))
        sums = self.matchings.produced_sums[:, rows.indices] + self.configurations.sums[:, what.rest[entry]]
        index = self.generation.index(self.configurations.rank_sums(sums), what.attempts[entry])
        places = index + np.where(_generates(what)[entry], table, 0)
        return sparse.csr_array((rows.data, places, rows.indptr), shape=(len(what.rest), 2 * table))

    def cost(self, use: Usage) -> FloatArray:
        """What columns cost under the tariff."""
        cost = self.tariff.time * np.asarray(use.duration)
        for resource, price in self.tariff.prices:
            cost = cost + price * resource.amounts(use)
        return cost

    def action_values(self, columns: IntArray, after: After) -> FloatArray:
        """Value of each column, as ``PricedCells.best`` takes it, (columns,); infinite where it is not allowed."""
        found = self.choose(columns).values_after(after)
        return found if self.allowed is None else np.where(self.allowed[columns], found, np.inf)

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The two attempt tables, joined."""
        return np.concatenate(self.generation.expect(values))

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Entries of the joined attempt tables, as :meth:`Generation.expand` has them."""
        return self.generation.expand(index)

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of the joined attempt tables are written out."""
        table = int(self.generation.offsets[-1])
        attempts = np.searchsorted(self.generation.offsets, index % table, side="right") - 1
        return int(attempts.sum()) + len(index)


def _generates(what: Columns) -> BoolArray:
    """Which columns only generate, or wait."""
    return np.asarray((what.pairs == 0) & (what.discard < 0))


def require_dynamics(process: Process, where: str, problem: str, value: object = None) -> Dynamics:
    """The dynamics of a problem that a process is.

    Raises
    ------
    ModelError
        If it is another process, such as that of a state graph: what the parameter ``problem`` says of ``value``.
    """
    if not isinstance(process, Dynamics):
        raise ModelError(where, problem, value)
    return process
