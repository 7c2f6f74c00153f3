"""One policy of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lpdistill.numbers import at_most
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.followed import FollowedLabels
from lpdistill.physics.rounding import Labels
from lpdistill.solution.document import keys_as_json, rational
from lpdistill.solution.policy import Policy
from lpdistill.solution.resources import Expected
from lpdistill.solution.tables import Key


@dataclass(frozen=True, slots=True)
class Compared:
    """One policy of a comparison.

    Attributes
    ----------
    name
        What the comparison calls it.
    policy
        The policy, evaluated; None where a rule forbids what it does.
    refusal
        Why it is not allowed, or not evaluated, if it is not.
    allowed
        Whether rules allow it.
    """

    name: str
    policy: Policy | None
    refusal: str | None = None
    allowed: bool = True

    @property
    def waiting_time(self) -> float | None:
        """Expected waiting time; infinite if runs may never reach the target, None if the policy is not allowed."""
        return None if self.policy is None else self.policy.waiting_time

    @property
    def deadlock(self) -> tuple[Key, ...]:
        """Configurations in which runs are trapped for ever, if any."""
        return () if self.policy is None else self.policy.deadlock

    @property
    def proper(self) -> bool:
        """Whether the policy is allowed, and runs reach the target with probability 1."""
        return self.policy is not None and self.policy.plan.proper

    def trap(self, limit: float) -> str:
        """Why it never ends, in words, given the fidelity that pumping stays below."""
        levels = None if self.policy is None else self.policy.process.names.levels
        if self.policy is not None and isinstance(levels, AgedLabels):
            return f"trapped in {self.policy.wording.configuration(self.deadlock[0])}"
        if isinstance(levels, Labels):
            return f"stays below {at_most(limit, 9)}"
        others = len(self.deadlock) - 1
        return f"trapped in {self.deadlock[0]}" + (f" and {others} others" if others else "")

    @property
    def cutoff(self) -> Fraction | None:
        """The age beyond which a baseline discards pairs; None where there is none."""
        levels = None if self.policy is None else self.policy.process.names.levels
        return levels.cutoff if isinstance(levels, FollowedLabels) else None

    @property
    def standard_deviation(self) -> float | None:
        """Standard deviation of the waiting time; None for policies that are improper or not allowed."""
        return self.policy.standard_deviation if self.policy is not None and self.proper else None

    @property
    def expected(self) -> Expected | None:
        """Expected totals of a run; None for policies that are improper or not allowed."""
        return self.policy.expected if self.policy is not None and self.proper else None

    def to_dict(self) -> dict[str, Any]:
        """The policy's numbers as JSON data."""
        expected = self.expected
        return {
            "waiting_time": self.waiting_time if self.proper else None,
            "std": self.standard_deviation,
            "expected": None if expected is None else expected.to_dict(),
            **({} if self.cutoff is None else {"cutoff": rational(self.cutoff)}),
            **({"deadlock": keys_as_json(self.deadlock)} if self.deadlock else {}),
            **({"not_evaluated" if self.allowed else "not_allowed": self.refusal} if self.refusal else {}),
        }
