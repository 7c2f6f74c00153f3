"""Labelled tables: something for every configuration, looked up by what users call it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ModelError, did_you_mean
from lpdistill.hardware.actions import Action
from lpdistill.process.process import Process
from lpdistill.program.policy_iteration import Optimum

if TYPE_CHECKING:
    import pandas as pd

Key: TypeAlias = Any
"""How users name a configuration: its counts, or the node of a state graph."""

V = TypeVar("V")

EVEN = 1e-11
"""Regret, relative to the expected time of a whole run, that is taken for none."""


class ByConfiguration(Mapping[Key, V]):
    """Something for every configuration, looked up by its counts (or, for a state graph, by its node)."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @abstractmethod
    def of_rank(self, rank: int) -> V:
        """What belongs to the configuration of the given rank."""

    def __getitem__(self, key: Key) -> V:
        return self.of_rank(self._process.names.rank(key))

    def __iter__(self) -> Iterator[Key]:
        return map(self._process.names.key, range(self._process.size))

    def __len__(self) -> int:
        return self._process.size


def counted(key: Key, names: Sequence[str]) -> Key:
    """A configuration by its counts, where it is given by the names of the pairs that are stored.

    Raises
    ------
    ModelError
        If there is no pair of a name.

    Examples
    --------
    >>> counted(("0.788", "0.750", "0.750"), ["0.750", "0.788"]), counted((2, 1), ["0.750", "0.788"])
    ((2, 1), (2, 1))
    """
    if isinstance(key, str) or not (isinstance(key, Sequence) and key and all(isinstance(one, str) for one in key)):
        return key
    for one in key:
        if one not in names:
            raise ModelError("counts", f"must be counts, or names of pairs{did_you_mean(one, names)}", one)
    return tuple(list(key).count(name) for name in names)


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

    def of_rank(self, rank: int) -> float:
        """The number of the configuration of the given rank."""
        return float(self.array[rank])

    def __repr__(self) -> str:
        return f"{self.name}: {len(self):,} configurations, from {self.array.min():.6g} to {self.array.max():.6g}"

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas DataFrame, one row per configuration."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        return pd.DataFrame({"counts": list(self), self.name: self.array})


class Regrets(ByConfiguration[dict[Any, float]]):
    """How much worse each action is than the best: its reduced cost, by configuration and action.

    Computed when asked for, configuration by configuration: the program may have tens of millions of columns.
    Waiting has the regret of losing its duration.  Under budgets, actions also pay the prices of what they use.
    """

    def __init__(self, dual: Optimum) -> None:
        super().__init__(dual.policy.process)
        self._dual = dual

    def of_rank(self, rank: int) -> dict[Any, float]:
        """The regret of every action in the configuration of the given rank, least first."""
        columns = self._process.admission.of_configuration(rank)
        regret = regrets_of(self._dual, columns)
        order = np.argsort(regret, kind="stable")
        return {self._process.names.actions(columns[[i]])[0]: float(regret[i]) for i in order}

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


def regrets_of(dual: Optimum, columns: IntArray) -> FloatArray:
    """Reduced costs of some columns at the prices of an optimum, (columns,); 0 where they are rounding."""
    found = dual.policy.process.choose(columns).regrets(dual.values)
    return np.where(np.abs(found) > EVEN * abs(float(dual.values[0])), found, 0.0)


def described(action: Hashable) -> dict[str, Any]:
    """An action as the named cells of a row; delivering is one where it is decided."""
    if not isinstance(action, Action):
        return {"action": action}
    return {name: done for name, done in asdict(action).items() if done or name != "deliver"}
