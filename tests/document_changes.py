"""Documents with something else in one place, which a checker is to notice."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

Path_ = tuple[Any, ...]


def leaves(node: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Everything that a document says, with where it does."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if children is None:
        yield path, node
    else:
        for key, child in children:
            yield from leaves(child, (*path, key))


def other(value: Any) -> Any:
    """Something else of the same form."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if re.fullmatch(r"-?\d+(/\d+)?", value):
        return str(Fraction(value) + 1)
    return {"charged": "free", "free": "charged", "full": "all", "all": "full"}.get(value, value + "-")


def changed(document: dict[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """A copy with another value somewhere."""
    copied = copy.deepcopy(document)
    place: Any = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copied
