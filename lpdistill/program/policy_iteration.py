"""Policy iteration: block pivoting on the occupation program, ended by a proof in floating point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.model.process import Choice, Priced, Process
from lpdistill.program.evaluation import evaluate, require_leaving
from lpdistill.progress import silent

MARGIN = 4.0
"""Roundings by which the values of a proof stay below those of the policy."""

MOST_ROUNDS = 1000
"""Far beyond what policy iteration takes (three to six rounds); more would mean that arithmetic has failed."""

GAP = 1e-9
"""Relative distance of the proven bounds, in any configuration, beyond which no optimum is claimed."""


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
    generated
        All columns that some round chose, increasing: the restricted master of column generation.
    rounds
        Times that all columns were priced.
    priced
        The columns as they were priced last, for values a few roundings below those of the policy; None where that is
        not kept.
    """

    policy: Choice
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    generated: IntArray
    rounds: int
    priced: Priced | None = field(default=None, repr=False, compare=False)


def policy_iteration(process: Process, columns: IntArray, progress: Callable[[str], None] = silent) -> Optimum:
    r"""Improve a proper policy in all configurations at once, until no column of the program can.

    Each round evaluates the policy, prices every column, and replaces the column of every configuration that has a
    better one: a simplex method that pivots as many rows at a time as it can.

    The rounds end with a proof.  Values ``U`` are computed for costs lowered by a few roundings; if
    :math:`U(s) \le (1 - \gamma)\, \min_a Q_U(s, a)` in floating point, where :math:`\gamma` bounds the rounding error
    of an action value, then ``U`` is feasible for the dual program over *all* columns, and so a lower bound on the
    expected time of every policy.  Likewise, raised costs give an upper bound for this policy.

    Parameters
    ----------
    process
        All columns.  No column may cost less than nothing.
    columns
        A proper policy, one column per live configuration, in order.
    progress
        Told what is being done.

    Raises
    ------
    ImproperPolicyError
        If the given policy is not proper.
    NotCertifiedError
        If no proof is found.
    """
    gamma, live, generated, seen = process.rounding, process.live, [columns], {columns.tobytes()}
    for rounds in range(1, MOST_ROUNDS):
        policy = process.choose(columns)
        require_leaving(policy)
        local = policy.cost / policy.leaving
        try:
            values = evaluate(policy, local)
        except ImproperPolicyError as error:
            if rounds == 1:
                raise
            raise NotCertifiedError(
                f"no proof: going in circles through {error.deadlock[0]} costs too little to be told from rounding; "
                "give every action a duration above 0, of similar size"
            ) from None
        values = evaluate(policy, local, scale=values)
        progress(f"round {rounds}: pricing {process.column_count:,} columns")
        margin = MARGIN * gamma * values[policy.configuration]
        low = evaluate(policy, local - margin, scale=values)
        priced = process.price(low)
        better = dual_excess(process, priced, low) > 0
        if not better.any():
            break
        columns = columns.copy()
        columns[better[live]] = priced.columns(better)
        if columns.tobytes() in seen:  # what still looks better is rounding
            break
        seen.add(columns.tobytes())
        generated.append(columns[better[live]])
    else:
        raise NotCertifiedError(f"policy iteration did not end within {MOST_ROUNDS} rounds")
    high = evaluate(policy, local + margin, scale=values)
    least = process.tariff.time * process.least_duration
    lower = _scaled_down(low, float(dual_excess(process, priced, low).max()), least)
    upper = scaled_up(high, float(policy_shortfall(policy, high).max()), least)
    if (upper - lower > GAP * upper).any():
        raise NotCertifiedError(
            f"the proven bounds of some configuration are more than {GAP:g} apart, relative to their size: a run has "
            "too many steps, or steps of too different cost; take a larger p, or times of similar size"
        )
    columns = np.unique(np.concatenate(generated))
    return Optimum(policy, values.clip(lower, upper), lower, upper, columns, rounds, priced)


def dual_excess(process: Process, priced: Priced, low: FloatArray) -> FloatArray:
    """By how much values exceed what is proved of their least action values, (configurations,).

    Where none does, the values are feasible for the dual program, whatever was rounded.  Nothing need be proved where
    no policy reaches the target for sure: the least expected cost is infinite there.
    """
    return np.where(process.live, low - priced.best * (1 - process.rounding), -np.inf)


def policy_shortfall(policy: Choice, high: FloatArray) -> FloatArray:
    """By how much values fall short of what is proved of a policy's action values, (columns,).

    Where none does, the values bound the expected costs of the policy from above, whatever was rounded.
    """
    return np.asarray(policy.action_values(high) * (1 + policy.process.rounding) - high[policy.configuration])


def _scaled_down(low: FloatArray, excess: float, least: float) -> FloatArray:
    """Dual feasible values, given some that exceed an action value by at most ``excess``.

    If ``V <= c + P V + excess`` and every ``c >= least``, then ``(1 - e) V`` is feasible for
    ``e = excess / (least + excess)``; twice the excess is taken, so that rounding cannot undo it.
    """
    if excess <= 0:
        return low
    if least <= 0:
        raise NotCertifiedError(
            "no lower bound: some steps take no time, and rounding leaves the dual values infeasible by "
            f"{excess:.3g}; give every step a duration above 0"
        )
    return low * (1 - 2 * excess / (least + 2 * excess))


def scaled_up(high: FloatArray, shortfall: float, least: float) -> FloatArray:
    """Values that bound a policy's from above, given some that fall short of an action value by ``shortfall``."""
    if shortfall <= 0:
        return high
    if least <= 2 * shortfall:
        raise NotCertifiedError(
            f"no upper bound: rounding leaves the values of the policy short by {shortfall:.3g}, as much as a step "
            "takes; take a larger p, or times of similar size"
        )
    return high * (1 + 2 * shortfall / (least - 2 * shortfall))
