"""How many pairs certify a fidelity: exactly, once and from which number on, sequentially, and by Hoeffding's bound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill import pictures
from lpdistill.acceptance.claim import Claim, require_uncertain, share
from lpdistill.acceptance.fixed import FixedTest, Hypotheses, Sawtooth, hoeffding
from lpdistill.acceptance.sequential import Course, Sequential
from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact
from lpdistill.physics.noise import SeveralNumbers
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.rates.steady_state import throughput
from lpdistill.solution.answer import Answer
from lpdistill.solution.document import of_unit
from lpdistill.solving import solve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEYOND = 1.2
"""How far beyond the number from which on all suffice a picture goes."""


class Generation(NamedTuple):
    """What it takes to make a test pair.

    Attributes
    ----------
    problem
        Who makes them.
    time, attempts
        Expected, one pair at a time.
    rate
        Pairs per unit of time where one follows the other and what is left is kept; None within budgets, which are per
        pair.
    """

    problem: Problem
    time: float
    attempts: float
    rate: float | None

    @staticmethod
    def of(problem: Problem) -> Generation:
        """That of the optimal policy of a problem."""
        found = solve(problem)
        rate = None if problem.budgets else throughput(problem).gain
        return Generation(problem, found.waiting_time, found.expected["generation_attempts"], rate)

    def cost(self, pairs: float) -> dict[str, float | None]:
        """What so many pairs take."""
        steadily = None if self.rate is None else pairs / self.rate
        return {"waiting_time": pairs * self.time, "steady_time": steadily, "attempts": pairs * self.attempts}


@dataclass(frozen=True, repr=False, eq=False)
class AcceptancePlan(Answer):
    """How many test pairs certify a fidelity.

    Attributes
    ----------
    claim
        What is to be certified.
    true
        The fidelity that pairs have in truth.
    asked
        The same as probabilities to pass, and how surely it is to be certified.
    generation
        What it takes to make a pair, if a problem was given.
    """

    _KIND = "verify"

    claim: Claim
    true: Fraction
    asked: Hypotheses
    generation: Generation | None = None

    @cached_property
    def sawtooth(self) -> Sawtooth:
        """Which numbers of pairs suffice."""
        return Sawtooth.of(self.asked)

    @property
    def least(self) -> FixedTest:
        """The test of the fewest pairs; some larger numbers do not suffice."""
        return self.sawtooth.least

    @property
    def always(self) -> FixedTest:
        """The test of the fewest pairs from which on every number suffices."""
        return self.sawtooth.always

    @property
    def pairs(self) -> int:
        """The fewest pairs."""
        return self.least.pairs

    @property
    def passes(self) -> int:
        """How many of them have to pass."""
        return self.least.passes

    @property
    def hoeffding(self) -> int:
        """Pairs that suffice by Hoeffding's inequality."""
        return hoeffding(self.asked)

    @cached_property
    def sequential_mean(self) -> float:
        """The mean number of pairs of Wald's test in truth, by his approximation."""
        return Sequential.wald(self.asked).wald_mean()

    @property
    def sequential(self) -> Sequential:
        """The sequential test whose errors are no larger than asked for."""
        return Sequential.sure(self.asked)

    @cached_property
    def courses(self) -> dict[str, tuple[Course, Course]]:
        """What becomes of both sequential tests, that test and Wald's own, at the limit and in truth: exactly."""
        tests = {"sequential": self.sequential, "wald": Sequential.wald(self.asked)}
        return {name: (one.course(self.asked.null), one.course(self.asked.true)) for name, one in tests.items()}

    @property
    def _question(self) -> dict[str, Any]:
        asked = {**self.claim.to_dict(), "true": str(self.true), "power": str(self.asked.power)}
        return asked | ({} if self.generation is None else {"link": self.generation.problem.to_dict()})

    def _lines(self) -> Iterable[tuple[str, str]]:
        sure, power = float(1 - self.claim.delta), float(self.asked.power)
        yield "claim", f"fidelity of at least {float(self.claim.fidelity):g}, certified with confidence {sure:g}"
        yield "in truth", f"it is {float(self.true):g}, to be certified with probability {power:g}"
        yield "pairs", f"{self.least.pairs:,}, of which {self.least.passes:,} have to pass"
        yield "any number", f"suffices from {self.always.pairs:,} pairs on, with the passes that it takes"
        _, truly = self.courses["sequential"]
        yield "one by one", f"{truly.pairs:.6g} pairs on average; {self.sequential_mean:.6g} by Wald's approximation"
        yield "by Hoeffding", f"{self.hoeffding:,} pairs"
        limit, true = float(self.asked.null), float(self.asked.true)
        yield "a pair passes", f"with probability {limit:.9g} at the claim, {true:.9g} in truth"
        if self.generation is not None:
            unit, cost = of_unit(self.generation.problem), self.generation.cost(self.least.pairs)
            steady = "" if self.generation.rate is None else f"; one after the other {cost['steady_time']:.6g}{unit}"
            yield "link", str(self.generation.problem)
            yield "generation", f"{cost['waiting_time']:.6g}{unit}, {cost['attempts']:.6g} attempts{steady}"

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every test."""
        fixed = {"fixed number": self.least, "fixed, and all larger": self.always}
        for name, one in fixed.items():
            yield _row(name, (one.pairs, one.pairs), one.passes, (one.false, one.power))
        names = {"sequential": "one by one, sure", "wald": "one by one, Wald's bounds"}
        for name, (limit, true) in self.courses.items():
            yield _row(names[name], (true.pairs, limit.pairs), None, (limit.certified, true.certified))
        errors = float(self.claim.delta), float(self.asked.power)
        yield _row("Hoeffding's bound", (self.hoeffding, self.hoeffding), None, errors)

    def _content(self) -> dict[str, Any]:
        sequential = {
            name: {
                "mean": true.pairs,
                "mean_at_limit": limit.pairs,
                "false_certification": limit.certified,
                "power": true.certified,
            }
            for name, (limit, true) in self.courses.items()
        }
        made = self.generation
        cost = {} if made is None else {"generation": {"pair": made.cost(1), "pairs": made.cost(self.least.pairs)}}
        return {
            **_fixed(self.least),
            "always": _fixed(self.always),
            "sequential_mean": self.sequential_mean,
            **sequential,
            "hoeffding": self.hoeffding,
            "passing": {"limit": float(self.asked.null), "true": float(self.asked.true)},
            **cost,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the power of the test of every number of pairs: a sawtooth, which stays above what is asked at last."""
        drawn = pictures.canvas(ax, f"certifying a fidelity of {float(self.claim.fidelity):g}")
        most = min(ceil(BEYOND * self.always.pairs), int(self.sawtooth.first[-1]))
        pairs = np.unique(np.linspace(max(self.least.pairs // 2, 1), max(most, 2), 2000).astype(np.int64))
        drawn.plot(pairs, self.sawtooth.powers(pairs), color=pictures.COLOURS[0], lw=1.0)
        drawn.axhline(float(self.asked.power), color=pictures.INK, ls="--", lw=1.0, label="power asked for")
        for one, name, mark in ((self.least, "fewest pairs", "o"), (self.always, "all from here on", "s")):
            drawn.plot([one.pairs], [one.power], mark, color=pictures.COLOURS[1], label=f"{name}: {one.pairs:,}")
        drawn.set_xlabel("pairs measured")
        drawn.set_ylabel(f"probability to certify a true fidelity of {float(self.true):g}")
        drawn.legend(frameon=False, loc="lower right")
        return drawn


def _fixed(test: FixedTest) -> dict[str, float]:
    """A test of a fixed number of pairs as JSON data."""
    return {"pairs": test.pairs, "passes": test.passes, "false_certification": test.false, "power": test.power}


def _row(name: str, pairs: tuple[float, float], passes: int | None, chances: tuple[float, float]) -> dict[str, Any]:
    """A test in the table."""
    return {
        "test": name,
        "pairs": pairs[0],
        "pairs_at_limit": pairs[1],
        "passes": passes,
        "false_certification": chances[0],
        "power": chances[1],
    }


def acceptance_plan(  # noqa: PLR0913 - what is claimed, what is true, and how surely
    certify: Number,
    true: Number,
    *,
    delta: Number = 0.05,
    power: Number = 0.9,
    readout: SeveralNumbers = 1,
    problem: Problem | None = None,
) -> AcceptancePlan:
    r"""How many test pairs certify a fidelity.

    Pairs are measured in a random one of the bases XX, YY, ZZ and pass with probability
    :math:`q(F) = (1 + s (4F - 1)/3)/2` (:mod:`lpdistill.acceptance.claim`).

    Parameters
    ----------
    certify
        The fidelity that is to be certified, in (1/4, 1).
    true
        That of the pairs, above it: with it, the test is to certify with probability ``power``.
    delta
        The greatest probability of certifying pairs that have no more than ``certify``.
    power
        In (delta, 1).
    readout
        Probability that a readout is right, of both nodes or of each, above 1/2: at 1/2 it says nothing.
    problem
        Who makes the pairs: then also what that takes.

    Raises
    ------
    ModelError
        If a number is out of its range.
    LimitError
        If more pairs would be needed than are counted exactly.

    References
    ----------
    Hoeffding, J. Am. Stat. Assoc. 58, 13 (1963); Wald, Ann. Math. Stat. 16, 117 (1945).

    Examples
    --------
    >>> plan = acceptance_plan("0.9", "0.95")
    >>> plan.pairs, plan.passes, plan.always.pairs, round(plan.sequential_mean, 1), plan.hoeffding
    (361, 345, 414, 219.7, 4748)
    """
    claim, truth = Claim.of(certify, delta, readout), exact(true, "true")
    asked = hypotheses(claim, true, power)
    generation = None if problem is None else Generation.of(PROBLEM.meant(problem, "problem"))
    found = AcceptancePlan(claim, truth, asked, generation)
    found.sawtooth, found.courses  # noqa: B018 - refused here, if it is too large
    return found


def hypotheses(claim: Claim, true: Number, power: Number) -> Hypotheses:
    """What is to be told apart.

    Raises
    ------
    ModelError
        If the true fidelity is not above the claimed one, or the power not above delta.
    """
    truth, sure = exact(true, "true"), share(power, "power")
    if not claim.fidelity < truth <= 1:
        raise ModelError(
            "true", f"must be above the fidelity to certify, {float(claim.fidelity):g}, and at most 1", true
        )
    require_uncertain(truth, "true", true)
    if sure <= claim.delta:
        raise ModelError("power", f"must be above delta, {float(claim.delta):g}: less is had without measuring", power)
    return Hypotheses(claim.limit, claim.passing(truth), claim.delta, sure)
