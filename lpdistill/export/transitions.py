"""A decision process written out, choice by choice, over the rationals: what file formats for models ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

from lpdistill.errors import LimitError
from lpdistill.hardware.actions import Action, Attempts, Step, word
from lpdistill.hardware.recipes import Recipe, by_consumed
from lpdistill.memory import free
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Quantities

BYTES = 400
"""Memory for one transition over the rationals, roughly."""


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One action in one configuration, written out.

    Attributes
    ----------
    state
        Number of the configuration.
    name
        The action as one word: ``d0_1_g2`` distils a pair of levels 0 and 1 and attempts generation twice.
    amounts
        Its duration, as ``time``, and what it uses of every resource.
    outcomes
        Probability of every next state; the target is numbered after the configurations.
    """

    state: int
    name: str
    amounts: Mapping[str, Fraction]
    outcomes: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """A decision process, written out.

    Attributes
    ----------
    variables
        Names of whole numbers that tell the states apart.
    states
        These numbers for every state but the target, the start first.
    rewards
        What every choice has an amount of.
    rows
        The choices, state by state.
    """

    variables: tuple[str, ...]
    states: Sequence[Sequence[int]]
    rewards: tuple[str, ...]
    rows: Sequence[ChoiceRow]


def problem_written_out(problem: Problem) -> WrittenOut:
    """The decision process of a problem; where nothing can be done, it stays.

    Raises
    ------
    LimitError
        If it does not fit into the memory of this machine.
    """
    rows = list(choice_rows(problem))  # refuses what is too large
    counts = CountVectors(problem.memories, len(problem.levels)).counts.tolist()
    levels = tuple(f"n{level}" for level in range(len(problem.levels)))
    return WrittenOut(levels, counts, ("time", *RESOURCES), rows)


def choice_rows(problem: Problem) -> Iterator[ChoiceRow]:
    """All actions that a problem's rules allow, configuration by configuration, over the rationals.

    They include every number of attempts, so that whoever reads them may limit attempts.

    Raises
    ------
    LimitError
        If they do not fit into the memory of this machine.
    """
    dynamics = Dynamics(problem, Attempts.ALL).unguarded()
    size, available = dynamics.kernel.size, free()
    if BYTES * size.explicit_entries > available:
        raise LimitError(
            f"export: {size.explicit_entries:,} transitions over the rationals do not fit into the "
            f"{available / 1e9:.1f} GB that are free; take fewer memories",
            size=size.to_dict(),
        )
    recipes = by_consumed(problem.recipes)
    columns = dynamics.columns
    owners = dynamics.numbering.describe(columns).configuration
    order = owners.argsort(kind="stable")
    ranks = {counts: rank for rank, counts in enumerate(map(tuple, dynamics.configurations.counts.tolist()))}
    for owner, step in zip(owners[order].tolist(), dynamics.kernel.steps(columns[order], "export"), strict=True):
        done = [recipes[consumed] for consumed in (*step.distil, *((level,) for level in step.discard))]
        after = _outcomes(problem, step, done)
        outcomes = {len(ranks) if counts is None else ranks[counts]: chance for counts, chance in after.items()}
        name = word(Action(step.distil, step.generate, step.discard))
        yield ChoiceRow(owner, name, _amounts(problem, step, done), dict(sorted(outcomes.items())))


def _amounts(problem: Problem, step: Step, done: Sequence[Recipe]) -> dict[str, Fraction]:
    duration = problem.distillation_time if step.distil else problem.generation_time
    does = Quantities(
        steps=int(not step.discard),
        duration=Fraction(0) if step.discard else duration,
        attempts=step.generate,
        made=problem.p * step.generate,
        distillations=len(step.distil),
        failures=sum((recipe.failure for recipe in done if step.distil), Fraction(0)),
        stored=step.stored,
    )
    return {"time": does.duration} | {name: Fraction(known.formula(does)) for name, known in RESOURCES.items()}


def _outcomes(problem: Problem, step: Step, done: Sequence[Recipe]) -> dict[tuple[int, ...] | None, Fraction]:
    """Probability of every next configuration, None for the target."""
    left = list(step.counts)
    for level in (level for recipe in done for level in recipe.consumed):
        left[level] -= 1
    found: dict[tuple[int, ...] | None, Fraction] = {tuple(left): Fraction(1)}
    for recipe in done:
        grown: dict[tuple[int, ...] | None, Fraction] = defaultdict(Fraction)
        for counts, chance in found.items():
            for odds, produced, target in recipe.outcomes:
                made = counts
                for level in produced:
                    made = _after(made, level, 1)
                grown[None if target else made] += chance * odds
        found = grown
    gained: dict[tuple[int, ...] | None, Fraction] = defaultdict(Fraction)
    for counts, chance in found.items():
        for successes, odds in enumerate(_binomial(problem.p, step.generate)):
            gained[_after(counts, step.raw, successes) if successes else counts] += chance * odds
    return {counts: chance for counts, chance in gained.items() if chance}


def _after(counts: tuple[int, ...] | None, level: int | None, more: int) -> tuple[int, ...] | None:
    """Counts with more pairs of a level; None, the target, where the level is the target or counts are."""
    if counts is None or level is None:
        return None
    return (*counts[:level], counts[level] + more, *counts[level + 1 :])


@cache
def _binomial(p: Fraction, attempts: int) -> tuple[Fraction, ...]:
    return tuple(comb(attempts, j) * p**j * (1 - p) ** (attempts - j) for j in range(attempts + 1))
