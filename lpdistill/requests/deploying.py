"""What running a link takes, written into a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as changed
from os import PathLike
from typing import Any

from lpdistill.deployment.deployed import Deployment
from lpdistill.deployment.deployed import deploy as made
from lpdistill.deployment.installation import Installation
from lpdistill.deployment.objective import LinkObjective
from lpdistill.problem.problem import Problem
from lpdistill.progress import silent


def deploy(  # noqa: PLR0913 - one keyword for each thing that an operator decides
    problem: Problem,
    to: str | PathLike[str] | None = None,
    *,
    objective: LinkObjective | None = None,
    installation: Installation | None = None,
    replace: bool = False,
    progress: Callable[[str], None] = silent,
    **named: Any,
) -> Deployment:
    """The container, manifests, rules and dashboards of a link, written into a folder if there is one.

    Parameters
    ----------
    problem, objective, installation, progress, named
        As for :func:`lpdistill.deploy`.
    to, replace
        As for :meth:`lpdistill.Deployment.write`.
    """
    found = made(problem, objective, installation, progress=progress, **named)
    if to is None:
        return found
    progress("writing files")
    return changed(found, written=found.write(to, replace=replace))
