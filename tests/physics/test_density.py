"""Every map against explicit density matrices, with noise of gates and readout."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from density_matrices import carried_out

from lpdistill.physics.codes import BEST, PLACE, Code
from lpdistill.physics.dejmps import BellDiagonalPair, Dejmps
from lpdistill.physics.noise import Noise
from lpdistill.physics.werner import Werner, WernerPair
from lpdistill.study.pool import one_thread

CNOT = (0, "Z", 1, "X")
ROTATED = (0, "Y", 1, "X")
"""A CNOT after the rotations of DEJMPS, which exchange Y and Z."""

INPUTS = 200


@pytest.fixture(autouse=True)
def _alone():
    """Matrices are small: threads would only wait for each other."""
    with one_thread():
        yield


def sides(random, low):
    """A number above a bound for each node, exact."""
    return tuple(Fraction(int(x), 1000) for x in random.integers(low, 1001, 2))


def bell(random):
    """Random weights, exact."""
    parts = [int(x) for x in random.integers(1, 1000, 4)]
    return tuple(Fraction(part, sum(parts)) for part in sorted(parts, reverse=True))


def floats(values):
    """The same in floating point."""
    return [float(value) for value in values]


def test_bbpssw_is_that_of_density_matrices():
    """Two Werner pairs, the better one kept, noisy CNOTs and readout: fidelity and probability."""
    random = np.random.default_rng(1)
    for _ in range(INPUTS):
        gate, readout = sides(random, 600), sides(random, 600)
        x, y = (Fraction(int(f), 1000) for f in random.integers(500, 1000, 2))
        made = Werner(noise=Noise(gate, readout)).combine(WernerPair(x), WernerPair(y))
        pairs = [floats((f, *3 * ((1 - f) / 3,))) for f in (max(x, y), min(x, y))]
        chance, weights = carried_out([CNOT], [(1, "Z")], 0, pairs, p2=floats(gate), readout=floats(readout))
        assert float(made.success) == pytest.approx(chance, abs=1e-13)
        assert float(made.state.fidelity) == pytest.approx(weights[0], abs=1e-13)


def test_dejmps_is_that_of_density_matrices():
    """Two Bell-diagonal pairs, rotated and back, noisy: all four weights and the probability."""
    random = np.random.default_rng(2)
    for _ in range(INPUTS):
        gate, readout = sides(random, 600), sides(random, 600)
        first, second = bell(random), bell(random)
        made = Dejmps(noise=Noise(gate, readout)).combine(BellDiagonalPair(first), BellDiagonalPair(second))
        chance, (i, x, y, z) = carried_out(
            [ROTATED], [(1, "Y")], 0, [floats(first), floats(second)], p2=floats(gate), readout=floats(readout)
        )
        assert float(made.success) == pytest.approx(chance, abs=1e-13)
        # The pair that is kept stays rotated: its Y is the Z of before.
        assert floats(made.state.weights) == pytest.approx([i, x, z, y], abs=1e-13)


def test_dejmps_has_the_published_sums():
    """Weights after noisy DEJMPS are the sums over even and odd outcomes that are published."""
    random = np.random.default_rng(3)
    for _ in range(INPUTS):
        gate, readout = sides(random, 600), sides(random, 600)
        noise = Noise(gate, readout)
        g, right = noise.gates, (1 + noise.contrast) / 2
        (i, x, y, z), (j, u, v, w) = first, second = bell(random), bell(random)
        even = (i * j + y * v, x * u + z * w, x * w + z * u, i * v + y * j)
        odd = (i * u + y * w, x * j + z * v, x * v + z * j, i * w + y * u)
        sums = [g * (right * a + (1 - right) * b) + (1 - g) / 8 for a, b in zip(even, odd, strict=True)]
        made = Dejmps(noise=noise).combine(BellDiagonalPair(first), BellDiagonalPair(second))
        assert made.success == sum(sums)
        assert made.state.weights == tuple(one / sum(sums) for one in sums)


@pytest.mark.parametrize(("pairs", "inputs"), [(3, INPUTS), (4, 5)])
def test_codes_are_those_of_density_matrices(pairs, inputs):
    """Several Bell-diagonal pairs by the circuit of a code, noisy: all weights and the probability."""
    random, code = np.random.default_rng(pairs), Code(BEST[pairs])
    letters = {bits: "IXYZ"[place] for bits, place in PLACE.items()}
    gates = [(gate.one, letters[gate.on_one], gate.other, letters[gate.on_other]) for gate in code.circuit.gates]
    measured = [(pair, letters[bits]) for pair, bits in code.circuit.measured]
    for _ in range(inputs):
        gate, readout = sides(random, 800), sides(random, 800)
        states = [bell(random) for _ in range(pairs)]
        success, weights = code.distil(states, Noise(gate, readout))
        chance, found = carried_out(
            gates, measured, code.circuit.kept, [*map(floats, states)], p2=floats(gate), readout=floats(readout)
        )
        assert float(success) == pytest.approx(chance, abs=1e-13)
        assert floats(weights) == pytest.approx(list(found), abs=1e-13)


@pytest.mark.parametrize("pairs", BEST)
def test_circuits_measure_the_generators(pairs):
    """Without noise the probability is the sum over the stabiliser group, which the generators generate."""
    code = Code(BEST[pairs])
    group = {"I" * pairs}
    table = {
        (a, b): "I" if a == b else b if a == "I" else a if b == "I" else ({*"XYZ"} - {a, b}).pop()
        for a in "IXYZ"
        for b in "IXYZ"
    }
    for generator in code.generators:
        group |= {"".join(table[pair] for pair in zip(one, generator, strict=True)) for one in group}
    found = {"".join("IXYZ"[place] for place in term.characters) for term in code.terms()[0]}
    assert found == group
    assert len(found) == 2 ** (pairs - 1)
