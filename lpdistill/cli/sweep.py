"""``lpdistill sweep``: policies on many problems."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, INTEGER, Json, Plot, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, give
from lpdistill.cli.policies import POLICY_NAMES
from lpdistill.cli.termination import orderly
from lpdistill.requests.sweeps import grid_of
from lpdistill.requests.sweeps import sweep as sweep_of
from lpdistill.solving import PATIENCE
from lpdistill.study.charts import Quantity
from lpdistill.study.grid import Grid


@takes_problem(argument="grid", builds=grid_of)
def sweep(
    grid: Grid,
    policies: Annotated[
        str,
        Option(
            "--policies",
            metavar="<policies>",
            inputs=["policy"],
            help=f"{POLICY_NAMES}, separated by commas.",
        ),
    ] = "optimal",
    store: Annotated[
        Path,
        Option("--store", metavar=FILE, help="SQLite database that keeps the results; a sweep goes on from there."),
    ] = Path("sweep.sqlite"),
    jobs: Annotated[
        str | None,
        Option(
            "--jobs",
            "-j",
            metavar=INTEGER,
            help="Processes on this machine.  [default: one per core, if it takes long]",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        Option("--dask", metavar="<address>", help="Address of a Dask scheduler whose workers compute instead."),
    ] = None,
    retry: Annotated[
        bool, Option("--retry", help="Compute points again that ended with an error or at a limit.")
    ] = False,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    export: Annotated[
        Path | None, Option("--export", metavar=FILE, help="Write all points to a file (.csv, .parquet, .nc).")
    ] = None,
    plot: Plot = None,
    quantity: Annotated[
        str,
        Option("--quantity", values=Quantity, help="What --plot draws."),
    ] = Quantity.WAITING_TIME,
    plot_policy: Annotated[
        str | None,
        Option(
            "--plot-policy",
            metavar="<policy>",
            inputs=["policy"],
            help="Whose it is that --plot draws.  [default: all, or the first]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Policies on many problems: numbers may be ranges 0.3:0.9:0.1 or 2:6, and lists 0.6,0.7,3/4; rules also none.

    Examples
    --------
    lpdistill sweep problem.toml --p 0.3:0.9:0.3 --memories 2:4 --policies optimal,nested --export sweep.csv
    """
    try:
        with orderly(), Progress() as progress:
            found = sweep_of(
                grid,
                policies,
                store=store,
                jobs=jobs,
                dask=dask,
                retry=retry,
                within=within,
                time_limit=time_limit,
                export=export,
                plot=plot,
                quantity=quantity,
                plot_policy=plot_policy,
                progress=progress.count,
            )
    except (KeyboardInterrupt, SystemExit):
        sys.stderr.write(f"what was finished is kept in {store}; the same command goes on from there\n")
        raise
    give(found, as_json=as_json)
