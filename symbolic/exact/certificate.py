r"""Certificates: a policy proved optimal in rational arithmetic, for anyone to check.

Values ``V`` that satisfy :math:`V(s) \le c(s,a) + \sum_{s'} P(s'|s,a) V(s')` for all columns are below the expected
time of every policy; where they also satisfy the equations of one policy, that policy attains them.  Equality is only
needed where a run of the policy can come.  Elsewhere any values that satisfy the inequalities will do: there the
certificate holds the lower bounds that :func:`lpdistill.solve` proved, which are dyadic fractions.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq

from lpdistill.arrays import IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Action
from lpdistill.hardware.recipes import distillations
from lpdistill.physics.known import DEFAULT
from lpdistill.physics.levels import Levels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.names import action_as_json
from lpdistill.process.resources import Visits
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.solution.answer import SHOWN, Answer, Block, Summary
from lpdistill.solution.tables import ByConfiguration, described
from lpdistill.solution.wording import Wording
from symbolic.algebra.rational_function import fraction
from symbolic.exact.chain import ExactChain
from symbolic.exact.labels import Counts, labels
from symbolic.exact.model import Elements, Parameters
from symbolic.exact.text import exact_text, shortened
from symbolic.exact.vertex import ExactVertex

VERSION = "1.3"
"""Version of the format (docs/certificate.md): the first number is that of the schema."""


def stated(dynamics: Dynamics) -> dict[str, Any]:
    """A problem, with what a checker must know of it besides its parameters."""
    problem = PROBLEM.meant(dynamics, "certificate")
    budgets = {
        b.name: {**b.limits(), **({"visits": b.resource.configurations} if isinstance(b.resource, Visits) else {})}
        for b in problem.budgets
    }
    recipes = {} if problem.distillation == DEFAULT else _recipes(problem.levels)
    return {**problem.to_dict(), "attempts": str(dynamics.attempts), "budgets": budgets, **recipes}


def _recipes(levels: Levels) -> dict[str, Any]:
    """What distillation makes of levels, for a checker that does not know the map."""
    found = [
        {
            "consumed": list(recipe.consumed),
            "outcomes": [
                {"probability": str(chance), "produced": list(produced), "target": target}
                for chance, produced, target in recipe.outcomes
            ],
        }
        for recipe in distillations(levels)
    ]
    return {"levels": len(levels), "raw_level": levels.raw, "recipes": found}


class ExactProof(Answer):
    """A proof for anyone to check, as a document."""

    _KIND = "certificate"
    _UNDRAWN = "shows how a policy goes, and a certificate why it is optimal; draw the solution that it is of"

    @abstractmethod
    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""

    def to_json(self, *, indent: int | None = 1) -> str:
        """The certificate as a JSON document."""
        return super().to_json(indent=indent)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the certificate to a file, which :func:`symbolic.check` and ``lpdistill check`` verify."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")


@dataclass(frozen=True, eq=False, repr=False)
class Certificate(ExactProof):
    """An optimal policy with its proof in rational arithmetic.

    Attributes
    ----------
    chain
        The optimal policy where values are exact.
    numerators, denominator
        The dual values, (configurations,): exact times to go in the configurations of ``chain``, lower bounds on them
        elsewhere; the last step charged.
    tight
        All columns of the configurations of ``chain`` with reduced cost zero, increasing: the optimal actions.
    repaired
        Configurations in which the policy found in floating point was not optimal, and had to be changed.
    vertex
        The policy, its use of resources and their prices, where there are budgets; the dual values are then expected
        times to go less the price of what is used.
    objective
        What is made least: it says what the dual values lack of it.
    """

    chain: ExactChain
    numerators: Elements
    denominator: Any
    tight: IntArray
    repaired: tuple[Counts, ...]
    vertex: ExactVertex | None = None
    objective: Objective = FIRST_DELIVERY

    @property
    def problem(self) -> Problem:
        """What was asked."""
        return PROBLEM.meant(self.dynamics, "certificate")

    @property
    def dynamics(self) -> Dynamics:
        """The columns of the problem."""
        return self.chain.model.dynamics

    @property
    def waiting_time(self) -> Fraction:
        """Least expected waiting time from empty memories, in the user's unit of time."""
        granted = Fraction(0) if self.vertex is None else self.vertex.granted
        return self.value_at(0) + granted + self.objective.offset(self.dynamics)

    def value_at(self, rank: int) -> Fraction:
        """The dual value of the configuration of the given rank, the last step charged."""
        return fraction(self.numerators[rank]) / int(self.denominator)

    def _text_at(self, rank: int) -> str:
        """The dual value of a configuration as exact text, of thousands of digits: FLINT writes them faster."""
        return str(fmpq(self.numerators[rank], self.denominator))

    @cached_property
    def checked_columns(self) -> int:
        """Columns whose reduced cost is proved not negative: all that are allowed."""
        admission = self.dynamics.admission
        listed = admission.guarded or self.dynamics.kernel.permitted is not None
        return len(admission.columns) if listed else self.dynamics.column_count

    @cached_property
    def values(self) -> dict[Counts, Fraction]:
        """Exact expected time to go where it is known, by configuration; within budgets, the dual values."""
        offset = self.objective.offset(self.dynamics)
        return {label.counts: self.value_at(label.rank) + offset for label in labels(self.dynamics, self.chain.columns)}

    @cached_property
    def policy(self) -> dict[Counts, Action]:
        """The optimal action wherever a run of the policy can come.

        Raises
        ------
        ModelError
            If the policy randomises, which only budgets make it do: see :attr:`draws`.
        """
        if any(len(drawn) > 1 for drawn in self.draws.values()):
            raise ModelError("policy", "randomises within these budgets; take draws, which has the probabilities", None)
        return {counts: next(iter(drawn)) for counts, drawn in self.draws.items()}

    @cached_property
    def draws(self) -> dict[Counts, dict[Action, Fraction]]:
        """Exact probability of every action that the policy takes, in every reachable configuration."""
        if self.vertex is None:
            known = labels(self.dynamics, self.chain.columns)
            return {label.counts: {label.action: Fraction(1)} for label in known if label.rank in self._visited}
        times = self.vertex.taken()
        return {
            counts: {action: x / sum(drawn.values()) for action, x in drawn.items()} for counts, drawn in times.items()
        }

    @cached_property
    def optimal_actions(self) -> dict[Counts, tuple[Action, ...]]:
        """All optimal actions wherever values are exact: those with reduced cost zero."""
        found: dict[Counts, tuple[Action, ...]] = {}
        for _, counts, action in labels(self.dynamics, self.tight):
            found[counts] = (*found.get(counts, ()), action)
        return found

    @cached_property
    def ties(self) -> dict[Counts, tuple[Action, ...]]:
        """The optimal actions of the configurations that the policy visits and where it does not take all of them."""
        optimal = self.optimal_actions
        return {counts: optimal[counts] for counts, drawn in self.draws.items() if len(optimal[counts]) > len(drawn)}

    @property
    def unique(self) -> bool:
        """Whether every optimal policy does the same in every reachable configuration.

        Within budgets: whether the actions of reduced cost zero, where reachable, are no more than configurations and
        budgets with a price determine.
        """
        determined = len(self.draws) + (0 if self.vertex is None else self.vertex.priced)
        return sum(len(self.optimal_actions[counts]) for counts in self.draws) == determined

    @property
    def prices(self) -> dict[str, Fraction]:
        """Exact d(waiting time)/d(limit) of every budget, by the name of its resource."""
        return {} if self.vertex is None else dict(self.vertex.prices)

    @property
    def used(self) -> dict[str, Fraction]:
        """Exact expected use of the resource of every budget, by its name."""
        return {} if self.vertex is None else dict(self.vertex.used)

    @property
    def reduced_costs(self) -> ExactReducedCosts:
        """The exact reduced cost of every action, by configuration; computed when asked for."""
        return ExactReducedCosts(self)

    @cached_property
    def _visited(self) -> frozenset[int]:
        """Ranks of the configurations that runs of the policy from empty memories can visit."""
        columns = np.full(self.dynamics.size, -1, dtype=np.int64)
        columns[self.chain.configuration] = self.chain.columns
        start, certain = np.zeros(1, dtype=np.int64), self.problem.p == 1
        runs = ExactChain.visited(self.chain.model, columns, start, certain=certain)
        return frozenset(runs.configuration.tolist())

    def claims(self) -> dict[str, Any]:
        """What is proved, as JSON data."""
        return {
            "waiting_time": exact_text(self.waiting_time),
            "unique": self.unique,
            "checked_columns": self.checked_columns,
        }

    @property
    def _question(self) -> dict[str, Any]:
        return stated(self.dynamics)

    def _content(self) -> dict[str, Any]:
        return {"version": VERSION, **self.proof()}

    def proof(self) -> dict[str, Any]:
        """What is proved and what it takes to check it, as JSON data."""
        chosen, actions = labels(self.dynamics, self.chain.columns), self.optimal_actions
        elsewhere = np.setdiff1d(np.flatnonzero(self.dynamics.live), self.chain.configuration)
        return {
            **self.claims(),
            "repaired": [list(counts) for counts in self.repaired],
            "exact": [
                {
                    "counts": list(counts),
                    "value": self._text_at(rank),
                    "action": action_as_json(action),
                    "optimal": [action_as_json(other) for other in actions[counts]],
                }
                for rank, counts, action in chosen
            ],
            "bounds": [
                {"counts": list(self.dynamics.names.key(rank)), "value": self._text_at(rank)}
                for rank in elsewhere.tolist()
            ],
            **({} if self.vertex is None else self.vertex.to_dict()),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every configuration and action of the policy; values and probabilities exactly, as text."""
        for counts, drawn in self.draws.items():
            for action, probability in drawn.items():
                value = exact_text(self.values[counts])
                yield {"counts": counts, **described(action), "probability": exact_text(probability), "value": value}

    def _lines(self) -> Iterable[tuple[str, str]]:
        exact = len(self.chain.columns)
        live = int(np.count_nonzero(self.dynamics.live))
        where = "everywhere" if exact == live else f"in {exact:,} of {live:,} configurations"
        ties = "one optimal policy" if self.unique else f"ties in {len(self.ties):,} visited configurations"
        priced = [
            ("budget", f"{name}: {float(self.used[name]):.6g} used; price {float(price):.12g} = {shortened(price)}")
            for name, price in self.prices.items()
        ]
        mended = f"repaired in {len(self.repaired):,} configurations" if self.repaired else "confirmed as it was found"
        return [
            ("problem", str(self.problem)),
            ("waiting time", f"{float(self.waiting_time):.12g} = {shortened(self.waiting_time)}"),
            ("proved", f"optimal: no reduced cost of {self.checked_columns:,} columns is negative"),
            ("optimal", ties),
            *priced,
            ("policy", f"visits {len(self.draws):,} configurations, {mended}"),
            ("values", f"exact {where}"),
        ]

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - what is tied is always told
        """What is exact, and what would be as good as what the policy does."""
        yield Summary([line for line in self._lines() if line[0] != "problem"], "exactly")
        words = Wording(self.problem.levels, self.problem.memories)
        for counts, actions in self.ties.items():
            yield f"as good in {words.configuration(counts)}: " + " or ".join(map(words.phrase, actions))


class ExactReducedCosts(ByConfiguration[dict[Action, Fraction]]):
    """The exact reduced cost of every action, by configuration, least first.

    Where values are exact in the configuration and in all that can follow it, this is the exact regret of the action.
    """

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(certificate.dynamics)
        self._certificate = certificate

    def of_rank(self, rank: int) -> dict[Action, Fraction]:
        """The reduced cost of every action in the configuration of the given rank."""
        proof = self._certificate
        columns = proof.dynamics.admission.of_configuration(rank)
        at = Parameters.rational(proof.dynamics)
        if proof.vertex is not None:
            at = at.charging(proof.vertex.charges)
        values, scales = proof.chain.model.rows(columns).reduced_costs(
            proof.numerators, proof.denominator / at.unit, at
        )
        costs = [fraction(value) / int(scale) for value, scale in zip(values, scales, strict=True)]
        actions = [label.action for label in labels(proof.dynamics, columns)]
        return dict(sorted(zip(actions, costs, strict=True), key=lambda item: item[1]))

    def __repr__(self) -> str:
        return f"ExactReducedCosts: {self._certificate.checked_columns:,} actions in {len(self):,} configurations"
