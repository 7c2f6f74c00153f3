"""``lpdistill deploy``: what running a link and its service takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.deployment.installation import Installation
from lpdistill.deployment.objective import LinkObjective, held_to
from lpdistill.errors import ModelError
from lpdistill.planning.objective import Objective
from lpdistill.planning.objective_file import read_objective
from lpdistill.problem.problem import Problem
from lpdistill.requests.deploying import deploy as deployed

HELD, RUN = "What the link is held to", "Where the service runs"
"""Headings of the options."""


@takes_problem()
def deploy(
    problem: Problem,
    to: Annotated[Path, Option("--to", metavar="<folder>", help="The folder that the files go to.")],
    link: Annotated[str, Option("--link", metavar="<name>", help="The name of the link.")] = "link",
    unit_time: Annotated[
        str | None,
        Option(
            "--unit-time",
            metavar="<time>",
            help="How long a unit of time is, where times have no units.  [default: 1s]",
        ),
    ] = None,
    objective: Annotated[
        Path | None,
        Option("--objective", metavar=FILE, heading=HELD, help="An objective file, as of lpdistill plan."),
    ] = None,
    window: Annotated[
        str | None,
        Option(
            "--window",
            metavar=NUMBER,
            heading=HELD,
            help="Deliveries are to take no longer.  [default: so that half of the budget is left]",
        ),
    ] = None,
    confidence: Annotated[
        str | None,
        Option("--confidence", metavar=NUMBER, heading=HELD, help="Share of them that is to.  [default: 0.99]"),
    ] = None,
    throughput: Annotated[
        str | None,
        Option("--throughput", metavar=NUMBER, heading=HELD, help="Pairs per unit of time, in place of a window."),
    ] = None,
    false_alarms: Annotated[
        str, Option("--false-alarms", metavar=NUMBER, heading=HELD, help="In thirty days, of all alerts, at most.")
    ] = "0.1",
    tested: Annotated[
        str, Option("--tested", metavar=NUMBER, heading=HELD, help="Share of delivered pairs that is measured.")
    ] = "0.01",
    tolerance: Annotated[
        str,
        Option("--tolerance", metavar=NUMBER, heading=HELD, help="Share by which what is found may be worse."),
    ] = "0.01",
    image: Annotated[
        str, Option("--image", metavar="<image>", heading=RUN, help="The container image.")
    ] = "lpdistill:latest",
    namespace: Annotated[
        str, Option("--namespace", metavar="<name>", heading=RUN, help="The namespace of Kubernetes.")
    ] = "lpdistill",
    workers: Annotated[str, Option("--workers", metavar=INTEGER, heading=RUN, help="Processes in each pod.")] = "2",
    memory: Annotated[
        str, Option("--memory", metavar=INTEGER, heading=RUN, help="Megabytes that each of them may take.")
    ] = "2048",
    replicas: Annotated[
        str, Option("--replicas", metavar="<least:most>", heading=RUN, help="The fewest and the most pods.")
    ] = "2:6",
    runbooks: Annotated[
        str, Option("--runbooks", metavar="<address>", heading=RUN, help="Where alerts say that the runbooks are.")
    ] = "docs/runbooks.md",
    replace: Annotated[
        bool, Option("--replace", help="Also replace files that have been changed, or are others'.")
    ] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Write what running a link takes: container, manifests, alerting rules and dashboards.

    Rules hold telemetry against the law of the policy in use: that of least waiting time, or with --throughput that
    which delivers most.  --plot draws how probably a drift is found.

    Examples
    --------
    lpdistill deploy problem.toml --to deployment --link delft --unit-time 1ms
    lpdistill deploy problem.toml --to deployment --throughput .1 --false-alarms 1
    """
    further = {"false_alarms": false_alarms, "tested": tested, "tolerance": tolerance}
    stated = {"window": window, "confidence": confidence, "throughput": throughput}
    if objective is None:
        held = LinkObjective(window, confidence, throughput=throughput, **further)
    else:
        for name, value in stated.items():
            if value is not None:
                raise ModelError(
                    f"--{name}", "has no meaning beside --objective; leave out the one or the other", value
                )
        held = held_to(Objective.of(read_objective(objective).objective), problem, **further)
    installation = Installation(image, namespace, workers=workers, memory=memory, replicas=replicas, runbooks=runbooks)
    with Progress() as progress:
        found = deployed(
            problem,
            to,
            objective=held,
            installation=installation,
            replace=replace,
            link=link,
            unit_time=unit_time,
            progress=progress,
        )
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=True)
