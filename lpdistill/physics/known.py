"""The distillation maps that have names: what problem files, options and documents may call."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from lpdistill.errors import ModelError, names_like
from lpdistill.physics.dejmps import Dejmps
from lpdistill.physics.maps import DistillationMap
from lpdistill.physics.werner import Werner

DEFAULT = Werner()
"""The map of a problem that names none."""

MAPS: dict[str, DistillationMap[Any]] = {known.name: known for known in (DEFAULT, Dejmps())}
"""The maps of the model, by name; another one is another row."""

FORMER = {"werner": DEFAULT.name}
"""Names of maps in documents of earlier versions."""


def map_named(name: object) -> DistillationMap[Any]:
    """The map of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    called = FORMER.get(name, name) if isinstance(name, str) else name
    if not isinstance(called, str) or called not in MAPS:
        raise ModelError("distillation", f"must be the name of a map of the model: {names_like(MAPS, name)}", name)
    return MAPS[called]


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
            raise ModelError(name, f"means nothing to the map {distillation.name}, which has no such field", str(value))
    return replace(distillation, **operations) if operations else distillation  # type: ignore[type-var]
