r"""Optima of the label models of a grid, and what they round.

The results that the optimum of CEIL rounds are weighted,

.. math:: w_t = (\text{expected uses of } t) \cdot s_t \cdot
          \bigl(V_{\mathrm{ceil}}(\text{label below}) - V_{\mathrm{ceil}}(\text{label above})\bigr)

(values with the pairs left alone): those of greatest weight become labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.hardware.actions import Attempts
from lpdistill.physics.aged import AgedGrid
from lpdistill.physics.rounding import Grid, Labels, Rounding
from lpdistill.physics.truncation import Truncation
from lpdistill.problem.labels import labels_of, with_labels
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

NO_WEIGHT = 1e-13
"""Weight of a rounded result, relative to the waiting time, that counts as none."""


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
    def taken(self) -> tuple[IntArray, FloatArray]:
        """The columns that the policy takes, and how often, (columns,)."""
        return self.plan.uses.columns, self.plan.occupation

    @property
    def scale(self) -> float:
        """The least expected cost."""
        return float(self.plan.values[0])

    @property
    def waiting_time(self) -> float:
        """Least expected waiting time."""
        return float(self.plan.values[0]) - float(self.process.durations.uncharged)


class Rounded(Protocol):
    """An optimum of CEIL, of which it matters what it rounds."""

    @property
    def labels(self) -> Labels:
        """Its labels."""
        ...

    @property
    def process(self) -> LabelProcess:
        """Its decision process."""
        ...

    @property
    def taken(self) -> tuple[IntArray, FloatArray]:
        """The columns that its policy takes, and how often, (columns,)."""
        ...

    @property
    def values(self) -> FloatArray:
        """What is still to come from each configuration, (configurations,)."""
        ...

    @property
    def scale(self) -> float:
        """How much all is, of which a weight that counts as none is a share."""
        ...


def label_model(problem: Problem, grid: Grid | AgedGrid, rounding: Rounding, *, whatever: bool = False) -> Labels:
    """The levels of a label model of a problem.

    Distillations whose label is not above those of both pairs are left out, unless a step that distils may be shorter
    than one that only generates: otherwise none of them is needed.  They stay where the model is to hold ``whatever``
    the durations are.
    """
    if isinstance(grid, AgedGrid):
        return grid.labels(rounding)
    useless = whatever or problem.generation_time > problem.distillation_time
    return grid.labels(rounding, problem.memories, useless=useless)


def labelled(problem: Problem, grid: Grid | AgedGrid, rounding: Rounding, *, whatever: bool = False) -> Problem:
    """The same problem with the labels of such a model for its levels."""
    return with_labels(problem, label_model(problem, grid, rounding, whatever=whatever))


def optimum(
    problem: Problem,
    attempts: Attempts | None,
    near: Sequence[Model | None],
    told: Callable[[str], None] = silent,
) -> Model | None:
    """The optimum of a label model, found from that of a similar one; None where it does not reach the target.

    Parameters
    ----------
    problem
        A problem with labels.
    attempts
        Which numbers of attempts actions have; by default, those that an optimum may need.
    near
        Similar label models.
    told
        Told what is being done.
    """
    process = label_process(problem, attempts, told)
    if not process.live[0]:
        return None
    starts = (_start(process, model) for model in near if model is not None)
    start = next((found for found in starts if found is not None), None)
    found = policy_iteration(process, process.admission.proper() if start is None else start, told)
    plan, values = Plan.optimal(found), found.values
    if problem.budgets:
        budgeted = within_budgets(process, problem.budgets, found)
        plan, values = budgeted.plan, budgeted.dual.values
    return Model(problem, process, found.policy.columns, plan, np.where(process.live, values, np.inf))


def _start(process: LabelProcess, near: Model) -> IntArray | None:
    """A policy to start from: best for the values of a similar model, of every pair's label below; None if improper."""
    if process.problem.hardware.coherence is not None:
        return None
    known = [level.fidelity for level in near.labels]
    below = [
        max((index for index, fidelity in enumerate(known) if fidelity <= level.fidelity), default=0)
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


def rounded(lower: Rounded, *, apart: bool) -> list[tuple[Any, ...]]:
    """What is distilled into new labels: of greatest weight among those whose results the optimum of CEIL rounds.

    The pair that is kept comes first.  Where levels are told apart, a result weighs as often as it is made.

    Where the models are ``apart`` though no result has a weight, those that are used most.
    """
    labels, process, (columns, often) = lower.labels, lower.process, lower.taken
    recipes = process.numbering.repertoire.distillations
    keys = [labels.grid.key(level.state) for level in labels]
    used = np.flatnonzero(often > 0)
    row, recipe, left = process.numbering.carried(columns[used])
    rounds = [one.made[0].produced[0] if one.consumed in labels.results else -1 for one in recipes]
    above = np.array(rounds, dtype=np.int64)
    true = np.array([set(one.consumed) <= labels.exact for one in recipes], dtype=bool)
    kept = (above[recipe] >= 0) & true[recipe]
    row, recipe, left = row[kept], recipe[kept], left[row[kept]]
    success = np.array([float(one.success) for one in recipes])
    drop = np.ones(len(recipe))
    if not isinstance(labels.grid, Truncation):
        drop = _with(lower, left, above[recipe] - 1) - _with(lower, left, above[recipe])
    least, uses = NO_WEIGHT * lower.scale, often[used][row]
    weight = np.bincount(recipe, uses * success[recipe] * drop, minlength=len(recipes))
    if apart and not (weight > least).any():
        weight, least = np.bincount(recipe, uses, minlength=len(recipes)), 0.0
    weights = [
        (weight[one], tuple(keys[level] for level in reversed(recipes[one].consumed)))
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


def _with(model: Rounded, left: IntArray, label: IntArray) -> FloatArray:
    """Values of configurations with one more pair; without it where no memories can reach that."""
    known, counts = model.process.configurations, left.copy()
    counts[np.arange(len(label)), label] += 1
    rank = known.rank(counts)
    return model.values[np.where(rank >= 0, rank, known.rank(left))]
