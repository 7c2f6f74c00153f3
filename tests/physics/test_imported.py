"""Maps of a user's own, by name: in options, files, sweeps and documents."""

from __future__ import annotations

import json
import sqlite3
import sys

import pytest

from lpdistill import ModelError, Problem, load_problem, read_policy, solve, sweep, write_policy
from lpdistill.cli.app import main
from lpdistill.physics.imported import IMPORTED, map_name
from lpdistill.study.outcome import described, description
from symbolic import certify, check

CODE = """
from dataclasses import dataclass
from fractions import Fraction

from lpdistill import Combination, Dejmps, Werner

@dataclass(frozen=True)
class Pure:
    fidelity: Fraction

@dataclass(frozen=True)
class Additive:
    gain: Fraction = Fraction(1, 2)

    def raw(self, fidelity):
        return Pure(fidelity)

    def combine(self, a, b):
        return Combination(Pure(min(Fraction(1), a.fidelity + b.fidelity - Fraction(1, 2))), self.gain)

@dataclass(frozen=True)
class Slower(Dejmps):
    name: str = "slower"

    def combine(self, *pairs):
        made = super().combine(*pairs)
        return Combination(made.state, made.success / 2)

@dataclass(frozen=True)
class Optical:
    monotone = True
    raw, reach = Werner().raw, Werner().reach

    def combine(self, *pairs):
        made = Werner().combine(*pairs)
        return Combination(made.state, made.success / 2)

def half():
    return Additive()

SURE = Additive(Fraction(1))
SAME = Dejmps()
WORD = "additive"

class Raising(Additive):
    def combine(self, a, b):
        return 1 / 0

class Tuple(Additive):
    def combine(self, a, b):
        return Pure(a.fidelity), Fraction(1, 2)

class Number(Additive):
    def raw(self, fidelity):
        return fidelity

class Floating(Additive):
    def combine(self, a, b):
        return Combination(super().combine(a, b).state, 0.5)

class Certain(Additive):
    def combine(self, a, b):
        return Combination(Pure(min(Fraction(1), a.fidelity + b.fidelity - Fraction(1, 2))), Fraction(3, 2))

def failing():
    raise RuntimeError("no licence")

def needy(gain):
    return Additive(gain)
"""

SETTINGS = {"p": "1/2", "memories": 3, "f0": "0.55", "target": "0.62"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a user's module, which is the current one."""
    (tmp_path / "mymaps.py").write_text(CODE)
    (tmp_path / "broken.py").write_text("1 +")
    (tmp_path / "wanting.py").write_text("import nowhere_to_be_found")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    forget()


def forget():
    """Let names be imported anew, as in another process."""
    IMPORTED.clear()
    for name in ("mymaps", "broken", "wanting"):
        sys.modules.pop(name, None)


def call(capsys, *arguments):
    """What a command prints, and its exit code."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["lpdistill", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return ended.value.code, capsys.readouterr()


OPTIONS = [part for name, value in SETTINGS.items() for part in (f"--{name}", value)]


@pytest.mark.parametrize("name", ["mymaps:Additive", "mymaps:half"])
def test_a_class_or_a_function_makes_the_map(name):
    """Either is called without arguments; documents have the name that was asked for."""
    problem = Problem(**SETTINGS, distillation=name)
    assert [float(level.fidelity) for level in problem.levels] == [0.55, 0.6]
    assert problem.to_dict()["distillation"] == name
    assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem


def test_an_object_is_the_map():
    """It needs nothing but raw and combine."""
    problem = Problem(**SETTINGS, distillation="mymaps:SURE")
    assert problem.distillation.gain == 1
    assert map_name(problem.distillation) == "mymaps:SURE"
    assert solve(problem).waiting_time < solve(Problem(**SETTINGS, distillation="mymaps:half")).waiting_time


def test_a_map_of_the_model_keeps_its_name():
    """A user's name of a map of the model is that of the model in documents."""
    problem = Problem("1/2", 2, ".9", ".94", distillation="mymaps:SAME")
    assert problem == Problem("1/2", 2, ".9", ".94", distillation="dejmps")
    assert problem.to_dict()["distillation"] == "dejmps"


def test_operations_are_given_to_it():
    """A dataclass with fields for them has noise, protocols and raw weights like a map of the model."""
    problem = Problem("1/2", 2, raw=".9,0,0,.1", target=".94", gate=".99", distillation="mymaps:Slower")
    stated = problem.to_dict()
    assert (stated["distillation"], stated["gate"]) == ("mymaps:Slower", "99/100")
    assert Problem.from_dict(stated) == problem
    assert described(description(problem)) == problem


def test_options_and_files_import(folder, capsys):
    """The command line and a problem file give the same optimum."""
    (folder / "problem.toml").write_text(
        'p = "1/2"\nmemories = 3\nf0 = 0.55\ntarget = 0.62\n[operations]\ndistillation = "mymaps:Additive"\n'
    )
    told = [
        json.loads(call(capsys, "solve", *some, "--json")[1].out)
        for some in (["problem.toml"], [*OPTIONS, "--distillation", "mymaps:Additive"])
    ]
    assert told[0]["waiting_time"] == told[1]["waiting_time"] == solve(load_problem("problem.toml")).waiting_time
    assert told[0]["problem"]["distillation"] == "mymaps:Additive"


@pytest.mark.parametrize(
    "command",
    [
        ("levels",),
        ("compare",),
        ("waiting-time",),
        ("deadline", "--window", "20"),
        ("explain", "--counts", "2,0"),
        ("variability",),
        ("simulate", "--runs", "200"),
        ("solve", "--exact", "--sensitivity"),
        ("frontier", "--resource", "raw_pairs"),
        ("graph", "--json"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_takes_it(command, capsys):
    """Whatever a problem is asked, its map may be a user's."""
    code, said = call(capsys, *command, *OPTIONS, "--distillation", "mymaps:Additive")
    assert (code, "error" in said.err) == (0, False)


def test_documents_run_no_code(folder):
    """What is read back has the name; where it has not been imported, it is refused, and nothing runs."""
    (folder / "mymaps.py").write_text("raise SystemExit('run')")
    with pytest.raises(ModelError, match=r"names code of a user's, which reading a document does not run"):
        Problem.from_dict({**SETTINGS, "distillation": "mymaps:Additive"})
    assert "mymaps" not in sys.modules


def test_a_map_may_stand_in_the_place_of_its_name():
    """The remedy of the refusal above: the map itself."""
    own = Problem(**SETTINGS, distillation="mymaps:Additive").distillation
    IMPORTED.clear()
    assert Problem.from_dict({**SETTINGS, "distillation": own}).distillation == own


def test_certificates_are_checked_without_it():
    """A certificate has the recipes of the map: checking it imports nothing."""
    proof = certify(solve(Problem(**SETTINGS, distillation="mymaps:Additive")))
    document = json.loads(json.dumps(proof.to_dict()))
    forget()
    assert check(document).waiting_time == proof.waiting_time
    assert document["problem"]["distillation"] == "mymaps:Additive"
    assert "mymaps" not in sys.modules


def test_monotone_maps_go_past_the_limit():
    """A map that says that better pairs are never worse has levels without end, which labels stand for."""
    gates, optics = (Problem("1/2", 3, ".8", ".88", distillation=name) for name in ("bbpssw", "mymaps:Optical"))
    assert solve(optics).bracket.refinement.grid
    assert solve(optics).lower_bound > solve(gates).upper_bound


def test_policy_files_name_it(folder):
    """A policy of a user's map is read back for that map, and for no other."""
    problem = Problem(**SETTINGS, distillation="mymaps:Additive")
    write_policy(solve(problem).policy, folder / "policy.json")
    assert read_policy(problem, folder / "policy.json").waiting_time == solve(problem).waiting_time
    with pytest.raises(ModelError, match="distils by the map mymaps:Additive instead of mymaps:SURE"):
        read_policy(problem.replace(distillation="mymaps:SURE"), folder / "policy.json")


def test_sweeps_import_in_their_workers(folder):
    """Processes that compute points find the map by its name, which the store keeps."""
    grid = {**SETTINGS, "p": "0.3,0.6", "distillation": "mymaps:Additive"}
    found = sweep(grid, ["optimal", "nested"], store=folder / "s.sqlite", jobs=2)
    expected = [solve(Problem(**{**SETTINGS, "p": p}, distillation="mymaps:half")).waiting_time for p in (".3", ".6")]
    assert [row.outcome.waiting_time for row in found["optimal"]] == pytest.approx(expected)
    with sqlite3.connect(folder / "s.sqlite") as store:
        names = {json.loads(text)["distillation"] for (text,) in store.execute("SELECT problem FROM result")}
    store.close()
    assert names == {"mymaps:Additive"}


def test_changed_code_is_computed_again(folder):
    """Results are kept by the name of a map and the text of its file when it was imported."""
    grid, store = {**SETTINGS, "distillation": "mymaps:Additive"}, folder / "s.sqlite"
    assert [sweep(grid, store=store, jobs=1).computed for _ in range(2)] == [1, 0]
    (folder / "mymaps.py").write_text(CODE + "\n")
    assert sweep(grid, store=store, jobs=1).computed == 0
    forget()
    assert sweep(grid, store=store, jobs=1).computed == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nomaps:Mine", "names a module, nomaps, that is neither installed nor in the current folder"),
        ("mymaps:Aditive", "names what is not there: it has .*did you mean 'Additive'"),
        ("mymaps:WORD", "must name a map, with raw and combine, or what makes one"),
        ("mymaps:Fraction", "must name what makes a map, with raw and combine"),
        ("mymaps:", "must name a map of your own as module:name"),
        ("../mymaps:Mine", "must name a map of your own as module:name"),
        ("mymaps:failing", "names code that raises RuntimeError: no licence"),
        ("mymaps:needy", "names code that raises TypeError: .*gain"),
        ("broken:Mine", "names code that raises SyntaxError"),
        ("wanting:Mine", "names code that raises ModuleNotFoundError: .*nowhere_to_be_found"),
    ],
)
def test_wrong_names_are_refused(name, message, capsys):
    """What is not found, fails, or is no map, is one message, of the option that named it."""
    with pytest.raises(ModelError, match=rf"^distillation: {message}"):
        Problem(**SETTINGS, distillation=name)
    code, said = call(capsys, "solve", *OPTIONS, "--distillation", name)
    assert (code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("lpdistill: error: --distillation: ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Raising", "names code that raises ZeroDivisionError"),
        ("Tuple", "must combine into a Combination of a pair and its probability, and mymaps:Tuple does not"),
        ("Number", "must have pairs with a fidelity, and mymaps:Number does not"),
        ("Floating", "must have exact probabilities, such as Fraction(1, 2)"),
        ("Certain", "must have probabilities that sum to 1"),
    ],
)
def test_maps_with_mistakes_are_refused(name, message, capsys):
    """A user's code that fails, or makes something else than pairs, is no unexpected error of ours."""
    code, said = call(capsys, "solve", *OPTIONS, "--distillation", f"mymaps:{name}")
    assert code == 2
    assert message in said.err


def test_the_folder_is_searched_while_importing_only():
    """The current folder is not left where every later import would look."""
    before = [*sys.path]
    Problem(**SETTINGS, distillation="mymaps:Additive")
    assert sys.path == before
