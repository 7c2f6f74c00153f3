"""Counts speak for a policy of the map, which is changed for a sure gain only, and so never back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from lpdistill import Budget, LimitError, ModelError, Problem, adapt, policy_named, regret_curve, solve
from lpdistill.control.candidates import compared, recommended
from lpdistill.control.counts import interval_of
from lpdistill.control.pieces import Pieces, Span
from lpdistill.solution.policy import Policy

NODE = Problem(1, 4, "9/10", "94/100")
EASY = Problem(1, 4, "3/4", "79/100")


def followed(pieces, place, p):
    """The time of the policy of a piece at some p, by evaluation in floating point."""
    problem = NODE.replace(p=p)
    chosen = {**solve(problem).policy, **pieces[place].policy}
    return Policy.of(problem, chosen).waiting_time


@pytest.mark.parametrize("p", ["1/5", "1/2", "19/20"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_policy_is_evaluated_beyond_its_piece(place, p):
    """The function of a piece is what its policy takes at any p, as evaluating the policy there says."""
    pieces = Pieces.of(NODE)
    assert float(pieces.time(place, Fraction(p))) == pytest.approx(followed(pieces, place, p), rel=1e-10)


def test_gains_and_regrets_are_exact():
    """What is said of the estimate are differences of rational numbers, none of which is of floating point."""
    found = adapt(NODE, 2000, 1000, in_use=1)
    pieces, p = found.pieces, Fraction(1, 2)
    assert found.regret == pieces.time(0, p) - min(pieces.time(place, p) for place in range(3))
    assert isinstance(found.regret, Fraction)
    assert found.gain == pieces.time(0, p) - pieces.time(found.recommended - 1, p)
    assert float(found.regret) == pytest.approx(followed(pieces, 0, "1/2") - solve(NODE.replace(p="1/2")).waiting_time)


@pytest.mark.parametrize("span", [("0.3", "0.5"), ("0.44", "0.9"), ("0.05", "1"), ("0.6", "0.6")])
def test_extremes_over_an_interval_are_those_of_a_grid(span):
    """No p of a grid has a smaller or greater difference, and some p nearly has the extremes."""
    pieces, low, high = Pieces.of(NODE), *map(Fraction, span)
    grid = [low + (high - low) * Fraction(step, 200) for step in range(201)]
    for one in range(3):
        for other in range(3):
            least, most = pieces.difference(one, other, Span(low, high))
            seen = [float(pieces.time(one, p) - pieces.time(other, p)) for p in grid]
            assert least <= min(seen) + 1e-12
            assert most >= max(seen) - 1e-12
            assert [least, most] == pytest.approx([min(seen), max(seen)], abs=2e-4)
        worst = pieces.worst_regret(one, Span(low, high))
        lost = [float(pieces.time(one, p) - min(pieces.time(other, p) for other in range(3))) for p in grid]
        assert max(lost) - 1e-12 <= worst <= max(lost) + 2e-4


def test_an_extreme_within_an_interval_is_found():
    """A difference that is greatest inside is greater there than at both ends."""
    pieces, span = Pieces.of(EASY), Span(Fraction(1, 20), Fraction(17, 20))
    ends = [float(pieces.time(2, p) - pieces.time(1, p)) for p in span]
    assert pieces.difference(2, 1, span)[1] > max(ends) + 0.005


@pytest.mark.parametrize(("attempts", "successes"), [(100, 50), (5000, 1210), (7, 7), (1, 1)])
def test_the_interval_is_that_of_clopper_and_pearson(attempts, successes):
    """Its ends are those that scipy finds otherwise, moved outwards by nothing that matters."""
    found = interval_of(attempts, successes, Fraction(19, 20))
    wanted = stats.binomtest(successes, attempts).proportion_ci(0.95, "exact")
    assert [float(end) for end in found] == pytest.approx([wanted.low, wanted.high], rel=1e-9)
    assert found.low < wanted.low + 1e-15


def test_looks_share_what_may_go_wrong():
    """The shares of all looks sum to all of it, and a later look has a wider interval for the same counts."""
    assert sum(Fraction(1, look * (look + 1)) for look in range(1, 1000)) == 1 - Fraction(1, 1000)
    widths = [span.high - span.low for span in (interval_of(99, 33, Fraction(9, 10), look) for look in (None, 1, 2, 9))]
    assert widths == sorted(widths)
    half = interval_of(99, 33, Fraction(95, 100))
    assert interval_of(99, 33, Fraction(9, 10), 1) == pytest.approx(half, rel=1e-12)


def test_what_is_in_use_stays_while_it_may_be_best():
    """A policy whose piece the interval has a part of is kept, though another is better at the estimate."""
    found = adapt(EASY, 5000, 1210, in_use=2)
    assert found.candidates[0].waiting_time < found.candidates[1].waiting_time
    assert (found.recommended, found.switch, found.gain) == (2, False, 0)
    assert found.regret > 0


def test_what_is_in_use_is_changed_for_a_sure_gain():
    """Where another policy is faster whatever p of the interval, by more than the threshold, it is recommended."""
    found = adapt(EASY, 5000, 1010, in_use=2)
    assert found.switch
    sure = found.candidates[0].sure_gain
    assert 0 < sure < float(found.gain)
    assert not adapt(EASY, 5000, 1010, in_use=2, threshold=repr(sure * 1.01)).switch
    assert adapt(EASY, 5000, 1010, in_use=2, threshold=repr(sure * 0.99)).switch


def test_without_one_in_use_the_least_regret_counts():
    """Of all policies, that is recommended which loses least at worst over the interval."""
    found = adapt(NODE, 20, 10)
    assert found.recommended == min(found.candidates, key=lambda one: one.worst_regret).number
    assert found.gain is None
    assert found.policy == found.pieces[found.recommended - 1].policy


def test_it_does_not_flap():
    """Looked at every week near a breakpoint, links change their policy once at most, and the naive rule often."""
    pieces, rng = Pieces.of(NODE), np.random.default_rng(3)
    p, attempts = float(pieces.map.breakpoints[0].value) + 0.003, 300
    naive_changes = 0
    for _ in range(4):
        used, naive, visited = 3, None, [3]
        for look, successes in enumerate(np.cumsum(rng.binomial(attempts, p, size=12)).tolist(), start=1):
            estimate = Fraction(successes, look * attempts)
            span = interval_of(look * attempts, successes, Fraction(99, 100), look)
            used = recommended(compared(pieces, span, estimate, used), used, 0.0)
            visited.append(used)
            naive_changes += naive is not None and naive != pieces.place(estimate)
            naive = pieces.place(estimate)
        changed = [one for one, before in zip(visited[1:], visited, strict=False) if one != before]
        assert len({*changed}) == len(changed)
    assert naive_changes > 4


@pytest.mark.parametrize("first", [0, 1, 2])
def test_no_change_is_reversed_by_an_interval_that_meets_the_first(first):
    """Two intervals with a common p never speak for a change and for its reverse: what is sure of p is so once."""
    pieces = Pieces.of(NODE)
    spans = [Span(Fraction(low, 20), Fraction(low + width, 20)) for width in (1, 4) for low in range(1, 20 - width)]
    sure = {
        (one, other, span)
        for span in spans
        for one in (first,)
        for other in range(3)
        if pieces.difference(one, other, span)[0] > 0
    }
    assert sure
    for one, other, span in sure:
        back = [there for there in spans if pieces.difference(other, one, there)[0] > 0]
        assert not any(there.low <= span.high and span.low <= there.high for there in back)


def test_the_regret_is_that_of_the_curve():
    """The regret at the estimate agrees with what a regret curve finds by solving again."""
    made = solve(NODE.replace(p="1/4"))
    curve = regret_curve(made, "p", span=("0.6", "0.8"), points=2)
    found = adapt(NODE, 1000, 600, in_use=1)
    assert float(found.regret) == pytest.approx(curve.regret[0], rel=1e-6)
    assert policy_named(NODE.replace(p="3/5"), "optimal").waiting_time == pytest.approx(curve.best[0])


BAD = {
    "no attempts": ({"attempts": 0, "successes": 0}, "attempts: must be at least 1"),
    "half an attempt": ({"attempts": "1/2", "successes": 0}, "attempts: must be a whole number"),
    "more successes": ({"attempts": 5, "successes": 6}, "successes: must be at least 0, and at most as many"),
    "none": ({"attempts": 5, "successes": 0}, "successes: must be at least 1: without any"),
    "another policy": ({"attempts": 5, "successes": 1, "in_use": 4}, "in_use: must be the number of a piece"),
    "certain": ({"attempts": 5, "successes": 1, "confidence": 1}, "confidence: must be above 0 and below 1"),
    "no look": ({"attempts": 5, "successes": 1, "look": 0}, "look: must be at least 1"),
    "negative": ({"attempts": 5, "successes": 1, "threshold": -1}, "threshold: must not be negative"),
    "a unit": ({"attempts": 5, "successes": 1, "threshold": "1ms"}, "threshold: has a unit"),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_counts_are_one_clear_message(name):
    """What is wrong is named, with what would be right."""
    asked, message = BAD[name]
    with pytest.raises(ModelError, match=message):
        adapt(EASY, **asked)


def test_what_has_no_map_is_refused(monkeypatch):
    """Budgets make policies randomise; where a map takes too long, a table for a range is named."""
    with pytest.raises(ModelError, match="budgets: "):
        adapt(EASY.with_constraints(Budget("steps", 9)), 10, 5)

    def refuse(*_, **__):
        raise LimitError("memories: too long", size={"degree": 9})

    monkeypatch.setattr(Pieces, "of", refuse)
    with pytest.raises(
        LimitError, match=r"too long; or make a table for a range of p, whose regret is proved \(span\)"
    ):
        adapt(EASY, 10, 5)


@pytest.mark.parametrize("look", [10**9, 10**17, 10**60])
def test_late_looks_have_intervals_to_every_digit(look):
    """An error far below what double precision tells from 1 has its own interval: its tails are those of the law."""
    found = interval_of(5000, 1010, Fraction(19, 20), look)
    error = 0.05 / (look * (look + 1))
    assert stats.binom.sf(1009, 5000, float(found.low)) == pytest.approx(error / 2, rel=1e-6)
    assert stats.binom.cdf(1010, 5000, float(found.high)) == pytest.approx(error / 2, rel=1e-6)
    assert adapt(EASY, 5000, 1010, look=look).recommended in {1, 2}


def test_a_confidence_that_leaves_no_interval_is_refused():
    """Where p may be as small as it likes, that is said, in the name of what was given."""
    with pytest.raises(ModelError, match="confidence: is so great that p may be as small"):
        adapt(EASY, 10, 1, confidence=1 - Fraction(1, 10**250))
