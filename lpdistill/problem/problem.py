"""What the user asks: the hardware, the target, and how time is counted."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.errors import InfiniteLevelsError, ModelError, UnreachableTargetError, names_like
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.rules import Rule, checked
from lpdistill.numbers import Number, at_most, exact, member, whole
from lpdistill.physics.levels import Levels
from lpdistill.physics.limits import most_levels
from lpdistill.physics.maps import DistillationMap, Reach
from lpdistill.physics.werner import Werner
from lpdistill.process.budgets import Budget, merged

if TYPE_CHECKING:
    import networkx as nx

    from lpdistill.convex import ConvexProgram

SMALLEST = Fraction(1, 10**200)
"""Probabilities below this, and durations this far from 1, leave no room for products in double precision."""

GREATEST = 10**250
"""Expected times beyond this leave no room for sums in double precision."""

CLOSEST = Fraction(1, 10**15)
"""Raw fidelities closer to 1/2 than this are 1/2 in double precision."""


class FinalStep(StrEnum):
    """Whether the step that reaches the target counts towards the waiting time."""

    CHARGED = "charged"
    """Every step counts: the time that really passes (arXiv:2606.14908, Eq. 12)."""
    FREE = "free"
    """The last step is free, as in the program behind the paper's published numbers."""


@dataclass(frozen=True)
class Problem:
    """Two nodes, ``memories`` shared memory pairs, one target fidelity.

    Parameters
    ----------
    p
        Probability that one attempt on one empty memory generates a raw pair, in (0, 1].
    memories
        Number of memory pairs, at least 1.
    f0
        Fidelity of a raw pair, in (1/2, 1].
    target
        Fidelity to reach, in (0, 1].
    gap
        Instead of ``target``: the target is ``f0 + gap``.
    generation_time, distillation_time
        Duration of a step that only generates, and of a step that distils (the user's unit of time; at least 0, and
        not both 0).
    final_step
        Whether the last step counts (``"charged"``) or not (``"free"``).
    distillation
        The two-to-one map; the Werner map of the paper by default.
    rules
        Which actions are allowed: one :class:`Rule` or several, or a table as in a problem file.
    budgets
        Limits on the expected use of resources: one :class:`Budget` or several, or a table; those on one resource hold
        together.
    discarding
        Whether stored pairs may be discarded, which takes no time.

    Raises
    ------
    ModelError
        If an argument is out of its range or no number.

    Examples
    --------
    Numbers are kept exactly; decimals, fractions and text mean what they say.

    >>> problem = Problem(p=0.5, memories=4, f0="3/4", gap=0.04)
    >>> problem.target, len(problem.levels)
    (Fraction(79, 100), 2)
    """

    p: Fraction
    memories: int
    f0: Fraction
    target: Fraction
    _: KW_ONLY
    generation_time: Fraction
    distillation_time: Fraction
    final_step: FinalStep
    distillation: DistillationMap[Any] = field(repr=False)
    rules: tuple[Rule, ...]
    budgets: tuple[Budget, ...]
    discarding: bool

    def __init__(  # noqa: PLR0913 - the parameters of the hardware
        self,
        p: Number,
        memories: int | str,
        f0: Number,
        target: Number | None = None,
        *,
        gap: Number | None = None,
        generation_time: Number = 1,
        distillation_time: Number = 2,
        final_step: FinalStep | str = FinalStep.CHARGED,
        distillation: DistillationMap[Any] | None = None,
        rules: Rule | Iterable[Rule] | Mapping[str, Any] | None = (),
        budgets: Budget | Iterable[Budget] | Mapping[str, Any] | None = (),
        discarding: bool = False,
    ) -> None:
        chance, raw = exact(p, "p"), exact(f0, "f0")
        if not 0 < chance <= 1:
            raise ModelError("p", "must be a probability with 0 < p <= 1", p)
        if chance < SMALLEST:
            raise ModelError("p", f"must be at least {float(SMALLEST):g}: double precision ends there", p)
        if not Fraction(1, 2) < raw <= 1:
            raise ModelError("f0", "must be a raw fidelity with 1/2 < f0 <= 1", f0)
        if raw - Fraction(1, 2) < CLOSEST:
            raise ModelError("f0", f"must exceed 1/2 by at least {float(CLOSEST):g}: nothing is gained below", f0)
        if distillation is not None and (
            isinstance(distillation, type) or not isinstance(distillation, DistillationMap)
        ):
            raise ModelError("distillation", "must be a distillation map, such as Werner()", distillation)
        times = _duration(generation_time, "generation_time"), _duration(distillation_time, "distillation_time")
        if not any(times):
            raise ModelError("generation_time", "must be above 0 if distillation_time is 0", generation_time)
        if discarding is True and not times[0]:
            raise ModelError(
                "generation_time",
                "must be above 0 with discarding: runs could go in circles for nothing",
                generation_time,
            )
        if max(times) > chance * GREATEST:
            raise ModelError("p", "is so small that times overflow double precision; take another unit of time", p)
        for name, value in {
            "p": chance,
            "memories": _count(memories),
            "f0": raw,
            "target": _aim(raw, target, gap),
            "generation_time": times[0],
            "distillation_time": times[1],
            "final_step": member(FinalStep, final_step, "final_step"),
            "distillation": distillation or Werner(),
            "rules": checked(rules),
            "budgets": merged(budgets),
            "discarding": _flag(discarding, "discarding"),
        }.items():
            object.__setattr__(self, name, value)

    def replace(self, **changes: Any) -> Problem:
        """The same problem with some arguments changed.

        >>> Problem(0.5, 4, 0.75, 0.79).replace(memories=6).memories
        6
        """
        known = inspect.signature(Problem).parameters
        for name in changes:
            if name not in known:
                raise ModelError("problem", f"has no such argument; it has {names_like(known, name)}", name)
        if "gap" in changes:
            changes.setdefault("target", None)
        changed = replace(self, **changes)
        if not changes.keys() & {"memories", "f0", "target", "distillation"}:
            # The levels depend on nothing else, and need not be found again.
            changed.__dict__.update(
                {name: self.__dict__[name] for name in ("reach", "levels") if name in self.__dict__}
            )
        return changed

    def with_constraints(self, *constraints: Rule | Budget | Iterable[Rule | Budget]) -> Problem:
        """The same problem with more rules and budgets.

        >>> from lpdistill import Budget, MaxDistillations
        >>> hardware = Problem(0.5, 4, 0.75, 0.79).with_constraints(MaxDistillations(1), Budget("steps", 9))
        >>> hardware.rules, hardware.budgets
        ((MaxDistillations(most=1),), (Budget(steps <= 9),))
        """
        given = [one for each in constraints for one in CONSTRAINT.several(each, "constraints")]
        return self.replace(
            rules=(*self.rules, *(rule for rule in given if isinstance(rule, Rule))),
            budgets=(*self.budgets, *(budget for budget in given if isinstance(budget, Budget))),
        )

    def graph(self, attempts: Attempts | str = Attempts.ALL) -> nx.DiGraph[Any]:
        """The state graph: configurations, the actions that the rules allow, and where they lead.

        It has every number of attempts, so that any of them may be removed; ``"full"`` leaves out those that an
        optimum does not need.

        A plain ``networkx.DiGraph``: state nodes (``kind="state"``, ``counts``, ``fidelities`` of the levels,
        ``empty``), action nodes (``kind="action"``, ``distil``, ``generate``, ``discard``, ``time``, and an amount of
        every resource), one node ``"target"``; edges from states to actions, and from actions with a ``probability``.
        Change it as you like, and :func:`lpdistill.solve` it.

        >>> problem = Problem(0.5, 2, 0.75, 0.78)
        >>> graph = problem.graph()
        >>> graph.number_of_nodes(), graph.graph["start"]
        (11, (0,))
        """
        from lpdistill.process.factored.dynamics import Dynamics  # noqa: PLC0415 - the dynamics know the problem
        from lpdistill.process.graph.state_graph import graph_of  # noqa: PLC0415 - networkx, only where there is a graph

        return graph_of(Dynamics(self, member(Attempts, attempts, "attempts")).unguarded())

    def to_cvxpy(self) -> ConvexProgram:
        """The occupation program in cvxpy, for constraints and objectives that no budget can express.

        Its budgets are among the constraints; see :class:`~lpdistill.convex.ConvexProgram`.
        """
        from lpdistill.convex import ConvexProgram  # noqa: PLC0415 - cvxpy takes a second to import

        return ConvexProgram.of(self)

    @property
    def attempts(self) -> Attempts:
        """Which numbers of attempts an optimum may need.

        As many as allowed, unless a rule or a budget may make it worth while to attempt fewer.
        """
        choosy = any(rule.touches_generation for rule in self.rules) or any(
            budget.resource.touches_generation or budget.least is not None for budget in self.budgets
        )
        return Attempts.ALL if choosy else Attempts.FULL

    @cached_property
    def reach(self) -> Reach:
        """How far the map carries raw pairs towards the target."""
        return self.distillation.reach(self.distillation.raw(self.f0), self.target, self.memories)

    @cached_property
    def levels(self) -> Levels:
        """The fidelity levels below the target.

        Raises
        ------
        UnreachableTargetError
            If no policy of this many memories reaches the target.
        InfiniteLevelsError
            If the target is reachable, but infinitely many levels lie below it.
        LimitError
            If there are finitely many, but too many for this machine.
        """
        reach = self.reach
        limits = {
            "target": float(self.target),
            "pumping_limit": reach.pumping_limit,
            "memory_limit": reach.memory_limit,
        }
        if reach.memories_needed is None or reach.memories_needed > self.memories:
            more = (
                "no number of memories reaches it"
                if reach.memories_needed is None
                else f"{reach.memories_needed} memories could reach it"
                + ("" if reach.finite else ", through infinitely many fidelity levels, for which there is no program")
            )
            raise UnreachableTargetError(
                f"target: {float(self.target)} is out of reach for {self.memories} "
                f"{'memory' if self.memories == 1 else 'memories'} and f0 = {float(self.f0)}: their fidelity stays "
                f"below {at_most(reach.memory_limit, 9)} (memory limit; pumping alone stays below "
                f"{at_most(reach.pumping_limit, 9)}); {more}; lower the target or raise f0",
                **limits,
            )
        if not reach.finite:
            pumping = at_most(reach.pumping_limit, 9)
            raise InfiniteLevelsError(
                f"target: {float(self.target)} can be reached with {self.memories} memories (memory limit "
                f"{at_most(reach.memory_limit, 9)}), but it is not below the pumping limit {pumping} of "
                f"f0 = {float(self.f0)}, so infinitely many fidelity levels lie below it; take a target below the "
                "pumping limit or raise f0",
                **limits,
            )
        return Levels.closure(
            self.distillation, self.f0, self.target, most=most_levels(self.memories), memories=self.memories
        )

    @property
    def last_step_time(self) -> Fraction:
        """Duration of the step that reaches the target: every run ends with exactly one such step.

        It is a distillation, unless a raw pair already meets the target.
        """
        return self.generation_time if self.levels.raw is None else self.distillation_time

    @property
    def uncharged_time(self) -> Fraction:
        """What ``final_step`` takes off the waiting time of every policy: 0, or the last step's duration."""
        return self.last_step_time if self.final_step is FinalStep.FREE else Fraction(0)

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Problem:
        """The problem that :meth:`to_dict` describes; settings as problem files have them will do.

        Raises
        ------
        ModelError
            If a setting is missing, unknown or wrong, or a rule, a resource or the map is a user's own: their names do
            not say what they do.

        Examples
        --------
        >>> problem = Problem(0.5, 4, "3/4", "79/100", discarding=True)
        >>> Problem.from_dict(problem.to_dict()) == problem
        True
        """
        from lpdistill.problem.problem_file import problem_from  # noqa: PLC0415 - files of problems know the problem

        return problem_from(document)

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON data, numbers as exact text."""
        return {
            "p": str(self.p),
            "memories": self.memories,
            "f0": str(self.f0),
            "target": str(self.target),
            "generation_time": str(self.generation_time),
            "distillation_time": str(self.distillation_time),
            "final_step": str(self.final_step),
            "distillation": self.distillation.name,
            "rules": [rule.to_dict() for rule in self.rules],
            "budgets": {budget.name: budget.limits() for budget in self.budgets},
            "discarding": self.discarding,
        }

    def __str__(self) -> str:
        return (
            f"p = {float(self.p):g}, M = {self.memories}, f0 = {float(self.f0):g} -> {float(self.target):g}, "
            f"times {float(self.generation_time):g} (generation) and {float(self.distillation_time):g} (distillation)"
            + ("" if self.final_step is FinalStep.CHARGED else ", last step free")
            + (", discarding" if self.discarding else "")
            + "".join(f"; {constraint}" for constraint in (*self.rules, *self.budgets))
        )


def _is_constraint(given: object) -> TypeGuard[Rule | Budget]:
    return isinstance(given, Rule | Budget)


CONSTRAINT: Kind[Rule | Budget] = Kind(
    "a rule or a budget, such as MaxDistillations(1)", _is_constraint, "", {"type": "call it to make one"}
)
"""What a problem may have more of."""


def _flag(value: object, where: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ModelError(where, "must be True or False", value)
    return value


def _count(memories: int | str) -> int:
    """A number of memories."""
    number = whole(memories, "memories")
    if number < 1:
        raise ModelError("memories", "must be at least 1", memories)
    return number


def _aim(raw: Fraction, target: Number | None, gap: Number | None) -> Fraction:
    """The target fidelity, given itself or as a gap above the raw fidelity."""
    if target is not None and gap is not None:
        raise ModelError(
            "target",
            "is given, and a gap too; they exclude each other (target = f0 + gap), so give one",
            f"{target}, gap {gap}",
        )
    if target is not None:
        aim = exact(target, "target")
        if not 0 < aim <= 1:
            raise ModelError("target", "must be a fidelity with 0 < target <= 1", target)
        return aim
    if gap is None:
        raise ModelError("target", "is missing; give target or gap (target = f0 + gap)", None)
    aim = raw + exact(gap, "gap")
    if not 0 < aim <= 1:
        raise ModelError("gap", f"must keep the target f0 + gap above 0 and at most 1, with f0 = {float(raw):g}", gap)
    return aim


def _duration(time: Number, where: str) -> Fraction:
    """A duration."""
    number = exact(time, where)
    if number < 0:
        raise ModelError(where, "must not be negative", time)
    if number and not SMALLEST <= number <= 1 / SMALLEST:
        raise ModelError(
            where, f"must be 0 or between {float(SMALLEST):g} and {float(1 / SMALLEST):g}; take another unit", time
        )
    return number
