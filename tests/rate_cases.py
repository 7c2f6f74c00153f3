"""The problems of ``steady_numbers`` as users of the library write them."""

from __future__ import annotations

from steady_numbers import Case

from lpdistill import Budget, Problem
from lpdistill.hardware.rules import BUILT_IN

RESOURCES = {"attempts": "generation_attempts", "distillations": "distillations"}


def problem_of(case: Case) -> Problem:
    """The problem of a case; where any pair may be sold, with a target that has no meaning."""
    return Problem(
        case.p,
        case.memories,
        case.f0,
        case.target or 1,
        generation_time=case.generation_time,
        distillation_time=case.distillation_time,
        budgets=[Budget(RESOURCES[name], limit) for name, limit in case.budgets.items()],
        rules={name: True if value == "true" else value for name, value in case.options.items() if name in BUILT_IN},
        **{name: value for name, value in case.options.items() if name not in BUILT_IN},
    )
