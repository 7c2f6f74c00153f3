r"""Several pairs into one by a stabiliser code: exact for Bell-diagonal pairs, with the noise of gates and readout.

Both nodes carry out the same Clifford circuit, which turns the generators of a stabiliser group into operators of one
pair each, measure these pairs, and keep the last one if all results agree.  Errors of Bell-diagonal pairs are Pauli
operators, and what is needed of them are their *characters*: of a pair with weights
:math:`\lambda_I, \lambda_X, \lambda_Y, \lambda_Z`

.. math:: r(Q) = \sum_{E} (-1)^{\langle E, Q \rangle} \lambda_E, \qquad
          r(X) = \lambda_I + \lambda_X - \lambda_Y - \lambda_Z, \quad \ldots, \quad r(I) = 1,

where :math:`\langle E, Q \rangle` is 1 if the two anticommute.  Clifford gates permute products of characters,
depolarising gates multiply those that they touch by :math:`g`, and readouts those of measured pairs by :math:`s`
(:class:`~lpdistill.physics.noise.Noise`).  Of :math:`n` pairs with characters :math:`r_1, \ldots, r_n`

.. math:: P\, r'(L) = 2^{-(n-1)} \sum_{T} s^{|T|} g^{k(L, T)} \prod_{i=1}^{n} r_i(q_i(L, T)),

where the sum is over all sets :math:`T` of measured pairs, :math:`q(L, T)` is the operator at the beginning of the
circuit of which it makes :math:`L` on the pair that is kept and the measured operators in :math:`T`, and
:math:`k(L, T)` is the number of gates that the operator meets on its way.  Without noise :math:`P` is a sum over the
stabiliser group (Jansen et al., Quantum 6, 715 (2022)).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import prod
from typing import Any, NamedTuple, TypeAlias

from lpdistill.errors import ModelError
from lpdistill.numbers import whole
from lpdistill.physics.noise import Noise

Weights: TypeAlias = tuple[Fraction, Fraction, Fraction, Fraction]
"""Weights of a Bell-diagonal pair, in the order of :data:`PAULIS`: of Phi+, Psi+, Psi- and Phi-."""

PAULIS = "IXYZ"
"""The errors that make the four Bell states of Phi+, in the order of weights."""

BITS = {"I": 0, "X": 1, "Y": 3, "Z": 2}
"""Pauli operators as two bits, so that products are exclusive ors: bit 0 is that of X, bit 1 that of Z."""

PLACE = {bits: PAULIS.index(name) for name, bits in BITS.items()}
"""The place of the operator of two bits among the four."""

MOST_PAIRS = 8
"""Pairs beyond which a code has too many terms (``4 * 2**(n - 1)`` a combination) to be of use here."""


def anticommute(one: int, other: int) -> int:
    """1 if two Pauli operators anticommute, else 0.

    >>> anticommute(BITS["X"], BITS["Z"]), anticommute(BITS["X"], BITS["X"])
    (1, 0)
    """
    return (one & 1) * (other >> 1) ^ (one >> 1) * (other & 1)


class Gate(NamedTuple):
    """A controlled Pauli gate between two pairs, at both nodes: what anticommutes with one side gains the other.

    A CNOT has Z on its control and X on its target.
    """

    one: int
    on_one: int
    other: int
    on_other: int

    def moved(self, operator: tuple[int, ...]) -> tuple[int, ...]:
        """What the gate makes of an operator; it is its own inverse."""
        found = list(operator)
        if anticommute(operator[self.one], self.on_one):
            found[self.other] ^= self.on_other
        if anticommute(operator[self.other], self.on_other):
            found[self.one] ^= self.on_one
        return tuple(found)


class Term(NamedTuple):
    """A product of characters: how many gates and readouts weaken it, and the operator of every pair, by place."""

    gates: int
    readouts: int
    characters: tuple[int, ...]


class Circuit(NamedTuple):
    """Gates in order, the pairs that are measured with their operators, and the pair that is kept."""

    gates: tuple[Gate, ...]
    measured: tuple[tuple[int, int], ...]
    kept: int

    def term(self, operator: tuple[int, ...], readouts: int) -> Term:
        """The term of an operator at the end of the circuit."""
        met = 0
        for gate in reversed(self.gates):
            met += bool(operator[gate.one] or operator[gate.other])
            operator = gate.moved(operator)
        return Term(met, readouts, tuple(PLACE[bits] for bits in operator))


@dataclass(frozen=True, slots=True)
class Code:
    """A stabiliser code of n pairs that leaves one.

    Parameters
    ----------
    generators
        The ``n - 1`` generators, texts of ``n`` letters I, X, Y and Z.
    frame
        The operators of the pair that is kept that are called X, Y and Z afterwards: a rotation of it.

    Raises
    ------
    ModelError
        If they generate no such code.

    Examples
    --------
    The circuit of 3-to-1 distillation (double selection) has two gates, and of pairs of fidelity .9 makes .9565.

    >>> code = Code(("IXX", "ZZZ"))
    >>> pair = (Fraction(9, 10), *3 * [Fraction(1, 30)])
    >>> success, weights = code.distil([pair] * 3, Noise())
    >>> len(code.circuit.gates), round(float(success), 9), round(float(weights[0]), 9)
    (2, 0.763259259, 0.956521739)
    """

    generators: tuple[str, ...]
    frame: str = "XYZ"

    def __post_init__(self) -> None:
        given: object = self.generators
        if not isinstance(given, list | tuple):
            raise ModelError("protocols", "must have a list of generators, such as ['ZZI', 'IZZ']", given)
        object.__setattr__(self, "generators", tuple(given))
        if sorted(self.frame) != ["X", "Y", "Z"]:
            raise ModelError("protocols", "must have a frame of the letters X, Y and Z", self.frame)
        _ = self.circuit

    @property
    def pairs(self) -> int:
        """How many pairs are consumed."""
        return len(self.generators) + 1

    @property
    def circuit(self) -> Circuit:
        """The circuit with the fewest gates that measures one generator after the other."""
        return _circuit(self.generators)

    def terms(self) -> tuple[tuple[Term, ...], ...]:
        """For each operator of the pair that is kept, in the order I, X, Y, Z of its frame, the terms of the sum."""
        return _terms(self.generators, self.frame)

    def distil(self, pairs: Sequence[Weights], noise: Noise) -> tuple[Fraction, Weights]:
        """Probability of success, and weights of the pair that is left.

        Parameters
        ----------
        pairs
            Weights of the pairs, in the order of the letters of generators.
        noise
            Noise of the operations.
        """
        known = [characters(weights) for weights in pairs]
        one: Any = known[0][0]  # of the field that weights are of: exact, or floating point
        gates, contrast = (one * type(one)(value) for value in (noise.gates, noise.contrast))
        weak = [gates**power for power in range(len(self.circuit.gates) + 1)]
        seen = [contrast**power for power in range(self.pairs)]
        sums = [
            sum(
                weak[term.gates]
                * seen[term.readouts]
                * prod(known[place][which] for place, which in enumerate(term.characters) if which)
                for term in terms
            )
            for terms in self.terms()
        ]
        success: Any = sums[0]
        return success / 2 ** (self.pairs - 1), weights_of([each / success for each in sums])


def characters(weights: Weights) -> Weights:
    """The characters of a pair, in the order I, X, Y, Z.

    >>> characters((Fraction(7, 10), *3 * [Fraction(1, 10)]))[1:]
    (Fraction(3, 5), Fraction(3, 5), Fraction(3, 5))
    """
    i, x, y, z = weights
    return i + x + y + z, i + x - y - z, i + y - x - z, i + z - x - y


def weights_of(known: Sequence[Fraction]) -> Weights:
    """The weights of a pair whose characters are given, in the order I, X, Y, Z."""
    one, x, y, z = known
    return (one + x + y + z) / 4, (one + x - y - z) / 4, (one - x + y - z) / 4, (one - x - y + z) / 4


@lru_cache(256)
def _terms(generators: tuple[str, ...], frame: str) -> tuple[tuple[Term, ...], ...]:
    circuit = _circuit(generators)
    measured = circuit.measured

    def of(kept: int) -> Iterator[Term]:
        for size in range(len(measured) + 1):
            for some in combinations(measured, size):
                operator = [0] * (len(measured) + 1)
                operator[circuit.kept] = kept
                for pair, basis in some:
                    operator[pair] = basis
                yield circuit.term(tuple(operator), size)

    return tuple(tuple(of(BITS[letter])) for letter in "I" + frame)


@lru_cache(256)
def _circuit(generators: tuple[str, ...]) -> Circuit:
    """The circuit of some generators.

    Of a group of commuting operators one is made an operator of a single pair, by a gate with each other pair that it
    touches; the rest of the group can then be written without that pair.  All orders of all operators are tried.
    """
    size = len(generators) + 1
    if not 2 <= size <= MOST_PAIRS:
        raise ModelError("protocols", f"must have from 1 to {MOST_PAIRS - 1} generators", len(generators))
    for generator in generators:
        if not isinstance(generator, str) or len(generator) != size or not {*generator} <= {*PAULIS}:
            more = (
                f"; a code of {size - 1} generators is of {size} pairs: those that leave several pairs are correlated"
            )
            raise ModelError("protocols", f"must have generators of {size} letters I, X, Y or Z{more}", generator)
    operators = [tuple(BITS[letter] for letter in generator) for generator in generators]
    for one, other in combinations(operators, 2):
        if sum(map(anticommute, one, other)) % 2:
            raise ModelError("protocols", "must have generators that commute", ", ".join(generators))
    group = {times(chosen) for chosen in product(*([(0,) * size, operator] for operator in operators))}
    if len(group) < 2 ** len(operators):
        raise ModelError("protocols", "must have independent generators", ", ".join(generators))
    gates, measured = _fewest(frozenset(group))
    (kept,) = {*range(size)} - {pair for pair, _ in measured}
    return Circuit(gates, measured, kept)


def times(operators: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The product of operators, but for its sign."""
    found = operators[0]
    for operator in operators[1:]:
        found = tuple(map(int.__xor__, found, operator))
    return found


@lru_cache(4096)
def _fewest(group: frozenset[tuple[int, ...]]) -> tuple[tuple[Gate, ...], tuple[tuple[int, int], ...]]:
    """The fewest gates that make a group one of operators of single pairs, and these; the first pair is best kept."""
    rest = sorted(operator for operator in group if any(operator))
    if not rest:
        return (), ()
    least = min(sum(map(bool, operator)) for operator in rest)
    best: tuple[tuple[int, int], tuple[Gate, ...], tuple[tuple[int, int], ...]] | None = None
    for operator in rest:
        touched = [pair for pair, bits in enumerate(operator) if bits]
        if len(touched) > least:
            continue
        for pivot in touched:
            basis = operator[pivot]
            others = [pair for pair in touched if pair != pivot]
            turns = [q for q in (1, 2, 3) if anticommute(q, basis)]
            for chosen in product(turns, repeat=len(others)):
                gates = tuple(Gate(pair, operator[pair], pivot, q) for pair, q in zip(others, chosen, strict=True))
                moved = group
                for gate in gates:
                    moved = frozenset(map(gate.moved, moved))
                more, measured = _fewest(frozenset(one for one in moved if not one[pivot]))
                key = len(gates) + len(more), -pivot
                if best is None or key < best[0]:
                    best = key, (*gates, *more), ((pivot, basis), *measured)
    assert best is not None  # noqa: S101 - there is an operator
    return best[1:]


BEST = {3: ("IXX", "ZZZ"), 4: ("YZIY", "IYZZ", "XIYX"), 5: ("XZZXI", "IXZZX", "XIXZZ", "ZXIXZ")}
"""Generators of the best codes for equal Werner pairs, by pairs: double selection, and those of four and five pairs."""

TWO = 2
"""How protocols call the map's own distillation of two pairs."""

Protocol: TypeAlias = int | Code
"""What a distillation may be: the map's own of two pairs, or a code."""

ProtocolsLike: TypeAlias = "int | str | Code | Sequence[int | str | Code | Sequence[str]]"
"""What users mean by protocols: numbers of pairs, codes, generators of codes."""


def protocols_of(value: ProtocolsLike) -> tuple[Protocol, ...]:
    """The protocols that a user means, by the pairs that they consume.

    Numbers of pairs mean the best codes; a list of generators is a code of one's own.

    Raises
    ------
    ModelError
        If something is neither, two consume equally many pairs, or there is none.

    Examples
    --------
    >>> protocols_of("2,3"), protocols_of([["ZZI", "IZZ"]])
    ((2, Code(generators=('IXX', 'ZZZ'), frame='XYZ')), (Code(generators=('ZZI', 'IZZ'), frame='XYZ'),))
    """
    given = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    found: dict[int, Protocol] = {}
    for one in given:
        made = _protocol(one)
        size = made.pairs if isinstance(made, Code) else made
        if size in found:
            raise ModelError("protocols", "must have one way of distilling a number of pairs", f"{size} twice")
        found[size] = made
    if not found:
        raise ModelError("protocols", "must have at least one, such as 2", value)
    return tuple(found[size] for size in sorted(found))


def _protocol(one: object) -> Protocol:
    """One protocol."""
    if isinstance(one, Code):
        return one
    if isinstance(one, list | tuple):
        return Code(tuple(one))
    size = whole(one, "protocols")
    if size == TWO:
        return size
    if size not in BEST:
        known = ", ".join(map(str, (TWO, *BEST)))
        raise ModelError("protocols", f"must be of {known} pairs, or a list of the generators of a code", one)
    return Code(BEST[size])


def stated(protocols: Sequence[Protocol]) -> list[Any]:
    """Protocols as JSON data: numbers of pairs, or generators of codes of one's own.

    >>> stated(protocols_of([2, 3, ["ZZII", "IZZI", "IIZZ"]]))
    [2, 3, ['ZZII', 'IZZI', 'IIZZ']]
    """
    return [_stated(one) for one in protocols]


def _stated(one: Protocol) -> int | list[str]:
    if not isinstance(one, Code):
        return one
    return one.pairs if one.generators == BEST.get(one.pairs) else list(one.generators)


def name_of(protocol: Protocol) -> str:
    """A protocol in words: the number of its pairs, or the generators of a code of one's own."""
    said = _stated(protocol)
    return "+".join(said) if isinstance(said, list) else str(said)


def sizes(protocols: Sequence[Protocol]) -> tuple[int, ...]:
    """The numbers of pairs that protocols consume."""
    return tuple(one.pairs if isinstance(one, Code) else one for one in protocols)


def code_for(protocols: Sequence[Protocol], pairs: int) -> Code:
    """The code among some protocols that consumes so many pairs."""
    return next(one for one in protocols if isinstance(one, Code) and one.pairs == pairs)
