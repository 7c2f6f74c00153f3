r"""What the policy in use is predicted to do, as far as telemetry shows it: probabilities, rates, waiting times.

A policy that starts again from empty memories after each delivery delivers :math:`g = 1/E[W]` pairs per unit of time,
and the variance of their number grows by :math:`\operatorname{Var}[W]/E[W]^3` (renewal theory); nothing is delivered in
a stretch of length ``t`` with probability :math:`E[(W - t)^+] / E[W]`.  Of one that goes on with what is left, gain and
variance are those of its law (:mod:`lpdistill.rates.law`), and that probability has a bound
(:mod:`lpdistill.deployment.silence`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from lpdistill.deployment.objective import CONFIDENCE, LinkObjective
from lpdistill.deployment.silence import longest_silence
from lpdistill.errors import InfeasibleError, ModelError
from lpdistill.numbers import at_least, at_most
from lpdistill.physics.noise import IDEAL
from lpdistill.physics.werner import Werner
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.problem.settings import FinalStep
from lpdistill.progress import silent
from lpdistill.rates.law import Steps, steps_of
from lpdistill.rates.rate import Throughput
from lpdistill.rates.steady_state import throughput
from lpdistill.solution.solution import Solution, Status
from lpdistill.solving import solve
from lpdistill.telemetry.metrics import levels_label
from lpdistill.times.distribution import Distribution, distribution
from lpdistill.units import moment

RARE = 1e-6
"""Share of all distillations below which those of some levels have no rule of their own."""


class Distilled(NamedTuple):
    """Distillations of pairs of some levels: their label, success probability, and how many per unit of time."""

    levels: str
    success: float
    rate: float


class Window(NamedTuple):
    """The time in which deliveries are to be done, the share that may be late, and that which is predicted to be."""

    time: float
    budget: float
    late: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a policy is predicted to do.

    Attributes
    ----------
    problem
        The hardware, and the target.
    objective
        What the link is held to.
    gain, variance
        Pairs delivered per unit of time, and by how much the variance of their number grows.
    attempts
        Attempts of generation per unit of time.
    distilled
        What is distilled; nothing where labels stand for the levels.
    waits
        The law of the waiting time; None for a policy that goes on with what is left.
    window
        What is said of it.
    steps
        What such a policy does and delivers, step by step; None for the other.
    """

    problem: Problem
    objective: LinkObjective
    gain: float
    variance: float
    attempts: float
    distilled: tuple[Distilled, ...]
    waits: Distribution | None
    window: Window | None
    steps: Steps | None = None

    @staticmethod
    def of(problem: Problem, objective: LinkObjective, progress: Callable[[str], None] = silent) -> Expectation:
        """What the policy that an objective asks for does on some hardware.

        Raises
        ------
        InfeasibleError
            If the policy does not meet the objective.
        """
        problem = PROBLEM.meant(problem, "problem").replace(final_step=FinalStep.CHARGED)
        if objective.throughput is not None:
            return _steady(problem, objective, objective.throughput, progress)
        return _renewed(problem, objective, progress)

    @property
    def waiting_time(self) -> float:
        """Mean time from delivery to delivery."""
        return 1 / self.gain

    @property
    def pass_probability(self) -> float:
        r"""Probability with which a pair at the target passes a test in a basis drawn from XX, YY, ZZ.

        :math:`(1 + s w)/2` with :math:`w = (4F - 1)/3` and the contrast ``s`` of both readouts; the same in each of
        the three bases for a Werner pair.
        """
        noise = getattr(self.problem.distillation, "noise", IDEAL)
        return float((1 + noise.contrast * (4 * self.problem.target - 1) / 3) / 2)

    @property
    def alike(self) -> bool:
        """Whether pairs pass alike in all three bases."""
        return isinstance(self.problem.distillation, Werner)

    def silence(self, alpha: float) -> float:
        """The length of a stretch in which nothing is delivered with at most a given probability."""
        if self.steps is not None:
            return longest_silence(self.steps, alpha)
        assert self.waits is not None  # noqa: S101 - the one or the other
        times, unit = self.waits.times, float(self.waits.unit)
        beyond = np.cumsum(self.waits.surviving[::-1])[::-1] * unit  # E[(W - t)^+], of which a lattice needs no more
        place = int(np.argmax(beyond * self.gain <= alpha))
        return float(times[place] if beyond[place] * self.gain <= alpha else times[-1])


def _renewed(problem: Problem, objective: LinkObjective, progress: Callable[[str], None]) -> Expectation:
    """What the policy of least waiting time does, again and again from empty memories."""
    solution = solve(problem, progress=progress)
    law = distribution(solution, progress=progress)
    mean = law.mean
    return Expectation(
        problem,
        objective,
        1 / mean,
        law.variance / mean**3,
        solution.expected["generation_attempts"] / mean,
        () if solution.policy.bounded else _pairs(solution, mean),
        law,
        _window(problem, objective, law),
    )


def _pairs(solution: Solution, mean: float) -> tuple[Distilled, ...]:
    """What the policy distils per unit of time, and how often that succeeds."""
    often = defaultdict[tuple[int, ...], float](float)
    for row in solution.rows(visited=True):
        for decision in row.decisions:
            for levels in decision.action.distil:
                often[levels] += row.visits * decision.probability / mean
    return _distilled(solution.process.names.levels, often)


def _distilled(levels: Any, often: dict[tuple[int, ...], float]) -> tuple[Distilled, ...]:
    """Distillations by levels, the rarest left out."""
    least = RARE * sum(often.values())
    return tuple(
        Distilled(
            levels_label(consumed),
            float(sum(chance for chance, _ in levels.combinations[consumed].outcomes)),
            rate,
        )
        for consumed, rate in sorted(often.items())
        if rate > least
    )


def _steady(
    problem: Problem, objective: LinkObjective, wanted: Fraction, progress: Callable[[str], None]
) -> Expectation:
    """What the policy of the greatest throughput does."""
    rate = throughput(problem, progress=progress)
    if rate.lower_bound < wanted:
        raise InfeasibleError(
            f"throughput: no policy is known that delivers {float(wanted):g} pairs per unit of time: the best delivers "
            f"{at_most(rate.gain, 9)}, and none more than {at_least(rate.upper_bound, 9)}; ask for less, or improve "
            "the hardware",
            conflict=("throughput",),
            workable={"throughput": rate.lower_bound},
        )
    law = rate.law
    pairs = _steady_pairs(rate) if rate.status is Status.OPTIMAL else ()
    steps, attempts = steps_of(rate.earning, rate.found.model), rate.use["generation_attempts"]
    return Expectation(problem, objective, law.gain, law.variance, attempts, pairs, None, None, steps)


def _steady_pairs(rate: Throughput) -> tuple[Distilled, ...]:
    """What the policy of a steady state distils per unit of time."""
    model = rate.found.model
    numbering = model.process.kernel.numbering
    rates = model.optimum.rates @ numbering.describe(model.optimum.columns).counts
    recipes = zip(numbering.matchings.recipes, rates.tolist(), strict=True)
    often = {recipe.consumed: float(times) for recipe, times in recipes if len(recipe.consumed) > 1}
    return _distilled(model.problem.levels, often)


def _window(problem: Problem, objective: LinkObjective, law: Distribution) -> Window:
    """The time in which deliveries are to be done, as it was given, or as the law leaves room for."""
    confidence = CONFIDENCE if objective.confidence is None else objective.confidence
    budget = float(1 - confidence)
    if objective.window is None:
        time = law.quantile((1 + confidence) / 2)
        return Window(time, budget, law.survival(time))
    given = moment(objective.window, "window", problem.hardware.unit)
    if given <= 0:
        raise ModelError("window", "must be above 0", objective.window)
    late = law.survival(given)
    if late > budget:
        least = law.quantile(confidence)
        raise InfeasibleError(
            f"window: the policy of least waiting time is done within {float(given):g} with probability "
            f"{at_most(1 - late, 6)}, which is less than {float(confidence):g}; take a window of {least:g}, or another "
            "confidence (lpdistill deadline finds the policy most likely in time)",
            conflict=("window", "confidence"),
            workable={"window": least, "confidence": 1 - late},
        )
    return Window(float(given), budget, late)
