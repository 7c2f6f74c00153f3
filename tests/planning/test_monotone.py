"""What is proved to help is never seen to hurt: random hardware with rules, budgets, noise and other conventions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    LimitError,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
)
from lpdistill.planning.monotone import proved
from lpdistill.planning.objective import Objective, Quantity

BETTER = {
    "p": lambda problem: problem.p + Fraction(1, 20),
    "memories": lambda problem: problem.memories + 1,
    "f0": lambda problem: problem.f0 + Fraction(1, 200),
    "gate": lambda _: "999/1000",
    "generation_time": lambda problem: problem.generation_time * Fraction(3, 4),
    "distillation_time": lambda problem: problem.distillation_time / 2,
}
RULES = (
    *(MaxDistillations(1), MaxAttempts(1), MaxAttempts(2), NoGenerationWhileDistilling()),
    *(EqualLevelsOnly(), Banded(1), RawPairOnly()),
)
BUDGETS = (
    *((), (), Budget("generation_attempts", 30), Budget("steps", 12)),
    *(Budget("distillations", 6), Budget("failed_distillations", 2)),
)


@st.composite
def hardware(draw):
    """Small hardware of any kind, with a target that one or two distillations reach."""
    raw = Fraction(draw(st.sampled_from([75, 80, 85])), 100)
    return Problem(
        p=Fraction(draw(st.integers(1, 9)), 10),
        memories=draw(st.integers(2, 3)),
        f0=raw,
        target=raw + Fraction(draw(st.sampled_from([2, 3, -1])), 100),
        gate=draw(st.sampled_from(["1", "995/1000"])),
        generation_time=draw(st.sampled_from([1, "1/2", 3])),
        distillation_time=draw(st.sampled_from([1, 2])),
        discarding=draw(st.booleans()),
        final_step=draw(st.sampled_from(["charged", "free"])),
        distillation=draw(st.sampled_from(["bbpssw", "bbpssw", "dejmps"])),
        rules=draw(st.lists(st.sampled_from(RULES), max_size=2, unique_by=type)),
        budgets=draw(st.sampled_from(BUDGETS)),
    )


@settings(max_examples=20)
@given(
    hardware(),
    st.sampled_from(sorted(BETTER)),
    st.sampled_from([{"waiting_time": 1}, {"window": 12, "confidence": "1/2"}, {"throughput": 1}, {"key_rate": 1}]),
)
def test_better_hardware_is_no_worse(problem, name, asked):
    """Where it is proved, no policy of the worse hardware attains more than is possible on the better."""
    objective = Objective.of(asked, time_limit=3)
    assume(objective.quantity is not Quantity.IN_TIME or not problem.budgets)
    assume(name in proved(problem, [name], objective.quantity).names)
    try:
        worse = objective.measure(problem)
        better = objective.measure(problem.replace(**{name: BETTER[name](problem)}))
    except (LimitError, ModelError):  # labels that take long, or that bracket nothing
        return
    assert not objective.better(worse.value, better.bound)
