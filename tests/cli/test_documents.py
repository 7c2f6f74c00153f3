"""Every JSON document of every command follows the schema that it names."""

import json

import pytest
from jsonschema import Draft202012Validator

from lpdistill import Problem
from lpdistill.cli.commands import COMMANDS
from lpdistill.schemas import schema

TINY = ("--p", "1/2", "-M", "2", "--f0", "3/4", "--target", "79/100")
SMALL = ("--p", ".5", "-M", "3", "--f0", "3/4", "--target", "79/100")
WIDE = ("--p", ".7", "-M", "4", "--f0", ".9", "--target", ".94")
HELD = ("--max-distillations", "1", "--no-generation-while-distilling", "--budget", "generation_attempts=30")
TIGHT = ("--budget", "generation_attempts=14", "--budget", "steps>=2")
ODD = ("--discarding", "--final-step", "free", "--generation-time", "3/7", "--distillation-time", "5/3")

LINES = {
    "solve": [
        SMALL,
        (*WIDE, "--method", "columns", "--all"),
        (*WIDE, *HELD, "--ranges"),
        (*SMALL, *TIGHT, "--ranges"),
        (*SMALL, *TIGHT, "--deterministic"),
        (*SMALL, *ODD, "--least", "raw_pairs"),
        (*SMALL, "--sensitivity", "--ranges", "--increments", "--exact"),
        (*WIDE, "--max-distillations", "1", "--increments", "--exact"),
        (*SMALL, *TIGHT, "--exact"),
        (*TINY[:4], "--f0", "3/4", "--target", "7/10", "--sensitivity"),
        ("--p", "1", *SMALL[2:], "--banded", "1", "--raw-pair-only", "--max-attempts", "2"),
    ],
    "compare": [
        TINY,
        (*WIDE, *HELD, "--policies", "optimal,banded:1,greedy", "--differences", "pumping"),
        (*SMALL, *ODD, "--differences", "nested"),
    ],
    "explain": [
        (*SMALL, "--counts", "2,1"),
        (*SMALL, *TIGHT, "--counts", "0,0"),
        (*SMALL, *ODD, "--counts", "1,0"),
    ],
    "levels": [
        ("--f0", "3/4", "--target", "79/100"),
        ("--f0", ".9", "--gap", ".04", "-M", "5"),
        ("--f0", "3/4", "--target", "7/10", "-M", "1"),
        ("--f0", ".9", "--target", ".94", "--symbolic"),
    ],
    "waiting-time": [
        TINY,
        (*SMALL, "--policy", "pumping", "--at", "5,10", "--at", "20", "--quantile", "0.5,999/1000"),
        (*TINY, "--policy", "nested", "--until", "20", "--at", "7", "--quantile", "1/100"),
        (*SMALL, "--until", "5"),
        ("--p", "1", "-M", "4", "--f0", "3/4", "--target", "3/4", *ODD[1:]),
    ],
    "deadline": [
        (*SMALL, "--window", "10"),
        (*SMALL, *ODD[1:], "--window", "21/2"),
        (*SMALL, "--confidence", ".9"),
        (*SMALL, "--window", "12", "--confidence", ".7", *TIGHT[:2]),
        (*SMALL, "--window", "12", "--frontier"),
    ],
    "simulate": [
        (*SMALL, "--runs", "200", "--seed", "1"),
        (*SMALL, "--runs", "200", "--horizon", "9/2", "--history", "--confidence", ".9"),
        (*TINY, "--runs", "50", "--policy", "nested", "--horizon", "20"),
        (*SMALL, "--runs", "50", "--real-p", ".4", "--real-f0", ".7", "--message-loss", ".1", "--jitter", ".2"),
        (*SMALL, "--runs", "2", "--discarding", "--history"),
    ],
    "frontier": [
        SMALL,
        (*SMALL, "--resource", "memory_time", *HELD),
        (*SMALL, "--per-time", "--resource", "steps"),
        ("--p", ".2", "-M", "2", "--f0", ".85", "--per-time", "--protocol", "bb84"),
    ],
    "throughput": [
        SMALL,
        (*SMALL, "--exact", "--sensitivity", "--ranges"),
        (*SMALL, "--budget", "generation_attempts=.9", "--exact"),
        ("--p", ".5", "-M", "3", "--f0", ".8", "--target", ".89", "--within", ".2", "--exact"),
        (*SMALL[:6], "--tenant", "a=.78", "--tenant", "b=.8,share=.02", "--simulate", "50000"),
        (*SMALL, *HELD[3:]),
    ],
    "keyrate": [
        ("--p", ".1", "-M", "2", "--f0", ".85"),
        ("--p", ".1", "-M", "3", "--raw", ".85,.05,.05,.05", "--distillation", "dejmps"),
        ("--p", ".5", "-M", "2", "--f0", ".9", "--simulate", "20000", "--seed", "1", "--law"),
    ],
    "deploy": [
        (*SMALL, "--to", "deployed", "--link", "delft", "--unit-time", "1ms"),
        (*SMALL, "--to", "deployed", "--throughput", ".01"),
        (*WIDE, *HELD, "--to", "deployed", "--window", "60", "--confidence", ".9"),
    ],
    "standby": [(*SMALL, "--slots", "1", "--demand", ".05")],
    "verify": [
        ("--certify", ".9", "--true", ".95", "--delta", ".05", "--power", ".9", "--readout", "1"),
        (*TINY, "--certify", ".78", "--true", ".8", "--readout", ".99,.98"),
        ("--certify", ".9", "--passes", "345", "--pairs", "361"),
    ],
    "hashing": [("--f0", ".9"), ("--raw", ".9,0,.05,.05", "--pairs", "1,50", "--error", ".01"), ("--f0", "1")],
    "variability": [SMALL, (*SMALL, *TIGHT, "--slack", ".01"), (*SMALL, *ODD)],
    "robust": [
        ("--p", "0.4:0.6", *SMALL[2:]),
        ("--p", "1/3:2/3", *SMALL[2:], *HELD[:3], "--nominal", ".6", "--final-step", "free"),
    ],
    "sweep": [
        ("--p", "0.5,3/4", *SMALL[2:]),
        ("--p", ".5", "-M", "1:2", "--f0", "3/4,99/100", "--gap", ".04", "--policies", "optimal,nested"),
        (
            *SMALL,
            "--max-distillations",
            "none,1",
            "--max-attempts",
            "1,2",
            "--budget",
            "steps=9",
            "--policies",
            "greedy",
        ),
        (*SMALL[:6], "--target", ".76,.99", "--generation-time", "1,2", "--distillation-time", "2,3", "--banded", "0"),
    ],
    "policy-map": [
        TINY,
        (*SMALL[2:], "--final-step", "free"),
        (*SMALL, "--axis", "tau_d/tau_g"),
        (*SMALL[2:], "--per-time"),
    ],
    "adapt": [
        (*SMALL[2:], "--attempts", "500", "--successes", "210", "--in-use", "1", "--table", "policies.json"),
        (*SMALL, "--attempts", "500", "--successes", "210", "--look", "3"),
        SMALL[2:],
        (*SMALL, "--span", "0.4:0.6", "--regret", ".05"),
    ],
    "reproduce": [("--numbers",)],
    "graph": [TINY, (*SMALL, *HELD), (*SMALL, *ODD)],
}
"""Options of every command that needs no file of its own."""


def checked(document: dict) -> dict:
    """A document, if it follows the schema that it names."""
    errors = Draft202012Validator(schema(document["schema"])).iter_errors(document)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    return document


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """Commands write where nothing else is."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("command", "options"),
    [pytest.param(name, line, id=f"{name} {' '.join(line)}") for name in LINES for line in LINES[name]],
)
def test_the_document_of_a_command_follows_its_schema(run, command, options):
    """What ``--json`` prints is one document of the schema that it names, with its problem, and nothing unknown."""
    ran = run(command, *options, "--json")
    assert ran.code == 0, ran.err
    checked(json.loads(ran.out, parse_constant=pytest.fail))


@pytest.mark.parametrize("suffix", [".mps", ".drn", ".tra", ".json", ".csv"])
def test_the_document_of_an_export_lists_its_files(run, suffix, tmp_path):
    """An export says what it wrote for which problem; a policy written as JSON is a document too."""
    found = checked(run("export", *SMALL, *HELD, "-o", f"file{suffix}", "--json").document)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.iterdir()} == set(found["files"])
    if suffix == ".json":
        checked(json.loads((tmp_path / "file.json").read_text()))


@pytest.mark.parametrize("more", [(), ("--each",)], ids=" ".join)
def test_telemetry_and_what_it_says_are_documents(run, tmp_path, more):
    """A line of telemetry follows its schema, and so does what is found in it."""
    assert run("simulate", *SMALL, "--runs", "60", "--periods", "3", "--telemetry", "link.jsonl").code == 0
    for line in (tmp_path / "link.jsonl").read_text().splitlines():
        Draft202012Validator(schema("lpdistill.telemetry/1")).validate(json.loads(line))
    found = checked(run("watch", *SMALL, "--telemetry", "link.jsonl", *more, "--json").document)
    assert len(found["looks"]) == (3 if more else 1)


@pytest.mark.parametrize("limits", [(), TIGHT, ("--budget", "memory_time=60")], ids=" ".join)
def test_a_certificate_and_its_check_are_documents(run, tmp_path, limits):
    """A certificate follows its schema, and the document of its check says of which problem it is."""
    assert run("solve", *SMALL, *limits, "--certificate", "proof.json", "--json").code == 0
    proof = checked(json.loads((tmp_path / "proof.json").read_text()))
    assert checked(run("check", "proof.json", "--json").document)["problem"] == proof["problem"]


ON_GRAPHS = {
    "solve": [(), ("--least", "steps")],
    "deadline": [("--window", "9"), ("--window", "12", "--confidence", ".5"), ("--window", "9", "--frontier")],
    "frontier": [("--resource", "steps")],
    "variability": [()],
    "graph": [()],
    "export": [("-o", "process.drn")],
}


@pytest.mark.parametrize(
    ("command", "options"),
    [pytest.param(name, line, id=f"{name} {' '.join(line)}") for name in ON_GRAPHS for line in ON_GRAPHS[name]],
)
def test_the_document_of_a_graph_follows_its_schema(run, command, options):
    """A state graph in a file is described by its size, and its nodes stand in the place of counts and actions."""
    assert run("graph", *TINY, "-o", "graph.json").code == 0
    ran = run(command, "graph.json", *options, "--json")
    assert ran.code == 0, ran.err
    assert checked(ran.document)["problem"]["graph"]["states"] == 6


PLANS = {
    "waiting_time = 12": ("--frontier", "--hardware", "p=1/2,memories=2"),
    "window = 20\nconfidence = 0.8": (),
    "throughput = 0.05": ("--frontier",),
}
CHOICE = """[ranges]
memories = { values = [2, 3], prices = [0, 1] }
p = { from = 0.3, to = 0.7, step = 0.2, price = 10 }
"""


@pytest.mark.parametrize("asked", PLANS)
def test_the_document_of_a_plan_follows_its_schema(run, asked, tmp_path):
    """A plan says what is fixed, what was asked, and what was chosen, whatever the objective."""
    (tmp_path / "plan.toml").write_text(f'f0 = "3/4"\ntarget = 0.79\n[objective]\n{asked}\n{CHOICE}')
    found = checked(run("plan", "plan.toml", *PLANS[asked], "--json").document)
    assert found["problem"]["f0"] == "3/4"
    assert not {"p", "memories"} & {*found["problem"]}
    assert found["chosen"]["settings"].keys() == {"p", "memories"}


def test_no_command_is_forgotten():
    """Every command that answers has documents that are checked here."""
    assert {*LINES, "export", "check", "plan", "watch"} == set(COMMANDS) - {"serve"}


@pytest.mark.parametrize("name", LINES)
def test_documents_say_which_problem_they_are_about(run, name):
    """Under ``problem`` stands what was asked, exactly, as far as it was."""
    told = run(name, *LINES[name][0], "--json").document["problem"]
    if name == "reproduce":
        assert told["final_step"] == "free"
    elif name == "hashing":
        assert told == {"f0": "9/10", "raw": ["9/10", "1/30", "1/30", "1/30"]}
    elif name == "verify":
        assert (told["certify"], told["true"], told["readout"]) == ("9/10", "19/20", "1")
        return
    elif name == "keyrate":
        assert told["f0"] == "17/20"
    else:
        assert (told["f0"], told["target"]) == ("3/4", "79/100")
    assert told.items() <= {**Problem(0.5, 3, "3/4", "79/100").to_dict(), **told}.items()
