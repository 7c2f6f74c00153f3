"""The decision process of a problem: its columns in factored form, priced without writing transitions out."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from lpdistill.arrays import ROUNDOFF, BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.delivery import Delivery
from lpdistill.listed import Listed
from lpdistill.numbers import member
from lpdistill.process.derived import Derived
from lpdistill.process.durations import Durations
from lpdistill.process.factored.admission import Permission
from lpdistill.process.factored.columns import Columns, Numbering
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.following import Factored
from lpdistill.process.factored.kernel import Kernel
from lpdistill.process.factored.names import Counts
from lpdistill.process.factored.pricing import Pricing
from lpdistill.process.factored.size import require, require_listed
from lpdistill.process.priced import Priced
from lpdistill.process.process import Choice, Process
from lpdistill.process.reachability import Reachability, Towards
from lpdistill.process.repetition import After
from lpdistill.process.resources import REACHING, RESOURCES
from lpdistill.process.tariff import TIME, Resource, Tariff
from lpdistill.process.task import TASK, Task


@dataclass(frozen=True)
class Dynamics(Derived):
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

    written = None
    merged = None
    input_rounding = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "problem", TASK.meant(self.problem, "problem"))
        given = self.problem.attempts if self.attempts is None else member(Attempts, self.attempts, "attempts")
        object.__setattr__(self, "attempts", given)

    @property
    def _delivery(self) -> Delivery:
        """What delivering a pair is: the end of a run."""
        return Delivery.FIRST

    @cached_property
    def kernel(self) -> Kernel:
        """What columns do, and what comes of it."""
        return Kernel(self.problem, self.attempts or Attempts.FULL, self._delivery)

    @property
    def numbering(self) -> Numbering:
        """Which column is which."""
        return self.kernel.numbering

    @property
    def configurations(self) -> CountVectors:
        """All configurations: counts of pairs at each level."""
        return self.kernel.configurations

    @property
    def names(self) -> Counts:
        """Names of configurations and actions."""
        return self.kernel.names

    @cached_property
    def durations(self) -> Durations:
        """Durations of a step that does not distil, of one that does, and of taking a pair out of its memory."""
        uncharged = self.problem.uncharged_time if self._delivery.ends else Fraction(0)
        removes = bool(self.kernel.repertoire.discards)
        return Durations.of(self.problem.hardware, self._kind, uncharged, removes=removes)

    def _kind(self, columns: IntArray) -> IntArray:
        return self.kernel.numbering.step(columns)

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
        ``2**-53`` an operation or a rounded probability.  Rounding is monotone, and the least of some values is one of
        them: so the error of a minimum is that of its parts, wherever on the way it is taken.  With ``M`` memories and
        at most ``k`` distillations of recipes with at most ``o`` outcomes that leave a pair, on the way to one action
        value there are at most

        - a probability, a product and an addition in each of ``M`` steps of the attempt recursion, and as many for the
          probability of leaving: ``6 M``;
        - in the recursion over recipes, for each distillation that may leave a pair a probability, a product, and an
          addition for every outcome, for failure and for a delivery, ``o + 3``, and for each of the others 3; that is
          no more than, of columns written out, a probability, a product and an addition in the binomial table of every
          outcome, and a probability of failure: ``k (3 o + 1)``, with 3 more ``k (3 o + 4)``;
        - a power and a product for every recipe, each power within a few roundings: ``4`` for every outcome;
        - one addition for every outcome of a matching, whether outcomes merge before or in the product;
        - the price of each resource: its amount, a sum over recipes at most, or an amount for each distillation that is
          found as a difference, ``k + 2``; one product and one addition;
        - a handful more: the duration, its addition, one division, a charge, the mixture of a few columns.
        """
        matchings = self.kernel.matchings
        recipes, outcomes, most = len(matchings.recipes), matchings.most_outcomes, matchings.most
        made = [max(len(recipe.made), 1) for recipe in matchings.recipes]
        attempts, distillations = 6 * self.problem.hardware.memories, most * (3 * max(made, default=1) + 4)
        prices = len(self.tariff.prices) * (recipes + most + 6)
        return (attempts + distillations + 4 * sum(made) + outcomes + prices + 64) * ROUNDOFF

    def under(self, tariff: Tariff) -> Dynamics:
        """The same columns with other costs; everything that does not depend on costs is shared."""
        return self._with(tariff=tariff, kernel=self.kernel, admission=self.admission)

    def _with(self, **changes: Any) -> Dynamics:
        """A copy with some attributes changed, which computes anew what depends on costs."""
        other = copy(self)
        for name in ("rounding", "_pricing", "_every", "_listed"):
            other.__dict__.pop(name, None)
        other.__dict__.update(changes)
        return other

    @cached_property
    def admission(self) -> Permission:
        """Which columns are allowed."""
        return Permission(self.kernel, self._possible if self._delivery.ends else self._home)

    def _home(self) -> Towards:
        """The columns that rules permit, priced by where they may lead on the way back to the start."""
        return Towards(self._possible(), np.arange(self.size) == 0)

    def _possible(self) -> Pricing:
        """The columns that rules permit, priced by where they may lead."""
        entering = Tariff(0.0, ((REACHING, -1.0),) if self._delivery.ends else ())
        other = self._with(kernel=self.kernel.possible, tariff=entering)
        return Pricing(other.kernel, entering, None, other.choose)

    def unguarded(self) -> Dynamics:
        """The same columns with those that may leave the live configurations."""
        return self._with(admission=self.admission.unguarded())

    @cached_property
    def _pricing(self) -> Pricing:
        """What prices all columns under the tariff."""
        return Pricing(self.kernel, self.tariff, self.live if self.admission.guarded else None, self.choose)

    def price(self, values: FloatArray) -> Priced:
        """Price every column for the given values, one after the other where they are few."""
        known = self._listed
        if known is None or self.kernel.permitted is not None or self.admission.guarded:
            return super().price(values)
        return known.price(self._every.cost, values)

    def price_after(self, after: After) -> Priced:
        """Price every column where what comes after a step depends on how long it takes."""
        return self._pricing.price(after)

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The standard resources, and those of the problem's budgets."""
        return {**RESOURCES, **{budget.name: budget.resource for budget in self.problem.budgets}}

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        found = np.broadcast_to(resource.amounts(self.kernel.usage(columns)), columns.shape)
        return np.asarray(found, dtype=np.float64)

    def everything(self) -> Choice:
        """All columns that are allowed, written out.

        Raises
        ------
        LimitError
            If they do not fit into this machine's memory.
        """
        if self.kernel.actions.listing is None:
            require(self.kernel.size, self.kernel.repertoire, explicit=True)
        elif self.kernel.permitted is None and not self.admission.guarded:
            return self._every
        return self.choose(self.columns)

    @cached_property
    def _listed(self) -> Listed | None:
        """All columns for compiled functions; None where these are not at hand, or columns many."""
        listing = self.kernel.actions.listing
        return None if listing is None else listing.at(self.kernel.generation)

    @cached_property
    def _every(self) -> Choice:
        """All columns of a listing."""
        listing = self.kernel.actions.listing
        assert listing is not None  # noqa: S101 - asked of listings only
        return self._chosen(np.arange(self.numbering.size), listing.what)

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        if self.kernel.actions.listing is not None:
            return self._every.at(columns)
        return self._chosen(columns, self.numbering.describe(columns))

    def _chosen(self, columns: IntArray, what: Columns) -> Choice:
        kernel = self.kernel
        use = kernel.usage(columns, what)
        return Choice(
            process=self,
            columns=columns,
            configuration=what.configuration,
            cost=self.tariff.cost(np.asarray(use.duration), lambda resource: resource.amounts(use)),
            repetition=kernel.repetition(what),
            delivering=np.asarray(use.delivering)[:, None],
            following=Factored(kernel, what, self._listed),
        )


@dataclass(frozen=True)
class Continued(Dynamics):
    """The decision process of runs that go on when a pair is delivered.

    Attributes
    ----------
    delivery
        What delivering a pair is.
    """

    delivery: Delivery = Delivery.EVERY

    @property
    def _delivery(self) -> Delivery:
        return self.delivery


def towards(dynamics: Dynamics, goals: BoolArray) -> Reachability:
    """How to get to some configurations, (configurations,), with the columns that are allowed."""
    possible, live = dynamics._possible(), dynamics.live  # noqa: SLF001 - its own
    return Reachability.of(Towards(replace(possible, safe=live if dynamics.admission.guarded else None), goals & live))


def require_priced(process: Process, resource: Resource) -> None:
    """Refuse a price on a resource with which all columns cannot be priced.

    Raises
    ------
    LimitError
        If they would have to be listed, and are too many, or take too many operations.
    """
    if isinstance(process, Dynamics):
        pricing = Pricing(process.kernel, process.tariff.plus([(resource, 1.0)]), None, process.choose)
        if pricing.charges is None:
            require_listed(process.kernel.size)


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
