"""What is compiled against the same in numpy, and everything that may come between."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from cases import SMALL
from hanging import HANGING
from priced_cases import drawn, without_compiled

from lpdistill import Dynamics, MaxDistillations, Problem, solve
from lpdistill.library import library
from lpdistill.process.factored import compiled
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Tariff

PROBLEM = Problem("1/2", 12, "9/10", "94/100")


def test_it_was_built():
    """The package that is tested has its compiled functions."""
    assert library() is not None


def in_numpy(recursion):
    """The same recursion, of which nothing is compiled."""
    other = replace(recursion)
    other.__dict__["compiled"] = None
    return other


def recursions():
    """Recursions of random processes, with the entries that are priced."""
    for seed in range(200):
        process, after = drawn(seed)
        if process.kernel.matchings.recipes and process._pricing.charges is not None:  # noqa: SLF001 - what is compared
            yield process.price_after(after)._recursion, process._pricing.charges.distilling  # noqa: SLF001 - likewise


def test_it_gives_the_same_bits():
    """Least expectations, the nodes that attain them, and what distils there are those of numpy, to the last bit."""
    counted = set()
    for recursion, entries in recursions():
        found, other = recursion.least(), in_numpy(recursion).least()
        assert found.value.tobytes() == other.value.tobytes()
        assert found.node.tolist() == other.node.tolist()
        some = np.flatnonzero(np.isfinite(found.value[: len(entries.rank)]))
        columns = entries.rank[some], entries.attempts[some], found.node[some]
        assert recursion.attaining(*columns).tolist() == in_numpy(recursion).attaining(*columns).tolist()
        counted.add(recursion.counted)
    assert counted == {False, True}


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_attempt_tables_have_the_same_bits(problem):
    """Both attempt tables are those of numpy, to the last bit, whatever a raw pair and its probability are."""
    kernel = Dynamics(problem).kernel
    values = np.random.default_rng(1).random(kernel.configurations.size)
    for found, other in zip(kernel.attempted(values), kernel.generation.expect(values), strict=True):
        assert found.tobytes() == other.tobytes()


@pytest.mark.parametrize("rules", [(), (MaxDistillations(3),)], ids=["any number", "at most three"])
def test_threads_change_nothing(rules, monkeypatch):
    """One thread, two, or as many as the machine has: prices and columns are the same."""
    process = Dynamics(PROBLEM.with_constraints(*rules))
    values, everywhere = np.random.default_rng(5).random(process.size), np.ones(process.size, dtype=bool)
    alone = process.price(values)
    monkeypatch.setattr(compiled, "PARALLEL", 0)
    for told in ("1", "2", "all of them"):
        monkeypatch.setenv(compiled.THREADS, told)
        priced = process.price(values)
        assert priced.best.tobytes() == alone.best.tobytes()
        assert priced.columns(everywhere).tolist() == alone.columns(everywhere).tolist()


def told(solution):
    """The waiting time of a solution, its bounds, and its policy."""
    return solution.waiting_time, solution.lower_bound, solution.upper_bound, solution.policy.to_json()


def test_solutions_are_the_same_without_it():
    """A large problem has the same optimum, the same policy and a proof where nothing could be compiled."""
    found = told(solve(PROBLEM))
    with without_compiled():
        assert Dynamics(PROBLEM).kernel.lattice.compiled is None
        other = told(solve(PROBLEM))
    assert other[:3] == pytest.approx(found[:3], rel=1e-12)
    assert other[3] == found[3]


def test_a_pickled_process_is_compiled_again():
    """What was compiled stays behind when a process travels, and is made anew where it arrives."""
    process = Dynamics(PROBLEM).under(Tariff(1.0, ((RESOURCES["distillations"], 0.5),)))
    values, everywhere = np.random.default_rng(6).random(process.size), np.ones(process.size, dtype=bool)
    priced = process.price(values)
    assert process.kernel.lattice.compiled is not None
    assert "compiled" not in process.kernel.lattice.__getstate__()
    other = pickle.loads(pickle.dumps(process))  # noqa: S301 - our own
    assert other.price(values).best.tobytes() == priced.best.tobytes()
    assert other.kernel.lattice.compiled is not None
    again = pickle.loads(pickle.dumps(priced))  # noqa: S301 - our own
    assert again.columns(everywhere).tolist() == priced.columns(everywhere).tolist()


INTERRUPTED = """
import signal, time
import numpy as np
from lpdistill import Dynamics, Problem
process = Dynamics(Problem("1/2", {memories}, "9/10", "94/100"))
values = np.random.default_rng(7).random(process.size)
before = process.price(values).best.tobytes()
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
began = time.perf_counter()
try:
    while True:
        process.price(values)
except KeyboardInterrupt:
    print(time.perf_counter() - began < 5)
print(process.price(values).best.tobytes() == before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals come from elsewhere there")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_interrupt_ends_it(threads, monkeypatch):
    """An interrupt ends the pricing of 64 memories at once, and the process can be priced again afterwards."""
    monkeypatch.setenv(compiled.THREADS, threads)
    program = INTERRUPTED.format(memories=64)
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGING, check=True
    )
    assert ran.stdout.split() == ["True", "True"]
