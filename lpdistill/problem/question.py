"""What may be asked about: a problem, or a state graph."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.hardware.actions import Attempts
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.process.process import Process
from lpdistill.process.task import ELSEWHERE, TASK

if TYPE_CHECKING:
    import networkx as nx

Question: TypeAlias = "Problem | nx.DiGraph[Any]"
"""A problem or a state graph."""


def is_problem(given: object) -> TypeGuard[Problem]:
    """Whether something is a problem."""
    return isinstance(given, Problem)


def is_graph(given: object) -> TypeGuard[nx.DiGraph[Any]]:
    """Whether something is a directed graph; where networkx has not been imported, nothing is."""
    networkx = sys.modules.get("networkx")
    return networkx is not None and isinstance(given, networkx.DiGraph)


def is_question(given: object) -> TypeGuard[Question]:
    """Whether something may be solved."""
    return is_problem(given) or is_graph(given)


PROBLEM: Kind[Problem] = Kind(TASK.noun, is_problem, TASK.within, TASK.instead)
"""A problem, or what has one."""

QUESTION: Kind[Question] = Kind(
    "a Problem, or a state graph (a networkx.DiGraph)",
    is_question,
    "problem",
    {**ELSEWHERE, "Graph": "edges of a state graph have directions: make it a networkx.DiGraph"},
)
"""A problem or a state graph, or what has one."""

GRAPH: Kind[nx.DiGraph[Any]] = Kind(
    "a state graph (a networkx.DiGraph)",
    is_graph,
    "problem",
    {"Problem": "that of a problem is problem.graph()", "Solution": "that of a problem is problem.graph()"},
)
"""A state graph, or what has one."""


def process_of_question(question: Question, attempts: Attempts | None = None) -> Process:
    """The decision process of a problem or a state graph, built anew.

    Parameters
    ----------
    question
        A problem or a state graph.
    attempts
        Which numbers of attempts the actions of a problem have; by default, those that an optimum may need.

    Raises
    ------
    ModelError
        If it is a state graph with a mistake.
    """
    if isinstance(question, Problem):
        if labels_of(question) is not None:
            from lpdistill.process.labelled import label_process  # noqa: PLC0415 - only where there are labels

            return label_process(question, attempts)
        from lpdistill.process.factored.dynamics import Dynamics  # noqa: PLC0415 - only where one is built

        return Dynamics(question, attempts)
    from lpdistill.process.graph.state_graph import process_of  # noqa: PLC0415 - networkx, only where there is a graph

    return process_of(question)
