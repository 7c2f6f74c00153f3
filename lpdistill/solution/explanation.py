"""Why a decision is what it is: all actions of one configuration, ranked by what they cost."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.process.process import Process
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.solution.bounds import all_waited
from lpdistill.solution.document import Document, action_as_json, finite, headed, node_as_json
from lpdistill.solution.policy import Key, described, regrets_of
from lpdistill.solution.wording import Words, words_of

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 8
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
class Explanation(Document):
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
    """

    counts: Key
    value: float
    alternatives: tuple[Alternative, ...]
    process: Process

    @property
    def words(self) -> Words:
        """How configurations and actions are called."""
        return words_of(self.process)

    @staticmethod
    def of(plan: Plan, dual: Optimum, rank: int) -> Explanation:
        """Explain what a plan does in the configuration of the given rank, at the prices of the dual optimum."""
        process = dual.policy.process
        columns = process.of_configuration(rank)
        choice = process.choose(columns)
        regret = regrets_of(dual, columns)
        taken = dict(zip(plan.uses.columns.tolist(), plan.probability.tolist(), strict=True))
        values = all_waited(plan.values, process.uncharged_time)
        ranked = np.lexsort((-np.array([taken.get(column, 0.0) for column in columns.tolist()]), regret))
        found = []
        for row in ranked.tolist():
            here = slice(choice.moves.indptr[row], choice.moves.indptr[row + 1])
            moves = zip(choice.moves.indices[here].tolist(), choice.moves.data[here].tolist(), strict=True)
            chances = dict(moves)
            staying = 1.0 - float(choice.leaving[row])
            if staying > 0:
                chances[rank] = chances.get(rank, 0.0) + staying
            outcomes = [
                Outcome(process.names.key(after), chance, float(values[after])) for after, chance in chances.items()
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
        return Explanation(process.names.key(rank), value, tuple(found), process)

    def rows(self) -> list[tuple[str, ...]]:
        """The actions in words: what is done, regret, probability of being taken, outcomes."""
        return [
            (
                *self.words.action(item.action),
                f"{item.regret:.6f}",
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
            for outcome in alternative.outcomes[:SHOWN]
        ]
        more = len(alternative.outcomes) - len(shown)
        return "; ".join(shown) + (f"; and {more} more" if more else "")

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON data (schema ``lpdistill.explanation/1``)."""
        return {
            **headed("explanation", self.process),
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
        }

    def to_frame(self) -> pd.DataFrame:
        """The explanation as a pandas DataFrame, one row per action and outcome."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        return pd.DataFrame(
            [
                {
                    **described(item.action),
                    "regret": item.regret,
                    "taken": item.taken,
                    "outcome": "target" if outcome.counts is None else outcome.counts,
                    "probability": outcome.probability,
                    "value": outcome.value,
                }
                for item in self.alternatives
                for outcome in item.outcomes
            ]
        )

    @property
    def title(self) -> str:
        """The configuration and its value, in words."""
        if not self.alternatives:
            return f"{self.words.configuration(self.counts)}: no policy reaches the target from here"
        return f"{self.words.configuration(self.counts)}: expected time to go {self.value:.6f}"

    def __repr__(self) -> str:
        lines = [
            f"  +{item.regret:.6f}{' *' if item.taken else '  '} " + (self.action(item) or "wait")
            for item in self.alternatives[:SHOWN]
        ]
        more = len(self.alternatives) - len(lines)
        return "\n".join([self.title, *lines, *([f"  and {more} more"] if more else [])])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.headings)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        return f"<p>{html.escape(self.title)}</p><table><tr>{head}</tr>{body}</table>"
