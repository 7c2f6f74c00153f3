"""The optimal policy with all that may be wanted of it, and the actions of one configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError
from lpdistill.export.files import writing
from lpdistill.numbers import Number
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import is_problem
from lpdistill.program.methods import Method
from lpdistill.progress import silent
from lpdistill.requests.nearness import near
from lpdistill.requests.report import Report
from lpdistill.solution.document import finite, section
from lpdistill.solution.explanation import Explanation
from lpdistill.solution.given import QuestionLike
from lpdistill.solution.solution import Solution
from lpdistill.solution.tables import Key
from lpdistill.solving import PATIENCE
from lpdistill.solving import solve as solve_problem

if TYPE_CHECKING:
    from lpdistill.rates.average import AverageDelivery
    from lpdistill.solution.answer import Answer
    from lpdistill.worth.variability import Variability
    from symbolic import BracketCertificate, Certificate


def solve(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    problem: QuestionLike,
    *,
    method: Method | str = Method.AUTO,
    least: str | None = None,
    deterministic: bool = False,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    all_levels: bool = False,
    exact: bool = False,
    certificate: Path | None = None,
    sensitivity: bool = False,
    ranges: bool = False,
    increments: bool = False,
    progress: Callable[[str], None] = silent,
) -> Report[Solution] | Report[AverageDelivery]:
    """The optimal policy, with what else is wanted: one document, and the other answers as parts.

    Where a mean fidelity is asked for instead of a target, :func:`lpdistill.average_delivery`, and nothing else.

    Parameters
    ----------
    problem, method, least, deterministic, within, time_limit, all_levels, progress
        As for :func:`lpdistill.solve`.
    exact, certificate
        Whether to prove the optimum in rational arithmetic, and the file that the proof goes to.
    sensitivity, ranges, increments
        Derivatives by every parameter; how far the policy, or the price of each budget, holds; changes in whole pieces.
    """
    if is_problem(problem) and problem.average_fidelity is not None:
        from lpdistill.rates.average import average_delivery  # noqa: PLC0415 - slow to load, rarely wanted

        wanted: dict[str, Any] = {
            "least": least,
            "deterministic": deterministic,
            "all_levels": all_levels,
            "exact": exact,
        }
        wanted |= {"certificate": certificate, "sensitivity": sensitivity, "ranges": ranges, "increments": increments}
        for name, value in wanted.items():
            if value:
                raise ModelError(name, "has no meaning with average_fidelity; leave it out, or give a target", value)
        return Report(average_delivery(problem, within=within, time_limit=time_limit, progress=progress))
    found = solve_problem(
        problem,
        method=method,
        least=least,
        deterministic=deterministic,
        within=within,
        time_limit=time_limit,
        all_levels=all_levels,
        progress=progress,
    )
    progress("reading the policy off")
    found.occupation  # noqa: B018 - computed here, while progress is told
    parts: dict[str, Answer] = {}
    document: dict[str, Any] = {}
    if exact or certificate is not None:
        proof = parts["certificate"] = _proof(found, certificate, progress)
    if sensitivity:
        from lpdistill.worth.sensitivity import sensitivity as derivatives  # noqa: PLC0415 - slow to load, rarely wanted

        progress("differentiating")
        slopes = parts["sensitivity"] = derivatives(found)
        document["sensitivity"] = {name: finite(slope.value) for name, slope in slopes.derivatives.items()}
        details = section(slopes.to_dict())
        document["sensitivity_details"] = {name: part for name, part in details.items() if name != "waiting_time"}
    if ranges and found.budgets:
        from lpdistill.worth.prices import neighbours  # noqa: PLC0415 - the same

        prices = {name: neighbours(found, name) for name in found.budgets}
        parts |= {f"price of {name}": price for name, price in prices.items()}
        document["prices"] = {name: price.section() for name, price in prices.items()}
    elif ranges:
        from lpdistill.worth.validity import validity  # noqa: PLC0415 - the same

        holds = parts["ranges"] = validity(found, progress=progress)
        document["ranges"] = holds.to_dict()["ranges"]
    if exact or certificate is not None:
        document["certificate"] = proof.claims()
    if increments:
        from lpdistill.worth.increments import increments as changes  # noqa: PLC0415 - the same

        saved = parts["increments"] = changes(found, progress=progress)
        document["increments"] = saved.to_dict()["changes"]
    return Report(found, document, parts)


def _proof(solution: Solution, path: Path | None, progress: Callable[[str], None]) -> Certificate | BracketCertificate:
    """A certificate of a solution, written to a file if there is one."""
    from symbolic import certify  # noqa: PLC0415 - only proofs need exact arithmetic

    proof = certify(solution, progress=progress)
    if path is not None:
        progress("writing the certificate")
        with writing(path, "certificate"):
            proof.save(path)
    return proof


def explain(
    problem: QuestionLike,
    counts: Key,
    *,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> Explanation:
    """Every action of one configuration, and what it costs; ``within`` and ``time_limit`` as for ``solve``.

    Levels that are finite are all told apart, unless a gap is given.
    """
    if within is None and isinstance(problem, Problem) and problem.reach.finite:
        return solve_problem(problem, all_levels=True, progress=progress).explain(counts)
    return solve_problem(problem, within=within, time_limit=time_limit, progress=progress).explain(counts)


def variability(
    problem: QuestionLike,
    slack: Number = 0,
    *,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> Variability:
    """How much every action may vary among policies within a factor of the optimum, on labels where these are used.

    ``time_limit`` is as for ``solve``, the others as for :func:`lpdistill.variability`.
    """
    from lpdistill.worth.variability import variability as varying  # noqa: PLC0415 - slow to load, rarely wanted

    return varying(near(problem, None, time_limit, progress), slack, progress=progress)
