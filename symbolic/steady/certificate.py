r"""Greatest rates of the steady state proved over the rationals: gain and bias of the policy, and all reduced costs.

The policy is the best of all if no column has a negative reduced cost :math:`h(s) + g \tau - r - P h`:
:mod:`symbolic.checking.steady` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.hardware.delivery import Delivery
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import REACHING
from lpdistill.progress import silent
from lpdistill.rates.given import RATE
from lpdistill.rates.rate import Rate
from lpdistill.solution.answer import SHOWN, Block, Summary
from lpdistill.solution.tables import described
from lpdistill.solution.wording import Wording
from symbolic.algebra.rational_function import fraction
from symbolic.exact.certificate import ExactProof, stated
from symbolic.exact.charges import Charges
from symbolic.exact.labels import Counts, action_dict, labels
from symbolic.exact.model import ExactModel, Parameters, elements
from symbolic.exact.text import exact_text, shortened
from symbolic.steady.gain import ExactGain

VERSION = "1.0"
"""Version of the format of certificates of rates (docs/certificate.md)."""

MOST_CONFIGURATIONS, MOST_COLUMNS = 1_000, 100_000
"""Configurations and columns up to which rates are proved exactly: some minutes."""

MOST_REPAIRS = 100
"""Rounds of Howard's method over the rationals, far beyond what is ever needed."""


@dataclass(frozen=True, eq=False, repr=False)
class RateCertificate(ExactProof):
    """A greatest rate with its proof in rational arithmetic.

    Attributes
    ----------
    model
        The columns of the problem.
    found
        The policy, with its gain and bias.
    tight
        All columns with reduced cost zero, increasing: the optimal actions.
    repaired
        Configurations in which the policy found in floating point was not optimal, and had to be changed.
    """

    _KIND = "rate-certificate"

    model: ExactModel
    found: ExactGain
    tight: IntArray
    repaired: tuple[Counts, ...]

    @property
    def dynamics(self) -> Dynamics:
        """The columns of the problem."""
        return self.model.dynamics

    @property
    def gain(self) -> Fraction:
        """The greatest number of pairs per unit of time."""
        return self.found.gain

    @cached_property
    def bias(self) -> dict[Counts, Fraction]:
        """How much more is delivered, in the long run, from each configuration than from empty memories."""
        known = zip(self.found.rows.configuration.tolist(), self.found.bias, strict=True)
        return {self.dynamics.names.key(rank): fraction(value) / int(self.found.denominator) for rank, value in known}

    @cached_property
    def checked_columns(self) -> int:
        """Columns whose reduced cost is proved not negative: all that are allowed."""
        admission = self.dynamics.admission
        listed = admission.guarded or self.dynamics.kernel.permitted is not None
        return len(admission.columns) if listed else self.dynamics.column_count

    @cached_property
    def policy(self) -> dict[Counts, Action]:
        """The action wherever runs from empty memories come."""
        entered = self.found.entered(Parameters.rational(self.dynamics))
        return {label.counts: label.action for label in labels(self.dynamics, entered)}

    @cached_property
    def optimal_actions(self) -> dict[Counts, tuple[Action, ...]]:
        """All actions with reduced cost zero, by configuration."""
        found: dict[Counts, tuple[Action, ...]] = {}
        for _, counts, action in labels(self.dynamics, self.tight):
            found[counts] = (*found.get(counts, ()), action)
        return found

    @property
    def ties(self) -> dict[Counts, tuple[Action, ...]]:
        """The optimal actions of the configurations that runs come to and that have several."""
        optimal = self.optimal_actions
        return {counts: optimal[counts] for counts in self.policy if len(optimal[counts]) > 1}

    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""
        return {"gain": exact_text(self.gain), "checked_columns": self.checked_columns}

    @property
    def _question(self) -> dict[str, Any]:
        return stated(self.dynamics)

    def _content(self) -> dict[str, Any]:
        optimal = self.optimal_actions
        return {
            "version": VERSION,
            **self.claims(),
            "repaired": [list(counts) for counts in self.repaired],
            "exact": [
                {
                    "counts": list(counts),
                    "value": exact_text(self.bias[counts]),
                    "action": action_dict(action),
                    "optimal": [action_dict(other) for other in optimal[counts]],
                }
                for _, counts, action in labels(self.dynamics, self.found.rows.columns)
            ],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration that runs come to; the bias exactly, as text."""
        for counts, action in self.policy.items():
            yield {"counts": counts, **described(action), "value": exact_text(self.bias[counts])}

    def _lines(self) -> Iterable[tuple[str, str]]:
        mended = f"repaired in {len(self.repaired):,} configurations" if self.repaired else "confirmed as it was found"
        yield "problem", str(self.dynamics.problem)
        yield "gain", f"{float(self.gain):.12g} = {shortened(self.gain)}"
        yield "proved", f"optimal: no reduced cost of {self.checked_columns:,} columns is negative"
        yield "policy", f"comes to {len(self.policy):,} configurations, {mended}"
        ties = f"ties in {len(self.ties):,} of them" if self.ties else "no other action is as good"
        yield "optimal", ties

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - what is tied is always told
        """What is exact, and what would be as good as what the policy does."""
        yield Summary([line for line in self._lines() if line[0] != "problem"], "exactly")
        words = Wording(self.dynamics.problem.levels, self.dynamics.problem.hardware.memories)
        for counts, actions in self.ties.items():
            yield f"as good in {words.configuration(counts)}: " + " or ".join(map(words.phrase, actions))


def certify_rate(rate: Rate, *, progress: Callable[[str], None] = silent) -> RateCertificate:
    """Prove a greatest rate in rational arithmetic.

    Gain and bias of the policy that floating point found are solved for exactly, and so are the reduced costs of all
    columns.  If one is negative, Howard's method goes on over the rationals.  Nothing of the floating-point answer is
    trusted.

    Parameters
    ----------
    rate
        What :func:`lpdistill.throughput` returned, without budgets, tenants and labels.
    progress
        Told what is being done, for long work.

    Raises
    ------
    ModelError
        If it is a rate of another kind: of key, which has no rational worth, within budgets, of tenants, or on labels.
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
    dynamics, columns = _required(rate)
    model, before = ExactModel.rational(dynamics), columns
    for _ in range(MOST_REPAIRS):
        progress(f"exact gain and bias of {len(columns):,} configurations")
        found = ExactGain.of(model, columns)
        progress(f"exact reduced costs of {dynamics.column_count:,} columns")
        tight, negative, owners = _signs(model, found)
        if not len(negative):
            changed = found.rows.configuration[columns != before]
            return RateCertificate(model, found, tight, tuple(map(dynamics.names.key, changed.tolist())))
        columns = columns.copy()
        columns[np.searchsorted(found.rows.configuration, owners)] = negative
    raise NotCertifiedError(f"exact policy iteration did not end within {MOST_REPAIRS} rounds")


def _signs(model: ExactModel, found: ExactGain) -> tuple[IntArray, IntArray, IntArray]:
    """The columns of reduced cost zero, increasing, and those of negative reduced cost, with their configurations."""
    dynamics = model.dynamics
    charges = Charges(dynamics, ((REACHING, Fraction(1)),), found.gain)
    at = Parameters.rational(dynamics).charging(charges)
    values = elements([fmpz(0)] * dynamics.size)
    values[found.rows.configuration] = -found.bias * at.unit  # what the future costs: less what it delivers more
    parts = list(model.reduced_costs(values, found.denominator, at))
    tight = np.concatenate([some.columns[some.value == 0] for some in parts])
    negative = [some.at(some.value < 0) for some in parts]
    below, owners = (
        np.concatenate([one.columns for one in negative]),
        np.concatenate([one.configuration for one in negative]),
    )
    return np.sort(tight), below, owners


def _required(rate: Rate) -> tuple[Dynamics, IntArray]:
    """The columns of a rate that can be proved, and its policy.

    Raises
    ------
    ModelError
        If it is of another kind.
    LimitError
        If the program is too large.
    """
    rate = RATE.meant(rate, "rate")
    model, problem = rate.found.model, rate.problem
    wrong = {
        "worth": rate.earning.delivery is not Delivery.EVERY and not rate.earning.users,
        "tenants": bool(rate.earning.users),
        "budgets": bool(problem.budgets),
        "target": rate.found.labelling is not None,
    }
    for where, found in wrong.items():
        if found:
            raise ModelError(where, _REASONS[where], float(problem.target) if where == "target" else None)
    size = {"configurations": model.process.size, "columns": model.process.column_count}
    if size["configurations"] > MOST_CONFIGURATIONS or size["columns"] > MOST_COLUMNS:
        raise LimitError(
            f"memories: the program has {size['configurations']:,} configurations and {size['columns']:,} columns; "
            f"rates are proved exactly with up to {MOST_CONFIGURATIONS:,} and {MOST_COLUMNS:,}; take fewer memories, "
            "or a target with fewer levels",
            size=size,
        )
    return model.process, model.optimum.columns


_REASONS = {
    "worth": "is no fraction, and neither are rates of it: exact rates count pairs, as throughput does",
    "tenants": "have rates that no certificate is of yet; certify the throughput of one target",
    "budgets": "have rates that no certificate is of yet; leave them out",
    "target": "leads through infinitely many levels, for which labels stand; certificates of rates have none: take a "
    "target below the pumping limit",
}
"""Why some rates are not proved exactly."""
