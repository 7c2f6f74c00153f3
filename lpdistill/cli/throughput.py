"""``lpdistill throughput``: pairs per unit of time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import (
    FILE,
    Everything,
    Json,
    Law,
    Plot,
    Seed,
    Simulate,
    TimeLimit,
    Within,
    takes_problem,
)
from lpdistill.cli.output import Progress, draw, give
from lpdistill.errors import ModelError
from lpdistill.problem.problem import Problem
from lpdistill.rates.fairness import Fair
from lpdistill.requests.rates import throughput as greatest
from lpdistill.solving import PATIENCE

HIGHEST = {"target": "1"}
"""What stands for the target where tenants have theirs."""


def tenants_of(given: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The tenants that ``--tenant`` options name: targets and shares as text.

    Raises
    ------
    ModelError
        If one is not of the form NAME=TARGET or NAME=TARGET,share=SHARE, or is named twice.

    Examples
    --------
    >>> tenants_of(["a=.78", "b=.82,share=.04"])
    {'a': ('.78', '0'), 'b': ('.82', '.04')}
    """
    found: dict[str, tuple[str, str]] = {}
    for text in given:
        name, equals, rest = (part.strip() for part in text.partition("="))
        target, comma, claim = (part.strip() for part in rest.partition(","))
        word, _, share = (part.strip() for part in claim.partition("="))
        if not (name and equals and target) or (comma and (word != "share" or not share)):
            raise ModelError("--tenant", "must be of the form NAME=TARGET or NAME=TARGET,share=SHARE", text)
        if name in found:
            raise ModelError("--tenant", f"names {name} twice; give each tenant one target", text)
        found[name] = target, share or "0"
    return found


@takes_problem(defaults=lambda others: HIGHEST if others.get("tenant") else {})
def throughput(
    problem: Problem,
    tenant: Annotated[
        Sequence[str],
        Option(
            "--tenant",
            metavar="<name=target>",
            multiple=True,
            help="A user with its target, and a share per unit of time, if any: NAME=TARGET,share=SHARE; repeatable.",
        ),
    ] = (),
    fair: Annotated[
        str, Option("--fair", values=Fair, help="What counts of what tenants have.", inputs=["fair"])
    ] = Fair.SUM,
    law: Law = False,
    simulate: Simulate = None,
    seed: Seed = None,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    everything: Everything = False,
    exact: Annotated[bool, Option("--exact", help="Prove the gain in rational arithmetic.")] = False,
    certificate: Annotated[
        Path | None,
        Option("--certificate", metavar=FILE, help="Write the proof to this file, for lpdistill check."),
    ] = None,
    sensitivity: Annotated[bool, Option("--sensitivity", help="Derivatives of the gain by every parameter.")] = False,
    ranges: Annotated[bool, Option("--ranges", help="How far the policy holds in every parameter.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the greatest number of pairs per unit of time, and prove it; what is left goes on when one is delivered.

    Budgets are limits per unit of time.  --plot draws the policy; with --sensitivity, what the parameters are worth.

    Examples
    --------
    lpdistill throughput --p .5 -M 4 --f0 .75 --target .79 --exact
    lpdistill throughput --p .5 -M 3 --f0 .75 --tenant a=.78 --tenant b=.80,share=.05
    """
    with Progress() as progress:
        found = greatest(
            problem,
            tenants=tenants_of(tenant) or None,
            fair=fair,
            law=law,
            simulated=simulate,
            seed=seed,
            within=within,
            time_limit=time_limit,
            exact=exact,
            certificate=certificate,
            sensitivity=sensitivity,
            ranges=ranges,
            progress=progress,
        )
        draw(found.parts["sensitivity"] if sensitivity else found, plot, progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
