"""Times with units, distances, and what follows from them."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Grid, Hardware, ModelError, Problem, load_problem, solve
from lpdistill.units import LENGTHS, SPEEDS, TIMES, Unit, measured, moment, quantity

TEN = Problem("1/2", 4, "3/4", "79/100", distance="10km")
PLAIN = Problem("1/2", 4, "3/4", "79/100")


@given(st.fractions(0, 1000, max_denominator=1000), st.sampled_from(sorted(TIMES)), st.sampled_from(["", " ", "  "]))
def test_units_are_exact(number, unit, space):
    """A number with a unit is that number times that of the unit, whatever stands between."""
    assert measured(f"{number}{space}{unit}", "time", TIMES) == (number * TIMES[unit], True)


@pytest.mark.parametrize(
    ("text", "units", "wanted"),
    [
        ("85ms", TIMES, Fraction(85, 1000)),
        ("1e-3 us", TIMES, Fraction(1, 10**9)),
        ("2min", TIMES, Fraction(120)),
        ("5 \N{MICRO SIGN}s", TIMES, Fraction(5, 10**6)),
        ("0.25km", LENGTHS, Fraction(250)),
        ("2e5 km/s", SPEEDS, Fraction(2 * 10**8)),
        ("1/2c", SPEEDS, Fraction(149_896_229)),
    ],
)
def test_quantities_mean_what_they_say(text, units, wanted):
    """A quantity is in seconds, metres, or metres a second."""
    assert quantity(text, "it", units) == wanted


@pytest.mark.parametrize("text", ["", "ms", "5 ms ms", "5 Ms", "5 km", "nan s", "1e999999s", "5e"])
def test_what_is_no_time_is_refused(text):
    """Neither units alone nor those of something else are times."""
    with pytest.raises(ModelError, match=r"^time: "):
        measured(text, "time", TIMES)


def test_a_distance_gives_both_durations():
    """Signals need 50 us for ten kilometres of fibre: that is an attempt, and twice that a distillation."""
    assert (TEN.generation_time, TEN.distillation_time) == (Fraction(1, 20_000), Fraction(1, 10_000))
    slow = Problem("1/2", 4, "3/4", "79/100", distance="10km", signal_speed="1e5 km/s")
    assert slow.generation_time == 2 * TEN.generation_time
    assert Hardware("1/2", 4, "3/4", distance=10_000).generation_time == TEN.generation_time


def test_the_time_scales_with_the_distance():
    """The optimum over a distance is that of the paper's durations, in seconds."""
    assert solve(TEN).waiting_time == pytest.approx(solve(PLAIN).waiting_time * 5e-5, rel=1e-12)
    near = solve(Problem("1e-7", 3, "3/4", "79/100", distance="1m"))
    assert near.waiting_time == pytest.approx(solve(PLAIN.replace(p="1e-7", memories=3)).waiting_time * 5e-9, rel=1e-9)


def test_what_is_given_wins_over_the_distance():
    """A duration that is given besides is kept, and the other follows from the distance."""
    both = Problem("1/2", 4, "3/4", "79/100", distance="10km", generation_time="1 ms")
    assert (both.generation_time, both.distillation_time) == (Fraction(1, 1000), Fraction(1, 10_000))


def test_another_distance_replaces_what_followed_from_the_first():
    """Changing the distance changes durations, also those of a problem that had none."""
    assert TEN.replace(distance="20km").generation_time == 2 * TEN.generation_time
    assert PLAIN.replace(distance="10km") == TEN
    assert TEN.replace(memories=3).hardware.unit is Unit.SECONDS


def test_documents_say_the_unit():
    """A problem in seconds says so, exactly as far as it is read again; one without unit says nothing."""
    assert TEN.to_dict()["unit"] == "s"
    assert Problem.from_dict(json.loads(json.dumps(TEN.to_dict()))) == TEN
    assert "unit" not in PLAIN.to_dict()
    assert Problem("1/2", 4, "3/4", "79/100", generation_time="1/20000", distillation_time="1/10000") != TEN
    assert Problem.of(TEN.hardware, "79/100") == TEN


def test_words_have_the_unit():
    """A problem says its times in seconds."""
    assert "times 5e-05 s (generation) and 0.0001 s (distillation)" in str(TEN)
    assert "coherence time 0.085 s" in str(TEN.replace(coherence_time="85ms"))
    assert " s " not in str(PLAIN)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"generation_time": "1ms"}, "distillation_time: is missing"),
        ({"coherence_time": "85ms"}, "generation_time: is missing"),
        ({"generation_time": "1ms", "distillation_time": 2}, "distillation_time: has no unit, where generation_time"),
        (
            {"distance": "10km", "coherence_time": 100},
            "coherence_time: has no unit, where what follows",
        ),
        ({"distance": "10"}, "distance: must have a unit"),
        ({"distance": "10s"}, "distance: must be in m, km or cm"),
        ({"distance": "0km"}, "distance: must be above 0"),
        ({"signal_speed": "1km/s"}, "signal_speed: means nothing without a distance"),
        ({"distance": "10km", "signal_speed": "2c"}, "signal_speed: must be above 0, and at most that of light"),
        ({"unit": "ms"}, "unit: must be one of s"),
        ({"generation_time": "1 km", "distillation_time": 2}, "generation_time: must be in s, ms, us, ns, min or h"),
    ],
)
def test_what_contradicts_itself_is_refused(settings, named):
    """Times with and without a unit do not mix, and distances are lengths."""
    with pytest.raises(ModelError, match=f"^{named}"):
        Problem("1/2", 4, "3/4", "79/100", **settings)


def test_a_stated_unit_is_that_of_plain_numbers():
    """With ``unit = s`` numbers without unit are seconds."""
    found = Problem("1/2", 4, "3/4", "79/100", generation_time="1ms", distillation_time="0.002", unit="s")
    assert found.distillation_time == Fraction(2, 1000)
    assert moment("2", "window", Unit.SECONDS) == moment("2000ms", "window", Unit.SECONDS)
    with pytest.raises(ModelError, match=r"^window: has a unit"):
        moment("2ms", "window", None)


def test_sweeps_run_over_distances_and_times():
    """Axes may have units: a list of distances, a range of times, a list of them."""
    far = Grid(p="1/2", memories=2, f0="3/4", target="79/100", distance="1km,10km")
    assert [point.problem.generation_time for point in far.points()] == [Fraction(1, 200_000), Fraction(1, 20_000)]
    slow = Grid(PLAIN, distillation_time="2ms:6ms:2ms", generation_time="1ms")
    assert [point.problem.distillation_time * 500 for point in slow.points()] == [1, 2, 3]
    assert all(point.problem.hardware.unit is Unit.SECONDS for point in slow.points())


def test_files_have_units(tmp_path):
    """A problem file says a distance or times with units; a distance that is given besides wins over its durations."""
    file = tmp_path / "problem.toml"
    file.write_text('p = 0.5\nmemories = 4\nf0 = 0.75\ntarget = 0.79\ndistance = "10 km"\n')
    assert load_problem(file) == TEN
    file.write_text(
        'p = 0.5\nmemories = 4\nf0 = 0.75\ntarget = 0.79\ngeneration_time = "1ms"\ndistillation_time = "2 ms"\n'
    )
    assert load_problem(file).generation_time == Fraction(1, 1000)
    assert load_problem(file, distance="10km") == TEN
