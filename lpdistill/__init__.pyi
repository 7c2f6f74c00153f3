"""Where each public name lives: names load on first use."""

from .acceptance.plan import AcceptancePlan, acceptance_plan
from .acceptance.verdict import AcceptanceVerdict, SequentialVerdict, acceptance_verdict, sequential_verdict
from .control.adaptation import Adaptation, adapt
from .control.table import PolicyTable, policy_table, read_policy_table
from .deadlines.at_confidence import ServiceLevel, least_time_within
from .deadlines.frontier import DeadlineFrontier, deadline_frontier
from .deadlines.likeliest import Deadline
from .deadlines.most_likely import deadline, smallest_window
from .deployment.deployed import Deployment, deploy
from .deployment.installation import Installation
from .deployment.objective import LinkObjective
from .errors import (
    DoNotDistilError,
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
from .export.graphs import read_graph, write_graph
from .export.policies import read_policy, write_policy
from .frontiers.frontier import Frontier, frontier
from .hardware.actions import Action, Attempts, Step
from .hardware.hardware import Hardware
from .hardware.repertoire import Repertoire
from .hardware.rules import (
    Banded,
    EqualLevelsOnly,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    RawPairOnly,
    Rule,
)
from .physics.ageing import Coherence
from .physics.codes import Code
from .physics.dejmps import Dejmps
from .physics.levels import Levels
from .physics.maps import Combination, DistillationMap, Reach
from .physics.noise import Noise
from .physics.werner import Werner
from .planning.plan import HardwarePlan, plan
from .policies.comparison import Comparison, compare
from .policies.differences import Differences, differences
from .policies.named import baseline, policy_named
from .problem.problem import Problem
from .problem.problem_file import load_problem
from .problem.settings import FinalStep
from .process.budgets import Budget
from .process.factored.dynamics import Dynamics
from .process.factored.size import Size
from .process.resources import Visits
from .process.tariff import Resource
from .program.methods import Method
from .program.occupation import OccupationProgram
from .rates.average import AverageDelivery, average_delivery
from .rates.frontier import RateFrontier, rate_frontier
from .rates.law import Law
from .rates.rate import KeyRate, Throughput
from .rates.sensitivity import RateSensitivity, rate_sensitivity
from .rates.simulated import RateSimulation, simulate_rate
from .rates.standby import Standby, standby
from .rates.steady_state import key_rate, throughput
from .rates.validity import rate_validity
from .simulation.deviations import Deviations
from .simulation.history import History, history
from .simulation.simulated import Simulation
from .simulation.simulation import simulate
from .solution.chain import Chain
from .solution.explanation import Explanation
from .solution.policy import Decision, Policy
from .solution.solution import Solution, Status
from .solving import solve
from .study.grid import Grid
from .study.reproduction import Reproduction, reproduce
from .study.result import Sweep
from .study.sweep import sweep
from .telemetry.files import read_telemetry
from .telemetry.link import Link
from .telemetry.records import Record, write_telemetry
from .telemetry.simulated import simulated_telemetry
from .telemetry.watch import Watch, watch
from .times.distribution import Distribution, distribution
from .version import __version__
from .worth.hashing import Hashing, hashing
from .worth.increments import Increments, increments
from .worth.intervention import Intervention, forbid, force
from .worth.prices import Neighbours, neighbours
from .worth.regret_curve import RegretCurve, regret_curve
from .worth.robust import Robust, robust
from .worth.sensitivity import Sensitivity, sensitivity
from .worth.validity import Validity, validity
from .worth.variability import Variability, variability

__all__ = [
    "AcceptancePlan",
    "AcceptanceVerdict",
    "Action",
    "Adaptation",
    "Attempts",
    "AverageDelivery",
    "Banded",
    "Budget",
    "Chain",
    "Code",
    "Coherence",
    "Combination",
    "Comparison",
    "Deadline",
    "DeadlineFrontier",
    "Decision",
    "Dejmps",
    "Deployment",
    "Deviations",
    "Differences",
    "DistillationMap",
    "Distribution",
    "DoNotDistilError",
    "Dynamics",
    "EqualLevelsOnly",
    "Explanation",
    "FinalStep",
    "Frontier",
    "Grid",
    "Hardware",
    "HardwarePlan",
    "Hashing",
    "History",
    "ImproperPolicyError",
    "Increments",
    "InfeasibleError",
    "InfiniteLevelsError",
    "Installation",
    "Intervention",
    "KeyRate",
    "Law",
    "Levels",
    "LimitError",
    "Link",
    "LinkObjective",
    "LpdistillError",
    "MaxAttempts",
    "MaxDistillations",
    "Method",
    "ModelError",
    "ModelTypeError",
    "Neighbours",
    "NoGenerationWhileDistilling",
    "Noise",
    "NotCertifiedError",
    "OccupationProgram",
    "Policy",
    "PolicyTable",
    "Problem",
    "RateFrontier",
    "RateSensitivity",
    "RateSimulation",
    "RawPairOnly",
    "Reach",
    "Record",
    "RegretCurve",
    "Repertoire",
    "Reproduction",
    "Resource",
    "Robust",
    "Rule",
    "Sensitivity",
    "SequentialVerdict",
    "ServiceLevel",
    "Simulation",
    "Size",
    "Solution",
    "Standby",
    "Status",
    "Step",
    "Sweep",
    "Throughput",
    "UnreachableTargetError",
    "Validity",
    "Variability",
    "Visits",
    "Watch",
    "Werner",
    "WorkerError",
    "__version__",
    "acceptance_plan",
    "acceptance_verdict",
    "adapt",
    "average_delivery",
    "baseline",
    "compare",
    "deadline",
    "deadline_frontier",
    "deploy",
    "differences",
    "distribution",
    "forbid",
    "force",
    "frontier",
    "hashing",
    "history",
    "increments",
    "key_rate",
    "least_time_within",
    "load_problem",
    "neighbours",
    "plan",
    "policy_named",
    "policy_table",
    "rate_frontier",
    "rate_sensitivity",
    "rate_validity",
    "read_graph",
    "read_policy",
    "read_policy_table",
    "read_telemetry",
    "regret_curve",
    "reproduce",
    "robust",
    "sensitivity",
    "sequential_verdict",
    "simulate",
    "simulate_rate",
    "simulated_telemetry",
    "smallest_window",
    "solve",
    "standby",
    "sweep",
    "throughput",
    "validity",
    "variability",
    "watch",
    "write_graph",
    "write_policy",
    "write_telemetry",
]
