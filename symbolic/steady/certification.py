"""Greatest rates proved over the rationals: the policy of a rate evaluated exactly, and repaired where it must be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import fmpz

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.physics.imported import map_name
from lpdistill.physics.known import DEFAULT
from lpdistill.progress import silent
from lpdistill.rates.given import RATE
from lpdistill.rates.models import Earning, RateModel
from lpdistill.rates.rate import Rate
from symbolic.exact.charges import Charges
from symbolic.exact.model import ExactModel, Parameters, elements
from symbolic.steady.certificate import RateBracket, RateCertificate
from symbolic.steady.earning import ExactEarning
from symbolic.steady.gain import ExactGain, Prices
from symbolic.steady.vertex import RateVertex

MOST_CONFIGURATIONS, MOST_COLUMNS = 1_000, 100_000
"""Configurations and columns up to which rates are proved exactly: some minutes."""

MOST_REPAIRS = 100
"""Rounds of Howard's method over the rationals, far beyond what is ever needed."""


def certify_rate(rate: Rate, *, progress: Callable[[str], None] = silent) -> RateCertificate | RateBracket:
    """Prove a greatest rate in rational arithmetic.

    Gain and bias of the policy that floating point found are solved for exactly, and so are the reduced costs of all
    columns.  If one is negative, Howard's method goes on over the rationals.  Nothing of the floating-point answer is
    trusted.

    Within budgets, and where users share what is delivered, prices and the rates of a policy are solved for exactly,
    too (:mod:`symbolic.steady.vertex`).  Where labels stand for levels, both label models are proved, and with them
    bounds on the gain, which is known exactly where they are equal.

    Parameters
    ----------
    rate
        What :func:`lpdistill.throughput` or :func:`lpdistill.key_rate` returned; a worth that returns fractions of
        fractions.
    progress
        Told what is being done, for long work.

    Raises
    ------
    ModelError
        If it is of a worth that is not rational, or of tenants whose logarithms count, or labels stand for the levels
        of another map than the paper's.
    LimitError
        If the program is too large.
    NotCertifiedError
        If no proof is found.

    Examples
    --------
    >>> from lpdistill import Problem, throughput
    >>> certify_rate(throughput(Problem("1/2", 2, "3/4", "79/100"))).gain
    Fraction(173, 2448)
    """
    rate = RATE.meant(rate, "rate")
    if rate.balance is not None:
        raise ModelError("fair", "must be sum or max-min for a proof: logarithms of rates are no fractions", None)
    if rate.earning.average is not None:
        raise ModelError("average_fidelity", "has no certificate yet; certify a target", None)
    if (rate.found.above is not None or rate.earning.delivery.chosen) and rate.problem.distillation != DEFAULT:
        raise ModelError(
            "distillation",
            "must be bbpssw of two pairs without noise: for labels, users and worths no certificate shows another",
            map_name(rate.problem.distillation),
        )
    below = _certified(rate.found.model, rate.earning, progress)
    if rate.found.above is None:
        return below
    above = _certified(rate.found.above, rate.earning, progress)
    return RateBracket(rate.found.model.labels.grid, below, above)


def _certified(found: RateModel, earning: Earning, progress: Callable[[str], None]) -> RateCertificate:
    """The proof of the greatest rate on some levels."""
    dynamics = found.process
    _require_small(found)
    earned, model = ExactEarning(dynamics, earning), ExactModel.rational(dynamics)
    vertex = None
    if found.optimum.dual is not None:
        progress("exact prices")
        vertex = RateVertex.of(model, found.optimum, earned, found.problem.budgets)
    policy = found.optimum.columns if found.optimum.dual is None else found.optimum.dual.policy.choice.columns
    prices = earned.prices() if vertex is None else vertex.earned()
    gain, tight = _optimal(model, policy, prices, progress)
    if vertex is not None and gain.gain + vertex.granted != vertex.gain:
        raise NotCertifiedError("the policy found in floating point is not optimal within what is asked, exactly")
    changed = gain.rows.configuration[gain.rows.columns != policy]
    repaired = tuple(map(dynamics.names.key, changed.tolist()))
    return RateCertificate(model, gain, tight, repaired, earned, vertex)


def _optimal(
    model: ExactModel, columns: IntArray, prices: Prices, progress: Callable[[str], None]
) -> tuple[ExactGain, IntArray]:
    """The best policy where resources have prices, by Howard's method from a given one, and all tight columns."""
    for _ in range(MOST_REPAIRS):
        progress(f"exact gain and bias of {len(columns):,} configurations")
        found = ExactGain.of(model, columns, prices)
        progress(f"exact reduced costs of {model.dynamics.column_count:,} columns")
        tight, negative, owners = _signs(model, found, prices)
        if not len(negative):
            return found, tight
        columns = columns.copy()
        columns[np.searchsorted(found.rows.configuration, owners)] = negative
    raise NotCertifiedError(f"exact policy iteration did not end within {MOST_REPAIRS} rounds")


def _signs(model: ExactModel, found: ExactGain, prices: Prices) -> tuple[IntArray, IntArray, IntArray]:
    """The columns of reduced cost zero, increasing, and those of negative reduced cost, with their configurations."""
    dynamics = model.dynamics
    at = Parameters.rational(dynamics).charging(Charges(dynamics, prices, found.gain))
    values = elements([fmpz(0)] * dynamics.size)
    values[found.rows.configuration] = -found.bias * at.unit  # what the future costs: less what it earns more
    parts = list(model.reduced_costs(values, found.denominator, at))
    tight = np.concatenate([some.columns[some.value == 0] for some in parts])
    negative = [some.at(some.value < 0) for some in parts]
    below, owners = (
        np.concatenate([one.columns for one in negative]),
        np.concatenate([one.configuration for one in negative]),
    )
    return np.sort(tight), below, owners


def _require_small(found: RateModel) -> None:
    """Refuse programs that are too large.

    Raises
    ------
    LimitError
        If one is.
    """
    size = {"configurations": found.process.size, "columns": found.process.column_count}
    if size["configurations"] > MOST_CONFIGURATIONS or size["columns"] > MOST_COLUMNS:
        raise LimitError(
            f"memories: the program has {size['configurations']:,} configurations and {size['columns']:,} columns; "
            f"rates are proved exactly with up to {MOST_CONFIGURATIONS:,} and {MOST_COLUMNS:,}; take fewer memories, "
            "or a target with fewer levels",
            size=size,
        )
