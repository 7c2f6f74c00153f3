"""Maps on density matrices of QuTiP: circuits, noise and readouts by its operators."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lpdistill import Code, Dejmps, Noise, Werner
from lpdistill.physics.codes import BEST
from lpdistill.physics.dejmps import BellDiagonalPair
from lpdistill.physics.werner import WernerPair
from lpdistill.study.pool import one_thread

qutip = pytest.importorskip("qutip")

NOISE = Noise(".985,.99", ".98,.995")
BELL = ("00", "10", "11", "01")
"""How QuTiP calls Phi+, Psi+, Psi- and Phi-."""


@pytest.fixture(autouse=True)
def _alone():
    """Matrices are small: threads would only wait for each other."""
    with one_thread():
        yield


def pauli(letter):
    """A Pauli matrix."""
    return {"X": qutip.sigmax, "Y": qutip.sigmay, "Z": qutip.sigmaz}[letter]()


def register(pairs):
    """Pairs as a state of the qubits A1 B1 A2 B2 ..."""
    mixtures = (
        sum(float(w) * qutip.ket2dm(qutip.bell_state(name)) for w, name in zip(one, BELL, strict=True)) for one in pairs
    )
    return qutip.tensor(*mixtures)


def noisy_gate(state, qubits, letters, p2):
    """A controlled Pauli gate of two qubits, which are then replaced by noise with probability 1 - p2.

    Those of Bob, on odd qubits, are complex conjugates, which together with Alice's leave Phi+ pairs alone.
    """
    total = len(state.dims[0])
    places = [qutip.qeye(2)] * total
    bob = qutip.Qobj.conj if qubits[0] % 2 else qutip.Qobj.copy
    one, other = (
        qutip.tensor([bob(pauli(letter)) if place == qubit else part for place, part in enumerate(places)])
        for qubit, letter in zip(qubits, letters, strict=True)
    )
    unity = qutip.tensor(places)
    whole = (unity + one + other - one * other) / 2
    done = whole * state * whole.dag()
    rest = [place for place in range(total) if place not in qubits]
    mixed = qutip.tensor(qutip.tensor(qutip.qeye(2), qutip.qeye(2)) / 4, done.ptrace(rest))
    order = [*qubits, *rest]
    return p2 * done + (1 - p2) * mixed.permute([order.index(place) for place in range(total)])


def distilled(pairs, gates, measured, kept=0):
    """Probability of success, and the weights that are left."""
    state = register(pairs)
    total = len(state.dims[0])
    for (one, on_one, other, on_other), side in ((gate, side) for gate in gates for side in (0, 1)):
        qubits = 2 * one + side, 2 * other + side
        state = noisy_gate(state, qubits, (on_one, on_other), float(NOISE.gate[side]))
    right = [float(quality) for quality in NOISE.readout]
    agree = right[0] * right[1] + (1 - right[0]) * (1 - right[1])
    for pair, letter in measured:
        both = [qutip.qeye(2)] * total
        both[2 * pair] = both[2 * pair + 1] = pauli(letter)
        alike, unity = qutip.tensor(both) * (-1 if letter == "Y" else 1), qutip.tensor([qutip.qeye(2)] * total)
        same, different = ((unity + sign * alike) / 2 for sign in (1, -1))
        state = agree * same * state * same + (1 - agree) * different * state * different
    left = state.ptrace([2 * kept, 2 * kept + 1])
    weights = np.array([(qutip.ket2dm(qutip.bell_state(name)) * left).tr().real for name in BELL])
    return weights.sum(), weights / weights.sum()


def bell(random):
    """Random weights, exact, the greatest first."""
    parts = sorted((int(x) for x in random.integers(1, 1000, 4)), reverse=True)
    return tuple(Fraction(part, sum(parts)) for part in parts)


def test_bbpssw_is_that_of_qutip():
    """Two Werner pairs, the better one kept: probability and fidelity."""
    better, worse = Fraction(9, 10), Fraction(4, 5)
    made = Werner(noise=NOISE).combine(WernerPair(worse), WernerPair(better))
    pairs = [(one, *3 * ((1 - one) / 3,)) for one in (better, worse)]
    chance, weights = distilled(pairs, [(0, "Z", 1, "X")], [(1, "Z")])
    assert (float(made.success), float(made.state.fidelity)) == pytest.approx((chance, weights[0]), abs=1e-13)


@pytest.mark.parametrize("seed", range(4))
def test_dejmps_is_that_of_qutip(seed):
    """Two Bell-diagonal pairs after the rotations that exchange Y and Z: all four weights."""
    random = np.random.default_rng(seed)
    first, second = bell(random), bell(random)
    made = Dejmps(noise=NOISE).combine(BellDiagonalPair(first), BellDiagonalPair(second))
    chance, (i, x, y, z) = distilled([first, second], [(0, "Y", 1, "X")], [(1, "Y")])
    assert float(made.success) == pytest.approx(chance, abs=1e-13)
    assert [*map(float, made.state.weights)] == pytest.approx([i, x, z, y], abs=1e-13)


@pytest.mark.parametrize("seed", range(2))
def test_double_selection_is_that_of_qutip(seed):
    """Three Bell-diagonal pairs by the best code of three, noisy."""
    random = np.random.default_rng(seed)
    states = [bell(random) for _ in range(3)]
    success, weights = Code(BEST[3]).distil(states, NOISE)
    chance, found = distilled(states, [(1, "X", 2, "Z"), (0, "Z", 1, "X")], [(2, "X"), (1, "Z")])
    assert float(success) == pytest.approx(chance, abs=1e-13)
    assert [*map(float, weights)] == pytest.approx(list(found), abs=1e-13)
