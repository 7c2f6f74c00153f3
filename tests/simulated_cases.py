"""Policies that are simulated, and the exact law of their waiting time by another route."""

from __future__ import annotations

from functools import cache
from math import ceil

import numpy as np
from scipy import sparse

from lpdistill import (
    Action,
    Budget,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Policy,
    Problem,
    baseline,
    solve,
)
from lpdistill.process.time_lattice import TimeLattice


def _tidy(problem: Problem) -> Policy:
    """One distillation a step and no attempt meanwhile; a third kind of pair beside two others is thrown away."""

    def choose(counts: tuple[int, ...]) -> Action:
        kinds = [level for level, count in enumerate(counts) if count]
        if len(kinds) > 1 and sum(counts) > 2:
            return Action(discard=(kinds[0],))
        if sum(counts) > 1:
            return Action(((kinds[0], kinds[-1]),))
        return Action((), problem.memories - sum(counts))

    return Policy.of(problem, choose)


POLICIES = {
    "a raw pair meets the target": lambda: baseline(Problem("9/10", 2, "3/4", "7/10"), "greedy"),
    "one level": lambda: baseline(Problem("9/10", 4, "3/4", "31/40"), "pumping"),
    "two memories, pumping": lambda: baseline(Problem(1, 2, "9/10", "93/100"), "pumping"),
    "optimal, three levels": lambda: solve(Problem("4/5", 4, "9/10", "94/100")).policy,
    "last step free": lambda: baseline(Problem("3/4", 8, "9/10", "94/100", final_step="free"), "nested"),
    "thirds and sevenths": lambda: baseline(
        Problem("2/3", 6, "9/10", "94/100", generation_time="3/7", distillation_time="5/3"), "pumping"
    ),
    "generation takes no time": lambda: baseline(Problem("1/2", 5, "9/10", "94/100", generation_time=0), "greedy"),
    "distillation takes no time": lambda: baseline(
        Problem("3/4", 6, "9/10", "94/100", distillation_time=0), "banded:1"
    ),
    "rules and discards": lambda: _tidy(
        Problem(
            "9/10", 4, "9/10", "94/100", discarding=True, rules=(MaxDistillations(1), NoGenerationWhileDistilling())
        )
    ),
    "randomised by a budget": lambda: (
        solve(Problem("4/5", 4, "9/10", "94/100", budgets=(Budget("generation_attempts", "8"),))).policy
    ),
    "thirty-two memories": lambda: baseline(Problem("1/2", 32, "9/10", "94/100"), "greedy"),
    "five levels": lambda: baseline(Problem("4/5", 12, "13/20", "71/100"), "greedy"),
}
"""Twelve policies, each with what is special about it."""

SHARP = 8
"""Standard errors of the mean that one percent of it must exceed: an error of one percent then lies more than four
standard errors away, also where the sample itself is four standard errors off to the other side."""


@cache
def policy_of(name: str) -> Policy:
    """The policy, made once."""
    return POLICIES[name]()


def runs_of(policy: Policy) -> int:
    """As many runs as make one percent of the mean exceed :data:`SHARP` standard errors, with five percent to spare."""
    spread = policy.standard_deviation / policy.waiting_time
    return max(10_000, ceil(1.05 * (SHARP * spread / 0.01) ** 2))


def law(policy: Policy, slots: int) -> np.ndarray:
    """Probability that a run has ended by every slot, (slots + 1,), by propagating the induced chain."""
    plan = policy.plan
    uses, lattice = plan.uses, TimeLattice.of(policy.process)
    times = policy.process.durations.kind(uses.columns)
    parts = []
    for kind, length in enumerate(lattice.slots.tolist()):
        weight = np.where(times == kind, plan.probability, 0.0)
        rows = uses.configuration, np.arange(len(weight))
        spread = sparse.csr_array((weight, rows), shape=(policy.process.size, len(weight)))
        stay = sparse.csr_array(
            ((1 - uses.leaving), (np.arange(len(weight)), uses.configuration)),
            shape=(len(weight), policy.process.size),
        )
        parts.append((length, sparse.csr_array(spread @ (uses.moves + stay)).T, spread @ uses.reaching))
    arriving = np.zeros((slots + 1, policy.process.size))
    arriving[0, 0] = 1.0
    ended = np.zeros(slots + 1)
    for slot in range(slots + 1):
        here = arriving[slot]
        while here.sum() > 1e-13:
            again = np.zeros_like(here)
            for length, moves, reaching in parts:
                if slot + length > slots:
                    continue
                ended[slot + length] += here @ reaching
                if length:
                    arriving[slot + length] += moves @ here
                else:
                    again += moves @ here
            here = again
    return np.cumsum(ended)
