"""Columns in a user's terms: the counts of the configuration, and the action."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.model.dynamics import Dynamics
from lpdistill.solution.policy import Counts
from lpdistill.solution.wording import Action


class Label(NamedTuple):
    """What a column stands for: rank and counts of its configuration, and its action."""

    rank: int
    counts: Counts
    action: Action


def labels(dynamics: Dynamics, columns: IntArray) -> list[Label]:
    """What some columns stand for, by configuration."""
    what = dynamics.numbering.describe(columns)
    order = np.argsort(what.configuration, kind="stable")
    counts = dynamics.configurations.unrank(what.configuration[order]).tolist()
    parts = (part[order].tolist() for part in (what.configuration, what.matching, what.attempts))
    return [
        Label(rank, tuple(here), Action(dynamics.matchings.distilled(matching), attempts))
        for here, rank, matching, attempts in zip(counts, *parts, strict=True)
    ]


def doing(dynamics: Dynamics, columns: IntArray) -> IntArray:
    """The given columns without those that only wait."""
    what = dynamics.numbering.describe(columns)
    return np.asarray(columns[(what.pairs > 0) | (what.attempts > 0)])


def action_dict(action: Action) -> dict[str, Any]:
    """An action as JSON data."""
    return {"generate": action.generate, "distil": [list(pair) for pair in action.distil]}
