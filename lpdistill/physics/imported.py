"""Maps of a user's own, by the name under which Python finds them: ``module:name``.

Whoever asks for such a name runs the code of the module.  Options, arguments and problem files ask for what they name;
documents do not: they are read where the name has been imported before, and refused where it has not.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass, replace
from fractions import Fraction
from importlib import import_module, invalidate_caches
from numbers import Real
from pathlib import Path
from typing import Any

from lpdistill.errors import ModelError, names_like
from lpdistill.physics.maps import Combination, DistillationMap, Pair

FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""What names of maps that are imported look like."""

OPERATIONS = {"noise", "protocols", "bias"}
"""The fields of a map that the hardware fills in."""

IMPORTED: dict[str, DistillationMap[Any]] = {}
"""The maps that have been imported, by name: like modules, once."""

CODE: dict[str, str] = {}
"""Digests of the files that they came from, as they were then."""


def imported(name: str) -> DistillationMap[Any]:
    """The map that a name ``module:name`` finds: an object, or what a class or a function without arguments makes.

    The module is looked for where Python looks, and last in the current folder.

    Raises
    ------
    ModelError
        If there is no such module or name, its code fails, or what it gives is no map.
    """
    if name in IMPORTED:
        return IMPORTED[name]
    if not FORM.fullmatch(name):
        raise ModelError("distillation", "must name a map of your own as module:name, such as mymaps:Mine", name)
    module, _, path = name.partition(":")
    with _current_folder(), blamed(name):
        found = _module(module, name)
    file = getattr(found, "__file__", None)
    CODE[name] = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    for part in path.split("."):
        if not hasattr(found, part):
            known = [one for one in vars(found) if not one.startswith("_")] if hasattr(found, "__dict__") else []
            raise ModelError("distillation", f"names what is not there: it has {names_like(known, part)}", name)
        found = getattr(found, part)
    if isinstance(found, type) or not isinstance(found, DistillationMap):
        if not callable(found):
            raise ModelError("distillation", "must name a map, with raw and combine, or what makes one", name)
        with blamed(name):
            found = found()
    if isinstance(found, type) or not isinstance(found, DistillationMap):
        raise ModelError("distillation", "must name what makes a map, with raw and combine", name)
    return found


def map_name(distillation: DistillationMap[Any]) -> str:
    """How reports and documents call a map: by the name that it was imported by, its own, or that of its class."""
    for name, known in IMPORTED.items():
        if type(known) is type(distillation) and (known is distillation or plain(known) == plain(distillation)):
            return name
    return str(getattr(distillation, "name", type(distillation).__name__))


def code_of(distillation: DistillationMap[Any]) -> str:
    """A digest of the file that an imported map came from, empty for others: what is kept by names knows its code."""
    return CODE.get(map_name(distillation), "")


def combined(distillation: DistillationMap[Any], pairs: Sequence[Any]) -> Combination[Any]:
    """What a map makes of some pairs.

    Raises
    ------
    ModelError
        If its code fails, or makes anything but pairs with probabilities.
    """
    with blamed(map_name(distillation)):
        made: object = distillation.combine(*pairs)
    if not isinstance(made, Combination):
        raise _no_map(distillation, "combine into a Combination of a pair and its probability", made)
    for _, pair in made.outcomes:
        _require_pair(distillation, pair)
    return made


def raw_of(distillation: DistillationMap[Any], fidelity: Fraction) -> Pair:
    """A raw pair of a map.

    Raises
    ------
    ModelError
        If its code fails, or makes anything but a pair.
    """
    with blamed(map_name(distillation)):
        pair = distillation.raw(fidelity)
    _require_pair(distillation, pair)
    return pair  # type: ignore[no-any-return]


def _require_pair(distillation: DistillationMap[Any], pair: object) -> None:
    """Refuse a map whose pairs have no fidelity, or no hash."""
    if not isinstance(getattr(pair, "fidelity", None), Real):
        raise _no_map(distillation, "have pairs with a fidelity", pair)
    try:
        hash(pair)
    except TypeError:
        raise _no_map(distillation, "have pairs with a hash, such as frozen dataclasses", pair) from None


def _no_map(distillation: DistillationMap[Any], wanted: str, found: object) -> ModelError:
    """The error of an object that is a map by its methods only."""
    return ModelError("distillation", f"must {wanted}, and {map_name(distillation)} does not", found)


def plain(distillation: Any) -> Any:
    """A map without what the hardware says of its operations."""
    own = [one for one in fields(distillation) if one.name in OPERATIONS] if is_dataclass(distillation) else []
    usual = {one.name: one.default for one in own if one.default is not MISSING}
    return replace(distillation, **usual) if usual else distillation


def _module(module: str, name: str) -> Any:
    """A module by its name."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise ModelError(
            "distillation", f"names a module, {module}, that is neither installed nor in the current folder", name
        ) from None


@contextmanager
def _current_folder() -> Iterator[None]:
    """Within, modules are looked for in the current folder, too: last, so that none hides another."""
    here = str(Path.cwd())
    known = here in sys.path
    if not known:
        sys.path.append(here)
    invalidate_caches()
    try:
        yield
    finally:
        if not known and here in sys.path:
            sys.path.remove(here)


@contextmanager
def blamed(name: str) -> Iterator[None]:
    """Say of an error within that it is one of the user's code."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError("distillation", f"names code that raises {type(error).__name__}: {error}", name) from error
