"""What every parameter is worth: derivatives of the waiting time and of every expected total, with kinks and jumps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from lpdistill import pictures
from lpdistill.arrays import BoolArray, FloatArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.numbers import decimals
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics, require_dynamics
from lpdistill.process.process import Process
from lpdistill.process.resources import StandardResource
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import finite
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution
from lpdistill.solution.tables import ConfigurationTable
from lpdistill.solving import factored, solution_of
from lpdistill.worth.optimal_face import KINK, Face
from lpdistill.worth.slopes import Parameter, Slopes, meets_target, uncharged_slope

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_CHANGE = 1e-13
"""Relative change of a total, for a relative change of a parameter, that is rounding."""

Sides: TypeAlias = dict[Parameter, tuple[float, float]]
"""One-sided derivatives, below and above."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """The derivative of an optimum by a parameter.

    Attributes
    ----------
    below, above
        One-sided derivatives, for a slightly smaller and a slightly greater parameter.  They differ at a kink, where
        the optimal policy changes; one is not a number where the optimum jumps, or where the parameter ends.
    elasticity
        Relative change of the optimum for a relative change of the parameter, above (below, if there is no above).
        Not a number where there is no derivative on either side.
    """

    below: float
    above: float
    elasticity: float

    @property
    def kink(self) -> bool:
        """Whether the two one-sided derivatives differ."""
        return bool(np.isfinite([self.below, self.above]).all() and self.below != self.above)

    @property
    def value(self) -> float:
        """The derivative; the one-sided one above (or, at an end, below) where there are two; else not a number."""
        return self.above if np.isfinite(self.above) else self.below

    def in_words(self, noun: str = "waiting time") -> str:
        """The derivative of what is called so, the other side of a kink, and the elasticity."""
        if not isfinite(self.value):
            return f"none: the {noun} jumps below, and the parameter ends above"
        return (
            f"{self.value:.9g}"
            + (f" (below: {self.below:.9g})" if self.kink else "")
            + f", elasticity {self.elasticity:.6g}"
        )

    def to_dict(self) -> dict[str, float | bool | None]:
        """The derivative as JSON data; null for a side that has none."""
        sides = {"below": self.below, "above": self.above}
        return {
            "value": finite(self.value),
            **{side: finite(slope) for side, slope in sides.items()},
            "elasticity": finite(self.elasticity),
            "kink": self.kink,
        }


class Derivatives(Answer):
    """What the parameters of a problem are worth at an optimum.

    Attributes
    ----------
    derivatives
        Of the optimum, by parameter.
    jump
        Whether a tree meets the target exactly: the optimum jumps for any smaller ``f0``.
    """

    derivatives: Mapping[str, Derivative]
    jump: bool

    _noun: ClassVar[str]
    """What is optimal, in words."""
    _short: ClassVar[str]
    """The same in one."""
    _less: ClassVar[bool]
    """Whether less of it is better."""

    @property
    @abstractmethod
    def _asked(self) -> Problem:
        """The problem."""

    @property
    @abstractmethod
    def _value(self) -> float:
        """The optimum."""

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield self._noun, f"{self._value:.12g}"
        for name, found in self.derivatives.items():
            yield name.replace("_", " "), f"derivative {found.in_words(self._noun)}"
        if self.jump:
            yield "jump", f"a tree meets the target exactly: the {self._noun} jumps for any smaller f0"

    def _content(self) -> dict[str, Any]:
        return {
            self._noun.replace(" ", "_"): self._value,
            "derivatives": {name: found.to_dict() for name, found in self.derivatives.items()},
            "jump": self.jump,
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every parameter."""
        return ({"parameter": name, **found.to_dict()} for name, found in self.derivatives.items())

    def shown(self, most: int | None = SHOWN) -> Table:
        """The parameters with their values and derivatives."""
        rows = [
            (
                name.replace("_", " "),
                f"{float(getattr(self._asked, name)):g}",
                (decimals(slope.value) if isfinite(slope.value) else "none")
                + (f" (below: {decimals(slope.below)})" if slope.kink else ""),
                f"{slope.elasticity:.4f}" if isfinite(slope.value) else "",
                self._beside(name, slope),
            )
            for name, slope in list(self.derivatives.items())[:most]
        ]
        headings = dict.fromkeys(("parameter", "value", f"d({self._short})/d(parameter)", "elasticity"), "right")
        return Table("what the parameters are worth", headings | {"parameter": "left", "": "left"}, rows)

    def _beside(self, name: str, slope: Derivative) -> str:
        """What is to be said of a derivative."""
        if slope.kink:
            return "kink"
        jumps = "jumps below" if name == "f0" and self.jump else ""
        return jumps if isfinite(slope.value) else f"{jumps}, ends above"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the elasticities as bars, the greatest first."""
        known = [
            (name.replace("_", " "), one.elasticity) for name, one in self.derivatives.items() if isfinite(one.value)
        ]
        rows = sorted(known, key=lambda row: -abs(row[1]))
        drawn = pictures.bars(ax, self._asked, rows, [(size > 0) == self._less for _, size in rows])
        drawn.set_xlabel(f"change of the {self._noun} in percent, for 1 percent more of the parameter")
        return drawn


@dataclass(frozen=True, repr=False, eq=False)
class Sensitivity(Derivatives):
    """What the parameters are worth at an optimum.

    Attributes
    ----------
    solution
        The optimum.
    derivatives
        Of the waiting time, by parameter.
    jump
        The trees whose fidelity equals the target exactly: a smaller ``f0`` loses them, and the waiting time jumps.
    by_pair
        Derivative of the waiting time by the success probability of distilling two levels.
    by_configuration
        What every configuration contributes to the derivative by ``p``: where better generation would matter.
    totals
        Derivatives of the expected totals of the policy, by total and parameter; by ``f0``, as long as the levels stay
        the same.
    """

    _KIND = "sensitivity"
    _noun, _short, _less = "waiting time", "time", True

    solution: Solution
    derivatives: Mapping[str, Derivative]
    jump: bool
    by_pair: Mapping[tuple[int, ...], float]
    by_configuration: ConfigurationTable
    totals: Mapping[str, Mapping[str, float]]

    @property
    def _question(self) -> Process:
        return self.solution.process

    @property
    def _asked(self) -> Problem:
        return PROBLEM.meant(self.solution.problem, "solution")

    @property
    def _value(self) -> float:
        return self.solution.waiting_time

    def _content(self) -> dict[str, Any]:
        return {
            **super()._content(),
            "by_pair": [{"levels": list(pair), "derivative": slope} for pair, slope in self.by_pair.items()],
            "totals": {name: dict(slopes) for name, slopes in self.totals.items()},
        }

    def __repr__(self) -> str:
        lines = [
            f"  d(waiting time)/d({name}){' = ' if isfinite(found.value) else ': '}{found.in_words()}"
            for name, found in self.derivatives.items()
        ]
        return "Sensitivity\n" + "\n".join(lines)


def sensitivity(solution: SolutionLike) -> Sensitivity:
    """Derivatives of the optimal waiting time by every parameter, without solving again.

    Under budgets, what is held fixed are the limits.

    Parameters
    ----------
    solution
        An optimum of a problem.

    Raises
    ------
    ModelError
        If the solution is one of a state graph, or not proved to be optimal.
    NotCertifiedError
        If the price of a budget is not unique, or labels leave a derivative open.
    LimitError
        If labels are too many for their columns in factored form.

    Examples
    --------
    A unit more of time for every generation step costs as many units as there are such steps:

    >>> from lpdistill import Problem, solve
    >>> found = sensitivity(solve(Problem(0.5, 4, "3/4", "79/100")))
    >>> round(found.derivatives["p"].value, 6), round(found.derivatives["generation_time"].value, 6)
    (-5.792021, 2.318025)
    """
    solution = solution_of(solution)
    if solution.status != "optimal":
        wanted = "needs a proven optimum"
        if solution.bracket is not None:
            wanted += "; allow more time (time_limit) and no gap (within), until the bounds of the labels meet"
        raise ModelError("sensitivity", wanted, str(solution.status))
    solution = factored(solution)
    refused = "needs the solution of a problem; a state graph has no parameters"
    process = require_dynamics(solution.dual.policy.process, "sensitivity", refused, str(solution.problem))
    problem = PROBLEM.meant(process, "sensitivity")
    for use in solution.uses:
        if use.degenerate:
            raise NotCertifiedError(
                f"budget {use.budget.name}: more than one price would do at the limit {use.limit:g}, and derivatives "
                "depend on it; move the limit a little to one side"
            )
    sides = _sides(solution, process)
    if solution.bracket is not None:
        optimistic = factored(solution.bracket.optimistic)
        rounded_up = _sides(optimistic, require_dynamics(optimistic.process, "sensitivity", refused, str(problem)))
        _require_met(problem, sides, rounded_up, solution.waiting_time)
    derivatives = {}
    for parameter, (below, above) in sides.items():
        off = uncharged_slope(problem, parameter)
        derivatives[str(parameter)] = derivative_of(problem, parameter, below - off, above - off, solution.waiting_time)
    taken = solution.plan.occupation > 0
    uses, occupation = Slopes(process, solution.plan.uses.columns[taken]), solution.plan.occupation[taken]
    owners = solution.plan.uses.configuration[taken]
    where = np.zeros(process.size)
    np.add.at(where, owners, occupation * uses.of(Parameter.P, solution.dual.values))
    return Sensitivity(
        solution=solution,
        derivatives=derivatives,
        jump=meets_target(problem),
        by_pair=_by_pair(solution, process, uses, occupation),
        by_configuration=ConfigurationTable(solution.process, where, "derivative by p"),
        totals=_totals(solution, uses, occupation),
    )


def _sides(solution: Solution, process: Dynamics) -> Sides:
    """One-sided derivatives of the expected duration, below and above, by parameter."""
    face = Face.of(solution, process)
    columns = Slopes(process, face.columns)
    return {one: face.extremes(columns.of(one, solution.dual.values)) for one in Parameter}


def _require_met(problem: Problem, floor: Sides, ceil: Sides, time: float) -> None:
    """Refuse derivatives that are not those of the problem, whose time lies between those of two label models.

    Labels go along with their trees, and the two bracket the optimum nearby, too.  Where they are equal at a value of a
    parameter, its derivatives lie between theirs.

    Raises
    ------
    NotCertifiedError
        If these differ.
    """
    for parameter, sides in floor.items():
        at = float(getattr(problem, parameter))
        for one, other in zip(sides, ceil[parameter], strict=True):
            if abs(one - other) * at > KINK * time:
                raise NotCertifiedError(
                    f"sensitivity: a policy as good as the optimum uses results that labels round, and derivatives by "
                    f"{parameter} are only known to lie between {other:.9g} and {one:.9g}; move a parameter a little"
                )


def derivative_of(problem: Problem, parameter: Parameter, below: float, above: float, time: float) -> Derivative:
    """A derivative of a time or a rate, with sides that do not exist left out, and the elasticity that goes with it."""
    at = float(getattr(problem, parameter))
    if at and abs(above - below) * at <= KINK * time:
        below = above = _settled((above + below) / 2, at, time)
    if parameter is Parameter.F0 and meets_target(problem):
        below = float("nan")
    if (parameter is Parameter.P and problem.p == 1) or (parameter is Parameter.F0 and problem.f0 == 1):
        above = float("nan")
    if at == 0:
        below = float("nan")
    found = Derivative(below, above, 0.0)
    relative = at * found.value / time if time else 0.0 * found.value
    return Derivative(below, above, relative)


def _settled(slope: float, at: float, total: float) -> float:
    """A derivative at a parameter, 0 where it is the rounding of the total."""
    return 0.0 if at and abs(slope) * at <= NO_CHANGE * abs(total) else slope


def _by_pair(
    solution: Solution, process: Dynamics, uses: Slopes, occupation: FloatArray
) -> dict[tuple[int, ...], float]:
    """Derivative of the waiting time by the success probability of every recipe, by the levels that it consumes."""
    matchings = process.kernel.matchings
    found = occupation @ uses.by_success(solution.dual.values)
    counts = process.numbering.describe(uses.columns).counts
    for resource, price in process.tariff.prices:
        if isinstance(resource, StandardResource):
            found = found - price * ((occupation * resource.slope(uses.usage, failures=1.0)) @ counts)
    return {recipe.consumed: slope for recipe, slope in zip(matchings.recipes, found.tolist(), strict=True)}


def _totals(solution: Solution, uses: Slopes, occupation: FloatArray) -> dict[str, dict[str, float]]:
    """Derivatives of the expected totals of the solution's policy."""
    process = uses.dynamics
    values = _values_of_resources(solution, process)
    return {
        name: {
            str(parameter): _settled(
                float(occupation @ (uses.amounts(parameter, resource) + uses.expected(parameter, values[name]))),
                float(getattr(process.problem.hardware, parameter)),
                float(values[name][0]),
            )
            for parameter in Parameter
        }
        for name, resource in process.resources.items()
    }


def _values_of_resources(solution: Solution, process: Dynamics) -> dict[str, FloatArray]:
    """Expected use to go of every resource, (configurations,), where the policy can come."""
    mixed = solution.plan.mixed
    needed: BoolArray = solution.plan.visits[mixed.configuration] > 0
    if process.problem.hardware.p == 1:  # derivatives by p look at failures, which do not happen
        needed = np.ones(len(needed), dtype=bool)
    rows = mixed.at(needed)
    square = sparse.csc_array(sparse.eye_array(len(rows.columns)) - rows.conditional[:, rows.configuration])
    solver, found = splu(square), {}
    for name, resource in process.resources.items():
        amounts = solution.plan.probability * process.amounts(resource, solution.plan.uses.columns)
        local = np.bincount(solution.plan.uses.configuration, weights=amounts, minlength=process.size)
        values = np.zeros(process.size)
        values[rows.configuration] = solver.solve(rows.repetition.until(local[rows.configuration].astype(np.float64)))
        found[name] = values
    return found
