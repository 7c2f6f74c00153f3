"""The ``lpdistill`` command: its subcommands, and how errors leave it."""

from __future__ import annotations

import sys

import typer

from lpdistill.cli.check import check
from lpdistill.cli.compare import compare
from lpdistill.cli.deadline import deadline
from lpdistill.cli.explain import explain
from lpdistill.cli.export import export
from lpdistill.cli.frontier import frontier
from lpdistill.cli.graph import graph
from lpdistill.cli.levels import levels
from lpdistill.cli.policy_map import policy_map
from lpdistill.cli.reproduce import reproduce
from lpdistill.cli.robust import robust
from lpdistill.cli.simulate import simulate
from lpdistill.cli.solve import solve
from lpdistill.cli.sweep import sweep
from lpdistill.cli.variability import variability
from lpdistill.cli.waiting_time import waiting_time
from lpdistill.errors import LpdistillError

UNEXPECTED = 1
INTERRUPTED = 130

app = typer.Typer(
    name="lpdistill",
    help="Optimal entanglement-distillation policies, with proofs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    solve,
    compare,
    explain,
    levels,
    waiting_time,
    deadline,
    simulate,
    frontier,
    variability,
    robust,
    sweep,
    policy_map,
    reproduce,
    check,
    graph,
    export,
):
    app.command()(command)


@app.callback()
def _commands() -> None:
    """Keep every command a subcommand."""


def main() -> None:
    """Run the command line; every error leaves it as one message on standard error and an exit code."""
    try:
        app(prog_name="lpdistill")
    except LpdistillError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except MemoryError:
        _fail("out of memory; take fewer memories, or a target with fewer levels", UNEXPECTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(UNEXPECTED)
    except OSError as error:
        _fail(f"cannot read or write: {error.strerror or error}", UNEXPECTED)
    except Exception as error:  # noqa: BLE001 - the last resort: a message instead of a traceback
        _fail(f"unexpected {type(error).__name__}: {error}; please report this with the command", UNEXPECTED)


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"lpdistill: error: {message}\n")
    sys.exit(code)
