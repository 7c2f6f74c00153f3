"""Rates of the steady state, with what else is wanted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lpdistill.problem.problem import Problem
from lpdistill.rates import steady_state
from lpdistill.rates.rate import KeyRate, Throughput
from lpdistill.rates.standby import standby
from lpdistill.requests.report import Report
from lpdistill.solution.document import section

__all__ = ["key_rate", "standby", "throughput"]

if TYPE_CHECKING:
    from lpdistill.solution.answer import Answer


def throughput(problem: Problem, *, law: bool = False, **asked: Any) -> Report[Throughput]:
    """Pairs per unit of time.

    Parameters
    ----------
    problem, asked
        As for :func:`lpdistill.throughput`.
    law
        Whether to say how what is delivered spreads.
    """
    return _with(steady_state.throughput(problem, **asked), law=law)


def key_rate(problem: Problem, worth: str, *, law: bool = False, **asked: Any) -> Report[KeyRate]:
    """Secret key per unit of time; ``asked`` as for :func:`lpdistill.key_rate`, ``law`` as for :func:`throughput`."""
    return _with(steady_state.key_rate(problem, worth, **asked), law=law)


def _with(found: Any, *, law: bool) -> Report[Any]:
    """A rate with what else is wanted."""
    parts: dict[str, Answer] = {}
    if law:
        parts["law"] = found.law
    return Report(found, {name: section(part.to_dict()) for name, part in parts.items()}, parts)
