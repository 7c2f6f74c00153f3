"""Problems in TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.model.problem import Problem

KEYS = ("p", "memories", "f0", "target", "gap", "generation_time", "distillation_time", "final_step")
"""What a problem file may say, and how options on the command line are called."""

REQUIRED = ("p", "memories", "f0")


def read_settings(path: str | PathLike[str]) -> dict[str, Any]:
    """The settings in a problem file, decimals kept exactly.

    Raises
    ------
    ModelError
        If the file cannot be read, is no TOML, or has a key that no problem has.
    """
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
    for key in settings:
        if key not in KEYS:
            raise ModelError(where, f"has an unknown key; known keys are {', '.join(KEYS)}", key)
    return settings


def problem_from(settings: Mapping[str, Any]) -> Problem:
    """The problem that some settings describe.

    Raises
    ------
    ModelError
        If a setting is missing or wrong.
    """
    for key in settings:
        if key not in KEYS:
            raise ModelError("problem", f"has no such setting; it has {', '.join(KEYS)}", key)
    for key in REQUIRED:
        if settings.get(key) is None:
            raise ModelError(key, "is missing; give it as an option or in the problem file", None)
    return Problem(**{key: value for key, value in settings.items() if value is not None})


def load_problem(path: str | PathLike[str], **changes: Any) -> Problem:
    """The problem in a TOML file, with some settings changed.

    A file holds the arguments of :class:`Problem`::

        p = 0.5
        memories = 4
        f0 = "3/4"
        target = 0.79

    Raises
    ------
    ModelError
        If the file cannot be read, is no TOML, has unknown keys, or describes no problem.
    """
    return problem_from(merged(read_settings(path), changes))


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with changes that win; a changed gap replaces a target, and the other way round."""
    changes = {key: value for key, value in changes.items() if value is not None}
    kept = {key: value for key, value in settings.items() if key not in changes}
    if changes.keys() & {"target", "gap"}:
        kept = {key: value for key, value in kept.items() if key not in {"target", "gap"}}
    return {**kept, **changes}
