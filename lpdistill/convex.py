"""The occupation program as a cvxpy problem: a door for constraints and objectives that no budget can express."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cvxpy as cp
import networkx as nx
import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.constraint_prices import AskedProblem, Price, Record, price, prices
from lpdistill.errors import InfeasibleError, NotCertifiedError
from lpdistill.hardware.actions import Attempts
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.process.factored.dynamics import Continued
from lpdistill.program.budgeted import BudgetUse
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.program.rates import RateProgram
from lpdistill.program.solver import withhold_banner
from lpdistill.rates.models import Earning, exact_levels
from lpdistill.rates.steady_state import asked
from lpdistill.rates.worth import Worth
from lpdistill.solution.run import Run
from lpdistill.solution.solution import Solution, Status
from lpdistill.solution.tables import Key
from lpdistill.solving import process_and_budgets

withhold_banner()  # cvxpy makes HiGHS objects of its own, also where users solve what they took from here themselves

PRESENT = 1e-8
"""Share of a configuration's visits, or of a run's steps, below which a solver's number is taken for 0."""


@dataclass(frozen=True)
class ConvexProgram:
    """An occupation program in cvxpy.

    Attributes
    ----------
    question
        The problem, or the state graph.
    program
        The program: matrix, cost, labels.
    occupation
        The variable: expected uses of each column, (columns,).
    time
        Expected waiting time, an expression.
    resources
        Expected use of each resource, expressions by name.
    flow
        The flow constraint, one row per configuration.
    budgets
        The constraints that budgets make, by name and side (``"steps most"``).

    Examples
    --------
    The fastest policy whose steps are, in expectation, distillations for at most a third of the time that it takes
    (no budget can say that, for the time is what is sought):

    >>> from lpdistill import Problem
    >>> program = Problem(0.5, 3, "3/4", "79/100").to_cvxpy()
    >>> solution = program.solve([2 * program.resources["distillations"] <= program.time / 2])
    >>> solution.expected.distillations / solution.waiting_time < 0.25 + 1e-6
    True
    """

    question: Problem | nx.DiGraph[Key]
    program: OccupationProgram
    occupation: cp.Variable
    time: cp.Expression
    resources: Mapping[str, cp.Expression]
    flow: cp.Constraint
    budgets: Mapping[str, cp.Constraint]
    _record: Record = field(default_factory=dict, init=False, repr=False, compare=False)

    @staticmethod
    def of(question: Problem | nx.DiGraph[Key], attempts: Attempts | None = None) -> ConvexProgram:
        """State a problem or a state graph in cvxpy, with every number of attempts unless told otherwise."""
        question = QUESTION.meant(question, "problem")
        process, limits = process_and_budgets(
            question, attempts or (Attempts.ALL if isinstance(question, Problem) else None)
        )
        program = OccupationProgram.of(process, budgets=limits)
        occupation = cp.Variable(program.shape[1], nonneg=True, name="occupation")
        resources = {
            name: process.amounts(resource, program.choice.columns) @ occupation
            for name, resource in process.resources.items()
        }
        budgets: dict[str, cp.Constraint] = {}
        for budget in limits:
            for side, limit in budget.sides.items():
                used = resources[budget.name]
                budgets[f"{budget.name} {side}"] = used <= float(limit) if side == "most" else used >= float(limit)
        return ConvexProgram(
            question=question,
            program=program,
            occupation=occupation,
            time=program.cost @ occupation + program.offset,
            resources=resources,
            flow=program.matrix @ occupation == program.start,
            budgets=budgets,
        )

    def sum_over(self, wanted: Callable[[Key, Any], float]) -> cp.Expression:
        """Expected number of steps, weighted by a function of the configuration and the action.

        >>> from lpdistill import Problem
        >>> program = Problem(0.5, 3, "3/4", "79/100").to_cvxpy()
        >>> idle = program.sum_over(lambda counts, action: not (action.distil or action.generate))
        >>> idle.shape
        ()
        """
        process, choice = self.program.process, self.program.choice
        keys = (process.names.key(int(rank)) for rank in choice.configuration)
        weights = [
            float(wanted(key, action)) for key, action in zip(keys, process.names.actions(choice.columns), strict=True)
        ]
        return np.array(weights) @ self.occupation

    def problem(self, constraints: Iterable[cp.Constraint] = (), objective: cp.Expression | None = None) -> cp.Problem:
        """The cvxpy problem: the least expected time, or another objective, within flow, budgets and constraints."""
        goal = cp.Minimize(self.time if objective is None else objective)
        return AskedProblem(goal, [self.flow, *self.budgets.values(), *constraints], self._record)

    def solve(
        self,
        constraints: Iterable[cp.Constraint] = (),
        *,
        objective: cp.Expression | None = None,
        solver: str | None = None,
    ) -> Solution:
        """Solve with cvxpy; the policy is read off the occupation, and evaluated from the model.

        The solution's status is ``claimed``: that the policy is optimal within the constraints is what the solver says.
        Its waiting time is proved, and its lower bound is that of the program without constraints and budgets.

        Parameters
        ----------
        constraints
            More constraints on ``occupation``, ``time`` and ``resources``.
        objective
            What to minimise instead of the expected time: a convex expression.
        solver
            A solver of cvxpy; by default HiGHS for linear programs, and cvxpy's choice for others.

        Raises
        ------
        InfeasibleError
            If the solver finds that no policy meets the constraints.
        NotCertifiedError
            If it reports no optimum.
        ImproperPolicyError
            If its policy does not reach the target from everywhere that it goes.
        """
        began = time.perf_counter()
        added = tuple(constraints)
        problem = self.problem(added, objective)
        problem.solve(solver=solver or (cp.HIGHS if problem.is_lp() else None))
        if problem.status in {cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE}:
            raise InfeasibleError(
                "constraints: no policy meets the constraints of the cvxpy problem; relax one of them",
                conflict=(*self.budgets.values(), *added),
            )
        if problem.status != cp.OPTIMAL:
            raise NotCertifiedError(f"cvxpy ended with status {problem.status!r} instead of an optimum")
        process = self.program.process
        free = policy_iteration(process, process.admission.proper())
        plan = self._plan(free)
        run = Run(
            configurations=process.size,
            columns=process.column_count,
            method=f"cvxpy ({problem.solver_stats.solver_name})",
            iterations=int(problem.solver_stats.num_iters or 0),
            rounds=free.rounds,
            objective=float(self.time.value),
            seconds=time.perf_counter() - began,
        )
        return Solution(self.question, plan, free, float(free.lower[0]), self._uses(plan), run, Status.CLAIMED)

    def _plan(self, elsewhere: Optimum) -> Plan:
        """The policy of the occupation found, and an optimal one where it never comes."""
        choice = self.program.choice
        times = np.maximum(np.asarray(self.occupation.value, dtype=np.float64), 0.0)
        changes = choice.repetition.changes(times)
        flow = np.bincount(choice.configuration, weights=changes, minlength=self.program.process.size)
        visited = flow > PRESENT * float(changes.sum())
        here = np.bincount(choice.configuration, weights=times, minlength=self.program.process.size)
        kept = np.flatnonzero(visited[choice.configuration] & (times > PRESENT * here[choice.configuration]))
        rest = elsewhere.policy.columns[~visited[elsewhere.policy.configuration]]
        columns = np.concatenate([choice.columns[kept], rest])
        weights = np.concatenate([times[kept], np.ones(len(rest))])
        uses = self.program.process.choose(columns)
        order = np.argsort(uses.configuration, kind="stable")
        total = np.bincount(uses.configuration, weights=weights, minlength=self.program.process.size)
        return Plan.of(uses.at(order), (weights / total[uses.configuration])[order])

    def _uses(self, plan: Plan) -> tuple[BudgetUse, ...]:
        """What came of each budget; the range of its price is not known."""
        found = []
        for budget in self.program.budgets:
            sides = (f"{budget.name} most", f"{budget.name} least")
            price = sum(float(self.price(self.budgets[side])) for side in sides if side in self.budgets)
            use = BudgetUse(budget, plan.used(budget.resource), price, 0.0, 0.0, degenerate=True)
            found.append(replace(use, valid_from=use.limit, valid_to=use.limit))
        return tuple(found)

    def price(self, constraint: cp.Constraint) -> Price:
        """d(objective)/d(right-hand side) of a scalar constraint, once solved: the sign of every price here.

        Of ``x <= b`` it is negative or 0 and of ``x >= b`` positive or 0; cvxpy's own sign is not that of a derivative.
        Where neither side is constant, the right-hand side is what is added to the greater one.  A
        :class:`~lpdistill.constraint_prices.Price` says whether it is unique.

        Raises
        ------
        ModelError
            If the constraint is not scalar, has no right-hand side, or was not part of this program when it was solved
            to an optimum last.
        """
        return price(self._record, constraint)

    def prices(self, constraint: cp.Constraint) -> FloatArray:
        """The price of every row of a constraint, in its shape.

        Raises
        ------
        ModelError
            If it has no right-hand side, or was not part of this program when it was solved to an optimum last.
        """
        return prices(self._record, constraint)

    @property
    def values(self) -> FloatArray:
        """Dual values of the flow, d(objective)/d(right-hand side), (configurations,): times to go where reachable.

        Raises
        ------
        ModelError
            If the program was not solved to an optimum last.
        """
        return self.prices(self.flow)


@dataclass(frozen=True)
class ConvexRates:
    """The program of the steady state in cvxpy: how often each column is taken per unit of time.

    Attributes
    ----------
    program
        The program: columns, flow, time, budgets.
    occupation
        The variable: uses of each column per unit of time, (columns,).
    gain
        What is earned per unit of time, an expression.
    resources
        Use of each resource per unit of time, expressions by name.
    constraints
        Flow, time and budgets.

    Examples
    --------
    The most pairs per unit of time where memories are held for at most 16.6 units of time a pair, which no budget says:

    >>> from lpdistill import Problem
    >>> rates = ConvexRates.of(Problem(0.5, 3, "3/4", "79/100"))
    >>> round(float(rates.problem().solve(solver="HIGHS")), 9)
    0.101387573
    >>> brief = rates.resources["memory_time"] <= 16.6 * rates.gain
    >>> round(float(rates.problem([brief]).solve(solver="HIGHS")), 9)
    0.099849702
    """

    program: RateProgram
    occupation: cp.Variable
    gain: cp.Expression
    resources: Mapping[str, cp.Expression]
    constraints: tuple[cp.Constraint, ...]

    @staticmethod
    def of(problem: Problem, worth: str | Callable[[float], float] | None = None) -> ConvexRates:
        """State the steady state of a problem with finitely many levels, as for throughput or, with a worth, key rate.

        Raises
        ------
        ModelError
            If a step takes no time.
        InfiniteLevelsError
            If levels are infinitely many.
        """
        problem = asked(problem)
        earning = Earning(worth=None if worth is None else Worth.of(worth))
        levels = exact_levels(problem, earning)
        process = Continued(levels, Attempts.ALL, earning.tariff(levels.levels), earning.delivery)
        program = RateProgram.of(process, None, problem.budgets)
        occupation = cp.Variable(len(program.columns), nonneg=True, name="occupation")
        rows, size = program.matrix @ occupation, process.size
        least, most = program.limits
        within = [rows[size + 1 + place] >= float(limit) for place, limit in enumerate(least) if np.isfinite(limit)]
        within += [rows[size + 1 + place] <= float(limit) for place, limit in enumerate(most) if np.isfinite(limit)]
        return ConvexRates(
            program=program,
            occupation=occupation,
            gain=-program.policy.choice.cost @ occupation,
            resources={
                name: process.amounts(resource, program.columns) @ occupation
                for name, resource in process.resources.items()
            },
            constraints=(rows[:size] == 0, rows[size] == 1, *within),
        )

    def problem(self, constraints: Iterable[cp.Constraint] = (), objective: cp.Expression | None = None) -> cp.Problem:
        """The cvxpy problem: the greatest gain, or another concave objective, within budgets and constraints.

        Its solution may be spread over several closed classes of configurations, of which a run stays in one.
        """
        goal = cp.Maximize(self.gain if objective is None else objective)
        return cp.Problem(goal, [*self.constraints, *constraints])
