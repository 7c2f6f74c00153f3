r"""A vertex of the program with budgets, recomputed from the model.

A basic solution is a deterministic policy and, for every budget that binds, one more column.  With the policy's own
expected cost ``T`` and uses ``R`` and the reduced costs :math:`\rho` of the extra columns under each, the number of
times ``y`` that the extra columns are taken and the prices :math:`\mu` solve

.. math::

    R_i + \sum_j \rho^{R_i}_j\, y_j = b_i, \qquad \sum_i \mu_i\, \rho^{R_i}_j = \rho^T_j,

systems with as many equations as budgets bind.  A solver need only say which columns are basic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.budgets import Budget
from lpdistill.process.process import Choice, Process
from lpdistill.process.tariff import Resource
from lpdistill.program.evaluation import collected, stuck, visits
from lpdistill.program.highs import LinearSolution
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan

ABSENT = 1e-9
"""Share of a configuration's visits below which a solver's column is taken for absent."""

SINGULAR = 1e-10
"""Smallest singular value, relative to the greatest, of a system that determines prices."""


STILL = 1e-12
"""Relative rate of change that is taken for none."""


def _properly(program: OccupationProgram, policy: IntArray, extra: IntArray) -> tuple[IntArray, IntArray]:
    """A policy and its extra columns, some of them exchanged if that makes the policy proper.

    What is done most may lead in circles, out of which only the extra columns lead.
    """
    process = program.process
    owners = np.searchsorted(np.flatnonzero(process.live), process.choose(extra).configuration)
    for exchanged in product((False, True), repeat=len(extra)):
        chosen, added = policy.copy(), extra.copy()
        swapped = np.array(exchanged, dtype=bool)
        chosen[owners[swapped]], added[swapped] = extra[swapped], policy[owners[swapped]]
        choice = process.choose(chosen)
        if not (choice.repetition.waits.any() or stuck(choice, program.objective).any()):
            return chosen, added
    return policy, extra


@dataclass(frozen=True)
class Vertex:
    """A deterministic policy with extra columns, one for every budget that binds.

    Attributes
    ----------
    process
        Where the columns come from; its tariff is the objective.
    policy
        One column for every live configuration, in order.
    extra
        The extra columns.
    budgets, limits
        The budgets that bind, and the limits at which they do.
    proposed
        The prices that a solver proposes for these budgets.
    missed
        Whether limits are missed, so that not columns but the cost of missing them determines prices.
    ambiguous
        Whether prices are those proposed, for more than one would do.
    objective
        What is made least.
    near
        About what the policy is expected to cost, and to use of the resource of each of these budgets,
        (1 + budgets, configurations), where that is known.
    """

    process: Process
    policy: IntArray
    extra: IntArray
    budgets: tuple[Budget, ...]
    limits: FloatArray
    proposed: FloatArray
    missed: bool = False
    ambiguous: bool = False
    objective: Objective = FIRST_DELIVERY
    near: FloatArray | None = None

    @staticmethod
    def of(
        program: OccupationProgram, linear: LinearSolution, elsewhere: IntArray, near: FloatArray | None = None
    ) -> Vertex:
        """Read a vertex off a solver's answer.

        Parameters
        ----------
        program, linear
            The program and the answer.
        elsewhere
            Columns of a proper policy, one for every live configuration: what to do where the answer never comes.
        near
            About what the answer's policy costs and uses of each budget, (1 + budgets, configurations), if known.
        """
        choice = program.choice
        flow = choice.repetition.changes(linear.occupation)
        through = np.bincount(choice.configuration, weights=flow, minlength=program.process.size)
        present = np.flatnonzero(flow > ABSENT * through[choice.configuration])
        order = present[np.argsort(flow[present], kind="stable")]
        policy = np.full(program.process.size, -1)
        policy[program.process.live] = elsewhere
        policy[choice.configuration[order]] = choice.columns[order]
        binds = ~linear.basis.budgets
        others = policy[choice.configuration] != choice.columns
        waits = choice.repetition.waits & (linear.occupation > ABSENT * linear.occupation.max())
        extra = np.flatnonzero(others & ((flow > ABSENT * through[choice.configuration]) | waits))
        if len(extra) < np.count_nonzero(binds):  # basic at zero: the limit is the end of a price's range
            basic = np.isin(choice.columns, linear.basis.columns) & (through[choice.configuration] > ABSENT)
            basic[extra] = False
            extra = np.append(extra, np.flatnonzero(others & basic)[: np.count_nonzero(binds) - len(extra)])
        live = program.process.live
        chosen, added = _properly(program, policy[live], choice.columns[extra])
        least, most = program.limits
        side = np.where(linear.prices > 0, least, most)
        side = np.where(np.isfinite(side), side, np.where(np.isfinite(least), least, most))
        return Vertex(
            program.process,
            chosen,
            added,
            tuple(budget for budget, bind in zip(program.budgets, binds.tolist(), strict=True) if bind),
            side[binds],
            linear.prices[binds],
            missed=bool((linear.shortfalls > 0).any()),
            objective=program.objective,
            near=None if near is None else near[np.append(True, binds)],
        )

    @cached_property
    def base(self) -> Choice:
        """The deterministic policy."""
        return self.process.choose(self.policy)

    @cached_property
    def added(self) -> Choice:
        """The extra columns."""
        return self.process.choose(self.extra)

    def _used(self, resource: Resource, near: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Expected use to go, by the policy, (configurations,), and the reduced use of the extra columns, (extras,)."""
        amounts = self.process.amounts
        values = collected(self.base, amounts(resource, self.policy), near)
        return values, self.added.regrets(values, amounts(resource, self.extra))

    def use(self, resource: Resource) -> tuple[float, FloatArray]:
        """Expected use of a resource by the policy, and how an extra column changes it whenever it is taken."""
        values, rates = self._used(resource)
        return float(values[0]), rates

    @cached_property
    def _costs(self) -> FloatArray:
        """Expected cost to go of the policy, (configurations,)."""
        return collected(self.base, self.objective.cost(self.base), None if self.near is None else self.near[0])

    @cached_property
    def _spent(self) -> list[tuple[FloatArray, FloatArray]]:
        """The same of each budget's resource, and the reduced uses of the extra columns, (budgets,)."""
        near = [None] * len(self.budgets) if self.near is None else self.near[1:]
        return [self._used(budget.resource, known) for budget, known in zip(self.budgets, near, strict=True)]

    @cached_property
    def _uses(self) -> tuple[FloatArray, FloatArray]:
        """Expected uses of the policy, (budgets,), and reduced costs of the extra columns, (budgets, extras)."""
        uses = np.array([float(values[0]) for values, _ in self._spent])
        return uses, np.array([rates for _, rates in self._spent]).reshape(len(self.budgets), len(self.extra))

    @cached_property
    def priced(self) -> FloatArray:
        """Expected cost to go of the policy if what limits grant is taken off at their prices, (configurations,)."""
        spent = np.array([values for values, _ in self._spent]).reshape(len(self.budgets), self.process.size)
        return np.asarray(self._costs - self.prices @ spent)

    @cached_property
    def regular(self) -> bool:
        """Whether the extra columns determine prices: as many as budgets bind, and independent."""
        rates = self._uses[1]
        if self.missed or self.ambiguous or rates.shape[0] != rates.shape[1]:
            return False
        unit = rates / np.maximum(np.abs(rates).max(axis=1, keepdims=True, initial=0.0), np.finfo(float).tiny)
        strength = np.linalg.svd(unit, compute_uv=False)
        return not len(strength) or bool(strength[-1] > SINGULAR * strength[0])

    @cached_property
    def taken(self) -> FloatArray:
        """Expected number of times that each extra column is taken, (extras,)."""
        use, rates = self._uses
        if self.regular:
            return np.asarray(np.maximum(np.linalg.solve(rates, self.limits - use), 0.0))
        return np.asarray(np.maximum(np.linalg.lstsq(rates, self.limits - use)[0], 0.0))

    @cached_property
    def prices(self) -> FloatArray:
        """d(cost)/d(limit) of the budgets that bind, (budgets,)."""
        if not self.regular:
            return self.proposed
        rates = self.added.regrets(self._costs, self.objective.cost(self.added))
        found = np.asarray(np.linalg.solve(self._uses[1].T, rates))
        return np.where(np.abs(found * self.limits) > STILL * self._costs[0], found, 0.0)

    @cached_property
    def response(self) -> FloatArray:
        """How often an extra column is taken more, for each unit of a limit, (extras, budgets)."""
        return np.asarray(np.linalg.inv(self._uses[1]), dtype=np.float64)

    @cached_property
    def diverted(self) -> FloatArray:
        """How the policy's own columns are taken more often when an extra column is taken once, (columns, extras)."""
        extra, changes = self.added, []
        away = extra.repetition.flow(extra.configuration, self.process.size).toarray()
        for row, to in enumerate(extra.moves.toarray()):
            changes.append(visits(self.base, to) - visits(self.base, away[:, row]))
        return np.array(changes).reshape(len(self.extra), len(self.policy)).T

    @cached_property
    def occupation(self) -> FloatArray:
        """How often the policy's own columns are taken, (columns,)."""
        return np.asarray(visits(self.base, self.objective.entered(self.process)) + self.diverted @ self.taken)

    @cached_property
    def plan(self) -> Plan:
        """The stationary policy: randomised where an extra column is taken."""
        extra = self.added
        owners = np.concatenate([self.base.configuration, extra.configuration])
        times = np.concatenate([np.maximum(self.occupation, 0.0), self.taken])
        total = np.bincount(owners, weights=times, minlength=self.process.size)[owners]
        share = np.where(np.arange(len(owners)) < len(self.policy), 1.0, 0.0)
        np.divide(times, total, out=share, where=np.isin(owners, extra.configuration) & (total > 0))
        kept = np.flatnonzero(share > 0)
        kept = kept[np.argsort(owners[kept], kind="stable")]
        columns = np.concatenate([self.policy, self.extra])
        return Plan.of(self.process.choose(columns[kept]), share[kept], self.objective)

    def price_range(self, budget: int, others: tuple[tuple[Resource, float, float], ...]) -> tuple[float, float]:
        """The limits between which the price of a budget that binds holds: those that keep the same columns.

        Parameters
        ----------
        budget
            Position of the budget among those that bind.
        others
            The budgets that do not bind: resource, lower limit, upper limit.
        """
        direction = self.response[:, budget]
        state = [(self.taken, direction), (self.occupation, self.diverted @ direction)]
        for resource, least, most in others:
            use, rates = self.use(resource)
            at, slope = use + rates @ self.taken, np.array([rates @ direction])
            state += [(np.array([at - least]), slope)] if np.isfinite(least) else []
            state += [(np.array([most - at]), -slope)] if np.isfinite(most) else []
        down, up = -np.inf, np.inf
        for level, slope in state:
            moving = np.abs(slope) > STILL * max(1.0, float(np.abs(slope).max(initial=0.0)))
            bound = -level[moving] / slope[moving]
            down = max(down, float(bound[slope[moving] > 0].max(initial=-np.inf)))
            up = min(up, float(bound[slope[moving] < 0].min(initial=np.inf)))
        limit = float(self.limits[budget])
        return limit + min(down, 0.0), limit + max(up, 0.0)
