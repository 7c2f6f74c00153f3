"""Random problems with finitely many levels and some of these for labels, and targets past the pumping limit."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume
from hypothesis import strategies as st

from lpdistill import MaxAttempts, MaxDistillations, NoGenerationWhileDistilling, Problem, Rule
from lpdistill.errors import LimitError
from lpdistill.physics.rounding import Grid
from lpdistill.physics.werner import pumping_limit

quarters = st.integers(1, 12).map(lambda quarter: Fraction(quarter, 4))

BRACKETED = st.lists(
    st.one_of(
        st.integers(1, 2).map(MaxDistillations),
        st.integers(1, 3).map(MaxAttempts),
        st.just(NoGenerationWhileDistilling()),
    ),
    max_size=2,
    unique_by=type,
)
"""Rules under which label models bracket the optimum."""


def rules() -> st.SearchStrategy[list[Rule]]:
    """At most two of them."""
    return BRACKETED


@st.composite
def finite(draw: st.DrawFn, *, most_memories: int = 3, most_levels: int = 7) -> Problem:
    """Problems with three levels or more, under rules that labels bracket."""
    f0 = Fraction(draw(st.integers(55, 95)), 100)
    limit = Fraction(pumping_limit(f0))
    problem = Problem(
        p=draw(st.fractions("1/5", 1, max_denominator=20)),
        memories=draw(st.integers(2, most_memories)),
        f0=f0,
        target=f0 + (limit - f0) * Fraction(draw(st.integers(4, 9)), 10),
        generation_time=draw(quarters),
        distillation_time=draw(quarters),
        discarding=draw(st.booleans()),
    ).with_constraints(draw(rules()))
    try:
        assume(3 <= len(problem.levels) <= most_levels)
    except LimitError:
        assume(False)  # noqa: FBT003 - its only argument
    return problem


@st.composite
def grids(draw: st.DrawFn, problem: Problem) -> Grid:
    """Some of the levels of a problem, that of raw pairs among them."""
    kept = [level for level in problem.levels if level.index == problem.levels.raw or draw(st.booleans())]
    trees = {level.fidelity: level.tree for level in kept}
    return Grid(problem.distillation, problem.f0, problem.target, dict(sorted(trees.items())))


@st.composite
def past_the_limit(draw: st.DrawFn) -> Problem:
    """Problems whose target lies a little past the pumping limit, under rules that labels bracket."""
    f0 = Fraction(draw(st.integers(60, 95)), 100)
    limit = Fraction(pumping_limit(f0))
    further = Fraction(pumping_limit(limit))
    return Problem(
        p=draw(st.fractions("3/10", 1, max_denominator=10)),
        memories=3,
        f0=f0,
        target=limit + (further - limit) * Fraction(draw(st.integers(1, 4)), 10),
        generation_time=draw(quarters),
        distillation_time=draw(quarters),
        discarding=draw(st.booleans()),
    ).with_constraints(draw(rules()))
