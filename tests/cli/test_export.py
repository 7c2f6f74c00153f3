"""``lpdistill export``: programs, processes and policies in files, and messages where they cannot be written."""

from __future__ import annotations

import highspy
import pytest

from lpdistill import Budget, Problem, solve
from lpdistill.export.policies import read_policy

THREE = Problem("1/2", 3, "3/4", "79/100")
EXPORT = ("export", "--p", ".5", "--memories", "3", "--f0", ".75", "--target", ".79")
LIMIT = ("--budget", "generation_attempts=11")
SUFFIXES = (".mps", ".drn", ".tra", ".json", ".csv")


def test_the_program_is_read_by_highs(run, tmp_path):
    """The MPS file, budget included, is read by a fresh HiGHS to the waiting time."""
    assert run(*EXPORT, *LIMIT, "-o", str(tmp_path / "program.mps")).code == 0
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(tmp_path / "program.mps"))
    highs.run()
    wanted = solve(THREE.with_constraints(Budget("generation_attempts", 11))).waiting_time
    assert highs.getInfo().objective_function_value == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_the_policy_is_read_back(run, tmp_path, suffix):
    """The policy file, lots included, is read back to the waiting time."""
    assert run(*EXPORT, *LIMIT, "-o", str(tmp_path / f"policy{suffix}")).code == 0
    problem = THREE.with_constraints(Budget("generation_attempts", 11))
    found = read_policy(problem, tmp_path / f"policy{suffix}")
    assert found.waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-12)


def test_the_process_for_storm_has_its_sizes(run, tmp_path):
    """The DRN file counts ten configurations and the target."""
    assert run(*EXPORT, "-o", str(tmp_path / "model.drn")).code == 0
    lines = (tmp_path / "model.drn").read_text().splitlines()
    assert lines[lines.index("@nr_states") + 1] == "11"


def test_the_process_for_prism_is_four_files(run, tmp_path):
    """The suffix ``.tra`` writes transitions, states, labels and rewards, and the message names them all."""
    ran = run(*EXPORT, "-o", str(tmp_path / "model.tra"))
    names = {"model.tra", "model.sta", "model.lab", "model.trew"}
    assert {file.name for file in tmp_path.iterdir()} == names
    assert all(name in ran.out.replace("\n", "") for name in names)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_the_same_every_time(run, tmp_path, suffix):
    """Written twice, a file has the same bytes."""
    file = tmp_path / f"file{suffix}"
    run(*EXPORT, "-o", str(file))
    once = file.read_bytes()
    run(*EXPORT, "-o", str(file))
    assert file.read_bytes() == once


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_folder_is_one_message(run, tmp_path, suffix):
    """A path in no folder is bad input, whatever the format: exit code 2, and one message with the path."""
    ran = run(*EXPORT, "-o", str(tmp_path / "nowhere" / f"file{suffix}"))
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "nowhere" in ran.err


WRONG = {
    "unknown suffix": (("-o", "model.xyz"), 2, "model.xyz"),
    "no suffix": (("-o", "model"), 2, ".mps, .drn, .tra, .json, .csv"),
    "infeasible budget": (("-o", "policy.json", "--budget", "steps=1"), 3, "steps"),
    "too large a program": (("-o", "program.mps", "--memories", "100"), 4, "memory"),
    "too large a process": (("-o", "model.drn", "--memories", "100", "--f0", ".9", "--target", ".94"), 4, "memories"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, and nothing is written."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    ran = run(*EXPORT, *options)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert word in ran.err
    assert not list(tmp_path.iterdir())


def test_an_output_is_needed(run):
    """Without ``--output`` the usage is shown, with exit code 2 and nothing on standard output."""
    ran = run(*EXPORT)
    assert (ran.code, ran.out) == (2, "")
    assert "--output" in ran.err
