r"""Runs that go on for ever: what they cost per unit of time, by Howard's method, ended by a proof.

Costs are less than nothing where something is earned, so that the *gain* of a policy is minus its average cost.  Values
``V`` and a gain ``g`` with

.. math:: V(s) \le c_a + g\,\tau_a + P_a V \quad \text{for all columns } a \text{ of } s

prove that no policy earns more than ``g`` per unit of time; where they hold with the contrary sign for the columns of a
policy, in all configurations that it enters from the start, it earns no less.  Neither needs ``V`` to be exact.

Each round solves :math:`V = c + g \tau + P V` for a policy with one closed class and replaces the column of every
configuration that has a better one (R. A. Howard, *Dynamic Programming and Markov Processes*, 1960).  Policies on the
way may have several closed classes: the best is kept, and everything else is led into it, which all configurations can
be that are not dead ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import LimitError, NotCertifiedError
from lpdistill.process.factored.dynamics import Dynamics, towards
from lpdistill.process.priced import Priced
from lpdistill.process.process import Choice
from lpdistill.process.repetition import After
from lpdistill.process.resources import REACHING, Worth
from lpdistill.process.tariff import Tariff
from lpdistill.program.chain import Chain, Evaluation
from lpdistill.progress import silent

MOST_ROUNDS = 200
"""Far beyond what Howard's method takes."""

MOST_MOVES = 100_000_000
"""Moves of a policy beyond which they are not written out."""

ALIKE, TINY = 1e-12, 1e-300
"""Relative and absolute difference of gains that is rounding."""

MARGIN = 8.0
"""Roundings by which a column must be better to replace another."""

MOST_CHANGES = 2
"""Changes that a raw pair brings about, at most: that it is made, and that it is consumed."""


@dataclass(frozen=True)
class Policy:
    """One column, or a mixture of some, for every configuration that has any.

    Attributes
    ----------
    choice
        The columns, whose costs leave time out.
    times
        Expected duration of each, (columns,).
    """

    choice: Choice
    times: FloatArray

    @staticmethod
    def of(process: Dynamics, columns: IntArray, probability: FloatArray | None = None) -> Policy:
        """Some columns of a process, taken with the given probabilities if there are several of a configuration."""
        choice = process.choose(columns)
        times = np.array([float(time) for time in process.durations.times])[choice.kind]
        if probability is None:
            return Policy(choice, times)
        owners, rows = np.unique(choice.configuration, return_inverse=True)
        mean = np.bincount(rows, probability * times, minlength=len(owners))
        return Policy(choice.mixed(probability), np.asarray(mean))

    @property
    def moves(self) -> sparse.csr_array:
        """Probability of moving from column to column, that nothing happens left out, (columns, columns)."""
        moves, here = self.choice.moves, self.choice.configuration
        return moves if len(here) == moves.shape[1] else sparse.csr_array(moves[:, here])

    @cached_property
    def chain(self) -> Chain:
        """Where it leads, how long steps take, and what they cost."""
        return Chain(self.moves, self.times, self.choice.cost, self.choice.repetition.changes(np.ones(len(self.times))))

    def classes(self) -> tuple[int, IntArray]:
        """The closed classes: how many, and which one each column is in, -1 for none, (columns,)."""
        return self.chain.classes()

    def at(self, rows: IntArray | BoolArray) -> Policy:
        """Some of the columns."""
        return Policy(self.choice.at(rows), self.times[rows])

    def entered(self) -> BoolArray:
        """The columns whose configuration runs from the start may enter, (columns,)."""
        start = int(np.searchsorted(self.choice.configuration, 0))
        found = np.zeros(len(self.times), dtype=bool)
        found[sparse.csgraph.breadth_first_order(self.moves, start, return_predecessors=False)] = True
        return found


@dataclass(frozen=True)
class Steady:
    """The greatest gain, with its proof.

    Attributes
    ----------
    policy
        A policy that attains it: one column for every live configuration.
    evaluation
        The policy, evaluated.
    values
        What the future costs beyond the average, (configurations,); infinite at dead ends.
    lower, upper
        Proven bounds on the policy's gain, and on the greatest.
    generated
        All columns that some round chose, increasing.
    rounds
        Times that all columns were priced.
    """

    policy: Policy
    evaluation: Evaluation
    values: FloatArray
    lower: float
    upper: float
    generated: IntArray
    rounds: int

    @property
    def gain(self) -> float:
        """The gain of the policy, within its bounds."""
        return float(np.clip(self.evaluation.gain, self.lower, self.upper))


def imaginable(process: Dynamics) -> float:
    """What could be earned per unit of time if every raw pair that can be made were delivered at the best worth."""
    hardware = process.problem.hardware
    shortest = float(min(hardware.generation_time, hardware.distillation_time))
    each = 0.0
    for what, paid in process.tariff.prices:
        if what is REACHING or isinstance(what, Worth):
            each += abs(paid) * (float(np.abs(what.values).max(initial=0.0)) if isinstance(what, Worth) else 1.0)
    return each * hardware.memories * float(hardware.p) / shortest


def price(process: Dynamics, gain: float, values: FloatArray, *, once: bool = False) -> Priced:
    """Price all columns: what each costs, time at the price of a gain, with what comes after, until anything happens.

    Where waiting may be best, or nothing ever happens, or that is asked for, step by step.
    """
    timed, kinds = process.under(Tariff(gain, process.tariff.prices)), len(process.durations.times)
    single = np.full(kinds, once or not _changing(process, gain))
    return timed.price_after(After(np.broadcast_to(values, (kinds, len(values))), np.zeros(kinds), single))


def _changing(process: Dynamics, gain: float) -> bool:
    """Whether steps that change nothing are a loss."""
    lost = all(price >= 0 or what is REACHING or isinstance(what, Worth) for what, price in process.tariff.prices)
    return lost and gain > 0 and process.kernel.generation.raw is not None


def rounding(process: Dynamics, gain: float, values: FloatArray) -> float:
    """How far rounding may move the least price of a configuration.

    Relative to the greatest of the numbers that are added up: values, which are no less than what is earned at once,
    and the costs of time until anything happens, of which those beyond values are not least.
    """
    scale = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    each = sum(abs(price) for what, price in process.tariff.prices if what is REACHING)
    most = each * process.problem.hardware.memories + abs(gain) * process.durations.greatest
    return process.rounding * (4 * scale + most)


def steady(process: Dynamics, progress: Callable[[str], None] = silent, columns: IntArray | None = None) -> Steady:
    """The greatest gain of a process whose tariff has no price of time.

    Parameters
    ----------
    process
        All columns; every step that is no delivery takes time.
    progress
        Told what is being done.
    columns
        A policy to start from: one column for every live configuration, in order.

    Raises
    ------
    NotCertifiedError
        If no proof is found.
    LimitError
        If the moves of a policy do not fit into memory.
    """
    columns = process.admission.proper() if columns is None else columns
    live, generated, seen = process.live, [columns], {columns.tobytes()}
    for rounds in range(1, MOST_ROUNDS):
        columns, policy, found = led(process, columns)
        values = np.full(process.size, np.inf)
        values[policy.choice.configuration] = found.values
        progress(f"round {rounds}: pricing {process.column_count:,} columns at {found.gain:.9g} per unit of time")
        priced = price(process, found.gain, values)
        doubt = rounding(process, found.gain, values)
        better = live & (priced.best < values - MARGIN * doubt)
        if not better.any():
            break
        rows = np.flatnonzero(better[live])
        columns = columns.copy()
        columns[rows] = priced.columns(better)
        if columns.tobytes() in seen:  # what still looks better is rounding
            break
        seen.add(columns.tobytes())
        generated.append(columns[rows])
    else:
        raise NotCertifiedError(f"Howard's method did not end within {MOST_ROUNDS} rounds")
    lower, upper = earned(process, policy, found), bounded(process, found.gain, values)
    return Steady(policy, found, values, lower, upper, np.unique(np.concatenate(generated)), rounds)


def led(process: Dynamics, columns: IntArray) -> tuple[IntArray, Policy, Evaluation]:
    """A policy with everything led into its best closed class; as columns, and evaluated."""
    policy = Policy.of(process, columns)
    if policy.choice.following.spread > MOST_MOVES:
        raise LimitError(
            f"memories: the moves of a policy are up to {policy.choice.following.spread:,}, more than the "
            f"{MOST_MOVES:,} that are written out; take fewer memories, or a target with fewer levels",
            size={"moves": policy.choice.following.spread},
        )
    count, number = policy.classes()
    if count == 1:
        return columns, policy, policy.chain.evaluated(int(np.argmax(number == 0)))
    gains = np.array([policy.at(number == one).chain.evaluated(0).gain for one in range(count)])
    # Of classes that earn the same, one that runs from the start enter: others may lie where no run ever comes.
    met = np.isin(np.arange(count), number[policy.entered()])
    scale = float(np.abs(policy.choice.cost).max()) / process.durations.per_column
    for best in np.argsort(-gains - np.where(met, ALIKE * scale + TINY, 0.0), kind="stable").tolist():
        goals = np.zeros(process.size, dtype=bool)
        goals[policy.choice.configuration[number == best]] = True
        way = towards(process, goals).columns
        if len(way) == len(columns):  # some full memories are such as no run fills them
            break
    lost = _reaching(policy.moves, (number >= 0) & (number != best))
    columns = np.where(lost, way, columns)
    policy = Policy.of(process, columns)
    return columns, policy, policy.chain.evaluated(int(np.argmax(number == best)))


def _reaching(moves: sparse.csr_array, goals: BoolArray) -> BoolArray:
    """From where some of the columns may be reached, themselves among them, (columns,)."""
    size = len(goals)
    into = sparse.csr_array((goals.astype(np.float64)[None, :] > 0).astype(np.float64))
    graph = sparse.csr_array(
        sparse.vstack(
            [sparse.hstack([moves.T, sparse.csr_array((size, 1))]), sparse.hstack([into, sparse.csr_array((1, 1))])]
        )
    )
    found = np.zeros(size + 1, dtype=bool)
    found[sparse.csgraph.breadth_first_order(graph, size, return_predecessors=False)] = True
    return found[:size]


def earned(process: Dynamics, policy: Policy, found: Evaluation) -> float:
    """What a policy earns per unit of time at least, from the start on."""
    some = policy.entered()
    values = np.zeros(process.size)
    values[policy.choice.configuration] = found.values
    choice, times = policy.choice, policy.times
    missing = choice.repetition.reduced(choice.cost + found.gain * times + choice.moves @ values, found.values)
    if _changing(process, found.gain):
        missing = missing / choice.repetition.scale
    doubt = rounding(process, found.gain, found.values)
    return _moved(found.gain, -max(float(np.max(missing[some])) + doubt, 0.0), process)


def bounded(process: Dynamics, gain: float, values: FloatArray) -> float:
    """What no policy exceeds per unit of time, proved by values of all configurations."""
    live = process.live
    missing = values[live] - price(process, gain, values).best[live]
    doubt = rounding(process, gain, values)
    return _moved(gain, max(float(np.max(missing)) + doubt, 0.0), process)


def _moved(gain: float, by: float, process: Dynamics) -> float:
    """A gain with what columns miss whenever anything happens, rounded outwards.

    Of what happens, no more is due to attempts than these make pairs; and each distillation, discard and delivery
    leaves fewer pairs than there were.
    """
    hardware, often = process.problem.hardware, 1 / process.durations.per_column
    if _changing(process, gain):
        shortest = float(min(hardware.generation_time, hardware.distillation_time))
        often = min(often, MOST_CHANGES * hardware.memories * float(hardware.p) / shortest)
    return float(np.nextafter(gain + by * often, np.copysign(np.inf, by)))
