"""What it costs to be wrong about a parameter: the fixed optimal policy against the re-optimised one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.errors import ImproperPolicyError, LimitError, ModelError
from lpdistill.numbers import Number, exact, member, whole
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics, require_dynamics
from lpdistill.process.factored.variation import same_levels, varied
from lpdistill.process.process import Origin
from lpdistill.program.evaluation import evaluate
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import Answer
from lpdistill.solution.bounds import slower, waited
from lpdistill.solution.document import finite
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution, Status
from lpdistill.solving import factored, solution_of, solve
from lpdistill.worth.slopes import Parameter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_VALUES = 10_000
"""Values beyond which a curve takes hours."""

POINTS = 41
"""Values of the parameter at which a curve is computed unasked."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RegretCurve(Answer):
    """Waiting times for values of a parameter that the policy was not made for.

    Attributes
    ----------
    problem
        What the policy was made for.
    parameter
        Name of the parameter.
    planned
        The value that the policy was made for.
    values
        Values that the parameter may turn out to have, increasing, (points,).
    fixed
        Expected waiting time of the fixed policy, (points,); infinite where it does not reach the target.
    best
        Least expected waiting time, (points,).
    """

    _KIND = "regret-curve"

    problem: Problem
    parameter: str
    planned: float
    values: FloatArray
    fixed: FloatArray
    best: FloatArray

    @property
    def regret(self) -> FloatArray:
        """By how much the fixed policy is slower than the best one, (points,); 0 where that is rounding."""
        return np.array([slower(*times) for times in zip(self.fixed.tolist(), self.best.tolist(), strict=True)])

    @property
    def excess(self) -> FloatArray:
        """The regret in percent of the least waiting time, (points,); infinite where only that is 0."""
        within = np.divide(100 * self.regret, self.best, out=np.full_like(self.best, np.inf), where=self.best > 0)
        return np.where(self.regret > 0, within, 0.0)

    @property
    def _question(self) -> Problem:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "made for", f"{self.parameter} = {self.planned:g}"
        yield "looked at", f"{len(self.values)} values from {self.values[0]:g} to {self.values[-1]:g}"
        yield "at worst", self._worst

    @property
    def _worst(self) -> str:
        worst = int(np.argmax(self.regret))
        return f"{self.regret[worst]:.6g} slower than the best policy, at {self.parameter} = {self.values[worst]:g}"

    def _content(self) -> dict[str, Any]:
        return {
            "parameter": self.parameter,
            "planned": self.planned,
            "points": [
                {"value": value, "fixed": finite(fixed), "best": best}
                for value, fixed, best in zip(
                    self.values.tolist(), self.fixed.tolist(), self.best.tolist(), strict=True
                )
            ],
        }

    def _cells(self) -> Mapping[str, FloatArray]:
        """A row for every value of the parameter."""
        return {self.parameter: self.values, "fixed": self.fixed, "best": self.best, "regret": self.regret}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the regret in percent of the least waiting time."""
        drawn = pictures.canvas(ax, self.problem)
        drawn.plot(self.values, self.excess, color=pictures.COLOURS[0], lw=1.8)
        drawn.axvline(self.planned, color=pictures.INK, lw=0.8, ls=":")
        drawn.annotate(
            "planned",
            (self.planned, 1.0),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            color=pictures.INK,
        )
        slower_axis(drawn, [self])
        drawn.set_xlabel(f"{said(self.parameter)}, as it turns out")
        return drawn

    def __repr__(self) -> str:
        return f"RegretCurve: made for {self.parameter} = {self.planned:g}; at worst {self._worst}"


def said(parameter: str) -> str:
    """A parameter in words, with its unit."""
    unit = f" ({pictures.UNIT})" if parameter.endswith("time") else ""
    return parameter.replace("_", " ") + unit


def slower_axis(drawn: Axes, curves: Sequence[RegretCurve]) -> None:
    """The axis of what is slower by how much, from 0; where nothing is, it shows no rounding in its place."""
    shares = np.concatenate([curve.excess for curve in curves])
    most = float(shares[np.isfinite(shares)].max(initial=0.0))
    drawn.set_ylim(0.0, 1.08 * most or 1.0)
    drawn.set_ylabel("slower than the best policy, in percent")
    drawn.margins(x=0.0)
    if not most:
        drawn.set_title("nowhere slower than the best policy", loc="left", fontsize="medium")


def regret_curve(
    solution: SolutionLike,
    parameter: Parameter | str = Parameter.P,
    *,
    span: tuple[Number, Number] | None = None,
    points: int = POINTS,
    progress: Callable[[str], None] = silent,
) -> RegretCurve:
    r"""Compare the optimal policy, kept fixed, with the best one where a parameter turns out different.

    The fixed policy's time is that of :math:`(I - P_\theta) V = c_\theta` for the other value :math:`\theta`, the best
    one comes from policy iteration that starts from it.

    Parameters
    ----------
    solution
        The optimum of a problem without budgets: the policy.
    parameter
        What turns out different: ``p``, ``f0``, ``generation_time`` or ``distillation_time``.
    span
        Least and greatest value; by default from half to one and a half times the planned one, as far as it may be (for
        ``f0``, as far as the levels stay the same).
    points
        Number of values.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the solution is one of a state graph or has budgets, or the span is no interval, leaves the parameter's range
        or, for ``f0``, the fidelities with the same levels.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> regret_curve(solve(Problem(0.5, 4, "9/10", "94/100")), "p", span=("0.3", "0.9"), points=3)
    RegretCurve: made for p = 0.5; at worst 0.232647 slower than the best policy, at p = 0.3
    """
    solution = factored(solution_of(solution, progress, all_levels=True))
    process = hardware_of(solution, "regret curve")
    name = member(Parameter, parameter, "parameter")
    count = whole(points, "points")
    if count < 2:
        raise ModelError("points", "must be at least 2", points)
    if count > MOST_VALUES:
        raise LimitError(
            f"points: {count:,} values are more than the {MOST_VALUES:,} that are solved for; take fewer",
            size={"points": count, "most_points": MOST_VALUES},
        )
    problem = PROBLEM.meant(process, "regret curve")
    low, high = _default(problem, name) if span is None else interval(span, "span")
    tried = [low + (high - low) * Fraction(step, count - 1) for step in range(count)]
    fixed, best = [], []
    told = counter(progress)
    for step, value in enumerate(tried):
        told("solving along the curve", step, count, f"{name} = {float(value):g}")
        there = varied(process, **{str(name): value})
        fixed.append(time_of(solution, there))
        if solution.bracket is not None:  # each optimum has labels of its own
            best.append(proven(solve(problem.replace(**{str(name): value})), "regret curve").waiting_time)
            continue
        start = solution.dual.policy.columns if np.isfinite(fixed[-1]) else there.admission.proper()
        best.append(waited(float(policy_iteration(there, start).values[0]), there.durations.uncharged))
    planned = float(getattr(problem, name))
    values = np.array([float(value) for value in tried])
    return RegretCurve(problem, str(name), planned, values, np.array(fixed), np.array(best))


def hardware_of(solution: Solution, asker: str) -> Dynamics:
    """The dynamics of a solution that may be moved to other hardware.

    Raises
    ------
    ModelError
        If the solution is one of a state graph, has budgets, or is not proved to be optimal on its labels.
    """
    refused = "needs the solution of a problem; a state graph has no parameters"
    process = require_dynamics(proven(solution, asker).process, asker, refused, str(solution.problem))
    require_unlimited(process.problem, asker)
    return process


def proven(solution: Solution, asker: str) -> Solution:
    """A solution; refused if labels leave its bounds apart.

    Raises
    ------
    ModelError
        If they do.
    """
    if solution.status == Status.BRACKETED:
        raise ModelError(
            asker,
            f"needs proven optima, and {solution.problem} is known to lie between {solution.lower_bound:.6g} and "
            f"{solution.upper_bound:.6g}; allow more time (time_limit) and no gap (within), or take a lower target",
            str(solution.status),
        )
    return solution


def require_unlimited(problem: Origin, asker: str) -> None:
    """Refuse a problem with budgets.

    Raises
    ------
    ModelError
        If it has any.
    """
    if problem.budgets:
        raise ModelError(asker, "needs a problem without budgets, which would not be kept elsewhere", str(problem))


def time_of(solution: Solution, there: Dynamics) -> float:
    """Expected waiting time of a solution's policy on other hardware; infinite where it goes in circles.

    Raises
    ------
    ModelError
        If runs there come to configurations for which the policy says nothing.
    """
    policy = there.choose(solution.dual.policy.columns)
    missing = np.setdiff1d(policy.moves.indices, policy.configuration)
    if len(missing):
        raise ModelError(
            "policy", "says nothing about a configuration that a run comes to there", there.names.key(int(missing[0]))
        )
    try:
        return waited(float(evaluate(policy, policy.repetition.until(policy.cost))[0]), there.durations.uncharged)
    except ImproperPolicyError:
        return float("inf")


def interval(span: object, where: str) -> tuple[Fraction, Fraction]:
    """The two ends of an interval.

    Raises
    ------
    ModelError
        If they are not two numbers, the lower one first.
    """
    if not isinstance(span, tuple | list) or len(span) != 2:
        raise ModelError(where, 'must be two numbers, the least and the greatest value, such as ("0.4", "0.6")', span)
    low, high = (exact(end, where) for end in span)
    if low > high:
        raise ModelError(where, "must have its least value first", f"{float(low):g}:{float(high):g}")
    return low, high


def _default(problem: Problem, parameter: Parameter) -> tuple[Fraction, Fraction]:
    """From half to one and a half times the planned value, as far as it may be."""
    at = getattr(problem, parameter)
    low, high = at / 2, 3 * at / 2 or Fraction(1)
    if parameter is Parameter.P:
        high = min(high, Fraction(1))
    if parameter is Parameter.F0:
        ends = same_levels(problem)
        low, high = max(low, ends[0]), min(high, ends[1])
    return low, high
