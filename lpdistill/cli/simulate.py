"""``lpdistill simulate``: Monte Carlo of a policy in the system of labelled memories."""

from __future__ import annotations

from math import inf, isnan
from pathlib import Path
from typing import Annotated

import click

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, NUMBER, Json, Plot, drawable, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.cli.policies import PolicyOption, policy_of
from lpdistill.numbers import decimals, whole
from lpdistill.problem.problem import Problem
from lpdistill.simulation.deviations import Deviations
from lpdistill.simulation.estimates import Estimate
from lpdistill.simulation.history import history as history_of
from lpdistill.simulation.simulated import Simulation
from lpdistill.simulation.simulation import seeded
from lpdistill.simulation.simulation import simulate as simulated
from lpdistill.solution.document import section

RUNS = 100_000


@takes_problem()
def simulate(
    problem: Problem,
    policy: PolicyOption = "optimal",
    runs: Annotated[str, Option("--runs", metavar=INTEGER, help="Number of runs.")] = str(RUNS),
    seed: Annotated[
        str | None,
        Option("--seed", metavar=INTEGER, help="Of the random numbers; one is drawn, and reported, if none is given."),
    ] = None,
    horizon: Annotated[
        str | None,
        Option("--horizon", metavar=NUMBER, help="Time after which a run is given up as not delivered."),
    ] = None,
    real_p: Annotated[str | None, Option("--real-p", metavar=NUMBER, help="In reality, p is this.")] = None,
    real_f0: Annotated[
        str | None, Option("--real-f0", metavar=NUMBER, help="In reality, raw pairs have this fidelity.")
    ] = None,
    message_loss: Annotated[
        str,
        Option(
            "--message-loss",
            metavar=NUMBER,
            help="Probability that a step's message is lost, and its time passes again.",
        ),
    ] = "0",
    jitter: Annotated[
        str, Option("--jitter", metavar=NUMBER, help="Coefficient of variation of the step durations.")
    ] = "0",
    confidence: Annotated[str, Option("--confidence", metavar=NUMBER, help="Level of the intervals.")] = "0.95",
    history: Annotated[bool, Option("--history", help="Also print an example run.")] = False,
    timeline: Annotated[
        Path | None,
        Option(
            "--timeline",
            metavar=FILE,
            help="Draw the example run into a file (.png, .svg, .pdf).",
            callback=drawable,
        ),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Run a policy many times, memory by memory, as the model has it or with what is different in reality.

    Examples
    --------
    lpdistill simulate problem.toml --seed 1
    lpdistill simulate problem.toml --real-p 0.4 --message-loss 0.02 --runs 10000
    """
    reality = Deviations(p=real_p, f0=real_f0, message_loss=message_loss, jitter=jitter)
    count, start = whole(runs, "runs"), seeded(seed)
    one = None
    with Progress() as progress:
        chosen = policy_of(problem, policy, progress)
        if history or timeline is not None:
            progress("example run")
            one = history_of(chosen, seed=start, deviations=reality, horizon=horizon)
        found = simulated(
            chosen,
            count,
            seed=start,
            deviations=reality,
            horizon=horizon,
            confidence=confidence,
            progress=progress.count,
        )
        progress("what the model says")
        found.estimates  # noqa: B018 - computed here, while progress shows
    if as_json:
        said = {"policy": policy, **({"history": section(one.to_dict())} if history and one is not None else {})}
        print_json(found.to_dict() | said)
    else:
        _show(found, policy)
        if history and one is not None:
            click.echo(f"\nexample run\n{one}")
    # A picture that cannot be drawn loses nothing of the simulation.
    if plot is not None:
        pictures.save(found.plot(), plot)
    if timeline is not None and one is not None:
        pictures.save(one.plot(), timeline)


def _show(found: Simulation, policy: str) -> None:
    """The simulation as a table."""
    screen = console()
    screen.print(f"problem        {found.problem}", soft_wrap=True)
    screen.print(f"policy         {policy}", soft_wrap=True)
    if found.deviations:
        screen.print(f"deviations     {found.deviations}", soft_wrap=True)
    if found.horizon is not None:
        screen.print(f"horizon        {float(found.horizon):g}; the mean waiting time is that of the runs delivered")
    screen.print(f"runs           {found.runs:,}, seed {found.seed}")
    screen.print()
    said = f"at {100 * found.confidence:g} %"
    headings = dict.fromkeys(("estimate", "from", "to", "model", "standard errors away"), "right")
    rows = [
        (name.replace("_", " "), *map(_number, _numbers(one)), "-" if one.distance is None else f"{one.distance:+.1f}")
        for name, one in found.estimates.items()
    ]
    screen.print(table(f"a run, with intervals {said}", {"": "left"} | headings, rows))


def _numbers(estimate: Estimate) -> tuple[float | None, ...]:
    """Value, interval and model; no interval around nothing."""
    if isnan(estimate.value):
        return None, None, None, estimate.model
    return estimate.value, estimate.lower, estimate.upper, estimate.model


def _number(number: float | None) -> str:
    """A number, or that there is none."""
    if number is None or isnan(number):
        return "-"
    return "not delivered" if number == inf else decimals(number)
