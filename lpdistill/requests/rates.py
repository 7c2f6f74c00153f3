"""Rates of the steady state, with what else is wanted of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.export.files import writing
from lpdistill.problem.problem import Problem
from lpdistill.progress import silent
from lpdistill.rates import steady_state
from lpdistill.rates.rate import KeyRate, Throughput
from lpdistill.rates.standby import standby
from lpdistill.requests.report import Report
from lpdistill.solution.document import section

__all__ = ["key_rate", "standby", "throughput"]

if TYPE_CHECKING:
    from lpdistill.solution.answer import Answer


def throughput(
    problem: Problem,
    *,
    law: bool = False,
    exact: bool = False,
    certificate: Path | None = None,
    progress: Callable[[str], None] = silent,
    **asked: Any,
) -> Report[Throughput]:
    """Pairs per unit of time.

    Parameters
    ----------
    problem, progress, asked
        As for :func:`lpdistill.throughput`.
    law
        Whether to say how what is delivered spreads.
    exact, certificate
        Whether to prove the gain in rational arithmetic, and the file that the proof goes to.
    """
    report = _with(steady_state.throughput(problem, progress=progress, **asked), law=law)
    if not exact and certificate is None:
        return report
    from symbolic import certify_rate  # noqa: PLC0415 - only proofs need exact arithmetic

    proof = certify_rate(report.main, progress=progress)
    if certificate is not None:
        progress("writing the certificate")
        with writing(certificate, "certificate"):
            proof.save(certificate)
    document = {**report.document, "certificate": proof.claims()}
    return Report(report.main, document, {**report.parts, "certificate": proof})


def key_rate(problem: Problem, worth: str, *, law: bool = False, **asked: Any) -> Report[KeyRate]:
    """Secret key per unit of time; ``asked`` as for :func:`lpdistill.key_rate`, ``law`` as for :func:`throughput`."""
    return _with(steady_state.key_rate(problem, worth, **asked), law=law)


def _with(found: Any, *, law: bool) -> Report[Any]:
    """A rate with what else is wanted."""
    parts: dict[str, Answer] = {}
    if law:
        parts["law"] = found.law
    return Report(found, {name: section(part.to_dict()) for name, part in parts.items()}, parts)
