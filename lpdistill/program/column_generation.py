r"""Column generation within budgets.

The restricted master is solved by HiGHS; its prices :math:`\mu` make a tariff, :math:`c - \sum_i \mu_i d_i`, under
which all columns are priced by policy iteration as if there were no budgets.  The least cost under that tariff, plus
:math:`\sum_i \mu_i b_i`, bounds the optimum from below (Lagrangian duality); when it meets the master's objective, both
are optimal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import fsum

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.budgets import MET, Budget
from lpdistill.process.priced import Priced
from lpdistill.process.process import Choice, Process
from lpdistill.process.tariff import Tariff
from lpdistill.program.differences import Twofold
from lpdistill.program.evaluation import collected, entered, evaluate, stuck, visits
from lpdistill.program.highs import Algorithm, Basis, LinearSolution, solve_program
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.program.proof import bounds, evaluated, feasibility
from lpdistill.program.vertex import Vertex
from lpdistill.progress import silent

CLOSED = 1e-11
"""Relative distance of the bounds at which columns are no longer generated."""

POSSIBLE = MET / 2
"""The same while it is found out whether limits can be met at all, so that the policy that meets them does."""

SETTLED_VALUE = 1e-12
"""Excess of a value over an action value, relative to the greatest value, that is taken for rounding."""

PENALTIES = (1e-3, 1e-6, 1e-9)
"""What the whole waiting time counts, against missing every limit by its own size, until limits are met."""

DECIDED = 300
"""Configurations up to which masters have a row for each of them."""

MOST_MASTERS = 500
"""Far beyond what column generation takes (some ten masters); more would mean that arithmetic has failed."""


class ColumnGeneration:
    """Column generation within budgets, from a restricted master to the proof over all columns.

    Attributes
    ----------
    process, budgets
        All columns, and the limits.
    objective
        What is made least.
    columns
        Columns of the restricted master, increasing.
    policy
        Columns of a proper policy, one for every live configuration: what to do where the master never comes.
    kept
        Configurations in which the master decides, increasing: where policies come that were the optimum under some
        prices.  Elsewhere it follows ``policy`` to the end, so that what it answers is possible, and is the optimum
        if that policy is one under its prices.  None for all configurations.
    linear
        The last answer of HiGHS.
    vertex, dual, bound
        The last vertex, the optimum under the tariff of its prices, and the lower bound that it proves.
    """

    linear: LinearSolution
    vertex: Vertex
    dual: Optimum
    bound: float

    def __init__(self, process: Process, budgets: tuple[Budget, ...], free: Optimum) -> None:
        self.process, self.budgets, self.objective = process, budgets, free.objective
        self.columns = free.generated
        self.policy = free.policy.columns
        # To use at least so much runs may go in circles anywhere, or wait.
        whole = process.written is not None or process.size <= DECIDED or any(b.least is not None for b in budgets)
        self.kept = None if whole else self._entered(free.policy)
        self.basis = Basis.of_policy(self.policy, len(budgets))
        self.iterations = self.masters = 0
        self.rounds = free.rounds

    def run(
        self, process: Process, progress: Callable[[str], None], *, relaxed: bool = False, proposed: bool = False
    ) -> ColumnGeneration:
        """Generate columns until the proof closes or, if limits may be missed, until they are met.

        Prices are recomputed from the basis of the master, or those that HiGHS proposes, where several would do.
        """
        self.process = process
        for _ in range(MOST_MASTERS):
            self.masters += 1
            program, near = self._master()
            progress(f"master {self.masters}: solving {program.shape[1]:,} columns with HiGHS")
            try:
                self.linear = solve_program(program, Algorithm.SIMPLEX, basis=self.basis, relaxed=relaxed)
            except NotCertifiedError:
                if self.kept is None:
                    raise
                self._decide(None)  # the policy that is followed elsewhere now may use too much
                continue
            self.basis = self.linear.basis
            self.iterations += self.linear.iterations
            if relaxed and self.met:
                return self
            self.vertex = replace(Vertex.of(program, self.linear, self.policy, near), ambiguous=proposed)
            followed, new = self.policy, np.setdiff1d(self._priced(progress), self.columns)
            cost = self.linear.objective - program.offset
            if self.bound >= cost - CLOSED * abs(cost) or not self._extended(new, followed):
                return self
        raise NotCertifiedError(f"column generation did not end within {MOST_MASTERS} masters")

    def _master(self) -> tuple[OccupationProgram, FloatArray | None]:
        """The restricted master: of the columns so far, in the configurations in which it decides.

        And what is expected of the policy that is followed elsewhere, (1 + budgets, configurations), if there is one.
        """
        process, objective = self.process, self.objective
        program = OccupationProgram.of(process, self.columns, self.budgets, objective)
        if self.kept is None:
            return program, None
        policy = process.choose(self.policy)
        amounts = [process.amounts(budget.resource, policy.columns) for budget in self.budgets]
        until_left = [policy.repetition.until(amount) for amount in (objective.cost(policy), *amounts)]
        near = np.array([evaluate(policy, local) for local in until_left])
        return program.deciding(self.kept, near), near

    def _entered(self, policy: Choice) -> IntArray:
        """The configurations that runs of a policy enter, increasing."""
        starts = np.flatnonzero(self.objective.entered(self.process))
        return policy.configuration[entered(policy, starts)]

    def _extended(self, new: IntArray, followed: IntArray) -> bool:
        """Give the master new columns, and have it decide where the new policy comes; whether anything changes by that.

        Where nothing does, and another policy is not followed elsewhere either, it is to decide everywhere.
        """
        self.columns = np.union1d(self.columns, new)
        if self.kept is None:
            return bool(len(new))
        kept = np.union1d(self.kept, self._entered(self.dual.policy))
        same = not len(new) and len(kept) == len(self.kept) and bool((followed == self.policy).all())
        self._decide(None if same else kept)
        return True

    def _decide(self, kept: IntArray | None) -> None:
        """Have the master decide in more configurations, in which it begins with what is done there now."""
        if self.kept is None:
            return
        owners = np.flatnonzero(self.process.live)
        added = ~np.isin(owners, self.kept) & (True if kept is None else np.isin(owners, kept))
        self.kept, basis = kept, np.union1d(self.basis.columns, self.policy[added])
        self.basis = replace(self.basis, columns=basis)

    @property
    def met(self) -> bool:
        """Whether the last answer meets all limits."""
        return bool((self.linear.shortfalls <= POSSIBLE * self.sizes).all())

    @property
    def sizes(self) -> FloatArray:
        """The greatest limit of each budget, (budgets,)."""
        greatest = [max(float(limit) for limit in (b.least, b.most) if limit is not None) for b in self.budgets]
        return np.array([max(limit, MET) for limit in greatest])

    @property
    def tariff(self) -> Tariff:
        """The objective, minus the price of every unit that a limit grants."""
        vertex = self.vertex
        resources = [budget.resource for budget in vertex.budgets]
        return self.process.tariff.plus(zip(resources, (-vertex.prices).tolist(), strict=True))

    def bound_within(self, limits: FloatArray) -> float:
        """What the dual optimum proves of the least cost within such limits of the budgets that bind, (binding,)."""
        grants, tariff = (self.vertex.prices * limits).tolist(), self.tariff
        if tariff.signed:
            return lagrangian_bound(self.process, tariff, self.dual.floor, grants, self.objective)[0]
        return _total(float(self.dual.lower[0]), grants)

    def _priced(self, progress: Callable[[str], None]) -> IntArray:
        """Columns that the prices of the vertex make worth while; sets the dual optimum and the bound."""
        tariff, process = self.tariff, self.process
        if tariff.signed:
            self.dual = _priced_with_gains(process, tariff, self.vertex.policy, self.objective)
        else:
            self.dual = policy_iteration(
                process.under(tariff), self.vertex.policy, progress, self.objective, near=self.vertex.priced
            )
        self.bound = self.bound_within(self.vertex.limits)
        self.rounds += self.dual.rounds
        self.policy = self.dual.policy.columns
        return self.dual.generated


def _total(value: float, grants: Sequence[float]) -> float:
    """The value at the start plus what limits grant, rounded down."""
    terms = [value, *grants]
    if not grants:
        return terms[0]
    return fsum(terms) - 4 * float(np.finfo(float).eps) * fsum(map(abs, terms))


def lagrangian_bound(
    process: Process,
    tariff: Tariff,
    floor: Twofold,
    grants: Sequence[float],
    objective: Objective = FIRST_DELIVERY,
) -> tuple[float, float]:
    r"""What values under a tariff prove of the least cost within budgets, and by how much they exceed action values.

    If :math:`U \le c - \sum_i \mu_i d_i + P U + \delta` for all columns, then every policy that keeps within the limits
    ``b`` costs at least :math:`(U_0 + \sum_i \mu_i b_i) / (1 + \delta / \tau)`, where columns cost at least
    :math:`\tau` on average.  Where no price is negative, :math:`\delta` must be 0
    (:func:`~lpdistill.program.policy_iteration.policy_iteration`).  Where one is, and columns are factored, rounding is
    bounded absolutely.
    """
    charged = process.under(tariff)
    if not tariff.signed:
        excess = float(feasibility(charged, floor, objective).excess.max())
        lower, _ = bounds(charged, floor, floor)
        return (_total(float(lower[0]), grants) if excess <= 0 else -np.inf), excess
    if charged.written is not None:
        excess = max(float(feasibility(charged, floor, objective).excess.max()), 0.0)
    else:
        idle = objective.cost(charged.choose(process.admission.waiting))
        values = floor.nearest
        priced = charged.price_after(objective.after(charged, values))
        excess = max(float(_excess(process, priced, values).max()), -float(idle.min(initial=0.0)), 0.0)
        # No column that matters costs more than it is worth, so that its parts are no larger than these.
        size = 3 * float(np.abs(values).max()) + excess + 2 * process.durations.greatest
        excess += 2 * process.rounding * size
    total, least = _total(float(floor.below[0]), grants), process.tariff.time * process.durations.per_column
    if not excess:
        return total, excess
    return (total / (1 + excess / least) if least > 0 else -np.inf), excess


def _excess(process: Process, priced: Priced, values: FloatArray) -> FloatArray:
    """By how much values exceed their least action values, (configurations,)."""
    return np.where(process.live, values - priced.best, -np.inf)


def _priced_with_gains(process: Process, tariff: Tariff, policy: IntArray, objective: Objective) -> Optimum:
    """Improve a policy where some columns may cost less than nothing, as long as it stays proper.

    The values come without a proof of their own, and are those of an optimum only if no column improves them.
    """
    charged, generated = process.under(tariff), []
    rounds = 0
    while True:
        rounds += 1
        values = _values_with_gains(process, tariff, policy, objective)
        worth = SETTLED_VALUE * float(np.abs(values).max())
        if charged.written is not None:
            floor = evaluated(charged.choose(policy), objective).lowered
            compared = feasibility(charged, floor, objective)
            better = compared.excess > 0
            improved = compared.improved(better)
        else:
            floor, priced = Twofold.of(values), charged.price_after(objective.after(charged, values))
            better = _excess(process, priced, values) > worth
            improved = priced.columns(better)
        generated += [policy, improved, _worth_waiting(charged, policy, worth, objective)]
        changed = policy.copy()
        changed[np.searchsorted(np.flatnonzero(process.live), process.choose(improved).configuration)] = improved
        if (changed == policy).all() or rounds == MOST_MASTERS or not _proper(process, changed, objective):
            break
        policy = changed
    columns = np.unique(np.concatenate(generated))
    lower = np.minimum(floor.below, values)
    return Optimum(charged.choose(policy), values, lower, values, floor, Twofold.of(values), columns, rounds, objective)


def _worth_waiting(charged: Process, policy: IntArray, worth: float, objective: Objective) -> IntArray:
    """The columns that gain by waiting; where the policy comes, if there are any there.

    Waiting in unreachable configurations is no policy, so it is of use only to show that an optimum is not attained.
    """
    waiting = charged.choose(charged.admission.waiting)
    gains, start = objective.cost(waiting) < -worth, objective.entered(charged)
    base = charged.choose(policy)
    visited = np.zeros(charged.size, dtype=bool)
    visited[base.configuration[visits(base, start) > 0]] = True
    here = gains & visited[waiting.configuration]
    return waiting.columns[here if here.any() else gains]


def _values_with_gains(process: Process, tariff: Tariff, policy: IntArray, objective: Objective) -> FloatArray:
    """Values of a policy under a tariff: those of what it costs, minus those of what it gains."""
    costs = Tariff(tariff.time, tuple(item for item in tariff.prices if item[1] > 0))
    gains = Tariff(0.0, tuple((resource, -price) for resource, price in tariff.prices if price < 0))
    parts = []
    for part in (costs, gains):
        choice = process.under(part).choose(policy)
        parts.append(collected(choice, objective.cost(choice)))
    return np.asarray(parts[0] - parts[1])


def _proper(process: Process, policy: IntArray, objective: Objective) -> bool:
    """Whether a policy reaches the target from everywhere it says what to do."""
    return not stuck(process.choose(policy), objective).any()


def feasible(
    process: Process, budgets: tuple[Budget, ...], free: Optimum, progress: Callable[[str], None] = silent
) -> ColumnGeneration:
    """Generate columns until all limits are met, or missed by as little as possible."""
    generation = ColumnGeneration(process, budgets, free)
    for weight in PENALTIES:
        light = Tariff(process.tariff.time * weight / (float(free.values[0]) or 1.0))
        try:
            generation.run(process.under(light), progress, relaxed=True)
        except NotCertifiedError:
            if weight == PENALTIES[0]:
                raise
            break  # time counts too little to be told from rounding: the last weight has said what can be said
        if generation.met:
            break
    return generation
