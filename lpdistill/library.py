"""The compiled functions, where they were built with the package; without them numpy does the same.

The library is called through :mod:`ctypes`, so that one build serves every version of Python.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

INTERFACE = 10
"""The version of functions and structures that are called."""

SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")

LIBRARY = Path(__file__).parent / "process" / "factored" / f"librecursion{SUFFIX}"

WITHOUT = "LPDISTILL_WITHOUT_COMPILED"
"""Environment variable that leaves the compiled functions out, for comparison."""


@cache
def library() -> Any:
    """The compiled functions, or None where there are none that fit."""
    if os.environ.get(WITHOUT):
        return None
    try:
        found = ctypes.CDLL(str(LIBRARY))
        interface = found.lpdistill_interface
    except (OSError, AttributeError):
        return None
    interface.restype = ctypes.c_int64
    if interface() != INTERFACE:
        return None
    pointer, whole = ctypes.c_void_p, ctypes.c_int64
    found.lpdistill_least.argtypes = [pointer, pointer, whole, whole, pointer, pointer, pointer, pointer]
    found.lpdistill_trace.argtypes = [pointer, pointer, whole, pointer, pointer, whole, *(pointer,) * 4]
    real = ctypes.c_double
    found.lpdistill_expect.argtypes = [pointer] * 4
    found.lpdistill_solve.argtypes = [*(pointer,) * 5, real, real, whole, whole, whole, pointer, pointer]
    found.lpdistill_attempts.argtypes = [pointer, pointer, real, real, *(pointer,) * 3]
    found.lpdistill_spread.argtypes, found.lpdistill_collect.argtypes = [pointer] * 4, found.lpdistill_attempts.argtypes
    found.lpdistill_visits.argtypes = found.lpdistill_solve.argtypes
    ranks, into = (pointer,) * 4, (pointer,) * 6
    found.lpdistill_moves.argtypes = [pointer, pointer, whole, *ranks, whole, pointer, pointer, whole, *into]
    found.lpdistill_enter.argtypes = [pointer, pointer, pointer, real, whole, pointer, pointer]
    found.lpdistill_within.argtypes = [pointer, pointer, whole, whole, *(pointer,) * 3, whole, *(pointer,) * 3]
    found.lpdistill_least_grouped.argtypes = [*(pointer,) * 3, whole, whole, *(pointer,) * 4]
    found.lpdistill_within_grouped.argtypes = [*(pointer,) * 3, whole, whole, *(pointer,) * 3, whole, *(pointer,) * 3]
    found.lpdistill_listed_price.argtypes = [pointer] * 8
    found.lpdistill_listed_evaluate.argtypes = [*(pointer,) * 4, real, real, real, whole, *(pointer,) * 3]
    found.lpdistill_listed_iterate.argtypes = [*(pointer,) * 4, *(real,) * 4, whole, whole, *(pointer,) * 7]
    found.lpdistill_listed_program.argtypes = [pointer, pointer, real, *(pointer,) * 4]
    nothing = ("least", "trace", "expect", "attempts", "spread", "collect", "enter", "moves", "least_grouped")
    for name in (*nothing, "listed_price"):
        getattr(found, f"lpdistill_{name}").restype = None
    for name in ("solve", "visits", "within", "within_grouped", "listed_evaluate", "listed_iterate", "listed_program"):
        getattr(found, f"lpdistill_{name}").restype = whole
    return found
