"""``lpdistill waiting-time``: the distribution as a document, a table and a picture."""

from __future__ import annotations

import pytest

from lpdistill import Problem, distribution, policy_named

FOUR = Problem("1/2", 4, "3/4", "79/100")
WAITING = ("waiting-time", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")


@pytest.mark.parametrize("name", ["optimal", "pumping", "nested", "greedy", "banded:1"])
def test_json_is_what_python_gives(run, name):
    """The document has the moments of the linear systems, and the quantiles and probabilities of the law."""
    found = run(*WAITING, "--policy", name, "--at", "10,20", "--json").document
    policy = policy_named(FOUR, name)
    law = distribution(policy)
    assert found["schema"] == "lpdistill.waiting-time/1"
    assert (found["policy"], found["mean"], found["std"]) == (name, policy.waiting_time, policy.standard_deviation)
    assert found["quantiles"] == {q: law.quantile(q) for q in ("0.5", "0.9", "0.99")}
    assert found["cdf"] == {"10": law.cdf(10), "20": law.cdf(20)}
    assert (found["pmf"], found["tail_rate"], found["truncated"]) == (law.pmf.tolist(), law.tail_rate, law.truncated)


def test_keys_are_as_they_were_written(run):
    """Quantiles and times may be lists or repeated, and keep the form they were given."""
    found = run(
        *WAITING, "--quantile", "0.990, 1/2", "--quantile", ".75", "--at", "1e1", "--at", "31/3,0", "--json"
    ).document
    assert list(found["quantiles"]) == ["0.990", "1/2", ".75"]
    assert list(found["cdf"]) == ["1e1", "31/3", "0"]
    assert found["cdf"]["0"] == 0


def test_the_table_has_moments_quantiles_and_probabilities(run):
    """The table says what the document says."""
    ran = run(*WAITING, "--at", "10")
    document = run(*WAITING, "--at", "10", "--json").document
    assert f"{document['mean']:.9f}" in ran.out
    assert f"{document['std']:.9f}" in ran.out
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["7", "at", "least", "0.5"] in rows
    assert ["26", "at", "least", "0.99"] in rows
    assert ["10", f"{document['cdf']['10']:.9f}"] in rows
    assert "exp(-0.203939 t)" in ran.words


def test_bounded_times_are_said_to_be_bounded(run):
    """With a target below f0 and p = 1 the tail ends, in words and as null."""
    bounded = ("waiting-time", "--p", "1", "--memories", "2", "--f0", ".75", "--target", ".7")
    assert "all waiting times are bounded" in run(*bounded).words
    assert run(*bounded, "--json").document["tail_rate"] is None


def test_a_policy_file_is_a_policy(run, tmp_path):
    """A policy that was written has the law of the policy that it was."""
    file = str(tmp_path / "policy.json")
    assert run("export", *WAITING[1:], "-o", file).code == 0
    mine, optimal = run(*WAITING, "--policy", file, "--json").document, run(*WAITING, "--json").document
    assert mine["quantiles"] == optimal["quantiles"]
    assert mine["mean"] == pytest.approx(optimal["mean"], rel=1e-12)


def test_until_stops_early(run):
    """Up to a time only, what lies beyond is told, and moments are still those of the linear systems."""
    found = run(*WAITING, "--until", "10", "--quantile", "1/2", "--json").document
    whole = run(*WAITING, "--json").document
    assert (len(found["pmf"]), found["mean"], found["std"]) == (11, whole["mean"], whole["std"])
    assert found["truncated"] == pytest.approx(sum(whole["pmf"][11:]), rel=1e-12)


def test_plot_writes_a_picture(run, tmp_path):
    """``--plot`` writes a picture, and the document stays alone on standard output."""
    pytest.importorskip("matplotlib")
    ran = run(*WAITING, "--plot", str(tmp_path / "law.png"), "--json")
    assert (tmp_path / "law.png").read_bytes().startswith(b"\x89PNG")
    assert ran.document["schema"] == "lpdistill.waiting-time/1"
    assert ran.err == ""


WRONG = {
    "unknown policy": (("--policy", "best"), 2, "best"),
    "missing policy file": (("--policy", "nowhere.json"), 2, "nowhere.json"),
    "quantile 0": (("--quantile", "0"), 2, "quantile"),
    "quantile 1": (("--quantile", "0.5,1"), 2, "quantile"),
    "quantile 1.5": (("--quantile", "1.5"), 2, "1.5"),
    "quantile in words": (("--quantile", "median"), 2, "median"),
    "empty quantile": (("--quantile", "0.5,,0.9"), 2, "--quantile"),
    "negative time": (("--at", "-3"), 2, "-3"),
    "time in words": (("--at", "soon"), 2, "soon"),
    "infinite time": (("--at", "inf"), 2, "inf"),
    "negative until": (("--until", "-1"), 2, "until"),
    "beyond until": (("--until", "10", "--quantile", "0.99"), 4, "until"),
    "deadlock": (("--memories", "2", "--policy", "nested"), 3, "(1, 1)"),
    "window far too long": (("--until", "1e12"), 4, "1,000,000,000,001"),
    "rare generation": (("--p", "1e-9"), 4, "until"),
    "durations without a common unit": (("--generation-time", "1e-20"), 4, "unit"),
    "unknown suffix": (("--plot", "law.xyz"), 2, "law.xyz"),
    "missing folder": (("--plot", "nowhere/law.png"), 2, "nowhere"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, standard output stays empty, nothing is written."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    ran = run(*WAITING, *options, "--json")
    assert (ran.code, len(ran.err.splitlines()), ran.out) == (code, 1, "")
    assert word in ran.err
    assert not list(tmp_path.iterdir())


TWO = ("waiting-time", "--p", "1/2", "--memories", "2", "--f0", "3/4", "--target", "79/100")


def test_quantiles_that_nobody_asked_for_may_lie_beyond_until(run):
    """What lies beyond the last time is null, and a dash; what was asked for is refused."""
    found = run(*TWO, "--until", "5", "--json").document
    assert found["quantiles"] == {"0.5": None, "0.9": None, "0.99": None}
    assert found["mean"] == pytest.approx(14.150289, abs=1e-6)
    assert ["-", "at", "least", "0.5"] in [line.split() for line in run(*TWO, "--until", "5").out.splitlines()]
    assert run(*TWO, "--until", "5", "--quantile", "0.5").code == 4
    assert run(*TWO, "--until", "5", "--at", "9").code == 4
    assert run(*TWO, "--until", "13", "--json").document["quantiles"]["0.5"] is not None


def test_a_policy_that_may_never_end_is_refused_with_what_to_do(run):
    """Without a time to stop at, the policy, its deadlock, the probability and the remedies are named."""
    ran = run(*TWO, "--policy", "nested")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 1)
    for words in ("policy nested", "with probability 1,", "trapped for ever in (1, 1)", "--until", "lpdistill compare"):
        assert words in ran.err
    assert "choose an action" not in ran.err


@pytest.mark.parametrize("option", ["--until", "--at"])
def test_a_policy_that_may_never_end_has_a_law(run, option):
    """With a time, its law is shown: no mean, the probability of never, the deadlock and the probabilities."""
    ran = run(*TWO, "--policy", "nested", option, "5", "--json")
    found = ran.document
    assert (ran.code, found["mean"], found["std"], found["never"]) == (0, None, None, 1)
    assert found["deadlock"] == [[1, 1]]
    assert found["quantiles"] == {"0.5": None, "0.9": None, "0.99": None}
    assert found["cdf"] == ({"5": 0} if option == "--at" else {})
    table = run(*TWO, "--policy", "nested", option, "5").words
    assert "never with probability 1.000000000: trapped for ever in (1, 1)" in table
    assert "never at least 0.5" in table
