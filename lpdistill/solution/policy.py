"""Policies: what to do in each configuration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lpdistill.arguments import named, wrong_type
from lpdistill.errors import ImproperPolicyError, ModelError
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.numbers import Number
from lpdistill.physics.rounding import Labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION, process_of_question
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.program.evaluation import raise_improper, stuck
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.bounds import waited
from lpdistill.solution.chain import Chain
from lpdistill.solution.cutoffs import Cutoff, cutoffs_in_words, cutoffs_of
from lpdistill.solution.document import of_unit
from lpdistill.solution.policy_picture import ROWS, draw_policy
from lpdistill.solution.promise import PROMISE, on_labels, rounds
from lpdistill.solution.resources import Expected, in_words
from lpdistill.solution.tables import ByConfiguration, Key, described
from lpdistill.solution.wording import Words, words_of

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

SUM = 1e-9
"""Distance from 1 of probabilities, summed, that is taken for rounding."""


@dataclass(frozen=True)
class Decision:
    """One action of a policy, and the probability with which the policy takes it."""

    action: Any
    probability: float


Choices: TypeAlias = Action | Sequence[Decision] | Hashable
"""What a user's policy does in a configuration."""


class Deciding(ABC):
    """What says what to do in every configuration, whether or not it looks at the clock."""

    @property
    @abstractmethod
    def process(self) -> Process:
        """The columns that it chooses from."""

    @abstractmethod
    def _decisions(self, rank: int, remaining: Number | None) -> tuple[Decision, ...]:
        """The decisions in the configuration of the given rank."""

    def at(self, counts: Key, remaining: Number | None = None) -> tuple[Decision, ...]:
        """What to do in a configuration: its decisions, none where nothing leads to the target any more.

        Parameters
        ----------
        counts
            The configuration: its counts, or the node of a state graph.
        remaining
            For policies that look at the clock: the window, less the time that has passed; by default all of it.

        Raises
        ------
        KeyError
            If there is no such configuration.
        """
        return self._decisions(self.process.names.rank(counts), remaining)


class Policy(ByConfiguration[tuple[Decision, ...]], Deciding, Answer):
    """What to do in every configuration.

    A policy is deterministic where a configuration has one decision, and randomised where it has several.  It has none
    where no policy reaches the target for sure.

    Attributes
    ----------
    plan
        Columns of the program that the policy uses, with their probabilities.
    """

    _KIND = "policy"

    def __init__(self, plan: Plan, optimistic: Optimum | None = None) -> None:
        super().__init__(plan.uses.process)
        self.plan, self._optimistic = plan, optimistic
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
            The problem or the state graph; its budgets do not matter.  Past the pumping limit, it is to have labels, as
            ``solve(problem).problem`` has; a policy on labels brings its own.
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
        held = getattr(choose, "policy", choose)
        levels = held.process.names.levels if isinstance(held, Policy) else None
        process = process_of_question(on_labels(QUESTION.meant(problem, "problem"), levels), Attempts.ALL)
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
            if not len(process.unguarded().admission.of_configuration(missing)):
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
        return waited(float(self.plan.values[0]), self._process.durations.uncharged)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of the waiting time from the start, by a linear solve.

        Raises
        ------
        ImproperPolicyError
            If runs may never reach the target.
        """
        return self.plan.spread

    @cached_property
    def bounded(self) -> bool:
        """Whether its numbers bound those of true pairs: runs come by results that labels round down."""
        return rounds(self.plan)

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

    @cached_property
    def cutoffs(self) -> tuple[Cutoff, ...]:
        """Where pairs age: up to which age a pair of each kind is kept, alone, and beside others."""
        return cutoffs_of(self.plan, self._optimistic)

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

    @property
    def _question(self) -> Process:
        return self._process

    @property
    def _kind(self) -> str:
        return f"randomised in {len(self.randomised)}" if self.randomised else "deterministic"

    def _lines(self) -> Iterable[tuple[str, str]]:
        if self.deadlock:
            yield "waiting time", "infinite: runs may never reach the target"
            others = f", and {len(self.deadlock) - 1} others" if len(self.deadlock) > 1 else ""
            yield "trapped", f"for ever in {self.wording.configuration(self.deadlock[0])}{others}"
        else:
            unit, time, spread = of_unit(self.process), self.waiting_time, self.standard_deviation
            yield "waiting time", f"{time:.12g}{unit}, standard deviation {spread:.6g}{unit}"
            yield "expected use", in_words(self.expected)
        if self.bounded:
            yield "bounds", PROMISE
        yield from [("cutoffs", cutoffs_in_words(self.cutoffs))] if self.cutoffs else []
        entered = f"runs enter {np.count_nonzero(self.plan.entered):,} of {len(self):,} configurations"
        yield "policy", f"{self._kind}; {entered}"

    def _content(self) -> dict[str, Any]:
        levels = self._process.names.levels
        return {
            "levels": [level.to_dict() for level in levels or ()],
            **({"rounding": str(levels.rounding)} if isinstance(levels, Labels) else {}),
            "policy": [
                {
                    "counts": node_as_json(key),
                    "actions": [
                        {**_stated(decision.action), "probability": decision.probability} for decision in decisions
                    ],
                }
                for key, decisions in self.items()
            ],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration and decision."""
        for key, decisions in self.items():
            for decision in decisions:
                yield {"counts": key, **described(decision.action), "probability": decision.probability}

    def shown(self, most: int | None = SHOWN) -> Table:
        """What to do in so many configurations, in words."""
        words = self.wording
        rows = [
            (words.configuration(key), *words.action(decision.action), f"{decision.probability:.4g}")
            for key, decisions in islice(self.items(), most)
            for decision in decisions
        ]
        headings = dict.fromkeys(("configuration", *words.headings), "left")
        return Table("policy", headings | {"probability": "right"}, rows)

    def __repr__(self) -> str:
        trapped = f", trapped for ever in {self.deadlock[0]!r}" if self.deadlock else ""
        return f"Policy: {len(self):,} configurations, {self._kind}{trapped}"

    def plot(self, ax: Axes | None = None, *, most: int = ROWS) -> Axes:
        """Draw the policy: a row for every configuration, most visited first.

        Memories are boxes, coloured by the level that they hold; arcs join the pairs that are distilled and say what
        success makes; marks are on memories where generation is attempted, and on pairs that are discarded.  Where the
        policy randomises, every decision is a row with its probability.

        Parameters
        ----------
        ax
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
        return draw_policy(self, ax, most)

    def of_rank(self, rank: int) -> tuple[Decision, ...]:
        """What to do in the configuration of the given rank."""
        return tuple(
            Decision(self._actions[use], float(self.plan.probability[use]))
            for use in range(self._starts[rank], self._starts[rank + 1])
        )

    def _decisions(self, rank: int, remaining: Number | None) -> tuple[Decision, ...]:  # noqa: ARG002 - for clocks
        return self.of_rank(rank)


def _stated(action: object) -> dict[str, Any]:
    """An action as files of policies have it: they say that nothing is discarded, too."""
    return {**action_as_json(action), **({"discard": list(action.discard)} if isinstance(action, Action) else {})}


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
