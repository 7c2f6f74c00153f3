"""What numbers of a policy on labels are of the true pairs, whose fidelities are those of their labels or more.

Where no result is rounded that runs come by, they are the true numbers.  Otherwise a controller can follow the labels
on true pairs, taking a success as a failure as often as labels would have it fail: its runs are those of the label
model, but may end earlier.  So it is done by any time at least as probably, and no total that only grows is greater;
the memory time may be, where pairs that labels know nothing of cannot be discarded.
"""

from __future__ import annotations

import numpy as np

from lpdistill.physics.rounding import Labels, Rounding
from lpdistill.process.process import Process
from lpdistill.program.plan import Plan

PROMISE = "labels round results down: by true fidelities runs take no longer (P(T <= t) is at least what is said)"
"""What is to be said of the law of a policy on labels."""


def rounds(plan: Plan) -> bool:
    """Whether runs from the start may come by a result that is rounded down, so that numbers are bounds."""
    labels = _labels(plan.uses.process)
    if labels is None or not labels.results:
        return False
    used = plan.entered[plan.uses.configuration] & (plan.probability > 0)
    actions = plan.uses.process.names.actions(plan.uses.columns[np.flatnonzero(used)])
    return any(pair in labels.results for action in actions for pair in action.distil)


def _labels(process: Process) -> Labels | None:
    """The labels of a process, if there are some that round down."""
    levels = process.names.levels
    return levels if isinstance(levels, Labels) and levels.rounding is Rounding.FLOOR else None
