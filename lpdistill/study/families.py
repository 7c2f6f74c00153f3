"""Tasks whose problems differ in probability and durations only, computed together."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from lpdistill.errors import InfeasibleError, LpdistillError, UnreachableTargetError
from lpdistill.hardware.actions import Attempts
from lpdistill.policies.named import OPTIMAL, baseline_named
from lpdistill.problem.labels import wants_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.evaluation import deadlocked, entered
from lpdistill.program.family import Family
from lpdistill.program.points import Points
from lpdistill.program.pointwise import Costs
from lpdistill.solution.bounds import above, below, waited
from lpdistill.solution.dead_ends import require_live
from lpdistill.study.outcome import Ending, Outcome, described, outcome_of
from lpdistill.study.store import Task

MOST_CONFIGURATIONS, MOST_COLUMNS = 200, 20_000
"""Sizes beyond which problems are solved one by one."""

KEPT = 8
"""Families that are kept for the next batch."""

Results: TypeAlias = Sequence[tuple[Task, Outcome]]


class Member(NamedTuple):
    """A task, and in what its problem differs from the others of its family."""

    task: Task
    p: Fraction
    times: tuple[Fraction, Fraction]
    free: bool

    @property
    def alone(self) -> bool:
        """Whether it is not solved with others.

        Where every attempt succeeds, or steps take no time, fewer configurations are entered, and several policies tend
        to be optimal.
        """
        return self.p == 1 or not all(self.times)


def outcomes(tasks: Sequence[Task]) -> Iterator[Results]:
    """What comes of some tasks: some of them at a time, those of one family and policy together."""
    families: dict[tuple[str, str, str], list[Member]] = {}
    for task in tasks:
        shape, member = _placed(task)
        families.setdefault((shape, task.policy, task.precision), []).append(member)
    for (shape, policy, _), members in families.items():
        yield from _of_family(shape, policy, members)


def _placed(task: Task) -> tuple[str, Member]:
    """What the problem of a task has in common with others, as JSON, and the task as one of them."""
    stated = json.loads(task.problem)
    last = stated.pop("final_step")
    p = Fraction(stated.pop("p"))
    times = _fraction(stated.pop("generation_time")), _fraction(stated.pop("distillation_time"))
    return json.dumps(stated), Member(task, p, times, last == FinalStep.FREE)


_fraction = lru_cache(Fraction)
"""A number that many tasks have in common."""


def _of_family(shape: str, policy: str, members: Sequence[Member]) -> Iterator[Results]:
    """What comes of one policy on the problems of a family."""
    family = None if policy == OPTIMAL and _labelled(shape) else _family(shape, policy)
    alone = [member for member in members if family is None or member.alone]
    together = [member for member in members if not (family is None or member.alone)]
    if isinstance(family, Outcome):
        yield [(member.task, family) for member in together]
    elif family is not None:
        for i in range(0, len(together), family.at_once):
            began, some = time.perf_counter(), together[i : i + family.at_once]
            costs = family.optima(_points(some))
            settled = [member for member, sure in zip(some, costs.settled.tolist(), strict=True) if sure]
            alone += [member for member, sure in zip(some, costs.settled.tolist(), strict=True) if not sure]
            yield _results(family, settled, costs, (time.perf_counter() - began) / len(some))
    for member in alone:
        yield [(member.task, outcome_of(described(member.task.problem), policy, member.task.precision))]


@lru_cache(KEPT)
def _problem(shape: str) -> Problem:
    """One of the problems of a family."""
    return described(json.dumps({**json.loads(shape), "p": "1/2"}))


@lru_cache(KEPT)
def _labelled(shape: str) -> bool:
    """Whether labels stand for the levels of a family."""
    try:
        return wants_labels(_problem(shape))
    except UnreachableTargetError:
        return False


@lru_cache(KEPT)
def _dynamics(shape: str, attempts: Attempts) -> Dynamics:
    return Dynamics(_problem(shape), attempts)


@lru_cache(KEPT)
def _family(shape: str, policy: str) -> Family | Outcome | None:
    """The problems of a family, ready to be solved together with a policy.

    What comes of every one of them where that is the same; None where they are solved one by one.
    """
    problem = _problem(shape)
    try:
        dynamics = _dynamics(shape, problem.attempts if policy == OPTIMAL else Attempts.FULL)
        if problem.budgets or dynamics.size > MOST_CONFIGURATIONS or dynamics.column_count > MOST_COLUMNS:
            return None
        if policy == OPTIMAL:
            require_live(dynamics)
            return Family(dynamics, dynamics.columns, dynamics.admission.proper())
        uses = dynamics.choose(baseline_named(policy).columns(dynamics.kernel))
        if len(deadlocked(uses, 0)):
            return outcome_of(problem, policy)
        columns = uses.columns[entered(uses, 0)]
        return Family(dynamics, columns, columns)
    except (UnreachableTargetError, InfeasibleError):
        return outcome_of(problem, policy)
    except (LpdistillError, MemoryError):
        return None


def _points(members: Sequence[Member]) -> Points:
    """Probabilities and durations of some members as numbers."""
    times = [(*map(float, member.times), 0.0) for member in members]
    return Points(
        success=np.array([float(member.p) for member in members]),
        failure=np.array([float(1 - member.p) for member in members]),
        times=np.array(times).T,
    )


def _results(family: Family, members: Sequence[Member], costs: Costs, seconds: float) -> Results:
    """What comes of the members whose costs are settled, each of which took so many seconds."""
    levels = len(family.dynamics.problem.levels)
    columns = (costs.value, costs.lower, costs.upper, np.sqrt(costs.variance), costs.totals.T)
    rows = zip(members, *(column[costs.settled].tolist() for column in columns), strict=True)
    found = []
    for member, value, lower, upper, deviation, totals in rows:
        uncharged = member.times[family.distils_last] if member.free else Fraction(0)
        optimal = member.task.policy == OPTIMAL
        outcome = Outcome(
            Ending.DONE,
            waiting_time=waited(value, uncharged),
            lower_bound=max(below(lower, uncharged), 0.0) if optimal else None,
            upper_bound=above(upper, uncharged) if optimal else None,
            standard_deviation=deviation,
            relative_gap=0.0 if optimal else None,
            levels=levels,
            expected=dict(zip(family.resources, totals, strict=True)),
            seconds=seconds,
        )
        found.append((member.task, outcome))
    return found
