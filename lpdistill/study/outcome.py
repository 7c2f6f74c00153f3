"""What comes of one policy on one problem: numbers, or the reason why there are none."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lpdistill.errors import InfeasibleError, LimitError, LpdistillError, ModelError, UnreachableTargetError
from lpdistill.hardware.hardware import Hardware
from lpdistill.hardware.rules import Rule, rules_stated
from lpdistill.numbers import Number
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.known import map_stated
from lpdistill.physics.maps import DistillationMap
from lpdistill.policies.named import OPTIMAL, baseline, baseline_named
from lpdistill.problem.labels import level_count, wants_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.problem_file import with_imports
from lpdistill.problem.settings import operations
from lpdistill.process.budgets import Budget, budgets_from
from lpdistill.solution.policy import Policy
from lpdistill.solution.solution import Status
from lpdistill.solving import PATIENCE, precision, solve
from lpdistill.version import __version__

RESULTS = f"lpdistill {__version__}, results 3"
"""Whose results these are: those of another version are not mixed with them."""

NUMBERS = ("waiting_time", "lower_bound", "upper_bound", "standard_deviation", "relative_gap", "levels", "labels")
"""Numbers of an outcome, each of which has a column in stores."""

DEFAULT = "{}"
"""The precision that optima are found with where nothing else is asked for."""


class Ending(StrEnum):
    """How the computation of a point ended."""

    DONE = "done"
    UNREACHABLE = "unreachable"
    """The target is out of reach, infinitely many levels that no labels stand for lie below it, or rules or budgets
    leave no policy."""
    IMPROPER = "improper"
    """The policy may never reach the target: it has a deadlock."""
    EXCEEDS = "exceeds"
    """The policy, a baseline, does not keep within the budgets."""
    LIMIT = "limit"
    """The program does not fit into the machine."""
    ERROR = "error"


AGAIN = frozenset({Ending.LIMIT, Ending.ERROR})
"""Endings that another attempt may change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result at one point.

    Attributes
    ----------
    ending
        How the computation ended.
    message
        What a person should know of it; empty if it is done.
    waiting_time
        Expected waiting time, in the user's unit of time; None if there is none, it is infinite, or the policy is not
        one that the budgets allow.
    lower_bound, upper_bound
        What is proved of it, for the optimal policy.
    standard_deviation
        Of the waiting time.
    relative_gap
        How far apart the bounds of the optimum are, relative to the upper one: 0 where it is exact, and where labels
        bracket it, what they leave open.
    levels
        Number of fidelity levels below the target; None for infinitely many.
    labels
        Number of labels that stand for them; None where all levels are told apart.
    expected
        Expected totals of a run, by resource.
    deadlock
        Configurations in which runs are trapped.
    seconds
        Wall-clock time of the computation.
    """

    ending: Ending
    message: str = ""
    waiting_time: float | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None
    standard_deviation: float | None = None
    relative_gap: float | None = None
    levels: int | None = None
    labels: int | None = None
    expected: Mapping[str, float] = field(default_factory=dict)
    deadlock: tuple[tuple[int, ...], ...] = ()
    seconds: float = 0.0


def outcome_of(problem: Problem, policy: str, wanted: str = DEFAULT) -> Outcome:
    """Compute one point, whatever comes of it.

    Parameters
    ----------
    problem, policy
        The problem, and the name of the policy.
    wanted
        The precision, as :func:`precision_of` states it.

    Examples
    --------
    >>> outcome = outcome_of(Problem("1/2", 2, "3/4", "79/100"), "nested")
    >>> outcome.ending, outcome.deadlock
    (<Ending.IMPROPER: 'improper'>, ((1, 1),))
    """
    began = time.perf_counter()
    try:
        found = _computed(problem, policy, json.loads(wanted))
    except (UnreachableTargetError, InfeasibleError) as error:
        found = Outcome(Ending.UNREACHABLE, str(error))
    except LimitError as error:
        found = Outcome(Ending.LIMIT, str(error))
    except MemoryError:
        found = Outcome(Ending.LIMIT, "out of memory; run fewer jobs at once, or take fewer memories")
    except LpdistillError as error:
        found = Outcome(Ending.ERROR, str(error))
    except Exception as error:  # noqa: BLE001 - a sweep goes on past whatever happens at one point
        found = Outcome(Ending.ERROR, f"unexpected {type(error).__name__}: {error}; please report this")
    return replace(found, seconds=time.perf_counter() - began)


def precision_of(within: Number | None, time_limit: Number) -> str:
    """How closely optima are to be found where labels stand for levels, as JSON: what is not the default.

    Raises
    ------
    ModelError
        If it cannot be had.

    Examples
    --------
    >>> precision_of("1e-3", 60), precision_of(None, 60)
    ('{"within": "1/1000"}', '{}')
    """
    gap, seconds = precision(within, time_limit)
    stated = {"within": None if gap is None else str(gap), "time_limit": seconds if seconds != PATIENCE else None}
    return json.dumps({name: value for name, value in stated.items() if value is not None})


def _computed(problem: Problem, name: str, wanted: Mapping[str, Any]) -> Outcome:
    if name != OPTIMAL:
        policy = baseline(problem, name)
        return _exceeding(problem, policy) or _evaluated(problem, policy)
    solution = solve(problem, **(wanted if wants_labels(problem) else {}))
    lower, upper = solution.lower_bound, solution.upper_bound
    return replace(
        _evaluated(problem, solution.policy),
        lower_bound=lower,
        upper_bound=upper,
        relative_gap=(upper - lower) / upper if solution.status == Status.BRACKETED else 0.0,
        labels=len(solution.bracket.refinement.grid) if solution.bracket else None,
    )


def _exceeding(problem: Problem, policy: Policy) -> Outcome | None:
    """What comes of a policy that ends but does not keep within the budgets, which a baseline knows nothing of."""
    if policy.deadlock:
        return None
    missed = []
    for budget in problem.budgets:
        used = policy.plan.used(budget.resource)
        if not budget.kept(used):
            missed.append(f"{budget}, and {used:.6g} is used")
    if not missed:
        return None
    return Outcome(
        Ending.EXCEEDS,
        "does not keep within the budgets: " + "; ".join(missed),
        levels=level_count(problem),
        expected=policy.expected.to_dict(),
    )


def _evaluated(problem: Problem, policy: Policy) -> Outcome:
    if policy.deadlock:
        shown = policy.wording.configuration if isinstance(policy.process.names.levels, AgedLabels) else str
        trapped = ", ".join(map(shown, policy.deadlock[:3])) + (", ..." if len(policy.deadlock) > 3 else "")
        return Outcome(
            Ending.IMPROPER,
            f"runs may be trapped for ever in {trapped}",
            levels=level_count(problem),
            deadlock=policy.deadlock,
        )
    return Outcome(
        Ending.DONE,
        waiting_time=policy.waiting_time,
        standard_deviation=policy.standard_deviation,
        levels=level_count(problem),
        expected=policy.expected.to_dict(),
    )


def policy_name(name: str) -> str:
    """The one name of a policy.

    Raises
    ------
    ModelError
        If there is no such policy.

    Examples
    --------
    >>> policy_name("banded:02")
    'banded:2'
    """
    if not isinstance(name, str):
        raise ModelError("policies", "must be names such as optimal, nested", name)
    return OPTIMAL if name.strip() == OPTIMAL else baseline_named(name.strip()).name


def description(problem: Problem) -> str:
    """All of a problem as one line of JSON: equal problems have equal lines, and different problems different ones.

    Raises
    ------
    ModelError
        If a rule, a resource or the map is the user's own: their names do not say what they do.
    """
    stated = problem.to_dict()
    stated["rules"].sort(key=json.dumps)
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    ordered = tuple(sorted(problem.rules, key=lambda rule: json.dumps(rule.to_dict())))
    own = {
        "distillation": (problem.distillation, _distillation(stated)),
        "rules": (ordered, _rules(stated)),
        "budgets": (problem.budgets, _budgets(stated)),
    }
    for where, (given, known) in own.items():
        if given != known:
            named = "; name it, module:name" if where == "distillation" else ""
            raise ModelError(where, f"must not be of your own in a sweep: results are kept by names{named}", given)
    return text


def described(text: str) -> Problem:
    """The problem of a description that this sweep has made: a map of the user's is imported where it is not yet.

    Examples
    --------
    >>> problem = Problem(0.5, 4, "3/4", "79/100")
    >>> described(description(problem)) == problem
    True
    """
    return Problem.from_dict(with_imports(json.loads(text)))


def _distillation(stated: Mapping[str, Any]) -> DistillationMap[Any] | None:
    """The map that a description names, with its operations; None if there is none."""
    hardware = {name: stated[name] for name in ("p", "memories", "f0", *operations()) if name in stated}
    with suppress(ModelError):
        return Hardware(**hardware | {"distillation": map_stated(stated["distillation"])}).distillation
    return None


def _rules(stated: Mapping[str, Any]) -> tuple[Rule, ...] | None:
    """The built-in rules of a description; None if there are others."""
    try:
        return rules_stated(stated["rules"])
    except ModelError:
        return None


def _budgets(stated: Mapping[str, Any]) -> tuple[Budget, ...] | None:
    """The budgets of a description; None if their resources are unknown."""
    try:
        return budgets_from(stated["budgets"])
    except ModelError:
        return None


def key_of(described: str, policy: str, wanted: str = DEFAULT, code: str = "") -> str:
    """The name under which the result of a policy on a described problem is kept, and of the code of a user's map."""
    parts = [RESULTS, described, policy, wanted, *filter(None, [code])]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def numbers(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON data."""
    return {
        "status": str(outcome.ending),
        "message": outcome.message,
        "waiting_time": outcome.waiting_time,
        "lower_bound": outcome.lower_bound,
        "upper_bound": outcome.upper_bound,
        "std": outcome.standard_deviation,
        "relative_gap": outcome.relative_gap,
        "levels": outcome.levels,
        "labels": outcome.labels,
        "expected": dict(outcome.expected),
        "deadlock": [list(counts) for counts in outcome.deadlock],
        "seconds": outcome.seconds,
    }
