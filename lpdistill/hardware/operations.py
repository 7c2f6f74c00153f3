"""What two nodes do to pairs, and how well: a map with its noise, its protocols and its raw pairs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact
from lpdistill.physics.codes import TWO, Protocol, ProtocolsLike, Weights, name_of, protocols_of
from lpdistill.physics.dejmps import EVEN, Shares, shares_of
from lpdistill.physics.imported import map_name
from lpdistill.physics.known import DEFAULT, adapted
from lpdistill.physics.maps import DistillationMap
from lpdistill.physics.noise import IDEAL, Noise, SeveralNumbers, Sides, depolarising_of, sides


@dataclass(frozen=True)
class Operations:
    """The operations of a map at two nodes.

    Attributes
    ----------
    distillation
        The map.
    protocols
        Two for its own distillation, and codes of several pairs.
    raw
        Weights of a raw pair that is no Werner pair, otherwise None.
    gate, readout
        Depolarising parameters of two-qubit gates, and probabilities that a readout is right, of both nodes.
    """

    distillation: DistillationMap[Any]
    protocols: tuple[Protocol, ...]
    raw: Weights | None
    gate: Sides
    readout: Sides

    @staticmethod
    def of(distillation: DistillationMap[Any], f0: Fraction) -> Operations:
        """The operations of a map on raw pairs of a fidelity."""
        even = getattr(distillation, "bias", EVEN) == EVEN
        noise: Noise = getattr(distillation, "noise", IDEAL)
        return Operations(
            distillation,
            getattr(distillation, "protocols", (TWO,)),
            None if even else distillation.raw(f0).weights,
            noise.gate,
            noise.readout,
        )

    @property
    def noise(self) -> Noise:
        """Noise of gates and readout."""
        return Noise(self.gate, self.readout)

    def __str__(self) -> str:
        """The operations in words, as far as they are not those of the paper."""
        weights = "" if self.raw is None else "raw " + ",".join(f"{float(weight):g}" for weight in self.raw)
        several = "" if self.protocols == (TWO,) else "protocols " + ",".join(map(name_of, self.protocols))
        called = "" if map_name(self.distillation) == DEFAULT.name else map_name(self.distillation)
        return ", ".join(filter(None, [called, weights, several, "" if self.noise.ideal else str(self.noise)]))


def map_for(
    given: DistillationMap[Any],
    shares: Shares | None,
    protocols: ProtocolsLike | None,
    gate: SeveralNumbers | None,
    readout: SeveralNumbers | None,
) -> DistillationMap[Any]:
    """A map with the operations of some hardware; what is not given is the map's own."""
    noise: Noise = getattr(given, "noise", IDEAL)
    asked = Noise(noise.gate if gate is None else gate, noise.readout if readout is None else readout)
    changes: dict[str, Any] = {} if asked == noise else {"noise": asked}
    if protocols is not None and (wanted := protocols_of(protocols)) != getattr(given, "protocols", (TWO,)):
        changes["protocols"] = wanted
    if shares is not None and not getattr(given, "twirls", False):
        changes["bias"] = shares
    return adapted(given, **changes)


def raw_pair(f0: Number | None, raw: SeveralNumbers | None) -> tuple[Fraction, Shares | None]:
    """Fidelity of a raw pair, and the shares of its errors if its weights are given.

    Raises
    ------
    ModelError
        If neither is given, or they contradict each other.
    """
    if raw is None:
        if f0 is None:
            raise ModelError("f0", "is missing; give the fidelity of a raw pair, or its weights (raw)", None)
        return exact(f0, "f0"), None
    fidelity, shares = shares_of(raw)
    if f0 is not None and exact(f0, "f0") != fidelity:
        raise ModelError("f0", f"must be the first weight of raw, {float(fidelity):g}; leave one of them out", f0)
    return fidelity, shares


def gate_of(gate: SeveralNumbers | None, average: SeveralNumbers | None) -> SeveralNumbers | None:
    """The depolarising parameters of gates, given themselves or as average gate fidelities.

    Raises
    ------
    ModelError
        If both are given, or an average is out of range.
    """
    if average is None:
        return gate
    if gate is not None:
        raise ModelError(
            "gate", "is given, and gate_fidelity too; they exclude each other (gate_fidelity = p2 + (1 - p2)/4)", gate
        )
    return depolarising_of(sides(average, "gate_fidelity", above=Fraction(1, 4)))
