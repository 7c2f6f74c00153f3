"""Noise of operations: two-qubit gates that depolarise, readout that errs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact

Sides: TypeAlias = tuple[Fraction, Fraction]
"""A number for each of the two nodes."""

SeveralNumbers: TypeAlias = "Number | list[Number] | tuple[Number, ...]"
"""Numbers as a user writes them: one, several, or a text with commas between."""


def numbers(value: SeveralNumbers, where: str) -> tuple[Fraction, ...]:
    """The exact numbers of a list, or of a text with commas.

    >>> numbers(".99, 1", "gate"), numbers(0.5, "gate")
    ((Fraction(99, 100), Fraction(1, 1)), (Fraction(1, 2),))
    """
    several = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return tuple(exact(one, where) for one in several)


def sides(value: SeveralNumbers, where: str, *, above: Fraction) -> Sides:
    """A number for both nodes alike, or one for each, above a bound and at most 1.

    Raises
    ------
    ModelError
        If it is neither, or out of range.
    """
    found = numbers(value, where)
    if len(found) not in {1, 2}:
        raise ModelError(where, "must be one number, or one for each of the two nodes such as 0.99,0.98", value)
    for one in found:
        if not above < one <= 1:
            raise ModelError(where, f"must be above {above} and at most 1", value)
    return found[0], found[-1]


def told(values: tuple[Fraction, ...]) -> str:
    """Numbers as exact text: one if all are equal.

    >>> told((Fraction(1, 2), Fraction(1, 2))), told((Fraction(1, 2), Fraction(1)))
    ('1/2', '1/2,1')
    """
    return str(values[0]) if len({*values}) == 1 else ",".join(map(str, values))


def depolarising_of(average: Sides) -> Sides:
    r"""The depolarising parameters of gates of given average fidelities.

    .. math:: F_\text{avg} = p_2 + \frac{1 - p_2}{4}

    >>> depolarising_of((Fraction(1), Fraction(97, 100)))
    (Fraction(1, 1), Fraction(24, 25))
    """
    first, second = ((4 * one - 1) / 3 for one in average)
    return first, second


@dataclass(frozen=True, slots=True)
class Noise:
    r"""Noise of the operations at two nodes, A and B.

    A two-qubit gate is right with probability :math:`p_2`, and replaces both qubits by a maximally mixed state
    otherwise: its depolarising parameter, *not* its average fidelity, which is :math:`p_2 + (1 - p_2)/4`.  A readout is
    right with probability :math:`\eta`.  Distillation knows products only: a gate at both nodes is right with
    probability :math:`g = p_{2,A} p_{2,B}`, and the comparison of two readouts has the contrast
    :math:`s = (2\eta_A - 1)(2\eta_B - 1)`.

    Parameters
    ----------
    gate
        :math:`p_2` of both nodes, or of each; above 0.
    readout
        :math:`\eta` of both nodes, or of each; above 1/2.

    Raises
    ------
    ModelError
        If one of them is out of range.

    Examples
    --------
    >>> noise = Noise(gate=0.99, readout=(0.995, 1))
    >>> noise.gates, noise.contrast
    (Fraction(9801, 10000), Fraction(99, 100))
    """

    gate: Sides
    readout: Sides

    def __init__(self, gate: SeveralNumbers = 1, readout: SeveralNumbers = 1) -> None:
        object.__setattr__(self, "gate", sides(gate, "gate", above=Fraction(0)))
        object.__setattr__(self, "readout", sides(readout, "readout", above=Fraction(1, 2)))

    @property
    def gates(self) -> Fraction:
        """Probability :math:`g` that a gate is right at both nodes."""
        return self.gate[0] * self.gate[1]

    @property
    def contrast(self) -> Fraction:
        r"""Contrast :math:`s` of the comparison of two readouts: it is right with probability :math:`(1 + s)/2`."""
        return (2 * self.readout[0] - 1) * (2 * self.readout[1] - 1)

    @property
    def ideal(self) -> bool:
        """Whether there is none."""
        return self.gates == self.contrast == 1

    def __str__(self) -> str:
        return f"gate {_words(self.gate)}, readout {_words(self.readout)}"


def _words(values: Sides) -> str:
    """A number for each node in words: one if they are equal."""
    return ",".join(f"{float(one):g}" for one in dict.fromkeys(values))


IDEAL = Noise()
"""No noise."""
