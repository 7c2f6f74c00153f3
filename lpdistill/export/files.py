"""Files that cannot be written, said as an error of the input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

from lpdistill.errors import ModelError


@contextmanager
def writing(file: str | PathLike[str]) -> Iterator[None]:
    """Raise ModelError where a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise ModelError("file", f"cannot be written: {error.strerror or error}", str(file)) from None
