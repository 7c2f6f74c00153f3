"""What numbers of a policy on labels are of the true pairs, whose fidelities are those of their labels or more.

Where no result is rounded that runs come by, they are the true numbers.  Otherwise a controller can follow the labels
on true pairs, taking a success as a failure as often as labels would have it fail: its runs are those of the label
model, but may end earlier.  So it is done by any time at least as probably, and no total that only grows is greater;
the memory time may be, where pairs that labels know nothing of cannot be discarded.
"""

from __future__ import annotations

import numpy as np

from lpdistill.errors import InfiniteLevelsError, ModelError
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.levels import Levels
from lpdistill.physics.rounding import Labels, Rounding
from lpdistill.problem.labels import labels_of, with_labels
from lpdistill.problem.question import Question, is_problem
from lpdistill.process.process import Process
from lpdistill.program.plan import Plan

PROMISE = "labels round results down: by true fidelities runs take no longer (P(T <= t) is at least what is said)"
"""What is to be said of the law of a policy on labels."""


def rounds(plan: Plan) -> bool:
    """Whether runs from the start may come by a result that is rounded down, so that numbers are bounds."""
    labels = _labels(plan.uses.process)
    if labels is None or not (labels.results or isinstance(labels, AgedLabels)):
        return False
    used = plan.entered[plan.uses.configuration] & (plan.probability > 0)
    actions = plan.uses.process.names.actions(plan.uses.columns[np.flatnonzero(used)])
    return any(isinstance(labels, AgedLabels) or pair in labels.results for action in actions for pair in action.distil)


def _labels(process: Process) -> Labels | None:
    """The labels of a process, if there are some that round down."""
    levels = process.names.levels
    return levels if isinstance(levels, Labels) and levels.rounding is Rounding.FLOOR else None


def on_labels(problem: Question, levels: Levels | None) -> Question:
    """A problem with the labels of a policy that is to be followed, if its levels are labels.

    Raises
    ------
    InfiniteLevelsError
        If there are infinitely many levels, and nothing says which labels stand for them.
    ModelError
        If the labels were made for another raw fidelity or target.
    """
    if not is_problem(problem) or labels_of(problem) is not None:
        return problem
    if isinstance(levels, Labels):
        if (levels[0].fidelity, levels.target) != (problem.f0, problem.target):
            made_for = f"{float(levels[0].fidelity):g} -> {float(levels.target):g}"
            raise ModelError("policy", f"tells pairs apart by labels for {made_for}, not those of", str(problem))
        return with_labels(problem, levels)
    try:
        problem.levels  # noqa: B018 - refused here, where a remedy is known
    except InfiniteLevelsError as error:
        raise InfiniteLevelsError(
            f"{error}, or take labels for levels: the problem of a solution, solve(problem).problem, has some",
            target=error.target,
            pumping_limit=error.pumping_limit,
            memory_limit=error.memory_limit,
        ) from None
    return problem
