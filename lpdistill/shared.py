"""What is made once for all that need the same: found again by its key, and forgotten when it is not asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T", bound=Sized)

PLAIN = frozenset({bool, int, float, complex, str, bytes, Decimal, type(None)})
"""Types of values that never change."""


class Shared(Generic[T]):
    """Things by key, made when they are first asked for; those that were asked for last are kept.

    All that ask get the same thing, whichever thread they run in, and are not to change it.

    Parameters
    ----------
    most
        How many things are kept.
    largest
        The size (``len``) up to which a thing is kept: a larger one is made for whoever asks.
    total
        The size of all that is kept together, but for the one that was asked for last; as many of the largest as are
        kept, by default.

    Examples
    --------
    >>> words = Shared[str](2, largest=5)
    >>> words.of(1, lambda: "one"), words.of(1, lambda: "two"), len(words)
    ('one', 'one', 1)
    """

    def __init__(self, most: int, *, largest: int, total: int | None = None) -> None:
        self._most, self._largest = most, largest
        self._total = most * largest if total is None else total
        self._kept, self._lock = OrderedDict[Hashable, T](), Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing of a key, made if there is none yet; nothing is kept where making it raises."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        if len(made) > self._largest:
            return made
        with self._lock:
            made = self._kept.setdefault(key, made)  # another thread may have been faster
            while len(self._kept) > self._most or (len(self._kept) > 1 and self._size() > self._total):
                self._kept.popitem(last=False)
        return made

    def _size(self) -> int:
        return sum(map(len, self._kept.values()))


class Same:
    """A key that one thing has and no other, however equal: for what is large, and not to be compared.

    >>> one, another = [1], [1]
    >>> Same(one) == Same(one), Same(one) == Same(another)
    (True, False)
    """

    __slots__ = ("_thing",)

    def __init__(self, thing: object) -> None:
        self._thing = thing  # kept, so that no other gets its identity

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self._thing is other._thing

    def __hash__(self) -> int:
        return id(self._thing)


def by_value(thing: object) -> Hashable | None:
    """A key for what is made of plain values alone; None for anything else, which may change and keep its identity.

    Plain are numbers, texts, members of enumerations and None, tuples of what is plain, and frozen dataclasses with
    plain fields.  Equal values of different types have different keys.

    >>> by_value(1) == by_value(True), by_value((1, "a")) == by_value((1, "a")), by_value([1]), by_value(print)
    (False, True, None, None)
    """
    kind = type(thing)
    if isinstance(thing, Fraction) and kind is Fraction:  # integers are hashed faster
        return kind, thing.numerator, thing.denominator
    if kind in PLAIN or isinstance(thing, Enum):
        return kind, thing
    if isinstance(thing, tuple) and kind is tuple:
        keys = tuple(map(by_value, thing))
    elif is_dataclass(thing) and (made := vars(kind).get("__dataclass_params__")) and made.frozen:
        # A class that only inherits from a dataclass may have attributes besides the fields.
        keys = tuple(by_value(getattr(thing, field.name)) for field in fields(thing))
    else:
        return None
    return None if None in keys else (kind, *keys)
