"""The answer to a window of time: the policy most likely done within it, beside the fastest one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.deadlines.policy import SEEN, DeadlinePolicy, Departure
from lpdistill.deadlines.recursion import DeadlineRecursion
from lpdistill.deadlines.spells import Spell, spells
from lpdistill.deadlines.window import (
    draw_until,
    in_time,
    likely,
)
from lpdistill.errors import ModelError
from lpdistill.numbers import at_least, decimals
from lpdistill.policies.differences import same_system
from lpdistill.problem.problem import Problem
from lpdistill.process.process import Process
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.bounds import waited
from lpdistill.solution.document import finite, measure, of_unit, question_in_words, rational
from lpdistill.solution.given import POLICY, PolicyLike
from lpdistill.solution.policy import Policy
from lpdistill.solution.wording import phrase, words_of

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

PRINTED_SPELLS, SHOWN_SPELLS = 5, 12
"""Departures from the fastest policy that a printed deadline shows, and that a table does."""

TIED = 1e-12
"""Relative difference of probabilities that is taken for rounding."""

NONE_SURE = "none: no policy reaches the target for sure"
"""What is said where there is no policy to compare with."""


@dataclass(frozen=True, repr=False)
class Deadline(Answer):
    """The policy that is most likely done within a window.

    Attributes
    ----------
    problem
        What was asked.
    window
        The window.
    recursion
        What to do with 0, 1, 2, ... slots of time left.
    fastest
        The policy of least expected waiting time; None where no policy reaches the target for sure.
    of_fastest
        Probability that it is done by the end of each slot, (slots,), if there is one.
    confidence
        The confidence for which the window is the smallest, where that was asked.
    greatest, least_window
        Where labels stand for levels: no policy is in time with a greater probability, or meets the confidence in a
        smaller window.
    """

    _KIND = "deadline"

    problem: Problem | nx.DiGraph[Any]
    window: Fraction
    recursion: DeadlineRecursion
    fastest: Policy | None
    of_fastest: FloatArray | None
    confidence: Fraction | None = None
    greatest: float | None = None
    least_window: Fraction | None = None

    @property
    def probability(self) -> float:
        """Greatest probability to be done within the window."""
        return float(self.probabilities[-1])

    @property
    def probability_of_fastest_mean(self) -> float | None:
        """Probability that the policy of least expected waiting time is done within the window, if there is one."""
        return None if self.of_fastest is None else float(self.of_fastest[-1])

    @property
    def late(self) -> float:
        """Least probability not to be done within the window, accurate relative to its own size however small."""
        return float(self.recursion.slots[-1].late[0])

    @cached_property
    def probabilities(self) -> FloatArray:
        """Greatest probability to be done by the end of each slot, each for a policy of its own, (slots,)."""
        return np.array([float(slot.done[0]) for slot in self.recursion.slots])

    @property
    def curve(self) -> dict[Fraction, float]:
        """Greatest probability to be done, for every window up to this one."""
        return dict(zip(self._times, self.probabilities.tolist(), strict=True))

    @property
    def _times(self) -> list[Fraction]:
        """The end of every slot."""
        return [self.recursion.lattice.time(slot) for slot in range(len(self.recursion.slots))]

    @property
    def policy(self) -> DeadlinePolicy:
        """What to do, by the time left."""
        return DeadlinePolicy(self.recursion, self.fastest)

    @cached_property
    def visits(self) -> FloatArray:
        """Expected number of steps of a run that begin with so many slots left, (slots, configurations)."""
        return self.recursion.visits()

    @cached_property
    def waiting_time(self) -> float:
        """Expected waiting time of the policy, which goes on as the fastest one; infinite if it may never end."""
        slots, process = self.recursion.slots, self.recursion.process
        if any((self.visits[left][slot.columns < 0] > 0).any() for left, slot in enumerate(slots)):
            return float("inf")
        return waited(float(slots[-1].remaining[0]), process.durations.uncharged)

    @cached_property
    def departures(self) -> tuple[Departure, ...]:
        """Where runs take other actions than those of the fastest policy: with most time left first."""
        if self.fastest is None:
            return ()
        recursion, process = self.recursion, self.recursion.process
        uses = self.fastest.plan.uses
        usual = np.full(process.size, -1)
        usual[uses.configuration] = uses.columns
        visited, found = self.visits, []
        for left in range(len(recursion.slots) - 1, -1, -1):
            slot = recursion.slots[left]
            here = (visited[left] > SEEN) & (slot.columns >= 0) & (usual >= 0) & (slot.columns != usual)
            ranks = np.flatnonzero(here)
            ranks = ranks[np.argsort(-visited[left, ranks], kind="stable")]
            # No action is better than the best, except by rounding.
            done = np.minimum(recursion.done_after(left, usual[ranks]), slot.done[ranks])
            actions = zip(process.names.actions(slot.columns[ranks]), process.names.actions(usual[ranks]), strict=True)
            for rank, (action, other), instead in zip(ranks.tolist(), actions, done.tolist(), strict=True):
                found.append(
                    Departure(
                        recursion.lattice.time(left),
                        process.names.key(rank),
                        action,
                        other,
                        float(slot.done[rank]),
                        instead,
                        float(visited[left, rank]),
                    )
                )
        return tuple(found)

    @property
    def first_departure(self) -> Departure | None:
        """The earliest place where the policy leaves the fastest one, and there the most visited; None if nowhere."""
        return self.departures[0] if self.departures else None

    def probability_of(self, policy: PolicyLike) -> FloatArray:
        """Probability that a stationary policy of the same problem is done by the end of each slot, (slots,).

        Raises
        ------
        ModelError
            If it is a policy of another problem or state graph; rules and budgets may differ.
        """
        policy = POLICY.meant(policy, "policy")
        if not same_system(policy.process, self.recursion.process) or (
            policy.process.durations.uncharged != self.recursion.process.durations.uncharged
        ):
            raise ModelError("policy", "must be one of the same problem, with the last step counted alike", policy)
        return in_time(policy.plan, self.recursion.lattice, len(self.recursion.slots))

    @cached_property
    def spells(self) -> tuple[Spell, ...]:
        """The departures, joined over the times left; those that matter most first."""
        return spells(self.departures, self.recursion.lattice.unit)

    @property
    def _question(self) -> Process:
        return self.recursion.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        smallest = "" if self.confidence is None else f" (the smallest for {float(self.confidence):g})"
        if self.least_window is not None and self.least_window < self.window:
            smallest = (
                f" (the smallest for {float(self.confidence or 0):g} on labels; none below {self.least_window} is)"
            )
        yield "window", f"{at_least(self.window)}{smallest}"
        yield "in time", f"{likely(self.probability)}{self._bracket}"
        if not self.probability:
            fewest = self.recursion.fewest_steps
            steps = f"{fewest} {'step' if fewest == 1 else 'steps'}"
            yield "too short", f"no run reaches the target in fewer than {steps}: take a longer window"
        if self.fastest is None or self.probability_of_fastest_mean is None:
            yield "fastest", NONE_SURE
            return
        usual, unit = self.fastest.waiting_time, of_unit(self.problem)
        yield "fastest", f"{likely(self.probability_of_fastest_mean)} in time"
        yield "waiting time", f"{decimals(self.waiting_time)}{unit}, {decimals(usual)}{unit} for the fastest policy"
        if not self.spells:
            yield "policy", "that of the fastest, in every configuration reachable in time"

    @property
    def _bracket(self) -> str:
        """Between what the greatest probability lies, where labels do not tell it."""
        if self.greatest is None or self.greatest <= self.probability * (1 + TIED):
            return ""
        return f" at least; at most {likely(self.greatest)} for any policy (labels round fidelities)"

    def shown(self, most: int | None = SHOWN_SPELLS) -> Table:
        """Where the policy leaves the fastest one, what matters most first."""
        words, rows = words_of(self.recursion.process), []
        for one in self.spells[:most]:
            does = (phrase(words, action) for action in (one.action, one.fastest))
            rows.append((words.configuration(one.key), one.span, *does, f"{one.gain:.6f}"))
        headings = dict.fromkeys(("configuration", "time left", "does", "fastest policy does"), "left")
        more = len(self.spells) - len(rows)
        part = f"and {more} more, which matter less" if more else ""
        return Table("leaves the fastest policy", headings | {"gains up to": "right"}, rows, part)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:
        """The table, if the policy is not the fastest one."""
        if self.spells:
            yield self.shown(None if most is None else min(most, SHOWN_SPELLS))

    def _content(self) -> dict[str, Any]:
        return {
            "window": rational(self.window),
            **({} if self.confidence is None else {"confidence": rational(self.confidence)}),
            "probability": self.probability,
            **({} if self.greatest is None else {"greatest_probability": self.greatest}),
            **({} if self.least_window is None else {"least_window": rational(self.least_window)}),
            "probability_of_fastest_mean": self.probability_of_fastest_mean,
            "waiting_time": finite(self.waiting_time),
            "waiting_time_of_fastest_mean": None if self.fastest is None else self.fastest.waiting_time,
            "curve": [
                {"window": rational(time), "probability": best, "probability_of_fastest_mean": usual}
                for time, best, usual in self._steps()
            ],
            "differences": [departure.to_dict() for departure in self.departures],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every window up to this one, with the greatest probability."""
        for time, best, usual in self._steps():
            yield {"window": float(time), "probability": best, "probability_of_fastest_mean": usual}

    def _steps(self) -> list[tuple[Fraction, float, float | None]]:
        """The end of every slot that is no negative time, with the two probabilities."""
        usual = [None] * len(self._times) if self.of_fastest is None else self.of_fastest.tolist()
        rows = zip(self._times, self.probabilities.tolist(), usual, strict=True)
        return [row for row in rows if row[0] >= 0]

    def plot(self, ax: Axes | None = None, *, beside: Mapping[str, Policy] | None = None) -> Axes:
        """Draw the greatest probability against the window, beside what stationary policies attain.

        Parameters
        ----------
        ax
            Where to draw; by default, in a figure of its own.
        beside
            More policies of the same problem, by the name in the legend.
        """
        drawn = pictures.canvas(ax, question_in_words(self.problem))
        curves = {"the best policy for each window": self.probabilities}
        curves |= {} if self.of_fastest is None else {"fastest on average": self.of_fastest}
        curves |= {name: self.probability_of(policy) for name, policy in (beside or {}).items()}
        draw_until(drawn, [float(time) for time in self._times], curves)
        drawn.set_xlabel(f"window ({measure(self.problem)})")
        drawn.set_ylabel("probability to be done within it")
        return drawn

    def __repr__(self) -> str:
        smallest = "" if self.confidence is None else f", the smallest for {float(self.confidence):g}"
        lines = [f"Deadline: done within {at_least(self.window)}{smallest} with probability {likely(self.probability)}"]
        if self.fastest is None or self.probability_of_fastest_mean is None:
            return "\n".join([*lines, f"  fastest policy   {NONE_SURE}"])
        lines += [
            f"  fastest policy   {likely(self.probability_of_fastest_mean)}",
            f"  expected time    {decimals(self.waiting_time)} (fastest {decimals(self.fastest.waiting_time)})",
            f"  departures       {len(self.departures)}",
        ]
        words = self.fastest.wording
        for spell in self.spells[:PRINTED_SPELLS]:
            does, usual = (" / ".join(words.action(action)) for action in (spell.action, spell.fastest))
            lines.append(f"    {spell.span} left, {words.configuration(spell.key)}: {does}, not {usual}")
        return "\n".join(lines)
