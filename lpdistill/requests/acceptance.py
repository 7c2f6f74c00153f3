"""Certifying a fidelity: how many pairs it takes, and what measured pairs say."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, TypeAlias

from lpdistill.acceptance.plan import AcceptancePlan, acceptance_plan
from lpdistill.acceptance.verdict import AcceptanceVerdict, SequentialVerdict, acceptance_verdict, sequential_verdict
from lpdistill.arguments import path_of
from lpdistill.errors import ModelError
from lpdistill.numbers import Number
from lpdistill.physics.noise import SeveralNumbers
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import SETTINGS

Verified: TypeAlias = AcceptancePlan | AcceptanceVerdict | SequentialVerdict
"""What comes of it."""


READOUT = "readout"


def link_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The readouts that measure, and who makes the pairs, if anything is said of them."""
    given = {name: value for name, value in settings.items() if value}
    problem = None if given.keys() <= {READOUT} else Problem.from_dict(settings)
    readout = given.get(READOUT, 1) if problem is None else SETTINGS[READOUT].of(problem)
    return {"problem": problem, READOUT: readout}


def verify(  # noqa: PLR0913 - one keyword for each thing that may be asked
    certify: Number,
    true: Number | None = None,
    *,
    delta: Number = 0.05,
    power: Number = 0.9,
    readout: SeveralNumbers = 1,
    problem: Problem | None = None,
    passes: Number | None = None,
    pairs: Number | None = None,
    sequence: str | PathLike[str] | None = None,
) -> Verified:
    """How many test pairs certify a fidelity; or whether measured pairs do.

    Parameters
    ----------
    certify, true, delta, power, readout, problem
        As for :func:`lpdistill.acceptance_plan`.
    passes, pairs
        How many of how many measured pairs passed: then whether these certify.
    sequence
        A file with the results of pairs that are measured one by one.

    Raises
    ------
    ModelError
        If something is missing, out of its range, or contradicts something else.
    """
    fixed = passes is not None or pairs is not None
    if fixed and sequence is not None:
        raise ModelError("sequence", "has the passes and pairs itself; leave one of both out", str(sequence))
    if fixed:
        for name, found in (("passes", passes), ("pairs", pairs)):
            if found is None:
                raise ModelError(name, "is missing beside the other; a verdict needs both", None)
        return acceptance_verdict(certify, passes or 0, pairs or 0, delta=delta, readout=readout)
    if true is None:
        raise ModelError("true", "is missing; say which fidelity the pairs have in truth", None)
    if sequence is None:
        return acceptance_plan(certify, true, delta=delta, power=power, readout=readout, problem=problem)
    return sequential_verdict(certify, true, _read(sequence), delta=delta, power=power, readout=readout)


def _read(file: str | PathLike[str]) -> str:
    """The text of a file.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    try:
        return path_of(file, "sequence").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ModelError("sequence", f"cannot be read: {reason}", str(file)) from None
