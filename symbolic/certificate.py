r"""Certificates: a policy proved optimal in rational arithmetic, for anyone to check.

Values ``V`` that satisfy :math:`V(s) \le c(s,a) + \sum_{s'} P(s'|s,a) V(s')` for all columns are below the expected
time of every policy; where they also satisfy the equations of one policy, that policy attains them.  Equality is only
needed where a run of the policy can come.  Elsewhere any values that satisfy the inequalities will do: there the
certificate holds the lower bounds that :func:`lpdistill.solve` proved, which are dyadic fractions.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpz

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.model.actions import Action
from lpdistill.model.dynamics import Dynamics
from lpdistill.model.numbers import member
from lpdistill.model.problem import Problem
from lpdistill.model.size import Size
from lpdistill.program.policy_iteration import silent
from lpdistill.solution.policy import ByConfiguration
from lpdistill.solution.solution import Solution
from symbolic.chain import ExactChain
from symbolic.exact_model import Elements, ExactModel, Parameters, ReducedCosts, elements
from symbolic.exact_text import exact_text, shortened
from symbolic.labels import Counts, action_dict, doing, labels
from symbolic.rational_function import fraction
from symbolic.waiting_times import dynamics_of

SCHEMA = "lpdistill.certificate/1"

EVERYWHERE = 400
"""Configurations up to which ``auto`` computes exact values in all of them, in a fraction of a second."""

MOST_COLUMNS = 5_000_000
"""Columns up to which all reduced costs are computed exactly: some minutes."""

MOST_REPAIRS = 100
"""Rounds of exact policy iteration and growth, far beyond what is ever needed."""

FINER = 128
"""Binary digits by which the common denominator is refined, so that lower bounds in double precision are exact."""


class Scope(StrEnum):
    """Where a certificate has exact values."""

    AUTO = "auto"
    """Everywhere if that is quick, otherwise where it must."""
    ALL = "all"
    """In every configuration."""
    VISITED = "visited"
    """Where runs of optimal policies can come."""


@dataclass(frozen=True)
class Certificate:
    """An optimal policy with its proof in rational arithmetic.

    Attributes
    ----------
    chain
        The optimal policy where values are exact.
    numerators, denominator
        The dual values, (configurations,): exact times to go in the configurations of ``chain``, lower bounds on them
        elsewhere; the last step charged.
    tight
        All columns of the configurations of ``chain`` with reduced cost zero, increasing: the optimal actions.
    repaired
        Configurations in which the policy found in floating point was not optimal, and had to be changed.
    checked_columns
        Columns whose reduced cost has been computed and is not negative: all.
    """

    chain: ExactChain
    numerators: Elements
    denominator: Any
    tight: IntArray
    repaired: tuple[Counts, ...]
    checked_columns: int

    @property
    def problem(self) -> Problem:
        """What was asked."""
        return self.dynamics.problem

    @property
    def dynamics(self) -> Dynamics:
        """The columns of the problem."""
        return self.chain.model.dynamics

    @property
    def waiting_time(self) -> Fraction:
        """Least expected waiting time from empty memories, in the user's unit of time."""
        return self.value_at(0) - self.problem.uncharged_time

    def value_at(self, rank: int) -> Fraction:
        """The dual value of the configuration of the given rank, the last step charged."""
        return fraction(self.numerators[rank]) / int(self.denominator)

    @cached_property
    def values(self) -> dict[Counts, Fraction]:
        """Exact expected time to go where it is known, by configuration."""
        free = self.problem.uncharged_time
        return {label.counts: self.value_at(label.rank) - free for label in labels(self.dynamics, self.chain.columns)}

    @cached_property
    def policy(self) -> dict[Counts, Action]:
        """The optimal action wherever a run of the policy can come."""
        known = labels(self.dynamics, self.chain.columns)
        return {label.counts: label.action for label in known if label.rank in self._visited}

    @cached_property
    def optimal_actions(self) -> dict[Counts, tuple[Action, ...]]:
        """All optimal actions wherever values are exact: those with reduced cost zero."""
        found: dict[Counts, tuple[Action, ...]] = {}
        for _, counts, action in labels(self.dynamics, self.tight):
            found[counts] = (*found.get(counts, ()), action)
        return found

    @cached_property
    def ties(self) -> dict[Counts, tuple[Action, ...]]:
        """The optimal actions of the configurations that the policy visits and that have more than one."""
        return {counts: self.optimal_actions[counts] for counts in self.policy if len(self.optimal_actions[counts]) > 1}

    @property
    def unique(self) -> bool:
        """Whether every optimal policy does the same wherever its runs come."""
        return not self.ties

    @property
    def reduced_costs(self) -> ExactReducedCosts:
        """The exact reduced cost of every action, by configuration; computed when asked for."""
        return ExactReducedCosts(self)

    @cached_property
    def _visited(self) -> frozenset[int]:
        """Ranks of the configurations that runs of the policy from empty memories can visit."""
        columns = np.full(self.dynamics.size, -1, dtype=np.int64)
        columns[self.chain.configuration] = self.chain.columns
        start, certain = np.zeros(1, dtype=np.int64), self.problem.p == 1
        runs = ExactChain.visited(self.chain.model, columns, start, certain=certain)
        return frozenset(runs.configuration.tolist())

    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""
        return {
            "waiting_time": exact_text(self.waiting_time),
            "unique": self.unique,
            "checked_columns": self.checked_columns,
        }

    def to_dict(self) -> dict[str, Any]:
        """The certificate as JSON data (schema ``lpdistill.certificate/1``), numbers as exact text."""
        chosen, actions = labels(self.dynamics, self.chain.columns), self.optimal_actions
        elsewhere = np.setdiff1d(np.flatnonzero(self.dynamics.live), self.chain.configuration)
        return {
            "schema": SCHEMA,
            "problem": {**self.problem.to_dict(), "attempts": str(self.dynamics.attempts)},
            **self.claims(),
            "repaired": [list(counts) for counts in self.repaired],
            "exact": [
                {
                    "counts": list(counts),
                    "value": exact_text(self.value_at(rank)),
                    "action": action_dict(action),
                    "optimal": [action_dict(other) for other in actions[counts]],
                }
                for rank, counts, action in chosen
            ],
            "bounds": [
                {"counts": list(self.dynamics.key(rank)), "value": exact_text(self.value_at(rank))}
                for rank in elsewhere.tolist()
            ],
        }

    def to_json(self, *, indent: int | None = 1) -> str:
        """The certificate as a JSON document."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the certificate to a file, which :func:`symbolic.check` and ``lpdistill check`` verify."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    def summary(self) -> list[tuple[str, str]]:
        """The proof in a few named lines."""
        exact = len(self.chain.columns)
        live = int(np.count_nonzero(self.dynamics.live))
        where = "everywhere" if exact == live else f"in {exact:,} of {live:,} configurations"
        ties = "one optimal policy" if self.unique else f"ties in {len(self.ties):,} visited configurations"
        mended = f"repaired in {len(self.repaired):,} configurations" if self.repaired else "confirmed as it was found"
        return [
            ("problem", str(self.problem)),
            ("waiting time", f"{float(self.waiting_time):.12g} = {shortened(self.waiting_time)}"),
            ("proved", f"optimal: no reduced cost of {self.checked_columns:,} columns is negative"),
            ("optimal", ties),
            ("policy", f"visits {len(self._visited):,} configurations, {mended}"),
            ("values", f"exact {where}"),
        ]

    def __repr__(self) -> str:
        return "Certificate\n" + "\n".join(f"  {name + ':':<14}{text}" for name, text in self.summary())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in self.summary())
        return f"<table>{rows}</table>"


class ExactReducedCosts(ByConfiguration[dict[Action, Fraction]]):
    """The exact reduced cost of every action, by configuration, least first.

    Where values are exact in the configuration and in all that can follow it, this is the exact regret of the action.
    """

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(certificate.dynamics)
        self._certificate = certificate

    def at(self, rank: int) -> dict[Action, Fraction]:
        """The reduced cost of every action in the configuration of the given rank."""
        proof = self._certificate
        columns = proof.dynamics.of_configuration(rank)
        at = Parameters.rational(proof.dynamics)
        values, scales = proof.chain.model.rows(columns).reduced_costs(
            proof.numerators, proof.denominator / at.unit, at
        )
        costs = [fraction(value) / int(scale) for value, scale in zip(values, scales, strict=True)]
        actions = [label.action for label in labels(proof.dynamics, columns)]
        return dict(sorted(zip(actions, costs, strict=True), key=lambda item: item[1]))

    def __repr__(self) -> str:
        return f"ExactReducedCosts: {self._certificate.checked_columns:,} actions in {len(self):,} configurations"


def certify(
    solution: Solution, *, scope: Scope | str = Scope.AUTO, progress: Callable[[str], None] = silent
) -> Certificate:
    r"""Prove the optimum of a solution in rational arithmetic.

    The policy that floating point found is evaluated exactly, :math:`(I - P_\pi) V = c`, and the reduced costs
    :math:`c(s,a) + \sum_{s'} P(s'|s,a) V(s') - V(s)` of all columns are computed exactly.  If one is negative, exact
    policy iteration repairs the policy.  Nothing of the floating-point answer is trusted.

    Parameters
    ----------
    solution
        What :func:`lpdistill.solve` returned.
    scope
        Where values are exact: in ``"all"`` configurations, in those ``"visited"`` by an optimal run, or ``"auto"``.
        Elsewhere the certificate holds lower bounds on them, which prove as much.
    progress
        Told what is being done, for long work.

    Raises
    ------
    LimitError
        If the program has too many columns, or the policy visits too many configurations.
    NotCertifiedError
        If no proof is found.
    ModelError
        If ``solution`` is no solution.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> proof = certify(solve(Problem("9/10", 3, "3/4", "79/100", final_step="free")))
    >>> proof.waiting_time, proof.unique
    (Fraction(1976711710, 309269159), True)
    """
    if not isinstance(solution, Solution):
        raise ModelError("solution", "must be what lpdistill.solve returns", solution)
    dynamics, scope = dynamics_of(solution), member(Scope, scope, "scope")
    _require(dynamics)
    everywhere = scope is Scope.ALL or (scope is Scope.AUTO and dynamics.size <= EVERYWHERE)
    model, certain = ExactModel.rational(dynamics), dynamics.problem.p == 1
    found = np.full(dynamics.size, -1, dtype=np.int64)
    found[solution.plan.uses.configuration] = solution.plan.uses.columns
    columns = found.copy()
    known = np.flatnonzero(dynamics.live) if everywhere else np.zeros(1, dtype=np.int64)
    for _ in range(MOST_REPAIRS):
        chain = ExactChain.visited(model, columns, known, certain=certain)
        chain.require()
        progress(f"exact values in {len(chain.columns):,} configurations")
        numerators, denominator = _dual_values(chain, solution)
        progress(f"exact reduced costs of {len(dynamics.columns):,} columns")
        negative, tight = _signs(model, numerators, denominator)
        if not len(negative.columns):
            changed = chain.configuration[chain.columns != found[chain.configuration]]
            return Certificate(
                chain,
                numerators,
                denominator,
                np.sort(tight[np.isin(dynamics.numbering.describe(tight).configuration, chain.configuration)]),
                tuple(map(dynamics.key, changed.tolist())),
                len(dynamics.columns),
            )
        rows = model.rows(negative.columns)
        unknown = np.setdiff1d(np.concatenate([rows.following, rows.configuration]), chain.configuration)
        known = np.concatenate([chain.configuration, unknown])
        if not len(unknown):
            progress(f"repairing the policy in {len(np.unique(negative.configuration)):,} configurations")
            columns[negative.configuration] = negative.columns
    raise NotCertifiedError(f"exact policy iteration did not end within {MOST_REPAIRS} rounds")


def _require(dynamics: Dynamics) -> None:
    """Refuse programs with more columns than can be priced exactly."""
    size = Size.of(dynamics.repertoire)
    if size.columns > MOST_COLUMNS:
        raise LimitError(
            f"memories: the program has {size.columns:,} columns; exact reduced costs are computed for up to "
            f"{MOST_COLUMNS:,}; take fewer memories, or a target with fewer levels",
            size=size.to_dict(),
        )


def _dual_values(chain: ExactChain, solution: Solution) -> tuple[Elements, Any]:
    """Exact values where the chain has them and proved lower bounds elsewhere, (configurations,), and a denominator."""
    found, size = chain.moments(Parameters.rational(chain.model.dynamics)), chain.model.dynamics.size
    elsewhere = np.setdiff1d(np.flatnonzero(chain.model.dynamics.live), chain.configuration)
    finer = FINER if len(elsewhere) else 0
    denominator = found.first_denominator << finer
    values = elements([fmpz(0)] * size)
    values[chain.configuration] = found.first << finer
    bounds = [bound.as_integer_ratio() for bound in solution.dual.lower[elsewhere].tolist()]
    values[elsewhere] = elements([denominator * above // below for above, below in bounds])
    return values, denominator


def _signs(model: ExactModel, values: Elements, denominator: Any) -> tuple[ReducedCosts, IntArray]:
    """Columns of negative reduced cost, and columns of reduced cost zero that do something."""
    at = Parameters.rational(model.dynamics)
    negative, tight = [], []
    for some in model.reduced_costs(values, denominator / at.unit, at):
        below = some.value < 0
        negative.append([part[below] for part in (some.columns, some.configuration, some.value, some.scale)])
        tight.append(some.columns[some.value == 0])
    every = doing(model.dynamics, np.concatenate(tight))
    return ReducedCosts(*map(np.concatenate, zip(*negative, strict=True))), every
