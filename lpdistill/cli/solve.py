"""``lpdistill solve``: the optimal policy."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import numpy as np
import typer

from lpdistill.cli import options
from lpdistill.cli.output import Progress, console, decimals, print_json, table
from lpdistill.solution.solution import SHOWN, Solution
from lpdistill.solving import Method
from lpdistill.solving import solve as solve_problem


def solve(
    file: options.File = None,
    p: options.P = None,
    memories: options.Memories = None,
    f0: options.F0 = None,
    target: options.Target = None,
    gap: options.Gap = None,
    generation_time: options.GenerationTime = None,
    distillation_time: options.DistillationTime = None,
    final_step: options.FinalStep = None,
    method: Annotated[
        str, typer.Option("--method", help=f"How to solve the program: {', '.join(Method)}.")
    ] = Method.AUTO,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all configurations, also those never visited.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Find the policy with the least expected waiting time, and prove it."""
    problem = options.problem_of(
        file,
        p=p,
        memories=memories,
        f0=f0,
        target=target,
        gap=gap,
        generation_time=generation_time,
        distillation_time=distillation_time,
        final_step=final_step,
    )
    with Progress() as progress:
        solution = solve_problem(problem, method=method, progress=progress)
        progress("reading the policy off")
        solution.occupation  # noqa: B018 - computed here, while progress shows
    if as_json:
        print_json(solution.to_dict())
    else:
        _print(solution, everything=everything)


def _print(solution: Solution, *, everything: bool) -> None:
    screen = console()
    for name, text in solution.summary():
        screen.print(f"{name:<14}{text}", soft_wrap=True)
    words = solution.policy.wording
    several = bool(solution.policy.randomised)
    shown = list(islice(solution.rows(visited=not everything), None if everything else SHOWN))
    rows = [
        (
            words.configuration(row.counts),
            *words.action(decision.action),
            *((f"{decision.probability:.4f}",) if several else ()),
            decimals(row.value),
            decimals(row.visits),
        )
        for row in shown
        for decision in row.decisions
    ]
    headings = dict.fromkeys(("configuration", *words.headings), "left")
    headings |= {"probability": "right"} if several else {}
    headings |= {"time to go": "right", "visits": "right"}
    screen.print()
    screen.print(table("policy", headings, rows))
    visited = int(np.count_nonzero(solution.occupation))
    if not everything and (visited > len(shown) or visited < solution.process.size):
        screen.print(
            f"[dim]{len(shown):,} of {visited:,} configurations that a run can visit, most visited first; "
            f"{solution.process.size:,} in all: --all shows them[/dim]",
            soft_wrap=True,
        )
