"""Random hardware, rules, durations and limits: what is said of a rate holds for the policy that comes with it."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import Budget, InfeasibleError, MaxDistillations, NoGenerationWhileDistilling, Problem, throughput

TIMES = st.sampled_from(["1/3", "1", "2", "7/2"])
RULES = st.sampled_from([(), (MaxDistillations(1),), (NoGenerationWhileDistilling(),)])
RAW = st.sampled_from([(".75", ".79"), (".9", ".94"), (".65", ".71"), (".7", ".72")])
NAMES = ["generation_attempts", "distillations", "steps", "memory_time", "raw_pairs"]


@st.composite
def problems(draw):
    """A small problem, with up to two limits per unit of time that are a share of what is used without any."""
    f0, target = draw(RAW)
    tenths, memories = draw(st.integers(1, 9)), draw(st.integers(2, 4))
    times = {"generation_time": draw(TIMES), "distillation_time": draw(TIMES)}
    free = Problem(Fraction(tenths, 10), memories, f0, target, rules=draw(RULES), **times)
    use = throughput(free).use.to_dict()
    shares = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(20, 110), max_size=2))
    limits = {
        name: Fraction(share, 100) * Fraction(use[name]).limit_denominator(10**6) for name, share in shares.items()
    }
    return free.with_constraints(*(Budget(name, limit) for name, limit in limits.items()))


@settings(max_examples=20, deadline=None)
@given(problems())
def test_a_rate_is_attained_from_empty_memories_within_its_limits(problem):
    """Bounds are in order and close, the run stays in one class of configurations, and uses no more than is allowed."""
    with suppress(InfeasibleError):
        found = throughput(problem)
        assert found.lower_bound <= found.gain <= found.upper_bound
        assert found.upper_bound - found.lower_bound <= 1e-7 * found.upper_bound
        policy = found.found.model.optimum.policy
        assert policy.at(policy.entered()).classes()[0] == 1
        assert abs(sum(row.share for row in found.rows()) - 1) <= 1e-9
        assert abs(sum(one.rate for one in found.delivered) - found.gain) <= 1e-9 * found.gain
        for use in found.budgets.values():
            assert use.used <= float(use.budget.sides["most"]) * (1 + 1e-8)
            assert use.price >= 0
