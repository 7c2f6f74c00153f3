"""``lpdistill check``, and the certificates that ``lpdistill solve`` writes for it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from lpdistill import Problem
from symbolic import policy_map

SOLVE = ("solve", "--p", ".5", "-M", "4", "--f0", ".75", "--target", ".79")
TIME = "30902346125803/3576456259272"


@pytest.fixture
def certificate(run, tmp_path) -> str:
    """A certificate as the command line writes it."""
    path = tmp_path / "certificate.json"
    run(*SOLVE, "--certificate", str(path))
    return str(path)


def test_exact_solutions_have_the_documented_claims(run):
    """With --exact the document has the exact time, whether the policy is unique, and the columns checked."""
    document = run(*SOLVE, "--exact", "--json").document
    assert document["certificate"] == {"waiting_time": TIME, "unique": True, "checked_columns": 39}
    assert document["schema"] == "lpdistill.solution/1"


def test_a_certificate_is_checked_with_the_problem_it_is_for(run, tmp_path):
    """The answer names the problem that is certified, exactly, with rules and budgets."""
    path = str(tmp_path / "proof.json")
    rules = ("--max-distillations", "1", "--no-generation-while-distilling", "--final-step", "free")
    run(*SOLVE, *rules, "--budget", "generation_attempts=12", "--certificate", path)
    words = run("check", path).words
    assert (
        "problem p = 1/2, M = 4, f0 = 3/4 -> 79/100, times 1 (generation) and 2 (distillation), last step free" in words
    )
    assert "; max distillations 1; no generation while distilling; generation attempts <= 12" in words


def test_without_exact_there_is_no_certificate(run):
    """Nothing exact is claimed unless it is asked for."""
    assert "certificate" not in run(*SOLVE, "--json").document


def test_exact_solutions_are_shown(run):
    """The table is followed by the exact time and what is proved."""
    words = run(*SOLVE, "--exact").words
    assert f"8.64049323844 = {TIME}" in words
    assert "no reduced cost of 39 columns is negative" in words
    assert "one optimal policy" in words


def test_ties_are_shown_in_words(run):
    """Where two actions are optimal, both are shown, with the configuration."""
    breakpoints = policy_map(Problem(".5", 4, ".75", ".79"), axis="tau_d/tau_g").breakpoints
    words = run(*SOLVE, "--distillation-time", str(breakpoints[2].value.low), "--exact").words
    assert "ties in 1 visited configurations" in words
    assert (
        "as good in 2 x 0.788, 2 empty: generate on 2 memories or distil 0.788, 0.788 -> target, generate on 2 memories"
    ) in words


def test_valid_certificates_are_reported(run, certificate):
    """A valid certificate leaves with 0, the exact time and the size of what was checked."""
    ran = run("check", certificate)
    assert ran.code == 0
    assert f"waiting time 8.64049323844 = {TIME}" in ran.words
    assert "39 columns of 15 configurations" in ran.words


def test_valid_certificates_are_reported_as_json(run, certificate):
    """The document says what the checker found."""
    assert run("check", certificate, "--json").document == {
        "schema": "lpdistill.check/1",
        "problem": json.loads(Path(certificate).read_text())["problem"],
        "valid": True,
        "waiting_time": TIME,
        "unique": True,
        "configurations": 15,
        "checked_columns": 39,
    }


def test_wrong_certificates_leave_with_one_message(run, certificate, tmp_path):
    """A certificate with a changed digit leaves with an error, the reason, and nothing on standard output."""
    document = json.loads((tmp_path / "certificate.json").read_text())
    document["exact"][5]["value"] = document["exact"][5]["value"].replace("1", "2", 1)
    (tmp_path / "certificate.json").write_text(json.dumps(document))
    ran = run("check", certificate)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("lpdistill: error: the certificate is wrong: ")
    assert len(ran.err.splitlines()) == 1


def test_other_files_are_bad_input(run, problem_file):
    """A problem file is no certificate, and neither is a file that is not there."""
    for path in (problem_file("p = 0.5"), "nowhere.json"):
        ran = run("check", path)
        assert ran.code == 2
        assert "lpdistill: error: certificate: " in ran.err


def test_certificates_that_cannot_be_written_are_an_error(run, tmp_path):
    """A certificate for a folder that does not exist is one message."""
    ran = run(*SOLVE, "--certificate", str(tmp_path / "nowhere" / "certificate.json"))
    assert ran.code == 2
    assert ran.err.startswith("lpdistill: error: --certificate: cannot be written: ")


def test_rules_and_budgets_are_proved_and_checked(run, tmp_path):
    """With rules and budgets the exact claims are those of the program that is left, and the certificate checks."""
    path = tmp_path / "certificate.json"
    limits = ("--max-distillations", "1", "--discarding", "--budget", "generation_attempts=12")
    document = run(*SOLVE, *limits, "--exact", "--json", "--certificate", str(path)).document
    claims = document["certificate"]
    assert set(claims) == {"waiting_time", "unique", "checked_columns"}
    assert float(Fraction(claims["waiting_time"])) == pytest.approx(document["waiting_time"], rel=1e-12)
    checked = run("check", str(path), "--json").document
    assert {name: checked[name] for name in claims} == claims


def test_exact_prices_are_shown(run):
    """The exact price of a budget is shown beside what is used."""
    words = run(*SOLVE, "--budget", "generation_attempts=11", "--exact").words
    assert "generation_attempts: 11 used; price" in words


def test_the_users_own_rules_are_bad_input_for_the_checker(run, certificate, tmp_path):
    """A rule that the checker does not know is bad input, with the reason."""
    document = json.loads((tmp_path / "certificate.json").read_text())
    document["problem"]["rules"] = [{"rule": "reserve"}]
    (tmp_path / "certificate.json").write_text(json.dumps(document))
    ran = run("check", certificate)
    assert ran.code == 2
    assert "rule that this checker does not know" in ran.err


def test_bounds_past_the_limit_are_checked(run, tmp_path):
    """Where the bounds of labels meet, the optimum is claimed and checked; where they do not, the bounds are."""
    path = str(tmp_path / "certificate.json")
    three = ("solve", "--p", "1/2", "--memories", "3", "--f0", "4/5", "--target", "22/25")
    claims = run(*three, "--certificate", path, "--json").document["certificate"]
    assert claims["waiting_time"] == claims["lower_bound"] == "609951961684204/29696958095187"
    assert "609951961684204/29696958095187" in run("check", path).words
    apart = ("solve", "--p", "9/10", "--memories", "3", "--f0", "3/4", "--target", "21/25", "--within", "1/2")
    claims = run(*apart, "--certificate", path, "--json").document["certificate"]
    assert "waiting_time" not in claims
    checked = run("check", path, "--json").document
    assert {name: checked[name] for name in ("lower_bound", "upper_bound")} == {
        name: claims[name] for name in ("lower_bound", "upper_bound")
    }


RATE = ("throughput", "--p", ".5", "-M", "2", "--f0", ".75", "--target", ".79")


def test_exact_rates_have_the_documented_claims(run):
    """With --exact the document of a throughput has the exact gain and the columns checked."""
    document = run(*RATE, "--exact", "--json").document
    assert document["certificate"] == {"gain": "173/2448", "checked_columns": 9}
    assert document["schema"] == "lpdistill.throughput/1"


def test_a_certificate_of_a_rate_is_checked_from_its_file(run, tmp_path):
    """What throughput --certificate writes holds, and with another digit does not: exit code 1."""
    path = tmp_path / "rate.json"
    run(*RATE, "--certificate", str(path))
    assert run("check", str(path), "--json").document["gain"] == "173/2448"
    path.write_text(path.read_text().replace('"173/2448"', '"174/2448"'))
    assert run("check", str(path)).code == 1


def test_derivatives_of_a_rate_are_in_its_document(run):
    """With --sensitivity the document has d(gain)/d(parameter), and the table follows the policy."""
    document = run(*RATE, "--sensitivity", "--json").document
    assert document["sensitivity"]["p"] == document["sensitivity_details"]["derivatives"]["p"]["value"] > 0
    assert "d(gain)/d(parameter)" in run(*RATE, "--sensitivity").words


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--target", ".79", "--budget", "generation_attempts=1/2"), "generation attempts <= 1/2"),
        (("--target", ".79", "--tenant", "a=.78", "--tenant", "b=.80", "--fair", "max-min"), "a has pairs of at least"),
        (("--target", ".85", "--within", "1/5"), "no less than"),
    ],
    ids=["budget", "tenants", "labels"],
)
def test_certificates_of_rates_within_limits_are_checked_from_their_files(run, tmp_path, asked, told):
    """Within a budget, of tenants and on labels: the file holds, and a changed price or bound in it does not."""
    path = tmp_path / "rate.json"
    run("throughput", "--p", ".5", "-M", "3", "--f0", ".75", *asked, "--certificate", str(path))
    found = run("check", str(path))
    assert found.code == 0
    assert told in found.words
    document = json.loads(path.read_text())
    document["lower_bound" if "grid" in document else "gain"] = "1/20"
    path.write_text(json.dumps(document))
    assert run("check", str(path)).code == 1
