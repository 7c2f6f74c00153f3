"""Rates of the steady state, with what else is wanted of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError
from lpdistill.export.files import writing
from lpdistill.problem.problem import Problem
from lpdistill.progress import counter, silent
from lpdistill.rates import steady_state
from lpdistill.rates.rate import KeyRate, Throughput
from lpdistill.rates.standby import standby
from lpdistill.requests.report import Report
from lpdistill.solution.document import finite, section

__all__ = ["keyrate", "standby", "throughput"]

if TYPE_CHECKING:
    from lpdistill.solution.answer import Answer


def throughput(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    problem: Problem,
    *,
    law: bool = False,
    simulated: str | None = None,
    seed: str | None = None,
    exact: bool = False,
    certificate: Path | None = None,
    sensitivity: bool = False,
    ranges: bool = False,
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
    simulated, seed
        How long the policy is simulated, if at all, and the seed of that.
    exact, certificate
        Whether to prove the gain in rational arithmetic, and the file that the proof goes to.
    sensitivity, ranges
        Whether to differentiate the gain by every parameter, and to find how far the policy holds in each.

    Raises
    ------
    ModelError
        If there is a seed, and nothing is simulated.
    """
    if seed is not None and simulated is None:
        raise ModelError("seed", "is that of a simulation; say how long it lasts, with --simulate", seed)
    report = _with(steady_state.throughput(problem, progress=progress, **asked), law=law)
    document, parts = dict(report.document), dict(report.parts)
    if simulated is not None:
        from lpdistill.rates.simulated import simulate_rate  # noqa: PLC0415 - rarely wanted

        parts["simulation"] = simulate_rate(report.main, simulated, seed=seed, progress=counter(progress))
        document["simulation"] = section(parts["simulation"].to_dict())
    if sensitivity:
        from lpdistill.rates.sensitivity import rate_sensitivity  # noqa: PLC0415 - slow to load, rarely wanted

        progress("differentiating")
        slopes = parts["sensitivity"] = rate_sensitivity(report.main)
        document["sensitivity"] = {name: finite(slope.value) for name, slope in slopes.derivatives.items()}
        details = section(slopes.to_dict())
        document["sensitivity_details"] = {name: part for name, part in details.items() if name != "gain"}
    if ranges:
        from lpdistill.rates.validity import rate_validity  # noqa: PLC0415 - the same

        parts["ranges"] = rate_validity(report.main, progress=progress)
        document["ranges"] = parts["ranges"].to_dict()["ranges"]
    if exact or certificate is not None:
        from symbolic import certify_rate  # noqa: PLC0415 - only proofs need exact arithmetic

        proof = parts["certificate"] = certify_rate(report.main, progress=progress)
        if certificate is not None:
            progress("writing the certificate")
            with writing(certificate, "certificate"):
                proof.save(certificate)
        document["certificate"] = proof.claims()
    return Report(report.main, document, parts)


def keyrate(problem: Problem, worth: str, *, law: bool = False, **asked: Any) -> Report[KeyRate]:
    """Secret key per unit of time; ``asked`` as for :func:`lpdistill.key_rate`, ``law`` as for :func:`throughput`."""
    return _with(steady_state.key_rate(problem, worth, **asked), law=law)


def _with(found: Any, *, law: bool) -> Report[Any]:
    """A rate with what else is wanted."""
    parts: dict[str, Answer] = {}
    if law:
        parts["law"] = found.law
    return Report(found, {name: section(part.to_dict()) for name, part in parts.items()}, parts)
