r"""Labels for pairs that age, added where the optima of both label models use what they round.

A pair is rounded when a distillation makes it, and when it has become older than any label says.  Its weight is how
often the policy is expected to meet it, times by how much its Werner parameter is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.physics.aged import Aged, AgedGrid, AgedLabels, Made
from lpdistill.process.reachable.ageing import AgeingProcess
from lpdistill.process.reachable.explored import ExploredColumns
from lpdistill.program.plan import Plan

ADDED = 0.25
"""Share of the labels that are added in one round for each model, at most; a few are always added."""

FEWEST = 8
"""What is always added, if it has a weight."""

WEIGHED = 0.95
"""Share of the weight of all that is rounded that those added in one round make up, if they are not too many."""

NO_WEIGHT = 1e-13
"""Weight that counts as none."""


class Solved(NamedTuple):
    """The optimum of a label model: its labels, its columns, and a policy."""

    labels: AgedLabels
    listed: ExploredColumns
    plan: Plan

    @staticmethod
    def of(plan: Plan) -> Solved:
        """That of a policy."""
        process = plan.uses.process
        assert isinstance(process, AgeingProcess)  # noqa: S101 - asked of those alone
        return Solved(process.labels, process.numbering, plan)


def with_weights(grid: AgedGrid, plans: Iterable[Plan]) -> AgedGrid | None:
    """The grid with labels for what the policies round most; None if they round nothing."""
    results: set[Made] = set()
    ages: set[Aged] = set()
    for plan in plans:
        model = Solved.of(plan)
        weights = [*_results(model), *_ages(model)]
        weights.sort(key=lambda one: -one[0])
        total, reached = sum(weight for weight, _ in weights), 0.0
        for weight, label in weights[: max(FEWEST, int(ADDED * len(grid)))]:
            if weight <= NO_WEIGHT:
                break
            if isinstance(label, Made):
                results.add(label)
            else:
                ages.add(label)
            reached += weight
            if reached >= WEIGHED * total:
                break
    again = grid.having(results, ages)
    return again if len(again) > len(grid) else None


def _results(model: Solved) -> list[tuple[float, Made | Aged]]:
    """The results of distillation that a policy meets, with their weights."""
    labels, listed, plan = model
    used = np.flatnonzero(plan.occupation > 0)
    recipes = listed.repertoire.distillations
    row, recipe, _ = listed.carried(plan.uses.columns[used])
    if not len(row):
        return []
    label, fresh = labels.made
    pairs = np.array([one.consumed for one in recipes])
    success = np.array([float(one.success) for one in recipes])
    uses = np.bincount(recipe, plan.occupation[used][row], minlength=len(recipes)) * success
    made, value = label[tuple(pairs.T)], fresh[tuple(pairs.T)]
    weight = np.where(made == len(labels), 0.0, uses * _apart(labels, made, value))
    return [
        (weight[one], Made(*sorted(labels.order[level] for level in pairs[one])))
        for one in np.flatnonzero(weight).tolist()
    ]


def _apart(labels: AgedLabels, label: IntArray, value: FloatArray) -> FloatArray:
    """By how much Werner parameters are rounded; to 0 where no label is left."""
    known = np.append(labels.values, 0.0)[np.minimum(label, len(labels) - 1)]
    return np.asarray(np.abs(value - known))


def _ages(model: Solved) -> list[tuple[float, Made | Aged]]:
    """The pairs that a policy keeps until they are older than any label says, with their weights."""
    labels, listed, plan = model
    clock = labels.aging.clock
    columns, occupation = plan.uses.columns, plan.occupation
    found: list[tuple[float, Made | Aged]] = []
    for kind, duration in enumerate((clock.generation, clock.distillation)):
        rows = np.flatnonzero((occupation > 0) & (listed.kind[columns] == kind))
        left = listed.left[columns[rows]]
        met = np.bincount(left.ravel(), np.repeat(occupation[rows], left.shape[1]), minlength=len(labels) + 1)[:-1]
        weight = met * labels.aged(duration)[1]
        found += [(weight[one], _older(labels.order[one], duration)) for one in np.flatnonzero(weight).tolist()]
    return found


def _older(label: Aged, duration: Fraction) -> Aged:
    """The same pair after a time."""
    return Aged(label.origin, label.age + duration)
