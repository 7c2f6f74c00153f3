"""Everything that can be asked on the command line can be asked of the service, with the same documents."""

from __future__ import annotations

import json
from decimal import Decimal

import click
import pytest
from jsonschema import Draft202012Validator

from lpdistill import Problem, requests, solve
from lpdistill.cli.commands import COMMANDS, load
from lpdistill.errors import LpdistillError, ModelError
from lpdistill.hardware.rules import BUILT_IN
from lpdistill.problem.settings import SETTINGS, tables
from lpdistill.schemas import schema
from lpdistill.server.asking import answered
from lpdistill.server.bodies import document_of
from lpdistill.server.openapi import openapi_document
from lpdistill.server.parameters import PARAMETERS, WITHOUT
from lpdistill.server.refusals import RefusedError
from lpdistill.server.routes import ROUTES, UNSERVED, form_of
from symbolic import certify

SMALL = {"p": "1/2", "memories": 3, "f0": "3/4", "target": "79/100"}
DESCRIBED = {*SETTINGS, *BUILT_IN, "budget", *(f"no_{name}" for name in tables())}
"""Options that describe a problem."""


def asked(name, body=None, **keys):
    """The answer to a body, as the service reads it."""
    body = {"problem": SMALL, **keys} if body is None else body
    return answered(name, document_of(json.dumps(body).encode()), seconds=30)


def test_every_command_is_a_request_or_says_why_not():
    """No command is forgotten, and a certificate is a request of its own, where commands write a file."""
    assert {*ROUTES} - {"certificate"} == {*COMMANDS} - {*UNSERVED}


@pytest.mark.parametrize("name", [name for name in ROUTES if name in COMMANDS])
def test_every_option_is_a_key_or_says_why_not(name):
    """What a command takes besides a problem has a key of that name in the body, or a reason in the table."""
    command = load(name)
    options = {item.opts[0].removeprefix("--").replace("-", "_"): item.name for item in command.params}
    for option, parameter in options.items():
        own = option not in DESCRIBED or option in ROUTES[name].takes
        if own and option not in ROUTES[name].takes:
            assert {option, parameter} & WITHOUT.keys(), option
    takes = {*ROUTES[name].takes} - {"format", "objective", "choices"}  # a suffix, and tables of a file
    assert takes <= options.keys()


@pytest.mark.parametrize("name", ROUTES)
def test_an_example_is_answered_by_a_document_of_its_schema(name):
    """What the table gives as an example works, and its answer is one of the documents that the table names."""
    body = ROUTES[name].example or {"certificate": certify(solve(Problem(**SMALL))).to_dict()}
    Draft202012Validator(form_of(ROUTES[name])).validate(body)
    document = json.loads(json.dumps(asked(name, body), allow_nan=False))
    kind = document["schema"]
    assert kind.removeprefix("lpdistill.").removesuffix("/1") in ROUTES[name].answers
    Draft202012Validator(schema(kind)).validate(document)


def test_null_says_as_much_as_leaving_out():
    """What may be left out may be null, and the description says so."""
    nothing = dict.fromkeys(ROUTES["solve"].takes)
    assert asked("solve", graph=None, **nothing)["waiting_time"] == asked("solve")["waiting_time"]
    told = openapi_document()["paths"]["/v1/solve"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator(told).validate({"problem": SMALL, "graph": None, **nothing})


def test_the_answer_is_that_of_the_library():
    """Numbers of a body mean what they say: a decimal is exact, and so is text."""
    wanted = requests.solve(Problem(**SMALL), sensitivity=True).to_dict()
    found = asked("solve", sensitivity=True)
    again = asked("solve", {"problem": {**SMALL, "p": 0.5, "f0": 0.75, "target": 0.79}, "sensitivity": True})
    for document in (wanted, found, again):
        document["program"].pop("seconds")
    assert found == again == wanted


def test_the_problem_of_an_answer_is_asked_again():
    """What a document says of its problem, rules and budgets among it, is a problem in a body."""
    limited = {**SMALL, "rules": {"max_distillations": 1}, "budgets": {"generation_attempts": 14}}
    first = asked("solve", {"problem": limited})
    assert first["problem"]["rules"] == [{"rule": "max_distillations", "most": 1}]
    assert asked("solve", {"problem": first["problem"]})["waiting_time"] == first["waiting_time"]


def test_a_state_graph_is_asked_in_the_place_of_a_problem():
    """The graph that one request answers is the question of another."""
    graph = asked("graph", {"problem": {**SMALL, "memories": 2}})
    nodes = {name: value for name, value in graph.items() if name not in {"schema", "problem"}}
    found = asked("solve", {"graph": nodes})
    assert found["waiting_time"] == pytest.approx(solve(Problem(**SMALL).replace(memories=2)).waiting_time, rel=1e-12)


def test_a_certificate_is_verified_by_another_request_and_a_changed_one_refused():
    """The proof travels in documents; a digit that is changed is refused, with the exit code of the command."""
    proof = asked("certificate")
    assert asked("check", {"certificate": proof})["waiting_time"] == proof["waiting_time"]
    changed = {**proof, "waiting_time": proof["waiting_time"].replace("1", "2", 1)}
    with pytest.raises(RefusedError, match="the certificate is wrong") as refused:
        asked("check", {"certificate": changed})
    assert (refused.value.status, refused.value.to_dict()["exit"]) == (422, 1)


@pytest.mark.parametrize("form", PARAMETERS["format"].form["enum"])
def test_an_export_is_in_the_answer(form, tmp_path):
    """What a command writes to files, the answer has as text, byte for byte."""
    found = asked("export", format=form)
    written = requests.export(Problem(**SMALL), tmp_path / f"file.{form}").files
    assert len(written) == len(found["files"])
    for name, text in found["contents"].items():
        assert text == (tmp_path / name).read_text(encoding="utf-8")


def test_a_gain_per_unit_of_time_is_certified_too():
    """The proof of a rate is that of ``throughput --certificate``."""
    assert asked("certificate", per_time=True)["schema"] == "lpdistill.rate-certificate/1"


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("solve", {"problem": SMALL, "sensitivty": True}, "did you mean 'sensitivity'?"),
        ("solve", {"problem": {**SMALL, "memorys": 2}}, "did you mean 'memories'?"),
        ("solve", {}, "problem: is missing"),
        ("solve", {"problem": SMALL, "graph": {}}, "and not both"),
        ("compare", {}, "problem: is missing"),
        ("solve", {"problem": [1]}, "problem: must be a table"),
        ("solve", {"problem": SMALL, "exact": 1}, "exact: must be true or false"),
        ("solve", {"problem": SMALL, "exact": "yes"}, "exact: must be true or false"),
        ("solve", {"problem": SMALL, "method": "simplx"}, "did you mean 'simplex'?"),
        ("solve", {"problem": SMALL, "time_limit": 1e6}, "time_limit: must be at most 30"),
        ("solve", {"problem": {**SMALL, "distillation": "os:system"}}, "runs no code of others"),
        ("sweep", {"problem": {**SMALL, "distillation": ["os:system"]}}, "runs no code of others"),
        ("solve", {"problem": {**SMALL, "p": True}}, "p: must be a number"),
        ("solve", {"problem": {**SMALL, "p": " " * 5000}}, "more than 1000 characters"),
        ("waiting-time", {"problem": SMALL, "policy": "../../etc/policy.json"}, "reads no files"),
        ("waiting-time", {"problem": SMALL, "policy": "policy.CSV"}, "reads no files"),
        ("compare", {"problem": SMALL, "policies": ["optimal", "/tmp/policy.csv"]}, "reads no files"),  # noqa: S108
        ("compare", {"problem": SMALL, "policies": []}, "policies: must be a list of 1 to"),
        ("waiting-time", {"problem": SMALL, "at": [1] * 1001}, "at: must be a list of 1 to 1000"),
        ("sweep", {"problem": {**SMALL, "rules": 1}}, "rules: must be a table, or a list of rules"),
        ("check", {"certificate": "/etc/passwd"}, "certificate: must be a table"),
        ("check", {"certificate": {"schema": "x"}}, "certificate: must be a JSON document"),
        ("robust", {"problem": SMALL, "p": [0.4]}, "p: must be a list of 2 to 2"),
        ("throughput", {"problem": SMALL, "tenant": {"a": {"share": 1}}}, "target: is missing"),
        ("hashing", {"problem": {"f0": ".9", "memorys": 2}}, "did you mean 'memories'?"),
        ("solve", {"graph": {"nodes": [{"id": 1}]}}, "is no graph"),
    ],
)
def test_a_wrong_body_is_one_clear_message(name, body, told):
    """What is wrong, where, and what is known, before anything is computed."""
    with pytest.raises(LpdistillError) as refused:
        asked(name, body)
    assert told in str(refused.value)
    assert isinstance(refused.value, ModelError)


def test_answers_that_are_drawn_anew_do_not_last():
    """Without a seed, a simulation is another one every time; with one, and without a simulation, it is the same."""
    assert not ROUTES["simulate"].lasting({})
    assert ROUTES["simulate"].lasting({"seed": 1})
    assert ROUTES["throughput"].lasting({})
    assert not ROUTES["throughput"].lasting({"simulate": Decimal(100)})


def test_every_key_is_taken_by_some_request():
    """No row of the table of keys is for nothing, and none is missing."""
    assert {key for route in ROUTES.values() for key in route.takes} == {*PARAMETERS}


def test_results_of_single_pairs_stand_in_the_body():
    """What a command reads from a file is text in the body; beside it, passes and pairs say something else."""
    claim = {"problem": {}, "certify": ".9", "true": ".95"}
    found = asked("verify", {**claim, "sequence": "1" * 120})
    assert (found["schema"], found["decision"], found["pairs"]) == ("lpdistill.verify-sequence/1", "certified", 86)
    assert asked("verify", {"certify": ".9", "passes": 345, "pairs": 361})["schema"] == "lpdistill.verify-verdict/1"
    for wrong in ({**claim, "sequence": "1", "pairs": 1}, {"certify": ".9", "sequence": "1"}):
        with pytest.raises(ModelError):
            asked("verify", wrong)


def test_options_without_a_key_are_options():
    """No reason is given for an option that is not there."""
    every = {str(item.name) for name in COMMANDS for item in load(name).params if isinstance(item, click.Parameter)}
    assert WITHOUT.keys() <= every
