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

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Attempts
from lpdistill.process.derived import UNIT, Derived
from lpdistill.process.durations import Durations
from lpdistill.process.merged import Merged
from lpdistill.process.outcomes import Layered
from lpdistill.process.priced import PricedLayers
from lpdistill.process.process import Admission, Choice, Origin, Process
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


LATE = Late()


@dataclass(frozen=True, slots=True)
class Timed:
    """Names of configurations with the time that has passed (:class:`~lpdistill.process.names.Names`).

    Attributes
    ----------
    base, lattice, window
        The process without time, its lattice of times, and the last slot that is in time.
    """

    base: Process
    lattice: TimeLattice
    window: int
    levels: None = None
    memories: int = 0

    @property
    def named(self) -> Sequence[int]:
        """All configurations that have a name without time, in every layer."""
        return [layer * self.base.size + rank for layer in range(self.window + 2) for rank in self.base.names.named]

    def key(self, rank: int) -> tuple[Hashable, Fraction | None]:
        """How users name the configuration without time, and the time that has passed; None once it is late."""
        layer, within = divmod(rank, self.base.size)
        return self.base.names.key(within), None if layer > self.window else layer * self.lattice.unit

    def rank(self, key: Hashable) -> int:
        """The configuration that a user names; KeyError if there is none."""
        try:
            within, passed = key if isinstance(key, tuple) else ()
            slots = self.window + 1 if passed is None else Fraction(passed) / self.lattice.unit
        except (TypeError, ValueError):
            raise KeyError(f"no configuration {key!r}: give a configuration, and the time that has passed") from None
        layer = int(slots)
        if layer != slots or not 0 <= layer < self.window + 2:
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
    whole
        The process with time.
    base
        What is allowed without it.
    """

    whole: TimeAugmented
    base: Admission

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, increasing."""
        return self.whole.everywhere(self.base.columns)

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        return np.tile(self.base.live, self.whole.layers)

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing, not even the layer."""
        idle = self.whole.everywhere(self.base.waiting)
        return idle[~self.whole.passes(idle)]

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        return self.whole.everywhere(self.base.proper())

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        layer, within = divmod(rank, self.whole.base.size)
        return self.base.of_configuration(within) + layer * self.whole.base.column_count


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
        if LATE.name in self.base.resources:
            raise ModelError("graph", "must not have a number of the name that stands for being late", LATE.name)

    @cached_property
    def lattice(self) -> TimeLattice:
        """The lattice of times."""
        return TimeLattice.of(self.base)

    @property
    def names(self) -> Timed:
        """Names of the configurations with the time that has passed, and of the actions."""
        return Timed(self.base, self.lattice, self.window)

    @property
    def problem(self) -> Origin:
        """That of the process without time."""
        return self.base.problem

    @property
    def attempts(self) -> Attempts | None:
        """Those of the process without time."""
        return self.base.attempts

    @property
    def layers(self) -> int:
        """Number of layers, the late one included."""
        return self.window + 2

    @cached_property
    def _entered(self) -> IntArray:
        """Layer that a step of each duration leads to, (layers, durations)."""
        after = np.arange(self.layers)[:, None] + self.lattice.slots
        return np.where(after > self.window, self.window + 1, after)

    @cached_property
    def _crosses(self) -> BoolArray:
        """Whether the window closes during a step of each duration, (layers, durations)."""
        crosses = self._entered > self.window
        crosses[-1] = False
        return crosses

    @cached_property
    def _passes(self) -> BoolArray:
        """Whether a step of each duration leads to another layer, (layers, durations)."""
        return np.asarray(self._entered != np.arange(self.layers)[:, None])

    def passes(self, columns: IntArray) -> BoolArray:
        """Whether the given columns lead to another layer, (columns,)."""
        layer, within = np.divmod(columns, self.base.column_count)
        return self._passes[layer, self.base.durations.kind(within)]

    def everywhere(self, columns: IntArray) -> IntArray:
        """The given columns of the base, in every layer."""
        return (np.arange(self.layers)[:, None] * self.base.column_count + columns).ravel()

    def remaining(self, passed: Fraction) -> Fraction:
        """Time left of the window, in whole slots as the waiting time counts them, after so much has passed."""
        return self.lattice.time(self.window) - passed

    @property
    def tariff(self) -> Tariff:
        """What columns cost."""
        return self.base.tariff.plus([(LATE, self.late_price)])

    @property
    def size(self) -> int:
        """Number of configurations, over all layers."""
        return self.layers * self.base.size

    @property
    def column_count(self) -> int:
        """Number of columns, over all layers."""
        return self.layers * self.base.column_count

    @property
    def admission(self) -> LayeredAdmission:
        """Which columns are allowed."""
        return LayeredAdmission(self, self.base.admission)

    @property
    def durations(self) -> Durations:
        """How long steps take: what they take without time in the configurations."""
        return replace(self.base.durations, kind=self._kind)

    def _kind(self, columns: IntArray) -> IntArray:
        return self.base.durations.kind(columns % self.base.column_count)

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value: staying and being late add a few operations."""
        return self.base.rounding + 8 * UNIT

    @property
    def input_rounding(self) -> float:
        """Relative difference that the rounding of given probabilities and times may make to an expected cost."""
        return self.layers * self.base.input_rounding

    def unguarded(self) -> TimeAugmented:
        """The same process with the columns that may leave the live configurations."""
        return self._with(base=self.base.unguarded())

    def under(self, tariff: Tariff) -> TimeAugmented:
        """The same process with other costs."""
        late = sum(price for resource, price in tariff.prices if resource == LATE)
        others = tuple(item for item in tariff.prices if item[0] != LATE)
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
        label = np.arange(self.layers)[:, None] * self.base.size + within.label
        inner = self.choose(self.everywhere(within.inner.columns))
        return Merged(self._with(base=within.process), label.ravel(), inner)

    def price(self, values: FloatArray) -> PricedLayers:
        """Price every column for the given values, (configurations,)."""
        layers, kinds = values.reshape(self.layers, -1), np.zeros(len(self.lattice.slots))
        return self._priced([After(layers[entered], kinds, kinds > 0) for entered in self._entered])

    def price_after(self, after: After) -> PricedLayers:
        """Price every column where what comes after a step depends on how long it takes."""
        kinds = np.arange(len(self.lattice.slots))
        values = after.values.reshape(len(kinds), self.layers, -1)
        return self._priced([After(values[kinds, entered], after.charge, after.staying) for entered in self._entered])

    def _priced(self, layers: Sequence[After]) -> PricedLayers:
        """Price the columns of every layer for what comes after them."""
        found = []
        for t, after in enumerate(layers):
            charge = after.charge + self.late_price * self._crosses[t]
            found.append(self.base.price_after(After(after.values, charge, after.staying | self._passes[t])))
        return PricedLayers(tuple(found), self.base.column_count)

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        layer, within = np.divmod(columns, self.base.column_count)
        plain, kind = self.base.choose(within), self.base.durations.kind(within)
        passes, entries = self._passes[layer, kind], plain.outcomes.shape[1]
        start = self._entered[layer, kind] * entries
        kept = np.flatnonzero(passes & (plain.staying > 0))
        staying = sparse.csr_array(
            (plain.staying[kept], (kept, start[kept] + plain.configuration[kept])),
            shape=(len(columns), self.layers * entries),
        )
        places = plain.outcomes.indices + np.repeat(start, np.diff(plain.outcomes.indptr))
        outcomes = sparse.csr_array((plain.outcomes.data, places, plain.outcomes.indptr), shape=staying.shape)
        return Choice(
            process=self,
            columns=columns,
            configuration=layer * self.base.size + plain.configuration,
            cost=plain.cost + self.late_price * self._crosses[layer, kind],
            repetition=plain.repetition.within(passes),
            delivering=plain.delivering,
            outcomes=sparse.csr_array(outcomes + staying),
            table=Layered(plain.table, self.base.size, entries, self.layers),
        )

    @property
    def resources(self) -> Mapping[str, Resource]:
        """Those of the process without time, and being late."""
        return {**self.base.resources, LATE.name: LATE}

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        layer, within = np.divmod(columns, self.base.column_count)
        if resource == LATE:
            return self._crosses[layer, self.base.durations.kind(within)].astype(np.float64)
        return self.base.amounts(resource, within)
