"""The subcommands: listed here, imported one at a time, when they are called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click
from click.shell_completion import shell_complete

from lpdistill.cli.declaration import CONTEXT, Command, command
from lpdistill.errors import did_you_mean

COMMANDS = {
    "solve": "The optimal policy, proved; within rules and budgets",
    "compare": "The optimal policy against pumping, nested, greedy, or others",
    "explain": "Every action of one configuration, and what it costs",
    "levels": "Fidelity levels, what distils into what, and the limits",
    "waiting-time": "The whole distribution of the waiting time",
    "deadline": "The policy most likely in time, and the smallest window",
    "simulate": "Monte Carlo, memory by memory, also of what differs in reality",
    "throughput": "Pairs per unit of time, for one user or several",
    "keyrate": "Secret key per unit of time, and when distilling pays",
    "standby": "A stock of finished pairs: what it serves, the smallest",
    "watch": "Whether a link in service does what was predicted",
    "verify": "How many test pairs certify a fidelity, and whether they do",
    "frontier": "Waiting time against a resource: every breakpoint",
    "variability": "How much every decision matters",
    "robust": "The best policy in the worst case over an interval of p",
    "plan": "The cheapest hardware for an objective, and what to improve",
    "sweep": "Many problems, kept in a database that survives being killed",
    "policy-map": "All optimal policies for 0 < p <= 1, exactly",
    "adapt": "Which policy to use after so many attempts and successes",
    "hashing": "What hashing and breeding yield of many pairs",
    "reproduce": "The published numbers, claims and figures",
    "check": "A certificate, verified by itself",
    "serve": "All this over HTTP, with tokens, limits and metrics",
    "graph": "The state graph: GraphML, DOT, JSON, or a picture",
    "deploy": "What running a link takes: manifests, alerts, dashboards",
    "export": "Programs, decision processes and policies for other tools",
}
"""What each command does, in the list of all; its own help says more."""

COMPLETION = "_LPDISTILL_COMPLETE"
"""Variable by which a shell asks for completions, or for what makes it ask."""

BAD_USAGE = 2


VERSION_HELP = "Show the version and exit."

NOT_COMPILED = " (without the compiled recursion: large problems take longer)"
"""What is said of an installation in which nothing could be compiled."""


class Commands(click.Group):
    """The group of all commands: it knows their names, and imports what is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - given by the base
        """The names in their order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """What stands for a command in the list of all and in completion: its name and summary."""
        return click.Command(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write what the commands do, uncut."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called, in place of its entry in the list."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"no such command: {args[0]!r}{did_you_mean(args[0], COMMANDS)}", ctx)
        name, found, rest = super().resolve_command(ctx, args)
        return name, found and load(str(found.name)), rest


def load(name: str) -> Command:
    """A command by its name, imported."""
    function = name.replace("-", "_")
    return command(getattr(import_module(f"lpdistill.cli.{function}"), function), name)


def _told_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:  # noqa: ARG001
    """Write the version, and whether the compiled recursion is missing, and leave."""
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import version  # noqa: PLC0415 - only here

    from lpdistill.library import library  # noqa: PLC0415 - only here

    click.echo(f"{context.info_name} {version('lpdistill')}{'' if library() else NOT_COMPILED}")
    context.exit()


@click.group("lpdistill", cls=Commands, context_settings=CONTEXT)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_told_version, help=VERSION_HELP)
def app() -> None:
    """Optimal entanglement-distillation policies, with proofs."""


def call(arguments: Sequence[str]) -> int:
    """Do what a command line says, or say what is wrong with it; the exit code."""
    shell = os.environ.get(COMPLETION)
    if shell:
        return shell_complete(app, {}, str(app.name), COMPLETION, shell)
    try:
        with app.make_context(app.name, list(arguments)) as context:
            app.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return BAD_USAGE
    except click.UsageError as error:
        text = error.format_message().rstrip(".")
        where = f"; see {error.ctx.command_path} --help" if error.ctx else ""
        sys.stderr.write(f"lpdistill: error: {text[0].lower()}{text[1:]}{where}\n")
        return BAD_USAGE
    return 0
