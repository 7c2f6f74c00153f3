"""Everything that can go wrong, as exceptions that carry the objects they speak of.

The message of every error says what is wrong, where, the value found and what to do about it.
``exit_code`` is what the command line returns for it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar

LONGEST_VALUE = 300
"""Characters of a value that a message quotes."""


class LpdistillError(Exception):
    """Base of every error that this package raises on purpose."""

    exit_code: ClassVar[int] = 1

    def __reduce__(self) -> tuple[Callable[..., LpdistillError], tuple[Any, ...]]:
        """Pickle with what it carries: errors of worker processes reach the one that started them."""
        carried = {
            name: dict(value) if isinstance(value, MappingProxyType) else value for name, value in self.__dict__.items()
        }
        return _restored, (type(self), self.args, carried)


def _restored(kind: type[LpdistillError], args: tuple[Any, ...], carried: Mapping[str, Any]) -> LpdistillError:
    """An error as it was pickled."""
    error = kind.__new__(kind, *args)
    for name, value in carried.items():
        setattr(error, name, MappingProxyType(value) if isinstance(value, dict) else value)
    return error


def did_you_mean(value: object, known: Iterable[str]) -> str:
    """The end of a message about a name that is none of those known: the one most like it, if one is.

    >>> did_you_mean("memorys", ["p", "memories"])
    "; did you mean 'memories'?"
    >>> did_you_mean("colour", ["p", "memories"])
    ''
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it

    names = {name.replace("-", "_").lower(): str(name) for name in known}
    close = get_close_matches(str(value).replace("-", "_").lower(), names, n=1)
    return f"; did you mean {names[close[0]]!r}?" if close else ""


def names_like(known: Iterable[str], found: object) -> str:
    """The end of a message about a name that is none of those known: all of them, and the one most like it.

    >>> names_like(["p", "memories"], "memorys")
    "p, memories; did you mean 'memories'?"
    """
    names = list(known)
    return ", ".join(names) + did_you_mean(found, names)


class ModelError(LpdistillError, ValueError):
    """An input that describes no model: out of range, not a number, contradictory, unknown.

    Parameters
    ----------
    where
        The name of the input (an argument, an option, a key of a file).
    problem
        What is wrong with it and what would be right, as a clause.
    value
        The value found, kept as it was given; None if the input is missing.
    """

    exit_code = 2

    def __init__(self, where: str, problem: str, value: object) -> None:
        self.where = where
        self.value = value
        super().__init__(f"{where}: {problem}" + ("" if value is None else f" (found {quoted(value)})"))

    def at(self, where: str) -> ModelError:
        """The same error under the name that a user gave to the input."""
        self.args = (where + str(self).removeprefix(self.where),)
        self.where = where
        return self


def quoted(value: object) -> str:
    """A value in a message, fractions as they are written; one whose representation is no short line, by its type."""
    text = repr(str(value) if isinstance(value, Fraction) else value)
    return text if len(text) <= LONGEST_VALUE and "\n" not in text else f"a {type(value).__name__}"


class ModelTypeError(ModelError, TypeError):
    """An input of another type than can be meant there."""


class ForbiddenActionError(ModelError):
    """A rule forbids an action that a baseline takes."""


class UnreachableTargetError(LpdistillError):
    """The target fidelity lies beyond what the memories can reach.

    Attributes
    ----------
    target, pumping_limit, memory_limit
        The target and the two limits of ``memories`` memories: what pumping alone approaches, and what any
        nesting that fits the memories approaches.  Neither is ever attained.
    """

    exit_code = 3

    def __init__(self, message: str, *, target: float, pumping_limit: float, memory_limit: float) -> None:
        self.target = target
        self.pumping_limit = pumping_limit
        self.memory_limit = memory_limit
        super().__init__(message)


class DoNotDistilError(UnreachableTargetError):
    """Gates and readouts are so noisy that distilling raw pairs makes no better one: the answer is not to distil.

    Attributes
    ----------
    helps_from, reaches_from
        The average gate fidelity at both nodes from which distilling raw pairs makes a better one, and from which these
        memories reach the target, rounded up; None if no gates do.
    """

    def __init__(self, message: str, *, helps_from: float | None, reaches_from: float | None, **limits: float) -> None:
        self.helps_from = helps_from
        self.reaches_from = reaches_from
        super().__init__(message, **limits)


class InfiniteLevelsError(UnreachableTargetError):
    """The target can be reached, but infinitely many fidelity levels lie below it: no finite program."""


class InfeasibleError(LpdistillError):
    """No policy reaches the target within the rules, or none within the budgets.

    Attributes
    ----------
    conflict
        What rules the policies out: the budgets that cannot be met together, or the rules that close a dead end.
    workable
        For budgets, limits by name with which all can be met: the least change relative to the limits, and for a
        single budget the least (or greatest) limit that can be met.
    dead_ends
        For rules, configurations that a run may enter and never leaves; none where no distillation leads to the target.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        conflict: tuple[object, ...],
        workable: Mapping[str, float] | None = None,
        dead_ends: tuple[Hashable, ...] = (),
    ) -> None:
        self.conflict = conflict
        self.workable = MappingProxyType(dict(workable or {}))
        self.dead_ends = dead_ends
        super().__init__(message)


class ImproperPolicyError(LpdistillError):
    """A policy that does not reach the target with probability one from some configuration.

    Attributes
    ----------
    deadlock
        The configurations (count vectors, or nodes of a state graph) that the policy never leaves for others.
    """

    exit_code = 3

    def __init__(self, message: str, *, deadlock: tuple[Hashable, ...]) -> None:
        self.deadlock = deadlock
        super().__init__(message)


class NotCertifiedError(LpdistillError):
    """A result whose proof does not close: it must not be mistaken for an answer."""


class WorkerError(LpdistillError):
    """A process or a cluster that computes for this one was lost; what it had finished is kept."""


class LimitError(LpdistillError):
    """Work refused before it starts, with the size it would have had.

    Attributes
    ----------
    size
        The quantities that were computed in closed form (configurations, columns, bytes, ...).
    lower_bound
        Where a limit of time ended the search for a policy, what is proved of the waiting time of all; otherwise None.
    """

    exit_code = 4

    def __init__(self, message: str, *, size: Mapping[str, int], lower_bound: float | None = None) -> None:
        self.size = MappingProxyType(dict(size))
        self.lower_bound = lower_bound
        super().__init__(message)
