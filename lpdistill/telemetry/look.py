"""One look at what a link reports: all tests, what their alarms mean, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.telemetry.checks import Check, Quantity, distillations, share, waits
from lpdistill.telemetry.link import Cost, Link
from lpdistill.telemetry.records import Levels, Record


class Finding(StrEnum):
    """What telemetry says."""

    AS_PREDICTED = "as predicted"
    P_LOWER = "p has fallen"
    P_HIGHER = "p has risen"
    DISTILLATION_RARER = "distillation succeeds too rarely"
    DISTILLATION_MORE_OFTEN = "distillation succeeds too often"
    LATENCY = "latency is off"
    OTHER_POLICY = "another policy is in use"


COUNTED = {
    (Quantity.P, -1): Finding.P_LOWER,
    (Quantity.P, 1): Finding.P_HIGHER,
    (Quantity.DISTILLATION, -1): Finding.DISTILLATION_RARER,
    (Quantity.DISTILLATION, 1): Finding.DISTILLATION_MORE_OFTEN,
}
"""What an alarm of a count says, by side."""

HINT = 0.02
"""P-value of a count, up to which it is taken for the reason of an alarm of waiting times."""

WAITED = {Quantity.WAITING_TIME, Quantity.LONGER_WAITS}
"""What is tested of waiting times."""

CAUSES = {
    Finding.DISTILLATION_RARER: "; the fidelity of raw pairs, or gates",
    Finding.DISTILLATION_MORE_OFTEN: "; heralds that err, or better pairs",
    Finding.LATENCY: "; counts are no reason for it: messages, or the durations of steps",
}
"""What is behind a finding, as far as telemetry can tell."""


@dataclass(frozen=True, eq=False)
class Look:
    """All tests of what was reported of a period.

    Attributes
    ----------
    link
        What was planned.
    record
        What was reported.
    alpha
        Probability of any alarm if all is as predicted, at most.
    checks
        The tests.
    """

    link: Link
    record: Record
    alpha: Fraction
    checks: tuple[Check, ...]

    @staticmethod
    def of(link: Link, record: Record, alpha: Fraction, drift: Fraction) -> Look:
        """Test a record: p, distillations and waiting times have equal parts of the rate, as far as there are any.

        Raises
        ------
        ModelError
            If there is nothing in it, or a distillation that the hardware does not have.
        """
        for levels in record.distillations:
            if levels not in link.recipes:
                known = "; ".join(",".join(map(str, one)) for one in link.recipes) or "none, nothing is distilled"
                raise ModelError("distillations", f"must be of levels that the problem has: {known}", list(levels))
        p = link.problem.p
        tested = {name for name, (tried, _) in record.distillations.items() if tried} & link.chances.keys()
        parts = [record.attempts > 0, bool(tested), record.waits is not None and record.waits.count > 0]
        if not any(parts):
            raise ModelError(
                "telemetry", "has no attempts, distillations or waiting times to test", record.period or None
            )
        part, checks = alpha / sum(parts), list[Check]()
        if parts[0]:
            seen = record.successes, record.attempts
            checks.append(share(Quantity.P, "p", seen, p, part, p * (1 - drift)))
        if parts[1]:
            checks += distillations(link, record.distillations, part, drift)
        if parts[2] and record.waits is not None:
            checks += waits(link, record.waits, part, drift)
        return Look(link, record, alpha, tuple(checks))

    @property
    def alarms(self) -> list[Check]:
        """Tests with an alarm."""
        return [one for one in self.checks if one.alarm]

    @property
    def strange(self) -> list[Levels]:
        """Distillations that were made, and that runs of the policy never make."""
        made = (kind for kind, (tried, _) in self.record.distillations.items() if tried)
        return [kind for kind in made if kind not in self.link.chances]

    @property
    def estimated(self) -> Fraction | None:
        """The estimate of p, if there were attempts."""
        record = self.record
        return Fraction(record.successes, record.attempts) if record.attempts else None

    @cached_property
    def explained(self) -> bool:
        """Whether the waiting times are those that the policy in use has at the estimated p."""
        seen, p = self.record.waits, self.estimated
        there = None if p is None else self.link.at(p)
        if seen is None or there is None:
            return False
        alpha = next(one.alpha for one in self.checks if one.quantity is Quantity.WAITING_TIME)
        return not any(one.alarm for one in waits(there, seen, 2 * alpha, Fraction(0)))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the alarms say, in the order in which causes go before effects."""
        found = [COUNTED[one.quantity, one.side] for one in self.alarms if (one.quantity, one.side) in COUNTED]
        late = {one.side for one in self.alarms if one.quantity in WAITED}
        if self.strange:
            found.append(Finding.OTHER_POLICY)
        counted_on = Finding.DISTILLATION_RARER in found or Finding.DISTILLATION_MORE_OFTEN in found
        if late and not found and (hints := self._hints(late)):
            found.append(COUNTED[hints[0].quantity, hints[0].side])
        elif late and not (counted_on or self.strange or (found and self.explained)):
            found.append(Finding.LATENCY)
        return tuple(dict.fromkeys(found)) or (Finding.AS_PREDICTED,)

    def _hints(self, late: set[int]) -> list[Check]:
        """Counts that are a reason for late alarms, though no alarms of their own; least likely first."""
        found = [one for one in self.checks if one.quantity not in WAITED and -one.side in late]
        return sorted((one for one in found if one.p_value <= HINT), key=lambda one: one.p_value)

    @property
    def alarm(self) -> bool:
        """Whether anything contradicts the prediction."""
        return bool(self.alarms or self.strange)

    @cached_property
    def cost(self) -> Cost | None:
        """What the estimated p costs, if it has changed."""
        changed = {Finding.P_LOWER, Finding.P_HIGHER} & {*self.findings}
        return None if self.estimated is None or not changed else self.link.cost(self.estimated)

    def told(self) -> Iterable[str]:
        """The findings, each as a sentence with its numbers."""
        for finding in self.findings:
            yield f"{finding}{self._because(finding)}"

    def _because(self, finding: Finding) -> str:
        """The numbers of a finding."""
        if finding is Finding.OTHER_POLICY:
            return ": it distils levels " + "; ".join(", ".join(map(str, one)) for one in self.strange)
        late = finding is Finding.LATENCY
        because = [
            one
            for one in self.alarms
            if (one.quantity in WAITED if late else COUNTED.get((one.quantity, one.side)) is finding)
        ] or [*self._hints({1, -1})[:1], *(one for one in self.alarms if one.quantity in WAITED)]
        texts = [
            f"{one.what} {'are' if one.quantity is Quantity.LONGER_WAITS else 'is'} {one.estimate.value:.6g} "
            f"({one.estimate.lower:.6g} to {one.estimate.upper:.6g}), predicted {one.estimate.model:.6g}"
            for one in because
        ]
        return (": " if texts else "") + "; ".join(texts) + CAUSES.get(finding, "")

    def to_dict(self) -> dict[str, Any]:
        """It as JSON data."""
        return {
            "period": self.record.period,
            "alpha": float(self.alpha),
            "alarm": self.alarm,
            "findings": [str(one) for one in self.findings],
            "words": list(self.told()),
            "checks": [one.to_dict() for one in self.checks],
            "cost": None if self.cost is None else self.cost.to_dict(),
        }
