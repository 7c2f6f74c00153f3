"""Problems whose pairs are told apart by labels of a grid: which are, and which cannot be."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from dataclasses import replace

from lpdistill.errors import InfiniteLevelsError, LimitError, ModelError, UnreachableTargetError
from lpdistill.hardware.attainable import best_attainable
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.numbers import at_most
from lpdistill.physics.aged import AgedGrid, AgedLabels
from lpdistill.physics.codes import TWO
from lpdistill.physics.levels import Levels
from lpdistill.physics.limits import most_levels
from lpdistill.physics.maps import consumes, is_monotone
from lpdistill.physics.rounding import Grid, Labels
from lpdistill.physics.truncation import Truncation
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.size import Size
from lpdistill.process.resources import RESOURCES

FEWEST_LEVELS = 5
"""Levels below which labels cannot be fewer by enough to matter."""

MANY_OPERATIONS = 1_000_000
"""Operations of one pricing of all columns from which fewer labels are looked for where levels are finite."""

ALWAYS = frozenset({"steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations"})
"""Resources of which a better pair never makes a policy use more."""


def with_labels(problem: Problem, labels: Levels) -> Problem:
    """The same problem with the labels of a grid, or some of its levels, for its levels.

    They are no part of what the problem is, which is equal to the one it was made of, and are forgotten by
    :meth:`Problem.replace`: which distillations a label model has, and whether it is one, depends on more than levels.

    Raises
    ------
    ModelError
        If pairs age, and the labels do not.
    """
    if problem.hardware.coherence_time is not None and not isinstance(labels, AgedLabels):
        raise ModelError(
            "coherence_time",
            "is for optima, baselines, their times and windows: policy files and other levels are for memories that "
            "keep what they hold; leave it out",
            float(problem.hardware.coherence_time),
        )
    other = copy(problem)
    other.__dict__["levels"] = labels
    return other


def without_labels(problem: Problem) -> Problem:
    """The same problem with the levels of its map."""
    return problem if labels_of(problem) is None else replace(problem)


def labels_of(problem: Problem) -> Labels | None:
    """The labels by which pairs are told apart; None if they are by the levels of the map."""
    levels = problem.__dict__.get("levels")
    return levels if isinstance(levels, Labels) else None


def level_count(problem: Problem) -> int | None:
    """Number of levels below the target that there are without labels; None for infinitely many, or too many."""
    if not problem.reach.finite:
        return None
    with suppress(UnreachableTargetError, LimitError):
        return len(without_labels(problem).levels)
    return None


def rounds(problem: Problem, *, whatever: bool = False) -> bool:
    """Whether results may be rounded, as a better pair in any memory is never worse; else, levels are told apart.

    It may be where the map does not say so, and with protocols of several pairs where generation takes longer than
    distillation, or ``whatever`` the durations are: those that do not improve on the best of their pairs are no way to
    end it early.
    """
    longer = whatever or problem.generation_time > problem.distillation_time
    return is_monotone(problem.distillation) and (consumes(problem.distillation) == (TWO,) or not longer)


def first_grid(problem: Problem, *, whatever: bool = False) -> Grid | AgedGrid:
    """The grid to begin with, for the durations of the problem or whatever they are."""
    if (clock := problem.hardware.clock) is not None:
        return AgedGrid.of(clock, problem.f0, problem.target)
    kind = Grid if rounds(problem, whatever=whatever) else Truncation
    return kind.of(problem.distillation, problem.f0, problem.target)


def not_bracketed(problem: Problem) -> str | None:
    """Why label models do not bracket the optimum of a problem, as a clause; None where they do.

    They do where a better pair in any memory is never worse, or levels are told apart (:doc:`levels_without_limit`).
    """
    rule = next((one for one in problem.rules if not one.bracketed or one.elementwise), None)
    if rule is not None:
        return f"under the rule {rule.name} a better pair may be worse"
    for budget in problem.budgets:
        name = budget.resource.name
        standard = RESOURCES.get(name) == budget.resource
        if budget.least is not None or (name == "memory_time" and not problem.discarding):
            kind, unless = ("limit", ", unless pairs may be discarded") if budget.least is None else ("lower limit", "")
            return f"with a {kind} on {name} a better pair may be worse{unless}"
        if not standard or name not in ALWAYS | {"memory_time"}:
            return f"{name} may be used more with a better pair"
    return None


def wants_labels(problem: Problem, *, asked: bool = False) -> bool:
    """Whether a problem is solved on labels: they are infinitely many, or many, and labels bracket them.

    Raises
    ------
    ModelError
        If that was asked for, and labels do not bracket it.
    InfiniteLevelsError
        If there are infinitely many levels, and labels do not bracket it.
    """
    reach, reason = problem.reach, not_bracketed(problem)
    if problem.hardware.coherence_time is not None and labels_of(problem) is None and problem.f0 < problem.target:
        if reason is not None:
            raise ModelError("coherence_time", f"makes pairs age, which labels do not bracket: {reason}", None)
        best = best_attainable(problem.hardware, problem.target)
        if best is not None:
            raise beyond(problem, best)
        return True
    out_of_reach = reach.memories_needed is None or reach.memories_needed > problem.memories
    if labels_of(problem) is not None or out_of_reach or problem.f0 >= problem.target:
        return False
    if asked and reason is not None:
        raise ModelError("within", f"cannot be had: {reason}, so that labels do not bracket the optimum", None)
    if reach.finite:
        return reason is None and (asked or (rounds(problem) and _many(problem)))
    if any(rule.separable for rule in problem.rules):
        return False  # the levels that they leave are finite
    if reason is not None:
        try:
            problem.levels  # noqa: B018 - says what is infinite
        except InfiniteLevelsError as error:
            raise InfiniteLevelsError(
                f"{str(error).partition(';')[0]}; labels do not stand for them, for {reason}; take a target below the "
                "pumping limit, raise f0, or leave that out",
                target=error.target,
                pumping_limit=error.pumping_limit,
                memory_limit=error.memory_limit,
            ) from None
    return True


def beyond(problem: Problem, best: float | None = None) -> UnreachableTargetError:
    """The error of a target that pairs which age do not reach, with the fidelity that no run exceeds if it is known."""
    stays = "no pair that they distil reaches it" if best is None else f"their fidelity stays below {at_most(best, 9)}"
    time = f"a coherence time of {float(problem.hardware.coherence_time or 0):g}"
    return UnreachableTargetError(
        f"target: {float(problem.target)} is out of reach for {problem.memories} memories with {time} and f0 = "
        f"{float(problem.f0):g}: whatever succeeds, {stays}; lower the target, raise f0 or coherence_time, take more "
        "memories, or shorten steps",
        target=float(problem.target),
        pumping_limit=problem.reach.pumping_limit,
        memory_limit=problem.reach.memory_limit if best is None else best,
    )


def _many(problem: Problem) -> bool:
    """Whether a problem with finitely many levels has so many that fewer labels are worth looking for."""
    most_levels(problem.memories)  # refuses memories beyond reason
    try:
        levels = problem.levels
    except LimitError:
        return True
    if len(levels) < FEWEST_LEVELS:
        return False
    return Size.of(Repertoire.of(problem, problem.attempts)).operations >= MANY_OPERATIONS
