"""``lpdistill watch``."""

import json

import pytest

from lpdistill import Problem, read_telemetry, solve, watch

PROBLEM = ("--p", ".5", "-M", "3", "--f0", ".75", "--target", ".79")


@pytest.fixture
def telemetry(run, tmp_path):
    """What a link reports whose p is lower than planned."""
    file = str(tmp_path / "link.jsonl")
    options = ("--runs", "2000", "--periods", "4", "--real-p", ".42", "--seed", "3", "--telemetry", file)
    assert run("simulate", *PROBLEM, *options).code == 0
    return file


def test_the_document_is_that_of_the_library(run, telemetry):
    """All records together, or each on its own."""
    policy = solve(Problem("1/2", 3, "3/4", "79/100"))
    for more, each in (((), False), (("--each",), True)):
        found = run("watch", *PROBLEM, "--telemetry", telemetry, "--alpha", ".01", *more, "--json").document
        assert found == json.loads(watch(policy, read_telemetry(telemetry), each=each).to_json())


def test_it_reads_like_this(run, telemetry):
    """The verdict in words, what it costs, and the rate of false alarms."""
    words = run("watch", *PROBLEM, "--telemetry", telemetry).words
    assert "p has fallen: p is 0.4" in words
    assert "a delivery by the policy in use" in words
    assert "with a probability of at most 0.01" in words
    assert "ALARM" in words
    assert (
        "alarms period 1, period 2, period 3, period 4"
        in run("watch", *PROBLEM, "--telemetry", telemetry, "--each").words
    )


def test_another_policy_is_in_use(run, telemetry):
    """A policy by name."""
    ran = run("watch", *PROBLEM, "--telemetry", telemetry, "--policy", "pumping")
    assert ran.code == 0


def test_pictures(run, telemetry, tmp_path):
    """One look and several are drawn."""
    pytest.importorskip("matplotlib")
    for more in ((), ("--each",)):
        file = tmp_path / "picture.png"
        assert run("watch", *PROBLEM, "--telemetry", telemetry, *more, "--plot", str(file)).code == 0
        assert file.stat().st_size > 5000
        file.unlink()


WRONG = {
    (): "missing option '--telemetry'",
    ("--telemetry", "none.jsonl"): "--telemetry: cannot be read",
    ("--telemetry", "LINK", "--alpha", "0"): "--alpha: must be a probability above 0",
    ("--telemetry", "LINK", "--drift", "2"): "--drift: must be a relative change",
    ("--telemetry", "LINK", "--link", "other"): "--link: must be one of simulated",
    ("--telemetry", "LINK", "--coherence-time", "100"): "--coherence-time: must be none for a link that is watched",
    ("--telemetry", "LINK", "--target", ".9"): "--target: must be within the limit of pumping",
    ("--telemetry", "LINK", "--policy", "fast"): "--policy: must be one of",
}


@pytest.mark.parametrize("options", WRONG, ids=" ".join)
def test_a_wrong_input_is_named_by_its_option(run, telemetry, options):
    """One line on standard error, exit code 2."""
    ran = run("watch", *PROBLEM, *(telemetry if one == "LINK" else one for one in options))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"lpdistill: error: {WRONG[options]}")
    assert ran.err.count("\n") == 1


def test_telemetry_needs_periods(run, tmp_path):
    """No periods are none."""
    ran = run("simulate", *PROBLEM, "--runs", "20", "--periods", "0", "--telemetry", str(tmp_path / "a.jsonl"))
    assert (ran.code, ran.err.startswith("lpdistill: error: --periods: must be at least 1")) == (2, True)
