"""What a user means by an argument: one of the kind that is wanted, or the one that something else has.

A solution has one policy and one problem, so it may stand for either.  What may mean several things is refused, with
what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Generic, TypeGuard, TypeVar

from lpdistill.errors import ModelTypeError

T = TypeVar("T")

SHORT = 60
"""Characters of a value of a wrong type that a message quotes."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of argument.

    Attributes
    ----------
    noun
        What messages call one.
    accepts
        Whether something is one.
    within
        The attribute under which other things have one.
    instead
        What to write instead of something else, by the name of its class.
    """

    noun: str
    accepts: Callable[[object], TypeGuard[T]]
    within: str
    instead: Mapping[str, str]

    def meant(self, given: object, where: str) -> T:
        """The one that an argument is, or that it has.

        Raises
        ------
        ModelTypeError
            If it is none and has none: the message names what was wanted, what was given, and what to write.
        """
        if self.accepts(given):
            return given
        held = None if isinstance(given, type) else getattr(given, self.within, None)
        if self.accepts(held):
            return held
        names = [kind.__name__ for kind in type(given).__mro__]
        advice = next((f"; {self.instead[name]}" for name in names if name in self.instead), "")
        raise wrong_type(where, f"must be {self.noun}, not {named(given)}{advice}", given)

    def several(self, given: object, where: str) -> tuple[T, ...]:
        """Those that an argument has, which may be one, several in a row, or None for none.

        Raises
        ------
        ModelTypeError
            If something among them is none.
        """
        if given is None:
            return ()
        several = isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
        parts: Iterable[object] = [given] if self.accepts(given) or not several else given  # type: ignore[assignment]
        return tuple(self.meant(one, where) for one in parts)


def path_of(given: object, where: str) -> Path:
    """The path of a file.

    Raises
    ------
    ModelTypeError
        If it is none.
    """
    if not isinstance(given, str | PathLike):
        raise wrong_type(where, f"must be the path of a file, not {named(given)}", given)
    return Path(given)


def wrong_type(where: str, problem: str, given: object) -> ModelTypeError:
    """The error about an argument whose type is wrong; what Python itself has is quoted, if it is short."""
    plain = type(given).__module__ == "builtins" and not isinstance(given, type) and len(repr(given)) <= SHORT
    error = ModelTypeError(where, problem, given if plain else None)
    error.value = given
    return error


def named(given: object) -> str:
    """What something is, in words.

    >>> named([1]), named(1), named(None), named(list)
    ('a list', 'an int', 'None', 'the class list')
    """
    if given is None:
        return "None"
    if isinstance(given, type):
        return f"the class {given.__name__}"
    name = type(given).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
