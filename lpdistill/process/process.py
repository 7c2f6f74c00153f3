"""What a program needs of a decision process: columns that are priced all at once, and chosen a few at a time.

The factored dynamics of a problem and a user's state graph are such processes; everything above sees no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.hardware.actions import Attempts
from lpdistill.process.budgets import Budget
from lpdistill.process.choice import After, Choice
from lpdistill.process.names import Names

if TYPE_CHECKING:
    from lpdistill.process.merged import Merged
    from lpdistill.process.tariff import Resource, Tariff


class Priced(Protocol):
    """The least action value of every configuration, and the columns that attain it."""

    @property
    def best(self) -> FloatArray:
        """Least action value, (configurations,); infinite where no column is allowed.

        Of a step that may change nothing, the value once anything happens: ``(cost + moves @ values) / leaving``.
        """
        ...

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        ...

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations that are within ``slack`` of the least action value, increasing.

        The slack is one number, or one for every configuration, (configurations,).
        """
        ...


class Origin(Protocol):
    """What a process is one of: a problem, or a state graph."""

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """Limits on the expected use of resources."""
        ...


class Process(Protocol):
    """A decision process with one absorbing target; configuration 0 is where runs start."""

    @property
    def tariff(self) -> Tariff:
        """What columns cost."""
        ...

    @property
    def names(self) -> Names:
        """How users name configurations and actions."""
        ...

    @property
    def problem(self) -> Origin:
        """What it is the process of."""
        ...

    @property
    def attempts(self) -> Attempts | None:
        """Which numbers of generation attempts its actions have; None where that is no question."""
        ...

    @property
    def size(self) -> int:
        """Number of configurations."""
        ...

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, waiting included, increasing."""
        ...

    @property
    def column_count(self) -> int:
        """Number of columns, waiting included, before any is asked whether it is allowed."""
        ...

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing."""
        ...

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        ...

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value, for values and costs that are not negative."""
        ...

    @property
    def least_duration(self) -> float:
        """The shortest duration of a step."""
        ...

    @property
    def time_per_column(self) -> float:
        """What every policy's expected time, divided by the expected number of columns that it takes, is at least."""
        ...

    @property
    def greatest_duration(self) -> float:
        """The longest duration of a step."""
        ...

    @property
    def step_times(self) -> tuple[Fraction, ...]:
        """The durations that steps may have, exactly."""
        ...

    def step_time(self, columns: IntArray) -> IntArray:
        """Which of :attr:`step_times` the given columns take, (columns,)."""
        ...

    @property
    def uncharged_time(self) -> Fraction:
        """What is taken off the duration of every run, exactly."""
        ...

    def unguarded(self) -> Process:
        """The same process with the columns that may leave the live configurations."""
        ...

    def under(self, tariff: Tariff) -> Process:
        """The same process with other costs."""
        ...

    def price(self, values: FloatArray) -> Priced:
        """Price every column for the given values, (configurations,)."""
        ...

    def price_after(self, after: After) -> Priced:
        """Price every column where what comes after a step depends on how long it takes."""
        ...

    def everything(self) -> Choice:
        """All columns that are allowed, written out; refused with LimitError if they do not fit into memory."""
        ...

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        ...

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The resources that every column has an amount of, by name."""
        ...

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        ...

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        ...

    @property
    def written(self) -> Choice | None:
        """All columns that are allowed, written out, where the process is given that way; None if it is factored."""
        ...

    @property
    def merged(self) -> Merged | None:
        """The process with configurations merged between which runs move for nothing; None if there are none."""
        ...

    @property
    def input_rounding(self) -> float:
        """Relative difference that the rounding of given probabilities and times may make to an expected cost."""
        ...

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        ...

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The table that the outcomes of a choice refer to, for the given values, with which it begins."""
        ...

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Write entries of that table out: entry, rank of the configuration, its probability."""
        ...

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of that table are written out."""
        ...


def is_process(given: object) -> TypeGuard[Process]:
    """Whether something is a decision process."""
    return not isinstance(given, type) and all(hasattr(given, name) for name in ("choose", "columns", "tariff", "live"))


PROCESS: Kind[Process] = Kind(
    "a decision process",
    is_process,
    "process",
    {"Problem": "that of a problem is Dynamics(problem)", "DiGraph": "that of a state graph is solve(graph).process"},
)
"""A decision process, or what has one."""
