"""The house: which room may know which, and how large its parts may be."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path

import networkx as nx
import pytest

import lpdistill

ROOT = Path(lpdistill.__file__).resolve().parents[1]

FLOORS = (
    ("errors", "version"),
    ("arrays", "library", "listed", "memory", "numbers", "units", "arguments", "progress", "pictures", "shared"),
    ("physics",),
    ("hardware",),
    ("process", "process.factored", "process.graph"),
    ("problem",),
    ("program",),
    ("solution",),
    ("solving",),
    ("convex", "constraint_prices", "times", "worth", "policies", "frontiers", "simulation", "rates"),
    ("deadlines",),
    ("export",),
    ("study", "acceptance", "telemetry", "planning"),
    ("control",),
    ("deployment",),
    ("requests",),
    ("schemas",),
    ("server",),
    ("cli",),
)
"""The rooms of lpdistill from the ground up: a room knows its own floor and those below."""

BESIDE = {
    "symbolic.checking": "errors",
    "symbolic.algebra": "numbers",
    "symbolic.formulas": "solution",
    "symbolic.exact": "solving",
    "symbolic.steady": "rates",
    "symbolic.maps": "rates",
}
"""The rooms of symbolic from the ground up, and how high in lpdistill each may look."""

EXACT = {"requests", "study", "control", "cli"}
"""The rooms of lpdistill that ask symbolic, when they are asked to."""

LATE = {"lpdistill.convex:ConvexProgram"}
"""Names above the asker that are looked up when they are asked for: what a problem looks like in cvxpy."""

MOST_LINES = 400
MOST_MEMBERS = 25
LARGEST_ROOM = 0.2


def _modules() -> dict[str, Path]:
    files = chain((ROOT / "lpdistill").rglob("*.py"), (ROOT / "symbolic").rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


MODULES = _modules()


@cache
def tree(module: str) -> ast.Module:
    """The source of a module, parsed."""
    return ast.parse(MODULES[module].read_text("utf-8"))


def imported(module: str) -> set[str]:
    """The modules of ours that a module imports: at once, late, or for its types only."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are absolute"
            base = str(node.module)
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names}
    return {name for name in found if name in MODULES}


GRAPH = nx.DiGraph([(module, other) for module in MODULES for other in imported(module) if other != module])


def room(module: str) -> str:
    """The room that a module stands in."""
    parts = module.split(".")
    if parts[0] == "symbolic":
        return ".".join(parts[:2])
    return ".".join(parts[1:2]) or "lpdistill"


HEIGHT = {name: height for height, floor in enumerate(FLOORS) for name in floor}


def allowed(module: str, other: str) -> bool:
    """Whether the flow of data lets a module know another."""
    here, there = room(module), room(other)
    if here in {there, "lpdistill", "symbolic"}:  # the face of a package is above all rooms
        return True
    if there == "lpdistill":
        return False
    if here in BESIDE and there in BESIDE:
        return here != "symbolic.checking" and list(BESIDE).index(there) < list(BESIDE).index(here)
    if here in BESIDE:
        return HEIGHT[there] <= HEIGHT[BESIDE[here]]
    if there.startswith("symbolic"):
        return here in EXACT
    return HEIGHT[there] <= HEIGHT[here]


def test_every_room_has_its_floor():
    """No module stands outside the plan."""
    rooms = {room(module) for module in MODULES} - {"lpdistill", "symbolic"}
    assert rooms == ({name for floor in FLOORS for name in floor} - {"process.factored", "process.graph"}) | set(BESIDE)


def test_no_import_runs_upwards():
    """Imports at once, late ones and those for types alike."""
    assert sorted(f"{a} -> {b}" for a, b in GRAPH.edges if not allowed(a, b)) == []


def test_names_looked_up_late_are_few():
    """What is looked up by its name, so that the flow does not show it, is listed."""
    found = {
        node.args[0].value
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"resolve_name", "pkgutil.resolve_name"}
        and isinstance(node.args[0], ast.Constant)
    }
    assert found <= LATE


def test_circles_join_an_object_and_its_picture_only():
    """No circle has more than two modules, and one of the two draws the other."""
    circles = [sorted(circle) for circle in nx.strongly_connected_components(GRAPH) if len(circle) > 1]
    assert [circle for circle in circles if len(circle) > 2] == []
    pictures = ("picture", "timeline", "histogram", "plot", "charts")
    assert [circle for circle in circles if not any(name.endswith(pictures) for name in circle)] == []


def test_no_module_is_long():
    """A module has one idea, which fits on a few pages."""
    long = {module: len(file.read_text("utf-8").splitlines()) for module, file in MODULES.items()}
    assert {module: lines for module, lines in long.items() if lines > MOST_LINES} == {}


def test_no_room_is_half_the_house():
    """The largest room has less than a fifth of the lines."""
    lines = Counter[str]()
    for module, file in MODULES.items():
        lines[room(module)] += len(file.read_text("utf-8").splitlines())
    name, most = lines.most_common(1)[0]
    assert most < LARGEST_ROOM * lines.total(), name


def members(node: ast.ClassDef) -> set[str]:
    """The public members that a class defines."""
    found = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    found |= {
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    found |= {
        name.id
        for part in node.body
        if isinstance(part, ast.Assign)
        for name in part.targets
        if isinstance(name, ast.Name)
    }
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_public_class_is_wide(module):
    """What a class offers can be kept in mind, what it has from classes of ours included."""
    classes = {node.name: node for node in tree(module).body if isinstance(node, ast.ClassDef)}
    wide = {name: len(members(node)) for name, node in classes.items() if not name.startswith("_")}
    assert {name: count for name, count in wide.items() if count > MOST_MEMBERS} == {}
