"""What a distillation map is: pairs of stored qubits with a fidelity, and how several become one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable


class Pair(Protocol):
    """A state of one stored pair: hashable, equal when identical, with a fidelity."""

    @property
    def fidelity(self) -> Fraction:
        """Fidelity to the target Bell state, exact."""

    def __hash__(self) -> int: ...


S = TypeVar("S", bound=Pair)


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
    """

    pumping_limit: float
    memory_limit: float
    finite: bool
    memories_needed: int | None


@runtime_checkable
class DistillationMap(Protocol[S]):
    """A distillation protocol acting on pairs of type ``S``.

    A map may also have ``consumes``, the numbers of pairs that one distillation may take (two, by default), a method
    ``order(state)``, by which levels are in order instead of by fidelity, and ``monotone = True``: then ``raw(f)``
    is a pair of any fidelity, states are known by their fidelity, and neither the success probability nor the result
    decreases in that of either pair, so that label models bracket what it makes (:mod:`~lpdistill.physics.rounding`).

    A map may leave distillations out by a method ``offers(combination, pairs)``.  One that is a dataclass may have
    fields which the hardware fills in: ``noise`` (:class:`~lpdistill.physics.noise.Noise`), ``protocols`` (2, and codes
    of more pairs), ``bias`` (shares of X, Y and Z in the infidelity of a raw pair; its pairs have ``weights``);
    ``twirls = True`` says that of a raw pair only the fidelity counts.

    Problems share the levels of a map that is a frozen dataclass of plain values: numbers, texts, and tuples of them.
    Any other is asked anew by each problem, as it may have changed.
    """

    @property
    def name(self) -> str:
        """How the map is called in problem files and reports."""

    def raw(self, fidelity: Fraction) -> S:
        """The state of a freshly generated pair."""

    def combine(self, a: S, b: S) -> Combination[S]:
        """What distilling ``a`` with ``b`` gives, where ``a`` is kept and ``b`` is measured.

        Where it makes a difference which of the two is kept, a policy may choose; a map for which one order is the
        right one puts the pairs into it first.
        """

    def reach(self, raw: S, target: Fraction, memories: int) -> Reach:
        """How far the map can carry pairs like ``raw`` in ``memories`` memories."""


def consumes(distillation: DistillationMap[Any]) -> tuple[int, ...]:
    """The numbers of pairs that one distillation may take."""
    return tuple(getattr(distillation, "consumes", (2,)))


def is_monotone(distillation: DistillationMap[Any]) -> bool:
    """Whether a map of two pairs says of itself that better pairs are never worse."""
    return bool(getattr(distillation, "monotone", False)) and consumes(distillation) == (2,)


def order_of(distillation: DistillationMap[Any]) -> Callable[[Any], Any]:
    """The order of states, as a key for sorting: the map's own, or that of fidelity."""
    return getattr(distillation, "order", None) or (lambda state: state.fidelity)
