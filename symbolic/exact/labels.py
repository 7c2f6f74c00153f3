"""Columns in a user's terms: the counts of the configuration, and the action."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.hardware.actions import Action
from lpdistill.process.factored.dynamics import Dynamics

Counts: TypeAlias = tuple[int, ...]
"""A configuration: pairs stored at each level."""


class Label(NamedTuple):
    """What a column stands for: rank and counts of its configuration, and its action."""

    rank: int
    counts: Counts
    action: Action


def labels(dynamics: Dynamics, columns: IntArray) -> list[Label]:
    """What some columns stand for, by configuration."""
    ranks = dynamics.numbering.describe(columns).configuration
    order = np.argsort(ranks, kind="stable")
    actions = dynamics.names.actions(columns[order])
    return [
        Label(rank, dynamics.names.key(rank), act) for rank, act in zip(ranks[order].tolist(), actions, strict=True)
    ]


def doing(dynamics: Dynamics, columns: IntArray) -> IntArray:
    """The given columns without those that only wait."""
    return np.asarray(columns[~np.isin(columns, dynamics.admission.waiting)])
