"""Sphinx configuration."""

import ast
import re
from pathlib import Path
from pydoc import locate
from typing import Any

from docutils.nodes import Element
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.ext.napoleon import Config, NumpyDocstring

import lpdistill

project = "lpdistill"
author = "The lpdistill developers"
copyright = "2026, the lpdistill developers"  # noqa: A001 - the name that Sphinx reads
release = lpdistill.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
]
myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Attributes of different classes may share a name.
suppress_warnings = ["ref.python"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "lpdistill"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": True}
# A reference that leads nowhere fails the build.
nitpicky = True
# Names that are imported for types only, and names of types that are explained where they are used.
ALIASES = (
    "Protocol|SeveralNumbers|Shares|Sides|Weights|N|"
    "A|Axes|Batch|BoolArray|Budgeted|Candidate|Choices|Client|CollectorRegistry|Counter|Figure|FloatArray|Fraction|Gauge|Histogram|IntArray|Key|Number|PathLike|"
    "Path|Quantity|Question|Report|S|SpanExporter|SuperLU|T|V|[A-Z][a-z]+Like|(cp|np|nx|pd|sparse|xr)\\..*"
)
nitpick_ignore_regex = [("py:(class|obj)", rf"(.*\.)?({ALIASES})")]

IMAGES = Path(__file__).with_name("img")
NUMPYDOC = Config(napoleon_use_ivar=True)


def read(app: Sphinx, kind: str, name: str, item: object, *rest: Any) -> None:
    """Read a docstring as numpydoc: a colon in that of an attribute ends no type, and a list of names has none."""
    options, lines = rest
    kind = "object" if kind in {"attribute", "data", "property"} else kind
    found = NumpyDocstring(lines, NUMPYDOC, app, kind, name, item, options).lines()
    lines[:] = [re.sub(r"(?<=^:ivar )[\w, ]+(?=:)", _joined, line) for line in found]


def _joined(names: re.Match[str]) -> str:
    """Names that nothing splits: a space would end a type."""
    return names[0].replace(", ", ",\u200b")


def named(app: Sphinx, domain: Domain, node: Element) -> bool | None:  # noqa: ARG001 - as Sphinx calls it
    """Whether a reference names a type that exists, of another package or inside this one, and needs no page."""
    target = node.get("reftarget", "")
    public = target.removeprefix("lpdistill.") in vars(lpdistill)["__all__"]
    return True if node.get("reftype") == "class" and not public and locate(target) is not None else None


def gallery(app: Sphinx, name: str, source: list[str]) -> None:
    """Put every example on its page: what it says of itself, the pictures it draws, its source, and what it prints."""
    if name == "gallery":
        source[0] += "".join(map(_shown, sorted(Path(app.srcdir, "../examples").glob("*.py"))))


def _shown(example: Path) -> str:
    """An example as Markdown; ``docs/output`` has what it prints, ``docs/img`` what it draws."""
    text = example.read_text(encoding="utf-8")
    pictures = [name for name in dict.fromkeys(re.findall(r"(\w+\.png)\b", text)) if Path(IMAGES, name).exists()]
    parts = [f"\n## {example.stem.replace('_', ' ').capitalize()}", ast.get_docstring(ast.parse(text)) or ""]
    parts += [f"![{name.removesuffix('.png').replace('_', ' ')}](img/{name})" for name in pictures]
    parts += [f"```{{literalinclude}} ../examples/{example.name}\n:language: python\n```", "It prints"]
    return "\n\n".join([*parts, f"```{{literalinclude}} output/{example.stem}.txt\n:language: text\n```\n"])


def setup(app: Sphinx) -> None:
    """Read all docstrings, show all examples, and know what needs no page."""
    app.connect("source-read", gallery)
    app.connect("autodoc-process-docstring", read)
    app.connect("warn-missing-reference", named)
