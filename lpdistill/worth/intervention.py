"""What it costs to forbid one action of one configuration, or to force it: the optimum of what is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.errors import InfeasibleError, ModelError
from lpdistill.hardware.actions import Action
from lpdistill.process.factored.dynamics import Dynamics, require_dynamics
from lpdistill.process.factored.variation import without
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.program.budgeted import within_budgets
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.bounds import slower, waited
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.policy import Policy
from lpdistill.solution.solution import Solution
from lpdistill.solution.tables import Key
from lpdistill.solving import solution_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Ruling(StrEnum):
    """What happens to an action."""

    FORBIDDEN = "forbidden"
    FORCED = "forced"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Intervention(Answer):
    """The optimum with one action forbidden or forced in one configuration.

    Attributes
    ----------
    ruling, counts, action
        What is forbidden or forced, and where.
    waiting_time
        Least expected waiting time then.
    cost
        By how much that is longer than without the intervention.
    plan
        The policy that attains it.
    """

    _KIND = "intervention"

    ruling: Ruling
    counts: Key
    action: Action
    waiting_time: float
    cost: float
    plan: Plan

    @property
    def policy(self) -> Policy:
        """What to do then."""
        return Policy(self.plan)

    @property
    def _question(self) -> Process:
        return self.plan.uses.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "action", f"{self._does} {self.ruling} with {self.policy.wording.configuration(self.counts)}"
        yield "waiting time", f"{self.waiting_time:.12g}"
        yield "cost", f"{self.cost:.6g} longer than without"

    def _cells(self) -> Iterable[dict[str, Any]]:
        """The policy: a row for every configuration and decision."""
        return self.policy._cells()  # noqa: SLF001 - of an answer, too

    def shown(self, most: int | None = SHOWN) -> Table:
        """The policy that is optimal then."""
        return self.policy.shown(most)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the policy that is optimal then."""
        return self.policy.plot(ax)

    def _content(self) -> dict[str, Any]:
        return {
            "ruling": str(self.ruling),
            "counts": node_as_json(self.counts),
            **action_as_json(self.action),
            "waiting_time": self.waiting_time,
            "cost": self.cost,
        }

    @property
    def _does(self) -> str:
        return ", ".join(text for text in self.policy.wording.action(self.action) if text != "-") or "waiting"

    def __repr__(self) -> str:
        return (
            f"Intervention: {self._does} {self.ruling} with {self.policy.wording.configuration(self.counts)} costs "
            f"{self.cost:.6g}, waiting time {self.waiting_time:.12g}"
        )


def forbid(solution: SolutionLike, counts: Key, action: Action) -> Intervention:
    """What it costs to forbid an action in one configuration, whenever a run visits it.

    Parameters
    ----------
    solution
        The optimum of a problem.
    counts, action
        The configuration, and the action.

    Raises
    ------
    ModelError
        If the solution is one of a state graph (remove the action's node there), or there is no such action.
    InfeasibleError
        If nothing is left that reaches the target.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> solution = solve(Problem(0.5, 4, "3/4", "79/100"))
    >>> forbid(solution, (2, 0), solution.policy[2, 0][0].action)
    Intervention: 0.750, 0.750 -> 0.788, on 2 memories forbidden with 2 x 0.750, 2 empty costs 0.933345, \
waiting time 9.57383791623
    """
    solution = solution_of(solution)
    process, column = _found(solution, counts, action)
    return _resolved(solution, Ruling.FORBIDDEN, (counts, action), without(process, np.array([column])))


def force(solution: SolutionLike, counts: Key, action: Action) -> Intervention:
    """What it costs to take a given action in one configuration, whenever a run visits it.

    The arguments and errors are those of :func:`forbid`.

    >>> from lpdistill import Action, Problem, solve
    >>> solution = solve(Problem(0.5, 4, "3/4", "79/100"))
    >>> force(solution, (2, 0), solution.policy[2, 0][0].action).cost
    0.0
    """
    solution = solution_of(solution)
    process, column = _found(solution, counts, action)
    others = process.admission.of_configuration(process.names.rank(counts))
    return _resolved(solution, Ruling.FORCED, (counts, action), without(process, others[others != column]))


def _found(solution: Solution, counts: Key, action: Action) -> tuple[Dynamics, int]:
    """The process of a solution, and the column of an action."""
    refused = "of a state graph is forbidden by removing its node; this needs the solution of a problem"
    process = require_dynamics(solution.process, "action", refused, action)
    if not isinstance(action, Action):
        raise ModelError("action", "must be an Action, such as Action(distil=((0, 0),), generate=2)", action)
    try:
        rank = process.names.rank(counts)
    except KeyError as error:
        raise ModelError("counts", str(error.args[0]), counts) from None
    column = int(process.names.find(np.array([rank]), [action])[0])
    if column < 0 or column not in process.admission.of_configuration(rank):
        known = ", ".join(map(str, process.names.actions(process.admission.of_configuration(rank))[:5]))
        raise ModelError(f"action in {counts}", f"must be one of the program, such as {known}", action)
    return process, column


def _resolved(solution: Solution, ruling: Ruling, what: tuple[Key, Action], process: Dynamics) -> Intervention:
    """The optimum of what is left."""
    counts, action = what
    if not process.live[0]:
        raise InfeasibleError(
            f"action: with {action} {ruling} in configuration {counts}, no policy reaches the target for sure",
            conflict=(action,),
        )
    optimum = policy_iteration(process, process.admission.proper())
    budgets = tuple(use.budget for use in solution.uses)
    plan = within_budgets(process, budgets, optimum).plan if budgets else Plan.optimal(optimum)
    time = waited(float(plan.values[0]), process.durations.uncharged)
    cost = slower(time, solution.waiting_time)
    return Intervention(ruling, counts, action, time, cost, plan)
