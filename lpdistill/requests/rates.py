"""Rates of the steady state, with what else is wanted of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from lpdistill.simulation.simulation import seeded
from lpdistill.solution.document import finite, section
from lpdistill.units import TIMES, measured

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
    run = _Run(simulated, seed)
    report = _with(steady_state.throughput(problem, progress=progress, **asked), law, run, progress)
    document, parts = dict(report.document), dict(report.parts)
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


def keyrate(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    problem: Problem,
    worth: str,
    *,
    law: bool = False,
    simulated: str | None = None,
    seed: str | None = None,
    progress: Callable[[str], None] = silent,
    **asked: Any,
) -> Report[KeyRate]:
    """Secret key per unit of time; ``asked`` as for :func:`lpdistill.key_rate`, all else as for :func:`throughput`."""
    run = _Run(simulated, seed)
    return _with(steady_state.key_rate(problem, worth, progress=progress, **asked), law, run, progress)


@dataclass(frozen=True)
class _Run:
    """How long a policy is simulated, if at all, and the seed of that."""

    time: str | None
    seed: str | None

    def __post_init__(self) -> None:
        if self.seed is not None and self.time is None:
            raise ModelError("seed", "is that of a simulation; say how long it lasts, with --simulate", self.seed)
        if self.seed is not None:
            seeded(self.seed)
        if self.time is not None and measured(self.time, "time", TIMES)[0] <= 0:
            raise ModelError("time", "must be above 0", self.time)


def _with(found: Any, law: bool, run: _Run, progress: Callable[[str], None]) -> Report[Any]:  # noqa: FBT001 - of this file
    """A rate with what else is wanted."""
    parts: dict[str, Answer] = {}
    if law:
        parts["law"] = found.law
    if run.time is not None:
        from lpdistill.rates.simulated import simulate_rate  # noqa: PLC0415 - rarely wanted

        parts["simulation"] = simulate_rate(found, run.time, seed=run.seed, progress=counter(progress))
    return Report(found, {name: section(part.to_dict()) for name, part in parts.items()}, parts)
