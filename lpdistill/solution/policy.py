"""Policies and labelled tables: what to do in each configuration, and numbers by configuration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.model.configurations import CountVectors
from lpdistill.model.dynamics import Dynamics
from lpdistill.solution.wording import Action, Wording

if TYPE_CHECKING:
    import pandas as pd

Counts: TypeAlias = tuple[int, ...]


V = TypeVar("V")


class ByConfiguration(Mapping[Counts, V]):
    """Something for every configuration, looked up by its counts."""

    def __init__(self, configurations: CountVectors) -> None:
        self._configurations = configurations

    @abstractmethod
    def at(self, rank: int) -> V:
        """What belongs to the configuration of the given rank."""

    def __getitem__(self, counts: Counts) -> V:
        return self.at(rank_of(self._configurations, counts))

    def __iter__(self) -> Iterator[Counts]:
        return (tuple(row) for row in self._configurations.counts.tolist())

    def __len__(self) -> int:
        return self._configurations.size


class ConfigurationTable(ByConfiguration[float]):
    """One number per configuration, looked up by its counts.

    Attributes
    ----------
    array
        The numbers in order of rank, (configurations,).
    """

    def __init__(self, configurations: CountVectors, array: FloatArray, name: str) -> None:
        super().__init__(configurations)
        self.array, self.name = array, name

    def at(self, rank: int) -> float:
        """The number of the configuration of the given rank."""
        return float(self.array[rank])

    def __repr__(self) -> str:
        return f"{self.name}: {len(self):,} configurations, from {self.array.min():.6g} to {self.array.max():.6g}"

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas DataFrame, one row per configuration."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        return pd.DataFrame({"counts": list(self), self.name: self.array})


def rank_of(configurations: CountVectors, counts: Counts) -> int:
    """Rank of a configuration that a user names; KeyError if there is no such configuration."""
    try:
        return int(configurations.rank(np.array([index(n) for n in counts], dtype=np.int64)))
    except (ValueError, TypeError, OverflowError):
        raise KeyError(
            f"no configuration {counts!r}: give {configurations.kinds} counts, one per level, that sum to at most "
            f"{configurations.most}"
        ) from None


@dataclass(frozen=True)
class Decision:
    """One action of a policy, and the probability with which the policy takes it."""

    action: Action
    probability: float


class Policy(ByConfiguration[tuple[Decision, ...]]):
    """What to do in every configuration.

    A policy is deterministic where a configuration has one decision, and randomised where it has several.

    Attributes
    ----------
    columns
        Columns of the program that the policy uses, in order of configuration, (uses,).
    probability
        Probability of each, given the configuration, (uses,).
    """

    def __init__(self, dynamics: Dynamics, columns: IntArray, probability: FloatArray) -> None:
        super().__init__(dynamics.configurations)
        self._dynamics, self.columns, self.probability = dynamics, columns, probability
        what = dynamics.numbering.describe(columns)
        self._configuration, self._matching, self._attempts = what.configuration, what.matching, what.attempts
        self._starts = np.searchsorted(self._configuration, np.arange(dynamics.size + 1))

    @property
    def wording(self) -> Wording:
        """Words for its configurations and actions."""
        return Wording(self._dynamics.problem.levels, self._dynamics.problem.memories)

    @property
    def randomised(self) -> tuple[Counts, ...]:
        """Configurations in which the policy draws lots."""
        several = np.flatnonzero(np.diff(self._starts) > 1)
        return tuple(tuple(row) for row in self._dynamics.configurations.counts[several].tolist())

    def __repr__(self) -> str:
        kind = f"randomised in {len(self.randomised)}" if self.randomised else "deterministic"
        return f"Policy: {len(self):,} configurations, {kind}"

    def at(self, rank: int) -> tuple[Decision, ...]:
        """What to do in the configuration of the given rank."""
        return tuple(
            Decision(
                Action(self._dynamics.matchings.distilled(int(self._matching[use])), int(self._attempts[use])),
                float(self.probability[use]),
            )
            for use in range(self._starts[rank], self._starts[rank + 1])
        )


class Regrets(ByConfiguration[dict[Action, float]]):
    """How much worse each action is than the best: its reduced cost, by configuration and action.

    Computed when asked for, configuration by configuration: the program may have tens of millions of columns.
    Waiting has the regret of losing its duration.
    """

    def __init__(self, dynamics: Dynamics, values: FloatArray) -> None:
        super().__init__(dynamics.configurations)
        self._dynamics, self._values = dynamics, values

    def at(self, rank: int) -> dict[Action, float]:
        """The regret of every action in the configuration of the given rank, least first."""
        dynamics = self._dynamics
        columns = dynamics.numbering.of_configuration(rank)
        regret = dynamics.choose(columns).regrets(self._values)
        what = dynamics.numbering.describe(columns)
        order = np.argsort(regret, kind="stable")
        return {
            Action(dynamics.matchings.distilled(int(what.matching[i])), int(what.attempts[i])): float(regret[i])
            for i in order
        }

    def __repr__(self) -> str:
        return f"Regrets: {self._dynamics.numbering.size:,} actions in {len(self):,} configurations"

    def to_frame(self) -> pd.DataFrame:
        """All regrets as a pandas DataFrame, one row per configuration and action."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        rows = [(counts, a.distil, a.generate, regret) for counts in self for a, regret in self[counts].items()]
        return pd.DataFrame(rows, columns=["counts", "distil", "generate", "regret"])
