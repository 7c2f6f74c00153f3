"""Settings from several places, of which the later win."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from lpdistill.numbers import NONE, absent
from lpdistill.problem.presets import PRESET, presets_named
from lpdistill.problem.settings import SETTINGS, tables


def joined(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with changes that win, name by name in tables.

    A changed gap replaces a target and vice versa, weights of raw pairs their fidelity, a distance what follows from
    it.  ``"none"`` stays, for whoever joins this to other settings.
    """
    changes = {key: value for key, value in changes.items() if value is not None}
    gone = set[str]()
    for row in SETTINGS.values():
        if row.instead_of and changes.keys() & {row.name, row.instead_of}:
            gone |= {row.name, row.instead_of}
        if row.unless and not absent(changes.get(row.unless, NONE)):
            gone.add(row.name)
        if row.name in changes:
            gone |= {row.name, *row.derives}
    both = [name for name in tables() if all(isinstance(one.get(name), Mapping) for one in (settings, changes))]
    tabled = {name: {**settings[name], **changes[name]} for name in both}
    found = {key: value for key, value in settings.items() if key not in gone} | changes | tabled
    return {key: value for key, value in found.items() if value != {}}


def expanded(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those of their presets, over which they win.

    >>> expanded({"preset": "ion-study", "p": "0.1", "raw": ".9,0,0,.1"})
    {'distance': '0.25km', 'gate': '0.9', 'p': '0.1', 'raw': '.9,0,0,.1'}
    """
    given, named = {name: value for name, value in settings.items() if name != PRESET}, settings.get(PRESET)
    return given if named is None or absent(named) else reduce(joined, [*presets_named(named), given], {})
