"""Running a sweep: what the store has is taken from there, the rest is computed and kept as it comes."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, whole
from lpdistill.physics.imported import code_of
from lpdistill.policies.named import OPTIMAL
from lpdistill.problem.problem import Problem
from lpdistill.progress import Report, silent
from lpdistill.solution.given import ProblemLike, is_policy
from lpdistill.solution.solution import Solution
from lpdistill.solving import PATIENCE
from lpdistill.study.grid import MOST_POINTS, Grid, Point
from lpdistill.study.outcome import AGAIN, DEFAULT, Ending, Outcome, description, key_of, policy_name, precision_of
from lpdistill.study.result import Sweep
from lpdistill.study.store import Store, Task
from lpdistill.study.workers import Batch, Coming, cluster, in_this_process, on_cluster, on_cores

if TYPE_CHECKING:
    from distributed import Client

BATCH_SECONDS = 0.25
"""What a batch should take: much longer than to hand it to a worker, and little to lose."""

LARGEST_BATCH, GROWTH = 4096, 2
"""Points of a batch at most, and by how many times it has more than the one before."""

ALONE_FOR = 1.0
"""Seconds that this process works alone before it starts others, which takes about as long."""

PAUSE = 0.1
"""Seconds between looks at what another process has claimed."""


def sweep(  # noqa: PLR0913 - one keyword for each thing that may be asked
    grid: Grid | Mapping[str, Any] | ProblemLike,
    policies: Iterable[str] = ("optimal",),
    *,
    store: str | os.PathLike[str] | None = "sweep.sqlite",
    jobs: int | str | None = None,
    dask: str | Client | None = None,
    retry: bool = False,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Report = silent,
) -> Sweep:
    """Policies on all problems of a grid, with results kept in a database as they come.

    A sweep that was cut short goes on from where it was: points in the store are not computed again.  Several processes
    may work on one store at once, on the same or on different grids, and share what they have in common.

    Parameters
    ----------
    grid
        The problems: a :class:`Grid`, or its settings.
    policies
        ``optimal``, ``pumping``, ``nested``, ``greedy``, ``banded:WIDTH``, ``delta-purify``.
    store
        The SQLite database, made if there is none.  None keeps results in memory only.
    jobs
        Processes on this machine; 1 computes in this one.  By default this process begins, and as many as there are
        cores go on where that takes longer than a second.
    dask
        Address of a Dask scheduler, or a client of one, whose workers compute instead.
    retry
        Whether to compute points again that ended with an error or at a limit.
    within, time_limit
        Where labels stand for levels (:doc:`levels_without_limit`), the relative gap of the bounds that will do, and
        the seconds in which labels are added at each point.  Results of another precision are not taken for these.
    progress
        Told after every batch how many of how many points there are, and how many of them without a waiting time.

    Raises
    ------
    ModelError
        If the grid, a policy or the store is wrong; nothing has been computed then.
    LimitError
        If there are more points than anybody sweeps.
    WorkerError
        If a process or the cluster that computes is lost; finished points are kept.

    Notes
    -----
    What goes wrong at a point is recorded there, and the sweep goes on: targets out of reach, rules and budgets that
    leave no policy, baselines with deadlocks, programs too large.

    Examples
    --------
    >>> found = sweep({"p": "0.3:0.9:0.3", "memories": 2, "f0": "3/4", "gap": 0.04}, ["optimal", "nested"], store=None)
    >>> found
    Sweep: 6 points, 3 done, 3 improper; p = 3/10, 3/5, 9/10
    >>> round(found["optimal"][0].waiting_time, 6)
    19.772866
    """
    wanted, names, precision = grid_meant(grid), policies_named(policies), precision_of(within, time_limit)
    _require_fewer(wanted.size, len(names))
    workers = _workers(jobs, dask)
    points = wanted.points()
    tasks = _tasks(points, names, precision)
    with ExitStack() as stack:
        kept = stack.enter_context(Store(store))
        work = _Work(kept, tasks, points, names, retry=retry, progress=progress)
        if work.waiting:
            client = None if dask is None else stack.enter_context(cluster(dask))
            work.run(workers, client)
        return Sweep(
            grid=wanted,
            policies=names,
            points=points,
            outcomes=work.outcomes(),
            store=kept.path,
            computed=work.computed,
            reused=work.total - work.computed,
        )


def _is_grid(given: object) -> TypeGuard[Grid]:
    return isinstance(given, Grid)


GRID: Kind[Grid] = Kind(
    'a Grid, or settings such as {"p": "0.3:0.9:0.1", ...}',
    _is_grid,
    "grid",
    {"list": "a grid varies the settings of one problem", "tuple": "a grid varies the settings of one problem"},
)
"""What may be swept, or what has it."""


def grid_meant(given: Grid | Mapping[str, Any] | ProblemLike) -> Grid:
    """The grid that is meant: one problem is a grid too, and settings make one."""
    if isinstance(given, Mapping) and not is_policy(given):
        return Grid(**{str(name): value for name, value in given.items()})
    return Grid(given) if isinstance(given, Problem | Solution) else GRID.meant(given, "grid")


def policies_named(given: Iterable[str]) -> tuple[str, ...]:
    """The names of policies, each in its one form.

    Raises
    ------
    ModelError
        If there is none, one is unknown, or one is repeated.
    """
    names = tuple(map(policy_name, given.split(",") if isinstance(given, str) else given))
    if not names:
        raise ModelError("policies", "must be at least one, such as optimal", None)
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ModelError("policies", "must not be repeated", name)
    return names


def _require_fewer(problems: int, policies: int) -> None:
    """Refuse more points than anybody sweeps."""
    if problems * policies > MOST_POINTS:
        raise LimitError(
            f"policies: {policies} policies on {problems:,} problems are more than {MOST_POINTS:,} points; take "
            "several sweeps",
            size={"points": problems * policies, "most_points": MOST_POINTS},
        )


def _workers(jobs: int | str | None, dask: str | Client | None) -> int | None:
    """How many processes of this machine are to compute, None where nothing is said of them."""
    if jobs is None:
        return None
    if dask is not None:
        raise ModelError("jobs", "is for this machine, and dask for a cluster; give one", jobs)
    workers = whole(jobs, "jobs")
    if workers < 1:
        raise ModelError("jobs", "must be at least 1", jobs)
    return workers


def _tasks(points: tuple[Point, ...], names: tuple[str, ...], precision: str = DEFAULT) -> dict[int, Task]:
    """What is to be computed, by number of the point: problems by policies, the latter running fastest."""
    found = {}
    for i, point in enumerate(points):
        if point.problem is None:
            continue
        text, code = description(point.problem), code_of(point.problem.distillation)
        for j, name in enumerate(names):
            wanted = precision if name == OPTIMAL else DEFAULT
            found[i * len(names) + j] = Task(key_of(text, name, wanted, code), text, name, wanted)
    return found


def _order(point: Point) -> tuple[Any, ...]:
    """What is computed first: large programs, so that none is left alone at the end; then neighbours in p together."""
    problem = point.problem
    assert problem is not None  # noqa: S101 - others are not computed
    constraints = [rule.name for rule in problem.rules]
    return (-problem.memories, problem.f0, problem.target, constraints, problem.distillation_time, problem.p)


@dataclass(slots=True)
class _Work:
    """What is left to do, and what there is."""

    store: Store
    tasks: dict[int, Task]
    points: tuple[Point, ...]
    policies: tuple[str, ...]
    retry: bool = field(kw_only=True)
    progress: Report = field(kw_only=True)
    waiting: deque[Task] = field(init=False)
    found: dict[str, Outcome] = field(init=False, default_factory=dict)
    total: int = field(init=False)
    without: int = field(init=False, default=0)
    claimed_by_others: list[Task] = field(init=False, default_factory=list)
    failure: BaseException | None = field(init=False, default=None)
    seconds: float = field(init=False, default=BATCH_SECONDS)
    size: int = field(init=False, default=0)
    computed: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        order = sorted(self.tasks, key=lambda i: (_order(self.points[i // len(self.policies)]), i))
        unique = {self.tasks[i].key: self.tasks[i] for i in order}
        self.total = len(unique)
        for key, outcome in self.store.find(list(unique)).items():
            if outcome.ending not in self._again:
                self._found(key, outcome)
        self.waiting = deque(task for key, task in unique.items() if key not in self.found)
        self._tell()

    @property
    def _again(self) -> frozenset[Ending]:
        """Endings that are not final."""
        return AGAIN if self.retry else frozenset()

    def run(self, jobs: int | None, client: Client | None) -> None:
        """Compute all that is waiting, and wait for what others are computing."""
        while self.waiting:
            self._round(jobs, client)
            elsewhere = len(self.claimed_by_others)
            self.waiting.extend(self.claimed_by_others)
            self.claimed_by_others.clear()
            if elsewhere:
                self._tell(f"{elsewhere} in the hands of another process")
                time.sleep(PAUSE)

    def _round(self, jobs: int | None, client: Client | None) -> None:
        if client is not None:
            self._through(partial(on_cluster, client=client))
            return
        if jobs is None:
            self._through(in_this_process, ALONE_FOR)
        if self.waiting:
            # joblib would call a single worker in this process, which is none that may be ended.
            many = min(_cores() if jobs is None else jobs, len(self.waiting))
            self._through(in_this_process if many == 1 else partial(on_cores, jobs=many))

    def _through(self, compute: Callable[[Iterator[Batch]], Coming], most: float = float("inf")) -> None:
        """Compute what is waiting, and take no more batches once some seconds have passed."""
        with closing(compute(self._batches(time.monotonic() + most))) as coming:
            for results, left, note in coming:
                self.store.keep(results)
                self.computed += len(results)
                for task, outcome in results:
                    self._found(task.key, outcome)
                    self.seconds += (outcome.seconds - self.seconds) / 8
                self.waiting.extendleft(reversed(left))
                if results or note:
                    self._tell(note)
                if self.failure is not None:
                    break
        if self.failure is not None:
            raise self.failure

    def _batches(self, until: float) -> Iterator[Batch]:
        """Batches that this process has claimed.

        Others may have finished or claimed points meanwhile.  joblib asks for batches from a thread of its own, where
        an error would be lost.
        """
        try:
            while self.waiting and time.monotonic() < until:
                quick = int(BATCH_SECONDS / max(self.seconds, 1e-6))
                self.size = max(1, min(LARGEST_BATCH, GROWTH * self.size, quick))
                batch = self._claimed(self.size)
                if batch:
                    yield batch
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits for results
            self.failure = error

    def _claimed(self, size: int) -> Batch:
        some = [self.waiting.popleft() for _ in range(min(size, len(self.waiting)))]
        claimed, there = self.store.claim([task.key for task in some], self._again)
        for task in some:
            if task.key in there:
                self._found(task.key, there[task.key])
        mine = set(claimed)
        self.claimed_by_others += [task for task in some if task.key not in mine and task.key not in there]
        return [task for task in some if task.key in mine]

    def _found(self, key: str, outcome: Outcome) -> None:
        self.found[key] = outcome
        self.without += outcome.ending is not Ending.DONE

    def _tell(self, note: str = "") -> None:
        notes = [f"{self.without} without a waiting time"] if self.without else []
        self.progress("points", len(self.found), self.total, ", ".join([*notes, *([note] if note else [])]))

    def outcomes(self) -> tuple[Outcome, ...]:
        """The results in the order of the points."""
        return tuple(
            Outcome(Ending.UNREACHABLE, point.refusal)
            if point.problem is None
            else self.found[self.tasks[i * len(self.policies) + j].key]
            for i, point in enumerate(self.points)
            for j in range(len(self.policies))
        )


def _cores() -> int:
    from joblib import cpu_count  # noqa: PLC0415 - only sweeps need processes

    return int(cpu_count())
