r"""The policy that is best in the worst case over an interval of generation probabilities.

Nature picks, whenever a step starts, any ``p`` between ``low`` and ``high``: in every configuration, and for every
action, another one if it likes (a rectangular robust stochastic shortest path problem).  The least worst-case time is

.. math:: V(n) = \min_a \max_{p \in [\mathrm{low}, \mathrm{high}]} Q_p(n, a; V).

If another raw pair never costs time, :math:`V(n + e_{raw}) \le V(n)`, then after every distillation the expected value
falls with the number of successful attempts, and that number grows with ``p`` in the sense of stochastic dominance:
the maximum is at ``low`` for every action.  So the optimum for ``p = low`` is the robust optimum, and its time holds
over the whole interval.  Without rules another raw pair never costs time, because it can pretend to be an empty memory;
with rules it may.  Either way that is checked on numbers: values ``U`` that never increase with another raw pair, and
satisfy :math:`U \ge (1 + \gamma)\, Q_{low}(U)` in floating point for the policy, bound its worst case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError, NotCertifiedError
from lpdistill.numbers import Number
from lpdistill.problem.question import PROBLEM
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.variation import varied
from lpdistill.process.process import Process
from lpdistill.program.differences import Twofold
from lpdistill.program.proof import scaled_up, shortfall
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.bounds import above, slower
from lpdistill.solution.document import of_unit, rational
from lpdistill.solution.given import ProblemLike
from lpdistill.solution.policy import Policy
from lpdistill.solution.solution import Solution
from lpdistill.solution.wording import outwards
from lpdistill.solving import factored, solution_of
from lpdistill.worth.regret_curve import (
    POINTS,
    hardware_of,
    interval,
    regret_curve,
    require_unlimited,
    slower_axis,
    time_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Robust(Answer):
    """The best policy for the worst case over an interval of ``p``.

    Attributes
    ----------
    low, high
        The interval.
    worst
        The optimum for the worst case, which is ``p = low`` throughout.
    nominal
        The optimum for the expected ``p``.
    upper_bound
        The policy needs no longer in expectation, whatever nature does within the interval: proved, rounding included.
    nominal_worst
        Expected waiting time of the nominal policy if ``p`` is ``low`` throughout.
    at_nominal
        Expected waiting time of the robust policy if ``p`` is the expected one.
    """

    _KIND = "robust"

    low: Fraction
    high: Fraction
    worst: Solution
    nominal: Solution
    upper_bound: float
    nominal_worst: float
    at_nominal: float

    @property
    def waiting_time(self) -> float:
        """Least worst-case expected waiting time."""
        return self.worst.waiting_time

    @property
    def lower_bound(self) -> float:
        """No policy has a shorter expected waiting time in the worst case: proved, rounding included."""
        return self.worst.lower_bound

    @property
    def policy(self) -> Policy:
        """What to do in each configuration."""
        return self.worst.policy

    @property
    def price(self) -> float:
        """The price of robustness: how much longer than the optimum the policy takes if ``p`` is the expected one."""
        return slower(self.at_nominal, self.nominal.waiting_time)

    @property
    def protection(self) -> float:
        """How much longer than the robust policy the nominal one takes if ``p`` is ``low`` throughout."""
        return slower(self.nominal_worst, self.waiting_time)

    @property
    def _question(self) -> Process:
        return self.nominal.process

    def _lines(self) -> Iterable[tuple[str, str]]:
        unit = of_unit(self._question)
        return [
            ("interval", f"p from {float(self.low):g} to {float(self.high):g}, in every step another one"),
            ("worst case", f"{self.waiting_time:.12g}{unit}, at p = {float(self.low):g} throughout"),
            ("proved", "between {} and {}{}".format(*outwards(self.lower_bound, self.upper_bound), unit)),
            ("nominal policy", f"{self.nominal_worst:.12g} there: {self.protection:.6g} slower"),
            ("price", f"{self.price:.6g} slower than the optimum {self.nominal.waiting_time:.12g} at the expected p"),
        ]

    def _content(self) -> dict[str, Any]:
        document = self.worst.to_dict()
        return {
            "interval": {"from": rational(self.low), "to": rational(self.high)},
            "waiting_time": self.waiting_time,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "worst_p": rational(self.low),
            "nominal": {"waiting_time": self.nominal.waiting_time, "worst_case_at_least": self.nominal_worst},
            "price_of_robustness": self.price,
            "protection": self.protection,
            "levels": document["levels"],
            "policy": document["policy"],
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """The policy: a row for every configuration and decision."""
        return self.worst._cells()  # noqa: SLF001 - of an answer, too

    def shown(self, most: int | None = SHOWN) -> Table:
        """The policy, most visited configurations first."""
        return self.worst.shown(most)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw by how much the robust and the nominal policy are slower than the best one, over the interval."""
        drawn = pictures.canvas(ax, self.nominal.problem)
        span, curves = (self.low, self.high), []
        for which, solution, style in (("nominal", self.nominal, "-"), ("robust", self.worst, "--")):
            curves.append(regret_curve(solution, span=span, points=POINTS))
            colour = pictures.COLOURS[which == "robust"]
            drawn.plot(curves[-1].values, curves[-1].excess, style, color=colour, lw=1.8, label=which)
        slower_axis(drawn, curves)
        drawn.set_xlabel("generation success probability p, as it turns out")
        drawn.legend(frameon=False, title="policy")
        return drawn


def robust(problem: ProblemLike, p: tuple[Number, Number], *, progress: Callable[[str], None] = silent) -> Robust:
    """The policy with the least expected waiting time in the worst case over an interval of ``p``, with its proof.

    Parameters
    ----------
    problem
        The problem, whose ``p`` is the expected one.
    p
        Least and greatest generation probability; nature picks one whenever a step starts.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the problem is none or has budgets, or the interval is none, does not contain the problem's ``p`` or leaves
        (0, 1].
    NotCertifiedError
        If another raw pair may cost time in some configuration (rules may make it so): then the worst case need not be
        at the lower end, and nothing is claimed.

    Examples
    --------
    >>> from lpdistill import Problem
    >>> answer = robust(Problem(0.5, 4, "9/10", "94/100"), ("0.4", "0.6"))
    >>> round(answer.waiting_time, 6), answer.price >= 0
    (10.054563, True)
    """
    problem = PROBLEM.meant(problem, "problem")
    low, high = interval(p, "p")
    found = f"{float(low):g}:{float(high):g}"
    if low <= 0 or high > 1:
        raise ModelError("p", "must be an interval of probabilities with 0 < p <= 1", found)
    if not low <= problem.p <= high:
        raise ModelError("p", f"must be an interval that contains the expected {float(problem.p):g}", found)
    require_unlimited(problem, "robust")
    progress(f"solving for p = {float(low):g}")
    worst = factored(solution_of(problem.replace(p=low), progress, all_levels=True))
    process = hardware_of(worst, "robust")
    upper = _bound(worst, process)
    progress(f"solving for p = {float(problem.p):g}")
    nominal = factored(solution_of(problem, progress, all_levels=True))
    expected = hardware_of(nominal, "robust")
    return Robust(
        low=low,
        high=high,
        worst=worst,
        nominal=nominal,
        upper_bound=above(upper, process.durations.uncharged),
        nominal_worst=time_of(nominal, varied(expected, p=low)),
        at_nominal=time_of(worst, varied(process, p=problem.p)),
    )


def _bound(worst: Solution, process: Dynamics) -> float:
    """Expected duration that the policy does not exceed, whatever nature does.

    Raises
    ------
    NotCertifiedError
        If its values do not fall with another raw pair.
    """
    upper, policy = worst.dual.upper, worst.dual.policy
    falling = _never_increasing(process, np.where(process.live, upper, np.inf))
    reached = policy.configuration[~np.isfinite(falling[policy.configuration])]
    growth = np.where(np.isfinite(falling), falling, 0.0) - upper
    if len(reached) or (growth > worst.plan.objective.gap * upper).any():
        where = int(reached[0]) if len(reached) else int(np.argmax(growth))
        raise NotCertifiedError(
            f"robust: with the rules, another raw pair may cost time in configuration {process.names.key(where)} "
            "(pairs at each level), so that the worst case need not be the least p; relax a rule, or look at "
            "regret_curve"
        )
    falling = np.where(np.isfinite(falling), falling, 0.0)
    raised = scaled_up(falling, float(shortfall(policy, Twofold.of(falling)).max()), process.durations.least)
    return float(raised[0])


def _never_increasing(process: Dynamics, values: FloatArray) -> FloatArray:
    """The least values above given ones that do not increase with another raw pair, (configurations,)."""
    raw, some, found = process.problem.levels.raw, process.configurations, values.copy()
    if raw is None:
        return found
    for total in reversed(range(some.most)):
        here = slice(some.up_to(total - 1), some.up_to(total))
        sums = some.sums[:, here].copy()
        sums[raw:] += 1
        found[here] = np.maximum(found[here], found[some.rank_sums(sums)])
    return found
