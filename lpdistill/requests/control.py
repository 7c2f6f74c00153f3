"""Policies for a link whose generation probability is estimated."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

from lpdistill.control.adaptation import Adaptation
from lpdistill.control.adaptation import adapt as adapted
from lpdistill.control.table import PolicyTable, policy_table
from lpdistill.errors import ModelError
from lpdistill.numbers import Number
from lpdistill.progress import silent
from lpdistill.requests.report import Report
from lpdistill.solution.given import ProblemLike


def adapt(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: ProblemLike,
    attempts: int | str | None = None,
    successes: int | str | None = None,
    *,
    in_use: int | str | None = None,
    confidence: Number = "0.95",
    look: int | str | None = None,
    threshold: Number = 0,
    table: str | PathLike[str] | None = None,
    span: tuple[Number, Number] | None = None,
    regret: Number | None = None,
    progress: Callable[[str], None] = silent,
) -> Adaptation | PolicyTable | Report[Adaptation]:
    """The policy to use after some counts; without any, the table of policies.

    Parameters
    ----------
    problem, attempts, successes, in_use, confidence, look, threshold, progress
        As for :func:`lpdistill.adapt`.
    table
        The file that the table goes to, if it is to be written.
    span, regret
        The range of the table and what is allowed there, as for :func:`lpdistill.policy_table`.

    Raises
    ------
    ModelError
        If counts are given in part, or what is asked belongs to a table or to counts that are not wanted.
    """
    counted = attempts is not None or successes is not None
    if regret is not None and span is None:
        raise ModelError("regret", "belongs to a range of p; give one (span), or leave it out", regret)
    if counted and span is not None and table is None:
        raise ModelError("span", "is that of a table; give a file for it, or leave the counts out", None)
    policies = None
    if table is not None or not counted:
        if not counted and in_use is not None:
            raise ModelError("in_use", "is compared after counts; give attempts and successes", in_use)
        allowed = "0.01" if regret is None else regret
        policies = policy_table(problem, span, regret=allowed, progress=progress)
        if table is not None:
            policies.save(table)
    if not counted:
        assert policies is not None  # noqa: S101 - as there are no counts
        return policies
    for name, given in (("attempts", attempts), ("successes", successes)):
        if given is None:
            raise ModelError(name, "are missing; give both counts, or none for the table alone", None)
    found = adapted(
        problem,
        attempts or 0,
        successes or 0,
        in_use=in_use,
        confidence=confidence,
        look=look,
        threshold=threshold,
        progress=progress,
    )
    return found if table is None else Report(found, {"table": str(table)}, {})
