"""From parameters to a verified optimum: levels, program, policy, and the bounds that prove it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from priced_cases import without_compiled

from lpdistill import Problem, solve
from lpdistill.program.evaluation import visits
from lpdistill.program.objective import FIRST_DELIVERY
from lpdistill.study.published_numbers import published

LARGE = {
    "M = 10, .90 -> .94": (("1/2", 10, "0.90", "0.94"), 3.786708706968),
    "M = 12, .65 -> .71": (("1/2", 12, "0.65", "0.71"), 5.760572408459),
    "M = 20, .90 -> .94": (("1/2", 20, "0.90", "0.94"), 3.094568643028),
    "M = 32, .90 -> .94": (("1/2", 32, "0.90", "0.94"), 3.007502023635),
    "M = 32, .90 -> .94, p = .001": (("1/1000", 32, "0.90", "0.94"), 166.770229682940),
    "M = 100, .75 -> .79": (("1/2", 100, "0.75", "0.79"), 3.000000077629),
    "M = 8, .65 -> .714": (("1/2", 8, "0.65", "0.714"), 12.023287928054),
    "M = 40, .90 -> .94": (("1/2", 40, "0.90", "0.94"), 3.001416299581),
    "M = 50, .90 -> .94": (("1/2", 50, "0.90", "0.94"), 3.000177866756),
    "M = 64, .90 -> .94": (("1/2", 64, "0.90", "0.94"), 3.000009790002),
    "M = 24, .65 -> .71": (("1/2", 24, "0.65", "0.71"), 3.756084346476),
    "M = 100, .90 -> .94": (("1/2", 100, "0.90", "0.94"), 3.000000005678),
    "M = 300, .90 -> .93": (("1/2", 300, "0.90", "0.93"), 3.000000000000),
}
"""Arguments of a problem, and its waiting time with the last step free, known to twelve decimals."""

ACCURATE = 1e-12
"""Relative difference that an answer may have."""

WEIGHED = (
    "M = 32, .90 -> .94",
    "M = 40, .90 -> .94",
    "M = 50, .90 -> .94",
    "M = 100, .90 -> .94",
    "M = 300, .90 -> .93",
)
"""The problems of which the memory is measured."""

# A new process also reports, as its greatest memory, that of the process that started it; Linux tells them apart.
PEAK = """
import json, pathlib, re, resource, sys
from lpdistill import Problem, solve
solve(Problem(*json.loads(sys.argv[1])))
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def peak_bytes(arguments) -> int:
    """Greatest memory of a process that does nothing but solve one problem, in bytes."""
    command = [sys.executable, "-c", PEAK, json.dumps(arguments)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - ours


@pytest.mark.benchmark(group="43 published points")
def test_published_points(benchmark):
    """All published points, one after the other, each within the published accuracy."""

    def solved() -> list[tuple[int, float]]:
        points = [point for point in published() if point.policy == "optimal"]
        answers = [(solve(point.problem), point.waiting_time) for point in points]
        return [(answer.run.columns, abs(answer.waiting_time - time)) for answer, time in answers]

    answers = solved()
    assert len(answers) == 43
    assert max(error for _, error in answers) < 2e-5
    benchmark.extra_info.update(columns=sum(columns for columns, _ in answers), error=max(e for _, e in answers))
    benchmark(solved)


@pytest.mark.benchmark(group="large problems")
@pytest.mark.parametrize("name", LARGE)
def test_large_problem(timed, benchmark, name):
    """A problem far beyond writing transitions out, with twelve digits of its waiting time checked."""
    arguments, expected = LARGE[name]
    solution = solve(Problem(*arguments, final_step="free"))
    benchmark.extra_info.update(columns=solution.run.columns, proved=solution.upper_bound - solution.lower_bound)
    if name in WEIGHED:
        benchmark.extra_info["peak_bytes"] = peak_bytes(arguments)
    run = solving(arguments)
    timed(run, expected=expected, within=ACCURATE * expected)
    benchmark.extra_info["processor"] = processor_time(run)


@pytest.mark.benchmark(group="compiled, and in numpy alone")
@pytest.mark.parametrize("method", ["compiled", "numpy"])
def test_without_what_is_compiled(timed, benchmark, method):
    """The same answer where nothing could be compiled."""
    arguments, expected = LARGE["M = 32, .90 -> .94"]
    run = solving(arguments)
    with without_compiled() if method == "numpy" else nullcontext():
        benchmark.extra_info.update(columns=solve(Problem(*arguments)).run.columns, reference=method == "compiled")
        timed(run, expected=expected, within=ACCURATE * expected)
        benchmark.extra_info["processor"] = processor_time(run)


def solving(arguments) -> Callable[[], float]:
    """What is timed: a problem solved, its waiting time."""
    return lambda: solve(Problem(*arguments, final_step="free")).waiting_time


def processor_time(run: Callable[[], float]) -> float:
    """Median of the time of all processors that three runs take, in seconds: threads add up."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return sorted(taken)[1]


@pytest.mark.benchmark(group="labels, and all levels")
@pytest.mark.parametrize("method", ["labels", "all levels"])
def test_labels_beside_all_levels(timed, benchmark, method):
    """The same optimum of five levels, and of the three that it needs."""
    arguments, expected = LARGE["M = 12, .65 -> .71"]
    problem = Problem(*arguments, final_step="free")
    chosen = {"all_levels": True} if method == "all levels" else {"within": "1e-9"}
    benchmark.extra_info.update(columns=sized(solve(problem, **chosen)), reference=method == "all levels")
    timed(lambda: solve(problem, **chosen).waiting_time, expected=expected, within=ACCURATE * expected)


SLOW = pytest.mark.skipif("LPDISTILL_SLOW" not in os.environ, reason="takes minutes: set LPDISTILL_SLOW to time it")

PAST = {
    "M = 20, .65 -> .71": (("1/2", 20, "0.65", "0.71"), {}, 6.12824170685, 1e-10),
    "M = 6, .8 -> .9": (("1/2", 6, "0.8", "0.9"), {}, 20.98572958068, 1e-11),
    "M = 8, .8 -> .9": (("1/2", 8, "0.8", "0.9"), {}, 16.6257431036, 1e-11),
    "M = 4, .95 -> .99 within 1e-4": (
        ("7/10", 4, "0.95", "0.99"),
        {"within": "1e-4", "time_limit": 900},
        64.2492,
        1e-4,
    ),
}
"""Arguments, how to solve them, the waiting time, and the relative distance that an answer may have."""


@pytest.mark.benchmark(group="labels stand for levels")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=SLOW if "within" in PAST[name][1] else ()) for name in PAST],
)
def test_labels(timed, benchmark, name):
    """Targets past the pumping limit, and one below it with many columns."""
    arguments, chosen, expected, within = PAST[name]
    benchmark.extra_info.update(columns=sized(solve(Problem(*arguments), **chosen)))
    timed(lambda: solve(Problem(*arguments), **chosen).waiting_time, expected=expected, within=within * expected)


def sized(solution) -> int:
    """Number of columns of the program that proves the lower bound."""
    return (solution if solution.bracket is None else solution.bracket.optimistic).run.columns


@pytest.mark.benchmark(group="visits of a policy")
@pytest.mark.parametrize("name", ["M = 100, .90 -> .94", "M = 300, .90 -> .93"])
def test_visits(timed, benchmark, name):
    """How often an optimal policy takes each column: the times of all of them add up to the waiting time."""
    arguments, expected = LARGE[name]
    uses = solve(Problem(*arguments)).plan.uses
    benchmark.extra_info.update(columns=uses.process.column_count)

    def spent() -> float:
        policy, start = uses.process.choose(uses.columns), FIRST_DELIVERY.entered(uses.process)
        return float(visits(policy, start) @ policy.cost) - 2.0

    timed(spent, expected=expected, within=1e-11 * expected)
