"""``lpdistill levels``: fidelity levels, distillation table, limits."""

from __future__ import annotations

from lpdistill.cli import options
from lpdistill.cli.output import console, print_json, table
from lpdistill.model.levels import level_report
from lpdistill.model.problem import Problem
from lpdistill.solution.wording import Wording


def levels(
    file: options.File = None,
    p: options.P = None,
    memories: options.Memories = None,
    f0: options.F0 = None,
    target: options.Target = None,
    gap: options.Gap = None,
    as_json: options.Json = False,
) -> None:
    """Show the fidelity levels below the target, what distils into what, and the limits.

    The levels depend on f0 and the target only; the memory limit depends on the number of memories as well.
    """
    problem = options.problem_of(file, p=p or "1", memories=memories or "2", f0=f0, target=target, gap=gap)
    if as_json:
        print_json(level_report(problem.levels, problem.reach))
    else:
        _print(problem)
