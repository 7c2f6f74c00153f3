"""Times with units, distances and presets on the command line."""

from __future__ import annotations

import re

import pytest

from lpdistill import Problem, compare, distribution, solve

PROBLEM = ("--p", ".5", "-M", "4", "--f0", ".75", "--target", ".79")
SLOW = ("--generation-time", "1ms", "--distillation-time", "2ms")


def test_a_distance_says_its_times_in_seconds(run):
    """``--distance`` makes all times seconds, in words and in the document."""
    ran = run("solve", *PROBLEM, "--distance", "10km")
    assert "times 5e-05 s (generation)" in ran.words
    document = run("solve", *PROBLEM, "--distance", "10km", "--json").document
    assert document["problem"]["unit"] == "s"
    assert document["waiting_time"] == pytest.approx(8.640493238436326 * 5e-5)


def test_options_win_over_what_a_file_says(run, problem_file):
    """A distance among the options replaces the durations of a file, and a duration among them what would follow."""
    file = problem_file(
        'p = 0.5\nmemories = 4\nf0 = 0.75\ntarget = 0.79\ngeneration_time = "3ms"\ndistillation_time = "4ms"\n'
    )
    far = run("solve", file, "--distance", "10km", "--json").document["problem"]
    assert far == Problem(".5", 4, ".75", ".79", distance="10km").to_dict()
    both = run("solve", file, "--distance", "10km", "--generation-time", "1ms", "--json").document["problem"]
    assert (both["generation_time"], both["distillation_time"]) == ("1/1000", "1/10000")


def test_mixed_units_are_one_message(run):
    """A number without unit among times with one is refused, with the option and what to write."""
    ran = run("solve", *PROBLEM, "--generation-time", "1ms", "--distillation-time", "2")
    assert ran.code == 2
    assert "--distillation-time: has no unit, where generation_time is in seconds; write 2s or 2ms" in ran.err


def test_presets_are_overridden_by_options(run):
    """``--preset`` gives what a source says; whatever is given besides wins."""
    given = ("--preset", "superconducting-link,ion-gates", "-M", "3", "--target", ".94", "--json")
    found = run("solve", *given).document["problem"]
    assert (found["p"], found["f0"], found["gate"]) == ("1/2", "23/25", "2499/2500")
    found = run("solve", *given, "--p", ".1", "--gate", ".999").document["problem"]
    assert (found["p"], found["gate"]) == ("1/10", "999/1000")
    assert "gate" not in run("solve", *given, "--gate-fidelity", "none").document["problem"]


def test_an_unknown_preset_is_answered_with_those_there_are(run):
    """The message lists the presets, and guesses the one that was meant."""
    ran = run("solve", *PROBLEM, "--preset", "ion-gate")
    assert ran.code == 2
    assert "--preset: must be one of" in ran.err
    assert "did you mean 'ion-gates'?" in ran.err


def test_sweeps_take_presets_and_distances(run, tmp_path, monkeypatch):
    """A sweep starts from a preset, and runs over distances."""
    monkeypatch.chdir(tmp_path)
    axes = ("--preset", "superconducting-link", "-M", "2", "--target", ".94", "--distance", "1km,10km")
    rows = run("sweep", *axes, "--json", "-j", "1").document["points"]
    assert rows[1]["waiting_time"] == pytest.approx(10 * rows[0]["waiting_time"])


def test_hashing_takes_the_raw_pair_of_a_preset(run):
    """Commands that need but the raw pair take it from a preset, too."""
    found = run("hashing", "--preset", "superconducting-link", "--pairs", "10", "--json").document
    assert found["problem"]["f0"] == "23/25"


FAR = ("--p", ".5", "-M", "3", "--f0", ".75", "--target", ".79", "--distance", "10km")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("solve", *FAR), r"waiting time 0\.000504475647292 s \(optimal\).* and 0\.000504475647292 s "),
        (("solve", *FAR), r"3 empty - on 3 memories 0\.000504476 "),
        (("waiting-time", *FAR), r"mean 0\.000504475647 s deviation 0\.00030000\d+ s \(standard\)"),
        (("deadline", *FAR, "--window", "1ms"), r"waiting time 0\.00050\d+ s, 0\.000504476 s for the fastest"),
        (("deadline", *FAR, "--window", "1ms", "--confidence", ".9"), r"window 0\.001 s with .*time 0\.000504475647 s"),
        (("explain", *FAR, "--counts", "2,0"), r"expected time to go 0\.000426355 s.* 3\.\d+e-05 "),
        (("frontier", *FAR), r"fastest 0\.000504475647 s with"),
        (("robust", "--p", ".4:.6", *FAR[2:]), r"worst case 0\.000558885042051 s, at p = 0\.4"),
    ],
)
def test_times_are_said_in_seconds(run, command, shown):
    """Summaries name the unit, and tables show digits however short the times are."""
    assert re.search(shown, run(*command).words)


@pytest.mark.parametrize(
    ("command", "option", "read"),
    [
        ("waiting-time", "--at", lambda found: [*found["cdf"].values()]),
        ("waiting-time", "--until", lambda found: found["pmf"]),
        ("deadline", "--window", lambda found: found["probability"]),
        ("simulate", "--horizon", lambda found: found["waiting_time"]),
    ],
)
def test_times_of_questions_have_units(run, command, option, read):
    """A time that is asked about may have a unit, and is seconds without; where the problem has none, it is refused."""
    few = ("--runs", "50", "--seed", "1") if command == "simulate" else ()
    with_unit, without = (run(command, *FAR, *few, option, time, "--json").document for time in ("1ms", ".001"))
    assert read(with_unit) == read(without)
    ran = run(command, *FAR[:-2], *few, option, "1ms")
    assert ran.code == 2
    assert "has a unit, which the times of the problem have not" in ran.err


def test_limits_have_units(run):
    """Limits on times may have a unit, as the times of the problem have; budgets of short times are kept as exactly."""
    limited = (*FAR[:4], "--f0", ".9", "--target", ".94", *FAR[-2:], "--budget")
    with_unit, without = (
        run("solve", *limited, f"memory_time={limit}", "--json").document for limit in ("938us", ".000938")
    )
    assert with_unit["problem"] == without["problem"]
    used = with_unit["budgets"]["memory_time"]["used"]
    assert used == pytest.approx(0.000938, rel=1e-9)
    ran = run("solve", *FAR[:-2], "--budget", "memory_time=1ms")
    assert ran.code == 2
    assert "budget memory_time: has a unit" in ran.err
    assert run("solve", *FAR, "--time-limit", "1min", "--json").code == 0


def test_a_certificate_in_seconds_is_checked(run, tmp_path):
    """A certificate states the unit, and its checker knows it."""
    file = str(tmp_path / "certificate.json")
    assert run("solve", *FAR, "--certificate", file).code == 0
    assert run("check", file).code == 0


def test_pictures_are_in_seconds():
    """The axis of a picture names the unit."""
    pytest.importorskip("matplotlib")
    problem = Problem(".5", 3, ".75", ".79", distance="10km")
    assert distribution(solve(problem).policy).plot().get_xlabel() == "waiting time (in s)"
    assert compare(problem, ["nested"]).plot().get_xlabel() == "expected waiting time (in s)"


def test_not_to_distil_is_an_answer(run):
    """A verdict where raw pairs meet the target; exit code 3, and the gates that would help, where noise forbids."""
    study = ("--preset", "ion-study", "-M", "3")
    found = run("solve", *study, "--target", ".94", "--exact", "--json").document
    assert found["verdict"] == "do not distil"
    assert found["certificate"]["waiting_time"] == "156250/2162409389"
    ran = run("solve", *study, "--target", ".95")
    assert ran.code == 3
    assert "do not distil" in ran.err
    assert "average gate fidelity 0.986" in ran.err
