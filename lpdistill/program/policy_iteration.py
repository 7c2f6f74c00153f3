"""Policy iteration: block pivoting on the occupation program, ended by a proof in floating point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.priced import Priced
from lpdistill.process.process import Choice, Contraction, Process
from lpdistill.program.differences import Twofold
from lpdistill.program.evaluation import all_leave, raise_improper, stuck
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.proof import Evaluated, Feasibility, bounds, evaluated, feasibility, iterated
from lpdistill.progress import silent

MOST_ROUNDS = 1000
"""Far beyond what policy iteration takes (three to six rounds); more would mean that arithmetic has failed."""

MANY = 1000
"""Configurations beyond which only the columns that changed are described, if they are few."""


@dataclass(frozen=True)
class Optimum:
    """An optimal policy with its proof, for the tariff of its process.

    Attributes
    ----------
    policy
        One column for every live configuration.
    values
        Expected cost to go of the policy (its expected time to go, as a rule), (configurations,).
    lower, upper
        Proven bounds on the least expected cost to go, and on the policy's, (configurations,).
    floor
        The values that prove the lower bounds: feasible for the dual program.
    ceiling
        The values that prove the upper bounds.
    generated
        All columns that some round chose, increasing: the restricted master of column generation.
    rounds
        Times that all columns were priced.
    objective
        What is made least.
    priced
        The columns as they were priced last, for values a few roundings below those of the policy; None where that is
        not kept.
    owners
        Configuration of each of the generated columns, (generated,); None where that is not kept.
    """

    policy: Choice
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    floor: Twofold
    ceiling: Twofold
    generated: IntArray
    rounds: int
    objective: Objective = FIRST_DELIVERY
    priced: Priced | None = field(default=None, repr=False, compare=False)
    owners: IntArray | None = field(default=None, repr=False, compare=False)


def policy_iteration(
    process: Process,
    columns: IntArray,
    progress: Callable[[str], None] = silent,
    objective: Objective = FIRST_DELIVERY,
    *,
    near: FloatArray | None = None,
) -> Optimum:
    r"""Improve a proper policy in all configurations at once, until no column of the program can.

    Each round evaluates the policy, prices every column, and replaces the column of every configuration that has a
    better one: a simplex method that pivots as many rows at a time as it can.

    The rounds end with a proof (:mod:`lpdistill.program.proof`): values for costs lowered by a few roundings are
    feasible for the dual program over *all* columns, and those for raised costs bound this policy from above.  Where
    runs could go in circles for nothing, configurations are merged first (:mod:`lpdistill.process.merged`), and no
    policy of a written process is taken on that its graph does not show to be proper.

    Parameters
    ----------
    process
        All columns.  No column may cost less than nothing.
    columns
        A proper policy, one column per live configuration, in order.
    progress
        Told what is being done.
    objective
        What is made least.
    near
        About what the given policy costs, (configurations,), where that is known.

    Raises
    ------
    ImproperPolicyError
        If the given policy is not proper.
    NotCertifiedError
        If no proof is found.
    """
    if process.merged is not None:
        merged = process.merged
        start = _projected(process, merged, columns)
        return _lifted(process, merged, policy_iteration(merged.process, start, progress, objective))
    policy = process.choose(columns)
    small = iterated(policy, objective) if process.written is None else None
    if small is not None:
        found, values, compared = small
        for rounds in range(1, found.rounds + 1):
            progress(f"round {rounds}: pricing {process.column_count:,} columns")
        policy = process.choose(found.columns)
        return _proved(policy, values, compared, objective, (found.generated, None, found.rounds))
    live, generated, seen = process.live, [columns], {columns.tobytes()}
    owners = [policy.configuration]
    for rounds in range(1, MOST_ROUNDS):
        values = evaluated(policy, objective, near)
        near = values.values.nearest
        progress(f"round {rounds}: pricing {process.column_count:,} columns")
        compared = feasibility(process, values.lowered, objective)
        better = compared.excess > 0
        if not better.any():
            break
        changed, rows = columns.copy(), np.flatnonzero(better[live])
        changed[rows] = compared.improved(better)
        columns = changed if process.written is None else _properly(process, columns, changed, objective)
        if columns.tobytes() in seen:  # what still looks better is rounding
            break
        seen.add(columns.tobytes())
        generated.append(columns[rows])
        owners.append(policy.configuration[rows])
        few = process.written is None and len(columns) > MANY and 2 * len(rows) < len(columns)
        policy = policy.replaced(rows, process.choose(columns[rows])) if few else process.choose(columns)
    else:
        raise NotCertifiedError(f"policy iteration did not end within {MOST_ROUNDS} rounds")
    kept, first = np.unique(np.concatenate(generated), return_index=True)
    return _proved(policy, values, compared, objective, (kept, np.concatenate(owners)[first], rounds))


def _proved(
    policy: Choice,
    values: Evaluated,
    compared: Feasibility,
    objective: Objective,
    generated: tuple[IntArray, IntArray | None, int],
) -> Optimum:
    """A policy with its proof; with the columns that some round chose, whose they are, and the number of rounds.

    Raises
    ------
    NotCertifiedError
        If no proof is found.
    """
    kept, owners, rounds = generated
    floor, ceiling = compared.floor, values.raised
    lower, upper = bounds(policy.process, floor, ceiling)
    if not objective.closed(lower, upper):
        raise NotCertifiedError(
            f"the proven bounds of some configuration are more than {objective.gap:g} apart, relative to their size: a "
            "run has too many steps, or steps of too different cost; make runs shorter, or durations of similar size"
        )
    return Optimum(
        policy,
        values.values.nearest.clip(lower, upper),
        lower,
        upper,
        floor,
        ceiling,
        kept,
        rounds,
        objective,
        compared.priced,
        owners,
    )


def _properly(process: Process, columns: IntArray, changed: IntArray, objective: Objective) -> IntArray:
    """A changed policy, with the columns as they were from where it would not reach the target: it is proper."""
    policy = process.choose(changed)
    if all_leave(policy):
        return changed
    return np.where(stuck(policy, objective), columns, changed)


def _projected(process: Process, merged: Contraction, columns: IntArray) -> IntArray:
    """A proper policy as one of the merged process.

    Raises
    ------
    ImproperPolicyError
        If it is not proper.
    """
    found = merged.projected(columns)
    if len(found) < np.count_nonzero(merged.process.live):
        raise_improper(process.choose(columns))
    return found


def _lifted(process: Process, merged: Contraction, optimum: Optimum) -> Optimum:
    """An optimum of the merged process as one of the process itself."""

    def everywhere(values: FloatArray) -> FloatArray:
        return values[merged.label]

    owners = process.choose(optimum.policy.columns).configuration
    _, columns = merged.lifted(owners, optimum.policy.columns)
    floor = Twofold(everywhere(optimum.floor.head), everywhere(optimum.floor.tail))
    ceiling = Twofold(everywhere(optimum.ceiling.head), everywhere(optimum.ceiling.tail))
    lower, upper = bounds(process, floor, ceiling)
    return replace(
        optimum,
        policy=process.choose(columns),
        values=everywhere(optimum.values),
        lower=lower,
        upper=upper,
        floor=floor,
        ceiling=ceiling,
        generated=np.union1d(optimum.generated, columns),
        owners=None,
    )
