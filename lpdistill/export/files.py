"""Files that cannot be written, or have another suffix, said as errors of the input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

from lpdistill.arguments import path_of
from lpdistill.errors import ModelError

GRAPHS = (".graphml", ".json")
"""Suffixes of the files from which state graphs are read."""


@contextmanager
def writing(file: str | PathLike[str], where: str = "file") -> Iterator[None]:
    """Raise ModelError where a file cannot be written; ``where`` is what asked for it."""
    try:
        yield
    except OSError as error:
        raise ModelError(where, f"cannot be written: {error.strerror or error}", str(file)) from None


def require_suffix(file: str | PathLike[str], *suffixes: str) -> None:
    """Raise ModelError unless a path has one of some suffixes."""
    if path_of(file, "file").suffix not in suffixes:
        raise ModelError("file", f"must have the suffix {' or '.join(suffixes)}", str(file))
