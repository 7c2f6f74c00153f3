"""``lpdistill watch``: whether a link in service does what its policy was predicted to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.cli.policies import CutoffOption, PolicyOption
from lpdistill.policies.named import with_cutoff
from lpdistill.problem.problem import Problem
from lpdistill.requests.telemetry import watch as watched


@takes_problem()
def watch(
    problem: Problem,
    telemetry: Annotated[
        Path,
        Option("--telemetry", metavar=FILE, help="JSON lines (.jsonl), an answer (.json) or a text of Prometheus."),
    ],
    policy: PolicyOption = "optimal",
    cutoff: CutoffOption = None,
    link: Annotated[str | None, Option("--link", metavar="<name>", help="The link, where there are several.")] = None,
    alpha: Annotated[
        str, Option("--alpha", metavar=NUMBER, help="Probability of any alarm if all is as predicted, at most.")
    ] = "0.01",
    drift: Annotated[
        str, Option("--drift", metavar=NUMBER, help="The relative change that the power of tests is told for.")
    ] = "0.1",
    each: Annotated[bool, Option("--each", help="Look at every record on its own; all looks share --alpha.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Test what a link reports against what its policy was predicted to do, and say what has changed.

    Examples
    --------
    lpdistill simulate problem.toml --runs 2000 --real-p .45 --telemetry link.jsonl
    lpdistill watch problem.toml --telemetry link.jsonl --alpha .01
    """
    with Progress() as progress:
        found = watched(
            problem,
            telemetry,
            policy=with_cutoff(policy, cutoff),
            alpha=alpha,
            drift=drift,
            each=each,
            link=link,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json)
