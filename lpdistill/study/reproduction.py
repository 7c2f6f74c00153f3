"""arXiv:2606.14908 reproduced: its numbers, its headline claims, its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.progress import Counter, uncounted
from lpdistill.solution.document import Document, headed, in_common
from lpdistill.study.claims import Claim, Record, claims, records
from lpdistill.study.figures import Atlas, advantages, example_history, example_policy, many_memories, optimal_time
from lpdistill.study.published_numbers import TOLERANCE, Residual, recompute

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Reproduction(Document):
    """What is found in place of the published numbers and claims.

    Attributes
    ----------
    residuals
        Every published number beside the one that is found.
    records
        The greatest advantages over each baseline, range by range; empty if they were not searched.
    claims
        The headline claims; empty if they were not examined.
    """

    residuals: tuple[Residual, ...]
    records: tuple[Record, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def worst(self) -> Residual:
        """The published number that is farthest from the one that is found."""
        return max(self.residuals, key=lambda one: abs(one.difference))

    @property
    def agrees(self) -> bool:
        """Whether the published stopping tolerance explains every difference."""
        return all(one.explained for one in self.residuals)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON data (schema ``lpdistill.reproduction/1``)."""
        return {
            **headed("reproduction", in_common(one.published.problem for one in self.residuals)),
            "tolerance": TOLERANCE,
            "greatest_difference": abs(self.worst.difference),
            "agrees": self.agrees,
            "numbers": [
                {
                    "table": one.published.table,
                    "p": str(one.published.problem.p),
                    "memories": one.published.problem.memories,
                    "f0": str(one.published.problem.f0),
                    "target": str(one.published.problem.target),
                    "policy": one.published.policy,
                    "published": one.published.waiting_time,
                    "found": one.found,
                    "difference": one.difference,
                }
                for one in self.residuals
            ],
            "records": [record.to_dict() for record in self.records],
            "claims": [claim.to_dict() for claim in self.claims],
        }

    def to_frame(self) -> pd.DataFrame:
        """The numbers as a pandas DataFrame, one row each."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        return pd.DataFrame(self.to_dict()["numbers"])

    def __repr__(self) -> str:
        verdicts = "".join(f"\n  {claim.text}: {claim.verdict}" for claim in self.claims)
        return (
            f"Reproduction: {len(self.residuals)} published numbers, greatest difference "
            f"{abs(self.worst.difference):.1e}{verdicts}"
        )


def reproduce(*, search: bool = True, jobs: int = 1, progress: Counter = uncounted) -> Reproduction:
    """Recompute every published number, and examine the headline claims.

    Parameters
    ----------
    search
        Whether to search for the greatest advantages and examine the claims, which takes minutes.
    jobs
        Number of processes.
    progress
        Told how much of it is done.

    Examples
    --------
    >>> found = reproduce(search=False)
    >>> found.agrees, len(found.residuals)
    (True, 127)
    """
    residuals = recompute(progress)
    if not search:
        return Reproduction(residuals)
    best = records(jobs=jobs, progress=progress)
    return Reproduction(residuals, best, claims(best, jobs=jobs, progress=progress))


def draw_figures(folder: Path, *, suffix: str = ".png", jobs: int = 1, progress: Counter = uncounted) -> Iterator[Path]:
    """Draw the figures into a folder, one after the other.

    Raises
    ------
    ModelError
        If the folder cannot be written, or the suffix is unknown.
    """
    atlas = Atlas.computed(jobs=jobs, progress=progress)
    drawings = {
        "optimal_time": lambda: optimal_time(atlas),
        "advantages": lambda: advantages(atlas),
        "many_memories": lambda: many_memories(progress),
        "example_policy": example_policy,
        "example_history": example_history,
    }
    for number, (name, draw) in enumerate(drawings.items()):
        progress("drawing", number, len(drawings))
        path = folder / f"{name}{suffix}"
        pictures.save(draw(), path)
        yield path
