"""Where each request lives: they load on first use."""

from ..frontiers.frontier import frontier
from ..study.sweep import sweep
from ..worth.robust import robust
from ..worth.variability import variability
from .deadlines import deadline
from .exact import check, policy_map
from .files import export, graph
from .levels import levels
from .policies import compare, simulate, waiting_time
from .report import Report
from .solving import explain, solve
from .study import reproduce

__all__ = [
    "Report",
    "check",
    "compare",
    "deadline",
    "explain",
    "export",
    "frontier",
    "graph",
    "levels",
    "policy_map",
    "reproduce",
    "robust",
    "simulate",
    "solve",
    "sweep",
    "variability",
    "waiting_time",
]
