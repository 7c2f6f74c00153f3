"""``lpdistill verify``."""

import pytest

from lpdistill import acceptance_plan, acceptance_verdict, sequential_verdict

CLAIM = ("--certify", ".9", "--true", ".95")


def test_the_contract(run):
    """The numbers of a fidelity of .9 with pairs of .95, and the confidence and power that are usual."""
    found = run("verify", *CLAIM, "--delta", ".05", "--power", ".9", "--readout", "1", "--json").document
    assert (found["pairs"], found["passes"], found["hoeffding"]) == (361, 345, 4748)
    assert found["sequential_mean"] == pytest.approx(219.7, abs=0.05)
    assert found == acceptance_plan("0.9", "0.95").to_dict()


def test_it_reads_like_this(run):
    """Lines for what is claimed and what it takes, and a row for every test."""
    words = run("verify", *CLAIM).words
    assert "361, of which 345 have to pass" in words
    assert "suffices from 414 pairs on" in words
    assert "Wald's bounds" in words


def test_a_problem_says_what_the_pairs_take_and_how_they_are_read_out(run, problem_file):
    """The readout of the hardware measures; an option wins over it."""
    file = problem_file("p = 0.5\nmemories = 3\nf0 = 0.9\ntarget = 0.93\ngate = 0.99\nreadout = 0.99\n")
    found = run("verify", file, *CLAIM, "--json").document
    assert found["problem"]["readout"] == "99/100"
    assert found["generation"]["pairs"]["attempts"] > found["pairs"]
    assert run("verify", file, *CLAIM, "--readout", "1", "--json").document["problem"]["readout"] == "1"


def test_measured_pairs_are_judged(run, tmp_path):
    """Of a fixed number, and one by one from a file."""
    found = run("verify", "--certify", ".9", "--passes", "345", "--pairs", "361", "--json").document
    assert found == acceptance_verdict("0.9", 345, 361).to_dict()
    file = tmp_path / "results.txt"
    file.write_text("1 1 0 1\n" * 30)
    found = run("verify", *CLAIM, "--sequence", str(file), "--json").document
    assert found == sequential_verdict("0.9", "0.95", "1101" * 30).to_dict()


def test_a_picture(run, tmp_path):
    """The plan and both verdicts are drawn."""
    pytest.importorskip("matplotlib")
    results = tmp_path / "results.txt"
    results.write_text("110111")
    for more in ((), ("--passes", "9", "--pairs", "10"), ("--sequence", str(results))):
        file = tmp_path / "picture.png"
        assert run("verify", *CLAIM, *more, "--plot", str(file)).code == 0
        assert file.stat().st_size > 5000
        file.unlink()


WRONG = {
    ("--certify", ".95", "--true", ".9"): "--true: must be above the fidelity to certify, 0.95",
    ("--certify", ".9"): "--true: is missing",
    (*CLAIM, "--readout", ".5"): "--readout: must be above 1/2",
    (*CLAIM, "--delta", "0"): "--delta: must be a probability above 0",
    (*CLAIM, "--passes", "5"): "--pairs: is missing",
    (*CLAIM, "--passes", "5", "--pairs", "4"): "--passes: must be at least 0, and no more than the 4 pairs",
    (*CLAIM, "--sequence", "nowhere.txt"): "--sequence: cannot be read: No such file",
    (*CLAIM, "--sequence", "nowhere.txt", "--pairs", "4"): "--sequence: has the passes and pairs itself",
    (*CLAIM, "--p", ".5"): "memories: is missing",
}


@pytest.mark.parametrize("options", WRONG, ids=" ".join)
def test_a_wrong_input_is_named_by_its_option(run, options):
    """One line on standard error, exit code 2."""
    ran = run("verify", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"lpdistill: error: {WRONG[options]}")
    assert ran.err.count("\n") == 1


def test_too_much_is_a_limit(run):
    """Fidelities that are hardly apart are refused with the pairs that suffice, exit code 4."""
    ran = run("verify", "--certify", ".9", "--true", ".90001")
    assert ran.code == 4
    assert "suffice by Chernoff's bound" in ran.err
