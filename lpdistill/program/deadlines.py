r"""The policy that is most likely done in time: backward recursion over the lattice of times.

With ``w`` slots left, the least probability of being late is

.. math:: f_w(s) = \min_a \begin{cases}
    \sum_{s'} P(s' \mid s, a)\, f_{w - \tau_a}(s') & \tau_a \le w \\ 1 & \text{otherwise,} \end{cases}

the target left out of the sum.  All columns are priced at once, each for the values that its duration leads to.  A
step that takes no time leads to :math:`f_w` itself; such steps are chosen by policy iteration within the slot.

Among actions that are equally good, that of the fastest policy is preferred, and then those whose expected remaining
time is less, counted with the fastest policy after the window.  So the policy leaves the fastest one only where that
gains something, and never once the window is lost or certain.  Between steps that take no time, and between them and
others, the expected remaining time alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ImproperPolicyError
from lpdistill.model.process import After, Choice, Process
from lpdistill.model.resources import Tariff
from lpdistill.model.time_lattice import TimeLattice
from lpdistill.program.evaluation import evaluate, visits
from lpdistill.program.plan import Plan

INDIFFERENT = 1e-12
"""Difference in the probability of being late up to which actions count as equally good."""

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
    late
        Least probability of being late, (configurations,).
    columns
        Column that attains it, (configurations,); -1 where the window is lost and no policy reaches the target for
        sure.
    remaining
        Expected remaining time of the policy, (configurations,); a large number where it is infinite.
    """

    late: FloatArray
    columns: IntArray
    remaining: FloatArray


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

    def __init__(self, process: Process, fastest: Plan, lattice: TimeLattice) -> None:
        """Start with no slot.

        Parameters
        ----------
        process
            The columns to choose from.
        fastest
            A deterministic policy: what to do once the window is lost.
        lattice
            The lattice of times of the process.
        """
        self.process, self.lattice, self.slots = process, lattice, list[Slot]()
        self._free = process.under(Tariff(0.0))
        self._column = np.full(process.size, -1)
        self._column[fastest.uses.configuration] = fastest.uses.columns
        self._time = np.where(self._column >= 0, fastest.values, DEAD * max(1.0, float(fastest.values.max())))
        self._fastest = self._free.choose(fastest.uses.columns)
        self._instant = bool((lattice.slots == 0).any())

    def advance(self) -> Slot:
        """Take one more slot."""
        left, size = len(self.slots), self.process.size
        slot = Slot(np.ones(size), self._column.copy(), self._time.copy())
        late, remaining = self._after(left, "late"), self._after(left, "remaining")
        if late.staying.any():
            priced = self._free.price_after(late)
            least = np.minimum(priced.best, 1.0)
            hopeful, slack = self._hopeful(least), self._slack(least)
            slot.late = np.where(hopeful, least, 1.0)
            here = self._fastest.configuration
            kept = hopeful[here] & (self._fastest.values_after(late) <= (least + slack)[here])
            follows = np.zeros(size, dtype=bool)
            follows[here[kept]] = True
            for columns in (self._fastest.columns[kept], priced.tied(hopeful & ~follows, slack)):
                chosen, times, owners = self._quickest(columns, remaining)
                slot.columns[owners], slot.remaining[owners] = chosen, times
        if self._instant:
            self._act_at_once(slot)
        self.slots.append(slot)
        return slot

    def _after(self, left: int, name: str) -> After:
        """What a slot says of every configuration, after the steps that take time and end within the window."""
        fits = np.asarray((self.lattice.slots > 0) & (self.lattice.slots <= left))
        rows = [left - slots for slots in self.lattice.slots.tolist()]
        nothing = np.zeros(self.process.size)
        after = [
            getattr(self.slots[row], name) if fitting else nothing
            for row, fitting in zip(rows, fits.tolist(), strict=True)
        ]
        return After(np.array(after), np.where(fits, 0.0, np.inf), fits)

    def late_after(self, left: int, columns: IntArray) -> FloatArray:
        """Probability of being late where the given columns are taken with so many slots left, (columns,).

        What follows is the policy that is most likely in time.
        """
        choice = self._free.choose(columns)
        timed = choice.values_after(self._after(left, "late"))
        at_once = choice.values_after(self._at_once(self.slots[left].late))
        return np.asarray(np.minimum(np.minimum(timed, at_once), 1.0))

    def visits(self) -> FloatArray:
        """Expected number of steps of a run that begin with so many slots left, (slots, configurations).

        Of configurations in which nothing is done, the probability of being there.
        """
        entered = np.zeros((len(self.slots), self.process.size))
        entered[-1, 0] = 1.0
        for left in range(len(self.slots) - 1, -1, -1):
            columns = self.slots[left].columns
            acting = self._acting(columns)
            if len(acting):
                instant = self._free.choose(columns[acting])
                times = visits(instant, entered[left])
                entered[left] += instant.moves.T @ times
                entered[left, acting] = times
            choice = self._free.choose(columns[(entered[left] > 0) & (columns >= 0)])
            slots = self.lattice.slots[self.process.step_time(choice.columns)]
            for length in np.unique(slots[(slots > 0) & (slots <= left)]).tolist():
                part = choice.at(np.flatnonzero(slots == length))
                mass = entered[left, part.configuration]
                entered[left - length] += part.moves.T @ mass
                entered[left - length, part.configuration] += part.staying * mass
        return entered

    def _acting(self, columns: IntArray) -> IntArray:
        """Configurations that take a step that takes no time, and do not wait; -1 stands for no column."""
        here = np.flatnonzero(columns >= 0)
        choice = self.process.choose(columns[here])
        acts = (self.lattice.slots[self.process.step_time(columns[here])] == 0) & (choice.leaving > 0)
        return np.asarray(here[acts])

    def _at_once(self, values: FloatArray) -> After:
        """Values after the steps that take no time."""
        always = After.always(values, len(self.lattice.slots))
        return After(always.values, np.where(self.lattice.slots == 0, 0.0, np.inf), always.staying)

    def _rounding(self) -> float:
        """Bound on the relative rounding error of what has been computed so far."""
        return 2 * (len(self.slots) + 2) * self.process.rounding

    def _slack(self, late: FloatArray) -> FloatArray:
        """Difference from the least probability of being late that does not count, (configurations,)."""
        return INDIFFERENT + self._rounding() * np.minimum(late, 1.0)

    def _hopeful(self, late: FloatArray) -> BoolArray:
        """Where the window is not lost: the probability of being late differs from 1 by more than rounding."""
        return np.asarray(late < 1.0 - self._rounding())

    def _quickest(self, columns: IntArray, remaining: After) -> tuple[IntArray, FloatArray, IntArray]:
        """The column of least expected remaining time, that time and the configuration, of each that has columns."""
        choice = self.process.choose(columns)
        value = choice.values_after(remaining)
        order = np.lexsort((value, choice.configuration))
        owners, first = np.unique(choice.configuration[order], return_index=True)
        return columns[order[first]], value[order[first]], owners

    def _act_at_once(self, slot: Slot) -> None:
        """Let steps that take no time come before those that do, by policy iteration on when to stop taking them."""
        late, remaining = slot.late.copy(), slot.remaining.copy()
        acting = np.zeros(self.process.size, dtype=bool)
        for _ in range(MOST_SWITCHES):
            priced, slack = self._free.price_after(self._at_once(slot.late)), self._slack(slot.late)
            wanted = (priced.best <= slot.late + slack) & self._hopeful(priced.best)
            if not wanted.any():
                return
            columns, times, owners = self._quickest(priced.tied(wanted, slack), self._at_once(slot.remaining))
            better = priced.best[owners] < (slot.late - slack)[owners]
            better |= times < slot.remaining[owners] * (1 - QUICKER)
            better &= columns != np.where(acting, slot.columns, -1)[owners]
            if not better.any():
                return
            before = slot.columns.copy()
            slot.columns[owners[better]], acting[owners[better]] = columns[better], True
            choice = self._free.choose(slot.columns[acting])
            try:
                slot.late = np.minimum(_continued(choice, late), 1.0)
            except ImproperPolicyError:  # going in circles looked better by less than rounding
                slot.columns = before
                return
            slot.remaining = _continued(choice, remaining)


def _continued(choice: Choice, stopped: FloatArray) -> FloatArray:
    """Values where some configurations take steps that take no time, and the others have given values."""
    outside = stopped.copy()
    outside[choice.configuration] = 0.0
    local = choice.moves @ outside / choice.leaving
    outside[choice.configuration] = evaluate(choice, local)[choice.configuration]
    return outside
