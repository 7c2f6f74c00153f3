r"""Certified brackets by rounding: labels are added where the optimistic label model uses what it rounds.

Both label models of a grid (:mod:`lpdistill.physics.rounding`) are finite, and the least expected time of the
problem lies between theirs.  Where the optimum of CEIL uses, from the start, no result that was rounded, it is a policy
of FLOOR too: both are equal, and the optimum of the problem is found, exactly.  Otherwise the results that it rounds
are weighted,

.. math:: w_t = (\text{expected uses of } t) \cdot s_t \cdot
          \bigl(V_{\mathrm{ceil}}(\text{label below}) - V_{\mathrm{ceil}}(\text{label above})\bigr)

(values with the pairs left alone), and those of greatest weight become labels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import InfeasibleError, LimitError
from lpdistill.physics.rounding import Grid, Labels, Rounding
from lpdistill.problem.labels import labels_of, level_count, with_labels
from lpdistill.problem.problem import Problem
from lpdistill.process.labelled import LabelProcess, label_process
from lpdistill.program.budgeted import within_budgets
from lpdistill.program.evaluation import stuck
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import silent

MOST_ADDED = 0.15
"""Share of the labels that are added in one round, at most; one is always added."""

WEIGHED = 0.8
"""Share of the weight of all rounded results that those added in one round make up, if they are not too many."""

AS_ONE = 1e-12
"""Relative difference of the bounds that counts as none."""

NO_WEIGHT = 1e-13
"""Weight of a rounded result, relative to the waiting time, that counts as none."""


class Stopped(StrEnum):
    """Why no more labels were added."""

    EXACT = "exact"
    WITHIN = "within"
    TIME = "time"
    SIZE = "size"
    INTERRUPTED = "interrupted"


BECAUSE = {
    Stopped.EXACT: " needed, no other can help",
    Stopped.WITHIN: "; the gap is within what was asked for",
    Stopped.TIME: "; more would narrow the gap, given more time (time_limit)",
    Stopped.SIZE: "; more do not fit into this machine",
    Stopped.INTERRUPTED: "; interrupted",
}
"""What that means, in words."""


@dataclass(frozen=True, slots=True)
class Round:
    """The bracket after a round of refinement.

    Attributes
    ----------
    labels
        Number of labels of the grid.
    lower, upper
        Least expected waiting times of CEIL and FLOOR; infinite where FLOOR does not reach the target yet.
    configurations, columns
        Size of the program of CEIL.
    """

    labels: int
    lower: float
    upper: float
    configurations: int
    columns: int

    @staticmethod
    def of(grid: Grid, lower: Model, upper: Model | None) -> Round:
        """That of a grid."""
        most = np.inf if upper is None else upper.waiting_time
        return Round(len(grid), lower.waiting_time, most, lower.process.size, lower.process.column_count)

    def to_dict(self) -> dict[str, float | int | None]:
        """The bracket as JSON data; null where there is no upper bound yet."""
        return {
            "labels": self.labels,
            "lower": self.lower,
            "upper": self.upper if np.isfinite(self.upper) else None,
            "configurations": self.configurations,
            "columns": self.columns,
        }

    @property
    def gap(self) -> float:
        """Distance of the bounds, relative to the upper one."""
        return (self.upper - self.lower) / self.upper if np.isfinite(self.upper) and self.upper else np.inf

    def __str__(self) -> str:
        known = (
            f"between {self.lower:.9g} and {self.upper:.9g}" if np.isfinite(self.upper) else f"above {self.lower:.9g}"
        )
        return f"{self.labels:,} labels, {self.columns:,} columns: {known}"


@dataclass(frozen=True)
class Model:
    """The optimum of a label model.

    Attributes
    ----------
    problem
        The problem with the labels as its levels.
    process
        Its decision process.
    columns
        An optimal policy without budgets, one column for every live configuration.
    plan
        An optimal policy.
    values
        Least expected cost to go, under the prices of budgets if there are any; infinite at dead ends,
        (configurations,).
    """

    problem: Problem
    process: LabelProcess
    columns: IntArray
    plan: Plan
    values: FloatArray

    @property
    def labels(self) -> Labels:
        """Its labels."""
        labels = labels_of(self.problem)
        assert labels is not None  # noqa: S101 - made of them
        return labels

    @property
    def waiting_time(self) -> float:
        """Least expected waiting time."""
        return float(self.plan.values[0]) - float(self.process.durations.uncharged)


@dataclass(frozen=True)
class Refinement:
    """A grid, and what came of its label models.

    Attributes
    ----------
    grid
        The last grid of which both label models were solved.
    lower, upper
        The optima of CEIL and of FLOOR.
    rounds
        The brackets, round by round.
    stopped
        Why it ended.
    seconds
        Wall-clock time that it took.
    """

    grid: Grid
    lower: Model
    upper: Model
    rounds: tuple[Round, ...]
    stopped: Stopped
    seconds: float

    @property
    def levels(self) -> int | None:
        """Number of levels below the target that there are without labels; None for infinitely many, or too many."""
        return level_count(self.upper.problem)

    def __str__(self) -> str:
        total = "infinitely many" if not self.upper.problem.reach.finite else f"{self.levels or 'very many'}"
        needed = f"{len(self.grid):,} of {total} levels"
        return f"{needed}{BECAUSE[self.stopped]} ({len(self.rounds)} rounds)"

    def to_dict(self) -> dict[str, Any]:
        """How the labels were found, as JSON data."""
        return {
            "stopped": str(self.stopped),
            "labels": len(self.grid),
            "rounds": [one.to_dict() for one in self.rounds],
        }


def refine(
    problem: Problem,
    within: Fraction | None,
    seconds: float,
    progress: Callable[[str], None] = silent,
) -> Refinement | None:
    """Add labels until the bracket is closed, or as narrow as asked for, or a limit is reached.

    None where levels are finite, and as many labels would be needed as there are levels, or no policy is found in time.

    Parameters
    ----------
    problem
        What is asked; its rules and budgets must be such that label models bracket it.
    within
        Relative gap at which to stop; None for none.
    seconds
        Time after which no more rounds are begun.
    progress
        Told of every round.

    Raises
    ------
    InfeasibleError
        If no policy keeps within the budgets.
    LimitError
        If a limit is reached before FLOOR reaches the target.
    """
    state, began = _State(), time.perf_counter()
    try:
        state.refine(problem, within, began + seconds, progress)
    except LimitError:
        if state.found is None:
            raise
    except KeyboardInterrupt:
        if state.found is None:
            raise
        state.stopped = Stopped.INTERRUPTED
    if state.as_many or (state.found is None and state.enough < np.inf):
        return None
    if state.found is None:
        raise _unattained(problem, state.rounds[-1], seconds)
    return Refinement(*state.found, state.stopped, time.perf_counter() - began)


@dataclass
class _State:
    """What is known of a problem so far: brackets, the last one that is closed from above, and why it is the last."""

    rounds: list[Round] = field(default_factory=list)
    found: tuple[Grid, Model, Model, tuple[Round, ...]] | None = None
    stopped: Stopped = Stopped.SIZE
    enough: float = np.inf
    as_many: bool = False

    def refine(self, problem: Problem, within: Fraction | None, until: float, progress: Callable[[str], None]) -> None:
        """Go on until there is a reason to stop."""
        self.enough = _enough(problem)
        for grid, lower, upper in _brackets(problem):
            self.as_many = len(grid) > self.enough
            if self.as_many:
                return
            self.rounds.append(Round.of(grid, lower, upper))
            progress(str(self.rounds[-1]))
            if upper is not None:
                self.found = grid, lower, upper, tuple(self.rounds)
            if upper is not None and within is not None and self.rounds[-1].gap <= within:
                self.stopped = Stopped.WITHIN
                return
            if time.perf_counter() > until:
                self.stopped = Stopped.TIME
                return
        self.stopped = Stopped.EXACT


def _unattained(problem: Problem, last: Round, seconds: float) -> LimitError:
    """The error of a limit that is reached before any policy is."""
    return LimitError(
        f"target: no policy that reaches {float(problem.target)} was found with {last.labels:,} labels within "
        f"{seconds:g} s; the least waiting time is at least {last.lower:.6g}; allow more time (time_limit), or lower "
        "the target",
        size={"labels": last.labels},
    )


def _brackets(problem: Problem) -> Iterator[tuple[Grid, Model, Model | None]]:
    """Ever finer grids with the optima of CEIL, and of FLOOR where it reaches the target, until these are equal."""
    grid = Grid.of(problem.distillation, problem.f0, problem.target)
    lower, upper = None, None
    while True:
        with suppress(InfeasibleError):  # a coarse policy may not keep within budgets that a finer one does
            upper = _solved(problem, label_model(problem, grid, Rounding.FLOOR), [upper])
        try:
            lower = _solved(problem, label_model(problem, grid, Rounding.CEIL), [lower, upper])
        except InfeasibleError as error:
            raise InfeasibleError(
                f"{error} (for labels that are better than what they stand for: it may be more)",
                conflict=error.conflict,
                workable=error.workable,
            ) from None
        assert lower is not None  # noqa: S101 - every grid reaches what the first one does
        yield grid, lower, upper
        apart = upper is None or upper.waiting_time > lower.waiting_time * (1 + AS_ONE)
        pairs = _rounded(lower, apart=apart)
        if not pairs:
            return
        grid = grid.with_results(pairs)


def _enough(problem: Problem) -> float:
    """The greatest number of labels that are fewer than the levels with that just below the target."""
    if problem.reach.finite:
        with suppress(LimitError):
            return len(problem.levels) - 2
    return np.inf


def label_model(problem: Problem, grid: Grid, rounding: Rounding) -> Labels:
    """The levels of a label model of a problem.

    Distillations whose label is not above those of both pairs are left out, unless a step that distils may be shorter
    than one that only generates: otherwise none of them is needed.
    """
    return grid.labels(rounding, problem.memories, useless=problem.generation_time > problem.distillation_time)


def _solved(problem: Problem, labels: Labels, near: Sequence[Model | None]) -> Model | None:
    """The optimum of a label model, found from that of a similar one; None where it does not reach the target."""
    labelled = with_labels(problem, labels)
    process = label_process(labelled)
    if not process.live[0]:
        return None
    starts = (_start(process, model) for model in near if model is not None)
    start = next((found for found in starts if found is not None), None)
    optimum = policy_iteration(process, process.admission.proper() if start is None else start)
    plan, values = Plan.optimal(optimum), optimum.values
    if problem.budgets:
        budgeted = within_budgets(process, problem.budgets, optimum)
        plan, values = budgeted.plan, budgeted.dual.values
    return Model(labelled, process, optimum.policy.columns, plan, np.where(process.live, values, np.inf))


def _start(process: LabelProcess, near: Model) -> IntArray | None:
    """A policy to start from: best for the values of a similar model, of every pair's label below; None if improper."""
    known = [level.fidelity for level in near.labels]
    below = [
        max(index for index, fidelity in enumerate(known) if fidelity <= level.fidelity)
        for level in process.problem.levels
    ]
    onto = np.arange(len(known)) == np.array(below)[:, None]
    rank = near.process.configurations.rank(process.configurations.counts @ onto)
    values = np.where(rank >= 0, near.values[rank], np.inf)
    priced = process.price(np.where(process.live, values, np.inf))
    if not np.isfinite(priced.best[process.live]).all():
        return None
    columns = priced.columns(process.live)
    return None if stuck(process.choose(columns)).any() else columns


def _rounded(lower: Model, *, apart: bool) -> list[tuple[Fraction, Fraction]]:
    """The fidelities whose results become labels: of greatest weight among those that the optimum of CEIL rounds.

    Where the models are ``apart`` though no result has a weight, those that are used most.
    """
    labels, process, plan = lower.labels, lower.process, lower.plan
    recipes = process.numbering.repertoire.distillations
    fidelities = [level.fidelity for level in labels]
    used = np.flatnonzero(plan.occupation > 0)
    row, recipe, left = process.numbering.carried(plan.uses.columns[used])
    above = np.array([-1 if one.consumed not in labels.results else one.made[0].produced[0] for one in recipes])
    true = np.array([set(one.consumed) <= labels.exact for one in recipes])
    kept = (above[recipe] >= 0) & true[recipe]
    row, recipe, left = row[kept], recipe[kept], left[row[kept]]
    success = np.array([float(one.success) for one in recipes])
    drop = _with(lower, left, above[recipe] - 1) - _with(lower, left, above[recipe])
    least, uses = NO_WEIGHT * float(plan.values[0]), plan.occupation[used][row]
    weight = np.bincount(recipe, uses * success[recipe] * drop, minlength=len(recipes))
    if apart and not (weight > least).any():
        weight, least = np.bincount(recipe, uses, minlength=len(recipes)), 0.0
    weights = [
        (weight[one], (fidelities[recipes[one].high], fidelities[recipes[one].low]))
        for one in np.unique(recipe).tolist()
    ]
    weights = sorted((one for one in weights if one[0] > least), reverse=True)
    most = max(1, int(MOST_ADDED * len(labels)))
    total, found, reached = sum(weight for weight, _ in weights), [], 0.0
    for weight, pair in weights[:most]:
        found.append(pair)
        reached += weight
        if reached >= WEIGHED * total:
            break
    return found


def _with(model: Model, left: IntArray, label: IntArray) -> FloatArray:
    """Values of configurations with one more pair; without it where no memories can reach that."""
    known, counts = model.process.configurations, left.copy()
    counts[np.arange(len(label)), label] += 1
    rank = known.rank(counts)
    return model.values[np.where(rank >= 0, rank, known.rank(left))]
