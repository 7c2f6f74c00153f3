"""One run in the system of labelled memories, recorded operation by operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError
from lpdistill.numbers import Number
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import FinalStep
from lpdistill.simulation.controller import CONTROLLER, Controller
from lpdistill.simulation.deviations import NO_DEVIATIONS, Deviations
from lpdistill.simulation.experiment import Advanced, Experiment
from lpdistill.simulation.simulation import seeded
from lpdistill.simulation.timeline import drawn as timeline
from lpdistill.simulation.tracked import EMPTY
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.given import PolicyLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_STEPS = 10_000
"""Steps beyond which nobody reads a history."""

DECIMALS = 4
"""Decimals of a fidelity in a table."""

EVENT_HEADINGS = ("from", "to", "operation", "memories", "outcome")
"""What a row of :meth:`History.rows` says."""


class Operation(StrEnum):
    """What is done to memories."""

    GENERATE = "generate"
    DISTIL = "distil"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Event:
    """One operation.

    Attributes
    ----------
    step
        The step, from 1; operations of one step happen in parallel.
    start, end
        When it lasts, in the user's unit.
    operation
        What is done.
    memories
        On which memories, from 1; of a distillation, the memory that holds what is made and those that are emptied.
    success
        Whether it succeeds; discarding does.
    consumed
        Real fidelities of the pairs in those memories before, in the same order; none for an attempt.
    fidelity, nominal
        Real fidelity of the pair made, and its fidelity by the heralded history; None if none is.
    """

    step: int
    start: float
    end: float
    operation: Operation
    memories: tuple[int, ...]
    success: bool
    consumed: tuple[Fraction, ...] = ()
    fidelity: Fraction | None = None
    nominal: Fraction | None = None

    def to_dict(self) -> dict[str, Any]:
        """The operation as JSON data."""
        return {
            "step": self.step,
            "start": self.start,
            "end": self.end,
            "operation": str(self.operation),
            "memories": list(self.memories),
            "success": self.success,
            "consumed": [float(fidelity) for fidelity in self.consumed],
            "fidelity": None if self.fidelity is None else float(self.fidelity),
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """A pair in a memory, from when it was made to when the step began that consumed it, or the run ended."""

    memory: int
    since: float
    until: float
    fidelity: Fraction


@dataclass(frozen=True, repr=False, eq=False)
class History(Answer):
    """One run, recorded.

    Attributes
    ----------
    problem
        The problem.
    deviations
        How reality differed from it.
    seed
        What all random numbers follow from.
    events
        The operations, step by step.
    end
        When the last step ended.
    waiting_time
        The waiting time by the problem's convention for the last step; None if the run was given up at the horizon.
    """

    _KIND = "history"

    problem: Problem
    deviations: Deviations
    seed: int
    events: tuple[Event, ...]
    end: float
    waiting_time: float | None

    @property
    def delivered(self) -> Event | None:
        """The operation that made the pair delivered: of those that meet the target, the nominally best."""
        if self.waiting_time is None:
            return None
        made = [event for event in self.events if event.nominal is not None and event.nominal >= self.problem.target]
        return max(made, key=lambda event: event.nominal or 0)

    @property
    def stored(self) -> tuple[Stored, ...]:
        """All pairs that were stored, in order of when they were made."""
        open_pairs: dict[int, tuple[float, Fraction]] = {}
        found: list[Stored] = []
        for _, events in groupby(self.events, key=lambda event: event.step):
            together = list(events)
            for event in together:
                for memory in event.memories if event.consumed else ():
                    since, fidelity = open_pairs.pop(memory)
                    found.append(Stored(memory, since, event.start, fidelity))
            for event in together:
                if event.fidelity is not None:
                    open_pairs[event.memories[0]] = event.end, event.fidelity
        found += [Stored(memory, since, self.end, fidelity) for memory, (since, fidelity) in open_pairs.items()]
        return tuple(sorted(found, key=lambda pair: (pair.since, pair.memory)))

    @property
    def _question(self) -> Problem:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        if self.deviations:
            yield "in reality", str(self.deviations)
        yield "run", self._last()
        kinds = [event.operation for event in self.events]
        yield "operations", ", ".join(f"{kinds.count(kind):,} {kind}" for kind in Operation if kind in kinds)

    def _content(self) -> dict[str, Any]:
        return {
            "deviations": self.deviations.to_dict(),
            "seed": self.seed,
            "waiting_time": self.waiting_time,
            "events": [event.to_dict() for event in self.events],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every operation."""
        return (event.to_dict() for event in self.events)

    def shown(self, most: int | None = SHOWN) -> Table:
        """The operations, all attempts of a step in one row."""
        return Table(self._last(), dict.fromkeys(EVENT_HEADINGS, "left"), list(self.rows())[:most])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the run: memories as rows, operations as boxes, stored pairs in the colour of their fidelity."""
        return timeline(self, ax)

    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """From, to, operation, memories and outcome: a row for every distillation, one for all attempts of a step."""
        for _, events in groupby(self.events, key=lambda event: event.step):
            together = list(events)
            for event in together:
                if event.operation is not Operation.GENERATE:
                    yield (*_span(event), str(event.operation), _listed(event.memories), _outcome(event))
            tried = [event for event in together if event.operation is Operation.GENERATE]
            if tried:
                held = [event.memories[0] for event in tried if event.success]
                raw = next((f"{float(event.fidelity):.{DECIMALS}f}" for event in tried if event.fidelity), "")
                outcome = f"{raw} in {_listed(held)}" if held else "failed"
                yield (*_span(tried[0]), "generate", _listed([event.memories[0] for event in tried]), outcome)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - all of a run
        """The run."""
        yield f"\nexample run\n{self}"

    def __str__(self) -> str:
        table = [EVENT_HEADINGS, *self.rows()]
        widths = [max(len(row[column]) for row in table) for column in range(4)]
        lines = [
            f"{a:>{widths[0]}}  {b:>{widths[1]}}  {what:<{widths[2]}}  {where:<{widths[3]}}  {outcome}".rstrip()
            for a, b, what, where, outcome in table
        ]
        return "\n".join([*lines, self._last()])

    def _last(self) -> str:
        """What became of the run."""
        made = self.delivered
        if made is None or made.fidelity is None:
            return f"given up at {self.end:g}, seed {self.seed}"
        return (
            f"delivered after {self.waiting_time:g}: fidelity {float(made.fidelity):.{DECIMALS}f} in memory "
            f"{made.memories[0]}, seed {self.seed}"
        )

    def __repr__(self) -> str:
        return f"History: {len(self.events)} operations, {self._last()}"


def _span(event: Event) -> tuple[str, str]:
    return f"{event.start:g}", f"{event.end:g}"


def _listed(memories: tuple[int, ...] | list[int]) -> str:
    return " ".join(map(str, memories))


def _outcome(event: Event) -> str:
    """What a distillation or a discard led to."""
    before = ", ".join(f"{float(fidelity):.{DECIMALS}f}" for fidelity in event.consumed)
    if event.operation is Operation.DISCARD:
        return f"{before} discarded"
    made = f"{float(event.fidelity):.{DECIMALS}f} in {event.memories[0]}" if event.fidelity else "failed"
    return f"{before} -> {made}"


def history(
    policy: PolicyLike | Controller,
    *,
    seed: int | None = None,
    deviations: Deviations = NO_DEVIATIONS,
    horizon: Number | None = None,
) -> History:
    """Record one run of a policy in the system of labelled memories.

    Parameters
    ----------
    policy, deviations, horizon
        As for :func:`~lpdistill.simulate`.
    seed
        Of the random numbers; one is drawn, and reported, if None.

    Raises
    ------
    LimitError
        If the run would take more steps than anybody reads.
    LpdistillError
        Whatever :func:`~lpdistill.simulate` raises.

    Examples
    --------
    >>> from lpdistill import Problem, baseline
    >>> print(history(baseline(Problem("1/2", 3, "3/4", "31/40"), "greedy"), seed=4))
    from  to  operation  memories  outcome
       0   1  generate   1 2 3     failed
       1   2  generate   1 2 3     0.7500 in 1 3
       2   4  distil     1 3       0.7500, 0.7500 -> failed
       2   4  generate   2         0.7500 in 2
       4   5  generate   1 3       failed
       5   6  generate   1 3       0.7500 in 3
       6   8  distil     2 3       0.7500, 0.7500 -> 0.7885 in 2
       6   8  generate   1         failed
    delivered after 8: fidelity 0.7885 in memory 2, seed 4
    """
    policy = CONTROLLER.meant(policy, "policy")
    start, experiment = seeded(seed), Experiment.of(policy, deviations, horizon)
    experiment.allowance(policy, 1)  # refuses what would never end
    rng = np.random.default_rng(np.random.SeedSequence(start))
    contents, elapsed = experiment.memories.empty(1), np.zeros(1)
    trapped, until = experiment.trapped, experiment.until
    events: list[Event] = []
    for step in range(1, MOST_STEPS + 1):
        before = contents.copy()
        done = experiment.advance(contents, elapsed, rng, jump=False)
        begins = float(experiment.clock.time(elapsed)[0])
        free = experiment.problem.final_step is FinalStep.FREE
        charged = elapsed if free else elapsed + done.duration
        elapsed = elapsed + done.duration
        ends = float(experiment.clock.time(elapsed)[0])
        events += _events(experiment, done, before[0], (step, begins, ends))
        if done.happened.delivered[0] != EMPTY:
            waited = float(experiment.clock.time(charged)[0]) if charged[0] <= until else None
            return History(experiment.problem, deviations, start, tuple(events), ends, waited)
        if elapsed[0] > until or trapped[done.decision[0]]:
            return History(experiment.problem, deviations, start, tuple(events), ends, None)
    raise LimitError(
        f"history: has more than {MOST_STEPS:,} steps; give a horizon, or another seed", size={"steps": MOST_STEPS}
    )


def _events(
    experiment: Experiment, done: Advanced, before: IntArray, when: tuple[int, float, float]
) -> Iterator[Event]:
    """The operations of one step of one run."""
    species, happened = experiment.memories.species, done.happened
    for row, made in zip(happened.memories.tolist(), happened.made.tolist(), strict=True):
        memories = [memory for memory in row if memory != EMPTY]
        yield Event(
            *when,
            Operation.DISTIL,
            tuple(memory + 1 for memory in memories),
            made != EMPTY,
            tuple(species.real[int(before[memory])] for memory in memories),
            None if made == EMPTY else species.real[made],
            None if made == EMPTY else species.nominal[made],
        )
    for tried, generated in zip(happened.tried.tolist(), happened.generated.tolist(), strict=True):
        raw = species.raw
        made_of = (species.real[raw], species.nominal[raw]) if generated else (None, None)
        yield Event(*when, Operation.GENERATE, (tried + 1,), generated, (), *made_of)
    for discarded in happened.discarded.tolist():
        yield Event(
            *when, Operation.DISCARD, (discarded + 1,), success=True, consumed=(species.real[int(before[discarded])],)
        )
