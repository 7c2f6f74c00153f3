r"""Optima proved over the rationals: the policy of a solution evaluated exactly, and repaired where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from flint import fmpz

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.hardware.actions import Attempts
from lpdistill.numbers import member
from lpdistill.physics.aged import AgedGrid
from lpdistill.physics.imported import map_name
from lpdistill.physics.known import DEFAULT
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.columns import MOST_LISTED
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.size import grouped_size
from lpdistill.program.methods import Method, optimum_within
from lpdistill.progress import silent
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution, Status
from lpdistill.solving import solution_of
from symbolic.exact.bracket import BracketCertificate
from symbolic.exact.certificate import Certificate
from symbolic.exact.chain import ExactChain
from symbolic.exact.covering import Cover, charged, covers
from symbolic.exact.labels import doing
from symbolic.exact.model import Elements, ExactModel, Parameters, ReducedCosts, elements
from symbolic.exact.vertex import ExactVertex
from symbolic.exact.waiting_times import dynamics_of

EVERYWHERE = 400
"""Configurations up to which ``auto`` computes exact values in all of them, in a fraction of a second."""

MOST_CERTIFIED = 500_000_000
"""Operations up to which all columns are bounded in integers (:attr:`Size.operations`): some minutes."""

MOST_REPAIRS = 100
"""Rounds of exact policy iteration and growth, far beyond what is ever needed."""

WRITTEN = 1000
"""Columns written out at a time."""

_PARTS = [field.name for field in fields(ReducedCosts)]

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


def certify(
    solution: SolutionLike, *, scope: Scope | str = Scope.AUTO, progress: Callable[[str], None] = silent
) -> Certificate | BracketCertificate:
    r"""Prove the optimum of a solution in rational arithmetic.

    The policy that floating point found is evaluated exactly, :math:`(I - P_\pi) V = c`.  The reduced costs
    :math:`c(s,a) + \sum_{s'} P(s'|s,a) V(s') - V(s)` of all columns are bounded from below in integers
    (:mod:`symbolic.exact.covering`), and computed exactly where that does not prove them positive.  If one is negative,
    exact policy iteration repairs the policy.  Nothing of the floating-point answer is trusted.

    Within budgets, prices :math:`\mu` and the policy's occupation are solved for exactly, and the reduced costs are
    those of :math:`c - \sum_i \mu_i d_i`: no policy that keeps within the limits ``b`` takes less time than
    :math:`V(\text{empty}) + \sum_i \mu_i b_i`, and this one does not take more.

    Where labels stand for levels, both label models are proved, and with them bounds on the optimum, which is known
    exactly where they are equal (:class:`symbolic.BracketCertificate`).

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
        If bounds on all columns take too long, or the policy visits too many configurations.
    NotCertifiedError
        If no proof is found.
    ModelError
        If ``solution`` is no solution of a problem, or has budgets on the user's own resources, or its policy was to be
        deterministic within budgets, or labels stand for the levels of another map than the paper's.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> proof = certify(solve(Problem("9/10", 3, "3/4", "79/100", final_step="free")))
    >>> proof.waiting_time, proof.unique
    (Fraction(1976711710, 309269159), True)
    """
    solution, scope = solution_of(solution, progress), member(Scope, scope, "scope")
    if solution.bracket is None:
        if isinstance(solution.problem, Problem) and labels_of(solution.problem) is not None:
            raise ModelError("solution", "is of labels only; certify the one that has it in its bracket", None)
        return _certified(solution, scope, progress)
    distillation = PROBLEM.meant(solution, "solution").distillation
    if distillation != DEFAULT:
        raise ModelError(
            "distillation",
            "must be bbpssw of two pairs without noise: that labels bracket other optima no certificate shows",
            map_name(distillation),
        )
    optimistic, refinement = solution.bracket
    if isinstance(refinement.grid, AgedGrid):
        raise ModelError("coherence_time", "makes fidelities that are no fractions: none is certified", None)
    claimed = Status.OPTIMAL if solution.determinism is None else Status.CLAIMED
    executable = replace(solution, bracket=None, status=claimed)
    scope = Scope.VISITED if scope is Scope.AUTO else scope
    lower, upper = (_certified(_factored(one, progress), scope, progress) for one in (optimistic, executable))
    return BracketCertificate(refinement.grid, lower, upper)


def _factored(solution: Solution, progress: Callable[[str], None]) -> Solution:
    """The optimum of a label model, found again among all configurations where it was found among reachable ones.

    Raises
    ------
    LimitError
        If these are too many.
    """
    if isinstance(solution.process, Dynamics):
        return solution
    problem = PROBLEM.meant(solution, "solution")
    dynamics = Dynamics(problem, solution.process.names.attempts)
    _require_quick(dynamics)
    answer, _ = optimum_within(dynamics, problem.budgets, Method.AUTO, progress)
    return replace(solution, plan=answer.plan, dual=answer.dual, bound=answer.bound, uses=answer.uses)


def _certified(solution: Solution, scope: Scope, progress: Callable[[str], None]) -> Certificate:
    """The proof of an optimum."""
    dynamics = dynamics_of(solution)
    _require(solution, dynamics)
    everywhere = scope is Scope.ALL or (scope is Scope.AUTO and dynamics.size <= EVERYWHERE)
    model, certain = ExactModel.rational(dynamics), dynamics.problem.hardware.p == 1
    vertex, at = _exact_prices(model, solution, progress)
    _require_listable(dynamics, at)
    entered = np.zeros(1, dtype=np.int64) if vertex is None else vertex.configurations
    columns, known = _floating_policy(solution, dynamics), np.flatnonzero(dynamics.live) if everywhere else entered
    for _ in range(MOST_REPAIRS):
        chain = ExactChain.visited(model, columns, known, certain=certain)
        chain.require()
        progress(f"exact values in {len(chain.columns):,} configurations")
        values = _dual_values(chain, solution, at)
        progress(f"bounds on {dynamics.column_count:,} columns")
        negative, tight = _signs(model, *values, at)
        if not len(negative.columns):
            return _proof(chain, values, tight, vertex, solution)
        unknown = _unknown(chain, negative)
        known = np.concatenate([chain.configuration, unknown])
        if not len(unknown):
            progress(f"repairing the policy in {len(np.unique(negative.configuration)):,} configurations")
            columns[negative.configuration] = negative.columns
    raise NotCertifiedError(f"exact policy iteration did not end within {MOST_REPAIRS} rounds")


def _exact_prices(
    model: ExactModel, solution: Solution, progress: Callable[[str], None]
) -> tuple[ExactVertex | None, Parameters]:
    """The exact prices of budgets, if there are any, and the numbers that columns are priced with."""
    at = Parameters.rational(model.dynamics)
    if not model.dynamics.problem.budgets:
        return None, at
    progress("exact prices")
    vertex = ExactVertex.of(model, solution.plan, solution.uses)
    return vertex, at.charging(vertex.charges)


def _floating_policy(solution: Solution, dynamics: Dynamics) -> IntArray:
    """The deterministic policy that floating point found optimal, at the prices of budgets: columns, -1 for none."""
    policy = solution.dual.policy if dynamics.problem.budgets else solution.plan.uses
    found = np.full(dynamics.size, -1, dtype=np.int64)
    found[policy.configuration] = policy.columns
    return found


def _unknown(chain: ExactChain, negative: ReducedCosts) -> IntArray:
    """The configurations without exact values from or to which some columns lead."""
    rows = chain.model.rows(negative.columns)
    return np.setdiff1d(np.concatenate([rows.following, rows.configuration]), chain.configuration)


def _proof(
    chain: ExactChain, values: tuple[Elements, Any], tight: IntArray, vertex: ExactVertex | None, solution: Solution
) -> Certificate:
    """What is proved once no reduced cost is negative.

    Raises
    ------
    NotCertifiedError
        If a policy within budgets takes longer than the dual values prove.
    """
    dynamics = chain.model.dynamics
    changed = chain.configuration[chain.columns != _floating_policy(solution, dynamics)[chain.configuration]]
    proof = Certificate(
        chain,
        *values,
        np.sort(tight[np.isin(dynamics.numbering.describe(tight).configuration, chain.configuration)]),
        tuple(map(dynamics.names.key, changed.tolist())),
        vertex,
        solution.plan.objective,
    )
    if vertex is not None and vertex.time != proof.value_at(0) + vertex.granted:
        raise NotCertifiedError("the policy found in floating point is not optimal within the budgets, exactly")
    return proof


def _require(solution: Solution, dynamics: Dynamics) -> None:
    """Refuse what is not supported, and programs whose columns would take too long."""
    if solution.status is not Status.OPTIMAL:
        raise ModelError(
            "solution",
            "must be a proved optimum of rules and budgets: exact proofs of deterministic policies within budgets, and "
            "of constraints in cvxpy, are not supported",
            str(solution.status),
        )
    if dynamics.attempts is Attempts.FULL and dynamics.problem.attempts is Attempts.ALL:
        raise ModelError("attempts", "must be all: a rule or a budget may make fewer attempts worth while", "full")
    _require_quick(dynamics)


def _require_quick(dynamics: Dynamics, operations: int | None = None) -> None:
    """Refuse bounds on all columns that take too many operations; by default, as many as pricing."""
    operations = dynamics.kernel.size.operations if operations is None else operations
    if operations > MOST_CERTIFIED:
        raise LimitError(
            f"memories: bounds on all {dynamics.column_count:,} columns take {operations:,} operations in integers; "
            f"certificates are made with up to {MOST_CERTIFIED:,}; take fewer memories, or a target with fewer levels",
            size=dynamics.kernel.size.to_dict(),
        )


def _require_listable(dynamics: Dynamics, at: Parameters) -> None:
    """Refuse too many columns where each is gone through, or where failures have a price."""
    charges, size = charged(dynamics, at), dynamics.kernel.size
    if size.columns > MOST_LISTED and (dynamics.admission.guarded or charges is None):
        raise LimitError(
            f"memories: the program has {size.columns:,} columns; with a rule of your own or dead ends certificates go "
            f"through each of them, of up to {MOST_LISTED:,}; take fewer memories",
            size=size.to_dict(),
        )
    if charges is not None and charges.grouped:
        _require_quick(dynamics, grouped_size(dynamics.kernel.repertoire)[0])


def _dual_values(chain: ExactChain, solution: Solution, at: Parameters) -> tuple[Elements, Any]:
    """Exact values where the chain has them and proved lower bounds elsewhere, (configurations,), and a denominator."""
    found, size = chain.moments(at), chain.model.dynamics.size
    elsewhere = np.setdiff1d(np.flatnonzero(chain.model.dynamics.live), chain.configuration)
    finer = FINER if len(elsewhere) else 0
    denominator = found.first_denominator << finer
    values = elements([fmpz(0)] * size)
    values[chain.configuration] = found.first << finer
    bounds = [bound.as_integer_ratio() for bound in solution.dual.lower[elsewhere].tolist()]
    values[elsewhere] = elements([denominator * above // below for above, below in bounds])
    return values, denominator


def _signs(model: ExactModel, values: Elements, denominator: Any, at: Parameters) -> tuple[ReducedCosts, IntArray]:
    """Columns of negative reduced cost, and columns of reduced cost zero (under prices, also those that wait)."""
    parts = [some.at(some.value <= 0) for some in _priced(model, values, denominator, at)]
    near = ReducedCosts(*(np.concatenate([getattr(part, name) for part in parts]) for name in _PARTS))
    tight = near.columns[near.value == 0]
    if at.charges is None or not at.charges.prices:
        tight = doing(model.dynamics, tight)
    return near.at(near.value < 0), tight


def _priced(model: ExactModel, values: Elements, denominator: Any, at: Parameters) -> Iterator[ReducedCosts]:
    """Exact reduced costs of all columns that are allowed, but for those that are proved positive all at once."""
    weight = denominator / at.unit
    if not covers(model.dynamics, at):
        yield from model.reduced_costs(values, weight, at)
        return
    undecided = Cover.of(model.dynamics, at, values, denominator).undecided()
    near = undecided[model.dynamics.admission.allows(undecided)]
    for start in range(0, max(len(near), 1), WRITTEN):
        rows = model.rows(near[start : start + WRITTEN])
        yield ReducedCosts(rows.columns, rows.configuration, *rows.reduced_costs(values, weight, at))
