"""The distillation maps that have names: what problem files, options and documents may call."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from lpdistill.errors import ModelError, names_like
from lpdistill.physics.dejmps import Dejmps
from lpdistill.physics.imported import IMPORTED, imported, map_name
from lpdistill.physics.maps import DistillationMap
from lpdistill.physics.werner import Werner

DEFAULT = Werner()
"""The map of a problem that names none."""

MAPS: dict[str, DistillationMap[Any]] = {known.name: known for known in (DEFAULT, Dejmps())}
"""The maps of the model, by name; another one is another row."""

FORMER = {"werner": DEFAULT.name}
"""Names of maps in documents of earlier versions."""


def map_meant(given: object) -> DistillationMap[Any]:
    """The map that a user gives, or names: one of the model, or one that is imported by ``module:name``.

    Raises
    ------
    ModelError
        If it is none, or there is none of that name.
    """
    if isinstance(given, str):
        if given in MAPS:
            return MAPS[given]
        if ":" not in given:
            names = names_like(MAPS, given)
            raise ModelError("distillation", f"must be a map, module:name, or the name of one: {names}", given)
        found = imported(given)
        return found if found in MAPS.values() else IMPORTED.setdefault(given, found)
    if isinstance(given, type) or not isinstance(given, DistillationMap):
        raise ModelError("distillation", "must be a distillation map, such as Werner()", given)
    return given


def map_stated(given: object) -> DistillationMap[Any]:
    """The map that a document states by its name, which runs no code: one of the model, or imported before.

    A map that stands in the document itself will do.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if not isinstance(given, str) and isinstance(given, DistillationMap):
        return map_meant(given)
    called = FORMER.get(given, given) if isinstance(given, str) else given
    known = MAPS | IMPORTED
    if isinstance(called, str) and called in known:
        return known[called]
    if isinstance(called, str) and ":" in called:
        raise ModelError(
            "distillation",
            "names code of a user's, which reading a document does not run; put the map in place of its name",
            given,
        )
    raise ModelError("distillation", f"must be the name of a map of the model: {names_like(MAPS, given)}", given)


def adapted(distillation: DistillationMap[Any], **operations: Any) -> DistillationMap[Any]:
    """A map with what the hardware says of operations: a ``noise``, ``protocols`` or ``bias`` of its own kind.

    Raises
    ------
    ModelError
        If the map has no such field.
    """
    known = {item.name for item in fields(distillation)} if is_dataclass(distillation) else set[str]()
    for name, value in operations.items():
        if name not in known:
            raise ModelError(
                name, f"means nothing to the map {map_name(distillation)}, which has no such field", str(value)
            )
    return replace(distillation, **operations) if operations else distillation  # type: ignore[type-var]
