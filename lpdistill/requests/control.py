"""Policies for a link whose generation probability is estimated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

from lpdistill.control.adaptation import Adaptation
from lpdistill.control.adaptation import adapt as adapted
from lpdistill.control.table import PolicyTable, policy_table
from lpdistill.errors import ModelError
from lpdistill.numbers import Number
from lpdistill.progress import silent
from lpdistill.requests.report import Report
from lpdistill.solution.given import ProblemLike
from lpdistill.telemetry.files import of_link, read_telemetry
from lpdistill.telemetry.records import Record, records_of


def adapt(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: ProblemLike,
    attempts: int | str | None = None,
    successes: int | str | None = None,
    *,
    telemetry: str | PathLike[str] | Sequence[Record] | None = None,
    link: str | None = None,
    in_use: int | str | None = None,
    confidence: Number = "0.95",
    look: int | str | None = None,
    threshold: Number = 0,
    table: str | PathLike[str] | None = None,
    span: tuple[Number, Number] | None = None,
    regret: Number | None = None,
    progress: Callable[[str], None] = silent,
) -> Adaptation | PolicyTable | Report[Adaptation]:
    """The policy to use after some counts, or those of telemetry; without any, the table of policies.

    Parameters
    ----------
    problem, attempts, successes, in_use, confidence, look, threshold, progress
        As for :func:`lpdistill.adapt`.
    telemetry, link
        A file (:func:`~lpdistill.read_telemetry`) or records instead of counts, and whose; all periods count together.
    table
        The file that the table goes to, if it is to be written.
    span, regret
        The range of the table and what is allowed there, as for :func:`lpdistill.policy_table`.

    Raises
    ------
    ModelError
        If counts are given in part, or what is asked belongs to a table or to counts that are not wanted.
    """
    counts = _counts(attempts, successes, telemetry, link)
    _require_company(counts, in_use=in_use, table=table, span=span, regret=regret)
    policies = None
    if table is not None or counts is None:
        policies = policy_table(problem, span, regret="0.01" if regret is None else regret, progress=progress)
    if policies is not None and table is not None:
        policies.save(table)
    if counts is None:
        assert policies is not None  # noqa: S101 - as there are no counts
        return policies
    asked: dict[str, Any] = {"in_use": in_use, "confidence": confidence, "look": look, "threshold": threshold}
    found = adapted(problem, *counts, **asked, progress=progress)
    return found if table is None else Report(found, {"table": str(table)}, {})


def _counts(
    attempts: int | str | None,
    successes: int | str | None,
    telemetry: str | PathLike[str] | Sequence[Record] | None,
    link: str | None,
) -> tuple[int | str, int | str] | None:
    """Attempts and successes, however they are given; None if they are not."""
    if telemetry is not None:
        if attempts is not None or successes is not None:
            raise ModelError("telemetry", "has counts, and others are given; leave one out", None)
        return counted_by(telemetry, link)
    if link is not None:
        raise ModelError("link", "is one of telemetry; give some, or leave it out", link)
    if attempts is None and successes is None:
        return None
    for name, given in (("attempts", attempts), ("successes", successes)):
        if given is None:
            raise ModelError(name, "are missing; give both counts, or none for the table alone", None)
    return attempts or 0, successes or 0


def _require_company(counts: object, *, in_use: object, table: object, span: object, regret: object) -> None:
    """Refuse what belongs to counts or to a table where there are none."""
    if regret is not None and span is None:
        raise ModelError("regret", "belongs to a range of p; give one (span), or leave it out", regret)
    if counts is not None and span is not None and table is None:
        raise ModelError("span", "is that of a table; give a file for it, or leave the counts out", None)
    if counts is None and in_use is not None:
        raise ModelError("in_use", "is compared after counts; give attempts and successes", in_use)


def counted_by(telemetry: str | PathLike[str] | Sequence[Record], link: str | None) -> tuple[int, int]:
    """Attempts and successes of all periods of a link.

    Raises
    ------
    ModelError
        If there are no records of it, or none has attempts.
    """
    records = (
        read_telemetry(telemetry, link)
        if isinstance(telemetry, str | PathLike)
        else of_link(records_of(telemetry), link)
    )
    attempts, successes = (sum(getattr(one, name) for one in records) for name in ("attempts", "successes"))
    if not attempts:
        raise ModelError("telemetry", "has no attempts, of which p could be told", None)
    return attempts, successes
