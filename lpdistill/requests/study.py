"""The published study, with its figures."""

from __future__ import annotations

from pathlib import Path

from lpdistill import progress as listening
from lpdistill.requests.report import Report
from lpdistill.study.reproduction import Reproduction, draw_figures
from lpdistill.study.reproduction import reproduce as reproduced


def reproduce(
    *, search: bool = True, figures: Path | None = None, jobs: int = 1, progress: listening.Report = listening.silent
) -> Report[Reproduction]:
    """Every published number computed again, the claims examined, and the figures drawn.

    Parameters
    ----------
    search, jobs, progress
        As for :func:`lpdistill.reproduce`.
    figures
        The folder for the figures, if they are wanted.
    """
    found = reproduced(search=search, jobs=jobs, progress=progress)
    drawn = [] if figures is None else list(draw_figures(figures, jobs=jobs, progress=progress))
    return Report(found, {"figures": [str(path) for path in drawn]})
