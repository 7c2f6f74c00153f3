"""Optimal entanglement-distillation policies, as linear programs over occupation measures, with proofs."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing takes longer to import than all of this: what starts the command imports nothing else
if TYPE_CHECKING:
    from lpdistill.analysis.baselines import baseline, policy_named
    from lpdistill.analysis.comparison import Comparison, compare
    from lpdistill.analysis.deadline import Deadline, deadline, smallest_window
    from lpdistill.analysis.deadline_frontier import DeadlineFrontier, deadline_frontier
    from lpdistill.analysis.deviations import Deviations
    from lpdistill.analysis.differences import Differences, differences
    from lpdistill.analysis.distribution import Distribution, distribution
    from lpdistill.analysis.frontier import Frontier, frontier
    from lpdistill.analysis.history import History, history
    from lpdistill.analysis.increments import Increments, increments
    from lpdistill.analysis.intervention import Intervention, forbid, force
    from lpdistill.analysis.prices import Neighbours, neighbours
    from lpdistill.analysis.regret_curve import RegretCurve, regret_curve
    from lpdistill.analysis.robust import Robust, robust
    from lpdistill.analysis.sensitivity import Sensitivity, sensitivity
    from lpdistill.analysis.service_level import ServiceLevel, least_time_within
    from lpdistill.analysis.simulated import Simulation
    from lpdistill.analysis.simulation import simulate
    from lpdistill.analysis.validity import Validity, validity
    from lpdistill.analysis.variability import Variability, variability
    from lpdistill.errors import (
        ImproperPolicyError,
        InfeasibleError,
        InfiniteLevelsError,
        LimitError,
        LpdistillError,
        ModelError,
        ModelTypeError,
        NotCertifiedError,
        UnreachableTargetError,
        WorkerError,
    )
    from lpdistill.export.graphs import read_graph, write_graph
    from lpdistill.export.policies import read_policy, write_policy
    from lpdistill.model.actions import Action, Step
    from lpdistill.model.budgets import Budget
    from lpdistill.model.dynamics import Dynamics
    from lpdistill.model.generation import Attempts
    from lpdistill.model.levels import Levels
    from lpdistill.model.physics import DistillationMap, Werner
    from lpdistill.model.problem import FinalStep, Problem
    from lpdistill.model.problem_file import load_problem
    from lpdistill.model.repertoire import Repertoire
    from lpdistill.model.resources import Resource, Visits
    from lpdistill.model.rules import (
        Banded,
        EqualLevelsOnly,
        MaxAttempts,
        MaxDistillations,
        NoGenerationWhileDistilling,
        RawPairOnly,
        Rule,
    )
    from lpdistill.model.size import Size
    from lpdistill.program.occupation import OccupationProgram
    from lpdistill.solution.chain import Chain
    from lpdistill.solution.explanation import Explanation
    from lpdistill.solution.policy import Decision, Policy
    from lpdistill.solution.solution import Solution, Status
    from lpdistill.solving import Method, solve
    from lpdistill.study.grid import Grid
    from lpdistill.study.reproduction import Reproduction, reproduce
    from lpdistill.study.result import Sweep
    from lpdistill.study.sweep import sweep

__all__ = [
    "Action",
    "Attempts",
    "Banded",
    "Budget",
    "Chain",
    "Comparison",
    "Deadline",
    "DeadlineFrontier",
    "Decision",
    "Deviations",
    "Differences",
    "DistillationMap",
    "Distribution",
    "Dynamics",
    "EqualLevelsOnly",
    "Explanation",
    "FinalStep",
    "Frontier",
    "Grid",
    "History",
    "ImproperPolicyError",
    "Increments",
    "InfeasibleError",
    "InfiniteLevelsError",
    "Intervention",
    "Levels",
    "LimitError",
    "LpdistillError",
    "MaxAttempts",
    "MaxDistillations",
    "Method",
    "ModelError",
    "ModelTypeError",
    "Neighbours",
    "NoGenerationWhileDistilling",
    "NotCertifiedError",
    "OccupationProgram",
    "Policy",
    "Problem",
    "RawPairOnly",
    "RegretCurve",
    "Repertoire",
    "Reproduction",
    "Resource",
    "Robust",
    "Rule",
    "Sensitivity",
    "ServiceLevel",
    "Simulation",
    "Size",
    "Solution",
    "Status",
    "Step",
    "Sweep",
    "UnreachableTargetError",
    "Validity",
    "Variability",
    "Visits",
    "Werner",
    "WorkerError",
    "baseline",
    "compare",
    "deadline",
    "deadline_frontier",
    "differences",
    "distribution",
    "forbid",
    "force",
    "frontier",
    "history",
    "increments",
    "least_time_within",
    "load_problem",
    "neighbours",
    "policy_named",
    "read_graph",
    "read_policy",
    "regret_curve",
    "reproduce",
    "robust",
    "sensitivity",
    "simulate",
    "smallest_window",
    "solve",
    "sweep",
    "validity",
    "variability",
    "write_graph",
    "write_policy",
]

__version__ = "0.1.0"

_ROOMS = {
    "analysis.baselines": ["baseline", "policy_named"],
    "analysis.comparison": ["Comparison", "compare"],
    "analysis.differences": ["Differences", "differences"],
    "analysis.deviations": ["Deviations"],
    "analysis.history": ["History", "history"],
    "analysis.deadline": ["Deadline", "deadline", "smallest_window"],
    "analysis.deadline_frontier": ["DeadlineFrontier", "deadline_frontier"],
    "analysis.distribution": ["Distribution", "distribution"],
    "analysis.increments": ["Increments", "increments"],
    "analysis.intervention": ["Intervention", "forbid", "force"],
    "analysis.prices": ["Neighbours", "neighbours"],
    "analysis.regret_curve": ["RegretCurve", "regret_curve"],
    "analysis.robust": ["Robust", "robust"],
    "analysis.sensitivity": ["Sensitivity", "sensitivity"],
    "analysis.simulated": ["Simulation"],
    "analysis.simulation": ["simulate"],
    "analysis.service_level": ["ServiceLevel", "least_time_within"],
    "analysis.validity": ["Validity", "validity"],
    "analysis.variability": ["Variability", "variability"],
    "errors": [name for name in __all__ if name.endswith("Error")],
    "analysis.frontier": ["Frontier", "frontier"],
    "export.graphs": ["read_graph", "write_graph"],
    "export.policies": ["read_policy", "write_policy"],
    "model.actions": ["Action", "Step"],
    "model.budgets": ["Budget"],
    "model.dynamics": ["Dynamics"],
    "model.generation": ["Attempts"],
    "model.levels": ["Levels"],
    "model.physics": ["DistillationMap", "Werner"],
    "model.problem": ["FinalStep", "Problem"],
    "model.problem_file": ["load_problem"],
    "model.repertoire": ["Repertoire"],
    "model.resources": ["Resource", "Visits"],
    "model.rules": [
        "Banded",
        "EqualLevelsOnly",
        "MaxAttempts",
        "MaxDistillations",
        "NoGenerationWhileDistilling",
        "RawPairOnly",
        "Rule",
    ],
    "model.size": ["Size"],
    "program.occupation": ["OccupationProgram"],
    "solution.chain": ["Chain"],
    "solution.explanation": ["Explanation"],
    "solution.policy": ["Decision", "Policy"],
    "solution.solution": ["Solution", "Status"],
    "solving": ["Method", "solve"],
    "study.grid": ["Grid"],
    "study.result": ["Sweep"],
    "study.sweep": ["sweep"],
    "study.reproduction": ["Reproduction", "reproduce"],
}
"""Where each public name lives: scipy alone takes a quarter of a second to import, so names load on first use."""

_HOMES = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
