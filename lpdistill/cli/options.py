"""The options that every command with a problem shares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import click

from lpdistill import pictures
from lpdistill.cli.declaration import Argument, Declared, Gathering, Option
from lpdistill.errors import ModelError
from lpdistill.export.files import GRAPHS
from lpdistill.hardware.rules import BUILT_IN, number_of, rules_from
from lpdistill.numbers import absent, whole
from lpdistill.problem.problem import Problem
from lpdistill.problem.problem_file import merged, read_settings
from lpdistill.problem.settings import SETTINGS, Setting, ValueKind, tables
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

Within: TypeAlias = Annotated[
    str | None,
    Option(
        "--within",
        metavar=NUMBER,
        help="Relative gap that will do where labels stand for levels; without it, until the optimum is exact.",
    ),
]
TimeLimit: TypeAlias = Annotated[
    str,
    Option("--time-limit", metavar=NUMBER, help="How long labels are added; then the bracket is the answer."),
]

Everything: TypeAlias = Annotated[
    bool, Option("--all", help="Show all configurations, also those that are not visited for ever.")
]

Law: TypeAlias = Annotated[
    bool, Option("--law", help="How what is delivered spreads: variance, and the time between deliveries.")
]

Simulate: TypeAlias = Annotated[
    str | None,
    Option(
        "--simulate",
        metavar=NUMBER,
        help="Count what the policy delivers in so much time, memory by memory.",
        inputs=["time"],
    ),
]
Seed: TypeAlias = Annotated[
    str | None,
    Option("--seed", metavar=INTEGER, help="Of the simulation; one is drawn, and reported, if none is given."),
]

Counts: TypeAlias = Annotated[
    str,
    Option(
        "--counts",
        metavar="<counts>",
        help="A configuration: pairs stored at each level, such as 2,1, or their names, such as 0.750,0.788.",
        heading=PROBLEM,
    ),
]


def options_of(setting: Setting) -> dict[str, Declared]:
    """The options that give a setting, by name."""
    name, told = setting.name, setting.told
    told += f"  [default: {setting.default}]" if setting.default and setting.kind is not ValueKind.FLAG else ""
    names = (f"--{name.replace('_', '-')}", *filter(None, [setting.short]))
    match setting.kind:
        case ValueKind.FLAG:
            return {name: switch(name, told, PROBLEM)}
        case ValueKind.CHOICE:
            return {name: Option(*names, values=setting.values, help=told, heading=PROBLEM)}
        case ValueKind.TABLE:
            everything = Option(f"--no-{name}", is_flag=True, help=f"Take back all {name} of the file.", heading=LIMITS)
            return TABLE_OPTIONS[name]() | {f"no_{name}": everything}
    return {name: Option(*names, metavar=f"<{setting.kind}>", values=setting.values, help=told, heading=PROBLEM)}


def switch(name: str, told: str, heading: str) -> Option:
    """An option without a value, and its opposite."""
    plain = name.replace("_", "-")
    opposite = plain.removeprefix("no-") if plain.startswith("no-") else f"no-{plain}"
    both = f"--{plain}/--{opposite}"
    return Option(both, is_flag=True, type=bool, default=None, show_default=False, help=told, heading=heading)


def rule_options() -> dict[str, Declared]:
    """The options that add rules, or take back those of a file."""
    return {
        name: Option(f"--{name.replace('_', '-')}", metavar=INTEGER, help=f"Rule: {kind.told}.", heading=LIMITS)
        if number_of(kind)
        else switch(name, f"Rule: {kind.told}.", LIMITS)
        for name, kind in BUILT_IN.items()
    }


def budget_option() -> dict[str, Declared]:
    """The option that adds budgets, or takes back those of a file."""
    told = 'Limit on an expected use: NAME=LIMIT, "NAME>=LIMIT", NAME=none; may be repeated.'
    known = [f"{name}=" for name in RESOURCES]
    return {
        "budget": Option("--budget", metavar="<name=limit>", values=known, multiple=True, help=told, heading=LIMITS)
    }


TABLE_OPTIONS: Mapping[str, Callable[[], dict[str, Declared]]] = {"rules": rule_options, "budgets": budget_option}
"""What options say line by line where a problem file has a table."""

BUDGET_OPTION = re.compile(r"\s*(?P<name>[^<>=]*?)\s*(?P<side><=|>=|=)\s*(?P<limit>[^<>=]+?)\s*")


def takes_problem(
    wanted: Callable[[Setting], bool] = lambda _: True,
    *,
    defaults: Mapping[str, str] | Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
    argument: str = "problem",
    builds: Callable[[Mapping[str, Any]], object] = Problem.from_dict,
    graphs: bool = False,
) -> Callable[[Callable[..., None]], Gathering]:
    """Give a command the options that describe a problem; they reach it as one argument.

    Parameters
    ----------
    wanted
        Which settings there are options for; all of them by default.
    defaults
        Settings that neither options nor the file need give; they may depend on the command's own options.
    argument
        What the command calls that argument.
    builds
        What makes it of the settings: a problem, by default.
    graphs
        Whether the file may hold a state graph instead.
    """

    def options() -> dict[str, Declared]:
        """The problem file, and the options in the order of help: tables last."""
        kinds = f"(TOML), or a state graph ({', '.join(GRAPHS)})" if graphs else "(TOML)"
        file = Argument(type=click.Path(path_type=Path), help=f"A problem file {kinds}; {WINS}.")
        chosen = sorted(filter(wanted, SETTINGS.values()), key=lambda setting: setting.kind is ValueKind.TABLE)
        return {"file": file} | {name: one for each in chosen for name, one in options_of(each).items()}

    def gather(settings: dict[str, Any], others: Mapping[str, Any]) -> object:
        """The question that options ask."""
        if settings["file"] is not None and settings["file"].suffix in {*GRAPHS, ".dot"}:
            question: object = graph_of(settings, allowed=graphs)
        else:
            assumed = defaults(others) if callable(defaults) else defaults or {}
            question = builds(settings_of(settings, assumed))
        note(question)
        return question

    return lambda command: Gathering(command, argument, options, gather)


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
    for table in tables():
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
        parts = BUDGET_OPTION.fullmatch(text)
        if parts is None:
            raise ModelError("--budget", 'must be of the form NAME=LIMIT, or "NAME>=LIMIT"', text)
        sides, side = found.setdefault(parts["name"], {}), "least" if parts["side"] == ">=" else "most"
        if side in sides:
            raise ModelError("--budget", f"gives two limits of one kind for {parts['name']}", text)
        sides[side] = parts["limit"]
    return found


def counts_of(text: str) -> tuple[int, ...] | tuple[str, ...]:
    """The configuration that ``--counts`` names, by counts or by the names of pairs; empty for no levels.

    Raises
    ------
    ModelError
        If it is a list of numbers that are not whole.
    """
    parts = [part for part in text.split(",") if part.strip()] if not text.strip(", ") else text.split(",")
    if any(character in text for character in ".<"):  # as in the names of levels
        return tuple(part.strip() for part in parts)
    return tuple(whole(part, "--counts") for part in parts)
