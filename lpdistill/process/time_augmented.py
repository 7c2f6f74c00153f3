r"""A process with the time since its start in the configurations, so that being late is a resource.

Layers ``0 .. W`` hold a copy of every configuration for each slot that has passed; one more holds the late copy, the
plain process.  A step of ``d`` slots leads from layer ``t`` to layer ``t + d``, or to the late layer if ``t + d > W``:
then it uses one unit of :class:`Late`, whatever its outcome.  A run is late at most once, so that the expected use is
the probability :math:`P(T > W)`, and limits on it are rows of the linear program over *time-augmented occupation
measures* :math:`x(s, t, a)`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import ROUNDOFF, BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Attempts
from lpdistill.process.derived import Derived
from lpdistill.process.durations import Durations
from lpdistill.process.merged import Merged
from lpdistill.process.outcomes import Layered, Weighted
from lpdistill.process.priced import PricedLayers
from lpdistill.process.process import Choice, Origin, Process
from lpdistill.process.repetition import After
from lpdistill.process.tariff import Resource, Tariff
from lpdistill.process.time_lattice import TimeLattice


class Late(Resource):
    """One for the step during which the window closes; its expected use is the probability of being late."""

    touches_generation = False

    def __init__(self) -> None:
        self.name = "late"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Late)

    def __hash__(self) -> int:
        return hash(Late)


BEING_LATE = Late()


@dataclass(frozen=True)
class Layers:
    """The layers: one for every slot that has passed, and one for being late.

    Attributes
    ----------
    lattice, window
        The lattice of times, and the last slot that is in time.
    columns
        Number of columns in each layer.
    """

    lattice: TimeLattice
    window: int
    columns: int

    @property
    def count(self) -> int:
        """Number of layers, the late one included."""
        return self.window + 2

    @cached_property
    def entered(self) -> IntArray:
        """Layer that a step of each duration leads to, (layers, durations)."""
        after = np.arange(self.count)[:, None] + self.lattice.slots
        return np.where(after > self.window, self.window + 1, after)

    @cached_property
    def crosses(self) -> BoolArray:
        """Whether the window closes during a step of each duration, (layers, durations)."""
        crosses = self.entered > self.window
        crosses[-1] = False
        return crosses

    @cached_property
    def passes(self) -> BoolArray:
        """Whether a step of each duration leads to another layer, (layers, durations)."""
        return np.asarray(self.entered != np.arange(self.count)[:, None])

    def everywhere(self, columns: IntArray) -> IntArray:
        """The given columns of one layer, in every layer."""
        return (np.arange(self.count)[:, None] * self.columns + columns).ravel()

    def remaining(self, passed: Fraction) -> Fraction:
        """Time left of the window, in whole slots as the waiting time counts them, after so much has passed."""
        return self.lattice.time(self.window) - passed


@dataclass(frozen=True, slots=True)
class Timed:
    """Names of configurations with the time that has passed (:class:`~lpdistill.process.names.Names`).

    Attributes
    ----------
    base, layers
        The process without time, and the layers of it.
    """

    base: Process
    layers: Layers
    levels: None = None
    memories: int = 0

    @property
    def attempts(self) -> Attempts | None:
        """Those of the process without time."""
        return self.base.names.attempts

    @property
    def named(self) -> Sequence[int]:
        """All configurations that have a name without time, in every layer."""
        return [layer * self.base.size + rank for layer in range(self.layers.count) for rank in self.base.names.named]

    def key(self, rank: int) -> tuple[Hashable, Fraction | None]:
        """How users name the configuration without time, and the time that has passed; None once it is late."""
        layer, within = divmod(rank, self.base.size)
        return self.base.names.key(within), None if layer > self.layers.window else layer * self.layers.lattice.unit

    def rank(self, key: Hashable) -> int:
        """The configuration that a user names; KeyError if there is none."""
        try:
            within, passed = key if isinstance(key, tuple) else ()
            slots = self.layers.window + 1 if passed is None else Fraction(passed) / self.layers.lattice.unit
        except (TypeError, ValueError):
            raise KeyError(f"no configuration {key!r}: give a configuration, and the time that has passed") from None
        layer = int(slots)
        if layer != slots or not 0 <= layer < self.layers.count:
            raise KeyError(f"no configuration {key!r}: no step begins at this time")
        return layer * self.base.size + self.base.names.rank(within)

    def actions(self, columns: IntArray) -> Sequence[Hashable]:
        """How users name the actions of the given columns."""
        return self.base.names.actions(columns % self.base.column_count)

    def find(self, configuration: IntArray, actions: Sequence[Hashable]) -> IntArray:
        """The columns in which the given configurations take the given actions, -1 where they cannot, (columns,)."""
        layer, within = np.divmod(configuration, self.base.size)
        found = self.base.names.find(within, actions)
        return np.where(found < 0, -1, found + layer * self.base.column_count)


@dataclass(frozen=True, slots=True)
class LayeredAdmission:
    """The columns that are allowed without time, in every layer (:class:`~lpdistill.process.process.Admission`).

    Attributes
    ----------
    base, layers
        The process without time, and the layers of it.
    """

    base: Process
    layers: Layers

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, increasing."""
        return self.layers.everywhere(self.base.columns)

    def allows(self, columns: IntArray) -> BoolArray:
        """Whether columns are allowed, (columns,)."""
        return self.base.admission.allows(columns % self.layers.columns)

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        return np.tile(self.base.live, self.layers.count)

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing, not even the layer."""
        idle = self.base.admission.waiting
        return self.layers.everywhere(idle)[~self.layers.passes[:, self.base.durations.kind(idle)].ravel()]

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        return self.layers.everywhere(self.base.admission.proper())

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        layer, within = divmod(rank, self.base.size)
        return self.base.admission.of_configuration(within) + layer * self.layers.columns


@dataclass(frozen=True, eq=False)
class TimeAugmented(Derived):
    """A process with the slots that have passed in its configurations; itself a process.

    Configuration ``s`` of layer ``t`` has number ``t * base.size + s``, and column ``a`` there ``t * base.column_count
    + a``.

    Attributes
    ----------
    base
        The process without time.
    window
        Number of slots within which a run is in time.
    late_price
        What being late costs.
    """

    base: Process
    window: int
    late_price: float = 0.0

    def __post_init__(self) -> None:
        if BEING_LATE.name in self.base.resources:
            raise ModelError("graph", "must not have a number of the name that stands for being late", BEING_LATE.name)

    @cached_property
    def layers(self) -> Layers:
        """The layers."""
        return Layers(TimeLattice.of(self.base), self.window, self.base.column_count)

    @property
    def names(self) -> Timed:
        """Names of the configurations with the time that has passed, and of the actions."""
        return Timed(self.base, self.layers)

    @property
    def problem(self) -> Origin:
        """That of the process without time."""
        return self.base.problem

    @property
    def tariff(self) -> Tariff:
        """What columns cost."""
        return self.base.tariff.plus([(BEING_LATE, self.late_price)])

    @property
    def size(self) -> int:
        """Number of configurations, over all layers."""
        return self.layers.count * self.base.size

    @property
    def column_count(self) -> int:
        """Number of columns, over all layers."""
        return self.layers.count * self.base.column_count

    @property
    def admission(self) -> LayeredAdmission:
        """Which columns are allowed."""
        return LayeredAdmission(self.base, self.layers)

    @cached_property
    def durations(self) -> Durations:
        """How long steps take: what they take without time in the configurations."""
        return replace(self.base.durations, kind=self._kind)

    def _kind(self, columns: IntArray) -> IntArray:
        return self.base.durations.kind(columns % self.base.column_count)

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value: staying and being late add a few operations."""
        return self.base.rounding + 8 * ROUNDOFF

    @property
    def input_rounding(self) -> float:
        """Relative difference that the rounding of given probabilities and times may make to an expected cost."""
        return self.layers.count * self.base.input_rounding

    def unguarded(self) -> TimeAugmented:
        """The same process with the columns that may leave the live configurations."""
        return self._with(base=self.base.unguarded())

    def under(self, tariff: Tariff) -> TimeAugmented:
        """The same process with other costs."""
        late = sum(price for resource, price in tariff.prices if resource == BEING_LATE)
        others = tuple(item for item in tariff.prices if item[0] != BEING_LATE)
        return self._with(base=self.base.under(Tariff(tariff.time, others)), late_price=late)

    def _with(self, **changes: object) -> TimeAugmented:
        """A copy with some attributes changed; of what is computed, only columns written out depend on them."""
        other = copy(self)
        for name in ("written", "merged"):
            other.__dict__.pop(name, None)
        other.__dict__.update(changes)
        return other

    @cached_property
    def written(self) -> Choice | None:
        """All columns that are allowed, written out, where those without time are."""
        return None if self.base.written is None else self.choose(self.columns)

    @cached_property
    def merged(self) -> Merged | None:
        """The process with configurations merged between which runs move for nothing, in no time."""
        within = self.base.merged if self.tariff.time else None
        if within is None:
            return None
        label = np.arange(self.layers.count)[:, None] * self.base.size + within.label
        inner = self.choose(self.layers.everywhere(within.inner.columns))
        return Merged(self._with(base=within.process), label.ravel(), inner)

    def price(self, values: FloatArray) -> PricedLayers:
        """Price every column for the given values, (configurations,)."""
        layers, kinds = values.reshape(self.layers.count, -1), np.zeros(len(self.durations.times))
        return self._priced([After(layers[entered], kinds, kinds > 0) for entered in self.layers.entered])

    def price_after(self, after: After) -> PricedLayers:
        """Price every column where what comes after a step depends on how long it takes."""
        kinds = np.arange(len(self.durations.times))
        values = after.values.reshape(len(kinds), self.layers.count, -1)
        return self._priced(
            [After(values[kinds, entered], after.charge, after.staying) for entered in self.layers.entered]
        )

    def _priced(self, layers: Sequence[After]) -> PricedLayers:
        """Price the columns of every layer for what comes after them."""
        found = []
        for t, after in enumerate(layers):
            charge = after.charge + self.late_price * self.layers.crosses[t]
            found.append(self.base.price_after(After(after.values, charge, after.staying | self.layers.passes[t])))
        return PricedLayers(tuple(found), self.base.column_count)

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        layer, within = np.divmod(columns, self.base.column_count)
        plain, kind = self.base.choose(within), self.base.durations.kind(within)
        passes, entries = self.layers.passes[layer, kind], plain.outcomes.shape[1]
        start = self.layers.entered[layer, kind] * entries
        shape = len(columns), self.layers.count * entries
        idle = plain.repetition.passing(passes).loops(start + plain.configuration, shape)
        places = plain.outcomes.indices + np.repeat(start, np.diff(plain.outcomes.indptr))
        outcomes = sparse.csr_array((plain.outcomes.data, places, plain.outcomes.indptr), shape=shape)
        return Choice(
            process=self,
            columns=columns,
            configuration=layer * self.base.size + plain.configuration,
            cost=plain.cost + self.late_price * self.layers.crosses[layer, kind],
            repetition=plain.repetition.within(passes),
            delivering=plain.delivering,
            following=Weighted(
                sparse.csr_array(outcomes + idle), Layered(plain.table, self.base.size, entries, self.layers.count)
            ),
        )

    @property
    def resources(self) -> Mapping[str, Resource]:
        """Those of the process without time, and being late."""
        return {**self.base.resources, BEING_LATE.name: BEING_LATE}

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        layer, within = np.divmod(columns, self.base.column_count)
        if resource == BEING_LATE:
            return self.layers.crosses[layer, self.base.durations.kind(within)].astype(np.float64)
        return self.base.amounts(resource, within)
