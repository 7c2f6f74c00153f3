"""Everything that a person can ask is one function: a problem and options in, an answer out."""

from __future__ import annotations

import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from lpdistill import Grid, Problem, requests, solve
from lpdistill.cli.commands import COMMANDS
from lpdistill.errors import ImproperPolicyError, ModelError
from lpdistill.requests.level_table import with_memories
from lpdistill.schemas import schema
from lpdistill.solution.answer import LINES, Answer
from symbolic import certify

THREE = Problem("1/2", 3, "3/4", "79/100")
LIMITED = THREE.replace(budgets={"generation_attempts": "10.5"})

ASKED = {
    "check": lambda _: requests.check(certify(solve(THREE)).to_dict()),
    "compare": lambda _: requests.compare(THREE, differences="nested"),
    "deadline": lambda _: requests.deadline(THREE, window=12, confidence="0.7"),
    "explain": lambda _: requests.explain(THREE, (2, 1)),
    "export": lambda folder: requests.export(THREE, folder / "program.mps"),
    "frontier": lambda _: requests.frontier(THREE, "generation_attempts"),
    "graph": lambda _: requests.graph(THREE),
    "levels": lambda _: requests.levels(THREE, symbolic=True),
    "policy-map": lambda _: requests.policy_map(THREE),
    "reproduce": lambda _: requests.reproduce(search=False),
    "robust": lambda _: requests.robust(THREE, ("0.4", "0.6")),
    "simulate": lambda _: requests.simulate(THREE, runs=50, seed=1, history=True),
    "solve": lambda _: requests.solve(LIMITED, exact=True, sensitivity=True, ranges=True, increments=True),
    "sweep": lambda _: requests.sweep(Grid(THREE, p="0.4,0.5"), store=None, jobs=1),
    "variability": lambda _: requests.variability(THREE),
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
    """There is a function for every command, of its name, and no other."""
    assert {*ASKED} == {*COMMANDS}
    assert {name.replace("-", "_") for name in COMMANDS} == {*requests.__all__} - {"Report"}


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
    assert repr(found) == repr(found.main)
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
    with pytest.raises(ModelError, match="--window: must be given"):
        requests.deadline(THREE)
    with pytest.raises(ModelError, match="needs --window"):
        requests.deadline(THREE, confidence="0.9", frontier=True)
    with pytest.raises(ModelError, match="suffixes"):
        requests.export(THREE, folder / "program.xyz")
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
