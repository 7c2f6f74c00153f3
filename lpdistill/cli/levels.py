"""``lpdistill levels``: fidelity levels, distillation table, limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, TimeLimit, Within, takes_problem
from lpdistill.cli.output import Progress, draw, give, tell
from lpdistill.errors import ModelError
from lpdistill.problem.problem import Problem
from lpdistill.requests.level_table import levels as levels_of
from lpdistill.requests.level_table import with_memories
from lpdistill.solving import PATIENCE


@takes_problem(argument="question", builds=with_memories)
def levels(
    question: tuple[Problem, bool],
    symbolic: Annotated[bool, Option("--symbolic", help="Levels and limits as formulas in f0.")] = False,
    latex: Annotated[bool, Option("--latex", help="The formulas of --symbolic in LaTeX.")] = False,
    within: Within = None,
    time_limit: TimeLimit = f"{PATIENCE:g}",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Show the fidelity levels below the target, what distils into what, and the limits.

    Past the pumping limit there are infinitely many: then the labels that solve finds are shown instead, which depend
    on the whole problem, and which of them the optimum needs.

    Examples
    --------
    lpdistill levels problem.toml --symbolic
    lpdistill levels --p 0.5 --memories 3 --f0 0.8 --target 0.88
    """
    if latex and not symbolic:
        raise ModelError("--latex", "shows formulas, which only --symbolic makes; give both", None)
    problem, known_memories = question
    with Progress() as progress:
        progress("finding the levels")
        found = levels_of(
            problem,
            limited=known_memories,
            symbolic=symbolic,
            within=within,
            time_limit=time_limit,
            progress=progress,
        )
        draw(found, plot, progress)
    if latex and found.formulas is not None and not as_json:
        tell([*replace(found, formulas=None).printed(None), f"\n{found.formulas.to_latex()}"])
    else:
        give(found, as_json=as_json, whole=True)
