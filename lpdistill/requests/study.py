"""The published study, with its figures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from lpdistill import pictures
from lpdistill import progress as listening
from lpdistill.errors import ModelError
from lpdistill.numbers import whole
from lpdistill.study.reproduction import Reproduction, draw_figures
from lpdistill.study.reproduction import reproduce as reproduced


def reproduce(
    *,
    search: bool = True,
    figures: str | os.PathLike[str] | None = None,
    jobs: int | str | None = None,
    progress: listening.Report = listening.silent,
) -> Reproduction:
    """Every published number computed again, the claims examined, and the figures drawn.

    Parameters
    ----------
    search, progress
        As for :func:`lpdistill.reproduce`.
    figures
        The folder for the figures, if they are wanted.
    jobs
        Number of processes; by default, as many as there are cores.

    Raises
    ------
    ModelError
        If there is no such folder, no picture can be drawn, or the number of processes is none.
    """
    workers = (os.cpu_count() or 1) if jobs is None else whole(jobs, "jobs")
    if workers < 1:
        raise ModelError("jobs", "must be at least 1", jobs)
    folder = None if figures is None else Path(figures)
    if folder is not None:
        if not folder.is_dir():
            raise ModelError("figures", "must be a folder that exists", str(figures))
        pictures.require(folder / "optimal_time.png", "figures")
    found = reproduced(search=search, jobs=workers, progress=progress)
    drawn = () if folder is None else tuple(draw_figures(folder, jobs=workers, progress=progress))
    return replace(found, figures=drawn)
