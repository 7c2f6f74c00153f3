"""State graphs, and files for other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.errors import ModelError
from lpdistill.export.models import write_drn, write_prism
from lpdistill.export.policies import write_policy
from lpdistill.export.programs import write_mps
from lpdistill.numbers import Number
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.progress import silent
from lpdistill.requests.nearness import near
from lpdistill.solution.answer import SHOWN, Answer, Block
from lpdistill.solution.document import Question
from lpdistill.solving import PATIENCE, on_labels, solve

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

MODELS = (".mps", ".drn", ".tra")
"""Suffixes of what has all levels, and not only those of a policy."""

WRITERS: Mapping[str, Callable[[Any, Path], object]] = {
    ".mps": write_mps,
    ".drn": write_drn,
    ".tra": write_prism,
    ".json": write_policy,
    ".csv": write_policy,
}
"""What writes a file, by its suffix."""


@dataclass(frozen=True, repr=False, eq=False)
class Graphed(Answer):
    """A state graph.

    Attributes
    ----------
    problem
        What it is of: a problem, or the graph itself.
    graph
        The graph.
    files
        Where it was written and drawn.
    """

    _KIND = "graph"

    problem: Problem | nx.DiGraph[Any]
    graph: nx.DiGraph[Any]
    files: tuple[str, ...] = ()

    @property
    def _question(self) -> Question:
        return self.problem

    @property
    def size(self) -> str:
        """How large it is, in words."""
        kinds = [data["kind"] for _, data in self.graph.nodes(data=True)]
        nodes = f"{kinds.count('state'):,} states, {kinds.count('action'):,} actions"
        return f"{nodes}, {self.graph.number_of_edges():,} edges"

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "graph", self.size
        yield from _labels(self.problem)
        if self.files:
            yield "written", ", ".join(self.files)

    def printed(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - nodes are in the files
        """One line, and one of labels."""
        yield "; written to ".join([self.size, *self.files])
        yield from (f"labels: {told}" for _, told in _labels(self.problem))

    def _content(self) -> dict[str, Any]:
        from lpdistill.export.graphs import node_link  # noqa: PLC0415 - networkx, only where there is a graph

        return node_link(self.graph)

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every node, with its attributes."""
        return ({"node": str(node), **data} for node, data in self.graph.nodes(data=True))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the states with their actions, and where those lead."""
        from lpdistill.export.graphs import draw  # noqa: PLC0415 - as above

        return draw(self.graph, ax, about=self.problem if isinstance(self.problem, Problem) else None)


@dataclass(frozen=True, repr=False, eq=False)
class Exported(Answer):
    """Files that were written.

    Attributes
    ----------
    problem
        What they are about.
    files
        Their paths.
    """

    _KIND = "export"
    _UNDRAWN = "shows numbers, and a file has none of its own; draw the graph or the solution"

    problem: Problem | nx.DiGraph[Any]
    files: tuple[str, ...]

    @property
    def _question(self) -> Question:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "written", ", ".join(self.files)
        yield from _labels(self.problem)

    def printed(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - there is no table
        """A line for each thing to say."""
        yield from (f"{name}: {told}" for name, told in self._lines())

    def _content(self) -> dict[str, Any]:
        return {"files": list(self.files)}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every file."""
        return ({"file": file} for file in self.files)


def _labels(problem: Problem | nx.DiGraph[Any]) -> Iterable[tuple[str, str]]:
    """What stands for the levels, where labels do."""
    labels = labels_of(problem) if isinstance(problem, Problem) else None
    if labels is not None:
        yield "labels", labels.told


def graph(
    problem: Problem | nx.DiGraph[Any],
    *,
    output: str | PathLike[str] | None = None,
    plot: str | PathLike[str] | None = None,
    progress: Callable[[str], None] = silent,
) -> Graphed:
    """The state graph of a problem, written to a file and drawn into another if there are any.

    Where infinitely many levels lie below the target, it is that of the labels that stand for them.
    """
    from lpdistill.export.graphs import write_graph  # noqa: PLC0415 - networkx, only where there is a graph

    problem = on_labels(problem, progress)
    progress("building the graph")
    made = problem.graph() if isinstance(problem, Problem) else problem
    if output is not None:
        progress(f"writing {output}")
        write_graph(made, output)
    found = Graphed(problem, made, tuple(str(file) for file in (output, plot) if file is not None))
    if plot is not None:
        progress("drawing")
        pictures.save(found.plot(), plot)
    return found


def export(
    problem: Problem | nx.DiGraph[Any],
    output: str | PathLike[str],
    *,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> Exported:
    """The linear program, the decision process or the optimal policy, in a file whose suffix says which.

    Where infinitely many levels lie below the target, it is that of the labels that stand for them; ``within`` and
    ``time_limit`` say how near these come, as for :func:`lpdistill.solve`.

    Raises
    ------
    ModelError
        If there is no such suffix.
    """
    file = Path(output)
    if file.suffix not in WRITERS:
        raise ModelError("output", f"must have one of the suffixes {', '.join(WRITERS)}", str(file))
    written_of: Any
    if file.suffix in MODELS:
        about = written_of = QUESTION.meant(near(problem, within, time_limit, progress), "problem")
    else:
        written_of = solve(problem, within=within, time_limit=time_limit, progress=progress)
        about = written_of.problem
    progress(f"writing {file}")
    written = WRITERS[file.suffix](written_of, file)
    return Exported(about, tuple(map(str, written if isinstance(written, list) else [file])))
