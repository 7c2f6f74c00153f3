"""The distillation maps that have names: what problem files, options and documents may call."""

from __future__ import annotations

from typing import Any

from lpdistill.errors import ModelError, names_like
from lpdistill.physics.maps import DistillationMap
from lpdistill.physics.werner import Werner

DEFAULT = Werner()
"""The map of a problem that names none."""

MAPS: dict[str, DistillationMap[Any]] = {known.name: known for known in (DEFAULT,)}
"""The maps of the model, by name; another one is another row."""


def map_named(name: object) -> DistillationMap[Any]:
    """The map of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if not isinstance(name, str) or name not in MAPS:
        raise ModelError("distillation", f"must be the name of a map of the model: {names_like(MAPS, name)}", name)
    return MAPS[name]
