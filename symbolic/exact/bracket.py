r"""Certificates past the pumping limit: the least expected time lies between those of two label models, both proved.

Labels of a grid stand for levels, with results rounded up in one model and down in the other
(:mod:`lpdistill.physics.rounding`).  Both are finite, and the optimum of each is proved as any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from lpdistill.errors import NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.physics.rounding import Grid
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.solution.answer import SHOWN, Block, Summary
from symbolic.exact.certificate import VERSION, Certificate, ExactProof
from symbolic.exact.labels import Counts
from symbolic.exact.text import exact_text, shortened


def stated_grid(grid: Grid) -> list[dict[str, Any]]:
    """The labels of a grid, each with the two that make it, as JSON data."""
    place = {tree: index for index, tree in enumerate(grid.trees.values())}
    made = (
        (fidelity, [] if tree.children is None else [place[child] for child in tree.children])
        for fidelity, tree in grid.trees.items()
    )
    return [{"fidelity": exact_text(fidelity), **({"distil": pair} if pair else {})} for fidelity, pair in made]


@dataclass(frozen=True, eq=False, repr=False)
class BracketCertificate(ExactProof):
    """Bounds on the optimum, and a policy that keeps the upper one, proved in rational arithmetic.

    Attributes
    ----------
    grid
        The labels, each with how it is made.
    lower
        The optimum where results are rounded up: no policy is faster.
    upper
        The optimum where results are rounded down: its policy takes no longer, and tells pairs apart by their labels.
    """

    grid: Grid
    lower: Certificate
    upper: Certificate

    @property
    def problem(self) -> Problem:
        """What was asked."""
        return self.upper.problem

    @property
    def lower_bound(self) -> Fraction:
        """No policy is faster in expectation."""
        return self.lower.waiting_time

    @property
    def upper_bound(self) -> Fraction:
        """The policy is no slower in expectation."""
        return self.upper.waiting_time

    @property
    def closed(self) -> bool:
        """Whether both bounds are equal: the optimum is known exactly."""
        return self.lower_bound == self.upper_bound

    @property
    def waiting_time(self) -> Fraction:
        """Least expected waiting time from empty memories, in the user's unit of time.

        Raises
        ------
        NotCertifiedError
            If the bounds are not equal.
        """
        if not self.closed:
            raise NotCertifiedError(
                f"the waiting time is proved to lie between {float(self.lower_bound):.9g} and "
                f"{float(self.upper_bound):.9g}; take lower_bound and upper_bound, or solve within less"
            )
        return self.upper_bound

    @property
    def policy(self) -> dict[Counts, Action]:
        """The action wherever a run of the policy can come, by the labels of the pairs."""
        return self.upper.policy

    @property
    def draws(self) -> dict[Counts, dict[Action, Fraction]]:
        """Exact probability of every action that the policy takes, by the labels of the pairs."""
        return self.upper.draws

    @property
    def values(self) -> dict[Counts, Fraction]:
        """Exact expected time to go where results are rounded down, wherever it is known."""
        return self.upper.values

    @property
    def checked_columns(self) -> int:
        """Columns of both label models, none of which has a negative reduced cost."""
        return self.lower.checked_columns + self.upper.checked_columns

    @cached_property
    def unique(self) -> bool:
        """Whether every optimal policy is proved to do the same in every reachable configuration.

        It is if that is so where results are rounded up, and none is where runs come.  Distillations that are not above
        both pairs do not count where they are never of use.
        """
        labels = labels_of(self.lower.problem)
        rounded = () if labels is None else labels.results
        actions = (action for counts in self.lower.draws for action in self.lower.optimal_actions[counts])
        met = any(pairs in rounded for action in actions for pairs in action.distil)
        return self.closed and self.lower.unique and not met

    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""
        return {
            **({"waiting_time": exact_text(self.waiting_time)} if self.closed else {}),
            "lower_bound": exact_text(self.lower_bound),
            "upper_bound": exact_text(self.upper_bound),
            "unique": self.unique,
            "checked_columns": self.checked_columns,
        }

    @property
    def _question(self) -> dict[str, Any]:
        return self.upper._question  # noqa: SLF001 - the problem, stated alike for all that is proved of it

    def _content(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            **self.claims(),
            "grid": stated_grid(self.grid),
            "lower": self.lower.proof(),
            "upper": self.upper.proof(),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration and action of the policy; values and probabilities exactly, as text."""
        return self.upper._cells()  # noqa: SLF001 - its policy

    def _lines(self) -> Iterable[tuple[str, str]]:
        found = self.upper_bound
        yield "problem", str(self.problem)
        if self.closed:
            yield "waiting time", f"{float(found):.12g} = {shortened(found)}"
            yield "optimal", "one optimal policy" if self.unique else "others may be as fast"
        else:
            yield "no less than", f"{float(self.lower_bound):.12g} = {shortened(self.lower_bound)}"
            yield "no more than", f"{float(found):.12g} = {shortened(found)}"
        yield (
            "proved",
            f"for {len(self.grid):,} labels: no reduced cost of {self.checked_columns:,} columns is negative",
        )
        for name, price in self.upper.prices.items():
            used = float(self.upper.used[name])
            yield "budget", f"{name}: {used:.6g} used; price {float(price):.12g} = {shortened(price)}"
        yield "policy", f"visits {len(self.draws):,} configurations"

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - as every proof has it
        """What is exact."""
        yield Summary([line for line in self._lines() if line[0] != "problem"], "exactly")
