"""``lpdistill simulate``: Monte Carlo of a policy in the system of labelled memories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, NUMBER, Json, Plot, TimeLimit, Within, drawable, takes_problem
from lpdistill.cli.output import Progress, give
from lpdistill.cli.policies import CutoffOption, PolicyOption
from lpdistill.policies.named import with_cutoff
from lpdistill.problem.problem import Problem
from lpdistill.requests.policies import simulate as simulated
from lpdistill.simulation.deviations import Deviations
from lpdistill.solving import PATIENCE

RUNS = 100_000


@takes_problem()
def simulate(
    problem: Problem,
    policy: PolicyOption = "optimal",
    cutoff: CutoffOption = None,
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
    telemetry: Annotated[
        Path | None,
        Option("--telemetry", metavar=FILE, help="Write what such a link reports, for watch (.jsonl)."),
    ] = None,
    periods: Annotated[
        str, Option("--periods", metavar=INTEGER, help="In so many records, of equally many deliveries.")
    ] = "1",
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
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
    with Progress() as progress:
        found = simulated(
            problem,
            with_cutoff(policy, cutoff),
            runs,
            seed=seed,
            deviations=reality,
            horizon=horizon,
            confidence=confidence,
            history=history,
            example=timeline is not None,
            telemetry=telemetry,
            periods=periods,
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
    example = found.parts.get("history")
    give(found if history else replace(found, parts={}), as_json=as_json, whole=True)
    # A picture that cannot be drawn loses nothing of the simulation.
    if plot is not None:
        pictures.save(found.plot(), plot)
    if timeline is not None and example is not None:
        pictures.save(example.plot(), timeline)
