"""Labelled memories that forget: the pairs that a step leaves alone grow older."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.physics.aged import AgedLabels
from lpdistill.process.reachable.vectors import ExploredVectors
from lpdistill.simulation.aged_species import AgeingSpecies
from lpdistill.simulation.labelled import Happened, LabelledMemories


@dataclass(frozen=True)
class AgeingMemories(LabelledMemories):
    """The memories of many runs whose pairs age."""

    def __post_init__(self) -> None:
        if self.deviations.jitter:
            raise ModelError(
                "jitter", "is not simulated where pairs age: each would be of its own; leave it out", self.deviations
            )

    @cached_property
    def species(self) -> AgeingSpecies:
        """What a memory may hold."""
        labels = self.problem.levels
        assert isinstance(labels, AgedLabels)  # noqa: S101 - made for those alone
        return AgeingSpecies(labels, self.deviations.f0)

    @property
    def configurations(self) -> ExploredVectors:
        """The numbering in which controllers know what is stored."""
        assert isinstance(self.known, ExploredVectors)  # noqa: S101 - that of every process of pairs that age
        return self.known

    @property
    def _level(self) -> NDArray[np.signedinteger[Any]]:
        return self.species.held

    def up_to(self, contents: IntArray) -> tuple[IntArray, IntArray]:
        """Memories in order of label, (runs, memories), and the labels in that order, (runs, memories)."""
        level = self._level[contents + 1]
        order = np.argsort(level, axis=1, kind="stable")
        return order, np.take_along_axis(level, order, axis=1)

    def ranks(self, up_to: IntArray) -> IntArray:
        """Rank of the configuration of every run, (runs,), from the second result of :meth:`up_to`."""
        known = self.configurations
        return known.rank_places(np.sort(np.where(up_to < 0, known.kinds, up_to), axis=1))

    def below(self, up_to: IntArray, levels: IntArray, runs: IntArray) -> IntArray:
        """How many memories of some runs hold less than some labels, from the second result of :meth:`up_to`."""
        return np.asarray((up_to[runs] < levels[..., None]).sum(axis=-1))

    def lasting(self, up_to: IntArray) -> BoolArray:
        """Runs in which nothing is stored that ages, (runs,), from the second result of :meth:`up_to`."""
        return np.asarray((up_to < 0).all(axis=1))

    def keep(self, contents: IntArray, kind: IntArray) -> None:
        """Age the pairs that a step leaves alone, by which duration it has."""
        contents[...] = self.species.after(contents, kind)

    def wait(self, contents: IntArray, happened: Happened, time: FloatArray) -> Happened:
        """Age all pairs while a message is sent again; the controller knows nothing of it."""
        for memory in range(contents.shape[1]):
            contents[:, memory] = self.species.later(contents[:, memory], time)
        return replace(happened, delivered=self.species.later(happened.delivered, time))
