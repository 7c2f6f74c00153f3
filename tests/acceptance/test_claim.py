"""The probability that a measured pair passes, by density matrices."""

from fractions import Fraction

import numpy as np
import pytest
from density_matrices import BELL, ONE, PAULIS, pair

from lpdistill import ModelError
from lpdistill.acceptance.claim import Claim

SIGNS = {"X": 1, "Y": -1, "Z": 1}
"""The product of the two results on Phi+, in every basis."""


def passing(state, readout):
    """Probability that the results agree with those of Phi+, over the three bases, each readout flipping its own."""
    total = 0.0
    for letter, sign in SIGNS.items():
        for a in (1, -1):
            for b in (1, -1):
                said = [
                    (1 - eta) * ONE + (2 * eta - 1) * (ONE + result * PAULIS[letter]) / 2
                    for eta, result in zip(readout, (a, b), strict=True)
                ]
                total += np.trace(state @ np.kron(*said)).real / 3 * (a * b == sign)
    return total


def any_state(seed):
    """A random two-qubit state, near Phi+, with coherences."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    mixed = root @ root.conj().T
    return 0.6 * np.outer(BELL[0], BELL[0]) + 0.4 * mixed / np.trace(mixed).real


@pytest.mark.parametrize("readout", [(1, 1), (Fraction(97, 100), Fraction(9, 10))])
@pytest.mark.parametrize("state", [pair((0.7, 0.2, 0.1, 0)), pair((0.7, 0, 0, 0.3)), any_state(1), any_state(2)])
def test_a_pair_passes_by_its_fidelity_alone(state, readout):
    """Whatever the state, Bell-diagonal or not, q depends on its fidelity with Phi+ and on the readouts."""
    fidelity = (BELL[0].conj() @ state @ BELL[0]).real
    claim = Claim.of(".9", ".05", list(readout))
    found = (1 + float(claim.contrast) * (4 * fidelity - 1) / 3) / 2
    assert passing(state, [float(one) for one in readout]) == pytest.approx(found, abs=1e-14)
    assert claim.fidelity_of(found) == pytest.approx(fidelity, abs=1e-14)


def test_the_probability_is_a_fraction():
    """Nothing is rounded: at a fidelity of 9/10, perfect readouts pass 14 of 15 pairs."""
    assert Claim.of(0.9, 0.05, 1).limit == Fraction(14, 15)


@pytest.mark.parametrize("readout", ["1/2", "0.4", "1.1", "0.9,0.9,0.9", "often"])
def test_readouts_that_say_nothing_are_refused(readout):
    """At 1/2 a readout is a coin, and no number of pairs certifies anything."""
    with pytest.raises(ModelError, match=r"^readout: "):
        Claim.of(".9", ".05", readout)
