"""Problems in TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from lpdistill.arguments import path_of
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import absent
from lpdistill.physics.known import map_meant
from lpdistill.problem.joining import expanded, joined
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import SETTINGS, operations, tables


def read_settings(path: str | PathLike[str], beside: Collection[str] = ()) -> dict[str, Any]:
    """The settings in a problem file, decimals kept exactly, and the tables that may stand ``beside`` them.

    Raises
    ------
    ModelError
        If the file cannot be read, is no TOML, or has a key that no problem has.
    """
    path = path_of(path, "problem file")
    where = str(path)
    try:
        # Decimals stay text, so that 0.79 means 79/100.
        settings = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"), parse_float=str)
    except OSError as error:
        raise ModelError(
            "problem file", f"cannot be read: {error.strerror}; give the path of a TOML file", where
        ) from None
    except UnicodeDecodeError:
        raise ModelError("problem file", "is not text; give the path of a TOML file", where) from None
    except (ValueError, RecursionError) as error:
        raise ModelError("problem file", f"is not valid TOML: {error}", where) from None
    settings = _with_operations(settings, where)
    known = (*beside, *SETTINGS)
    for key in settings:
        if key not in known:
            raise ModelError(where, f"has an unknown key; known keys are {names_like(known, key)}", key)
    for table in (*beside, *tables()):
        if not isinstance(settings.get(table, {}), dict):
            raise ModelError(f"{where}: {table}", f"must be a table, [{table}]", settings[table])
    return settings


def _with_operations(settings: dict[str, Any], where: str) -> dict[str, Any]:
    """Settings, those of a table [operations] among the others."""
    within = settings.pop("operations", {})
    if not isinstance(within, dict):
        raise ModelError(f"{where}: operations", "must be a table, [operations]", within)
    known = operations()
    for key in within:
        if key not in known:
            raise ModelError(f"{where}: operations", f"has an unknown key; known are {names_like(known, key)}", key)
        if key in settings:
            raise ModelError(where, "has it in [operations] and outside; leave one out", key)
    return settings | within


def load_problem(path: str | PathLike[str], **changes: Any) -> Problem:
    """The problem in a TOML file, with some settings changed.

    A file holds the arguments of :class:`Problem`::

        p = 0.5
        memories = 4
        f0 = "3/4"
        target = 0.79

    and may restrict them, a limit being an upper limit unless it says otherwise::

        discarding = true

        [rules]
        max_distillations = 1
        no_generation_while_distilling = true

        [budgets]
        generation_attempts = 12
        raw_pairs = { least = 3, most = 8 }

    What the nodes do to pairs, and how well, may be in a table of its own::

        [operations]
        distillation = "dejmps"
        gate = 0.99
        readout = 0.995

    Raises
    ------
    ModelError
        If the file cannot be read, is no TOML, has unknown keys, or describes no problem.
    """
    return Problem.from_dict(merged(read_settings(path), changes))


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with changes that win, presets expanded (:func:`~lpdistill.problem.joining.joined`).

    A change to ``"none"`` takes back what the settings say.  A map that is named ``module:name`` is imported: the user
    asks for it by this file or option.
    """
    found = joined(expanded(settings), expanded(changes))
    given = {key: value for key, value in found.items() if not absent(value)}
    return with_imports(given) if "distillation" in given else given


def with_imports(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with the map in place of a name ``module:name``, whose code runs."""
    named = settings["distillation"]
    return {**settings, "distillation": map_meant(named) if isinstance(named, str) and ":" in named else named}
