"""The options that every command with a problem shares."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import click

from lpdistill import pictures
from lpdistill.cli.declaration import Argument, Option
from lpdistill.errors import ModelError
from lpdistill.export.files import GRAPHS
from lpdistill.hardware.rules import BUILT_IN, rules_from
from lpdistill.numbers import absent, whole
from lpdistill.problem.problem import FinalStep, Problem
from lpdistill.problem.problem_file import merged, read_settings
from lpdistill.process.resources import RESOURCES

if TYPE_CHECKING:
    import networkx as nx

Asked: TypeAlias = "Problem | nx.DiGraph[Any]"
"""What commands are about that take state graphs, too."""


def drawable(_context: click.Context, option: click.Parameter, file: Path | None) -> Path | None:
    """Refuse the file of an option, before any work, unless a picture can be written to it."""
    if file is not None:
        pictures.require(file, option.opts[0])
    return file


NUMBER, INTEGER, FILE, RESOURCE = "<number>", "<integer>", "<file>", "<resource>"
"""What help calls a value.  Numbers arrive as text, so that they are kept exactly and checked in one place."""

WINS = "options win over it, and the value none takes back what it says"

PROBLEM, LIMITS = "Problem", "Rules and budgets"
"""Headings of the options that describe a problem."""

Json: TypeAlias = Annotated[bool, Option("--json", help="One JSON document on standard output.")]
Plot: TypeAlias = Annotated[
    Path | None,
    Option("--plot", metavar=FILE, help="Draw it (.png, .svg, .pdf).", callback=drawable),
]

Counts: TypeAlias = Annotated[
    str,
    Option(
        "--counts",
        metavar="<counts>",
        help="A configuration: pairs stored at each level, such as 2,1.",
        heading=PROBLEM,
    ),
]


def _number(name: str, help: str, *, metavar: str = NUMBER, heading: str = PROBLEM) -> Any:  # noqa: A002 - as click has it
    """An option that takes a number, under its names."""
    return Annotated[str | None, Option(*name.split(), metavar=metavar, help=help, heading=heading)]


def _rule(name: str, help: str, metavar: str | None = None) -> Any:  # noqa: A002 - as click has it
    """An option that adds a rule, or takes back that of a file."""
    if metavar is not None:
        return _number(name, f"Rule: {help}", metavar=metavar, heading=LIMITS)
    return Annotated[bool | None, Option(name, help=f"Rule: {help}", show_default=False, heading=LIMITS)]


SHARED: Mapping[str, Any] = {
    "file": Annotated[Path | None, Argument(help=f"A problem file (TOML); {WINS}.")],
    "p": _number("--p", "Generation success probability, 0 < p <= 1."),
    "memories": _number("--memories -M", "Number of memory pairs.", metavar=INTEGER),
    "f0": _number("--f0", "Fidelity of a raw pair, 1/2 < f0 <= 1."),
    "target": _number("--target", "Fidelity to reach."),
    "gap": _number("--gap", "Instead of --target: target - f0."),
    "generation_time": _number("--generation-time", "Duration of a step that only generates.  [default: 1]"),
    "distillation_time": _number("--distillation-time", "Duration of a step that distils.  [default: 2]"),
    "final_step": Annotated[
        str | None,
        Option(
            "--final-step",
            values=FinalStep,
            help="Whether the last step counts (charged) or not (free).  [default: charged]",
            heading=PROBLEM,
        ),
    ],
    "discarding": Annotated[
        bool | None,
        Option(
            "--discarding/--no-discarding",
            help="Whether stored pairs may be discarded.",
            show_default=False,
            heading=PROBLEM,
        ),
    ],
    "max_distillations": _rule("--max-distillations", "at most so many distillations in a step.", INTEGER),
    "max_attempts": _rule("--max-attempts", "at most so many generation attempts in a step.", INTEGER),
    "no_generation_while_distilling": _rule(
        "--no-generation-while-distilling/--generation-while-distilling", "a step that distils does not generate."
    ),
    "banded": _rule("--banded", "only pairs at most so many levels apart are distilled.", INTEGER),
    "equal_levels_only": _rule(
        "--equal-levels-only/--no-equal-levels-only", "only pairs of equal level are distilled (nested)."
    ),
    "raw_pair_only": _rule("--raw-pair-only/--no-raw-pair-only", "every distillation consumes a raw pair (pumping)."),
    "budget": Annotated[
        list[str] | None,
        Option(
            "--budget",
            metavar="<name=limit>",
            values=[f"{name}=" for name in RESOURCES],
            help='Limit on an expected use: NAME=LIMIT, "NAME>=LIMIT", NAME=none; may be repeated.',
            heading=LIMITS,
        ),
    ],
    "no_rules": Annotated[bool, Option("--no-rules", help="Take back all rules of the file.", heading=LIMITS)],
    "no_budgets": Annotated[bool, Option("--no-budgets", help="Take back all budgets of the file.", heading=LIMITS)],
}
"""Option by option: name, type, help."""

GRAPH_FILE: Any = Annotated[
    Path | None, Argument(help=f"A problem file (TOML), or a state graph ({', '.join(GRAPHS)}); {WINS}.")
]

BUDGET = re.compile(r"\s*(?P<name>[^<>=]*?)\s*(?P<side><=|>=|=)\s*(?P<limit>[^<>=]+?)\s*")


def takes_problem(
    *names: str,
    defaults: Mapping[str, str] | Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
    argument: str = "problem",
    builds: Callable[[Mapping[str, Any]], object] = Problem.from_dict,
    graphs: bool = False,
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
    graphs
        Whether the file may hold a state graph instead.
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
                annotation=GRAPH_FILE if graphs and name == "file" else SHARED[name],
            )
            for name in chosen
        ]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            settings = {name: given.pop(name) for name in chosen}
            if settings.get("file") is not None and settings["file"].suffix in {*GRAPHS, ".dot"}:
                question: object = graph_of(settings, allowed=graphs)
            else:
                assumed = defaults(given) if callable(defaults) else defaults or {}
                question = builds(settings_of(settings, assumed))
            note(question)
            command(**{argument: question}, **given)

        run.__dict__.pop("__wrapped__")
        parameters = [*shared, *own]
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        run.__annotations__ = {item.name: item.annotation for item in parameters}
        return run

    return decorate


def note(question: object) -> None:
    """Say on standard error that a target lies below the fidelity of raw pairs, which is right, but rarely meant."""
    problem = question[0] if isinstance(question, tuple) else question
    if isinstance(problem, Problem) and problem.target < problem.f0:
        sys.stderr.write(
            f"lpdistill: note: the target {float(problem.target):g} is below f0 = {float(problem.f0):g}, so that every "
            "raw pair meets it and nothing is distilled; have the two been swapped?\n"
        )


def settings_of(options: Mapping[str, Any], defaults: Mapping[str, str]) -> dict[str, Any]:
    """What defaults, a file and options say of a problem: options win over the file, it over defaults."""
    given = dict(options)
    file = given.pop("file", None)
    stated = read_settings(file) if file is not None else {}
    for table in ("rules", "budgets"):
        if given.pop(f"no_{table}", False):
            stated.pop(table, None)
    given["rules"] = _rules_given(given)
    given["budgets"] = budgets_of(given.pop("budget", None) or [])
    return merged(merged(defaults, stated), given)


def _rules_given(options: dict[str, Any]) -> dict[str, Any]:
    """The rules that options add or take back, which are taken out of the options."""
    given = {name: options.pop(name) for name in BUILT_IN if name in options}
    return {name: argument for name, argument in given.items() if argument is not None}


def graph_of(options: Mapping[str, Any], *, allowed: bool) -> nx.DiGraph[Any]:
    """The state graph in a file, without the actions that rules among the options forbid, within their budgets.

    Raises
    ------
    ModelError
        If no state graph is wanted, an option describes a problem, or the file cannot be read.
    """
    given = dict(options)
    file = given.pop("file")
    if not allowed:
        raise ModelError("file", "must be a problem file (TOML): this command takes no state graph", str(file))
    from lpdistill.export.graphs import read_graph  # noqa: PLC0415 - networkx, only where there is a graph

    graph, rules = read_graph(file), rules_from(_rules_given(given))
    limits = {} if given.pop("no_budgets", False) else dict(graph.graph.get("budgets", {}))
    for name, sides in budgets_of(given.pop("budget", None) or []).items():
        kept = {side: limit for side, limit in sides.items() if not absent(limit)}
        if not kept and name not in limits:
            raise ModelError("--budget", f"takes back what is not there: the graph has no budget of {name}", None)
        limits = {other: limit for other, limit in limits.items() if other != name} | ({name: kept} if kept else {})
    graph.graph["budgets"] = limits
    given.pop("no_rules", None)
    for name, value in given.items():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            raise ModelError(option, "describes a problem, and a state graph is one; leave it out", value)
    for rule in rules:
        rule.prune(graph)
    return graph


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


def counts_of(text: str) -> tuple[int, ...]:
    """The configuration that ``--counts`` names; empty for no levels.

    Raises
    ------
    ModelError
        If it is no list of whole numbers.
    """
    parts = [part for part in text.split(",") if part.strip()] if not text.strip(", ") else text.split(",")
    return tuple(whole(part, "--counts") for part in parts)
