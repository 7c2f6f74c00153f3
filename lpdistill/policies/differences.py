r"""Where two policies act differently, and how much of the difference in time comes from there.

A policy's *regret* in a configuration is how much longer the time to go is, under the values of the other policy, if it
acts there once: :math:`r(s) = c + P V_1 - \ell V_1(s)`.  The performance-difference identity

.. math:: T_2 - T_1 = \sum_s x_2(s)\, r(s)

splits the whole difference into what is lost in each configuration, by expected visits :math:`x_2` of the second
policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError
from lpdistill.numbers import decimals
from lpdistill.physics.levels import Level
from lpdistill.policies.named import OPTIMAL
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import is_problem
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.document import measure, question_in_words
from lpdistill.solution.given import POLICY, PolicyLike
from lpdistill.solution.policy import SUM, Decision, Policy
from lpdistill.solution.tables import Key
from lpdistill.solution.wording import Wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNNAMED = ("one", "the other")
"""What two policies are called that have no names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A configuration in which two policies act differently.

    Attributes
    ----------
    counts
        The configuration: pairs stored at each level.
    one, other
        What each of them does.
    visits_one, visits_other
        Expected number of steps of a run that start there; None if the policy is improper.
    regret
        How much longer the first policy's time to go is if the other's action is taken once; None where the first
        policy has no value.
    """

    counts: Key
    one: tuple[Decision, ...]
    other: tuple[Decision, ...]
    visits_one: float | None
    visits_other: float | None
    regret: float | None

    @property
    def loss(self) -> float | None:
        """What the other policy loses there in a run: its visits, times the regret."""
        return None if self.visits_other is None or self.regret is None else self.visits_other * self.regret

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON data."""
        return {
            "counts": node_as_json(self.counts),
            **{
                name: [{**action_as_json(d.action), "probability": d.probability} for d in decisions]
                for name, decisions in (("one", self.one), ("other", self.other))
            },
            "visits_one": self.visits_one,
            "visits_other": self.visits_other,
            "regret": self.regret,
            "loss": self.loss,
        }


@dataclass(frozen=True, repr=False)
class Differences(Answer):
    """All configurations that runs can enter and in which two policies act differently.

    Attributes
    ----------
    one, other
        The policies.
    names
        What they are called.
    """

    _KIND = "differences"

    one: Policy
    other: Policy
    names: tuple[str, str] = UNNAMED

    @cached_property
    def rows(self) -> tuple[Difference, ...]:
        """The differences, most visited by the other policy first."""
        entered = self.one.plan.entered | self.other.plan.entered
        first, second, regret = _visits(self.one), _visits(self.other), self._regrets
        found = [
            Difference(
                self.one.process.names.key(rank),
                self.one.of_rank(rank),
                self.other.of_rank(rank),
                None if first is None else float(first[rank]),
                None if second is None else float(second[rank]),
                None if np.isnan(regret[rank]) else float(regret[rank]),
            )
            for rank in np.flatnonzero(entered).tolist()
            if _unlike(self.one.of_rank(rank), self.other.of_rank(rank))
        ]
        return tuple(sorted(found, key=lambda row: (-(row.visits_other or 0.0), -(row.visits_one or 0.0))))

    @cached_property
    def _regrets(self) -> FloatArray:
        """Regret of the other policy in every configuration, (configurations,); not a number where there is none."""
        owned = np.full(self.one.process.size, np.nan)
        known = self.one.plan.uses.configuration
        owned[known] = np.where(np.isfinite(self.one.plan.values), self.one.plan.values, np.nan)[known]
        mixed = self.other.plan.mixed
        found = np.full(len(owned), np.nan)
        # Written out, so that values that are not known count only where the step may lead there.
        collected, here = mixed.cost + mixed.moves @ owned, owned[mixed.configuration]
        found[mixed.configuration] = mixed.repetition.reduced(collected, here)
        return found

    @property
    def _question(self) -> Process:
        return self.one.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "waiting times", f"{self.one.waiting_time:.9g} and {self.other.waiting_time:.9g}"
        yield "differences", f"in {len(self):,} {self._noun} that runs enter"
        if len(self):
            row, costs = self.rows[0], [row for row in self.rows if row.loss is not None]
            worst = max(costs, key=lambda row: row.loss or 0.0, default=row)
            loss = "" if worst.loss is None else f", which loses {worst.loss:.6g}"
            yield "most costly", f"{self._wording.configuration(worst.counts)}{loss}"
            yield self.names[0], self.words(worst.one)
            yield self.names[1], self.words(worst.other)

    def _content(self) -> dict[str, Any]:
        return {"differences": [row.to_dict() for row in self.rows]}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration, actions in words."""
        for row in self.rows:
            yield {
                "counts": row.counts,
                "one": self.words(row.one),
                "other": self.words(row.other),
                "visits_one": row.visits_one,
                "visits_other": row.visits_other,
                "regret": row.regret,
                "loss": row.loss,
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """What both policies do, and what the difference costs, in so many configurations."""
        rows = [
            (
                self._wording.configuration(row.counts),
                self.words(row.one),
                self.words(row.other),
                *(
                    "-" if number is None else decimals(number)
                    for number in (row.visits_one, row.visits_other, row.regret, row.loss)
                ),
            )
            for row in islice(self.rows, most)
        ]
        acting = "the policies act" if self.names == UNNAMED else f"{self.names[1]} acts"
        headings = dict.fromkeys(("configuration", *self.names), "left")
        headings |= dict.fromkeys(("visits", f"visits of {self.names[1]}", "regret", "loss"), "right")
        part = f"{len(rows)} of {len(self):,} configurations" if len(self) > len(rows) else ""
        return Table(f"where {acting} differently", headings, rows, part)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:
        """The table, or that there is nothing to show."""
        if self.rows:
            yield self.shown(most)
        else:
            first = "the optimum" if self.names[0] == OPTIMAL else self.names[0]
            yield f"\n{self.names[1]} acts as {first} does, in every reachable configuration."

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what the other policy loses in each configuration as bars, the greatest loss first."""
        lost = sorted(self.rows, key=lambda row: -abs(row.loss or 0.0))[:SHOWN]
        rows = [(self._wording.configuration(row.counts), row.loss or 0.0) for row in lost]
        drawn = pictures.bars(ax, question_in_words(self.one.process), rows)
        drawn.set_xlabel(f"expected time that the other policy loses there ({measure(self.one.process)})", loc="right")
        return drawn

    def words(self, decisions: tuple[Decision, ...]) -> str:
        """What a policy does, in one phrase."""
        phrases = [(self._wording.phrase(decision.action), decision.probability) for decision in decisions]
        if len(phrases) == 1:
            return phrases[0][0]
        return " or ".join(f"{phrase} ({chance:.4f})" for phrase, chance in phrases) or "nothing"

    @cached_property
    def _wording(self) -> Wording:
        problem = _hardware(self.one.process)
        assert problem is not None  # noqa: S101 - checked where differences are asked for
        return Wording(problem.levels, problem.memories)

    @property
    def _noun(self) -> str:
        return "configuration" if len(self) == 1 else "configurations"

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Differences: {len(self):,} {self._noun} in which the policies act differently"


def differences(one: PolicyLike, other: PolicyLike) -> Differences:
    """Where two policies of the same system act differently.

    Only configurations that runs of one of them can enter are looked at.

    Parameters
    ----------
    one
        The policy whose values measure regrets: the optimum, as a rule.
    other
        The policy whose losses are asked for.

    Raises
    ------
    ModelError
        If the policies belong to different problems; rules, budgets and how the last step counts may differ.

    Examples
    --------
    What greedy loses at .7, .9 -> .94, and where:

    >>> from lpdistill import Problem, baseline, solve
    >>> problem = Problem("7/10", 4, "9/10", "94/100")
    >>> best, greedy = solve(problem).policy, baseline(problem, "greedy")
    >>> found = differences(best, greedy)
    >>> [row.counts for row in found.rows][:2]
    [(3, 0, 0), (2, 0, 0)]
    >>> abs(sum(row.loss for row in found.rows) - (greedy.waiting_time - best.waiting_time)) < 1e-12
    True
    """
    one, other = POLICY.meant(one, "one"), POLICY.meant(other, "other")
    if _hardware(one.process) is None or not same_system(one.process, other.process):
        raise ModelError(
            "differences",
            "must be asked of two policies of the same problem (of a state graph, compare their values)",
            None,
        )
    if [level.fidelity for level in _levels(one)] != [level.fidelity for level in _levels(other)]:
        raise ModelError(
            "differences",
            "must be asked of policies that know pairs by the same levels, and not by labels or levels of their own "
            "(where levels are finitely many, solve with all_levels tells all apart)",
            None,
        )
    return Differences(one, other)


def _levels(policy: Policy) -> Iterable[Level]:
    """The levels by which a policy tells pairs apart."""
    return policy.process.names.levels or ()


def same_system(one: Process, other: Process) -> bool:
    """Whether two processes are of the same memories and fidelities, or of state graphs with the same actions.

    Rules, budgets, discarding and how the last step counts may differ.
    """
    hardware = _hardware(one), _hardware(other)
    if hardware != (None, None):
        return hardware[0] == hardware[1]
    if one.size != other.size or one.durations.times != other.durations.times or one.column_count != other.column_count:
        return False
    first, second = (process.unguarded().choose(np.arange(process.column_count)) for process in (one, other))
    return (
        all(one.names.key(rank) == other.names.key(rank) for rank in range(one.size))
        and np.array_equal(first.configuration, second.configuration)
        and np.array_equal(first.cost, second.cost)
        and np.array_equal(first.reaching, second.reaching)
        and abs(first.outcomes - second.outcomes).nnz == 0
    )


def _hardware(process: Process) -> Problem | None:
    """The problem of a process, without what only decides which policies are allowed, and how they are compared."""
    problem = process.problem
    if not is_problem(problem):
        return None
    return problem.replace(rules=(), budgets=(), discarding=False, final_step="charged")


def _visits(policy: Policy) -> FloatArray | None:
    """Expected visits of a policy, if it is proper."""
    return policy.plan.visits if policy.plan.proper else None


def _unlike(one: tuple[Decision, ...], other: tuple[Decision, ...]) -> bool:
    """Whether two draws differ, rounding of probabilities apart."""
    chances = {decision.action: decision.probability for decision in one}
    for decision in other:
        chances[decision.action] = chances.get(decision.action, 0.0) - decision.probability
    return any(abs(chance) > SUM for chance in chances.values())
