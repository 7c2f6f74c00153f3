"""The door to HiGHS: nothing that HiGHS writes reaches anybody's standard output."""

import json
import subprocess
import sys
from pathlib import Path

import highspy
import pytest

from lpdistill.program.solver import Solver

START = "from lpdistill import *; problem = Problem('1/2', 3, '3/4', '79/100')\n"
CALLS = {
    "own": """
from lpdistill.export.programs import write_mps
limited = problem.with_constraints(Budget("generation_attempts", 12))
for method in Method:
    solve(problem, method=method)
solve(limited)
solve(limited, deterministic=True)
variability(solve(problem))
write_mps(problem, "program.mps")
try:
    solve(problem.with_constraints(Budget("steps", 1)))
except InfeasibleError:
    pass
""",
    "cvxpy": "problem.to_cvxpy().solve()",
    "cvxpy, called by the user": "import cvxpy; problem.to_cvxpy().problem().solve(solver=cvxpy.HIGHS)",
    "workers": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

def time(problem):
    return solve(problem).waiting_time, problem.to_cvxpy().solve().waiting_time

if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        pool.submit(time, problem).result()
    sweep(Grid(p="1/2,2/3", memories=3, f0="3/4", target="79/100"), store=None, jobs=2)
""",
}
"""What makes HiGHS objects, by who makes them.  Ours leave the banner to the next, so that one session may try all."""

TALKING = """
import ctypes, os, threading

before = os.fstat(1)
C = ctypes.CDLL(None)

def talk():
    for line in range(2000):
        os.write(1, b"python %d\\n" % line)
        C.printf(b"C %d\\n", line)
    C.fflush(None)

threads = [threading.Thread(target=talk)] + [threading.Thread(target=solve, args=(problem,)) for _ in range(4)]
for thread in threads:
    thread.start()
problem.to_cvxpy().solve()
for thread in threads:
    thread.join()
assert os.fstat(1) == before
"""
"""One thread that prints, and several that solve."""


def session(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python session of its own, in which HiGHS has written nothing yet."""
    script = folder / "session.py"
    script.write_text(code)
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=folder
    )


@pytest.mark.parametrize("call", CALLS)
def test_no_call_writes(call, tmp_path):
    """Whichever way the first HiGHS object of a process is made, standard output stays empty."""
    assert session(START + CALLS[call], tmp_path).stdout == ""


def test_a_command_writes_its_document_alone(tmp_path):
    """What ``--json`` prints as the first thing of a process is one JSON document."""
    code = "from lpdistill.cli.app import main; import sys; sys.argv[1:] = {!r}; main()"
    asked = ["solve", "--p", "1/2", "-M", "3", "--f0", "3/4", "--target", "79/100", "--json"]
    assert "waiting_time" in json.loads(session(code.format(asked), tmp_path).stdout)


def test_nothing_that_others_print_meanwhile_is_lost(tmp_path):
    """A thread that prints all the time, also past Python, loses no line while others make the first HiGHS objects."""
    # The buffers of the two are separate, so that only each one's own order is sure.
    found = session(START + TALKING, tmp_path).stdout
    assert sorted(found.split("\n")[:-1]) == sorted(f"{who} {line}" for who in ("python", "C") for line in range(2000))


def test_the_users_own_solver_is_left_alone(tmp_path):
    """What HiGHS says in the user's own session does not depend on whether something was solved here before."""
    own = "import highspy; highs = highspy.Highs(); highs.addVar(0, 1); highs.run()"
    alone = session("print('begin', flush=True)\n" + own, tmp_path).stdout
    after = session(START + "solve(problem)\nprint('begin', flush=True)\n" + own, tmp_path).stdout
    assert [line.split(":")[0] for line in after.splitlines()] == [line.split(":")[0] for line in alone.splitlines()]
    assert "Running HiGHS" in after


@pytest.mark.parametrize("options", [{"no_such_option": 1}, {"simplex_strategy": "quickly"}])
def test_an_option_that_highs_does_not_know_is_an_error(options):
    """An option that HiGHS refuses is never passed over."""
    with pytest.raises(ValueError, match=next(iter(options))):
        Solver(options)


def test_options_are_set():
    """Options are those that were asked for."""
    assert Solver({"simplex_strategy": 4}).getOptionValue("simplex_strategy") == (highspy.HighsStatus.kOk, 4)
