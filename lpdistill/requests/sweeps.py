"""Policies on many problems, in files and in a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill import progress as listening
from lpdistill.hardware.rules import rules_from, rules_stated
from lpdistill.numbers import Number, member
from lpdistill.policies.named import OPTIMAL
from lpdistill.problem.settings import require
from lpdistill.process.budgets import budgets_from
from lpdistill.solution.given import ProblemLike
from lpdistill.solving import PATIENCE
from lpdistill.study.charts import Quantity, drawable, varying
from lpdistill.study.grid import Grid, counted
from lpdistill.study.result import Sweep, require_writable
from lpdistill.study.sweep import grid_meant, policies_named
from lpdistill.study.sweep import sweep as swept

if TYPE_CHECKING:
    from distributed import Client


def grid_of(settings: Mapping[str, Any]) -> Grid:
    """The problems that settings with ranges and lists describe."""
    require(settings)
    stated = settings.get("rules", {})
    rules = dict(stated) if isinstance(stated, Mapping) else {}
    varying = {name: rules.pop(name) for name in counted() if name in rules}
    kept = rules_from(rules) if isinstance(stated, Mapping) else rules_stated(stated)
    return Grid(**{**settings, "rules": kept, "budgets": budgets_from(settings.get("budgets", {}))}, **varying)


def sweep(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    grid: Grid | Mapping[str, Any] | ProblemLike,
    policies: Iterable[str] = (OPTIMAL,),
    *,
    store: str | PathLike[str] | None = "sweep.sqlite",
    jobs: int | str | None = None,
    dask: str | Client | None = None,
    retry: bool = False,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    export: str | PathLike[str] | None = None,
    plot: str | PathLike[str] | None = None,
    quantity: Quantity | str = Quantity.WAITING_TIME,
    plot_policy: str | None = None,
    progress: listening.Report = listening.silent,
) -> Sweep:
    """Policies on all problems of a grid; what cannot be written or drawn is refused before the work.

    Parameters
    ----------
    grid, policies, store, jobs, dask, retry, within, time_limit, progress
        As for :func:`lpdistill.sweep`.
    export, plot
        The file that all points go to, and that of the picture, if they are wanted.
    quantity, plot_policy
        What the picture shows, and of which policy: by default of all, or of the first.

    Raises
    ------
    ModelError
        If a file, a policy or the quantity is wrong, or more than two axes have several values and there is a picture.
    """
    wanted, names, what = grid_meant(grid), policies_named(policies), member(Quantity, quantity, "quantity")
    if export is not None:
        require_writable(export, "export")
    if plot is not None:
        pictures.require(plot)
        varying(wanted)
        drawable(names, what, plot_policy)
    found = swept(
        wanted,
        names,
        store=store,
        jobs=jobs,
        dask=dask,
        retry=retry,
        within=within,
        time_limit=time_limit,
        progress=progress,
    )
    if export is not None:
        found.write(export)
        found = replace(found, files=(str(export),))
    if plot is not None:
        pictures.save(found.plot(quantity=what, policy=plot_policy), plot)
    return found
