"""The result of a sweep: its points in order, as tables, arrays and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError, names_like
from lpdistill.export.files import writing
from lpdistill.numbers import decimals
from lpdistill.policies.comparison import share_saved
from lpdistill.policies.named import OPTIMAL
from lpdistill.problem.settings import SETTINGS, numeric
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.document import in_common
from lpdistill.study.charts import Quantity, chart
from lpdistill.study.dataset import TIMES, dataset_of
from lpdistill.study.grid import Grid, Point
from lpdistill.study.outcome import RESULTS, Ending, Outcome, numbers

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

SUMMED_UP = 6
"""Policies of which a summary says how their points ended."""

FEW_PROBLEMS = 20
"""Problems up to which each is a row of what is printed."""

SWEEP_SUFFIXES = {".csv": (), ".parquet": ("pyarrow",), ".nc": ("xarray", "h5netcdf", "h5py")}
"""Files that a sweep may be written to, and what that needs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One policy on one problem.

    Attributes
    ----------
    point
        The problem, and where it lies in the grid.
    policy
        The name of the policy.
    outcome
        What came of it.
    advantage
        ``(T_b - T_opt) / T_b``: what share of this policy's waiting time the optimum saves; None unless both are known.
    """

    point: Point
    policy: str
    outcome: Outcome
    advantage: float | None

    @property
    def waiting_time(self) -> float | None:
        """Expected waiting time."""
        return self.outcome.waiting_time


@dataclass(frozen=True, repr=False)
class Sweep(Answer):
    """Policies on all problems of a grid; ``sweep["nested"]`` has the rows of one policy.

    Attributes
    ----------
    grid
        What was swept.
    policies
        Names of the policies.
    points
        The problems, in the order of the grid.
    outcomes
        What came of every policy on every problem; policies run fastest.
    store
        Where the results are kept; None if nowhere.
    computed, reused
        How many points this run has computed, and how many it has found in the store, from before or from another
        process at work.  Points beyond fidelity 1 are neither.
    files
        Where it was written to.
    """

    _KIND = "sweep"

    grid: Grid
    policies: tuple[str, ...]
    points: tuple[Point, ...]
    outcomes: tuple[Outcome, ...]
    store: Path | None
    computed: int
    reused: int
    files: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All points with their outcomes."""
        found = []
        outcomes = iter(self.outcomes)
        for point in self.points:
            of_policy = {policy: next(outcomes) for policy in self.policies}
            optimum = of_policy[OPTIMAL].waiting_time if OPTIMAL in of_policy else None
            found += [
                Row(point, policy, outcome, None if policy == OPTIMAL else _advantage(outcome.waiting_time, optimum))
                for policy, outcome in of_policy.items()
            ]
        return tuple(found)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.outcomes)

    def __getitem__(self, policy: str) -> tuple[Row, ...]:
        if policy not in self.policies:
            raise ModelError("policy", f"must be one of {names_like(self.policies, policy)}", policy)
        return tuple(row for row in self.rows if row.policy == policy)

    def endings(self, policy: str) -> dict[Ending, int]:
        """How many points of a policy ended how."""
        count = Counter(row.outcome.ending for row in self[policy])
        return {ending: count[ending] for ending in Ending}

    def coordinates(self, row: Row) -> dict[str, float | int | str]:
        """Where a row lies in the grid, as numbers and labels."""
        return {axis.name: axis.coordinate(value) for axis, value in zip(self.grid.axes, row.point.at, strict=True)}

    @property
    def _question(self) -> dict[str, Any]:
        """What is the same of all problems."""
        return in_common(point.problem for point in self.points if point.problem is not None)

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield from self._above()
        for policy in self.policies[:SUMMED_UP]:
            yield policy, ", ".join(f"{count:,} {ending}" for ending, count in self.endings(policy).items() if count)

    def _above(self) -> Iterable[tuple[str, str]]:
        """What was swept, and where it is kept; what came of it, tables say."""
        yield "grid", str(self.grid).removeprefix("Grid: ")
        if self.grid.common:
            yield "problem", self.grid.common
        yield "points", f"{len(self):,}; {self.computed:,} computed now, {self.reused:,} from the store"
        yield "store", str(self.store or "none")
        if self.files:
            yield "written", ", ".join(self.files)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - these are never long
        """How points ended, the times of few problems, extremes, and why there is no time."""
        seen = [ending for ending in Ending if any(self.endings(policy)[ending] for policy in self.policies)]
        counts = [(policy, *(f"{self.endings(policy)[ending]:,}" for ending in seen)) for policy in self.policies]
        yield Table("points", {"policy": "left"} | dict.fromkeys(map(str, seen), "right"), counts)
        if self.grid.size <= FEW_PROBLEMS:
            names = [*(axis.name.replace("_", " ") for axis in self.grid.axes), *self.policies]
            yield Table("waiting times", dict.fromkeys(names, "right"), self._times)
        if extremes := [line for policy in self.policies for line in self._extremes(policy)]:
            yield Table("extremes", {"policy": "left", "": "left", "value": "right", "where": "left"}, extremes)
        first: dict[tuple[str, str], Row] = {}
        for row in self:
            if row.outcome.message:
                first.setdefault((row.policy, str(row.outcome.ending)), row)
        if first:
            reasons = [(*key, self._where(row), row.outcome.message) for key, row in first.items()]
            headings = dict.fromkeys(("policy", "status", "first at", "why"), "left")
            yield Table("without a waiting time", headings, reasons)

    @property
    def _times(self) -> list[tuple[str, ...]]:
        """The waiting times of all policies, a row for each problem."""
        rows: dict[tuple[str, ...], list[str]] = {}
        for row in self:
            place = tuple(map(str, self.coordinates(row).values()))
            time = row.waiting_time
            rows.setdefault(place, []).append(str(row.outcome.ending) if time is None else decimals(time))
        return [(*place, *times) for place, times in rows.items()]

    def _extremes(self, policy: str) -> Iterator[tuple[str, ...]]:
        """The points at which a policy is quickest and slowest, and at which the optimum saves most."""
        timed = [(row.waiting_time, row) for row in self[policy] if row.waiting_time is not None]
        saved = [(row.advantage, row) for row in self[policy] if row.advantage is not None]
        if timed:
            ends = {"shortest time": min(timed, key=itemgetter(0)), "longest time": max(timed, key=itemgetter(0))}
            for name, (time, row) in ends.items():
                yield policy, name, decimals(time), self._where(row)
        if wide := [(gap, row) for row in self[policy] if (gap := row.outcome.relative_gap)]:
            gap, row = max(wide, key=itemgetter(0))
            yield policy, f"widest bracket of {len(wide):,}", f"{100 * gap:.2g} %", self._where(row)
        if saved:
            share, row = max(saved, key=itemgetter(0))
            yield policy, "greatest advantage", f"{100 * share:.4f} %", self._where(row)

    def _where(self, row: Row) -> str:
        """Where a row lies in the grid, in words."""
        return ", ".join(f"{name} = {value}" for name, value in self.coordinates(row).items())

    def _content(self) -> dict[str, Any]:
        labels = [dict(zip(axis.values, axis.labels, strict=True)) for axis in self.grid.axes]
        return {
            "results": RESULTS,
            "axes": self.grid.to_dict(),
            "policies": list(self.policies),
            "store": None if self.store is None else str(self.store),
            "computed": self.computed,
            "reused": self.reused,
            "points": [
                {
                    **{
                        axis.name: label[value]
                        for axis, label, value in zip(self.grid.axes, labels, row.point.at, strict=True)
                    },
                    "policy": row.policy,
                    **numbers(row.outcome),
                    "advantage": row.advantage,
                    "problem": None if row.point.problem is None else row.point.problem.to_dict(),
                }
                for row in self.rows
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """The sweep as a pandas DataFrame: a row for every problem and policy, with all settings of the problem."""
        frame = super().to_frame()
        for name in ("memories", "levels", "labels"):
            frame[name] = frame[name].astype("Int64")
        for name in (*TIMES, "advantage", "relative_gap"):
            frame[name] = frame[name].astype(float)
        return frame

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every problem and policy, with all settings of the problem."""
        for row in self.rows:
            outcome = numbers(row.outcome)
            outcome |= {"deadlock": "; ".join(map(str, row.outcome.deadlock)), "advantage": row.advantage}
            expected = outcome.pop("expected")
            yield {**self._settings(row.point), "policy": row.policy, **outcome, **expected}

    def _settings(self, point: Point) -> dict[str, Any]:
        """The settings of a problem as cells; of those beyond fidelity 1, what was asked."""
        at = {axis.name: axis.coordinate(value) for axis, value in zip(self.grid.axes, point.at, strict=True)}
        problem = point.problem or self.grid.nearest(point.at)
        stated = problem.to_dict()
        gap = problem.target - problem.f0 if point.problem else self.grid.gap(point.at)
        return {
            **{name: SETTINGS[name].cell(problem) for name in numeric() if name not in {"memories", "target"}},
            "target": float(problem.f0 + gap),
            "memories": problem.memories,
            "gap": float(gap),
            "rules": " + ".join("=".join(map(str, rule.values())) for rule in stated["rules"]),
            "budgets": "; ".join(map(str, problem.budgets)),
            "final_step": stated["final_step"],
        } | at

    def to_dataset(self) -> xr.Dataset:
        """The sweep as an xarray Dataset, one dimension per axis and one for policies; NaN where there is no number.

        Durations, the last step and all other settings are there: numbers as coordinates, and in the attribute
        ``problem``, as JSON, whatever all points have in common.
        """
        return dataset_of(self)

    def write(self, file: str | PathLike[str]) -> None:
        """Write the sweep to a file, whose suffix says how: ``.csv``, ``.parquet`` or ``.nc`` (netCDF).

        Raises
        ------
        ModelError
            If the suffix is another, the file cannot be written, or a package that it needs is not installed.
        """
        require_writable(file)
        path = Path(file)
        with writing(file):
            if path.suffix == ".csv":
                self.to_frame().to_csv(path, index=False)
            elif path.suffix == ".parquet":
                self.to_frame().to_parquet(path, engine="pyarrow", index=False)
            else:
                self.to_dataset().to_netcdf(path, engine="h5netcdf")

    def plot(
        self, ax: Axes | None = None, *, quantity: Quantity | str = Quantity.WAITING_TIME, policy: str | None = None
    ) -> Axes:
        """Draw the sweep: lines of all policies over one axis, or a map of one policy over two.

        Parameters
        ----------
        ax
            Where; new axes by default.
        quantity
            ``waiting_time``, or ``advantage`` of the optimum.
        policy
            The policy of a map; by default the first that has the quantity.

        Raises
        ------
        ModelError
            If more than two axes have several values, or there is no such quantity or policy.
        """
        return chart(self, ax, quantity, policy)

    def __repr__(self) -> str:
        count = Counter(outcome.ending for outcome in self.outcomes)
        ended = ", ".join(f"{count[ending]:,} {ending}" for ending in Ending if count[ending])
        axes = repr(self.grid).partition(", ")[2]
        return f"Sweep: {len(self):,} points, {ended}" + (f"; {axes}" if axes else "")


def _advantage(time: float | None, optimum: float | None) -> float | None:
    """The share of a policy's waiting time that the optimum saves, where there are both."""
    return None if time is None or optimum is None else share_saved(time, optimum)


def require_writable(file: str | PathLike[str], where: str = "file") -> None:
    """Raise ModelError unless a sweep can be written to a file: its suffix, its folder, the packages it needs."""
    path = Path(file)
    if path.suffix not in SWEEP_SUFFIXES:
        raise ModelError(where, f"must have one of the suffixes {', '.join(SWEEP_SUFFIXES)}", str(file))
    if not path.parent.is_dir() or path.is_dir():
        raise ModelError(where, "must be a file in a folder that exists", str(file))
    for package in SWEEP_SUFFIXES[path.suffix]:
        if find_spec(package) is None:
            raise ModelError(where, f"needs {package}; install lpdistill[arrays]", str(file))
