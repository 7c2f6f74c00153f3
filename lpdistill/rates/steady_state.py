"""Throughput and key rate: from a problem to the greatest rate of its steady state, proved."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from lpdistill.arrays import FloatArray
from lpdistill.errors import InfeasibleError, ModelError
from lpdistill.hardware.hardware import Hardware
from lpdistill.numbers import Number, exact, member
from lpdistill.problem.labels import without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.average import led
from lpdistill.program.holding import holding
from lpdistill.program.steadily import Terms
from lpdistill.progress import silent
from lpdistill.rates.bracket import Bracketed, bracketed
from lpdistill.rates.fairness import Balance, Fair, balanced
from lpdistill.rates.models import Earning, User, highest
from lpdistill.rates.parts import FirstDelivery
from lpdistill.rates.rate import KeyRate, Throughput
from lpdistill.rates.worth import Worth
from lpdistill.solving import PATIENCE, precision, solve

if TYPE_CHECKING:
    from lpdistill.program.budgeted import BudgetUse

LOST = Fraction(1, 10**11)
"""Share of balanced rates that users may lack, so that rounding does not make them infeasible."""

MOST_USERS = 100
"""More users than share one link."""


def throughput(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: Problem,
    *,
    tenants: Mapping[str, Number | tuple[Number, Number]] | None = None,
    fair: Fair | str = Fair.SUM,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> Throughput:
    r"""The greatest number of pairs per unit of time that meet the target, with a proof and a policy.

    A pair that meets the target is taken away at the end of its step; the other memories go on as they are.  The rate
    is the gain ``g`` of an average-reward semi-Markov decision process,

    .. math::

        g^* = \max_x r\,x \quad\text{s.t.}\quad \sum_a x(s, a) = \sum_{s', a} P(s \mid s', a)\, x(s', a), \quad
        \tau\,x = 1, \quad x \ge 0 .

    Parameters
    ----------
    problem
        The hardware with its rules, and the target; budgets are limits per unit of time.
    tenants
        Users by name, each with the target fidelity of its pairs, or with that and a share: how many it is to have per
        unit of time at least.  Their targets take the place of the problem's.
    fair
        What counts of what tenants have: the ``sum``, the least (``max-min``), or the sum of logarithms
        (``proportional``).
    within, time_limit
        Relative gap that will do where labels stand for infinitely many levels, and the seconds after which no more are
        added (:doc:`levels_without_limit`).
    progress
        Told what is being done.

    Raises
    ------
    UnreachableTargetError
        If the target is out of reach.
    InfeasibleError
        If no policy keeps within the budgets, or gives all tenants their shares.
    ModelError
        If tenants are none, or a duration is 0.

    Examples
    --------
    >>> rate = throughput(Problem("1/2", 2, "3/4", "79/100"))
    >>> abs(rate.gain - 173 / 2448) < 1e-12
    True
    """
    began, problem = time.perf_counter(), asked(problem)
    limits = precision(within, time_limit)
    users, kind = _users(tenants), member(Fair, fair, "fair")
    if users:
        problem = problem.replace(target=max(user.target for user in users))
    earning = Earning(users=users, even=kind is Fair.MAX_MIN)
    balance = None
    if users and kind is Fair.PROPORTIONAL:
        balance = _proportional(problem, earning, limits, progress)
        earning = _with_rates(earning, balance)
    found = bracketed(problem, earning, limits, progress)
    first = None if users else _first_delivery(problem, found, progress)
    uses, took = _uses(problem, earning, found), time.perf_counter() - began
    return Throughput(problem, replace(earning, users=users), found, uses, took, first, balance)


def key_rate(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: Problem | Hardware,
    worth: str | Callable[[float], float] = "bb84",
    *,
    cost: Number = 0,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> KeyRate:
    r"""The greatest secret key per unit of time, or whatever pairs are worth: delivering is a decision.

    Any stored pair may be delivered at any time, which takes none: it earns the worth of its fidelity and leaves its
    memory empty.

    Parameters
    ----------
    problem
        The hardware with its rules; a target has no meaning here.  Budgets are limits per unit of time.
    worth
        A protocol, ``"bb84"`` or ``"six-state"``, or a function of the fidelity that does not decrease.
    cost
        What a generation attempt costs, in units of the worth.
    within, time_limit, progress
        As for :func:`throughput`.

    Raises
    ------
    ModelError
        If the worth decreases, no fidelity that can be reached is worth anything, or the cost is negative.
    InfeasibleError
        If no policy keeps within the budgets.

    Examples
    --------
    >>> rate = key_rate(Hardware("1/2", 3, "9/10"), "bb84")
    >>> round(rate.gain, 9)
    0.439921995
    """
    began = time.perf_counter()
    problem = asked(Problem.of(problem, Fraction(1)) if isinstance(problem, Hardware) else problem)
    limits = precision(within, time_limit)
    price = exact(cost, "cost")
    if price < 0:
        raise ModelError("cost", "must not be negative", cost)
    earning = Earning(worth=Worth.of(worth), cost=price)
    require_worth(problem, earning)
    found = bracketed(problem, earning, limits, progress)
    return KeyRate(problem, earning, found, _uses(problem, earning, found), time.perf_counter() - began)


def asked(problem: Problem) -> Problem:
    """A problem whose steps take time.

    Raises
    ------
    ModelError
        If a step takes none: rates would have no bound, or no meaning.
    """
    problem = without_labels(PROBLEM.meant(problem, "problem"))
    for name in ("generation_time", "distillation_time"):
        if not getattr(problem, name):
            raise ModelError(name, "must be above 0 for rates per unit of time", 0)
    return problem


def require_worth(problem: Problem, earning: Earning) -> None:
    """Refuse a worth of which no fidelity that can be reached has any.

    Raises
    ------
    InfeasibleError
        If it has none.
    """
    best = highest(problem)
    if earning.worth is not None and not earning.worth.at(best, f"{float(best):g}"):
        raise InfeasibleError(
            f"worth: no pair that {problem.memories} memories make of f0 = {float(problem.f0):g} is worth anything by "
            f"{earning.worth.name}: their fidelity stays below {float(best):.9g}; raise f0 or take more memories",
            conflict=(earning.worth.name,),
        )


def _users(tenants: Mapping[str, Number | tuple[Number, Number]] | None) -> tuple[User, ...]:
    """The users that a table names.

    Raises
    ------
    ModelError
        If there are none, or too many, or a target is no fidelity, or a share is negative.
    """
    if tenants is None:
        return ()
    if not isinstance(tenants, Mapping) or not 0 < len(tenants) <= MOST_USERS:
        raise ModelError("tenants", f"must be 1 to {MOST_USERS} targets by name, such as {{'a': 0.78}}", tenants)
    found = []
    for name, given in tenants.items():
        target, share = given if isinstance(given, tuple) else (given, 0)
        aim, claim = exact(target, f"tenant {name}"), exact(share, f"share of tenant {name}")
        if not 0 < aim <= 1:
            raise ModelError(f"tenant {name}", "must have a target fidelity above 0 and at most 1", target)
        if claim < 0:
            raise ModelError(f"tenant {name}", "must not have a negative share", share)
        found.append(User(str(name), aim, claim))
    return tuple(found)


def _proportional(
    problem: Problem, earning: Earning, limits: tuple[Fraction | None, float], progress: Callable[[str], None]
) -> Balance:
    """Who is to have what, so that the sum of logarithms is greatest."""

    def corner(weights: FloatArray) -> tuple[FloatArray, float]:
        found = bracketed(problem, replace(earning, weights=weights), limits, progress)
        answer = found.model.optimum.found
        assert answer is not None  # noqa: S101 - users are asked of HiGHS
        assert answer.claims is not None  # noqa: S101 - the same
        return answer.claims.served, found.upper

    return balanced(len(earning.users), corner)


def _with_rates(earning: Earning, balance: Balance) -> Earning:
    """What is earned where users are to have what is balanced, but for rounding."""
    rates = [Fraction(rate) * (1 - LOST) for rate in balance.rates.tolist()]
    users = tuple(replace(user, share=max(rate, user.share)) for user, rate in zip(earning.users, rates, strict=True))
    return replace(earning, users=users, weights=1 / balance.rates)


def _uses(problem: Problem, earning: Earning, found: Bracketed) -> tuple[BudgetUse, ...]:
    """What came of the budgets."""
    return holding(found.model.optimum, Terms(problem.budgets, earning.shares(found.model.problem.levels)))


def _first_delivery(problem: Problem, found: Bracketed, progress: Callable[[str], None]) -> FirstDelivery:
    """What the policy earns that is fastest to the first pair."""
    progress("comparing with the fastest policy to one pair")
    fastest = solve(problem.replace(budgets=(), final_step="charged"), progress=progress)
    rate = 1 / fastest.waiting_time
    process = found.model.process
    if found.labelling is not None or not isinstance(fastest.process, Dynamics) or fastest.bracket is not None:
        return FirstDelivery(rate, None)
    uses = fastest.plan.uses
    columns = process.names.find(uses.configuration, list(fastest.process.names.actions(uses.columns)))
    if len(columns) != process.size or (columns < 0).any() or not process.live.all():  # what is left may be trapped
        return FirstDelivery(rate, None)
    return FirstDelivery(rate, led(process, columns)[2].gain)
