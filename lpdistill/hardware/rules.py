"""Rules: which actions the hardware, or its user, allows.

A rule says what it can as *structure* (how many distillations, which levels, how many attempts), so that forbidden
columns are never enumerated; whatever else it forbids it says action by action.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.errors import ModelError, names_like
from lpdistill.hardware.actions import Step
from lpdistill.hardware.graph_step import step_of
from lpdistill.numbers import absent, whole

if TYPE_CHECKING:
    import networkx as nx


class Rule:
    """Allows some actions, and forbids the others.

    ``Rule(predicate)`` allows the actions for which ``predicate(step)`` is True.  A class of rules overrides the
    structural methods, which keep forbidden actions from being enumerated at all, or :meth:`permits`, which is asked
    about every action that is left.  Waiting is forbidden by none of the built-in rules.

    Parameters
    ----------
    predicate
        A function of a :class:`Step` that returns True or False.
    name
        How messages call the rule; by default, the predicate's or the class's name.

    Examples
    --------
    Keep at least one raw pair in reserve:

    >>> from lpdistill import Problem, Rule, solve
    >>> reserve = Rule(lambda step: step.counts[0] != 1 or not step.distil, name="reserve")
    >>> problem = Problem(0.5, 4, "3/4", "79/100")
    >>> solve(problem.with_constraints(reserve)).waiting_time > solve(problem).waiting_time
    True
    """

    told: ClassVar[str] = ""
    """What options and pages say of the rule, in a clause."""

    bracketed: ClassVar[bool] = False
    """Whether label models bracket the optimum under it: a better pair in any memory must never be worse."""

    predicate: Callable[[Step], bool] | None = None

    def __init__(self, predicate: Callable[[Step], bool] | None = None, name: str | None = None) -> None:
        if not (callable(predicate) or (predicate is None and type(self) is not Rule)):
            raise ModelError("rule", "must have a predicate: a function of a step, to True or False", predicate)
        self.predicate = predicate
        self._name = name

    @property
    def name(self) -> str:
        """What messages, files and options call the rule."""
        given = getattr(self, "_name", None) or (self.predicate and getattr(self.predicate, "__name__", None))
        return str(given or called(type(self)))

    def most_distillations(self, memories: int) -> int:
        """Greatest number of distillations in one step."""
        return memories // 2

    def allows_pair(self, low: int, high: int, raw: int) -> bool:  # noqa: ARG002 - for classes of rules
        """Whether pairs of levels ``low`` to ``high`` may be distilled together; ``raw`` is that of a raw pair."""
        return True

    def allows_levels(self, levels: Sequence[int], raw: int) -> bool:
        """Whether pairs of some levels may be distilled together: if the lowest and the highest may, by default."""
        return self.allows_pair(min(levels), max(levels), raw)

    def most_attempts(self, memories: int, *, distilling: bool) -> int:  # noqa: ARG002 - for classes of rules
        """Greatest number of generation attempts in a step that distils, or in one that does not."""
        return memories

    def permits(self, step: Step) -> bool:
        """Whether an action that the structure of the rule admits is allowed."""
        return self.predicate is None or self.predicate(step)

    @property
    def separable(self) -> bool:
        """Whether two pairs may be distilled depends on whether they are equal, or raw, and on nothing else.

        The levels that it leaves can then be found without those that it does not.
        """
        return False

    @property
    def elementwise(self) -> bool:
        """Whether the rule must be asked about every action."""
        return self.predicate is not None or type(self).permits is not Rule.permits

    @property
    def touches_generation(self) -> bool:
        """Whether the rule may forbid an action for the number of its attempts."""
        return self.elementwise or type(self).most_attempts is not Rule.most_attempts

    def answer(self, step: Step) -> bool:
        """The answer of :meth:`permits`, which must be one.

        Raises
        ------
        ModelError
            If it raises, or returns anything but True or False.
        """
        where = f"rule {self.name}"
        try:
            answer = self.permits(step)
        except Exception as error:
            raise ModelError(where, f"raised {type(error).__name__}: {error}; it was asked about", str(step)) from error
        # numpy has a truth value of its own.
        if type(answer).__name__ not in {"bool", "bool_"}:
            problem = f"must return True or False for every step; for ({step}) it returned {answer!r}"
            raise ModelError(where, problem, None)
        return bool(answer)

    def allows(self, step: Step) -> bool:
        """Whether the rule allows an action: its structure and :meth:`permits` together."""
        raw = -1 if step.raw is None else step.raw
        return (
            len(step.distil) <= self.most_distillations(step.memories)
            and all(self.allows_levels(levels, raw) for levels in step.distil)
            and step.generate <= self.most_attempts(step.memories, distilling=bool(step.distil))
            and (not self.elementwise or self.answer(step))
        )

    def prune(self, graph: nx.DiGraph[Any]) -> list[Any]:
        """Remove the actions that the rule forbids from a state graph, and return their nodes.

        Parameters
        ----------
        graph
            A state graph whose state nodes have ``counts`` and whose action nodes have ``distil`` and ``generate``,
            such as :meth:`Problem.graph` makes; changed in place.
        """
        gone = [
            node
            for node, attributes in graph.nodes(data=True)
            if attributes.get("kind") == "action" and not self.allows(step_of(graph, node))
        ]
        graph.remove_nodes_from(gone)
        return gone

    def to_dict(self) -> dict[str, Any]:
        """The rule as JSON data."""
        return {"rule": self.name, **(asdict(self) if is_dataclass(self) else {})}

    def __eq__(self, other: object) -> bool:
        if type(self) is Rule and type(other) is Rule:
            return self.name == other.name and self.predicate == other.predicate
        return self is other

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f"Rule({self.name})"


def called(kind: type[Rule]) -> str:
    """The name of a class of rules: ``max_distillations`` is MaxDistillations."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


class _Numbered(Rule):
    """A rule that says one thing: a number that is not negative."""

    def __post_init__(self) -> None:
        number = number_of(type(self))
        given = getattr(self, number)
        found = whole(given, self.name)
        if found < 0:
            raise ModelError(self.name, "must be at least 0", given)
        object.__setattr__(self, number, found)


@dataclass(frozen=True)
class MaxDistillations(_Numbered):
    """At most ``most`` distillations in a step; one, where crosstalk forbids more (arXiv:2606.14908, section V)."""

    told = "at most so many distillations in a step"
    bracketed = True

    most: int

    def most_distillations(self, memories: int) -> int:
        """``most``, or what the memories allow."""
        return min(self.most, memories // 2)


@dataclass(frozen=True)
class MaxAttempts(_Numbered):
    """At most ``most`` generation attempts in a step."""

    told = "at most so many generation attempts in a step"
    bracketed = True

    most: int

    def most_attempts(self, memories: int, *, distilling: bool) -> int:  # noqa: ARG002 - in every step
        """``most``, or what the memories allow."""
        return min(self.most, memories)


@dataclass(frozen=True)
class NoGenerationWhileDistilling(Rule):
    """No generation in a step that distils: a laser that cannot fire meanwhile."""

    told = "a step that distils does not generate"
    bracketed = True

    def most_attempts(self, memories: int, *, distilling: bool) -> int:
        """None in a step that distils."""
        return 0 if distilling else memories


@dataclass(frozen=True)
class Banded(_Numbered):
    """Only pairs at most ``width`` levels apart may be distilled (Van Meter et al., IEEE/ACM ToN 17, 1002, 2009)."""

    told = "only pairs at most so many levels apart are distilled"

    width: int

    def allows_pair(self, low: int, high: int, raw: int) -> bool:  # noqa: ARG002 - every level alike
        """Whether the levels are close enough."""
        return high - low <= self.width

    @property
    def separable(self) -> bool:
        """A width of 0 leaves pairs of equal level."""
        return not self.width


@dataclass(frozen=True)
class EqualLevelsOnly(Rule):
    """Only pairs of equal level may be distilled, as in nested distillation."""

    told = "only pairs of equal level are distilled (nested)"

    def allows_pair(self, low: int, high: int, raw: int) -> bool:  # noqa: ARG002 - every level alike
        """Whether the levels are equal."""
        return low == high

    @property
    def separable(self) -> bool:
        """Equal levels only."""
        return True


@dataclass(frozen=True)
class RawPairOnly(Rule):
    """Every distillation consumes a raw pair, as in pumping."""

    told = "every distillation consumes a raw pair (pumping)"

    def allows_pair(self, low: int, high: int, raw: int) -> bool:
        """Whether one of the pairs is raw."""
        return raw in {low, high}

    def allows_levels(self, levels: Sequence[int], raw: int) -> bool:
        """Whether one of the pairs is raw."""
        return raw in levels

    @property
    def separable(self) -> bool:
        """Raw pairs with any other."""
        return True


BUILT_IN: dict[str, type[Rule]] = {
    called(kind): kind
    for kind in (MaxDistillations, MaxAttempts, NoGenerationWhileDistilling, Banded, EqualLevelsOnly, RawPairOnly)
}
"""The rules that problem files and options know, by name; another one is another class here."""


def number_of(kind: type[Rule]) -> str:
    """What a rule calls its number; empty for a rule without."""
    return next((item.name for item in fields(kind)), "") if is_dataclass(kind) else ""


def rules_from(settings: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The built-in rules that a table of names and arguments describes.

    A rule with a number takes it (``{"max_distillations": 1}``), or ``"none"``; a rule without takes True or False.

    Raises
    ------
    ModelError
        If a rule is unknown or its argument wrong.
    """
    found: list[Rule] = []
    for name, argument in settings.items():
        kind = _built_in(name)
        if absent(argument):
            continue
        number = number_of(kind)
        if isinstance(argument, bool) == bool(number):
            raise ModelError(name, "must be a whole number such as 1" if number else "must be true or false", argument)
        if number or argument:
            found.append(kind(**({number: argument} if number else {})))
    return tuple(found)


def _built_in(name: object) -> type[Rule]:
    if name not in BUILT_IN:
        raise ModelError("rules", f"has no such rule; known rules are {names_like(BUILT_IN, name)}", name)
    return BUILT_IN[str(name)]


def rules_stated(document: object) -> tuple[Rule, ...]:
    """The rules of a document: a table of them by name, or a list of what each says of itself.

    Raises
    ------
    ModelError
        If it is neither, or a rule is unknown or its argument wrong.
    """
    if isinstance(document, Mapping):
        return rules_from(document)
    return tuple(map(_stated, document if isinstance(document, list | tuple) else [document]))


def _stated(document: object) -> Rule:
    """The rule that says of itself what :meth:`Rule.to_dict` gave."""
    if not isinstance(document, Mapping) or "rule" not in document:
        raise ModelError(
            "rules", 'must be a table, or a list of rules such as {"rule": "banded", "width": 1}', document
        )
    arguments = {name: value for name, value in document.items() if name != "rule"}
    try:
        return _built_in(document["rule"])(**arguments)
    except TypeError:
        raise ModelError(f"rule {document['rule']}", "has other arguments", arguments) from None


def is_rule(given: object) -> TypeGuard[Rule]:
    """Whether something is a rule."""
    return isinstance(given, Rule)


RULE: Kind[Rule] = Kind(
    "a rule, such as MaxDistillations(1)",
    is_rule,
    "",
    {
        "Budget": "budgets have an argument of their own, and with_constraints(...) takes both",
        "function": "Rule(function) makes a rule of it",
        "type": "call it to make one",
    },
)
"""A rule."""


def checked(rules: object) -> tuple[Rule, ...]:
    """Rules without repetition: one, several, or a table of them by name.

    Raises
    ------
    ModelError
        If one is no rule.
    """
    if isinstance(rules, Mapping):
        return rules_from(rules)
    return tuple(dict.fromkeys(RULE.several(rules, "rules")))
