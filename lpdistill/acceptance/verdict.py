"""What measured pairs say: whether they certify a fidelity, how surely, and which fidelity they do certify."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from lpdistill import pictures
from lpdistill.acceptance.binomials import at_least, is_within
from lpdistill.acceptance.claim import Claim
from lpdistill.acceptance.fixed import Hypotheses
from lpdistill.acceptance.plan import hypotheses
from lpdistill.acceptance.sequential import Sequential
from lpdistill.arguments import named, wrong_type
from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact, whole
from lpdistill.physics.noise import SeveralNumbers
from lpdistill.solution.answer import Answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL = (0.9, 0.95, 0.99, 0.999)
"""Confidences of the lower bounds in a table."""

RESULTS = {"1": True, "0": False, "pass": True, "fail": False, "true": True, "false": False}
"""What the results of single pairs are written as."""

MOST_PAIRS = 10**7
"""The most pairs that are judged exactly."""


class Decision(StrEnum):
    """What a test has decided."""

    CERTIFIED = "certified"
    NOT_CERTIFIED = "not certified"
    UNDECIDED = "undecided"


@dataclass(frozen=True, repr=False, eq=False)
class AcceptanceVerdict(Answer):
    """What a number of pairs, fixed before they were measured, says of a claim.

    Attributes
    ----------
    claim
        What was to be certified.
    passes, pairs
        How many of how many passed.
    """

    _KIND = "verify-verdict"

    claim: Claim
    passes: int
    pairs: int

    @property
    def decision(self) -> Decision:
        """Whether the claim is certified: decided exactly."""
        fails = self.pairs - self.passes
        sure = is_within(fails, self.pairs, 1 - self.claim.limit, self.claim.delta)
        return Decision.CERTIFIED if sure else Decision.NOT_CERTIFIED

    @property
    def p_value(self) -> float:
        """The probability that so many pairs pass, or more, if they have just the fidelity claimed."""
        return float(at_least(np.array(self.passes), np.array(self.pairs), float(self.claim.limit)))

    @property
    def estimate(self) -> float:
        """The fidelity whose probability to pass is the share that did."""
        return self.claim.fidelity_of(self.passes / self.pairs)

    def lower_bound(self, confidence: Number | None = None) -> float:
        """The fidelity that is certified with a confidence, exactly (Clopper and Pearson 1934).

        Parameters
        ----------
        confidence
            In (0, 1); 1 - delta by default.

        Raises
        ------
        ModelError
            If the confidence is out of its range.
        """
        sure = 1 - self.claim.delta if confidence is None else exact(confidence, "confidence")
        if not 0 < sure < 1:
            raise ModelError("confidence", "must be a probability above 0 and below 1", confidence)
        if not self.passes:
            return 0.0
        return self.claim.fidelity_of(
            float(special.betaincinv(self.passes, self.pairs - self.passes + 1, float(1 - sure)))
        )

    @property
    def _question(self) -> dict[str, Any]:
        return dict(self.claim.to_dict())

    def _lines(self) -> Iterable[tuple[str, str]]:
        sure = float(1 - self.claim.delta)
        yield "claim", f"fidelity of at least {float(self.claim.fidelity):g}, with confidence {sure:g}"
        yield "pairs", f"{self.passes:,} of {self.pairs:,} passed"
        yield (
            "verdict",
            f"{self.decision}: p-value {self.p_value:.4g}, which must be at most {float(self.claim.delta):g}",
        )
        yield "fidelity", f"about {self.estimate:.6g}; at least {self.lower_bound():.6g} with confidence {sure:g}"

    def _content(self) -> dict[str, Any]:
        return {
            "pairs": self.pairs,
            "passes": self.passes,
            "decision": str(self.decision),
            "p_value": self.p_value,
            "fidelity": {"estimate": self.estimate, "lower_bound": self.lower_bound()},
            "bounds": list(self._cells()),
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every confidence."""
        for sure in USUAL:
            yield {"confidence": sure, "fidelity_at_least": self.lower_bound(sure)}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the fidelity that is certified against the confidence."""
        drawn = pictures.canvas(ax, f"{self.passes:,} of {self.pairs:,} pairs passed")
        slips = np.geomspace(0.5, 1e-6, 200)
        bounds = [self.lower_bound(1.0 - slip) for slip in slips]
        drawn.semilogx(slips, bounds, color=pictures.COLOURS[0], label="certified")
        claimed, label = float(self.claim.fidelity), f"claimed: {self.decision}"
        drawn.plot([float(self.claim.delta)], [claimed], "o", color=pictures.COLOURS[1], label=label)
        drawn.axhline(self.estimate, color=pictures.INK, ls="--", lw=1.0, label="estimate")
        drawn.invert_xaxis()
        drawn.set_xlabel("probability of certifying wrongly")
        drawn.set_ylabel("fidelity, at least")
        drawn.legend(frameon=False)
        return drawn


@dataclass(frozen=True, repr=False, eq=False)
class SequentialVerdict(Answer):
    """What pairs say of a claim that are measured one by one, until they decide.

    Attributes
    ----------
    claim
        What is to be certified.
    test
        The sequential test.
    results
        Whether each pair passed, in order.
    """

    _KIND = "verify-sequence"

    claim: Claim
    test: Sequential
    results: tuple[bool, ...]

    @cached_property
    def path(self) -> FloatArray:
        """Logarithm of the likelihood ratio after every pair, (pairs,)."""
        asked = self.test.asked
        gained = np.log(float(asked.true / asked.null))
        lost = inf if asked.true == 1 else -np.log(float((1 - asked.true) / (1 - asked.null)))
        return np.asarray(np.cumsum(np.where(self.results, gained, -lost)), dtype=np.float64)

    @cached_property
    def decided(self) -> tuple[Decision, int]:
        """What was decided, and after how many pairs; if nothing was, after how many that is so."""
        passes = failures = 0
        certifies, gives_up = self.test.certifies_at(0), self.test.gives_up_at(0)
        for number, passed in enumerate(self.results, start=1):
            passes += passed
            if not passed:
                failures += 1
                certifies, gives_up = self.test.certifies_at(failures), self.test.gives_up_at(failures)
            if passes >= certifies:
                return Decision.CERTIFIED, number
            if passes <= gives_up:
                return Decision.NOT_CERTIFIED, number
        return Decision.UNDECIDED, len(self.results)

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return self.decided[0]

    @property
    def pairs(self) -> int:
        """After how many pairs."""
        return self.decided[1]

    @property
    def passes(self) -> int:
        """How many of them passed."""
        return sum(self.results[: self.pairs])

    @property
    def p_value(self) -> float:
        """The least delta at which these pairs would have certified: valid whenever one looks."""
        return float(min(1.0, np.exp(-self.path[: self.pairs].max())))

    @property
    def more(self) -> int | None:
        """How many more pairs would certify if all of them passed; None if it is decided."""
        if self.decision is not Decision.UNDECIDED:
            return None
        needed = self.test.certifies_at(self.pairs - self.passes)
        return None if needed == inf else int(needed) - self.passes

    @property
    def _question(self) -> dict[str, Any]:
        return {**self.claim.to_dict(), **_stated(self.test.asked, self.claim)}

    def _lines(self) -> Iterable[tuple[str, str]]:
        sure = float(1 - self.claim.delta)
        yield "claim", f"fidelity of at least {float(self.claim.fidelity):g}, with confidence {sure:g}"
        yield "pairs", f"{self.passes:,} of {self.pairs:,} passed, of {len(self.results):,} that were measured"
        more = "" if self.more is None else f": {self.more:,} more would certify if all passed"
        yield "verdict", f"{self.decision}{more}"
        yield "p-value", f"{self.p_value:.4g}, valid whenever one looks"

    def _content(self) -> dict[str, Any]:
        return {
            "measured": len(self.results),
            "pairs": self.pairs,
            "passes": self.passes,
            "decision": str(self.decision),
            "p_value": self.p_value,
            "more": self.more,
        }

    def _cells(self) -> Mapping[str, Any]:
        """A row for every pair."""
        pairs, passed = np.arange(1, len(self.results) + 1), np.array(self.results)
        return {"pair": pairs, "passed": passed, "passes": np.cumsum(passed), "log_ratio": self.path}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the way of the likelihood ratio between the bounds at which the test ends."""
        drawn = pictures.canvas(ax, f"certifying a fidelity of {float(self.claim.fidelity):g}, pair by pair")
        drawn.plot(np.arange(1, len(self.path) + 1), self.path, color=pictures.COLOURS[0], lw=1.2)
        for bound, name, colour in ((self.test.above, "certified", 2), (self.test.below, "not certified", 1)):
            drawn.axhline(float(np.log(float(bound))), color=pictures.COLOURS[colour], ls="--", lw=1.0, label=name)
        drawn.set_xlabel("pairs measured")
        drawn.set_ylabel("log of the likelihood ratio")
        drawn.legend(frameon=False)
        return drawn


def _stated(asked: Hypotheses, claim: Claim) -> dict[str, str]:
    """The true fidelity and the power of a test, exactly."""
    true = (3 * (2 * asked.true - 1) / claim.contrast + 1) / 4
    return {"true": str(true), "power": str(asked.power)}


def acceptance_verdict(
    certify: Number, passes: Number, pairs: Number, *, delta: Number = 0.05, readout: SeveralNumbers = 1
) -> AcceptanceVerdict:
    """Whether measured pairs certify a fidelity, and which one they do certify.

    How many were to be measured must have been fixed before; who looks as they come asks :func:`sequential_verdict`.

    Parameters
    ----------
    certify, delta, readout
        As for :func:`lpdistill.acceptance_plan`.
    passes, pairs
        How many of how many passed.

    Raises
    ------
    ModelError
        If a number is out of its range.

    Examples
    --------
    >>> found = acceptance_verdict("0.9", 345, 361)
    >>> str(found.decision), round(found.p_value, 5), round(found.lower_bound(), 6)
    ('certified', 0.04906, 0.90019)
    """
    claim = Claim.of(certify, delta, readout)
    count, passed = whole(pairs, "pairs"), whole(passes, "passes")
    if not 1 <= count <= MOST_PAIRS:
        raise ModelError("pairs", f"must be at least 1, and at most {MOST_PAIRS:,}", pairs)
    if not 0 <= passed <= count:
        raise ModelError("passes", f"must be at least 0, and no more than the {count:,} pairs", passes)
    return AcceptanceVerdict(claim, passed, count)


def sequential_verdict(  # noqa: PLR0913 - what is claimed, what is true, and how surely
    certify: Number,
    true: Number,
    results: str | Sequence[bool],
    *,
    delta: Number = 0.05,
    power: Number = 0.9,
    readout: SeveralNumbers = 1,
) -> SequentialVerdict:
    """What pairs decide that are measured one by one: the test may stop as soon as it has decided.

    Parameters
    ----------
    certify, true, delta, power, readout
        As for :func:`lpdistill.acceptance_plan`.
    results
        Whether each pair passed, in order; or a text of 1 and 0, or pass and fail, with spaces, commas or lines
        between.

    Raises
    ------
    ModelError
        If a number is out of its range, or a result is none.

    Examples
    --------
    >>> found = sequential_verdict("0.9", "0.95", "1" * 120)
    >>> str(found.decision), found.pairs
    ('certified', 86)
    """
    claim = Claim.of(certify, delta, readout)
    test = Sequential.sure(hypotheses(claim, true, power))
    seen = tuple(_results(results))
    if not 1 <= len(seen) <= MOST_PAIRS:
        raise ModelError("results", f"must be those of at least one pair, and of at most {MOST_PAIRS:,}", len(seen))
    return SequentialVerdict(claim, test, seen)


def _results(given: object) -> Iterable[bool]:
    """Whether each pair passed.

    Raises
    ------
    ModelError
        If one is no result.
    """
    if isinstance(given, str):
        words = given.replace(",", " ").split()
        parts = [part for word in words for part in (word if set(word) <= {"0", "1"} else [word.lower()])]
        for number, part in enumerate(parts, start=1):
            if part not in RESULTS:
                raise ModelError(
                    "results", f"must be 1 or 0, or pass or fail, for each pair; pair {number} is not", part
                )
            yield RESULTS[part]
        return
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, bytes):
        raise wrong_type("results", f"must be a text or a list of results, not {named(given)}", given)
    for number, one in enumerate(given, start=1):
        if not isinstance(one, bool | np.bool_ | int | float):
            raise wrong_type("results", f"must be True or False for each pair, not {named(one)}", given)
        if one not in {0, 1}:
            raise ModelError("results", f"must be True or False for each pair; pair {number} is not", one)
        yield bool(one)
