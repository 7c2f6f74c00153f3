"""``lpdistill deploy``: files, and what is said of what they cannot be made from."""

import json
import sys

import pytest

SMALL = ("--p", ".5", "-M", "4", "--f0", "3/4", "--target", "79/100")
OBJECTIVE = """
p = 0.5
f0 = "3/4"
target = 0.79

[objective]
{}

[ranges.memories]
values = [3, 4]
prices = [1, 2]
"""


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """Commands write where nothing else is."""
    monkeypatch.chdir(tmp_path)


def objective(text):
    """An objective file."""
    with open("objective.toml", "w", encoding="utf-8") as file:  # noqa: PTH123 - where the command runs
        file.write(OBJECTIVE.format(text))
    return "--objective", "objective.toml"


def test_files_are_written_and_listed(run, tmp_path):
    """What is printed lists the alerts, and the document the files that are there."""
    assert "LinkYieldLow" in run("deploy", *SMALL, "--to", "there").out
    found = run("deploy", *SMALL, "--to", "there", "--json").document
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(found["files"])
    assert json.loads((tmp_path / "there" / "link.json").read_text())["alerts"] == found["alerts"]


def test_the_objective_of_a_plan_is_that_of_its_link(run):
    """A window with a confidence, or a throughput, of an objective file is what options would say."""
    planned = run("deploy", *SMALL, "--to", "there", *objective("window = 40\nconfidence = 0.9"), "--json").document
    typed = run("deploy", *SMALL, "--to", "there", "--window", "40", "--confidence", ".9", "--json").document
    assert planned == typed
    assert planned["objective"]["window"] == 40
    planned = run("deploy", *SMALL, "--to", "there", *objective("throughput = 0.1"), "--json").document
    assert planned["objective"]["throughput"] == 0.1
    assert planned["objective"]["window"] is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("waiting_time = 9", "objective: must be a window with a confidence, or a throughput (found 'waiting_time')"),
        ("throughput = 0.1\nfidelity = 0.8", "objective: the problem has the target 79/100, and must have that of"),
    ],
)
def test_objectives_that_telemetry_does_not_show_are_refused(run, asked, told):
    """An objective has to be one that counts can be compared with, of the target that the link has."""
    ran = run("deploy", *SMALL, "--to", "there", *objective(asked))
    assert ran.code == 2
    assert told in ran.err


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--window", "25"), 3, "window: the policy of least waiting time is done within 25 with probability 0.988535"),
        (("--throughput", "1"), 3, "throughput: no policy is known that delivers 1 pairs per unit of time"),
        (("--throughput", ".1", "--window", "9"), 2, "--throughput: is that of the policy that delivers most"),
        (("--link", "../link"), 2, "--link: must be at most 40 small letters"),
        (("--unit-time", "3"), 2, "--unit-time: must be a time above 0 with a unit, such as 1ms (found '3')"),
        (("--confidence", "1"), 2, "--confidence: must be a probability between 0 and 1"),
        (("--false-alarms", "0"), 2, "--false-alarms: must be above 0"),
        (("--replicas", "9:1"), 2, "--replicas: must be from 1 to 1000"),
        (("--image", "a b"), 2, "--image: must be the name of an image"),
        (("--memory", "1"), 2, "--memory: must be at least 512 megabytes"),
    ],
    ids=str,
)
def test_what_cannot_be_deployed_is_named(run, tmp_path, options, code, told):
    """One message says what is wrong, where, with the value found; nothing is written."""
    ran = run("deploy", *SMALL, "--to", "there", *options)
    assert ran.code == code, ran.err
    assert told in ran.err
    assert not [*tmp_path.iterdir()]


def test_an_objective_has_one_source(run):
    """What the file says is not said by an option as well."""
    ran = run("deploy", *SMALL, "--to", "there", *objective("throughput = 0.1"), "--throughput", ".1")
    assert (ran.code, "--throughput: has no meaning beside --objective" in ran.err) == (2, True)


def test_files_of_others_are_kept_unless_told(run, tmp_path):
    """What would be lost is named, and ``--replace`` says that it may be."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "Containerfile").write_text("FROM scratch")
    ran = run("deploy", *SMALL, "--to", "there")
    assert (ran.code, "--to: holds Containerfile, which would be lost" in ran.err) == (2, True)
    assert run("deploy", *SMALL, "--to", "there", "--replace").code == 0


def test_a_library_that_is_missing_is_named(run, monkeypatch):
    """Without PyYAML there is one line that says how to get it."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    ran = run("deploy", *SMALL, "--to", "there")
    assert (ran.code, "needs PyYAML: pip install 'lpdistill[service]'" in ran.err) == (2, True)


def test_a_drift_is_drawn(run, tmp_path):
    """``--plot`` draws how probably a lower success probability is an alarm."""
    pytest.importorskip("matplotlib")
    assert run("deploy", *SMALL, "--to", "there", "--plot", "power.png").code == 0
    assert (tmp_path / "power.png").read_bytes().startswith(b"\x89PNG")
