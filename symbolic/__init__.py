"""Exact mathematics of entanglement distillation: levels, limits and waiting times as formulas, certificates, maps."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symbolic.algebraic_numbers import AlgebraicNumber
    from symbolic.certificate import Certificate
    from symbolic.certification import Scope, certify
    from symbolic.checker import Checked, check
    from symbolic.lattice import levels
    from symbolic.lattice_changes import changes, level_range
    from symbolic.nesting import memory_limit, nested_fixed_points, nested_level
    from symbolic.policy_maps import Breakpoint, Piece, PolicyMap, policy_map
    from symbolic.problem_formulas import ProblemFormulas
    from symbolic.pumping import largest_gap, pumping_level, pumping_limit, pumping_rate, pumping_rounds
    from symbolic.rational_function import RationalFunction
    from symbolic.sweep import Axis
    from symbolic.waiting_times import (
        variance,
        variance_in_p,
        waiting_time,
        waiting_time_in_p,
        waiting_time_in_p_and_f0,
    )

__all__ = [
    "AlgebraicNumber",
    "Axis",
    "Breakpoint",
    "Certificate",
    "Checked",
    "Piece",
    "PolicyMap",
    "ProblemFormulas",
    "RationalFunction",
    "Scope",
    "certify",
    "changes",
    "check",
    "largest_gap",
    "level_range",
    "levels",
    "memory_limit",
    "nested_fixed_points",
    "nested_level",
    "policy_map",
    "pumping_level",
    "pumping_limit",
    "pumping_rate",
    "pumping_rounds",
    "variance",
    "variance_in_p",
    "waiting_time",
    "waiting_time_in_p",
    "waiting_time_in_p_and_f0",
]

_ROOMS = {
    "algebraic_numbers": ["AlgebraicNumber"],
    "certificate": ["Certificate"],
    "certification": ["Scope", "certify"],
    "checker": ["Checked", "check"],
    "lattice": ["levels"],
    "lattice_changes": ["changes", "level_range"],
    "nesting": ["memory_limit", "nested_fixed_points", "nested_level"],
    "policy_maps": ["Breakpoint", "Piece", "PolicyMap", "policy_map"],
    "problem_formulas": ["ProblemFormulas"],
    "pumping": ["largest_gap", "pumping_level", "pumping_limit", "pumping_rate", "pumping_rounds"],
    "rational_function": ["RationalFunction"],
    "sweep": ["Axis"],
    "waiting_times": [
        "variance",
        "variance_in_p",
        "waiting_time",
        "waiting_time_in_p",
        "waiting_time_in_p_and_f0",
    ],
}
"""Where each public name lives: names load on first use.  No room is named like something in it."""

_HOMES = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
