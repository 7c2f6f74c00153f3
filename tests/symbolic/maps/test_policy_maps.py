"""Policy maps against floating-point optima, everywhere."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from cases import problems, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import Dynamics, LimitError, ModelError, NotCertifiedError, Problem, solve
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.process.process import Choice
from lpdistill.program.evaluation import visits
from lpdistill.program.policy_iteration import policy_iteration
from symbolic import AlgebraicNumber, certify, policy_map, waiting_time
from symbolic.maps.policy_maps import Piece, _prove_continuous

MAPPED = {
    "four memories, two levels": Problem(1, 4, "3/4", "79/100"),
    "three memories, three levels": Problem(1, 3, "9/10", "94/100"),
    "four memories, three levels": Problem(1, 4, "9/10", "94/100"),
    "six memories, two levels": Problem(1, 6, "3/4", "79/100", final_step="free"),
    "other times": Problem(1, 4, "3/4", "79/100", generation_time="3/7", distillation_time="1/5"),
    "one memory": Problem(1, 1, "3/4", "7/10"),
}
RATIO = "tau_d/tau_g"
MAPS = {name: policy_map(problem) for name, problem in MAPPED.items()}
RATIO_MAP = policy_map(Problem("1/2", 4, "3/4", "79/100"), axis=RATIO)


def optimum(problem: Problem) -> tuple[float, dict]:
    """Least expected waiting time and visited policy in floating point, with the checks of ``solve`` left out."""
    dynamics = Dynamics(problem)
    found = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    return float(found.values[0]) - float(problem.uncharged_time), visited(found.policy)


def visited(policy: Choice) -> dict:
    """The part of a policy in reachable configurations, columns by rank."""
    start = np.zeros(len(policy.columns))
    start[0] = 1.0
    seen = np.flatnonzero(visits(policy, start))
    return dict(zip(seen.tolist(), policy.columns[seen].tolist(), strict=True))


def chosen(found, piece) -> dict:
    """The visited policy of a piece by rank and column."""
    dynamics = Dynamics(found.problem)
    columns = {}
    for counts, action in piece.policy.items():
        rank = int(dynamics.configurations.rank(np.array(counts)))
        for column in dynamics.numbering.of_configuration(rank):
            what = dynamics.numbering.describe(np.array([column]))
            if dynamics.kernel.matchings.distilled(what.counts[0]) == action.distil:
                columns[rank] = int(column)
    return columns


def test_the_known_breakpoints():
    """For four memories from 0.75 to 0.79 the policy changes at 0.2456 and 0.8526, one action each time."""
    found = MAPS["four memories, two levels"]
    assert [point.value.decimals(10) for point in found.breakpoints] == ["0.2455989978", "0.8526176644"]
    assert [len(point.changes) for point in found.breakpoints] == [1, 1]
    assert [point.changes[0][0] for point in found.breakpoints] == [(4, 0), (0, 2)]


@pytest.mark.parametrize("name", MAPS)
def test_pieces_cover_the_whole_range(name):
    """Pieces begin at 0, end at 1, and each begins exactly where the one before ends."""
    found = MAPS[name]
    assert found.pieces[0].low == AlgebraicNumber.rational(0)
    assert found.pieces[-1].high == AlgebraicNumber.rational(1)
    for (left, right), point in zip(itertools.pairwise(found.pieces), found.breakpoints, strict=True):
        assert left.high == right.low == point.value
        assert left.low < point.value
        assert left.waiting_time != right.waiting_time


@pytest.mark.parametrize("name", MAPS)
def test_both_sides_of_every_breakpoint_agree_with_floating_point(name):
    """At 1e-6 on either side of every breakpoint the map has the time and the policy of the floating-point optimum."""
    found = MAPS[name]
    for point, sides in zip(found.breakpoints, itertools.pairwise(found.pieces), strict=True):
        for side, offset in zip(sides, (Fraction(-1, 10**6), Fraction(1, 10**6)), strict=True):
            p = point.value.refined(Fraction(1, 10**12)).low + offset
            time, policy = optimum(found.problem.replace(p=p))
            assert found.piece_at(p) is side
            assert float(found.waiting_time(p)) == pytest.approx(time, rel=1e-12)
            assert chosen(found, side) == policy


@settings(max_examples=200)
@given(st.sampled_from(sorted(MAPS)), st.fractions("1/1000", 1, max_denominator=10**6))
def test_random_p_agree_with_floating_point(name, p):
    """At random p the map has the time of the floating-point optimum."""
    found = MAPS[name]
    assert float(found.waiting_time(p)) == pytest.approx(optimum(found.problem.replace(p=p))[0], rel=1e-12)


def test_no_breakpoint_is_missed_on_a_fine_grid():
    """On a grid of 2,000 p below 1 the visited policy changes exactly in the cells that hold breakpoints."""
    found = MAPS["four memories, two levels"]
    grid = [Fraction(k, 2001) for k in range(1, 2001)]
    common = Dynamics(found.problem)
    shared = {"actions": common.kernel.actions}
    policies, columns = [], GREEDY.columns(common.kernel)
    for p in grid:
        problem = found.problem.replace(p=p)
        vars(problem)["levels"] = found.problem.levels  # what does not depend on p is worked out once
        dynamics = Dynamics(problem)
        vars(dynamics.kernel).update(shared)
        policy = policy_iteration(dynamics, columns).policy
        policies.append(visited(policy))
        columns = policy.columns  # the optimum here is a good guess for the next p
    changing = [b for (before, after), b in zip(itertools.pairwise(policies), grid[1:], strict=True) if before != after]
    held = [next(b for b in grid if not point.value > b) for point in found.breakpoints]
    assert changing == held


def test_what_is_never_visited_makes_no_breakpoint():
    """Where only the action of a configuration that is never visited changes, the piece goes on."""
    found = MAPS["four memories, three levels"]
    assert [piece.segments for piece in found.pieces] == [2, 1, 1]
    assert found.reduced_costs == 4 * 116


@settings(max_examples=12)
@given(problems(most_memories=3), st.fractions("1/100", 1, max_denominator=100))
def test_random_maps_hold_the_certified_optimum(problem, p):
    """The map of a random problem has, at a random p, exactly the certified waiting time."""
    assert policy_map(problem).waiting_time(p) == certify(solve(problem.replace(p=p))).waiting_time


@pytest.mark.parametrize("name", MAPS)
def test_policies_of_pieces_have_their_waiting_times(name):
    """Evaluated exactly at a point of its piece, each policy takes the time of the piece."""
    found = MAPS[name]
    for piece in found.pieces:
        p = (piece.low.high + piece.high.low) / 2
        assert waiting_time(found.problem.replace(p=p), piece.policy) == piece.waiting_time(p)


@pytest.mark.parametrize("name", MAPS)
def test_exactly_what_ceases_to_be_optimal_changes(name):
    """Just after each breakpoint the action before it is no longer optimal, and the action after it is."""
    found = MAPS[name]
    for point in found.breakpoints:
        p = point.value.refined(Fraction(1, 10**9)).high
        costs = certify(solved(found.problem.replace(p=p))).reduced_costs
        assert point.changes
        for counts, before, after in point.changes:
            assert costs[counts][after] == 0 < costs[counts][before]


def test_the_ratio_of_durations_has_its_own_map():
    """In the ratio of durations the waiting time is concave and piecewise linear, with rational breakpoints."""
    assert all(point.value.degree == 1 for point in RATIO_MAP.breakpoints)
    assert all(piece.waiting_time.degree == 1 for piece in RATIO_MAP.pieces)
    slopes = [piece.waiting_time.derivative()(1) for piece in RATIO_MAP.pieces]
    assert slopes == sorted(slopes, reverse=True)
    assert len(set(slopes)) == len(slopes) == 9
    assert RATIO_MAP.pieces[-1].high is None
    assert repr(RATIO_MAP.pieces[-1]).endswith("to infinity")


@pytest.mark.parametrize("ratio", ["1/100", "1/2", "1", "2", "5", "7", "100"])
@pytest.mark.parametrize("final_step", ["charged", "free"])
@pytest.mark.parametrize("generation_time", ["1", "3/7"])
def test_ratios_agree_with_floating_point(ratio, final_step, generation_time):
    """At a ratio of durations the map has the floating-point optimum, in the user's unit of time."""
    problem = Problem("1/2", 4, "3/4", "79/100", final_step=final_step, generation_time=generation_time)
    found = policy_map(problem, axis=RATIO)
    at = problem.replace(distillation_time=Fraction(ratio) * problem.generation_time)
    assert float(found.waiting_time(ratio)) == pytest.approx(optimum(at)[0], rel=1e-12)


def test_a_free_last_step_does_not_need_a_duration():
    """The map in the ratio does not depend on the duration of distillation that the problem happens to have."""
    problem = Problem("1/2", 3, "3/4", "79/100", final_step="free", distillation_time=0)
    assert policy_map(problem, axis=RATIO).pieces == policy_map(problem.replace(distillation_time=5), axis=RATIO).pieces


def test_a_target_met_by_raw_pairs_has_one_piece():
    """If a raw pair meets the target, the waiting time with one memory is 1/p, whatever distillation takes."""
    found = MAPS["one memory"]
    assert [str(piece.waiting_time) for piece in found.pieces] == ["1/p"]
    assert str(policy_map(Problem("1/3", 1, "3/4", "7/10"), axis=RATIO).pieces[0].waiting_time) == "3"
    assert (
        str(policy_map(Problem("1/3", 1, "3/4", "7/10", final_step="free"), axis=RATIO).pieces[0].waiting_time) == "2"
    )


def test_continuity_is_checked():
    """Pieces that do not meet in one waiting time are no map."""
    left, right = MAPS["four memories, two levels"].pieces[:2]
    _prove_continuous(left, right)
    shifted = Piece(right.low, right.high, right.waiting_time.derivative(), right.policy, right.ties, right.segments)
    with pytest.raises(NotCertifiedError, match="not continuous"):
        _prove_continuous(left, shifted)
    with pytest.raises(NotCertifiedError, match="not continuous"):
        _prove_continuous(right, left)


def test_maps_are_json():
    """The JSON document has breakpoints with polynomial and isolating interval, and pieces with formula and policy."""
    found = MAPS["four memories, two levels"]
    document = json.loads(found.to_json())
    assert document["parameter"] == "p"
    assert "p" not in document["problem"]
    for entry, point in zip(document["breakpoints"], found.breakpoints, strict=True):
        low, high = (Fraction(end) for end in entry["interval"])
        assert low < Fraction(entry["decimals"]) < high
        assert entry["value"] == float(point.value)
        assert entry["polynomial"].endswith(str(point.value.polynomial[0]).lstrip("-"))
    assert [piece["from"] for piece in document["pieces"]] == [0.0, *(e["value"] for e in document["breakpoints"])]
    assert all(piece["waiting_time"].count("/") == 1 for piece in document["pieces"])
    assert document["pieces"][0]["policy"][0] == {
        "counts": [0, 0],
        "actions": [{"generate": 4, "distil": [], "probability": 1.0}],
    }
    ratio = RATIO_MAP.to_dict()
    assert ratio["pieces"][-1]["to"] is None
    assert "distillation_time" not in ratio["problem"]


def test_maps_are_told_in_words():
    """The table names the configuration and the two actions at each breakpoint, and the summary is short."""
    found = MAPS["four memories, two levels"]
    assert found.table()[0] == (
        "0.245598997820",
        "4 x 0.750",
        "distil 0.750, 0.750 -> 0.788",
        "distil 2 x (0.750, 0.750 -> 0.788)",
    )
    assert len(repr(found).splitlines()) <= 12
    assert "0.245598998" in repr(found)
    assert "4 x 0.750" in found._repr_html_()
    assert repr(found.breakpoints[0]) == "Breakpoint: 0.245598997820"
    assert repr(found.pieces[0]) == "Piece: p from 0 to 0.245598998"


@pytest.mark.parametrize("found", [*MAPS.values(), RATIO_MAP], ids=[*MAPS, RATIO])
def test_maps_are_drawn(found):
    """The plot has one curve a piece, and one mark a breakpoint, on the curve."""
    axes = found.plot()
    curves = [line for line in axes.get_lines() if line.get_marker() == "None"]
    marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert len(curves) == len(found.pieces)
    assert [mark.get_xdata()[0] for mark in marks] == [float(point.value) for point in found.breakpoints]
    for mark, (left, right) in zip(marks, itertools.pairwise(curves), strict=True):
        assert mark.get_ydata()[0] == pytest.approx(left.get_ydata()[-1]) == pytest.approx(right.get_ydata()[0])


@pytest.mark.parametrize("found", [*MAPS.values(), RATIO_MAP], ids=[*MAPS, RATIO])
def test_pieces_are_told_apart(found):
    """Every piece has its own colour or dashes and its line in the legend, and the title has what is fixed."""
    axes = found.plot()
    curves = [line for line in axes.get_lines() if line.get_marker() == "None"]
    assert len({(line.get_color(), line.get_linestyle()) for line in curves}) == len(found.pieces)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [text.split(":")[0] for text in texts] == [str(number + 1) for number in range(len(found.pieces))]
    assert " ".join(axes.figure.get_suptitle().split()) == found.fixed


def test_what_is_fixed_leaves_out_what_varies():
    """A map in p names no p, one in the ratio of durations no duration of distillation."""
    fixed = "M = 4, f0 = 0.75 -> 0.79, times 1 (generation)"
    assert RATIO_MAP.fixed == f"p = 0.5, {fixed}"
    assert all(found.fixed.startswith("M = ") for found in MAPS.values())


def test_progress_is_told():
    """Every segment found is told, with the gaps that are left."""
    told: list[str] = []
    policy_map(Problem(1, 4, "3/4", "79/100"), progress=told.append)
    assert told[-1] == "3 segments, 0 gaps left"


@pytest.mark.parametrize("p", [0, "-1/2", "3/2", "half", None])
def test_values_out_of_range_are_refused(p):
    """A parameter outside the map, or no number, is refused."""
    with pytest.raises(ModelError, match=r"^p: must"):
        MAPS["four memories, two levels"].waiting_time(p)


def test_bad_arguments_are_refused():
    """No problem, an unknown parameter, and a ratio to nothing are refused."""
    with pytest.raises(ModelError, match="must be a Problem"):
        policy_map("3/4")
    with pytest.raises(ModelError, match="must be one of p, tau_d/tau_g"):
        policy_map(Problem(1, 2, "3/4", "31/40"), axis="f0")
    with pytest.raises(ModelError, match=r"generation_time: must be above 0"):
        policy_map(Problem(1, 2, "3/4", "31/40", generation_time=0), axis=RATIO)


def test_large_maps_are_refused_with_the_estimate():
    """A map whose degree and size would take too long is refused at once."""
    with pytest.raises(LimitError, match="degree up to") as caught:
        policy_map(Problem(1, 10, "9/10", "94/100"))
    assert caught.value.size["configurations"] == 286
    assert caught.value.size["degree"] > 400
