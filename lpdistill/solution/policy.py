"""Policies and labelled tables: what to do in each configuration, and numbers by configuration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.model.actions import Action
from lpdistill.model.process import Process
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.solution.wording import Words, words_of

if TYPE_CHECKING:
    import pandas as pd

Key: TypeAlias = Any
"""How users name a configuration: its counts, or the node of a state graph."""

V = TypeVar("V")


class ByConfiguration(Mapping[Key, V]):
    """Something for every configuration, looked up by its counts (or, for a state graph, by its node)."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @abstractmethod
    def at(self, rank: int) -> V:
        """What belongs to the configuration of the given rank."""

    def __getitem__(self, key: Key) -> V:
        return self.at(self._process.rank(key))

    def __iter__(self) -> Iterator[Key]:
        return map(self._process.key, range(self._process.size))

    def __len__(self) -> int:
        return self._process.size


class ConfigurationTable(ByConfiguration[float]):
    """One number per configuration, looked up by its counts.

    Attributes
    ----------
    array
        The numbers in order of rank, (configurations,).
    """

    def __init__(self, process: Process, array: FloatArray, name: str) -> None:
        super().__init__(process)
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


@dataclass(frozen=True)
class Decision:
    """One action of a policy, and the probability with which the policy takes it."""

    action: Any
    probability: float


class Policy(ByConfiguration[tuple[Decision, ...]]):
    """What to do in every configuration.

    A policy is deterministic where a configuration has one decision, and randomised where it has several.  It has none
    where no policy reaches the target for sure.

    Attributes
    ----------
    plan
        Columns of the program that the policy uses, with their probabilities.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.uses.process)
        self.plan = plan
        self._starts = np.searchsorted(plan.uses.configuration, np.arange(self._process.size + 1))

    @cached_property
    def _actions(self) -> list[Any]:
        return list(self._process.actions(self.plan.uses.columns))

    @property
    def wording(self) -> Words:
        """Words for its configurations and actions."""
        return words_of(self._process)

    @property
    def randomised(self) -> tuple[Key, ...]:
        """Configurations in which the policy draws lots."""
        several = np.flatnonzero(np.diff(self._starts) > 1)
        return tuple(self._process.key(int(rank)) for rank in several)

    def __repr__(self) -> str:
        kind = f"randomised in {len(self.randomised)}" if self.randomised else "deterministic"
        return f"Policy: {len(self):,} configurations, {kind}"

    def at(self, rank: int) -> tuple[Decision, ...]:
        """What to do in the configuration of the given rank."""
        return tuple(
            Decision(self._actions[use], float(self.plan.probability[use]))
            for use in range(self._starts[rank], self._starts[rank + 1])
        )


class Regrets(ByConfiguration[dict[Any, float]]):
    """How much worse each action is than the best: its reduced cost, by configuration and action.

    Computed when asked for, configuration by configuration: the program may have tens of millions of columns.
    Waiting has the regret of losing its duration.  Under budgets, actions also pay the prices of what they use.
    """

    def __init__(self, dual: Optimum) -> None:
        super().__init__(dual.policy.process)
        self._values = dual.values

    def at(self, rank: int) -> dict[Any, float]:
        """The regret of every action in the configuration of the given rank, least first."""
        columns = self._process.of_configuration(rank)
        regret = self._process.choose(columns).regrets(self._values)
        order = np.argsort(regret, kind="stable")
        return {self._process.actions(columns[[i]])[0]: float(regret[i]) for i in order}

    def __repr__(self) -> str:
        return f"Regrets: {self._process.column_count:,} actions in {len(self):,} configurations"

    def to_frame(self) -> pd.DataFrame:
        """All regrets as a pandas DataFrame, one row per configuration and action."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        rows = [
            {"counts": key, **described(action), "regret": regret}
            for key in self
            for action, regret in self[key].items()
        ]
        return pd.DataFrame(rows)


def described(action: Hashable) -> dict[str, Any]:
    """An action as the named cells of a row."""
    return asdict(action) if isinstance(action, Action) else {"action": action}
