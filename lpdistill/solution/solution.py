"""The answer: the least expected waiting time, what is proved about it, and the policy that attains it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.numbers import at_most, decimals
from lpdistill.problem.problem import Problem
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.program.budgeted import BudgetUse
from lpdistill.program.deterministic import Determinism
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.program.refining import Refinement
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.bounds import above, all_waited, below, waited
from lpdistill.solution.cutoffs import cutoff_table, cutoffs_at, cutoffs_in_words
from lpdistill.solution.document import finite, of_unit
from lpdistill.solution.explanation import Explanation
from lpdistill.solution.policy import Decision, Policy
from lpdistill.solution.promise import PROMISE
from lpdistill.solution.resources import Expected, in_words
from lpdistill.solution.run import Run
from lpdistill.solution.tables import ConfigurationTable, Key, Regrets, counted
from lpdistill.solution.verification import Claim, Verification, require_labels, verify
from lpdistill.solution.wording import Words, outwards

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes


class Status(StrEnum):
    """What a solution claims. :func:`lpdistill.solve` proves the optimum or raises an error."""

    OPTIMAL = "optimal"
    CLAIMED = "claimed"
    """For programs with the user's own constraints in cvxpy: optimal, if the solver is right; the bounds are proved."""
    BRACKETED = "bracketed"
    """The policy is the best on labels; how far it is from the optimum is proved, and more than rounding."""


DO_NOT_DISTIL = "do not distil"
"""The verdict where raw pairs meet the target."""


class Bracket(NamedTuple):
    """What labels prove: the optimum of the label model that rounds up, and which labels they are."""

    optimistic: Solution
    refinement: Refinement


class PolicyRow(NamedTuple):
    """One configuration of a policy: what it holds, time to go, expected visits, decisions."""

    counts: Key
    value: float
    visits: float
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Solution(Answer):
    """An optimal policy with its proof.

    Attributes
    ----------
    problem
        What was asked: a problem, or a state graph.
    plan
        The policy, evaluated.
    dual
        The optimum under the tariff of the prices, if any: its lower bounds are feasible for the dual program.
    bound
        What that proves of the expected duration of every policy.
    uses
        What came of each budget.
    run
        How it was found.
    status
        What is claimed.
    determinism
        What it costs that the policy may not randomise; None unless that was asked.  Prices are then those of the
        randomised optimum.
    bracket
        Where labels stand for levels: which, and what bounds the optimum from below.  The policy is then that of the
        label model that rounds down, and tells pairs apart by their labels.
    """

    _KIND = "solution"

    problem: Problem | nx.DiGraph[Any]
    plan: Plan
    dual: Optimum
    bound: float
    uses: tuple[BudgetUse, ...]
    run: Run
    status: Status = Status.OPTIMAL
    determinism: Determinism | None = None
    bracket: Bracket | None = None

    @property
    def process(self) -> Process:
        """The columns of the program."""
        return self.plan.uses.process

    @property
    def waiting_time(self) -> float:
        """Least expected waiting time from the start, in the user's unit of time."""
        return waited(float(self.plan.values[0]), self.process.durations.uncharged)

    @property
    def lower_bound(self) -> float:
        """No policy (within the budgets) is faster in expectation: proved over all columns, rounding included."""
        if self.bracket is not None:
            return self.bracket.optimistic.lower_bound
        return self._possible(below(self.bound, self.process.durations.uncharged))

    def _possible(self, bound: float) -> float:
        """A lower bound, or 0 if that is more: no run of a problem takes less time than its last step."""
        return max(bound, 0.0) if isinstance(self.problem, Problem) else bound

    @property
    def upper_bound(self) -> float:
        """The expected waiting time of this policy is no longer: proved, rounding included."""
        return above(float(self.plan.upper[0]), self.process.durations.uncharged)

    @property
    def occupation(self) -> FloatArray:
        """Expected number of steps that start in each configuration, (configurations,)."""
        return self.plan.visits

    @cached_property
    def visits(self) -> ConfigurationTable:
        """Expected number of steps, and of discards, that start in each configuration."""
        return ConfigurationTable(self.process, self.occupation, "visits")

    @cached_property
    def values(self) -> ConfigurationTable:
        """Expected time to go from each configuration under the policy, also from those that it never visits.

        Infinite where no policy reaches the target for sure.
        """
        values = np.where(self.process.live, all_waited(self.plan.values, self.process.durations.uncharged), np.inf)
        return ConfigurationTable(self.process, values, "value")

    @cached_property
    def regrets(self) -> Regrets:
        """How much longer the expected time to go is if an action is taken once, in every configuration.

        Under budgets, the use of resources counts too, at its price.
        """
        return Regrets(self.dual)

    @cached_property
    def policy(self) -> Policy:
        """What to do in each configuration."""
        return Policy(self.plan, None if self.bracket is None else self.bracket.optimistic.dual)

    @cached_property
    def expected(self) -> Expected:
        """Expected totals of a run."""
        return self.policy.expected

    def explain(self, counts: Key) -> Explanation:
        """All actions of one configuration: what each costs if it is taken once, and where it may lead.

        Parameters
        ----------
        counts
            The configuration: pairs at each level, or the names of the pairs stored (or a node of a state graph).

        Raises
        ------
        ModelError
            If there is no such configuration.

        Examples
        --------
        >>> from lpdistill import Problem, solve
        >>> solve(Problem(0.5, 2, "3/4", "79/100")).explain((2, 0))
        2 x 0.750: expected time to go 11.483622
          +0.000000 * distil 0.750, 0.750 -> 0.788
          +1.000000   wait
        """
        levels = self.process.names.levels
        names = levels.names if levels else []
        try:
            rank = self.process.names.rank(counted(counts, names) if names else counts)
        except KeyError as error:
            labels = f"; the labels are {', '.join(names)}" if self.bracket and 0 < len(names) <= SHOWN else ""
            by_name = "" if labels else ", or the names of the pairs stored, such as " + repr(", ".join(names[-2:]))
            raise ModelError("counts", f"{error.args[0]}{labels}{by_name if names else ''}", counts) from None
        return Explanation.of(self.plan, self.dual, rank, cutoffs_at(self.policy.cutoffs, self.process, rank))

    @property
    def budgets(self) -> dict[str, BudgetUse]:
        """What came of each budget, by the name of its resource: use, price and the price's range."""
        return {use.budget.name: use for use in self.uses}

    def rows(self, *, visited: bool = False) -> Iterator[PolicyRow]:
        """The policy, configuration by configuration, or only in reachable configurations, most visited first."""
        order = np.arange(self.process.size)
        if visited:
            order = np.argsort(-self.occupation, kind="stable")[: np.count_nonzero(self.occupation)]
        for rank in order.tolist():
            value, seen = float(self.values.array[rank]), float(self.occupation[rank])
            yield PolicyRow(self.process.names.key(rank), value, seen, self.policy.of_rank(rank))

    def verify(self) -> Verification:
        """Check everything again, from what was asked alone (see :mod:`lpdistill.solution.verification`).

        Raises
        ------
        NotCertifiedError
            If anything that the solution claims does not hold; the message says what.
        ImproperPolicyError
            If the policy does not reach the target from everywhere.
        """
        gap, optimal = self.upper_bound - self.lower_bound, self.status == Status.OPTIMAL
        if self.bracket is None:
            return verify(self.problem, Claim(self.plan, self.dual, self.bound, self.uses, optimal, gap))
        optimistic = self.bracket.optimistic
        assert isinstance(self.problem, Problem)  # noqa: S101 - and so has levels
        assert isinstance(optimistic.problem, Problem)  # noqa: S101 - the same
        require_labels(self.problem, optimistic.problem, self.bracket.refinement)
        own = self.upper_bound - below(self.bound, self.process.durations.uncharged)
        if gap < 0 or (optimal and gap > self.plan.objective.gap * self.upper_bound):
            raise NotCertifiedError(
                f"the bracket does not verify: its bounds are {gap!r} apart, which is {self.status}"
            )
        drawn = self.determinism is None and self.status != Status.CLAIMED
        claim = Claim(self.plan, self.dual, self.bound, self.uses, drawn, own)
        here, there = verify(self.problem, claim), optimistic.verify()
        residual, slack = max(here.flow_residual, there.flow_residual), min(here.dual_slack, there.dual_slack)
        return Verification(residual, slack, gap)

    @property
    def _question(self) -> Process:
        return self.process

    def _content(self) -> dict[str, Any]:
        return {
            "status": str(self.status),
            "waiting_time": self.waiting_time,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "program": self.run.to_dict(),
            "levels": [
                level.to_dict() if self.bracket else level.stated()
                for level in (self.problem.levels if isinstance(self.problem, Problem) else ())
            ],
            "expected": self.expected.to_dict(),
            "policy": [
                {
                    "counts": node_as_json(row.counts),
                    "value": finite(row.value),
                    "visits": row.visits,
                    "actions": [
                        {**action_as_json(decision.action), "probability": decision.probability}
                        for decision in row.decisions
                    ],
                }
                for row in self.rows()
            ],
            "budgets": {name: use.to_dict() for name, use in self.budgets.items()},
            **({"verdict": DO_NOT_DISTIL} if self._idle else {}),
            **({"determinism": self._determinism_as_json()} if self.determinism else {}),
            **({"refinement": self.bracket.refinement.to_dict()} if self.bracket else {}),
            **({"cutoffs": [one.to_dict() for one in self.policy.cutoffs]} if self.policy.cutoffs else {}),
        }

    def _determinism_as_json(self) -> dict[str, float]:
        assert self.determinism is not None  # noqa: S101 - asked only then
        drawn = self.determinism.randomised
        return {
            "lower_bound": below(self.determinism.lower_bound, self.process.durations.uncharged),
            "randomised_waiting_time": waited(drawn, self.process.durations.uncharged),
            "price": float(self.plan.values[0]) - drawn,
            "nodes": self.determinism.nodes,
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration and decision."""
        words = self.policy.wording
        for row in self.rows():
            for decision in row.decisions:
                yield {
                    "counts": row.counts,
                    "configuration": words.configuration(row.counts),
                    **_as_cells(decision.action, words),
                    "probability": decision.probability,
                    "value": row.value,
                    "visits": row.visits,
                }

    def shown(self, most: int | None = SHOWN) -> Table:
        """What to do in so many configurations that a run can visit, most visited first; or in all, visited or not."""
        words, several = self.policy.wording, bool(self.policy.randomised)
        rows = [
            (
                words.configuration(row.counts),
                *words.action(decision.action),
                *([f"{decision.probability:.4f}"] if several else []),
                decimals(row.value),
                decimals(row.visits),
            )
            for row in islice(self.rows(visited=most is not None), most)
            for decision in row.decisions
        ]
        headings = dict.fromkeys(("configuration", *words.headings), "left")
        numbers = [*(["probability"] if several else []), "time to go", "visits"]
        return Table("policy", headings | dict.fromkeys(numbers, "right"), rows, self._part(most))

    def _others(self, most: int | None) -> Iterable[Table]:
        return [cutoff_table(self.policy.cutoffs, most)] if self.policy.cutoffs else []

    def _part(self, most: int | None) -> str:
        """What so many configurations are a part of, if they are not all."""
        visited, count = int(np.count_nonzero(self.occupation)), self.process.size
        if most is None or (visited <= most and visited == count):
            return ""
        shown = f"{min(most, visited):,} of {visited:,} configurations that a run can visit, most visited first"
        return f"{shown}; {count:,} in all"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the policy (:meth:`Policy.plot`)."""
        return self.policy.plot(ax)

    @property
    def _idle(self) -> bool:
        """Whether nothing is to be distilled: raw pairs meet the target."""
        return isinstance(self.problem, Problem) and self.problem.f0 >= self.problem.target

    def _lines(self) -> Iterable[tuple[str, str]]:
        drawn = len(self.policy.randomised)
        unit = of_unit(self.process)
        if self._idle:
            yield "verdict", f"{DO_NOT_DISTIL}: every raw pair meets the target"
        yield "waiting time", f"{self.waiting_time:.12g}{unit} ({self._standing})"
        yield "proved", "between {} and {}{}".format(*outwards(self.lower_bound, self.upper_bound), unit)
        for use in self.uses:
            yield "budget", str(use) if self.determinism is None else use.kept()
        if self.bracket is not None:
            yield "labels", str(self.bracket.refinement)
        if self.policy.cutoffs:
            yield "cutoffs", cutoffs_in_words(self.policy.cutoffs)
        if drawn:
            yield "randomised", f"in {drawn} {'configuration' if drawn == 1 else 'configurations'}"
        if self.determinism is not None:
            cost = float(self.plan.values[0]) - self.determinism.randomised
            said = at_most(below(self.determinism.lower_bound, self.process.durations.uncharged), 9)
            proof = f"proved by HiGHS: none is faster than {said} ({self.determinism.nodes:,} nodes)"
            yield "deterministic", f"costs {cost:.6g} against the randomised optimum; {proof}"
        if self.expected:
            yield "expected use", in_words(self.expected)
        yield from [("bounds", PROMISE)] if self.policy.bounded else []
        yield "program", str(self.run)

    @property
    def _standing(self) -> str:
        """What is claimed, in words."""
        if self.status != Status.BRACKETED:
            return str(self.status)
        gap = (self.upper_bound - self.lower_bound) / self.upper_bound
        return f"{self.status}, gap {gap:.2g}"


def _as_cells(action: Any, words: Words) -> dict[str, Any]:
    """An action as cells of a table: in words, but numbers as numbers."""
    cells: dict[str, Any] = dict(zip(words.headings, words.action(action), strict=True))
    return cells | {"generate": action.generate} if isinstance(action, Action) else cells
