"""Policies that people use without optimising (arXiv:2606.14908, section IV), in count form.

Each distils kinds of pairs in a fixed order, as many of each kind as it can, and attempts generation on every empty
memory.  Rules are kept: kinds that a rule forbids are left out, and the order decides what is done where a step may not
distil everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ForbiddenActionError, ModelError
from lpdistill.numbers import whole
from lpdistill.physics.levels import Kind, Levels

if TYPE_CHECKING:
    from lpdistill.process.factored.dynamics import Dynamics


@dataclass(frozen=True)
class Baseline:
    """A policy that distils kinds of pairs in an order that does not depend on the configuration.

    Attributes
    ----------
    name
        How commands and tables call it.
    order
        The kinds that it distils, first choice first.
    """

    name: str
    order: Callable[[Levels], list[Kind]]

    def columns(self, dynamics: Dynamics) -> IntArray:
        """Column of the policy in every configuration, (configurations,).

        Raises
        ------
        ForbiddenActionError
            If a rule that is asked about every action forbids what the policy does somewhere.
        """
        kinds, counts = dynamics.matchings.kinds, dynamics.configurations.counts
        position = {kind: column for column, kind in enumerate(kinds)}
        left, room = counts.copy(), np.full(dynamics.size, dynamics.matchings.most)
        chosen = np.zeros((dynamics.size, len(kinds)), dtype=np.int64)
        for kind in self.order(dynamics.problem.levels):
            if kind not in position:
                continue
            fits = left[:, kind.low] // 2 if kind.low == kind.high else left[:, [kind.low, kind.high]].min(axis=1)
            taken = np.minimum(fits, room)
            chosen[:, position[kind]] = taken
            room -= taken
            left[:, kind.low] -= taken
            left[:, kind.high] -= taken
        most = [dynamics.repertoire.most_attempts(distilling=distilling) for distilling in (False, True)]
        empty = dynamics.problem.hardware.memories - dynamics.configurations.totals
        attempts = np.minimum(empty, np.array(most)[chosen.any(axis=1).astype(np.int64)])
        found = dynamics.numbering.find(np.arange(dynamics.size), dynamics.matchings.number(chosen), attempts)
        if dynamics.permitted is not None and not dynamics.permitted[found].all():
            rank = int(np.flatnonzero(~dynamics.permitted[found])[0])
            raise ForbiddenActionError(
                f"policy {self.name} at {dynamics.names.key(rank)}",
                "must take an action that every rule allows",
                dynamics.names.actions(found[[rank]])[0],
            )
        return found


def _pumping(levels: Levels) -> list[Kind]:
    """Every raw pair with the best other pair; raw pairs left over with each other."""
    return sorted((kind for kind in levels.kinds if levels.raw in {kind.low, kind.high}), key=lambda k: -k.high)


def _nested(levels: Levels) -> list[Kind]:
    """Pairs of equal level, the best first."""
    return sorted((kind for kind in levels.kinds if kind.low == kind.high), key=lambda k: -k.high)


def _greedy(levels: Levels) -> list[Kind]:
    """The pairs of smallest difference in fidelity, the best first where differences are equal."""
    return sorted(levels.kinds, key=lambda k: (levels[k.high].fidelity - levels[k.low].fidelity, -k.high))


PUMPING = Baseline("pumping", _pumping)
"""Each raw pair with the best unmatched pair of a higher level; raw pairs left over with each other."""

NESTED = Baseline("nested", _nested)
"""As many distillations as possible within each level, and nothing else."""

GREEDY = Baseline("greedy", _greedy)
"""Repeatedly the two unmatched pairs of smallest difference in fidelity, until fewer than two are left."""

BASELINES = {baseline.name: baseline for baseline in (PUMPING, NESTED, GREEDY)}


def banded(width: int | str) -> Baseline:
    """Greedy among pairs at most ``width`` levels apart (Van Meter et al., IEEE/ACM Trans. Netw. 17, 1002 (2009)).

    Width 0 is nested; with a width of all levels it is greedy.

    Raises
    ------
    ModelError
        If the width is no whole number, or negative.
    """
    most = whole(width, "policy banded")
    if most < 0:
        raise ModelError("policy banded", "must have a width of at least 0 levels", width)
    return Baseline(f"banded:{most}", lambda levels: [kind for kind in _greedy(levels) if kind.high - kind.low <= most])
