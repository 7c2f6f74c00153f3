"""Maps of the throughput against certificates, floating-point optima, and fractions of an oracle."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from cases import problems
from hypothesis import given, settings
from hypothesis import strategies as st
from rate_cases import problem_of
from steady_numbers import OTHERS, STATED

from lpdistill import (
    EqualLevelsOnly,
    InfeasibleError,
    LimitError,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    NotCertifiedError,
    Problem,
    throughput,
)
from symbolic import AlgebraicNumber, Quantity, certify_rate, policy_map
from symbolic.exact.model import ExactModel
from symbolic.maps.policy_maps import _prove_continuous
from symbolic.steady.gain import ExactGain

MAPPED = {
    "four memories, two levels": Problem(1, 4, "3/4", "79/100"),
    "three memories, three levels": Problem(1, 3, "9/10", "94/100"),
    "other times": Problem(1, 4, "3/4", "79/100", generation_time="3/7", distillation_time="1/5"),
    "rules": Problem(1, 4, "3/4", "79/100").with_constraints(MaxDistillations(1), NoGenerationWhileDistilling()),
    "raw pairs are delivered": Problem(1, 3, "3/4", "7/10"),
}
MAPS = {name: policy_map(problem, per_time=True) for name, problem in MAPPED.items()}
FOUR = MAPS["four memories, two levels"]
RATIO_MAP = policy_map(Problem("1/2", 4, "3/4", "79/100"), axis="tau_d/tau_g", per_time=True)
FRACTIONS = [case for case in STATED + OTHERS if case.exact and case.target and not case.worth]


def best(problem: Problem) -> float:
    """The greatest gain in floating point."""
    return throughput(problem).gain


@pytest.mark.parametrize("case", FRACTIONS, ids=lambda case: case.name)
def test_gains_are_the_fractions_of_an_oracle(case):
    """At the p of each case the map has the fraction that numbered memories have."""
    problem = problem_of(case)
    assert policy_map(problem, per_time=True).gain(problem.p) == Fraction(case.exact)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("p", ["1/100", "1/10", "1/4", "1/2", "3/5", "7/10", "9/10", "1"])
def test_gains_are_those_of_throughput(name, p):
    """At p on a grid, 1 among them, the map has the gain of the floating-point optimum."""
    found = MAPS[name]
    assert float(found.gain(p)) == pytest.approx(best(found.problem.replace(p=p)), rel=1e-11)


@pytest.mark.parametrize("name", MAPS)
def test_both_sides_of_every_breakpoint_are_right(name):
    """A little beside each breakpoint the map has the optimum, and the policies beyond are worse there."""
    found = MAPS[name]
    for point, sides in zip(found.breakpoints, itertools.pairwise(found.pieces), strict=True):
        for (side, other), offset in zip((sides, sides[::-1]), (-1, 1), strict=True):
            p = point.value.refined(Fraction(1, 10**9)).low + Fraction(offset, 10**6)
            assert found.piece_at(p) is side
            assert float(side.gain(p)) == pytest.approx(best(found.problem.replace(p=p)), rel=1e-11)
            assert other.gain(p) < side.gain(p)


@pytest.mark.parametrize("name", MAPS)
def test_pieces_cover_the_whole_range(name):
    """Pieces begin at 0, end at 1, and each begins exactly where the one before ends."""
    found = MAPS[name]
    assert found.pieces[0].low == AlgebraicNumber.rational(0)
    assert found.pieces[-1].high == AlgebraicNumber.rational(1)
    for (left, right), point in zip(itertools.pairwise(found.pieces), found.breakpoints, strict=True):
        assert left.high == right.low == point.value
        assert left.gain != right.gain


def test_the_breakpoints_of_four_memories():
    """Six of them, in isolating intervals; the gain at p = 1/2 is that of a certificate."""
    marks = ["0.062090", "0.526515", "0.571068", "0.580059", "0.693996", "0.694989"]
    assert [point.value.decimals(6) for point in FOUR.breakpoints] == marks
    assert FOUR.gain("1/2") == certify_rate(throughput(FOUR.problem.replace(p="1/2"))).gain


@settings(max_examples=10, deadline=None)
@given(problems(most_memories=3), st.fractions("1/100", "99/100", max_denominator=100))
def test_random_maps_hold_the_certified_gain(problem, p):
    """The map of a random problem has, at a random p, exactly the certified gain."""
    assert policy_map(problem, per_time=True).gain(p) == certify_rate(throughput(problem.replace(p=p))).gain


@pytest.mark.parametrize("name", MAPS)
def test_policies_of_pieces_have_their_gains(name):
    """Evaluated exactly at a point of its piece, the policy earns the gain of the piece, wherever it comes."""
    found = MAPS[name]
    for piece in found.pieces:
        p = (piece.low.high + piece.high.low) / 2
        process = throughput(found.problem.replace(p=p)).found.model.process
        columns = certify_rate(throughput(found.problem.replace(p=p))).found.rows.columns.copy()
        ranks = process.configurations.rank(np.array([*piece.policy]))
        columns[ranks] = process.names.find(ranks, [*piece.policy.values()])
        assert ExactGain.of(ExactModel.rational(process), columns).gain == piece.gain(p)


@pytest.mark.parametrize("ratio", ["1/100", "1/2", "1", "2", "7", "100"])
def test_ratios_of_durations_have_a_map(ratio):
    """Along the ratio gains are quotients of linear functions, and those of the floating-point optimum."""
    problem = RATIO_MAP.problem.replace(distillation_time=Fraction(ratio))
    assert float(RATIO_MAP.gain(ratio)) == pytest.approx(best(problem), rel=1e-12)
    assert all(piece.gain.degree <= 1 and piece.gain.numerator.degree() == 0 for piece in RATIO_MAP.pieces)


def test_raw_pairs_that_are_delivered_have_a_map_along_the_ratio():
    """What they earn does not depend on what distillation takes."""
    found = policy_map(Problem("1/3", 2, "3/4", "7/10", generation_time="1/2"), axis="tau_d/tau_g", per_time=True)
    assert [str(piece.gain) for piece in found.pieces] == ["4/3"]


def test_maps_past_the_pumping_limit_are_on_labels():
    """Where labels stand for levels the map has the gains of labels of its own, elsewhere too."""
    found = policy_map(Problem("1/2", 3, ".8", ".88"), per_time=True)
    for p in ("1/10", "1/2", "9/10"):
        assert float(found.gain(p)) == pytest.approx(best(Problem(p, 3, ".8", ".88")), rel=1e-11)


def test_a_map_is_of_gains_or_of_waiting_times():
    """To ask for the other is refused, and told apart from it; both have one class."""
    assert FOUR.quantity is Quantity.GAIN
    with pytest.raises(ModelError, match="waiting_time: is not what this map is of; it has the gain"):
        FOUR.waiting_time("1/2")
    with pytest.raises(ModelError, match="gain: is not what this map is of; it has the waiting_time"):
        policy_map(Problem(1, 2, "3/4", "79/100")).gain("1/2")


def test_with_two_memories_nothing_is_left_over():
    """Their gain is one over their waiting time, as a function."""
    two = Problem(1, 2, "3/4", "79/100")
    gain = policy_map(two, per_time=True).pieces[0].gain
    time = policy_map(two).pieces[0].waiting_time
    assert gain.numerator * time.numerator == gain.denominator * time.denominator


def test_documents_have_gains():
    """Pieces of the document have a gain, and no waiting time; the table and the picture say which it is."""
    document = json.loads(FOUR.to_json())
    assert document["schema"] == "lpdistill.policy-map/1"
    assert all("gain" in piece and "waiting_time" not in piece for piece in document["pieces"])
    two = policy_map(Problem(1, 2, "3/4", "79/100"), per_time=True).to_dict()
    assert two["pieces"][0]["gain"] == "(173*p^2 - 346*p)/(1116*p^2 - 1350*p - 1440)"
    assert repr(FOUR).splitlines()[0] == "PolicyMap"
    axes = FOUR.plot()
    assert axes.get_ylabel().endswith("greatest gain\n(pairs per unit of time)")
    curves = [line for line in axes.get_lines() if line.get_marker() == "None"]
    marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
    for mark, (left, right) in zip(marks, itertools.pairwise(curves), strict=True):
        assert mark.get_ydata()[0] == pytest.approx(left.get_ydata()[-1]) == pytest.approx(right.get_ydata()[0])


def test_continuity_is_checked():
    """Pieces that do not meet in one gain are no map."""
    left, right = FOUR.pieces[:2]
    _prove_continuous(left, right)
    with pytest.raises(NotCertifiedError, match="the gain is not continuous"):
        _prove_continuous(right, left)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"distillation_time": 0}, ModelError, "distillation_time: must be above 0 for rates"),
        (
            {"memories": 2, "rules": [EqualLevelsOnly()], "f0": ".8", "target": ".85"},
            InfeasibleError,
            "rules: no policy reaches the target",
        ),
        ({"memories": 10, "f0": ".9", "target": ".94"}, LimitError, "take fewer memories"),
        ({"budgets": {"steps": 9}}, ModelError, "budgets: make optimal policies randomise"),
    ],
    ids=["no time", "rules", "large", "budgets"],
)
def test_what_has_no_map_is_refused(change, error, message):
    """Steps without duration, rules that allow no delivery, too many memories and budgets."""
    problem = Problem(1, 3, "3/4", "79/100").replace(**change)
    with pytest.raises(error, match=message):
        policy_map(problem, per_time=True)


def test_a_flag_is_a_flag():
    """Anything but True and False is refused."""
    with pytest.raises(ModelError, match="per_time: must be True or False"):
        policy_map(FOUR.problem, per_time="yes")
