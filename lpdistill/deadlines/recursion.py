r"""The policy that is most likely done in time: backward recursion over the lattice of times.

With ``w`` slots left, the least probability of being late is

.. math:: f_w(s) = \min_a \begin{cases}
    \sum_{s'} P(s' \mid s, a)\, f_{w - \tau_a}(s') & \tau_a \le w \\ 1 & \text{otherwise,} \end{cases}

the target left out of the sum, and the greatest probability of being in time, :math:`1 - f_w(s)`, obeys the recursion
with the probability of reaching the target added.  Both are carried, so that neither is found by subtraction where it
is small.  All columns are priced at once, each for the values that its duration leads to
(:mod:`lpdistill.deadlines.prospects`).  A step that takes no time leads to :math:`f_w` itself; such steps are chosen by
policy iteration within the slot.

Actions are equally good if they differ by at most a share :data:`INDIFFERENT` of the smaller of the two probabilities.
Among them that of the fastest policy is preferred, and then those whose expected remaining time is less, counted with
the fastest policy after the window.  So the policy leaves the fastest one only where that gains something, and never
once the window is lost or certain.  Between steps that take no time, and between them and others, the expected
remaining time alone decides.  A run of ``n`` steps gives up at most ``n`` such shares: what the policy
attains is what is stated to a relative accuracy of ``n`` times :data:`INDIFFERENT`, apart from rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.deadlines.prospects import DONE, LATE, REMAINING, Outlook, Prospects, Steps
from lpdistill.errors import ImproperPolicyError
from lpdistill.process.process import Choice, Process
from lpdistill.process.resources import REACHING
from lpdistill.process.tariff import Tariff
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.program.evaluation import evaluate, visits
from lpdistill.program.plan import Plan

INDIFFERENT = 1e-12
"""Share of the probability of being late, or of being in time if that is smaller, up to which actions are equally good.

Far above what rounding makes of equal ones, and far below what anybody would wait for."""

DEAD = 1e3
"""Expected remaining time, in units of the greatest there is, that stands for an infinite one when ties are broken."""

QUICKER = 1e-12
"""Relative difference of expected remaining times that counts as one."""

MOST_SWITCHES = 1000
"""Rounds of policy iteration within a slot: far beyond what they are."""


@dataclass(slots=True)
class Slot:
    """What to do with so many slots left.

    Attributes
    ----------
    late, done
        Least probability of being late, and greatest one of being in time, each accurate relative to its own size,
        (configurations,).
    columns
        Column that attains it, (configurations,); -1 where the window is lost and no policy reaches the target for
        sure.
    remaining
        Expected remaining time of the policy, (configurations,); a large number where it is infinite.
    """

    late: FloatArray
    done: FloatArray
    columns: IntArray
    remaining: FloatArray

    @property
    def outlook(self) -> Outlook:
        """What is expected from every configuration, (configurations, 3)."""
        return np.stack([self.late, self.done, self.remaining], axis=1)


class DeadlineRecursion:
    """The backward recursion, which grows slot by slot.

    Attributes
    ----------
    process
        All columns, those that may leave the live configurations among them; they cost their time.
    lattice
        The lattice of times.
    slots
        What to do with 0, 1, 2, ... slots left.
    """

    def __init__(self, process: Process, fastest: Plan | None, lattice: TimeLattice) -> None:
        """Start with no slot.

        Parameters
        ----------
        process
            The columns to choose from.
        fastest
            A deterministic policy: what to do once the window is lost; None to do nothing then.
        lattice
            The lattice of times of the process.
        """
        self.process, self.lattice, self.slots = process, lattice, list[Slot]()
        self._here = usual = np.zeros(0, dtype=np.int64)
        self._column, self._time = np.full(process.size, -1), np.full(process.size, DEAD)
        if fastest is not None:
            self._here, usual = fastest.uses.configuration, fastest.uses.columns
            self._column[self._here] = usual
            self._time *= max(1.0, float(fastest.values.max()))
            self._time[self._here] = fastest.values[self._here]
        self._lengths = np.unique(lattice.slots).tolist()
        self._timed = Steps(process, usual, lattice, timed=True).pricing()
        instant = bool((lattice.slots == 0).any())
        self._instant = Steps(process, usual, lattice, timed=False).pricing() if instant else None

    @property
    def fewest_steps(self) -> int:
        """The least number of steps in which a run may reach the target, however long they take."""
        process = self.process.under(Tariff(0.0, ((REACHING, -1.0),)))
        reached, steps = np.zeros(process.size), 0
        while not reached[0]:
            reached, steps = (process.price(-reached).best < 0).astype(np.float64), steps + 1
        return steps

    def advance(self) -> Slot:
        """Take one more slot."""
        ahead = self._after_time(len(self.slots))
        late, done = np.where(ahead.done > 0, ahead.late, 1.0), ahead.done
        slot = Slot(late, done, self._column.copy(), self._time.copy())
        here, hopeful = self._here, done > 0
        if hopeful.any():
            usual = ahead.of()
            good = np.where(
                done[here] <= 1 / 2,
                usual[:, DONE] >= done[here] * (1 - self._slack),
                usual[:, LATE] <= late[here] * (1 + self._slack),
            )
            kept = hopeful[here] & good & np.isfinite(usual[:, REMAINING])
            slot.remaining[here[kept]] = usual[kept, REMAINING]
            hopeful[here[kept]] = False
            chosen, times, owners = ahead.quickest(hopeful, self._slack)
            slot.columns[owners], slot.remaining[owners] = chosen, times
        if self._instant is not None:
            self._act_at_once(slot)
        self.slots.append(slot)
        return slot

    def _after_time(self, left: int) -> Prospects:
        """What the steps lead to that take time and end within so many slots."""
        return self._timed.prospects(
            {length: self.slots[left - length].outlook for length in self._lengths if 0 < length <= left}
        )

    def done_after(self, left: int, columns: IntArray) -> FloatArray:
        """Probability of being in time where the given columns are taken with so many slots left, (columns,).

        What follows is the policy that is most likely in time.
        """
        found = self._after_time(left).of(columns)[:, DONE]
        if self._instant is not None:
            found = np.maximum(found, self._instant.prospects({0: self.slots[left].outlook}).of(columns)[:, DONE])
        return np.asarray(np.minimum(found, 1.0))

    def visits(self) -> FloatArray:
        """Expected number of steps of a run that begin with so many slots left, (slots, configurations).

        Of configurations in which nothing is done, the probability of being there.
        """
        entered = np.zeros((len(self.slots), self.process.size))
        entered[-1, 0] = 1.0
        taken = np.unique([slot.columns for slot in self.slots])
        taken = taken[taken >= 0]
        choice, slots = self.process.choose(taken), self.lattice.slots[self.process.durations.kind(taken)]
        acts = (slots == 0) & ~choice.repetition.waits
        onwards = []
        for length in np.unique(slots[slots > 0]).tolist():
            rows = np.flatnonzero(slots == length)
            onwards.append((length, rows, sparse.csr_array(choice.at(rows).transitions.T)))
        for left in range(len(self.slots) - 1, -1, -1):
            here = np.flatnonzero(self.slots[left].columns >= 0)
            row = np.searchsorted(taken, self.slots[left].columns[here])
            if acts[row].any():
                instant = choice.at(row[acts[row]])
                times = visits(instant, entered[left])
                entered[left] += instant.moves.T @ times
                entered[left, instant.configuration] = times
            begun = np.zeros(len(taken))
            begun[row] = entered[left, here]
            for length, rows, matrix in onwards:
                if length <= left:
                    entered[left - length] += matrix @ begun[rows]
        return entered

    @property
    def _slack(self) -> float:
        """Share up to which actions are equally good: the rounding of two action values is none."""
        return INDIFFERENT + 2 * self.process.rounding

    def _act_at_once(self, slot: Slot) -> None:
        """Let steps that take no time come before those that do, by policy iteration on when to stop taking them."""
        assert self._instant is not None  # noqa: S101 - only called where there are such steps
        stopped, slack = slot.outlook, self._slack
        acting = np.zeros(self.process.size, dtype=bool)
        for _ in range(MOST_SWITCHES):
            ahead = self._instant.prospects({0: slot.outlook})
            short = np.maximum(ahead.done, slot.done) <= 1 / 2
            wanted = (ahead.done > 0) & np.where(
                short, ahead.done >= slot.done * (1 - slack), ahead.late <= slot.late * (1 + slack)
            )
            if not wanted.any():
                return
            columns, times, owners = ahead.quickest(wanted, slack)
            better = np.where(short, ahead.done * (1 - slack) > slot.done, ahead.late < slot.late * (1 - slack))[owners]
            better |= times < slot.remaining[owners] * (1 - QUICKER)
            better &= columns != np.where(acting, slot.columns, -1)[owners]
            if not better.any():
                return
            before = slot.columns.copy()
            slot.columns[owners[better]], acting[owners[better]] = columns[better], True
            choice = self.process.choose(slot.columns[acting])
            try:
                late, done, remaining = _continued(choice, stopped).T
            except ImproperPolicyError:  # going in circles looked better by less than rounding
                slot.columns = before
                return
            slot.done, slot.remaining = np.minimum(done, 1.0), remaining
            slot.late = np.where(done > 0, np.minimum(late, 1.0), 1.0)


def _continued(choice: Choice, stopped: Outlook) -> Outlook:
    """The outlook where some configurations take steps that take no time, and the others have a given one."""
    outside = stopped.copy()
    outside[choice.configuration] = 0.0
    local = choice.moves @ outside
    local[:, DONE] += choice.reaching
    for of in (LATE, DONE, REMAINING):
        outside[choice.configuration, of] = evaluate(choice, choice.repetition.until(local[:, of]))[
            choice.configuration
        ]
    return outside
