"""Where each request lives: they load on first use."""

from .acceptance import verify
from .control import adapt
from .deadlines import deadline
from .deploying import deploy
from .direct import hashing, robust
from .exact import check, policy_map
from .files import export, graph
from .frontiers import frontier
from .level_table import levels
from .planning import plan
from .policies import compare, simulate, waiting_time
from .rates import keyrate, standby, throughput
from .report import Report
from .solving import explain, solve, variability
from .study import reproduce
from .sweeps import sweep
from .telemetry import watch

__all__ = [
    "Report",
    "adapt",
    "check",
    "compare",
    "deadline",
    "deploy",
    "explain",
    "export",
    "frontier",
    "graph",
    "hashing",
    "keyrate",
    "levels",
    "plan",
    "policy_map",
    "reproduce",
    "robust",
    "simulate",
    "solve",
    "standby",
    "sweep",
    "throughput",
    "variability",
    "verify",
    "waiting_time",
    "watch",
]
