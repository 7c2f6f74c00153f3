"""``lpdistill hashing``."""

from lpdistill import hashing


def test_yield_and_threshold_are_shown(run):
    """The terminal shows entropy, yield, threshold, and a row for every number of pairs."""
    ran = run("hashing", "--f0", ".9", "--pairs", "1000")
    assert ran.code == 0
    assert "threshold 0.810710375" in ran.words
    assert "1000 836 164 0.164" in ran.words


def test_the_document_is_that_of_the_function(run):
    """``--json`` prints what Python has."""
    found = run("hashing", "--raw", ".9,0,0,.1", "--pairs", "50,100", "--error", ".01", "--json").document
    assert found == hashing(raw=".9,0,0,.1", pairs=(50, 100), error="0.01").to_dict()


def test_a_problem_file_has_the_pair(run, tmp_path):
    """Of a problem file the raw pair is taken, and options win over it."""
    file = tmp_path / "problem.toml"
    file.write_text('p = 0.5\nmemories = 4\nf0 = "9/10"\ntarget = 0.94\n')
    assert run("hashing", str(file), "--pairs", "10", "--json").document["problem"]["raw"][0] == "9/10"
    assert run("hashing", str(file), "--pairs", "10", "--f0", ".85", "--json").document["problem"]["raw"][0] == "17/20"
