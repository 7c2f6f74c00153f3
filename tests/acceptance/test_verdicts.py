"""What measured pairs certify."""

from fractions import Fraction

import numpy as np
import pytest

from lpdistill import (
    ModelError,
    ModelTypeError,
    Problem,
    acceptance_plan,
    acceptance_verdict,
    sequential_verdict,
    solve,
)
from lpdistill import throughput as rate_of
from lpdistill.acceptance.binomials import tail


def test_the_plan_and_the_verdict_agree():
    """Just as many passes as the plan asks for certify, and one fewer does not."""
    plan = acceptance_plan("0.9", "0.95", readout="0.99")
    verdicts = [acceptance_verdict("0.9", k, plan.pairs, readout="0.99") for k in (plan.passes, plan.passes - 1)]
    assert [str(one.decision) for one in verdicts] == ["certified", "not certified"]
    assert verdicts[0].p_value == pytest.approx(plan.least.false, rel=1e-12)


def test_the_p_value_is_a_tail():
    """So many passes or more, at the limit, as a sum of fractions."""
    found = acceptance_verdict("0.9", 28, 30)
    assert found.p_value == pytest.approx(float(tail(2, 30, Fraction(1, 15))), rel=1e-12)


@pytest.mark.parametrize(("passes", "pairs"), [(345, 361), (30, 30), (5, 6)])
def test_the_lower_bound_is_where_the_tail_is_delta(passes, pairs):
    """Pairs of just the fidelity that is certified pass so often with probability delta."""
    found = acceptance_verdict("0.9", passes, pairs, readout="0.99,0.98")
    limit = (1 + found.claim.contrast * (4 * Fraction(found.lower_bound()) - 1) / 3) / 2
    assert float(tail(pairs - passes, pairs, 1 - limit)) == pytest.approx(0.05, rel=1e-9)


def test_no_passes_certify_nothing():
    """No pass leaves a bound of 0, and no number below it."""
    assert acceptance_verdict("0.9", 0, 5).lower_bound() == 0


def test_a_verdict_pair_by_pair_stops_when_it_has_decided():
    """What is measured after the decision does not change it."""
    found = sequential_verdict("0.9", "0.95", "1" * 86 + "0" * 50)
    assert (str(found.decision), found.pairs, found.passes, found.more) == ("certified", 86, 86, None)
    undecided = sequential_verdict("0.9", "0.95", [True] * 80)
    assert (str(undecided.decision), undecided.more) == ("undecided", 6)
    assert str(sequential_verdict("0.9", "0.95", [0] * 80).decision) == "not certified"


def test_results_may_be_written_in_many_ways():
    """Digits together or apart, and words."""
    found = [sequential_verdict("0.9", 1, text).results for text in ("1101", "1, 1\n0 1", "pass true fail pass")]
    assert found == [(True, True, False, True)] * 3


def test_a_perfect_pair_never_fails():
    """Where the pairs are perfect in truth, a failure ends the test."""
    assert sequential_verdict("0.9", 1, "10").decided[1] == 2


def test_the_p_value_holds_whenever_one_looks():
    """Of pairs at the limit, no more than a share alpha ever has a p-value of alpha or less."""
    rng, seen = np.random.default_rng(5), []
    for _ in range(300):
        results = (rng.random(400) < 14 / 15).tolist()
        found = sequential_verdict("0.9", "0.95", results, delta="1/100000")
        seen.append(float(np.exp(-found.path.max())))
    for alpha in (0.05, 0.2, 0.5):
        assert np.mean(np.array(seen) <= alpha) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / 300)


def test_generation_is_what_solve_and_throughput_say():
    """Pairs one at a time take the least expected time each; one after the other, the best rate."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    made = acceptance_plan("0.78", "0.85", problem=problem).to_dict()["generation"]
    plan, once = acceptance_plan("0.78", "0.85"), solve(problem)
    assert made["pairs"]["waiting_time"] == pytest.approx(plan.pairs * once.waiting_time, rel=1e-12)
    assert made["pairs"]["attempts"] == pytest.approx(plan.pairs * once.expected["generation_attempts"], rel=1e-12)
    assert made["pairs"]["steady_time"] == pytest.approx(plan.pairs / rate_of(problem).gain, rel=1e-12)


WRONG = [
    (lambda: acceptance_plan("0.95", "0.9"), r"^true: must be above the fidelity to certify, 0.95"),
    (lambda: acceptance_plan("0.9", "1.01"), r"^true: "),
    (lambda: acceptance_plan(1, 1), r"^certify: must be a fidelity above 1/4 and below 1"),
    (lambda: acceptance_plan("0.2", "0.9"), r"^certify: "),
    (lambda: acceptance_plan("0.9", "0.95", delta=0), r"^delta: must be a probability above 0"),
    (lambda: acceptance_plan("0.9", "0.95", power=1), r"^power: "),
    (lambda: acceptance_plan("0.9", "0.95", power="0.05"), r"^power: must be above delta, 0.05"),
    (lambda: acceptance_plan("0.9", "0.95", power="0.99999999999999999999"), r"^power: is nearer to 1 than 1e-12"),
    (lambda: acceptance_plan("0.9", "0.99999999999999999999"), r"^true: is nearer to 1 than 1e-12"),
    (lambda: acceptance_plan("0.99999999999999999999", 1), r"^certify: is nearer to 1 than 1e-12"),
    (lambda: acceptance_plan("0.9", "0.95", readout="0.5"), r"^readout: must be above 1/2"),
    (lambda: acceptance_verdict("0.9", 5, 4), r"^passes: .*no more than the 4 pairs"),
    (lambda: acceptance_verdict("0.9", 0, 0), r"^pairs: must be at least 1"),
    (lambda: acceptance_verdict("0.9", "4.5", 5), r"^passes: must be a whole number"),
    (lambda: acceptance_verdict("0.9", 4, 5).lower_bound(1), r"^confidence: "),
    (lambda: sequential_verdict("0.9", "0.95", ""), r"^results: must be those of at least one pair"),
    (lambda: sequential_verdict("0.9", "0.95", "1 2"), r"^results: must be 1 or 0.*pair 2 is not"),
    (lambda: sequential_verdict("0.9", "0.95", [1, 0.5]), r"^results: must be True or False.*pair 2 is not"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_what_makes_no_test_is_refused(call, message):
    """The message names the argument, what it must be, and what was found."""
    with pytest.raises(ModelError, match=message):
        call()


def test_results_of_another_type_are_named():
    """A number is no list of results."""
    with pytest.raises(ModelTypeError, match="a text or a list of results, not an int"):
        sequential_verdict("0.9", "0.95", 5)
