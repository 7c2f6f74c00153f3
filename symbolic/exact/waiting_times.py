"""The waiting time of a policy, exactly: as a number, as a function of ``p``, and of ``p`` and ``f0``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np
from flint import Ordering, fmpq_poly, fmpz_mpoly_ctx

from lpdistill.arguments import Kind
from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.physics.levels import Tree
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics, require_dynamics
from lpdistill.process.factored.matchings import require_one_success
from lpdistill.progress import silent
from lpdistill.solution.given import POLICY, PolicyLike, ProblemLike
from lpdistill.solution.policy import Policy
from lpdistill.solution.solution import Solution
from lpdistill.solving import solution_of
from symbolic.algebra.rational_function import RationalFunction, fraction, rational
from symbolic.exact.chain import ExactChain
from symbolic.exact.labels import Counts
from symbolic.exact.model import Element, Elements, ExactModel, Parameters, elements, scalar

if TYPE_CHECKING:
    import sympy

Plan: TypeAlias = PolicyLike | Mapping[Counts, Action] | None
"""A policy: one of the package's, or an action for every configuration that it visits; None for the optimal one."""


def _is_source(given: object) -> TypeGuard[ProblemLike]:
    return isinstance(given, Problem | Solution)


SOURCE: Kind[ProblemLike] = Kind("a Problem or a Solution", _is_source, "problem", PROBLEM.instead)
"""What has waiting times, or what has it."""

MOST_VISITED_WITH_F0 = 40
"""Configurations up to which a waiting time is computed as a function of ``p`` and ``f0``."""


def waiting_time(source: ProblemLike, policy: Plan = None) -> Fraction:
    r"""The expected waiting time of a policy, as an exact fraction.

    The time to go from empty memories in :math:`(I - P_\pi) V = c`, solved over the integers
    (arXiv:2606.14908, Eq. 12), less the last step where that is free.

    Parameters
    ----------
    source
        A problem, or its solution.
    policy
        A deterministic policy; by default the optimal one, as floating point finds it (:func:`symbolic.certify` proves
        it).

    Raises
    ------
    ImproperPolicyError
        If the policy may never reach the target.
    LimitError
        If it can visit too many configurations.
    ModelError
        If the policy is randomised, or does not say what to do in reachable configurations.

    Examples
    --------
    >>> waiting_time(Problem("9/10", 3, "3/4", "79/100", final_step="free"))
    Fraction(1976711710, 309269159)
    """
    chain = chain_of(source, policy, all_p=False)
    found = chain.moments(Parameters.rational(chain.model.dynamics))
    mean = fraction(found.first[0]) / int(found.first_denominator)
    return mean - chain.model.dynamics.problem.uncharged_time


def variance(source: ProblemLike, policy: Plan = None) -> Fraction:
    r"""The variance of a policy's waiting time, as an exact fraction.

    From second moments, :math:`V_2 = c(2V - c) + P V_2`.  The last step has the same duration in every run, so the
    variance is the same whether it is charged or free.  Parameters and errors are those of :func:`waiting_time`.

    >>> variance(Problem("1/3", 2, "3/4", "7/10"))  # one success of either of two attempts, 5/9 a step
    Fraction(36, 25)
    """
    chain = chain_of(source, policy, all_p=False)
    found = chain.moments(Parameters.rational(chain.model.dynamics), second=True)
    mean = fraction(found.first[0]) / int(found.first_denominator)
    return fraction(found.second[0]) / int(found.second_denominator) - mean * mean


def waiting_time_in_p(
    source: ProblemLike, policy: Plan = None, *, progress: Callable[[str], None] = silent
) -> RationalFunction:
    """The expected waiting time of a fixed policy as a rational function of ``p``.

    The policy is the one that is optimal at the problem's ``p``, unless another is given; it stays the same for all
    ``p``.  Parameters and errors are those of :func:`waiting_time`; the degree is bounded before the work starts.

    >>> waiting_time_in_p(Problem("1/2", 2, "3/4", "79/100", final_step="free"))
    (770*p^2 - 658*p - 1440)/(173*p^2 - 346*p)
    """
    chain = chain_of(source, policy, all_p=True)
    problem = chain.model.dynamics.problem
    found = chain.functions(progress=progress)
    (above,) = found.numerators(1)
    last = fmpq_poly([rational(problem.uncharged_time)]) * found.denominator
    return RationalFunction.quotient(above - last, found.denominator, "p")


def variance_in_p(
    source: ProblemLike, policy: Plan = None, *, progress: Callable[[str], None] = silent
) -> RationalFunction:
    """The variance of a fixed policy's waiting time as a rational function of ``p``; see :func:`waiting_time_in_p`.

    >>> variance_in_p(Problem("1/3", 1, "3/4", "7/10"))  # a geometric distribution
    (-p + 1)/p^2
    """
    chain = chain_of(source, policy, all_p=True)
    moments = (chain.functions(progress=progress), chain.functions(second=True, progress=progress))
    mean, square = (RationalFunction.quotient(found.numerators(1)[0], found.denominator, "p") for found in moments)
    return square - mean.squared()


def waiting_time_in_p_and_f0(source: ProblemLike, policy: Plan = None) -> sympy.Expr:
    """The expected waiting time of a fixed policy as a rational function of ``p`` and ``f0``, for up to three memories.

    It holds for all ``0 < p < 1`` and for every ``f0`` around the problem's where the same distillations make the same
    levels, the same of which reach the target.  Parameters and errors are those of :func:`waiting_time`.

    Raises
    ------
    LimitError
        If there are more than three memories, or too many configurations are visited.

    Examples
    --------
    >>> waiting_time_in_p_and_f0(Problem("1/2", 2, "3/4", "31/40"))
    9*(2*p**2 - 2*p - 3)/(p*(p - 2)*(8*f0**2 - 4*f0 + 5))
    """
    import sympy  # noqa: PLC0415 - takes half a second to import

    chain = chain_of(source, policy, all_p=True)
    dynamics, size = chain.model.dynamics, len(chain.columns)
    memories = dynamics.problem.hardware.memories
    if memories > 3 or size > MOST_VISITED_WITH_F0:
        raise LimitError(
            f"memories: a waiting time in p and f0 is computed for up to 3 memories and {MOST_VISITED_WITH_F0} visited "
            f"configurations, not for {memories} and {size}; take fewer, or waiting_time_in_p",
            size={"memories": memories, "visited": size},
        )
    ring = fmpz_mpoly_ctx.get(("p", "f0"), Ordering.lex)
    p, _ = ring.gens()
    success, total = _successes(dynamics, ring)
    at = Parameters.of(dynamics, p, ring.constant(1))
    polynomial = ExactChain(ExactModel(dynamics, success, total), chain.columns)
    matrix, right = polynomial.rows.system(at)
    above, below = _first_unknown(matrix, right * polynomial.costs(at))
    symbols = {name: sympy.Symbol(name, positive=True) for name in ("p", "f0")}
    above, below = (sympy.sympify(str(part).replace("^", "**"), symbols) for part in (above, below))
    last = sympy.Rational(str(dynamics.problem.uncharged_time))
    return sympy.factor(above / (below * symbols["p"] * at.unit) - last)


def chain_of(source: ProblemLike, policy: Plan, *, all_p: bool) -> ExactChain:
    """The chain of a policy from empty memories, at the problem's own ``p`` or for all; see :func:`waiting_time`."""
    dynamics, columns = _columns(source, policy)
    certain = dynamics.problem.hardware.p == 1 and not all_p
    chain = ExactChain.visited(ExactModel.rational(dynamics), columns, np.zeros(1, dtype=np.int64), certain=certain)
    chain.require()
    return chain


def _columns(source: ProblemLike, policy: Plan) -> tuple[Dynamics, IntArray]:
    """The columns of a problem, and the one that a policy chooses in every configuration; -1 where it does not."""
    source = SOURCE.meant(source, "source")
    if policy is None:
        policy = solution_of(source).policy
    dynamics = dynamics_of(source) if isinstance(source, Solution) else Dynamics(source)
    if not isinstance(policy, Mapping):
        policy = POLICY.meant(policy, "policy")
    if isinstance(policy, Policy) and policy.randomised:
        raise ModelError("policy", "must be deterministic; one that randomises has no exact probabilities", policy)
    if isinstance(policy, Policy):
        policy = {counts: decisions[0].action for counts, decisions in policy.items() if decisions}
    dynamics = Dynamics(dynamics.problem, Attempts.ALL)
    return dynamics, _looked_up(dynamics, policy)


def dynamics_of(solution: Solution) -> Dynamics:
    """The columns of a solution, which must be of a problem.

    Raises
    ------
    ModelError
        If it is of a state graph: its probabilities are floating-point numbers.
    """
    refused = "must be of a Problem: a state graph has no exact probabilities"
    return require_dynamics(solution.process, "solution", refused, str(solution.problem))


def _looked_up(dynamics: Dynamics, policy: Mapping[Counts, Action]) -> IntArray:
    """The columns that actions stand for."""
    try:
        ranks = np.array([dynamics.names.rank(counts) for counts in policy], dtype=np.int64)
    except KeyError as error:
        raise ModelError("policy", f"names {error.args[0]}", None) from None
    found = dynamics.names.find(ranks, list(policy.values()))
    for (counts, action), column in zip(policy.items(), found.tolist(), strict=True):
        if column < 0:
            raise ModelError("policy", f"has an action that {counts} does not allow", action)
    chosen = np.full(dynamics.size, -1, dtype=np.int64)
    chosen[ranks] = found
    return chosen


def _successes(dynamics: Dynamics, ring: Any) -> tuple[list[list[Element]], Elements]:
    """Weights of the outcomes of every recipe and their total, (recipes,), polynomials in ``f0``: success, failure."""
    from sympy import QQ  # noqa: PLC0415 - takes half a second to import

    field = QQ.frac_field("f0")
    distillation = dynamics.problem.hardware.distillation
    states: dict[Tree, Any] = {}

    def state(tree: Tree) -> Any:
        if tree not in states:
            states[tree] = (
                distillation.raw(field.gens[0])
                if tree.children is None
                else distillation.combine(*map(state, tree.children)).outcomes[tree.outcome][1]
            )
        return states[tree]

    def polynomial(element: Any) -> Element:
        return ring.from_dict({(0, *powers): int(c) for powers, c in element.terms()})

    levels = dynamics.problem.levels
    weights, totals = [], []
    for recipe in dynamics.kernel.matchings.recipes:
        require_one_success(recipe)
        chance: Any = distillation.combine(*(state(levels[level].tree) for level in reversed(recipe.consumed))).success
        (above, numer), (below, denom) = chance.numer.clear_denoms(), chance.denom.clear_denoms()
        success, total = polynomial(numer) * int(below), polynomial(denom) * int(above)
        weights.append([success, total - success])
        totals.append(total)
    return weights, elements(totals)


def _first_unknown(matrix: Elements, right: Elements) -> tuple[Element, Element]:
    """Numerator and denominator of the first unknown of a system over polynomials, by fraction-free elimination.

    Each step of Bareiss' algorithm divides exactly by the pivot before it.
    """
    rows = np.concatenate([matrix[::-1, ::-1], right[::-1, None]], axis=1)
    last = 1
    for step in range(len(rows) - 1):
        pivot = next(row for row in range(step, len(rows)) if rows[row, step] != 0)
        rows[[step, pivot]] = rows[[pivot, step]]
        below = slice(step + 1, None)
        rows[below, below] = (
            scalar(rows[step, step]) * rows[below, below] - np.multiply.outer(rows[below, step], rows[step, below])
        ) // scalar(last)
        last = rows[step, step]
    return rows[-1, -1], rows[-1, -2]
