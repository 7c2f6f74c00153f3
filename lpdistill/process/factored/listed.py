"""Small problems: all columns described and written out once, whatever p, times and costs are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.library import library
from lpdistill.listed import CompiledListing, Listed
from lpdistill.process.factored.columns import Columns, Numbering
from lpdistill.process.factored.generation import Generation

MOST_LISTED = 10_000
"""Columns up to which all of them are kept described."""


def use(numbering: Numbering, what: Columns) -> dict[str, Any]:
    """The parts of the usage of columns that are decided by what they distil."""
    return {
        "steps": (what.discard < 0).astype(np.float64),
        "distillations": what.pairs,
        "failures": numbering.matchings.failing(what.counts),
        "delivering": numbering.matchings.reaching(what.counts),
        "stored": numbering.configurations.totals[what.configuration],
    }


@dataclass(frozen=True, eq=False)
class Listing:
    """All columns of a numbering, described and written out: what does not depend on p, times and costs.

    Attributes
    ----------
    numbering
        Which column is which.
    what
        All columns.
    matrix
        What comes after each: weights on the joined attempt tables, (columns, 2 * table).
    """

    numbering: Numbering
    what: Columns
    matrix: sparse.csr_array

    @cached_property
    def use(self) -> dict[str, Any]:
        """What the columns do, as :func:`use` has it."""
        return use(self.numbering, self.what)

    def at(self, generation: Generation) -> Listed | None:
        """The same for compiled functions, where these are at hand, with probabilities of generation."""
        if library() is None:
            return None
        if "_compiled" not in self.__dict__:
            arrays = {
                "starts": generation.offsets,
                "more": None if generation.raw is None else generation.one_more,
                "owner": self.what.configuration,
                "attempts": self.what.attempts,
                "repeats": self.what.kind == 0,
            }
            self.__dict__["_compiled"] = CompiledListing(self.matrix, arrays)
        chances = generation.success, generation.failure
        return Listed(self.__dict__["_compiled"], chances, generation.leaving, np.arange(self.numbering.size))
