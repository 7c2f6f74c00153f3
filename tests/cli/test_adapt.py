"""``lpdistill adapt`` recommends a policy after counts, and writes all of them for a device."""

from __future__ import annotations

import json

import pytest

from lpdistill import Problem, read_policy_table

NODE = ("-M", "4", "--f0", "3/4", "--target", "79/100")


def test_a_recommendation_is_printed(run):
    """The interval, the pieces, the recommendation and its gain stand in lines; no p is needed."""
    ran = run("adapt", *NODE, "--attempts", "5000", "--successes", "1010", "--in-use", "2")
    assert ran.code == 0
    assert "recommended    change to policy 1: faster by 0.0017108 at least" in ran.out


def test_looks_are_named(run):
    """The confidence is said to be that of all looks."""
    ran = run("adapt", *NODE, "--attempts", "5000", "--successes", "1010", "--look", "4")
    assert "confidence 0.95 over all looks, of which this is number 4" in ran.out


def test_telemetry_is_counted(run, tmp_path):
    """Records of a link are added up, and are the same as their counts; one of several links is named."""
    file = tmp_path / "link.jsonl"
    lines = ({"link": name, "attempts": 2500, "successes": k} for name, k in (("a", 500), ("b", 9), ("a", 510)))
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    counted = run("adapt", *NODE, "--attempts", "5000", "--successes", "1010", "--in-use", "2", "--json").document
    told = ("adapt", *NODE, "--telemetry", str(file), "--in-use", "2")
    assert run(*told, "--link", "a", "--json").document == counted
    assert "--link: is missing, and there are several: a, b" in run(*told).err
    both = run(*told, "--link", "a", "--attempts", "3")
    assert (both.code, "has counts, and others are given" in both.err) == (2, True)
    assert "--link: is one of telemetry" in run("adapt", *NODE, "--link", "a").err
    file.write_text('{"waiting_times": [3]}\n')
    assert "has no attempts" in run(*told).err


def test_a_table_is_written(run, tmp_path):
    """Without counts the answer is the table, which goes to a file if that is wanted, and is read back."""
    ran = run("adapt", *NODE, "--table", str(tmp_path / "policies.json"))
    assert ran.code == 0
    assert "3, for p from 0 to 1" in ran.out
    assert len(read_policy_table(Problem(1, 4, "3/4", "79/100"), tmp_path / "policies.json").entries) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--attempts", "10"), "--successes: are missing"),
        (("--attempts", "10", "--successes", "11"), "--successes: must be at least 0, and at most as many as attempts"),
        (("--attempts", "10", "--successes", "0"), "--successes: must be at least 1"),
        (("--attempts", "10", "--successes", "5", "--in-use", "9"), "--in-use: must be the number of a piece"),
        (("--in-use", "1"), "--in-use: is compared after counts"),
        (("--regret", "0.1"), "--regret: belongs to a range of p"),
        (("--span", "0.5"), "--span: must be an interval LOW:HIGH"),
        (("--attempts", "10", "--successes", "5", "--span", ".1:.2"), "--span: is that of a table"),
        (("--table", "/nowhere/table.json"), "--table: cannot be written"),
        (("--budget", "steps=9", "--attempts", "9", "--successes", "3"), "budgets: make optimal policies randomise"),
    ],
)
def test_wrong_options_are_one_message(run, options, message):
    """Exit code 2, with the option as it is typed."""
    ran = run("adapt", *NODE, *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1
