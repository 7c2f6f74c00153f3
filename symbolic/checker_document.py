"""The document of a certificate: in a file, as data, or of one that was written to no file."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

from lpdistill.arguments import path_of
from lpdistill.errors import ModelError

SCHEMA = "lpdistill.certificate/1"


class Written(Protocol):
    """What has a document, as a certificate has."""

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON data."""
        ...


def document_of(certificate: str | PathLike[str] | dict[str, Any] | Written) -> dict[str, Any]:
    """The document of a certificate.

    Raises
    ------
    ModelError
        If there is none.
    """
    write = None if isinstance(certificate, type | PathLike) else getattr(certificate, "to_dict", None)
    found = certificate if isinstance(certificate, dict) else write() if callable(write) else _read(certificate)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ModelError("certificate", f'must be a JSON document with "schema": "{SCHEMA}"', str(certificate)[:80])
    return found


def _read(path: object) -> Any:
    """The JSON document in a file."""
    file: Path = path_of(path, "certificate")
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelError("certificate", f"cannot be read: {error.strerror}; give a JSON file", str(path)) from None
    except (ValueError, RecursionError) as error:
        raise ModelError("certificate", f"is not JSON: {error}", str(path)) from None
