"""What a newcomer relies on around the code: sessions, versions, stubs, the citation, the top level."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import lpdistill
import symbolic

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOP = {"pyproject.toml", "README.md", "LICENSE", "CONTRIBUTING.md", "CITATION.cff", "noxfile.py"}
TOP |= {"lpdistill", "symbolic", "tests", "examples", "docs", "findings"}
MADE = {"build", "dist", "site"}
"""What tools leave at the top."""


def read(name: str) -> str:
    """A file of the repository, or a skip where only the tests and what they need are."""
    if not (ROOT / name).exists():
        pytest.skip(f"{name} is not beside the tests")
    return (ROOT / name).read_text(encoding="utf-8")


def test_ci_runs_every_session():
    """What .ci/run names are the sessions of noxfile.py, but for tests (the README's command) and clients.

    Those take longer to install than all else to run.
    """
    functions = [part for part in ast.parse(read("noxfile.py")).body if isinstance(part, ast.FunctionDef)]
    defined = {part.name for part in functions if part.decorator_list}
    named = re.findall(r"^sessions ([a-z ]+)", read(".ci/run"), flags=re.MULTILINE)
    assert sorted(" ".join(named).split()) == sorted(defined - {"tests", "clients"})


def test_sessions_name_tests_that_exist():
    """Every file that a session takes is there: a name that has moved is no test that is left out."""
    names = re.findall(r'"((?:tests|docs|examples)/[^"*]+|[A-Z]+\.md)"', read("noxfile.py"))
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_hooks_are_pinned_to_versions_that_the_project_admits():
    """Each tool of a hook has one version, and ruff is not older than what the tests ask for."""
    (source,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    pinned = {pin for hook in source["hooks"] for pin in hook.get("additional_dependencies", ())}
    versions = dict(pin.split("==") for pin in pinned)
    assert len(versions) == len(pinned)
    (least,) = (part for part in PROJECT["project"]["optional-dependencies"]["test"] if part.startswith("ruff>="))
    assert tuple(map(int, versions["ruff"].split("."))) >= tuple(map(int, least.removeprefix("ruff>=").split(".")))


def test_the_citation_names_this_package():
    """CITATION.cff, whose schema a hook checks, has the name, the licence, the keywords and authors of the package."""
    cited, project = yaml.safe_load(read("CITATION.cff")), PROJECT["project"]
    assert cited["title"].startswith(f"{project['name']}: ")
    assert cited["title"].casefold().endswith(project["description"].casefold())
    assert (cited["license"], cited["keywords"]) == (project["license"], project["keywords"])
    assert cited["authors"] == project["authors"]


def test_a_copy_without_history_has_the_version_of_the_last_release():
    """Where there is no tag, the version is that of the first release in the changelog."""
    released = re.findall(r"^## (\d\S*)$", read("docs/changelog.md"), flags=re.MULTILINE)
    assert PROJECT["tool"]["hatch"]["version"]["fallback-version"] == released[0]


@pytest.mark.parametrize("package", [lpdistill, symbolic], ids=lambda package: package.__name__)
def test_a_stub_has_every_public_name_and_no_other(package):
    """What a stub imports is what it lists, in order, and every name is there."""
    parts = ast.parse(Path(package.__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
    imported = [alias.name for part in parts if isinstance(part, ast.ImportFrom) for alias in part.names]
    (listed,) = (ast.literal_eval(part.value) for part in parts if isinstance(part, ast.Assign))
    assert sorted(imported) == listed == sorted(package.__all__)
    assert [name for name in listed if not hasattr(package, name)] == []


def test_nothing_else_stands_at_the_top():
    """The top level holds the two packages, what is about them, and what it must hold."""
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert {name for name in found - MADE if not name.endswith(".egg-info")} <= TOP


def test_tests_of_mutants_exist():
    """Every module and test that mutants are made and found by is there: what is missing would find each of them."""
    tests = tomllib.loads(read(".ci/mutation.toml"))["tests"]
    assert [name for module, found in tests.items() for name in (module, *found) if not (ROOT / name).exists()] == []
