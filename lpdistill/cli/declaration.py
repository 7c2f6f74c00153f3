"""Commands as functions: an annotation says what an option is called, its parameter what it holds.

::

    def levels(problem: Problem, latex: Annotated[bool, Option("--latex", help="Print LaTeX.")] = False) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import update_wrapper
from pathlib import Path
from typing import Any, get_args, get_origin

import click
from click.core import ParameterSource

from lpdistill.errors import ModelError

CONTEXT = {"show_default": True, "help_option_names": ["-h", "--help"]}
"""What holds for every command."""

GENERAL = "Options"
"""Heading of options that give no other."""

EXAMPLES = "\n\nExamples\n--------\n"
"""What stands in a docstring before lines to be typed, which help ends with."""


class Declared:
    """What a parameter of a function is on the command line; a shell completes its ``values``.

    ``inputs`` are other names by which errors call what it holds.
    """

    def __init__(
        self,
        *names: str,
        heading: str = GENERAL,
        values: Iterable[str] = (),
        inputs: Iterable[str] = (),
        **settings: Any,
    ) -> None:
        self.names = names
        self.heading = heading
        self.inputs = frozenset(inputs)
        self.settings = settings
        if values:
            known = [str(value) for value in values]
            self.settings["shell_complete"] = lambda _context, _option, begun: [
                value for value in known if value.startswith(begun)
            ]
            self.settings.setdefault("metavar", f"<{'|'.join(known)}>")


class Option(Declared):
    """An option: its names, then the settings of :class:`click.Option`, and the ``heading`` it is listed under."""


class Argument(Declared):
    """An argument, with the settings of :class:`click.Argument` and a ``help`` of its own."""


class Command(click.Command):
    """A command whose arguments and options are listed under their headings, nothing cut."""

    def __init__(self, *, declared: dict[str, Declared], **settings: Any) -> None:
        super().__init__(**settings)
        self.declared = declared

    def invoke(self, ctx: click.Context) -> Any:
        """Do it; an error about what an option holds names that option."""
        try:
            return super().invoke(ctx)
        except ModelError as error:
            typed = self._typed(ctx, error)
            raise error.at(typed) if typed else error from None

    def _typed(self, ctx: click.Context, error: ModelError) -> str | None:
        """The option that holds what an error speaks of; of several, one with the value found.

        It has been typed; or something is missing, and it is one of the command's own, which no problem file gives.
        """
        found = []
        for item in self.params:
            name = item.name or ""
            declared = self.declared[name]
            called = {name, *declared.inputs}
            typed = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
            given = typed if error.value is not None else declared.heading == GENERAL
            if isinstance(item, click.Option) and given and error.where.replace(" ", "_") in called:
                found.append((str(error.value) in str(ctx.params.get(name)), item.opts[0]))
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command takes, by what it is about."""
        parts: dict[str, list[tuple[str, str]]] = {}
        for item in self.get_params(ctx):
            told = self.declared.get(item.name or "", Option())
            if isinstance(told, Argument):
                parts.setdefault("Arguments", []).append((item.make_metavar(ctx), told.settings.get("help", "")))
            elif record := item.get_help_record(ctx):
                parts.setdefault(told.heading, []).append(record)
        for heading, records in parts.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as the base has it
        """Write the examples, a line each."""
        with formatter.section("Examples"):
            for line in (self.epilog or "").splitlines():
                formatter.write(f"  {line}\n")


class Gathering:
    """A function of which one argument is gathered from several options.

    ``options`` declares them by name, anew for every command line; ``gather`` makes the argument of what they hold, and
    of what all others do.
    """

    def __init__(
        self,
        function: Callable[..., None],
        argument: str,
        options: Callable[[], dict[str, Declared]],
        gather: Callable[[dict[str, Any], Mapping[str, Any]], object],
    ) -> None:
        update_wrapper(self, function)
        self.function, self.argument, self.options, self.gather = function, argument, options, gather

    def __call__(self, **given: Any) -> None:
        """Call the function with what all options hold."""
        parts = {name: given.pop(name) for name in self.options()}
        self.function(**{self.argument: self.gather(parts, given)}, **given)


def command(function: Callable[..., None], name: str) -> Command:
    """The command that calls a function with what its parameters declare."""
    found = list(_parameters(function))
    told, _, examples = (inspect.getdoc(function) or "").partition(EXAMPLES)
    return Command(
        name=name,
        callback=function,
        params=[item for item, _ in found],
        declared={str(item.name): declared for item, declared in found},
        help=told,
        epilog=examples,
        context_settings=CONTEXT,
    )


def _parameters(function: Callable[..., None]) -> Iterator[tuple[click.Parameter, Declared]]:
    """The arguments and options of a function, each with its declaration."""
    gathered = ""
    if isinstance(function, Gathering):
        gathered = function.argument
        for name, declared in function.options().items():
            yield _parameter(name, declared, {"required": False}), declared
    for name, item in inspect.signature(function, eval_str=True).parameters.items():
        if name == gathered:
            continue
        declared = next(note for note in item.annotation.__metadata__ if isinstance(note, Declared))
        settings: dict[str, Any] = {}
        kinds = set(get_args(item.annotation.__origin__)) or {item.annotation.__origin__}
        if bool in kinds:
            settings = {"is_flag": True, "type": bool}
        elif Path in kinds:
            settings = {"type": click.Path(path_type=Path)}
        elif any(get_origin(kind) is list for kind in kinds):
            settings = {"multiple": True}
        required = item.default is inspect.Parameter.empty
        settings |= {"required": True} if required else {"required": False, "default": _plain(item.default)}
        yield _parameter(name, declared, settings), declared


def _parameter(name: str, declared: Declared, settings: Mapping[str, Any]) -> click.Parameter:
    """What click makes of a declaration, on top of some settings."""
    settings = {"type": str, **settings, **declared.settings}
    if isinstance(declared, Argument):
        settings.pop("help", None)
        return click.Argument([name], **settings)
    return click.Option([name, *declared.names], **settings)


def _plain(default: Any) -> Any:
    """A default as help shows it: members of enumerations by their values."""
    return str(default) if isinstance(default, str) else default
