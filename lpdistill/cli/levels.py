"""``lpdistill levels``: fidelity levels, distillation table, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.errors import ModelError, UnreachableTargetError
from lpdistill.hardware.recipes import distillations, tables
from lpdistill.numbers import at_most
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import SETTINGS
from lpdistill.solution.document import headed, section
from lpdistill.solution.level_picture import draw_levels
from lpdistill.solution.wording import results

if TYPE_CHECKING:
    from symbolic.formulas.problem_formulas import ProblemFormulas

LONGEST_EXACT = 32
"""Characters of an exact fidelity that a terminal shows; JSON has them all."""


def limited(settings: Mapping[str, Any]) -> tuple[Problem, bool]:
    """The problem of some settings, and whether they have memories; otherwise as many as reach the target.

    Raises
    ------
    UnreachableTargetError
        If no number of memories reaches the target.
    """
    if settings.get("memories") is not None:
        return Problem.from_dict({"p": "1"} | dict(settings)), True
    problem = Problem.from_dict({"p": "1"} | dict(settings) | {"memories": 2})
    needed = problem.reach.memories_needed
    if needed is None:
        raise UnreachableTargetError(
            f"target: {float(problem.target)} is out of reach for f0 = {float(problem.f0)} and any number of "
            "memories; lower the target",
            target=float(problem.target),
            pumping_limit=problem.reach.pumping_limit,
            memory_limit=1.0,
        )
    return problem.replace(memories=max(needed, 2)), False


@takes_problem(lambda setting: setting.shapes_levels or setting.name == "p", argument="question", builds=limited)
def levels(
    question: tuple[Problem, bool],
    symbolic: Annotated[bool, Option("--symbolic", help="Levels and limits as formulas in f0.")] = False,
    latex: Annotated[bool, Option("--latex", help="The formulas of --symbolic in LaTeX.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Show the fidelity levels below the target, what distils into what, and the limits.

    Examples
    --------
    lpdistill levels --f0 0.75 --target 0.79
    lpdistill levels problem.toml --symbolic
    """
    if latex and not symbolic:
        raise ModelError("--latex", "shows formulas, which only --symbolic makes; give both", None)
    problem, known_memories = question
    with Progress() as progress:
        progress("finding the levels")
        problem.levels  # noqa: B018 - computed here, while progress shows
        formulas = _formulas(problem) if symbolic else None
    if plot is not None:
        pictures.save(draw_levels(problem, limited=known_memories), plot)
    if as_json:
        reach = problem.reach
        limit = reach.memory_limit if known_memories else None
        limits = {"pumping_limit": reach.pumping_limit, "memory_limit": limit, "finite": reach.finite}
        parts = {} if formulas is None else {"symbolic": section(formulas.to_dict())}
        known = {name: told for name, told in problem.to_dict().items() if SETTINGS[name].shapes_levels}
        if not known_memories:
            del known["memories"]
            parts = {name: {**part, "memory_limit": None} for name, part in parts.items()}
        print_json({**headed("levels", known), **tables(problem.levels), **limits, **parts})
        return
    _print(problem, limited=known_memories)
    if formulas is not None:
        _print_formulas(formulas, latex=latex, limited=known_memories)


def _print(problem: Problem, *, limited: bool) -> None:
    screen, found, reach = console(), problem.levels, problem.reach
    noun = "memory" if problem.memories == 1 else "memories"
    for name, text in (
        ("target", f"{float(problem.target):g} from raw pairs of {float(problem.f0):g}"),
        ("pumping limit", at_most(reach.pumping_limit, 9)),
        *([("memory limit", f"{at_most(reach.memory_limit, 9)} with {problem.memories} {noun}")] if limited else []),
    ):
        screen.print(f"{name:<14}{text}", soft_wrap=True)
    screen.print()
    if found.raw is None:
        screen.print("A raw pair meets the target: there is nothing to distil.")
        return
    level_rows = [
        (
            str(level.index),
            f"{float(level.fidelity):.9f}",
            str(level.fidelity) if len(str(level.fidelity)) <= LONGEST_EXACT else "-",
            str(level.tree.raw_pairs),
            str(level.tree.memories),
            str(level.tree),
        )
        for level in found
    ]
    headings = dict.fromkeys(("level", "fidelity", "exact", "raw pairs", "memories", "made by"), "left")
    screen.print(table("levels", headings, level_rows))
    screen.print()
    recipe_rows = [
        (
            ", ".join(found.names[level] for level in recipe.consumed),
            f"{float(recipe.success):.6f}",
            results(recipe, found.names),
        )
        for recipe in distillations(found)
    ]
    screen.print(table("distillation", {"pair": "left", "success": "left", "makes": "left"}, recipe_rows))


def _formulas(problem: Problem) -> ProblemFormulas:
    from symbolic.formulas.problem_formulas import ProblemFormulas  # noqa: PLC0415 - sympy takes half a second to import

    return ProblemFormulas.of(problem)


def _print_formulas(formulas: ProblemFormulas, *, latex: bool, limited: bool) -> None:
    screen = console()
    screen.print()
    if latex:
        screen.print(formulas.to_latex(), soft_wrap=True, markup=False)
        return
    rows = [(str(level.index), str(level.tree), str(level.formula)) for level in formulas.lattice]
    screen.print(table("formulas", dict.fromkeys(("level", "made by", "fidelity"), "left"), rows))
    screen.print()
    for name, text in formulas.lines():
        if name == "memory limit" and not limited:
            continue
        screen.print(f"{name:<14}{text}", soft_wrap=True)
