"""Why a decision is what it is: all actions of one configuration, ranked by what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.numbers import decimals
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.bounds import ROUNDING, all_waited
from lpdistill.solution.cutoffs import Cutoff
from lpdistill.solution.document import finite, measure, of_unit, question_in_words
from lpdistill.solution.tables import Key, described, regrets_of
from lpdistill.solution.wording import Words, words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PRINTED = 8
"""Actions, and outcomes of an action, that are printed unasked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an action may lead.

    Attributes
    ----------
    counts
        The next configuration; None where the target is reached.
    probability
        Its probability.
    value
        Expected time to go from there; 0 at the target.
    """

    counts: Key | None
    probability: float
    value: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """One action of a configuration.

    Attributes
    ----------
    action
        The action.
    regret
        How much longer the expected time to go is if it is taken once (under budgets, prices included).
    taken
        Probability that the policy takes it.
    outcomes
        Where it may lead, the likeliest first.
    """

    action: Any
    regret: float
    taken: float
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Answer):
    """All actions of one configuration, the best first.

    Attributes
    ----------
    counts
        The configuration.
    value
        Expected time to go from it.
    alternatives
        Its actions.
    process
        The process whose configuration it is.
    cutoffs
        Where pairs age: up to which age those of the configuration are kept, alone, and beside the others.
    """

    _KIND = "explanation"

    counts: Key
    value: float
    alternatives: tuple[Alternative, ...]
    process: Process
    cutoffs: tuple[Cutoff, ...] = ()

    @property
    def words(self) -> Words:
        """How configurations and actions are called."""
        return words_of(self.process)

    @staticmethod
    def of(plan: Plan, dual: Optimum, rank: int, cutoffs: tuple[Cutoff, ...] = ()) -> Explanation:
        """Explain what a plan does in the configuration of the given rank, at the prices of the dual optimum."""
        process = dual.policy.process
        columns = process.admission.of_configuration(rank)
        choice = process.choose(columns)
        moves = choice.transitions
        regret = regrets_of(dual, columns)
        taken = dict(zip(plan.uses.columns.tolist(), plan.probability.tolist(), strict=True))
        values = all_waited(plan.values, process.durations.uncharged)
        ranked = np.lexsort((-np.array([taken.get(column, 0.0) for column in columns.tolist()]), regret))
        found = []
        for row in ranked.tolist():
            here = slice(moves.indptr[row], moves.indptr[row + 1])
            outcomes = [
                Outcome(process.names.key(after), chance, float(values[after]))
                for after, chance in zip(moves.indices[here].tolist(), moves.data[here].tolist(), strict=True)
            ]
            if choice.reaching[row] > 0:
                outcomes.append(Outcome(None, float(choice.reaching[row]), 0.0))
            found.append(
                Alternative(
                    action=process.names.actions(columns[[row]])[0],
                    regret=float(regret[row]),
                    taken=taken.get(int(columns[row]), 0.0),
                    outcomes=tuple(sorted(outcomes, key=lambda outcome: -outcome.probability)),
                )
            )
        value = float(values[rank]) if process.live[rank] else np.inf
        return Explanation(process.names.key(rank), value, tuple(found), process, cutoffs)

    def rows(self) -> list[tuple[str, ...]]:
        """The actions in words: what is done, regret, probability of being taken, outcomes."""
        return [
            (
                *self.words.action(item.action),
                self._lost(item),
                "-" if not item.taken else "yes" if item.taken == 1 else f"{item.taken:.4f}",
                self.outcomes(item),
            )
            for item in self.alternatives
        ]

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings of :meth:`rows`."""
        return (*self.words.headings, "regret", "taken", "outcomes")

    def action(self, alternative: Alternative) -> str:
        """An action in words: ``distil 0.750, 0.750 -> 0.788, generate on 2 memories``."""
        parts = zip(self.words.headings, self.words.action(alternative.action), strict=True)
        return ", ".join(
            text if text.startswith("discard") else f"{what} {text}" for what, text in parts if text != "-"
        )

    def outcomes(self, alternative: Alternative) -> str:
        """Where an action may lead, in words: ``72.2 % 1 x 0.788, 3 empty``."""
        shown = [
            f"{outcome.probability:.1%} "
            + ("target" if outcome.counts is None else self.words.configuration(outcome.counts))
            for outcome in alternative.outcomes[:MOST_PRINTED]
        ]
        more = len(alternative.outcomes) - len(shown)
        return "; ".join(shown) + (f"; and {more} more" if more else "")

    @property
    def _question(self) -> Process:
        return self.process

    def _above(self) -> Iterable[tuple[str, str]]:
        """Cutoffs alone: the title of the table is the configuration."""
        return (("cutoff", f"{one.pair} {one}") for one in self.cutoffs)

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "configuration", self.title
        if self.alternatives:
            best, *others = self.alternatives
            yield "best", self.action(best) or "wait"
            yield (
                "next best",
                f"{self.action(others[0]) or 'wait'}, {others[0].regret:.6g} slower" if others else "none",
            )
            taken = [item for item in self.alternatives if item.taken]
            told = [f"{self.action(item) or 'wait'} ({item.taken:.4g})" for item in taken[:MOST_PRINTED]]
            yield "taken", " or ".join(told) or "-"
            yield "actions", f"{len(self.alternatives):,}"
        yield from self._above()

    def _content(self) -> dict[str, Any]:
        return {
            "counts": node_as_json(self.counts),
            "value": finite(self.value),
            "actions": [
                {
                    **action_as_json(item.action),
                    "regret": item.regret,
                    "probability": item.taken,
                    "outcomes": [
                        {
                            "counts": node_as_json(outcome.counts),
                            "target": outcome.counts is None,
                            "probability": outcome.probability,
                            "value": finite(outcome.value),
                        }
                        for outcome in item.outcomes
                    ],
                }
                for item in self.alternatives
            ],
            **({"cutoffs": [one.to_dict() for one in self.cutoffs]} if self.cutoffs else {}),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every action and outcome."""
        for item in self.alternatives:
            for outcome in item.outcomes:
                yield {
                    **described(item.action),
                    "regret": item.regret,
                    "taken": item.taken,
                    "outcome": "target" if outcome.counts is None else outcome.counts,
                    "probability": outcome.probability,
                    "value": outcome.value,
                }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The best actions in words, with the configuration and its value as the title."""
        headings = {name: "right" if name == "regret" else "left" for name in self.headings}
        rows, count = self.rows()[:most], len(self.alternatives)
        part = f"the best {len(rows)} of {count:,} actions" if count > len(rows) else ""
        return Table(self.title, headings, rows, part)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the regrets of the best actions as bars, those that the policy takes in a colour of their own."""
        shown = self.alternatives[:SHOWN]
        drawn = pictures.bars(
            ax,
            question_in_words(self.process),
            [(f"{self.action(item) or 'wait'}{' (taken)' if item.taken else ''}", item.regret) for item in shown],
            [bool(item.taken) for item in shown],
        )
        drawn.set_title(self.title, loc="right", fontsize="medium")
        drawn.set_xlabel(f"how much longer it takes if the action is taken once ({measure(self.process)})", loc="right")
        return drawn

    def _lost(self, item: Alternative) -> str:
        """The regret of an action in decimals, without what is but rounding."""
        return decimals(0.0 if item.regret <= ROUNDING * self.value < np.inf else item.regret)

    @property
    def title(self) -> str:
        """The configuration and its value, in words."""
        if not self.alternatives:
            return f"{self.words.configuration(self.counts)}: no policy reaches the target from here"
        time = f"{decimals(self.value)}{of_unit(self.process)}"
        return f"{self.words.configuration(self.counts)}: expected time to go {time}"

    def __repr__(self) -> str:
        lines = [
            f"  +{self._lost(item)}{' *' if item.taken else '  '} " + (self.action(item) or "wait")
            for item in self.alternatives[:MOST_PRINTED]
        ]
        more = len(self.alternatives) - len(lines)
        return "\n".join([self.title, *lines, *([f"  and {more} more"] if more else [])])
