"""What a distillation map is: pairs of stored qubits with a fidelity, and how two become one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, Protocol, TypeVar, runtime_checkable


class Pair(Protocol):
    """A state of one stored pair: hashable, equal when identical, with a fidelity."""

    @property
    def fidelity(self) -> Fraction:
        """Fidelity to the target Bell state, exact."""

    def __hash__(self) -> int: ...


S = TypeVar("S", bound=Pair)


@dataclass(frozen=True, slots=True)
class Combination(Generic[S]):
    """The outcome of distilling two pairs: one pair in ``state`` with probability ``success``, else none."""

    state: S
    success: Fraction


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
    """A two-to-one distillation protocol acting on pairs of type ``S``."""

    @property
    def name(self) -> str:
        """How the map is called in problem files and reports."""

    def raw(self, fidelity: Fraction) -> S:
        """The state of a freshly generated pair."""

    def combine(self, a: S, b: S) -> Combination[S]:
        """What distilling ``a`` with ``b`` gives: the same as distilling ``b`` with ``a``.

        Where the two play different roles (one is measured, or kept in the better memory), put them into the order
        that is meant first; a map that depends on the order is refused.
        """

    def reach(self, raw: S, target: Fraction, memories: int) -> Reach:
        """How far the map can carry pairs like ``raw`` in ``memories`` memories."""
