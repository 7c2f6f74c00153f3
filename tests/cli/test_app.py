"""The command as a whole: help, exit codes, and how errors leave it."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path

import psutil
import pytest
from hanging import HANGING

from lpdistill import (
    ImproperPolicyError,
    InfeasibleError,
    LimitError,
    ModelError,
    NotCertifiedError,
    UnreachableTargetError,
)
from lpdistill.cli import app
from lpdistill.cli.commands import COMMANDS, load

SOLVE = ("solve", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")
SCRIPT = str(Path(sys.executable).with_name("lpdistill"))

OPTIONS = {
    "solve": (
        "--p", "--memories", "--f0", "--target", "--gap", "--generation-time", "--distillation-time", "--final-step",
        "--method", "--exact", "--certificate", "--json",
    ),
    "levels": ("--p", "--memories", "--f0", "--target", "--gap", "--json"),
    "policy-map": (
        "--p", "--memories", "--f0", "--target", "--gap", "--generation-time", "--distillation-time", "--final-step",
        "--axis", "--plot", "--latex", "--json",
    ),
    "check": ("--json",),
}  # fmt: skip

ERRORS = [
    ModelError("p", "must be something else", 7),
    UnreachableTargetError("out of reach", target=1.0, pumping_limit=0.9, memory_limit=0.9),
    InfeasibleError("no policy", conflict=()),
    ImproperPolicyError("a deadlock", deadlock=((0, 1),)),
    LimitError("too large", size={}),
    NotCertifiedError("no proof"),
]
CODES = {
    ModelError: 2,
    UnreachableTargetError: 3,
    InfeasibleError: 3,
    ImproperPolicyError: 3,
    LimitError: 4,
    NotCertifiedError: 1,
}


def shell(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    return subprocess.run(  # noqa: S603 - our own command
        [SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=HANGING, **options
    )


def said(errors: str) -> str:
    """What a process says on standard error besides its progress, which it tells on slow machines only."""
    return "".join(line for line in errors.splitlines(keepends=True) if not re.match(r" *[0-9.]+ s  ", line))


def raising(error: BaseException):
    """A stand-in for the solver that fails."""

    def solve(*_args, **_options):
        raise error

    return solve


def test_help_exits_with_zero(run):
    """Asking for help is no error."""
    assert run("--help").code == 0


def test_help_lists_the_commands(run):
    """The help of the command names every subcommand."""
    words = run("--help").words
    assert all(re.search(rf"\b{command}\b", words) for command in OPTIONS)


@pytest.mark.parametrize("command", OPTIONS)
def test_help_of_a_command_names_its_options(run, command):
    """The help of a subcommand names every option it takes."""
    words = run(command, "--help").words
    assert [option for option in OPTIONS[command] if not re.search(rf"(?<!\S){option}(?!\S)", words)] == []


@pytest.mark.parametrize("default", ["[default: 1]", "[default: 2]", "[default: charged]", "[default: auto]"])
def test_help_of_solve_states_defaults(run, default):
    """The help of ``solve`` says what an option is when it is not given."""
    assert default in run("solve", "--help").words


def test_help_is_silent_on_standard_error(run):
    """Help goes to standard output."""
    assert run("solve", "--help").err == ""


def test_without_a_command_usage_is_shown(run):
    """Called with nothing, the command shows how it is used and exits as for bad usage."""
    ran = run()
    assert ran.code == 2
    assert "Usage: lpdistill" in ran.words


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("slove",), "'slove'"),
        ((*SOLVE, "--colour"), "--colour"),
        ((*SOLVE, "--method"), "--method"),
        ((*SOLVE, "--json=1"), "--json"),
        ((*SOLVE, "a.toml", "b.toml"), "b.toml"),
    ],
    ids=["unknown command", "unknown option", "option without value", "flag with value", "two files"],
)
def test_bad_usage_is_named(run, arguments, named):
    """Bad usage exits with 2, leaves standard output empty and names what was wrong."""
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert named in ran.words


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_leave_with_their_exit_code(run, monkeypatch, error):
    """Every error of the package has the exit code that the command line documents."""
    monkeypatch.setattr("lpdistill.requests.solving.solve_problem", raising(error))
    assert run(*SOLVE).code == CODES[type(error)]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_are_one_line(run, monkeypatch, error):
    """An error of the package is one line on standard error and nothing on standard output, also with ``--json``."""
    monkeypatch.setattr("lpdistill.requests.solving.solve_problem", raising(error))
    ran = run(*SOLVE, "--json")
    assert (ran.out, ran.err) == ("", f"lpdistill: error: {error}\n")


def test_unexpected_errors_are_messages_too(run, monkeypatch):
    """A fault of the program itself exits with 1 and one message that asks for a report, not with a traceback."""
    monkeypatch.setattr("lpdistill.requests.solving.solve_problem", raising(ZeroDivisionError("division by zero")))
    ran = run(*SOLVE)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "ZeroDivisionError: division by zero; please report" in ran.err


def test_running_out_of_memory_says_what_to_do(run, monkeypatch):
    """Where memory runs out after all, the message says so and what would need less."""
    monkeypatch.setattr("lpdistill.requests.solving.solve_problem", raising(MemoryError()))
    ran = run(*SOLVE)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "out of memory; take fewer memories" in ran.err


def test_an_interrupt_is_no_traceback(run, monkeypatch):
    """Ctrl-C exits with the shell's code for it, 130, and leaves no traceback."""
    monkeypatch.setattr("lpdistill.requests.solving.solve_problem", raising(KeyboardInterrupt()))
    ran = run(*SOLVE)
    assert (ran.code, ran.out) == (130, "")
    assert "Traceback" not in ran.err


def test_the_installed_command_is_this_one():
    """The package installs ``lpdistill`` as the command that these tests run."""
    (script,) = entry_points(group="console_scripts", name="lpdistill")
    assert script.load() is app.main


def test_a_process_writes_json_and_nothing_else():
    """In a process of its own the command exits with 0 and is silent on standard error."""
    ran = shell(*SOLVE, "--json")
    assert (ran.returncode, said(ran.stderr), ran.stdout[:1], ran.stdout[-2:]) == (0, "", "{", "}\n")


def test_a_process_reports_wrong_input():
    """In a process of its own the command exits with 2 on wrong input, with one line on standard error."""
    ran = shell(*SOLVE, "--p", "2")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "lpdistill: error: --p: must be a probability with 0 < p <= 1 (found '2')\n"


def test_a_closed_pipe_is_no_traceback():
    """A reader that stops early, such as ``head``, leaves no traceback."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [SCRIPT, *SOLVE, "--memories", "30", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert said(process.stderr.read()) == ""


@pytest.mark.parametrize("arguments", [SOLVE, (*SOLVE, "--json"), ("--help",)], ids=["table", "json", "help"])
def test_a_reader_that_has_seen_enough_is_no_error(arguments):
    """A command whose reader has left, as ``head -1`` does, exits with 0 and says nothing."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as out:  # noqa: PTH123 - a pipe has no path
        ran = subprocess.run(  # noqa: S603 - our own command
            [SCRIPT, *arguments], stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=HANGING
        )
    assert (ran.returncode, said(ran.stderr)) == (0, "")


def test_a_reader_that_leaves_takes_no_file_along(tmp_path):
    """What a command still has to do once its reader has left is done: the picture is drawn."""
    pytest.importorskip("matplotlib")
    reading, writing = os.pipe()
    os.close(reading)
    drawn = tmp_path / "times.png"
    with open(writing, "w") as out:  # noqa: PTH123 - a pipe has no path
        command = [SCRIPT, "simulate", *SOLVE[1:], "--runs", "100", "--plot", str(drawn)]
        assert subprocess.run(command, stdout=out, check=False, timeout=HANGING).returncode == 0  # noqa: S603 - our own
    assert drawn.exists()


def closed(*descriptors: int, arguments: tuple[str, ...] = SOLVE) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell that has closed some of its standard streams."""
    line = f"{shlex.join([SCRIPT, *arguments])} {' '.join(f'{number}>&-' for number in descriptors)}"
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, timeout=HANGING)  # noqa: S603


def test_closed_standard_output_is_refused():
    """Without standard output there is no answer: the message says so, and how to do without it."""
    ran = closed(1)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("lpdistill: error: ")
    assert "standard output is closed" in ran.stderr
    assert "/dev/null" in ran.stderr


@pytest.mark.parametrize(
    ("descriptors", "changes", "code"),
    [((2,), (), 0), ((0,), (), 0), ((0, 2), (), 0), ((2,), ("--p", "2"), 2), ((1, 2), (), 1), ((0, 1, 2), (), 1)],
)
def test_other_closed_streams_change_no_exit_code(descriptors, changes, code):
    """Closed standard input and errors change neither the answer nor the exit code."""
    ran = closed(*descriptors, arguments=(*SOLVE, *changes))
    assert ran.returncode == code
    assert ran.stdout.startswith("problem") == (code == 0)


INTERRUPTING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from lpdistill.cli.app import main
main()
"""


@pytest.mark.parametrize("module", ["click", "lpdistill.cli.solve", "numpy", "scipy.sparse", "highspy"])
def test_an_interrupt_while_it_starts_is_no_traceback(module):
    """Ctrl-C while the command is still being imported is one line and the exit code of an interrupt."""
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", INTERRUPTING.format(module=module), *SOLVE],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGING,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "lpdistill: error: interrupted\n")


def test_nothing_else_is_imported_before_interrupts_are_heeded():
    """What the installed script imports outside the care of ``main`` are three small modules of its own."""
    code = "import sys, importlib; seen = set(sys.modules); import lpdistill.cli.app; print(set(sys.modules) - seen)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANGING)  # noqa: S603
    assert ast.literal_eval(ran.stdout) - {"__future__"} == {"lpdistill", "lpdistill.cli", "lpdistill.cli.app"}


def test_a_parallel_sweep_ends_in_order_when_asked_to(tmp_path):
    """SIGTERM ends a sweep and its workers with the shell's code for it; all it says is where the results are."""
    command = [SCRIPT, "sweep", "--p", "0.1:0.9:0.001", "--memories", "6:9", "--f0", ".9", "--target", ".94", "-j", "2"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        until = time.monotonic() + HANGING
        while len(psutil.Process(process.pid).children()) < 3 and time.monotonic() < until:
            time.sleep(0.1)  # two workers, and what tracks their semaphores
        process.terminate()
        out, err = process.communicate(timeout=HANGING)
    assert (process.returncode, out) == (143, "")
    lines = [line for line in err.splitlines() if " s  " not in line]  # but for progress
    assert lines == ["what was finished is kept in sweep.sqlite; the same command goes on from there"]


def test_a_full_disk_is_no_fault_of_the_program(tmp_path):
    """Output that cannot be written is reported as that, not as a fault of the program."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("w") as out:
        ran = subprocess.run(  # noqa: S603 - our own command
            [SCRIPT, *SOLVE], stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=HANGING, cwd=tmp_path
        )
    assert ran.returncode == 1
    assert "No space left on device" in ran.stderr
    assert "please report" not in ran.stderr


def test_the_package_imports_nothing_heavy():
    """``import lpdistill`` loads none of the large libraries."""
    heavy = {"scipy", "cvxpy", "pandas", "sympy", "matplotlib", "highspy", "networkx"}
    code = f"import sys, lpdistill; print(sorted({heavy!r} & sys.modules.keys()))"
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANGING
    )
    assert ran.stdout == "[]\n"


PICTURES = [
    (name, option)
    for name in COMMANDS
    for option in ("--plot", "--timeline")
    if any(option in parameter.opts for parameter in load(name).params)
]


@pytest.mark.parametrize("file", ["picture.foo", "nowhere/picture.png", "."])
@pytest.mark.parametrize("picture", PICTURES, ids=" ".join)
def test_pictures_that_cannot_be_written_are_refused_before_any_work(run, tmp_path, monkeypatch, file, picture):
    """Whatever the command, a suffix or folder that will not do is the first thing that it says."""
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    ran, (_, option) = run(*picture, file), picture
    assert (ran.code, len(ran.err.splitlines()), ran.out) == (2, 1, "")
    assert f"error: {option}: must be a file" in ran.err
    assert file in ran.err


def test_all_commands_that_draw_are_known():
    """The commands with pictures are found by their options."""
    assert len(PICTURES) >= 12
    assert ("simulate", "--timeline") in PICTURES
