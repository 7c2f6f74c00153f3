"""Where each public name lives: names load on first use."""

from .algebra.algebraic_numbers import AlgebraicNumber
from .algebra.rational_function import RationalFunction
from .exact.bracket import BracketCertificate
from .exact.certificate import Certificate
from .exact.certification import Scope, certify
from .exact.checked import Checked, CheckedRate, check
from .exact.waiting_times import variance, variance_in_p, waiting_time, waiting_time_in_p, waiting_time_in_p_and_f0
from .formulas.lattice import levels
from .formulas.lattice_changes import changes, level_range
from .formulas.nesting import memory_limit, nested_fixed_points, nested_level
from .formulas.noise import NoisyDistillation, noisy_distillation
from .formulas.problem_formulas import ProblemFormulas
from .formulas.pumping import largest_gap, pumping_level, pumping_limit, pumping_rate, pumping_rounds
from .maps.pieces import Breakpoint, Piece, PolicyMap
from .maps.policy_maps import policy_map
from .maps.sweep import Axis, Quantity
from .steady.certificate import RateBracket, RateCertificate
from .steady.certification import certify_rate

__all__ = [
    "AlgebraicNumber",
    "Axis",
    "BracketCertificate",
    "Breakpoint",
    "Certificate",
    "Checked",
    "CheckedRate",
    "NoisyDistillation",
    "Piece",
    "PolicyMap",
    "ProblemFormulas",
    "Quantity",
    "RateBracket",
    "RateCertificate",
    "RationalFunction",
    "Scope",
    "certify",
    "certify_rate",
    "changes",
    "check",
    "largest_gap",
    "level_range",
    "levels",
    "memory_limit",
    "nested_fixed_points",
    "nested_level",
    "noisy_distillation",
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
