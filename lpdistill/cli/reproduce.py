"""``lpdistill reproduce``: the numbers, claims and figures of arXiv:2606.14908."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import click

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import INTEGER, Json
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.cli.termination import orderly
from lpdistill.errors import ModelError
from lpdistill.numbers import whole
from lpdistill.requests.study import reproduce as reproduced
from lpdistill.study.claims import MOST_SEARCHED_LEVELS, Record
from lpdistill.study.published_numbers import TOLERANCE, Residual


def reproduce(
    numbers: Annotated[bool, Option("--numbers", help="Only the published numbers: no search, no claims.")] = False,
    figures: Annotated[
        Path | None, Option("--figures", metavar="<folder>", help="Draw the figures into this folder.")
    ] = None,
    every: Annotated[bool, Option("--all", help="Show every published number.")] = False,
    jobs: Annotated[
        str | None,
        Option("--jobs", metavar=INTEGER, help="Number of processes.  [default: as many as there are cores]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute every published number, examine the headline claims, and draw the figures of arXiv:2606.14908.

    Examples
    --------
    lpdistill reproduce --numbers
    """
    workers = (os.cpu_count() or 1) if jobs is None else whole(jobs, "--jobs")
    if workers < 1:
        raise ModelError("--jobs", "must be at least 1", jobs)
    if figures is not None:
        if not figures.is_dir():
            raise ModelError("--figures", "must be a folder that exists", str(figures))
        pictures.require(figures / "optimal_time.png", "--figures")
    with orderly(), Progress() as progress:
        report = reproduced(search=not numbers, figures=figures, jobs=workers, progress=progress.count)
    found = report.main
    if as_json:
        print_json(report.to_dict())
        return
    screen = console()
    screen.print(
        f"{len(found.residuals)} published waiting times (last step free), greatest difference "
        f"{abs(found.worst.difference):.1e}; iterated to 1e-6, they may be off by {TOLERANCE:.0e}: "
        + ("all agree" if found.agrees else "NOT ALL AGREE"),
        soft_wrap=True,
    )
    shown = found.residuals if every else [_worst(found.residuals, policy) for policy in _policies(found.residuals)]
    headings = {"": "left", "policy": "left", "published": "right", "found": "right", "difference": "right"}
    screen.print()
    screen.print(table("published numbers" if every else "farthest apart", headings, [_cells(one) for one in shown]))
    if found.records:
        screen.print()
        sides = dict.fromkeys(("over", "among"), "left") | dict.fromkeys(
            ("p", "M", "f0 -> target", "levels", "optimum", "baseline", "of optimum", "of baseline", "charged"), "right"
        )
        screen.print(
            table(
                f"greatest advantages found, with at most {MOST_SEARCHED_LEVELS} levels",
                sides,
                [_record(record) for record in found.records],
            )
        )
        screen.print(
            "of optimum: (T_b - T)/T; of baseline: (T_b - T)/T_b; charged: the same with the last step counted",
            style="dim",
        )
    for claim in found.claims:
        screen.print()
        screen.print(f"claim    {claim.text}\nverdict  {claim.verdict}\nfinding  {claim.finding}", soft_wrap=True)
    for path in report.document["figures"]:
        screen.print(f"drawn    {path}", soft_wrap=True)
    if not found.agrees:
        raise click.exceptions.Exit(1)


def _policies(residuals: tuple[Residual, ...]) -> list[str]:
    return list(dict.fromkeys(one.published.policy for one in residuals))


def _worst(residuals: tuple[Residual, ...], policy: str) -> Residual:
    ours = [one for one in residuals if one.published.policy == policy]
    return max(ours, key=lambda one: abs(_difference(one)))


def _difference(one: Residual) -> float:
    """The difference as far as it means anything: what is below a thousandth of 1e-6 is 0."""
    return round(one.difference, 9)


def _cells(one: Residual) -> tuple[str, ...]:
    problem = one.published.problem
    where = f"p = {float(problem.p):g}, M = {problem.memories}, {float(problem.f0):g} -> {float(problem.target):g}"
    return (
        where,
        one.published.policy,
        f"{one.published.waiting_time:.6f}",
        f"{one.found:.6f}",
        f"{_difference(one):.1e}" if _difference(one) else "0",
    )


def _record(record: Record) -> tuple[str, ...]:
    problem, times = record.race.problem, record.race.times
    return (
        record.baseline,
        record.region,
        f"{float(problem.p):.6g}",
        str(problem.memories),
        f"{float(problem.f0):.5f} -> {float(problem.target):.5f}",
        str(len(problem.levels)),
        f"{times['optimal']:.4f}",
        f"{times[record.baseline]:.4f}",
        f"{record.of_optimum:.1%}",
        f"{record.of_baseline:.1%}",
        f"{record.charged:.1%}",
    )
