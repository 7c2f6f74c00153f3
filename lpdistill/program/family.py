r"""Problems that differ in probability and durations only, solved together: one more axis, that of the points.

Whatever p and the durations are, configurations, columns and what their distillations make are the same.  A
:class:`Family` has them once, from the dynamics of one of its problems; attempt tables, action values and policies then
have a trailing axis of points, and every step of policy iteration is taken at all points at once.

The proof is that of :mod:`lpdistill.program.proof`, point by point: values for costs lowered by a few roundings are
compared with the action values of *all* columns, and values for raised costs with those of the policy.  Action values
are the same sums and products of what is not negative as those of the dynamics, so that their bound on rounding holds.
What is not proved, and where several policies are optimal, is left to whoever solves problems one by one.
"""

from __future__ import annotations

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.points import Points, middles, neighbourhoods
from lpdistill.program.pointwise import Columns, Costs, System
from lpdistill.program.proof import MARGIN
from lpdistill.program.systems import one_thread

MOST_ROUNDS, MOST_PROOFS = 50, 5
"""Far beyond what policy iteration takes (one to six rounds), and what a proof takes (one, as a rule)."""

AT_ONCE = 1 << 21
"""Numbers in the largest array of the points that are solved at once: sixteen megabytes."""


class Family:
    """Problems that differ in probability and durations only.

    Parameters
    ----------
    dynamics
        The decision process of one of the problems.
    columns
        The columns among which policies choose: at least one for every configuration that they enter, the start first.
    policy
        One of them for each of these configurations, a policy that is proper whatever p and the durations are.
    """

    def __init__(self, dynamics: Dynamics, columns: IntArray, policy: IntArray) -> None:
        self.dynamics, self.columns = dynamics, Columns(dynamics, columns)
        self.resources = tuple(dynamics.resources)
        self._policy = self.columns.positions(policy)[:, None]
        self._neighbours: dict[tuple[int, int], IntArray] = {}

    @property
    def distils_last(self) -> bool:
        """Whether the step that reaches the target distils."""
        return self.dynamics.kernel.generation.raw is not None

    @property
    def at_once(self) -> int:
        """How many points are solved at once."""
        return max(1, AT_ONCE // self.columns.width)

    def optima(self, points: Points) -> Costs:
        """The costs of optimal policies, as far as they are settled."""
        found = Costs.unknown(len(points), len(self.resources))
        for i in range(0, len(points), self.at_once):
            some = slice(i, i + self.at_once)
            here = points.at(some)
            # Systems this small are not worth several threads; and what is no number is not proved.
            with one_thread(), np.errstate(all="ignore"):
                found.put(some, self._proved(here, *self._improved(here, self._starts(here))))
        return found

    def _starts(self, points: Points) -> IntArray:
        """Policies to start from, (configurations, points): those that are optimal in the neighbourhood.

        They are a matter of the point alone, so that its numbers do not depend on which others are solved with it.
        """
        if len(self.columns) == len(self._policy):
            return np.repeat(self._policy, len(points), axis=1)
        where = neighbourhoods(points)
        missing = [one for one in dict.fromkeys(where) if one not in self._neighbours]
        if missing:
            policies, _ = self._improved(middles(missing), np.repeat(self._policy, len(missing), axis=1))
            self._neighbours.update(zip(missing, policies.T, strict=True))
        return np.stack([self._neighbours[one] for one in where], axis=1)

    def _improved(self, points: Points, policy: IntArray) -> tuple[IntArray, FloatArray]:
        """Policies improved until no column is better, and their values, (points, configurations).

        Points drop out as soon as no column improves their policy.
        """
        policy, values = policy.copy(), np.full(policy.T.shape, np.nan)
        left = np.arange(len(points))
        for _ in range(MOST_ROUNDS):
            system = System(self.columns, points.at(left), policy[:, left])
            values[left] = system.values
            comparison = system.compared(system.values.T, MARGIN * self.dynamics.rounding)
            policy[:, left] = comparison.improved(policy[:, left])
            left = left[comparison.improvable]
            if not len(left):
                break
        values[left] = np.nan
        return policy, values

    def _proved(self, points: Points, policy: IntArray, values: FloatArray) -> Costs:
        """The costs of policies with the given values, which are improved further where the proof asks for it."""
        found, left = Costs.unknown(len(points), len(self.resources)), np.arange(len(points))
        system = System(self.columns, points, policy, values)
        for _ in range(MOST_PROOFS):
            costs, comparison = system.costs()
            found.put(left, costs)
            more = comparison.improvable
            if not more.any():
                break
            left, policy = left[more], comparison.improved(policy)[:, more]
            system = System(self.columns, points.at(left), policy)
        return found
