"""Policies and labelled tables: what to do in each configuration, and numbers by configuration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from lpdistill.arguments import named, wrong_type
from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError, ModelError
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION, process_of_question
from lpdistill.process.process import Process
from lpdistill.program.evaluation import raise_improper, stuck
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.solution.bounds import waited
from lpdistill.solution.chain import Chain
from lpdistill.solution.policy_picture import ROWS, draw_policy
from lpdistill.solution.resources import Expected
from lpdistill.solution.wording import Words, words_of

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from matplotlib.axes import Axes

Key: TypeAlias = Any
"""How users name a configuration: its counts, or the node of a state graph."""

V = TypeVar("V")

EVEN = 1e-11
"""Regret, relative to the expected time of a whole run, that is taken for none."""

SUM = 1e-9
"""Distance from 1 of probabilities, summed, that is taken for rounding."""


class ByConfiguration(Mapping[Key, V]):
    """Something for every configuration, looked up by its counts (or, for a state graph, by its node)."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @abstractmethod
    def at(self, rank: int) -> V:
        """What belongs to the configuration of the given rank."""

    def __getitem__(self, key: Key) -> V:
        return self.at(self._process.names.rank(key))

    def __iter__(self) -> Iterator[Key]:
        return map(self._process.names.key, range(self._process.size))

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


Choices: TypeAlias = Action | Sequence[Decision] | Hashable
"""What a user's policy does in a configuration."""


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

    @staticmethod
    def of(
        problem: Problem | nx.DiGraph[Any],
        choose: Mapping[Key, Choices] | Callable[[Key], Choices],
        *,
        improper: bool = False,
    ) -> Policy:
        """A policy of the user's, evaluated.

        Parameters
        ----------
        problem
            The problem or the state graph; its budgets do not matter.
        choose
            What to do in a configuration: an :class:`Action` (of a state graph, an action node), or :class:`Decision`
            objects whose probabilities sum to 1.  A mapping may leave out configurations that a run cannot enter.
        improper
            Whether to accept a policy that may never reach the target; its expected time is then infinite, and
            :attr:`deadlock` names where runs are trapped.

        Raises
        ------
        ModelError
            If an action is impossible in its configuration or forbidden by a rule, probabilities do not sum to 1, or
            nothing is said about a configuration that can be entered.
        ImproperPolicyError
            If the policy does not reach the target from everywhere, unless that is accepted: the message names the
            deadlock.

        Examples
        --------
        Distil two raw pairs as soon as there are two, and generate on all other memories:

        >>> from lpdistill import Action, Problem
        >>> eager = Policy.of(
        ...     Problem(0.5, 2, "3/4", "78/100"),
        ...     lambda counts: Action(((0, 0),), 0) if counts[0] == 2 else Action((), 2 - counts[0]),
        ... )
        >>> round(eager.waiting_time, 9)
        6.461538462
        """
        process = process_of_question(QUESTION.meant(problem, "problem"), Attempts.ALL)
        keys, decisions = _asked(process, choose)
        ranks = np.array([_rank(process, key) for key in keys], dtype=np.int64)
        columns = process.names.find(ranks, [decision.action for decision in decisions])
        for key, column, decision in zip(keys, columns.tolist(), decisions, strict=True):
            if column < 0:
                nodes = process.names.levels is None
                what = "an action node of that state" if nodes else "an action that is possible and allowed"
                raise ModelError(f"policy at {key}", f"must take {what}", decision.action)
        order = np.argsort(ranks, kind="stable")
        uses = process.choose(columns[order])
        probability = np.array([decision.probability for decision in decisions])[order]
        known = np.zeros(process.size, dtype=bool)
        known[ranks] = True
        entered = np.unique(uses.moves.indices)
        if not known[0] or not known[entered].all():
            missing = 0 if not known[0] else int(entered[~known[entered]][0])
            if not len(process.unguarded().of_configuration(missing)):
                raise ImproperPolicyError(
                    f"the policy enters {process.names.key(missing)!r}, which has no action and is not the target; "
                    "choose actions that avoid it, or give it one that stays there for the policy to be evaluated",
                    deadlock=(process.names.key(missing),),
                )
            raise ModelError(
                "policy", "says nothing about a configuration that a run can enter", process.names.key(missing)
            )
        if improper:
            return Policy(Plan.improper(uses, probability))
        if stuck(uses.mixed(probability)).any():
            raise_improper(uses.mixed(probability))
        return Policy(Plan.of(uses, probability))

    @property
    def process(self) -> Process:
        """The columns that it chooses from."""
        return self._process

    @property
    def waiting_time(self) -> float:
        """Expected waiting time of the policy from the start; infinite where runs may never reach the target."""
        return waited(float(self.plan.values[0]), self._process.uncharged_time)

    @cached_property
    def standard_deviation(self) -> float:
        """Standard deviation of the waiting time from the start, by a linear solve.

        Raises
        ------
        ImproperPolicyError
            If runs may never reach the target.
        """
        return float(np.sqrt(self.plan.variance[0]))

    @cached_property
    def deadlock(self) -> tuple[Key, ...]:
        """Configurations in which runs from the start are trapped for ever, if any."""
        return tuple(self._process.names.key(int(rank)) for rank in self.plan.deadlock)

    @cached_property
    def expected(self) -> Expected:
        """Expected totals of a run.

        Raises
        ------
        ImproperPolicyError
            If runs may never reach the target.
        """
        return Expected({name: self.plan.used(resource) for name, resource in self._process.resources.items()})

    def to_chain(self, *, everywhere: bool = False) -> Chain:
        """The Markov chain that the policy induces: what can follow on what, and how probably.

        Parameters
        ----------
        everywhere
            Whether to take all configurations for which the policy says what to do, rather than those alone that runs
            from the start can enter.
        """
        return Chain.of(self.plan, everywhere=everywhere)

    @cached_property
    def _actions(self) -> list[Any]:
        return list(self._process.names.actions(self.plan.uses.columns))

    @property
    def wording(self) -> Words:
        """Words for its configurations and actions."""
        return words_of(self._process)

    @property
    def randomised(self) -> tuple[Key, ...]:
        """Configurations in which the policy randomises."""
        several = np.flatnonzero(np.diff(self._starts) > 1)
        return tuple(self._process.names.key(int(rank)) for rank in several)

    def __repr__(self) -> str:
        kind = f"randomised in {len(self.randomised)}" if self.randomised else "deterministic"
        trapped = f", trapped for ever in {self.deadlock[0]!r}" if self.deadlock else ""
        return f"Policy: {len(self):,} configurations, {kind}{trapped}"

    def plot(self, axes: Axes | None = None, *, most: int = ROWS) -> Axes:
        """Draw the policy: a row for every configuration, most visited first.

        Memories are boxes, coloured by the level that they hold; arcs join the pairs that are distilled and say what
        success makes; marks are on memories where generation is attempted, and on pairs that are discarded.  Where the
        policy randomises, every decision is a row with its probability.

        Parameters
        ----------
        axes
            Where to draw; on a new figure by default.
        most
            Configurations to draw, of those that runs can enter.

        Raises
        ------
        ModelError
            If it is the policy of a state graph, or matplotlib is not installed.
        LimitError
            If there are more memories than can be told apart.
        """
        return draw_policy(self, axes, most)

    def at(self, rank: int) -> tuple[Decision, ...]:
        """What to do in the configuration of the given rank."""
        return tuple(
            Decision(self._actions[use], float(self.plan.probability[use]))
            for use in range(self._starts[rank], self._starts[rank + 1])
        )


def _rank(process: Process, key: Key) -> int:
    """The configuration that a user's policy names."""
    try:
        return process.names.rank(key)
    except KeyError as error:
        raise ModelError("policy", str(error.args[0]), None) from None


def _several(given: object) -> list[Decision]:
    """Decisions, if that is what is given."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]  # type: ignore[list-item]


def _drawn(process: Process, key: Key, given: Any) -> list[Decision]:
    """The decisions that a user gives for a configuration."""
    if process.names.levels is not None:
        drawn = [Decision(given, 1.0)] if isinstance(given, Action) else _several(given)
        if not all(isinstance(one, Decision) and isinstance(one.action, Action) for one in drawn):
            raise ModelError(f"policy at {key}", "must be an Action, or Decisions with their probabilities", given)
        return drawn
    several = [given] if isinstance(given, Decision) else given
    lots = isinstance(several, list | tuple) and several and all(isinstance(one, Decision) for one in several)
    return list(several) if lots else [Decision(given, 1.0)]


def _asked(
    process: Process, choose: Mapping[Key, Choices] | Callable[[Key], Choices]
) -> tuple[list[Key], list[Decision]]:
    """What a user's policy decides, with the configuration of each decision."""
    held = getattr(choose, "policy", None)
    choose = held if isinstance(held, Policy) else choose
    if not (isinstance(choose, Mapping) or callable(choose)) or isinstance(choose, type):
        remedy = "must be actions by configuration, or a function of it"
        raise wrong_type("policy", f"{remedy}, not {named(choose)}", choose)
    keys: list[Key] = []
    decisions: list[Decision] = []
    for key in list(choose) if isinstance(choose, Mapping) else map(process.names.key, process.names.named):
        given = choose[key] if isinstance(choose, Mapping) else choose(key)
        drawn = _drawn(process, key, given)
        if not (drawn and min(d.probability for d in drawn) >= 0 and abs(sum(d.probability for d in drawn) - 1) <= SUM):
            raise ModelError(f"policy at {key}", "must have probabilities that sum to 1", given)
        keys += [key] * len(drawn)
        decisions += drawn
    return keys, decisions


class Regrets(ByConfiguration[dict[Any, float]]):
    """How much worse each action is than the best: its reduced cost, by configuration and action.

    Computed when asked for, configuration by configuration: the program may have tens of millions of columns.
    Waiting has the regret of losing its duration.  Under budgets, actions also pay the prices of what they use.
    """

    def __init__(self, dual: Optimum) -> None:
        super().__init__(dual.policy.process)
        self._dual = dual

    def at(self, rank: int) -> dict[Any, float]:
        """The regret of every action in the configuration of the given rank, least first."""
        columns = self._process.of_configuration(rank)
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
    """An action as the named cells of a row."""
    return asdict(action) if isinstance(action, Action) else {"action": action}
