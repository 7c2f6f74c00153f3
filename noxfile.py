"""Everything that must hold before a change lands, each part a session; ``.ci/run`` runs them all in a clean copy."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests"]
os.environ |= {"MPLBACKEND": "agg", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
PEERS = os.environ.pop("LPDISTILL_PEERS", "1")
"""Whether other people's solvers are asked: one that does not install is a failure."""

CHEAP = sys.version_info >= (3, 12)
COVERAGE = {"COVERAGE_CORE": "sysmon", "PYTEST_ADDOPTS": "--cov --cov-report=term"} if CHEAP else {}
"""Coverage is measured where that costs a tenth of the time of all tests, and not where it costs two thirds."""

OLDEST = "3.11" if shutil.which("python3.11") else None

BESIDE = ("tests", "docs", "examples", "README.md", "pyproject.toml")
"""What stands beside no source where the wheel is tested."""

LOWEST = (
    *("tests/cli", "tests/export", "tests/program", "tests/rates/test_steady_state.py", "tests/test_convex.py"),
    *("tests/test_solving.py", "tests/symbolic/exact", "tests/symbolic/checking", "tests/test_readme.py"),
    *("README.md", "docs/lattice.md"),
)
INSTALLED = """for package in lpdistill, symbolic:
    assert package.__file__.startswith(sys.prefix), package.__file__
    assert pathlib.Path(package.__file__).with_name("py.typed").exists(), package"""
NEWEST = ("tests/peers", "tests/cli/test_app.py", "README.md")


@nox.session(venv_backend="none")
def readme(session: nox.Session) -> None:
    """The README's two commands as they stand there, with the newest versions: the main job, and all tests."""
    found = re.findall(r"^```sh\n(.*?)\n^```$", Path("README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    commands = [line for block in found for line in block.splitlines()]
    if len(commands) != 2:
        session.error(f"README.md must hold exactly two shell commands, found {len(commands)}")
    for command in commands:
        session.run("bash", "-euo", "pipefail", "-c", command, env=COVERAGE, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """The hooks of pre-commit, on all files."""
    session.install("pre-commit>=4")
    env = {"SKIP": "mypy"}
    if not Path(".git").exists():  # hooks know by git what the files are
        env |= {"GIT_DIR": str(Path(session.create_tmp()).resolve() / "git"), "GIT_WORK_TREE": str(Path.cwd())}
        session.run("git", "init", "--quiet", env=env, external=True)
        session.run("git", "add", "--all", env=env, external=True)
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure", env=env)


@nox.session(python=OLDEST)
def types(session: nox.Session) -> None:
    """Types, strictly, as the oldest Python and the libraries that it has know them."""
    session.install("-e", ".[test,plot]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, or those that are named: nox -s tests -- tests/program."""
    session.install("-e", ".[test,plot]")
    session.run("pytest", "-n", "2", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, in which a reference that leads nowhere is an error."""
    session.install("-e", ".[docs,plot,service]")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", *(session.posargs or ["site"]))


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """The wheel with the lowest versions: command line, exports, programs, solving, certificates, README."""
    _beside_no_source(session, "test", "plot", resolution="lowest-direct")
    session.run("pytest", "-n", "2", "-q", *LOWEST)


@nox.session
def newest(session: nox.Session) -> None:
    """The wheel with the newest versions, beside other people's solvers; LPDISTILL_PEERS= leaves it out."""
    if not PEERS:
        session.skip("LPDISTILL_PEERS is empty")
    _beside_no_source(session, "test", "plot", "peers", resolution="highest")
    session.run("pytest", "-n", "2", "-q", *NEWEST, env={"LPDISTILL_PEERS": PEERS})


@nox.session
def clients(session: nox.Session) -> None:
    """Policies at work in other people's simulators, which take minutes to install: no part of .ci/run."""
    session.install("-e", ".[test,clients]")
    session.run("pytest", "-q", "-p", "no:dash", "tests/peers/test_sequence.py", *session.posargs)  # a plugin of theirs


def _beside_no_source(session: nox.Session, *extras: str, resolution: str) -> None:
    """Install the built wheel with the versions that it admits, and go where nothing else can be imported."""
    folder = Path(session.create_tmp()).resolve()
    beside, versions = folder / "beside", folder / "versions.txt"
    shutil.rmtree(beside, ignore_errors=True)
    session.run("uv", "build", "--quiet", "--clear", "--out-dir", str(folder / "dist"), external=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    chosen = ("--quiet", "--python", session.bin + "/python", "--only-binary", ":all:", "--resolution", resolution)
    wanted = [part for extra in extras for part in ("--extra", extra)]
    session.run("uv", "pip", "compile", *chosen, *wanted, "pyproject.toml", "-o", str(versions), external=True)
    session.log("\n".join(line for line in versions.read_text(encoding="utf-8").splitlines() if "==" in line))
    session.install("-r", str(versions), str(wheel))
    for name in BESIDE:
        (shutil.copytree if Path(name).is_dir() else shutil.copy)(name, beside / name)
    session.chdir(beside)
    session.run("python", "-c", "import pathlib, sys, lpdistill, symbolic\n" + INSTALLED)
