"""A solution checked again: policy, bounds, prices and budgets, from what was asked alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import NotCertifiedError
from lpdistill.physics.rounding import Rounding
from lpdistill.problem.labels import labels_of, not_bracketed
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import Question, process_of_question
from lpdistill.process.budgets import MET
from lpdistill.program.budgeted import BudgetUse, granted, most_apart
from lpdistill.program.column_generation import lagrangian_bound
from lpdistill.program.label_models import label_model
from lpdistill.program.objective import Objective
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.program.proof import bounds, shortfall
from lpdistill.program.refining import Refinement

FLOW_TOLERANCE = 1e-9
"""Imbalance of expected visits, relative to the steps of a run, beyond which a solution does not verify."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What :meth:`~lpdistill.Solution.verify` found, recomputed from the problem alone.

    Attributes
    ----------
    flow_residual
        Greatest imbalance of expected visits in any configuration.
    dual_slack
        By how much the dual values behind the lower bound stay below what is proved of the action values of *all*
        columns, at least, rounding included.  It is not negative, or there is no proof; except under a lower limit,
        where action values may be negative and the bound is lowered by what is missing.
    gap
        ``upper_bound - lower_bound``.
    """

    flow_residual: float
    dual_slack: float
    gap: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What a solution claims.

    Attributes
    ----------
    plan, dual
        The policy, and the optimum under the tariff of the prices.
    bound
        What no policy is faster than, the uncharged time included.
    uses
        What came of every budget.
    optimal
        Whether the policy is claimed to be an optimum.
    gap
        Distance of the bounds.
    """

    plan: Plan
    dual: Optimum
    bound: float
    uses: tuple[BudgetUse, ...]
    optimal: bool
    gap: float


def verify(problem: Question, solution: Claim) -> Verification:
    """Check everything that a solution of a problem claims.

    Raises
    ------
    NotCertifiedError
        If its policy belongs to another problem, expected visits do not balance, a bound is not proved, values lie
        outside their bounds, a budget is not kept, prices are not those of the proof, or the bounds are too far apart
        for an optimum.
    ImproperPolicyError
        If the policy does not reach the target from everywhere.
    """
    plan, dual, uses = solution.plan, solution.dual, solution.plan.uses
    process = process_of_question(problem, uses.process.names.attempts)
    budgets, claimed = process.problem.budgets, {use.budget.name: use for use in solution.uses}
    columns, tariff = uses.columns, dual.policy.process.tariff
    known = len(dual.values) == process.size and bool((columns < process.column_count).all())
    known = known and bool(process.admission.allows(columns).all())
    if not known or (process.choose(columns).configuration != uses.configuration).any():
        raise NotCertifiedError("the solution does not verify: its policy belongs to another problem")
    again = Plan.of(process.choose(columns), plan.probability, plan.objective)
    total = np.bincount(uses.configuration, weights=plan.probability, minlength=process.size)
    checked = [(again.used(budget.resource), claimed[budget.name]) for budget in budgets if solution.uses]
    paid = {resource.name: -price for resource, price in tariff.prices}
    grants = granted(solution.uses) if paid else []
    proved, excess = lagrangian_bound(process, tariff, dual.floor, grants, plan.objective)
    floor = dual.floor.below if tariff.signed else bounds(process, dual.floor, dual.floor)[0]
    found = Verification(
        flow_residual=replace(plan, uses=process.choose(columns)).flow_residual(),
        dual_slack=0.0 - excess,
        gap=solution.gap,
    )
    live, optimal = process.live, solution.optimal
    everywhere = live if optimal and not budgets else np.zeros_like(live)
    prices = {use.budget.name: use.price for use in solution.uses if use.price}
    for holds, claim in (
        (
            process.durations.uncharged == uses.process.durations.uncharged,
            "its last step is charged otherwise than the problem says",
        ),
        ([use.budget for use in solution.uses] == list(budgets), "its budgets are not those of the problem"),
        (
            found.flow_residual <= FLOW_TOLERANCE * max(1.0, float(plan.occupation.sum())),
            "expected visits do not balance",
        ),
        ((np.abs(total[live] - 1) <= FLOW_TOLERANCE).all(), "probabilities of actions do not sum to 1"),
        (np.allclose(plan.values, again.values, rtol=plan.objective.gap, atol=0), "values are not those of the policy"),
        (not paid or paid == prices, "the prices of budgets are not those of the proof"),
        (solution.bound <= proved, "the lower bound is not feasible for the dual program"),
        ((dual.lower <= floor).all(), "the lower bound is not feasible for the dual program"),
        (
            shortfall(again.mixed, plan.ceiling, plan.objective).max() <= 0
            and (bounds(process, plan.ceiling, plan.ceiling)[1] <= plan.upper).all(),
            "the upper bound does not bound the policy",
        ),
        (_between(dual.lower, dual.values, dual.upper, plan.objective), "values lie outside their bounds"),
        ((plan.values <= plan.upper).all(), "values lie outside their bounds"),
        (all(abs(used - use.used) <= MET * max(1.0, used) for used, use in checked), "uses are not the policy's"),
        (all(use.budget.kept(use.used) for _, use in checked), "a budget is not kept"),
        (found.gap >= 0, "the bounds contradict each other"),
        (not optimal or found.gap <= most_apart(float(plan.upper[0]), dual), "the bounds are too far apart"),
        (
            ((plan.upper - dual.lower) <= plan.objective.gap * plan.upper)[everywhere].all(),
            "the bounds are too far apart",
        ),
    ):
        if not holds:
            raise NotCertifiedError(f"the solution does not verify: {claim} ({found})")
    return found


def require_labels(executable: Problem, optimistic: Problem, refinement: Refinement) -> None:
    """Check that two problems have the labels of a grid, one rounded down and one up, and that these bracket them.

    Raises
    ------
    NotCertifiedError
        If a label is not a fidelity that its tree makes, the label models are not those of the grid, or do not bracket
        the problem.
    """
    again, reason = refinement.grid.again(), not_bracketed(executable)
    for problem, rounding in ((executable, Rounding.FLOOR), (optimistic, Rounding.CEIL)):
        if problem != executable or labels_of(problem) != label_model(problem, again, rounding):
            raise NotCertifiedError(f"the bracket does not verify: the labels of {rounding} are not those of the grid")
    if reason is not None:
        raise NotCertifiedError(f"the bracket does not verify: {reason}")


def _between(lower: FloatArray, values: FloatArray, upper: FloatArray, objective: Objective) -> bool:
    """Whether values lie within their bounds, and these close to each other."""
    near = (upper - lower <= objective.gap * np.abs(upper)).all()
    return bool(near and (lower <= values).all() and (values <= upper).all())
