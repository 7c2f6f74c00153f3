"""The options that every command with a problem shares."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from lpdistill import pictures
from lpdistill.analysis.baselines import policy_named
from lpdistill.errors import ModelError
from lpdistill.export.policies import SUFFIXES, read_policy
from lpdistill.model.numbers import whole
from lpdistill.model.problem import Problem
from lpdistill.model.problem_file import merged, problem_from, read_settings
from lpdistill.model.rules import BUILT_IN
from lpdistill.solution.policy import Policy


def drawable(where: str) -> Callable[[Path | None], Path | None]:
    """What refuses the file of an option, before any work, unless a picture can be written to it."""

    def check(file: Path | None) -> Path | None:
        if file is not None:
            pictures.require(file, where)
        return file

    return check


# Numbers arrive as text, so that they are kept exactly and checked in one place.
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Plot: TypeAlias = Annotated[
    Path | None,
    typer.Option("--plot", help="Draw it into a file (.png, .svg, .pdf).", callback=drawable("--plot")),
]

PolicyOption: TypeAlias = Annotated[
    str,
    typer.Option("--policy", help="optimal, pumping, nested, greedy, banded:WIDTH, or a policy file (.json, .csv)."),
]

Counts: TypeAlias = Annotated[
    str, typer.Option("--counts", help="A configuration: pairs stored at each level, such as 2,1.")
]

SHARED: Mapping[str, Any] = {
    "file": Annotated[Path | None, typer.Argument(help="A problem file (TOML); options win over it.")],
    "p": Annotated[str | None, typer.Option("--p", help="Generation success probability, 0 < p <= 1.")],
    "memories": Annotated[str | None, typer.Option("--memories", "-M", help="Number of memory pairs.")],
    "f0": Annotated[str | None, typer.Option("--f0", help="Fidelity of a raw pair, 1/2 < f0 <= 1.")],
    "target": Annotated[str | None, typer.Option("--target", help="Fidelity to reach.")],
    "gap": Annotated[str | None, typer.Option("--gap", help="Instead of --target: target - f0.")],
    "generation_time": Annotated[
        str | None, typer.Option("--generation-time", help="Duration of a step that only generates.  \\[default: 1]")
    ],
    "distillation_time": Annotated[
        str | None, typer.Option("--distillation-time", help="Duration of a step that distils.  \\[default: 2]")
    ],
    "final_step": Annotated[
        str | None,
        typer.Option("--final-step", help="charged: the last step counts; free: it does not.  \\[default: charged]"),
    ],
    "discarding": Annotated[
        bool | None,
        typer.Option("--discarding/--no-discarding", help="Whether stored pairs may be discarded.", show_default=False),
    ],
    "max_distillations": Annotated[
        str | None, typer.Option("--max-distillations", help="Rule: at most so many distillations in a step.")
    ],
    "max_attempts": Annotated[
        str | None, typer.Option("--max-attempts", help="Rule: at most so many generation attempts in a step.")
    ],
    "no_generation_while_distilling": Annotated[
        bool, typer.Option("--no-generation-while-distilling", help="Rule: a step that distils does not generate.")
    ],
    "banded": Annotated[
        str | None, typer.Option("--banded", help="Rule: only pairs at most so many levels apart are distilled.")
    ],
    "equal_levels_only": Annotated[
        bool, typer.Option("--equal-levels-only", help="Rule: only pairs of equal level are distilled (nested).")
    ],
    "raw_pair_only": Annotated[
        bool, typer.Option("--raw-pair-only", help="Rule: every distillation consumes a raw pair (pumping).")
    ],
    "budget": Annotated[
        list[str] | None,
        typer.Option("--budget", help='Limit on an expected use: NAME=LIMIT, or "NAME>=LIMIT"; may be repeated.'),
    ],
}
"""Option by option: name, type, help."""

BUDGET = re.compile(r"\s*(?P<name>[^<>=]*?)\s*(?P<side><=|>=|=)\s*(?P<limit>[^<>=]+?)\s*")


def takes_problem(
    *names: str,
    defaults: Mapping[str, str] | Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
    argument: str = "problem",
    builds: Callable[[Mapping[str, Any]], object] = problem_from,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that describe a problem; they reach it as one argument.

    Parameters
    ----------
    names
        The options; all of them by default.
    defaults
        Settings that neither options nor the file need give; they may depend on the command's own options.
    argument
        What the command calls that argument.
    builds
        What makes it of the settings: a problem, by default.
    """
    chosen = names or tuple(SHARED)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True).parameters
        own = [
            item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, item in signature.items() if name != argument
        ]
        shared = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if SHARED[name].__origin__ is bool else None,
                annotation=SHARED[name],
            )
            for name in chosen
        ]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            settings = {name: given.pop(name) for name in chosen}
            assumed = defaults(given) if callable(defaults) else defaults or {}
            command(**{argument: builds(settings_of(settings, assumed))}, **given)

        run.__dict__.pop("__wrapped__")
        parameters = [*shared, *own]
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        run.__annotations__ = {item.name: item.annotation for item in parameters}
        return run

    return decorate


def settings_of(options: Mapping[str, Any], defaults: Mapping[str, str]) -> dict[str, Any]:
    """What defaults, a file and options say of a problem: options win over the file, it over defaults."""
    given = dict(options)
    file, limits = given.pop("file", None), given.pop("budget", None)
    rules = {name: given.pop(name) for name in BUILT_IN if name in given}
    given["rules"] = {name: argument for name, argument in rules.items() if argument not in {None, False}}
    given["budgets"] = budgets_of(limits or [])
    return merged(merged(defaults, read_settings(file) if file is not None else {}), given)


def budgets_of(limits: Sequence[str]) -> dict[str, dict[str, str]]:
    """The limits that ``--budget`` options give, by resource.

    Raises
    ------
    ModelError
        If one is not of the form NAME=LIMIT, NAME<=LIMIT or NAME>=LIMIT, or repeats another.
    """
    found: dict[str, dict[str, str]] = {}
    for text in limits:
        parts = BUDGET.fullmatch(text)
        if parts is None:
            raise ModelError("--budget", 'must be of the form NAME=LIMIT, or "NAME>=LIMIT"', text)
        sides, side = found.setdefault(parts["name"], {}), "least" if parts["side"] == ">=" else "most"
        if side in sides:
            raise ModelError("--budget", f"gives two limits of one kind for {parts['name']}", text)
        sides[side] = parts["limit"]
    return found


def policy_of(problem: Problem, text: str, progress: Callable[[str], None]) -> Policy:
    """The policy that ``--policy`` names, by name or by its file; it may be improper.

    Raises
    ------
    ModelError
        If there is none of that name, or the file holds no policy of the problem.
    """
    if Path(text).suffix in SUFFIXES:
        return read_policy(problem, text, improper=True)
    return policy_named(problem, text, progress)


def counts_of(text: str) -> tuple[int, ...]:
    """The configuration that ``--counts`` names; empty for no levels.

    Raises
    ------
    ModelError
        If it is no list of whole numbers.
    """
    parts = [part for part in text.split(",") if part.strip()] if not text.strip(", ") else text.split(",")
    return tuple(whole(part, "--counts") for part in parts)
