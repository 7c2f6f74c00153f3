"""What a distillation map is: pairs of stored qubits with a fidelity, and how several become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable


class Pair(Protocol):
    """A state of one stored pair: hashable, equal when identical, with a fidelity."""

    @property
    def fidelity(self) -> Fraction:
        """Fidelity to the target Bell state, exact."""

    def __hash__(self) -> int: ...


S = TypeVar("S", bound=Pair)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Combination(Generic[S]):
    """The outcome of distilling some pairs: one pair in ``state`` with probability ``success``, else none.

    ``others`` are further outcomes that also leave one pair: their probabilities, and its states.
    """

    state: S
    success: Fraction
    others: tuple[tuple[Fraction, S], ...] = ()

    @property
    def outcomes(self) -> tuple[tuple[Fraction, S], ...]:
        """Every outcome that leaves a pair: its probability, and the state."""
        return (self.success, self.state), *self.others


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a map carries a raw pair towards a target.

    Attributes
    ----------
    pumping_limit
        The fidelity that repeated distillation with raw pairs approaches.
    memory_limit
        The supremum of fidelity over everything that the given number of memories can make.
    finite
        Whether finitely many levels lie below the target.
    memories_needed
        The least number of memories with which the target can be reached, or None if there is none.
    proved
        Whether it is known that levels are finitely or infinitely many; otherwise they are to be explored, and are not
        finite where that finds very many.
    """

    pumping_limit: float
    memory_limit: float
    finite: bool
    memories_needed: int | None
    proved: bool = True

    @property
    def many(self) -> str:
        """How many levels there are where they are not told to be finitely many."""
        return "infinitely many" if self.proved else "very many"


@runtime_checkable
class DistillationMap(Protocol[S]):
    """A distillation protocol acting on pairs of type ``S``: anything with ``raw`` and ``combine`` (:doc:`own_maps`).

    A map may say more of itself:

    ``name``
        How reports call it; that of its class, by default.  One that is imported is called as it is: ``module:name``.
    ``reach(raw, target, memories)``
        How far it carries pairs like ``raw`` in so many memories, a :class:`Reach`.  By default, that its levels are
        finitely many, and whatever they make.
    ``consumes``
        The numbers of pairs that one distillation may take; two, by default.
    ``order(state)``
        By which levels are in order; by fidelity, by default.
    ``offers(combination, pairs)``
        Whether a distillation is an action; each is, by default.
    ``orders(size)``
        The orders of so many pairs that make different things, places counted from the last; all, by default.
    ``monotone = True``
        That ``raw(f)`` is a pair of any fidelity, states are known by their fidelity, and neither the success
        probability nor the result decreases in that of any pair: label models bracket what it makes
        (:mod:`~lpdistill.physics.rounding`).
    ``noise``, ``protocols``, ``bias``
        Fields of a dataclass which the hardware fills in: :class:`~lpdistill.physics.noise.Noise`, 2 and codes of more
        pairs, shares of X, Y and Z in the infidelity of a raw pair (its pairs have ``weights``).
    ``twirls = True``
        That of the weights of a raw pair only the fidelity counts.

    Problems share the levels of a map that is a frozen dataclass of plain values: numbers, texts, and tuples of them.
    Any other is asked anew by each problem, as it may have changed.
    """

    def raw(self, fidelity: Fraction) -> S:
        """The state of a freshly generated pair."""

    def combine(self, a: S, b: S) -> Combination[S]:
        """What distilling ``a`` with ``b`` gives, where ``a`` is kept and ``b`` is measured.

        Where it makes a difference which of the two is kept, a policy may choose; a map for which one order is the
        right one puts the pairs into it first.
        """


def reach_of(distillation: DistillationMap[Any], raw: Pair, target: Fraction, memories: int) -> Reach:
    """How far a map carries pairs like ``raw``, as it says; else, that its finitely many levels are to be explored."""
    if hasattr(distillation, "reach"):
        found: Reach = distillation.reach(raw, target, memories)
        return found
    return Reach(1.0, 1.0, finite=True, memories_needed=1 if raw.fidelity >= target else min(consumes(distillation)))


def everything(_made: Combination[Any], _pairs: Sequence[Pair]) -> bool:
    """That a map offers every distillation."""
    return True


def consumes(distillation: DistillationMap[Any]) -> tuple[int, ...]:
    """The numbers of pairs that one distillation may take."""
    return tuple(getattr(distillation, "consumes", (2,)))


def is_monotone(distillation: DistillationMap[Any]) -> bool:
    """Whether a map says of itself that better pairs are never worse: of two pairs, or of several by codes."""
    several = any(not isinstance(one, int) for one in getattr(distillation, "protocols", ()))
    return bool(getattr(distillation, "monotone", False)) and (several or consumes(distillation) == (2,))


def arrangements(distillation: DistillationMap[Any], some: tuple[T, ...]) -> Iterable[tuple[T, ...]]:
    """The different orders of some things that a map may distil differently, the one that is kept last."""
    orders = getattr(distillation, "orders", None)
    if orders is None:
        return dict.fromkeys(permutations(some))
    return dict.fromkeys(tuple(some[place] for place in order) for order in orders(len(some)))


def order_of(distillation: DistillationMap[Any]) -> Callable[[Any], Any]:
    """The order of states, as a key for sorting: the map's own, or that of fidelity."""
    return getattr(distillation, "order", None) or (lambda state: state.fidelity)
