"""JSON documents: what all of them have in common.

A document says which schema it follows and which problem it is about.  What a user gave is kept exactly, as text, in
``problem``; everything that was computed is a number, null where it is infinite or unknown.  A configuration
is the list of its counts, or the node of a state graph.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

from lpdistill import pictures
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import is_graph, process_of_question
from lpdistill.process.names import node_as_json

if TYPE_CHECKING:
    import networkx as nx

    from lpdistill.process.process import Process

Question: TypeAlias = "Problem | nx.DiGraph[Any] | Process"
"""What a document is about: a problem, a state graph, or the process of either."""


def headed(kind: str, question: Question | Mapping[str, Any]) -> dict[str, Any]:
    """How a document begins: its schema, and the problem that it is about, or what is known of it."""
    told = dict(question) if isinstance(question, Mapping) else question_as_json(question)
    return {"schema": f"lpdistill.{kind}/1", "problem": told}


def section(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as part of another, whose head it shares.

    >>> section({"schema": "lpdistill.history/1", "problem": {}, "seed": 1})
    {'seed': 1}
    """
    return {name: value for name, value in document.items() if name not in {"schema", "problem"}}


def in_common(problems: Iterable[Problem]) -> dict[str, Any]:
    """What is the same of several problems.

    >>> one = Problem("1/2", 2, "3/4", "79/100")
    >>> told = in_common([one, one.replace(memories=3)])
    >>> told["p"], "memories" in told
    ('1/2', False)
    """
    several = [problem.to_dict() for problem in problems]
    return {name: value for name, value in several[0].items() if all(other[name] == value for other in several)}


def question_as_json(question: Question) -> dict[str, Any]:
    """A problem, exactly; of a state graph, how large it is, where it starts, and its budgets."""
    about: Any = process_of_question(question) if is_graph(question) else question
    told: dict[str, Any] = getattr(about, "problem", about).to_dict()
    return told


def question_in_words(question: Question) -> str:
    """A problem in one line; a state graph by its size.

    >>> question_in_words(Problem(0.5, 2, 0.75, 0.79).graph())
    'a state graph of 6 states and 13 actions'
    """
    if is_graph(question):
        kinds = [data.get("kind") for _, data in question.nodes(data=True)]
        return f"a state graph of {kinds.count('state'):,} states and {kinds.count('action'):,} actions"
    return str(getattr(question, "problem", question))


def of_unit(question: Question) -> str:
    """The unit of its times, to stand behind a number; nothing if that is the user's own."""
    about: Any = getattr(question, "problem", question)
    return about.hardware.of_unit if isinstance(about, Problem) else ""


def measure(question: Question) -> str:
    """What its times are measured in, to stand beside an axis."""
    return f"in{unit}" if (unit := of_unit(question)) else pictures.UNIT


def finite(number: float | None) -> float | None:
    """A number as JSON has it: none where it is infinite or not a number."""
    return None if number is None or not isfinite(number) else float(number)


def rational(number: Fraction) -> int | float:
    """A rational number as the number of JSON that is nearest to it."""
    return int(number) if number.denominator == 1 else float(number)


def keys_as_json(keys: Iterable[Hashable]) -> list[Any]:
    """Several configurations."""
    return [node_as_json(key) for key in keys]
