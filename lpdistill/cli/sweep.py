"""``lpdistill sweep``: policies on many problems."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.cli.termination import orderly
from lpdistill.hardware.rules import rules_from
from lpdistill.numbers import decimals, member
from lpdistill.problem.settings import require
from lpdistill.process.budgets import budgets_from
from lpdistill.requests.direct import sweep as sweep_of
from lpdistill.study.charts import Quantity, drawable, varying
from lpdistill.study.grid import Grid, counted
from lpdistill.study.outcome import Ending
from lpdistill.study.result import Row, Sweep, require_writable
from lpdistill.study.sweep import policies_named

FEW_PROBLEMS = 20
"""Problems up to which each is a row of the answer."""


def grid_of(settings: Mapping[str, Any]) -> Grid:
    """The problems that settings with ranges and lists describe."""
    require(settings)
    rules = dict(settings.get("rules", {}))
    varying = {name: rules.pop(name) for name in counted() if name in rules}
    budgets = budgets_from(settings.get("budgets", {}))
    return Grid(**{**settings, "rules": rules_from(rules), "budgets": budgets}, **varying)


@takes_problem(argument="grid", builds=grid_of)
def sweep(
    grid: Grid,
    policies: Annotated[
        str,
        Option(
            "--policies",
            metavar="<policies>",
            inputs=["policy"],
            help="optimal, pumping, nested, greedy, banded:WIDTH, separated by commas.",
        ),
    ] = "optimal",
    store: Annotated[
        Path,
        Option("--store", metavar=FILE, help="SQLite database that keeps the results; a sweep goes on from there."),
    ] = Path("sweep.sqlite"),
    jobs: Annotated[
        str | None,
        Option(
            "--jobs",
            "-j",
            metavar=INTEGER,
            help="Processes on this machine.  [default: one per core, if it takes long]",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        Option("--dask", metavar="<address>", help="Address of a Dask scheduler whose workers compute instead."),
    ] = None,
    retry: Annotated[
        bool, Option("--retry", help="Compute points again that ended with an error or at a limit.")
    ] = False,
    export: Annotated[
        Path | None, Option("--export", metavar=FILE, help="Write all points to a file (.csv, .parquet, .nc).")
    ] = None,
    plot: Plot = None,
    quantity: Annotated[
        str,
        Option("--quantity", values=Quantity, help="What --plot draws."),
    ] = Quantity.WAITING_TIME,
    plot_policy: Annotated[
        str | None,
        Option(
            "--plot-policy",
            metavar="<policy>",
            inputs=["policy"],
            help="Whose it is that --plot draws.  [default: all, or the first]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Policies on many problems: numbers may be ranges 0.3:0.9:0.1 or 2:6, and lists 0.6,0.7,3/4; rules also none.

    Examples
    --------
    lpdistill sweep problem.toml --p 0.3:0.9:0.3 --memories 2:4 --policies optimal,nested --export sweep.csv
    """
    names = policies_named(policies)
    what = member(Quantity, quantity, "--quantity")
    if export is not None:
        require_writable(export, "--export")
    if plot is not None:
        varying(grid)
        drawable(names, what, plot_policy)
    try:
        with orderly(), Progress() as progress:
            found = sweep_of(grid, names, store=store, jobs=jobs, dask=dask, retry=retry, progress=progress.count)
    except (KeyboardInterrupt, SystemExit):
        sys.stderr.write(f"what was finished is kept in {store}; the same command goes on from there\n")
        raise
    if export is not None:
        found.write(export)
    if plot is not None:
        pictures.save(found.plot(quantity=what, policy=plot_policy), plot)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found, export)


def _print(found: Sweep, export: Path | None) -> None:
    screen = console()
    screen.print(f"grid           {str(found.grid).removeprefix('Grid: ')}", soft_wrap=True)
    if found.grid.common:
        screen.print(f"problem        {found.grid.common}", soft_wrap=True)
    screen.print(f"points         {len(found):,}; {found.computed:,} computed now, {found.reused:,} from the store")
    screen.print(f"store          {found.store}", soft_wrap=True)
    if export is not None:
        screen.print(f"written        {export}", soft_wrap=True)
    seen = [ending for ending in Ending if any(found.endings(policy)[ending] for policy in found.policies)]
    counts = [(policy, *(f"{found.endings(policy)[ending]:,}" for ending in seen)) for policy in found.policies]
    screen.print()
    screen.print(table("points", {"policy": "left"} | dict.fromkeys(map(str, seen), "right"), counts))
    if found.grid.size <= FEW_PROBLEMS:
        headings = dict.fromkeys([*(axis.name.replace("_", " ") for axis in found.grid.axes), *found.policies], "right")
        screen.print()
        screen.print(table("waiting times", headings, _times(found)))
    extremes = [line for policy in found.policies for line in _extremes(found, policy)]
    if extremes:
        headings = {"policy": "left", "": "left", "value": "right", "where": "left"}
        screen.print()
        screen.print(table("extremes", headings, extremes))
    reasons: dict[tuple[str, str], Row] = {}
    for row in found:
        if row.outcome.message:
            reasons.setdefault((row.policy, str(row.outcome.ending)), row)
    if reasons:
        screen.print()
        lines = [(*key, _where(found, row), row.outcome.message) for key, row in reasons.items()]
        headings = dict.fromkeys(("policy", "status", "first at", "why"), "left")
        screen.print(table("without a waiting time", headings, lines))


def _times(found: Sweep) -> list[tuple[str, ...]]:
    """The waiting times of all policies, a row for each problem."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for row in found:
        place = tuple(str(value) for value in found.coordinates(row).values())
        time = row.waiting_time
        rows.setdefault(place, []).append(str(row.outcome.ending) if time is None else decimals(time))
    return [(*place, *times) for place, times in rows.items()]


def _extremes(found: Sweep, policy: str) -> list[tuple[str, ...]]:
    """The points at which a policy is quickest and slowest, and at which the optimum saves most."""
    timed = [(row.waiting_time, row) for row in found[policy] if row.waiting_time is not None]
    saved = [(row.advantage, row) for row in found[policy] if row.advantage is not None]
    lines: list[tuple[str, ...]] = []
    if timed:
        for name, (time, row) in (("shortest time", min(timed, key=_value)), ("longest time", max(timed, key=_value))):
            lines.append((policy, name, decimals(time), _where(found, row)))
    if saved:
        share, row = max(saved, key=_value)
        lines.append((policy, "greatest advantage", f"{100 * share:.4f} %", _where(found, row)))
    return lines


def _value(pair: tuple[float, Row]) -> float:
    return pair[0]


def _where(found: Sweep, row: Row) -> str:
    return ", ".join(f"{name} = {value}" for name, value in found.coordinates(row).items())
