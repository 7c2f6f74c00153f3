"""The answer: the least expected waiting time, what is proved about it, and the policy that attains it."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import NotCertifiedError
from lpdistill.model.dynamics import Dynamics
from lpdistill.model.problem import Problem
from lpdistill.program.evaluation import visits
from lpdistill.program.policy_iteration import GAP, Optimum, dual_excess, policy_shortfall
from lpdistill.solution.policy import ConfigurationTable, Counts, Decision, Policy, Regrets
from lpdistill.solution.resources import Expected
from lpdistill.solution.wording import outwards

if TYPE_CHECKING:
    import pandas as pd


class Status(StrEnum):
    """What a solution claims. There is no other: whatever is not proved is raised as an error."""

    OPTIMAL = "optimal"


@dataclass(frozen=True, slots=True)
class Run:
    """How the program was solved.

    Attributes
    ----------
    configurations, columns
        Rows and columns of the whole program.
    method
        ``simplex``, ``ipm`` or ``pdlp`` on the whole program, or ``columns``.
    iterations
        Iterations of HiGHS.
    rounds
        Times that all columns were priced.
    objective
        The optimum as HiGHS reports it, for comparison only.
    seconds
        Wall-clock time from parameters to proof.
    """

    configurations: int
    columns: int
    method: str
    iterations: int
    rounds: int
    objective: float
    seconds: float


class PolicyRow(NamedTuple):
    """One configuration of a policy: what it holds, time to go, expected visits, decisions."""

    counts: Counts
    value: float
    visits: float
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What :meth:`Solution.verify` found, recomputed from the problem alone.

    Attributes
    ----------
    flow_residual
        Greatest imbalance of expected visits in any configuration.
    dual_slack
        By how much the dual values behind the lower bound stay below what is proved of the action values of *all*
        columns, at least, rounding included; not negative, or there is no proof.
    gap
        ``upper_bound - lower_bound``.
    """

    flow_residual: float
    dual_slack: float
    gap: float


FLOW_TOLERANCE = 1e-9
"""Imbalance of expected visits, relative to the steps of a run, beyond which a solution does not verify."""


@dataclass(frozen=True, repr=False)
class Solution:
    """An optimal policy with its proof.

    Attributes
    ----------
    problem
        What was asked.
    dynamics, optimum
        The columns of the program, and the optimal policy with proven bounds in every configuration.
    run
        How it was found.
    """

    problem: Problem
    dynamics: Dynamics
    optimum: Optimum
    run: Run

    @property
    def status(self) -> Status:
        """Always ``optimal``: :func:`lpdistill.solve` raises rather than return anything less."""
        return Status.OPTIMAL

    @cached_property
    def _uncharged(self) -> float:
        return float(self.problem.uncharged_time)

    @property
    def waiting_time(self) -> float:
        """Least expected waiting time from empty memories, in the user's unit of time."""
        return float(self.optimum.values[0]) - self._uncharged

    @property
    def lower_bound(self) -> float:
        """No policy has a shorter expected waiting time: proved over all columns, rounding included."""
        return float(np.nextafter(self.optimum.lower[0] - np.nextafter(self._uncharged, np.inf), -np.inf))

    @property
    def upper_bound(self) -> float:
        """The expected waiting time of this policy is no longer: proved, rounding included."""
        return float(np.nextafter(self.optimum.upper[0] - np.nextafter(self._uncharged, -np.inf), np.inf))

    @cached_property
    def occupation(self) -> FloatArray:
        """Expected number of times the policy's action is taken in each configuration, (configurations,)."""
        return visits(self.optimum.policy, start=0)

    @cached_property
    def visits(self) -> ConfigurationTable:
        """Expected number of steps that start in each configuration."""
        return ConfigurationTable(self.dynamics.configurations, self.occupation, "visits")

    @cached_property
    def values(self) -> ConfigurationTable:
        """Expected time to go from each configuration, also from those that the policy never visits."""
        values = self.optimum.values - self._uncharged
        return ConfigurationTable(self.dynamics.configurations, values, "value")

    @cached_property
    def regrets(self) -> Regrets:
        """How much longer the expected time to go is if an action is taken once, in every configuration."""
        return Regrets(self.dynamics, self.optimum.values)

    @cached_property
    def policy(self) -> Policy:
        """What to do in each configuration."""
        columns = self.optimum.policy.columns
        return Policy(self.dynamics, columns, np.ones(len(columns)))

    @cached_property
    def expected(self) -> Expected:
        """Expected totals of a run."""
        return Expected.of(self.optimum.policy, self.occupation)

    def rows(self, *, visited: bool = False) -> Iterator[PolicyRow]:
        """The policy, configuration by configuration, or only where a run can come, most visited first."""
        order = np.arange(self.dynamics.size)
        if visited:
            order = np.argsort(-self.occupation, kind="stable")[: np.count_nonzero(self.occupation)]
        for rank in order.tolist():
            counts = tuple(self.dynamics.configurations.counts[rank].tolist())
            value, seen = float(self.values.array[rank]), float(self.occupation[rank])
            yield PolicyRow(counts, value, seen, self.policy.at(rank))

    def verify(self) -> Verification:
        """Check feasibility and bounds again, from the problem alone.

        Raises
        ------
        NotCertifiedError
            If expected visits do not balance, a bound is not proved in some configuration, a value lies outside its
            bounds, or the bounds are too far apart for an optimum.
        ImproperPolicyError
            If the policy does not reach the target from everywhere.
        """
        claimed, dynamics = self.optimum, Dynamics(self.problem, self.dynamics.attempts)
        columns, numbering = claimed.policy.columns, dynamics.numbering
        own = len(columns) == dynamics.size and bool((columns < numbering.size).all())
        if not own or (numbering.describe(columns).configuration != np.arange(dynamics.size)).any():
            raise NotCertifiedError("the solution does not verify: its policy belongs to another problem")
        policy = dynamics.choose(columns)
        balance = policy.leaving * self.occupation - policy.moves.T @ self.occupation
        balance[0] -= 1.0
        found = Verification(
            flow_residual=float(np.abs(balance).max()),
            dual_slack=0.0 - float(dual_excess(dynamics, dynamics.price(claimed.lower), claimed.lower).max()),
            gap=self.upper_bound - self.lower_bound,
        )
        enclosed = (claimed.lower <= claimed.values) & (claimed.values <= claimed.upper)
        for proved, claim in (
            (found.flow_residual <= FLOW_TOLERANCE * max(1.0, self.expected.steps), "expected visits do not balance"),
            (found.dual_slack >= 0, "the lower bound is not feasible for the dual program"),
            (policy_shortfall(policy, claimed.upper).max() <= 0, "the upper bound does not bound the policy"),
            (enclosed.all(), "values lie outside their bounds"),
            ((claimed.upper - claimed.lower <= GAP * claimed.upper).all(), "the bounds are too far apart"),
        ):
            if not proved:
                raise NotCertifiedError(f"the solution does not verify: {claim} ({found})")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The solution as JSON data (schema ``lpdistill.solution/1``)."""
        return {
            "schema": "lpdistill.solution/1",
            "problem": self.problem.to_dict(),
            "status": str(self.status),
            "waiting_time": self.waiting_time,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "program": {
                "configurations": self.run.configurations,
                "columns": self.run.columns,
                "method": self.run.method,
                "iterations": self.run.iterations,
                "rounds": self.run.rounds,
                "objective": self.run.objective,
                "seconds": round(self.run.seconds, 6),
            },
            "levels": [
                {"fidelity": float(level.fidelity), "exact": str(level.fidelity)} for level in self.problem.levels
            ],
            "expected": self.expected.to_dict(),
            "policy": [
                {
                    "counts": list(row.counts),
                    "value": row.value,
                    "visits": row.visits,
                    "actions": [
                        {
                            "generate": decision.action.generate,
                            "distil": [list(pair) for pair in decision.action.distil],
                            "probability": decision.probability,
                        }
                        for decision in row.decisions
                    ],
                }
                for row in self.rows()
            ],
            "budgets": {},
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """The solution as a JSON document."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """The policy as a pandas DataFrame, one row per configuration and decision."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        words = self.policy.wording
        return pd.DataFrame(
            [
                {
                    "counts": row.counts,
                    "configuration": words.configuration(row.counts),
                    "distil": words.distillation(decision.action),
                    "generate": decision.action.generate,
                    "probability": decision.probability,
                    "value": row.value,
                    "visits": row.visits,
                }
                for row in self.rows()
                for decision in row.decisions
            ]
        )

    def summary(self) -> list[tuple[str, str]]:
        """The answer in a few named lines."""
        spent, run = self.expected, self.run
        use = (
            f"{spent.steps:.6g} steps, {spent.generation_attempts:.6g} generation attempts, "
            f"{spent.raw_pairs:.6g} raw pairs, {spent.distillations:.6g} distillations "
            f"({spent.failed_distillations:.6g} failed), memory-time {spent.memory_time:.6g}"
        )
        how = (
            f"{run.configurations:,} configurations, {run.columns:,} columns; {run.method}, "
            f"{run.iterations:,} HiGHS iterations, all columns priced {run.rounds} times, {run.seconds:.3f} s"
        )
        return [
            ("problem", str(self.problem)),
            ("waiting time", f"{self.waiting_time:.12g} ({self.status})"),
            ("proved", "between {} and {}".format(*outwards(self.lower_bound, self.upper_bound))),
            ("expected use", use),
            ("program", how),
        ]

    def __repr__(self) -> str:
        return "Solution\n" + "\n".join(f"  {name + ':':<14}{text}" for name, text in self.summary())

    def _repr_html_(self) -> str:
        words = self.policy.wording
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td style='text-align:left'>"
            f"{html.escape(text)}</td></tr>"
            for name, text in self.summary()
        )
        shown = [row for row, _ in zip(self.rows(visited=True), range(SHOWN), strict=False)]
        policy = "".join(
            f"<tr><td style='text-align:left'>{words.configuration(row.counts)}</td>"
            f"<td style='text-align:left'>{html.escape(words.distillation(decision.action))}</td>"
            f"<td style='text-align:left'>{words.generation(decision.action)}</td>"
            f"<td>{row.value:.6f}</td><td>{row.visits:.6f}</td></tr>"
            for row in shown
            for decision in row.decisions
        )
        head = "".join(f"<th>{name}</th>" for name in ("configuration", "distil", "generate", "time to go", "visits"))
        return f"<table>{rows}</table><table><tr>{head}</tr>{policy}</table>"


SHOWN = 20
"""Configurations of a policy that a notebook or terminal shows unasked."""
