"""Rules that leave no policy: which configuration is a dead end, and which rules close it."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray
from lpdistill.errors import InfeasibleError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.rules import Rule
from lpdistill.physics.imported import map_name
from lpdistill.physics.levels import reaches
from lpdistill.problem.labels import beyond, labels_of, with_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import is_problem
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.process import Process

MOST_DEAD_ENDS = 10
"""Dead ends that an error carries."""

WRITTEN_AT_ONCE = 100_000
"""Columns written out at a time."""


def require_live(process: Process) -> None:
    """Raise InfeasibleError unless some policy reaches the target from the start with probability one.

    Raises
    ------
    InfeasibleError
        If none does; it names configurations that are entered and never left, and the rules that close them.
    UnreachableTargetError
        If nothing that the memories make meets the target, whatever the map says.
    """
    if is_problem(process.problem):
        require_made(process.problem)
    if process.live[0]:
        return
    unguarded = process.unguarded()
    sinks = np.isinf(unguarded.price(np.zeros(process.size)).best)
    named = tuple(process.names.key(int(rank)) for rank in np.flatnonzero(sinks & _entered(unguarded))[:MOST_DEAD_ENDS])
    problem = process.problem
    if not is_problem(problem):
        where = f"node {named[0]!r} is entered and never left" if named else "no actions lead there"
        raise InfeasibleError(
            f"graph: no policy reaches the target from the start with probability 1: {where}; add actions, remove "
            "the ways into dead ends, or ask for the best chance within a window (deadline)",
            conflict=named,
            dead_ends=named,
        )
    rules = problem.rules
    if problem.hardware.coherence_time is not None:
        if not rules:
            raise beyond(problem)
        named = ()
    if not named:
        raise InfeasibleError(
            f"rules: no policy reaches the target for sure: {' and '.join(map(str, rules))} leave no distillations "
            "that lead to it; relax a rule, or take more memories",
            conflict=rules,
        )
    closing = tuple(rule for rule in rules if _closes(problem, rule, named[0]))
    remedy = (
        "allow discarding (discarding=True), or relax a rule"
        if _discarding_helps(problem, process.names.attempts)
        else "relax a rule"
    )
    raise InfeasibleError(
        f"rules: no policy reaches the target for sure: configuration {named[0]} (pairs at each level) is a dead end, "
        f"closed by {' and '.join(map(str, closing))}; {remedy}",
        conflict=closing,
        dead_ends=named,
    )


def require_made(problem: Problem) -> None:
    """Raise UnreachableTargetError unless something that the memories make of the levels meets the target.

    Raises
    ------
    UnreachableTargetError
        If nothing does: the map is mistaken in its claim of how many memories reach it.
    """
    levels, memories = problem.levels, problem.memories
    if levels.raw is None or problem.hardware.coherence_time is not None or reaches(levels, memories):
        return
    made = (level for level, least in zip(levels, levels.least_memories, strict=True) if least <= memories)
    highest = "" if labels_of(problem) else f" (at most {float(max(level.fidelity for level in made)):.9g})"
    raise problem.hardware.out_of_reach(
        problem.target,
        f"nothing that is made meets it{highest}, though the map {map_name(problem.distillation)} says that "
        f"{problem.reach.memories_needed} memories reach it; lower the target, raise f0, or correct the map (reach)",
    )


def require_reachable(process: Process) -> None:
    """Raise InfeasibleError unless some policy may reach the target from the start, however improbably.

    Raises
    ------
    InfeasibleError
        If none does; it says what :func:`require_live` says.
    UnreachableTargetError
        If nothing that the memories make meets the target, whatever the map says.
    """
    if is_problem(process.problem):
        require_made(process.problem)
    if process.live[0]:
        return
    unguarded = process.unguarded()
    entered, columns = _entered(unguarded), unguarded.columns
    for first in range(0, len(columns), WRITTEN_AT_ONCE):
        choice = unguarded.choose(columns[first : first + WRITTEN_AT_ONCE])
        if (entered[choice.configuration] & (choice.reaching > 0)).any():
            return
    require_live(process)


def _discarding_helps(problem: Problem, attempts: Attempts | None) -> bool:
    """Whether there would be a policy if stored pairs could be discarded."""
    if problem.discarding or not problem.generation_time:
        return False
    return bool(Dynamics(_alike(problem, problem.replace(discarding=True)), attempts).live[0])


def _alike(problem: Problem, changed: Problem) -> Problem:
    """A changed problem with the levels that the problem has, which without its rules may be infinitely many."""
    return with_labels(changed, problem.levels)


def _entered(process: Process) -> BoolArray:
    """Configurations that some policy may enter from the start, (configurations,)."""
    graph = sparse.csr_array((process.size, process.size))
    columns = process.columns
    for first in range(0, len(columns), WRITTEN_AT_ONCE):
        choice = process.choose(columns[first : first + WRITTEN_AT_ONCE])
        moves = choice.moves.tocoo()
        edges = choice.configuration[moves.coords[0]], moves.coords[1]
        graph = graph + sparse.csr_array((np.ones(len(edges[0])), edges), shape=graph.shape)
    entered = np.zeros(process.size, dtype=bool)
    entered[sparse.csgraph.breadth_first_order(graph, 0, return_predecessors=False)] = True
    return entered


def _closes(problem: Problem, rule: Rule, counts: Hashable) -> bool:
    """Whether a rule forbids an action that the configuration would otherwise allow."""
    free = Dynamics(_alike(problem, problem.replace(rules=())), Attempts.ALL)
    columns = free.admission.of_configuration(free.names.rank(counts))
    return not all(rule.allows(step) for step in free.kernel.steps(columns, f"rule {rule.name}"))
