"""JSON Schemas (draft 2020-12) of all documents: what ``--json`` prints, what files and ``to_json`` hold.

>>> schema("lpdistill.frontier/1")["title"]
'lpdistill.frontier/1'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from lpdistill.errors import ModelError
from lpdistill.schemas import (
    answers,
    certificates,
    control,
    deployed,
    planning,
    rates,
    service,
    studies,
    windows,
    worth,
)
from lpdistill.schemas.parts import Schema

__all__ = ["SCHEMAS", "schema", "write_schemas"]

SCHEMAS: Mapping[str, Schema] = {
    found["title"]: found
    for room in (answers, rates, worth, windows, studies, planning, control, service, deployed, certificates)
    for found in vars(room).values()
    if isinstance(found, dict) and "$schema" in found
}
"""The schemas by name, as documents state it."""


def schema(name: str) -> Schema:
    """The schema that a document states.

    Parameters
    ----------
    name
        What stands under ``schema`` in the document, such as ``lpdistill.solution/1``.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if name not in SCHEMAS:
        raise ModelError("schema", f"must be one of {', '.join(SCHEMAS)}", name)
    return deepcopy(SCHEMAS[name])


def write_schemas(folder: Path) -> None:
    """Write every schema to a file of its own in a folder."""
    for name, found in SCHEMAS.items():
        file = folder / f"{name.removeprefix('lpdistill.').partition('/')[0]}.json"
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
