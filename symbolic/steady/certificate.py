r"""Greatest rates of the steady state proved over the rationals: gain and bias of the policy, and all reduced costs.

The policy is the best of all if no column has a negative reduced cost :math:`h(s) + g \tau - r - P h`:
:mod:`symbolic.checking.steady` says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from lpdistill.arrays import IntArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.physics.rounding import Grid
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.names import action_as_json
from lpdistill.solution.answer import SHOWN, Block, Summary
from lpdistill.solution.tables import described
from lpdistill.solution.wording import Wording
from symbolic.algebra.rational_function import fraction
from symbolic.exact.bracket import stated_grid
from symbolic.exact.certificate import ExactProof, stated
from symbolic.exact.labels import Counts, labels
from symbolic.exact.model import ExactModel, Parameters
from symbolic.exact.text import exact_text, shortened
from symbolic.steady.earning import ExactEarning
from symbolic.steady.gain import ExactGain
from symbolic.steady.vertex import RateVertex

VERSION = "1.1"
"""Version of the format of certificates of rates (docs/certificate.md)."""


@dataclass(frozen=True, eq=False, repr=False)
class RateCertificate(ExactProof):
    """A greatest rate with its proof in rational arithmetic.

    Attributes
    ----------
    model
        The columns of the problem.
    found
        A deterministic policy, with its gain and bias: at the prices of limits and claims, if there are any.
    tight
        All columns with reduced cost zero, increasing: the optimal actions.
    repaired
        Configurations in which the policy found in floating point was not optimal, and had to be changed.
    earning
        What is earned.
    vertex
        The policy within budgets, or that serves users, with its prices, where there are some.
    """

    _KIND = "rate-certificate"

    model: ExactModel
    found: ExactGain
    tight: IntArray
    repaired: tuple[Counts, ...]
    earning: ExactEarning
    vertex: RateVertex | None = None

    @property
    def dynamics(self) -> Dynamics:
        """The columns of the problem."""
        return self.model.dynamics

    @property
    def gain(self) -> Fraction:
        """The greatest number of pairs per unit of time, or of what they are worth."""
        return self.found.gain if self.vertex is None else self.vertex.gain

    @property
    def lower_bound(self) -> Fraction:
        """The policy earns no less."""
        return self.gain

    @property
    def upper_bound(self) -> Fraction:
        """No policy earns more."""
        return self.gain

    @cached_property
    def bias(self) -> dict[Counts, Fraction]:
        """How much more is earned, in the long run, from each configuration than from empty memories; at prices."""
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
        """The action wherever runs from empty memories come.

        Raises
        ------
        ModelError
            If the policy may randomise, within budgets or among users: see :attr:`occupation`.
        """
        if self.vertex is not None:
            raise ModelError("policy", "may randomise here; take occupation, which has how often what is done", None)
        return self._chosen

    @property
    def occupation(self) -> dict[Counts, dict[Action, Fraction]]:
        """How often per unit of time the policy takes which action, where limits or users make it randomise."""
        return {} if self.vertex is None else self.vertex.taken()

    @cached_property
    def _chosen(self) -> dict[Counts, Action]:
        """What the deterministic policy does wherever its runs from empty memories come."""
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
        """The optimal actions of the configurations that runs come to and that have several; none at prices."""
        if self.vertex is not None:
            return {}
        optimal = self.optimal_actions
        return {counts: optimal[counts] for counts in self._chosen if len(optimal[counts]) > 1}

    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""
        return {"gain": exact_text(self.gain), "checked_columns": self.checked_columns}

    @property
    def _question(self) -> dict[str, Any]:
        return {**stated(self.dynamics), **self.earning.stated()}

    def _content(self) -> dict[str, Any]:
        return {"version": VERSION, **self.proof()}

    def proof(self) -> dict[str, Any]:
        """What is proved and what it takes to check it, as JSON data."""
        optimal = self.optimal_actions
        return {
            **self.claims(),
            "repaired": [list(counts) for counts in self.repaired],
            "exact": [
                {
                    "counts": list(counts),
                    "value": exact_text(self.bias[counts]),
                    "action": action_as_json(action),
                    "optimal": [action_as_json(other) for other in optimal[counts]],
                }
                for _, counts, action in labels(self.dynamics, self.found.rows.columns)
            ],
            **({} if self.vertex is None else self.vertex.to_dict()),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration that runs come to, or action that they take; exactly, as text."""
        for counts, taken in self.occupation.items():
            for action, rate in taken.items():
                yield {"counts": counts, **described(action), "rate": exact_text(rate)}
        for counts, action in self._chosen.items() if self.vertex is None else ():
            yield {"counts": counts, **described(action), "value": exact_text(self.bias[counts])}

    def _lines(self) -> Iterable[tuple[str, str]]:
        mended = f"repaired in {len(self.repaired):,} configurations" if self.repaired else "confirmed as it was found"
        yield "problem", str(self.dynamics.problem)
        yield "gain", f"{float(self.gain):.12g} = {shortened(self.gain)}"
        yield "proved", f"optimal: no reduced cost of {self.checked_columns:,} columns is negative"
        if self.vertex is not None:
            yield from self.vertex.lines()
            return
        yield "policy", f"comes to {len(self._chosen):,} configurations, {mended}"
        ties = f"ties in {len(self.ties):,} of them" if self.ties else "no other action is as good"
        yield "optimal", ties

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - what is tied is always told
        """What is exact, and what would be as good as what the policy does."""
        yield Summary([line for line in self._lines() if line[0] != "problem"], "exactly")
        words = Wording(self.dynamics.problem.levels, self.dynamics.problem.hardware.memories)
        for counts, actions in self.ties.items():
            yield f"as good in {words.configuration(counts)}: " + " or ".join(map(words.phrase, actions))


@dataclass(frozen=True, eq=False, repr=False)
class RateBracket(ExactProof):
    """Bounds on the greatest rate, and a policy that keeps the lower one, proved in rational arithmetic.

    Attributes
    ----------
    grid
        The labels, each with how it is made.
    lower
        The optimum where results are rounded down: its policy earns no less, and tells pairs apart by their labels.
    upper
        The optimum where results are rounded up: no policy earns more.
    """

    _KIND = "rate-certificate"

    grid: Grid
    lower: RateCertificate
    upper: RateCertificate

    @property
    def lower_bound(self) -> Fraction:
        """The policy earns no less."""
        return self.lower.gain

    @property
    def upper_bound(self) -> Fraction:
        """No policy earns more."""
        return self.upper.gain

    @property
    def gain(self) -> Fraction:
        """The greatest number of pairs per unit of time, or of what they are worth.

        Raises
        ------
        NotCertifiedError
            If the bounds are not equal.
        """
        if self.lower_bound != self.upper_bound:
            raise NotCertifiedError(
                f"the gain is proved to lie between {float(self.lower_bound):.9g} and {float(self.upper_bound):.9g}; "
                "take lower_bound and upper_bound, or ask for less distance (within)"
            )
        return self.lower_bound

    @property
    def checked_columns(self) -> int:
        """Columns of both label models, none of which has a negative reduced cost."""
        return self.lower.checked_columns + self.upper.checked_columns

    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""
        return {
            **({"gain": exact_text(self.gain)} if self.lower_bound == self.upper_bound else {}),
            "lower_bound": exact_text(self.lower_bound),
            "upper_bound": exact_text(self.upper_bound),
            "checked_columns": self.checked_columns,
        }

    @property
    def _question(self) -> dict[str, Any]:
        worth = {**self.upper.earning.stated().get("worth", {}), **self.lower.earning.stated().get("worth", {})}
        return self.lower._question | ({"worth": worth} if worth else {})  # noqa: SLF001 - of both label models

    def _content(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            **self.claims(),
            "grid": stated_grid(self.grid),
            "lower": self.lower.proof(),
            "upper": self.upper.proof(),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration that the policy comes to; the bias exactly, as text."""
        return self.lower._cells()  # noqa: SLF001 - its policy

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "problem", str(self.lower.dynamics.problem)
        if self.lower_bound == self.upper_bound:
            yield "gain", f"{float(self.gain):.12g} = {shortened(self.gain)}"
        else:
            yield "no less than", f"{float(self.lower_bound):.12g} = {shortened(self.lower_bound)}"
            yield "no more than", f"{float(self.upper_bound):.12g} = {shortened(self.upper_bound)}"
        grid = "one label" if len(self.grid) == 1 else f"{len(self.grid):,} labels"
        yield "proved", f"for {grid}: no reduced cost of {self.checked_columns:,} columns is negative"

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - as every proof has it
        """What is exact."""
        yield Summary([line for line in self._lines() if line[0] != "problem"], "exactly")
