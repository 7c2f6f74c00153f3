"""``lpdistill waiting-time``: the whole distribution of the waiting time of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from lpdistill import pictures
from lpdistill.analysis.distribution import Distribution
from lpdistill.analysis.distribution import distribution as distribution_of
from lpdistill.analysis.distribution_picture import QUANTILES
from lpdistill.cli.options import Json, Plot, PolicyOption, policy_of, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.errors import ModelError
from lpdistill.model.problem import Problem


@takes_problem()
def waiting_time(
    problem: Problem,
    policy: PolicyOption = "optimal",
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Times by which to be done: a list such as 10,20; may be repeated.")
    ] = None,
    quantile: Annotated[
        list[str] | None,
        typer.Option(
            "--quantile", help="Probabilities of being done: a list; may be repeated.  \\[default: 0.5,0.9,0.99]"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="The last time to compute, where all would be too many.")
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """The whole distribution of the waiting time: mean, spread, quantiles, and how probably a run is done in time."""
    asked, times = listed(quantile or QUANTILES, "--quantile"), listed(at or (), "--at")
    with Progress() as progress:
        chosen = policy_of(problem, policy, progress)
        spread = chosen.standard_deviation
        found = distribution_of(chosen, until=until, progress=progress)
        quantiles = {q: found.quantile(q) for q in asked}
        done = {time: found.cdf(time) for time in times}
    if plot is not None:
        pictures.save(found.plot(), plot)
    if as_json:
        linear = {"policy": policy, "mean": chosen.waiting_time, "std": spread}
        print_json({**found.to_dict(), **linear, "quantiles": quantiles, "cdf": done})
        return
    screen = console()
    screen.print(f"problem        {problem}", soft_wrap=True)
    screen.print(f"policy         {policy}")
    screen.print(f"mean           {chosen.waiting_time:.9f}")
    screen.print(f"deviation      {spread:.9f} (standard)")
    screen.print(f"tail           {tail(found)}")
    screen.print(
        f"computed       {len(found.pmf):,} times, {found.unit} apart; probability {found.truncated:.2g} beyond"
    )
    screen.print()
    rows = [(f"{time:.6g}", "at least " + q) for q, time in quantiles.items()]
    rows += [(time, f"{probability:.9f}") for time, probability in done.items()]
    screen.print(table("done", {"by": "right", "with probability": "left"}, rows))


def tail(found: Distribution) -> str:
    """What the tail does, in words."""
    rate = found.tail_rate
    return f"falls as exp(-{rate:.6g} t)" if rate < float("inf") else "ends: all waiting times are bounded"


def listed(texts: Sequence[str], where: str) -> list[str]:
    """The numbers of an option that takes lists and may be repeated, as they were written.

    Raises
    ------
    ModelError
        If one is missing.

    >>> listed(["10, 20", "1/2"], "--at")
    ['10', '20', '1/2']
    """
    found = [part.strip() for text in texts for part in text.split(",")]
    if not all(found):
        raise ModelError(where, "must be a list of numbers such as 10,20", ",".join(texts))
    return found
