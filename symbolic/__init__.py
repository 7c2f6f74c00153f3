"""Exact mathematics of entanglement distillation: levels and limits as formulas, and where they change."""

from symbolic.lattice import levels
from symbolic.lattice_changes import changes, level_range
from symbolic.nesting import memory_limit, nested_fixed_points, nested_level
from symbolic.problem_formulas import ProblemFormulas
from symbolic.pumping import largest_gap, pumping_level, pumping_limit, pumping_rate, pumping_rounds

__all__ = [
    "ProblemFormulas",
    "changes",
    "largest_gap",
    "level_range",
    "levels",
    "memory_limit",
    "nested_fixed_points",
    "nested_level",
    "pumping_level",
    "pumping_limit",
    "pumping_rate",
    "pumping_rounds",
]
