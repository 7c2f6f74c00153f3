"""Everything that a person can ask is one function: a problem and options in, an answer out."""

from __future__ import annotations

import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from lpdistill import Deviations, Grid, Problem, Rule, differences, requests, simulated_telemetry, solve
from lpdistill.cli.commands import COMMANDS
from lpdistill.errors import ImproperPolicyError, ModelError
from lpdistill.requests.level_table import with_memories
from lpdistill.schemas import schema
from lpdistill.solution.answer import LINES, Answer
from symbolic import certify

THREE = Problem("1/2", 3, "3/4", "79/100")
NO_MIXING = Rule(lambda step: (0, 1) not in step.distil, name="no mixing")
FORBIDDING = Problem("7/10", 4, "9/10", "94/100", rules=[NO_MIXING])
LIMITED = THREE.replace(budgets={"generation_attempts": "10.5"})

ASKED = {
    "adapt": lambda folder: requests.adapt(THREE, 100, 40, in_use=1, table=folder / "policies.json"),
    "check": lambda _: requests.check(certify(solve(THREE)).to_dict()),
    "compare": lambda _: requests.compare(THREE, differences="nested"),
    "deadline": lambda _: requests.deadline(THREE, window=12, confidence="0.7"),
    "deploy": lambda folder: requests.deploy(THREE, folder / "deployment"),
    "explain": lambda _: requests.explain(THREE, (2, 1)),
    "export": lambda folder: requests.export(THREE, folder / "program.mps"),
    "frontier": lambda _: requests.frontier(THREE, "generation_attempts"),
    "graph": lambda _: requests.graph(THREE),
    "hashing": lambda _: requests.hashing("0.9", pairs=(10, 1000)),
    "keyrate": lambda _: requests.keyrate(Problem("1/10", 2, "17/20", 1), "bb84"),
    "levels": lambda _: requests.levels(THREE, symbolic=True),
    "plan": lambda _: requests.plan(THREE, {"throughput": ".1"}, {"p": {"values": ".5,.6", "price": 1}}),
    "policy-map": lambda _: requests.policy_map(THREE),
    "reproduce": lambda _: requests.reproduce(search=False),
    "robust": lambda _: requests.robust(THREE, ("0.4", "0.6")),
    "simulate": lambda _: requests.simulate(THREE, runs=50, seed=1, history=True),
    "solve": lambda _: requests.solve(LIMITED, exact=True, sensitivity=True, ranges=True, increments=True),
    "standby": lambda _: requests.standby(THREE, 1, "1/20"),
    "sweep": lambda _: requests.sweep(Grid(THREE, p="0.4,0.5"), store=None, jobs=1),
    "throughput": lambda _: requests.throughput(THREE),
    "variability": lambda _: requests.variability(THREE),
    "watch": lambda _: requests.watch(THREE, simulated_telemetry(solve(THREE), 50, seed=1)),
    "verify": lambda _: requests.verify("0.9", "0.95", readout="0.99", problem=THREE),
    "waiting-time": lambda _: requests.waiting_time(THREE, "nested", at=("10",), until=20),
}
"""One question of every kind."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for files."""
    return tmp_path_factory.mktemp("requests")


@cache
def answered(name, folder):
    """One of the answers, made once for all tests."""
    return ASKED[name](folder)


def test_every_command_is_a_request():
    """There is a function for every command that answers, of its name, and no other."""
    assert {*ASKED} == {*COMMANDS} - {"serve"}
    assert {name.replace("-", "_") for name in ASKED} == {*requests.__all__} - {"Report"}


@pytest.mark.parametrize("name", ASKED)
def test_a_request_is_answered(name, folder):
    """What comes back is an answer, whose document follows its schema, and whose summary is short."""
    found = answered(name, folder)
    assert isinstance(found, Answer)
    document = json.loads(found.to_json(), parse_constant=pytest.fail)
    Draft202012Validator(schema(document["schema"])).validate(document)
    assert 1 <= len(found.summary()) <= LINES
    assert len(found.to_frame()) > 0
    shown = found.shown()
    assert all(len(row) == len(shown.headings) for row in shown.rows)
    assert "<table>" in found._repr_html_()


def test_a_report_is_its_answer_with_more(folder):
    """A report prints and is drawn as its answer; its document has more, and its parts are answers themselves."""
    found = answered("solve", folder)
    assert repr(found).splitlines()[1:-1] == repr(found.main).splitlines()[1:]
    assert repr(found).splitlines()[-1].split(None, 1) == ["parts:", ", ".join(found.parts)]
    assert found.to_frame().equals(found.main.to_frame())
    assert found.to_dict().items() >= found.main.to_dict().items()
    assert found.parts.keys() == {"certificate", "sensitivity", "price of generation_attempts", "increments"}
    assert found._repr_html_().count("<table>") > 2 * len(found.parts)


def test_levels_without_memories_have_no_limit_by_them():
    """Where nobody gives a number of memories, as many are taken as reach the target, and not spoken of."""
    problem, limited = with_memories({"f0": "3/4", "target": "79/100"})
    found = requests.levels(problem, limited=limited, symbolic=True).to_dict()
    assert "memories" not in found["problem"]
    assert found["memory_limit"] is None
    assert found["symbolic"]["memory_limit"] is None


def test_what_cannot_be_answered_is_an_error(folder):
    """Windows, suffixes and policies that mean nothing are named."""
    with pytest.raises(ModelError, match=r"^window: must be given"):
        requests.deadline(THREE)
    with pytest.raises(ModelError, match=r"^frontier: needs a window"):
        requests.deadline(THREE, confidence="0.9", frontier=True)
    with pytest.raises(ModelError, match=r"^output: .*suffixes"):
        requests.export(THREE, folder / "program.xyz")
    with pytest.raises(ModelError, match=r"^differences: must name a policy that is allowed"):
        requests.compare(FORBIDDING, ("optimal",), differences="pumping")
    with pytest.raises(ImproperPolicyError, match="never reaches the target"):
        requests.waiting_time(THREE.replace(memories=2), "nested")


def test_a_confidence_of_nothing_is_named_as_it_was_given():
    """0 is a number, which no confidence is, and not a missing one."""
    with pytest.raises(ModelError, match="found 0"):
        requests.deadline(THREE, confidence=0)


def test_files_may_be_given_as_text(tmp_path):
    """A path is a path, whether it is an object or text."""
    assert requests.export(THREE, str(tmp_path / "program.mps")).files == (str(tmp_path / "program.mps"),)
    with pytest.raises(ModelError, match="suffixes"):
        requests.export(THREE, "program.foo")


def texts(found):
    """Titles of the tables, and whatever else stands below the lines of an answer."""
    return [block if isinstance(block, str) else block.title for block in found.details()]


def test_a_report_shows_its_parts(folder):
    """Below the table of its answer a report shows those of all parts."""
    assert texts(answered("solve", folder)) == [
        "policy",
        "exactly",
        "what the parameters are worth",
        "prices beyond the ranges of budgets",
        "what whole pieces save",
    ]


def test_tables_of_one_kind_are_one():
    """Prices of several budgets stand in one table."""
    limited = THREE.replace(budgets={"generation_attempts": "10.5", "raw_pairs": 6})
    *_, prices = requests.solve(limited, ranges=True).details()
    assert {row[0] for row in prices.rows} == {"generation attempts", "raw pairs"}


def test_a_simulation_says_first_what_was_simulated():
    """Above the table stand the policy, what differs from the model, and how many runs there were of which seed."""
    reality = Deviations(message_loss="0.02")
    found = requests.simulate(THREE, "greedy", 50, seed=1, deviations=reality, horizon=20)
    above, table = found.printed()
    assert [name for name, _ in above] == ["problem", "policy", "deviations", "horizon", "runs"]
    assert dict(above)["runs"] == "50, seed 1"
    assert [*found.summary()][:2] == [*above][:2]
    assert table == found.main.shown()


def test_differences_are_called_by_their_policies(folder):
    """A comparison names the columns of what it compares; without names they are one and the other."""
    part = answered("compare", folder).parts["differences"]
    assert part.names == ("optimal", "nested")
    assert {"optimal", "nested", "visits of nested"} <= part.shown().headings.keys()
    assert part.shown().title == "where nested acts differently"
    unnamed = differences(part.one, part.other).shown()
    assert {"one", "the other", "visits of the other"} <= unnamed.headings.keys()
    assert unnamed.rows == part.shown().rows


def test_equal_policies_have_no_table():
    """Where a policy acts as the optimum does, a sentence says so."""
    found = requests.compare(THREE, differences="optimal")
    assert texts(found)[-1] == "\noptimal acts as the optimum does, in every reachable configuration."


def test_a_table_says_what_it_is_a_part_of(folder):
    """Rows that are not all have a note of how many there are, on a terminal and in a notebook."""
    found = answered("explain", folder)
    count = len(found.alternatives)
    assert found.shown(2).note == f"the best 2 of {count} actions"
    assert found.shown(None).note == ""
    assert found.shown(2).to_html().endswith(f"<p>the best 2 of {count} actions</p>")


def test_a_sweep_is_written_and_drawn(tmp_path):
    """A sweep goes to the files that are asked for, and says so."""
    pytest.importorskip("matplotlib")
    table, picture = tmp_path / "sweep.csv", tmp_path / "sweep.png"
    found = requests.sweep(Grid(THREE, p="0.4,0.5"), store=None, jobs=1, export=table, plot=picture)
    assert ("written", str(table)) in found.summary()
    assert table.read_text().count("\n") == 3
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"export": "sweep.xyz"}, "export"),
        ({"plot": "sweep.xyz"}, "plot"),
        ({"quantity": "beauty"}, "quantity"),
        ({"plot": "sweep.png", "plot_policy": "nested"}, "policy"),
    ],
)
def test_a_sweep_that_cannot_be_kept_is_not_begun(tmp_path, monkeypatch, wanted, named):
    """What cannot be written or drawn is refused by the name of the argument, before there is a store."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=rf"^{named}: "):
        requests.sweep(Grid(THREE, p="0.4,0.5"), **wanted)
    assert not list(tmp_path.iterdir())


def test_a_study_needs_a_folder_and_processes():
    """Both are refused by the names of the arguments, before any work."""
    with pytest.raises(ModelError, match=r"^figures: must be a folder that exists"):
        requests.reproduce(figures="nowhere")
    with pytest.raises(ModelError, match=r"^jobs: must be at least 1"):
        requests.reproduce(jobs=0)


def test_a_graph_says_where_it_is(tmp_path):
    """Files that a graph was written to and drawn into stand in its summary and in its line."""
    pytest.importorskip("matplotlib")
    files = [tmp_path / "graph.json", tmp_path / "graph.png"]
    found = requests.graph(THREE.replace(memories=2), output=files[0], plot=files[1])
    assert all(file.exists() and str(file) in dict(found.summary())["written"] for file in files)
    (line,) = found.printed()
    assert line == f"{found.size}; written to {files[0]}; written to {files[1]}"


def test_policies_that_are_not_allowed_say_why():
    """Below the table of a comparison stands which rule forbids what of a policy."""
    found = requests.compare(FORBIDDING)
    assert [text.partition(":")[0] for text in texts(found)[1:]] == ["pumping is not allowed", "greedy is not allowed"]
