"""``lpdistill simulate``: the table, the document, the example run, and what is refused."""

from __future__ import annotations

import pytest

from lpdistill import Deviations, Problem, baseline, history, simulate, solve, write_policy
from lpdistill.simulation import history as recorded
from lpdistill.solution.document import section

FOUR = Problem("1/2", 4, "9/10", "94/100")
SIMULATE = ("simulate", "--p", ".5", "--memories", "4", "--f0", ".9", "--target", ".94", "--seed", "7", "--runs", "500")


def test_json_is_what_python_gives(run):
    """The document is that of the library, with the policy's name."""
    found = simulate(solve(FOUR).policy, 500, seed=7)
    assert run(*SIMULATE, "--json").document == found.to_dict() | {"policy": "optimal"}


def test_deviations_reach_the_library(run):
    """Every option of reality is a deviation of the same name."""
    options = {"--real-p": "0.4", "--real-f0": "0.89", "--message-loss": "0.1", "--jitter": "0.2"}
    ran = run(*SIMULATE, *(part for option in options.items() for part in option), "--policy", "greedy", "--json")
    reality = Deviations(p="0.4", f0="0.89", message_loss="0.1", jitter="0.2")
    found = simulate(baseline(FOUR, "greedy"), 500, seed=7, deviations=reality)
    assert ran.document == found.to_dict() | {"policy": "greedy"}


def test_horizon_and_confidence_are_options(run):
    """A horizon and a confidence are those of the document."""
    document = run(*SIMULATE, "--horizon", "9", "--confidence", "0.99", "--json").document
    assert (document["horizon"], document["confidence"]) == (9, 0.99)
    assert document["success_rate"]["value"] < 1


def test_the_table_has_every_estimate(run):
    """The table has a line for every estimate, the problem, the policy and the seed."""
    ran = run(*SIMULATE, "--policy", "nested")
    found = simulate(baseline(FOUR, "nested"), 500, seed=7)
    for name, estimate in found.estimates.items():
        assert f"{name.replace('_', ' ')} {estimate.value:.6f} {estimate.lower:.6f} {estimate.upper:.6f}" in ran.words
    assert "policy nested" in ran.words
    assert "runs 500, seed 7" in ran.words


def test_a_seed_that_is_drawn_is_shown(run):
    """Without a seed the one drawn is in the document, and repeats it."""
    options = [option for option in SIMULATE if option not in {"--seed", "7"}]
    drawn = run(*options, "--json").document
    again = run(*options, "--seed", str(drawn["seed"]), "--json").document
    assert again == drawn


def test_the_example_run_is_that_of_the_library(run):
    """``--history`` prints one run, of the same seed, and puts it into the document, whose head it shares."""
    one = history(solve(FOUR).policy, seed=7)
    assert str(one) in run(*SIMULATE, "--history").out
    assert run(*SIMULATE, "--history", "--json").document["history"] == section(one.to_dict())


def test_pictures_are_written(run, tmp_path):
    """``--plot`` and ``--timeline`` each write a picture, and the document stays alone."""
    pytest.importorskip("matplotlib")
    plot, timeline = tmp_path / "times.png", tmp_path / "run.svg"
    ran = run(*SIMULATE, "--plot", str(plot), "--timeline", str(timeline), "--json")
    assert ran.document["runs"] == 500
    assert ran.err == ""
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert timeline.read_bytes().startswith(b"<?xml")


def test_a_policy_file_is_simulated(run, tmp_path):
    """A policy from a file is simulated as the one that was written."""
    path = tmp_path / "policy.json"
    write_policy(solve(FOUR).policy, path)
    found = run(*SIMULATE, "--policy", str(path), "--json").document
    assert found | {"policy": "optimal"} == run(*SIMULATE, "--json").document


def test_an_improper_policy_runs_to_the_horizon(run):
    """An improper policy is refused with its deadlock, and simulated with a horizon; what is missing is a dash."""
    nested = ("simulate", "--p", ".5", "-M", "2", "--f0", ".75", "--target", ".79", "--policy", "nested", "--runs", "9")
    refused = run(*nested)
    assert (refused.code, len(refused.err.splitlines())) == (3, 1)
    assert "horizon" in refused.err
    assert "(1, 1)" in refused.err
    ran = run(*nested, "--horizon", "20")
    assert ran.code == 0
    assert "waiting time - - - - -" in ran.words
    assert "quantile 0.5 not delivered" in ran.words


WRONG = {
    "unknown policy": (("--policy", "fastest"), 2, "fastest"),
    "policy file that is missing": (("--policy", "none.json"), 2, "none.json"),
    "policy file of another problem": (("--policy", "other.json"), 2, "other.json"),
    "runs 0": (("--runs", "0"), 2, "runs"),
    "runs no number": (("--runs", "many"), 2, "runs"),
    "negative seed": (("--seed", "-1"), 2, "seed"),
    "horizon 0": (("--horizon", "0"), 2, "horizon"),
    "real p 0": (("--real-p", "0"), 2, "--real-p:"),
    "real f0 a half": (("--real-f0", "0.5"), 2, "--real-f0:"),
    "loss 1": (("--message-loss", "1"), 2, "--message-loss:"),
    "negative jitter": (("--jitter", "-0.1"), 2, "jitter"),
    "confidence 1": (("--confidence", "1"), 2, "confidence"),
    "unknown suffix": (("--timeline", "run.xyz"), 2, "run.xyz"),
    "missing folder": (("--plot", "nowhere/times.png"), 2, "nowhere"),
    "too many runs": (("--runs", "1e9"), 4, "runs"),
    "too long runs": (("--real-p", "1e-12"), 4, "real p"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, and nothing is printed for an answer."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    write_policy(solve(Problem("1/2", 4, "3/4", "79/100")).policy, "other.json")
    ran = run(*SIMULATE, *options)
    assert (ran.code, len(ran.err.splitlines()), ran.out) == (code, 1, "")
    assert word in ran.err


def test_an_example_run_that_fails_fails_first(run, monkeypatch):
    """An example run too long to be read is refused before the runs are simulated."""
    monkeypatch.setattr(recorded, "MOST_STEPS", 1)
    monkeypatch.setattr("lpdistill.requests.policies.simulate_policy", None)
    ran = run(*SIMULATE, "--history")
    assert (ran.code, ran.out) == (4, "")
    assert "history: has more than 1 steps" in ran.err


def test_a_picture_without_deliveries_says_so(run, tmp_path):
    """Where no run is delivered, the numbers are printed, and the picture says that there was nothing to draw."""
    pytest.importorskip("matplotlib")
    file = tmp_path / "times.svg"
    ran = run(*SIMULATE, "--horizon", "1", "--plot", str(file), "--json")
    assert ran.code == 0
    assert file.stat().st_size > 1000
