"""arXiv:2606.14908 reproduced: its numbers, its headline claims, its figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.progress import Report, silent
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.document import in_common
from lpdistill.study.claims import MOST_SEARCHED_LEVELS, Claim, Record, claims, records
from lpdistill.study.figures import Atlas, advantages, example_history, example_policy, many_memories, optimal_time
from lpdistill.study.published_numbers import TOLERANCE, Residual, recompute

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECORD_NUMBERS = ("p", "M", "f0 -> target", "levels", "optimum", "baseline", "of optimum", "of baseline", "charged")
"""What is printed of a record besides what it is over and among."""


@dataclass(frozen=True, repr=False)
class Reproduction(Answer):
    """What is found in place of the published numbers and claims.

    Attributes
    ----------
    residuals
        Every published number beside the one that is found.
    records
        The greatest advantages over each baseline, range by range; empty if they were not searched.
    claims
        The headline claims; empty if they were not examined.
    figures
        The files of the figures; none if they were not drawn.
    """

    _KIND = "reproduction"

    residuals: tuple[Residual, ...]
    records: tuple[Record, ...] = ()
    claims: tuple[Claim, ...] = ()
    figures: tuple[Path, ...] = ()

    @property
    def worst(self) -> Residual:
        """The published number that is farthest from the one that is found."""
        return max(self.residuals, key=lambda one: abs(one.difference))

    @property
    def agrees(self) -> bool:
        """Whether the published stopping tolerance explains every difference."""
        return all(one.explained for one in self.residuals)

    @property
    def _question(self) -> dict[str, Any]:
        """What is the same of all problems."""
        return in_common(one.published.problem for one in self.residuals)

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "numbers", f"{len(self.residuals)} published waiting times (last step free)"
        yield "apart", f"{abs(self.worst.difference):.1e} at most"
        yield "tolerance", f"iterated to 1e-6, they may be off by {TOLERANCE:.0e}"
        yield "verdict", "all agree" if self.agrees else "NOT ALL AGREE"
        for claim in self.claims:
            yield "claim", f"{claim.text}: {claim.verdict}"

    def _content(self) -> dict[str, Any]:
        return {
            "tolerance": TOLERANCE,
            "greatest_difference": abs(self.worst.difference),
            "agrees": self.agrees,
            "numbers": list(self._cells()),
            "records": [record.to_dict() for record in self.records],
            "claims": [claim.to_dict() for claim in self.claims],
            "figures": [str(path) for path in self.figures],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every published number."""
        for one in self.residuals:
            yield {
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

    def printed(self, most: int | None = SHOWN) -> Iterable[Block]:
        """The verdict; the numbers that are farthest apart, or all; records, claims and figures."""
        yield (
            f"{len(self.residuals)} published waiting times (last step free), greatest difference "
            f"{abs(self.worst.difference):.1e}; iterated to 1e-6, they may be off by {TOLERANCE:.0e}: "
            + ("all agree" if self.agrees else "NOT ALL AGREE")
        )
        policies = dict.fromkeys(one.published.policy for one in self.residuals)
        shown = self.residuals if most is None else [self._farthest(policy) for policy in policies]
        headings = {"": "left", "policy": "left", "published": "right", "found": "right", "difference": "right"}
        yield Table("published numbers" if most is None else "farthest apart", headings, [one.cells for one in shown])
        if self.records:
            sides = dict.fromkeys(("over", "among"), "left") | dict.fromkeys(RECORD_NUMBERS, "right")
            title = f"greatest advantages found, with at most {MOST_SEARCHED_LEVELS} levels"
            note = "of optimum: (T_b - T)/T; of baseline: (T_b - T)/T_b; charged: the same with the last step counted"
            yield Table(title, sides, [record.cells for record in self.records], note)
        for claim in self.claims:
            yield f"\nclaim    {claim.text}\nverdict  {claim.verdict}\nfinding  {claim.finding}"
        yield from (f"drawn    {path}" for path in self.figures)

    def _farthest(self, policy: str) -> Residual:
        """Of the published numbers of a policy, the one that is farthest from the one that is found."""
        ours = [one for one in self.residuals if one.published.policy == policy]
        return max(ours, key=lambda one: abs(one.apart))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how far every published number is from the one found, beside the published stopping tolerance."""
        drawn = pictures.canvas(ax, "published waiting times less those found, the last step free")
        policies = list(dict.fromkeys(one.published.policy for one in self.residuals))
        for number, policy in enumerate(policies):
            ours = [one for one in self.residuals if one.published.policy == policy]
            times, apart = [one.found for one in ours], [one.difference for one in ours]
            drawn.plot(times, apart, "ovs^D"[number % 5], color=pictures.style(number)["color"], ms=4, label=policy)
        for end in (-TOLERANCE, TOLERANCE):
            drawn.axhline(end, color=pictures.INK, lw=0.8, ls="--", label="tolerance" if end > 0 else None)
        drawn.set_xscale("log")
        pictures.mark(drawn.xaxis, *drawn.get_xlim())
        drawn.set_xlabel("expected waiting time found")
        drawn.set_ylabel("published less found")
        drawn.legend(frameon=False, ncols=5, fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0))
        return drawn

    def __repr__(self) -> str:
        verdicts = "".join(f"\n  {claim.text}: {claim.verdict}" for claim in self.claims)
        return (
            f"Reproduction: {len(self.residuals)} published numbers, greatest difference "
            f"{abs(self.worst.difference):.1e}{verdicts}"
        )


def reproduce(*, search: bool = True, jobs: int = 1, progress: Report = silent) -> Reproduction:
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


def draw_figures(folder: Path, *, suffix: str = ".png", jobs: int = 1, progress: Report = silent) -> Iterator[Path]:
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
