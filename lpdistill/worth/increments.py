"""What comes in whole pieces: one more memory, one more distillation a step, one level less to reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.errors import ModelError
from lpdistill.hardware.rules import MaxDistillations
from lpdistill.numbers import decimals
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import is_problem
from lpdistill.process.process import Process
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.bounds import slower
from lpdistill.solution.document import measure, question_in_words
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution
from lpdistill.solving import solution_of, solve
from lpdistill.worth.regret_curve import proven

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Increment:
    """One change of the hardware or the target, and the optimum after it.

    Attributes
    ----------
    name
        ``memories``, ``max_distillations`` or ``target``.
    before, after
        The value before and after the change.
    waiting_time
        Least expected waiting time after it.
    saves
        By how much that is shorter.
    """

    name: str
    before: float
    after: float
    waiting_time: float
    saves: float

    def __str__(self) -> str:
        return (
            f"{self.name.replace('_', ' ')} {self.before:.9g} -> {self.after:.9g}: "
            f"waiting time {self.waiting_time:.9g}, saves {self.saves:.6g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON data."""
        return {
            "name": self.name,
            "before": self.before,
            "after": self.after,
            "waiting_time": self.waiting_time,
            "saves": self.saves,
        }


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Increments(Answer):
    """What whole pieces save, each on its own.

    Attributes
    ----------
    solution
        The optimum before.
    changes
        The changes that the problem has room for.
    """

    _KIND = "increments"

    solution: Solution
    changes: tuple[Increment, ...]

    def __getitem__(self, name: str) -> Increment:
        for change in self.changes:
            if change.name == name:
                return change
        raise KeyError(f"no change {name!r}; there are {', '.join(change.name for change in self.changes)}")

    @property
    def _question(self) -> Process:
        return self.solution.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "waiting time", f"{self.solution.waiting_time:.12g}"
        for change in self.changes:
            yield "change", str(change)

    def _content(self) -> dict[str, Any]:
        return {"waiting_time": self.solution.waiting_time, "changes": list(self._cells())}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every change."""
        return (change.to_dict() for change in self.changes)

    def shown(self, most: int | None = SHOWN) -> Table:
        """The changes with what they save."""
        rows = [
            (one.name.replace("_", " "), f"{one.before:g}", f"{one.after:g}", decimals(one.saves))
            for one in self.changes[:most]
        ]
        headings = dict.fromkeys(("change", "from", "to", "saves"), "right")
        return Table("what whole pieces save", headings | {"change": "left"}, rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what the changes save as bars."""
        rows = [
            (f"{one.name.replace('_', ' ')}\n{one.before:.4g} to {one.after:.4g}", one.saves) for one in self.changes
        ]
        drawn = pictures.bars(ax, question_in_words(self.solution.process), rows)
        drawn.set_xlabel(f"expected waiting time saved ({measure(self.solution.process)})")
        return drawn

    def __repr__(self) -> str:
        return "Increments\n" + "\n".join(f"  {change}" for change in self.changes)


def increments(solution: SolutionLike, *, progress: Callable[[str], None] = silent) -> Increments:
    """What one more memory saves, one more distillation a step where a rule limits them, and a target one level lower.

    Derivatives say what a little more of a number is worth; what comes in whole pieces is solved again.  Rules and
    budgets hold on, except the limit that is raised.  Past the pumping limit, where no level is the next one, the
    target is lowered to the best of the labels that the optimum needs.

    Parameters
    ----------
    solution
        The optimum of a problem.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the solution is one of a state graph, or past the pumping limit an optimum is not found exactly.
    InfeasibleError
        If budgets cannot be kept after a change.
    LimitError
        If one more memory makes the program too large for this machine.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> increments(solve(Problem(0.5, 4, "9/10", "94/100", rules=[MaxDistillations(1)])))
    Increments
      memories 4 -> 5: waiting time 8.77317717, saves 0.683283
      max distillations 1 -> 2: waiting time 9.13908134, saves 0.317378
      target 0.94 -> 0.936874763: waiting time 6.55882674, saves 2.89763
    """
    solution = proven(solution_of(solution, progress), "increments")
    problem = solution.problem
    if not is_problem(problem):
        raise ModelError("increments", "needs the solution of a problem; a state graph has no memories", str(problem))
    tried: list[tuple[str, float, float, Problem]] = [
        ("memories", problem.memories, problem.memories + 1, problem.replace(memories=problem.memories + 1))
    ]
    limits = [rule for rule in problem.rules if isinstance(rule, MaxDistillations)]
    strictest = min(limits, key=lambda rule: rule.most, default=None)
    if strictest is not None and strictest.most < problem.memories // 2:
        raised = replace(strictest, most=strictest.most + 1)
        rules = [
            raised if isinstance(rule, MaxDistillations) and rule.most < raised.most else rule for rule in problem.rules
        ]
        tried.append(("max_distillations", strictest.most, raised.most, problem.replace(rules=rules)))
    if len(problem.levels):
        below = max(level.fidelity for level in problem.levels)
        tried.append(("target", float(problem.target), float(below), problem.replace(target=below)))
    changes = []
    told = counter(progress)
    for number, (name, before, after, changed) in enumerate(tried):
        told("changes in whole pieces", number, len(tried), f"{name} {before:g} -> {after:g}")
        time = proven(solve(changed), "increments").waiting_time
        changes.append(Increment(name, before, after, time, slower(solution.waiting_time, time)))
    return Increments(solution, tuple(changes))
