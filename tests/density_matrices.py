"""Distillation on explicit density matrices: an independent route to every map."""

from __future__ import annotations

from functools import cache, reduce

import numpy as np

ONE, X, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1.0, -1.0])
Y = 1j * X @ Z
PAULIS = {"I": ONE, "X": X, "Y": Y, "Z": Z}
PHI = np.array([1, 0, 0, 1]) / np.sqrt(2)
BELL = [np.kron(ONE, error) @ PHI for error in (ONE, X, Y, Z)]
"""The four Bell states, an error on the second qubit of Phi+."""


def kron(*parts):
    """The tensor product."""
    return reduce(np.kron, parts)


def pair(weights):
    """The density matrix of a Bell-diagonal pair."""
    return sum(w * np.outer(state, state.conj()) for w, state in zip(weights, BELL, strict=True))


def register(pairs):
    """Several pairs as one state of the qubits A1 ... An B1 ... Bn."""
    n = len(pairs)
    state = kron(*(pair(weights) for weights in pairs)).reshape([2] * (4 * n))
    sides = [*range(0, 2 * n, 2), *range(1, 2 * n, 2)]
    order = [*sides, *(2 * n + axis for axis in sides)]
    return state.transpose(order).reshape(4**n, 4**n)


def on(qubits, operator, total):
    """An operator of some qubits on all."""
    n = len(qubits)
    rest = [q for q in range(total) if q not in qubits]
    full = np.kron(operator, np.eye(2 ** (total - n))).reshape([2] * (2 * total))
    where = [*qubits, *rest]
    back = np.argsort(where)
    return full.transpose([*back, *(total + back)]).reshape(2**total, 2**total)


def controlled(one, other):
    """The two-qubit gate that applies the Pauli ``other`` where the Pauli ``one`` is -1."""
    a, b = PAULIS[one], PAULIS[other]
    return (np.eye(4) + np.kron(a, ONE) + np.kron(ONE, b) - np.kron(a, b)) / 2


def depolarised(state, qubits, p2, total):
    """Two qubits replaced by a maximally mixed state with probability ``1 - p2``."""
    if p2 == 1:
        return state
    where = [*qubits, *(q for q in range(total) if q not in qubits)]
    front = state.reshape([2] * (2 * total)).transpose([*where, *(total + q for q in where)])
    rest = 2 ** (total - 2)
    left = np.trace(front.reshape(4, rest, 4, rest), axis1=0, axis2=2)
    back = np.argsort(where)
    mixed = np.kron(np.eye(4) / 4, left).reshape([2] * (2 * total)).transpose([*back, *(total + back)])
    return p2 * state + (1 - p2) * mixed.reshape(state.shape)


@cache
def controlled_on(qubits, one, other, total, conjugate):
    """A controlled Pauli gate of two qubits on all."""
    matrix = controlled(one, other)
    return on(qubits, matrix.conj() if conjugate else matrix, total)


@cache
def seen_on(qubit, basis, sign, total):
    """The projector of a measurement of one qubit on all."""
    return on([qubit], (ONE + sign * PAULIS[basis]) / 2, total)


def gate(state, qubits, whole, p2, total):
    """A noisy two-qubit gate."""
    return depolarised(whole @ state @ whole.conj().T, qubits, p2, total)


def agreement(state, qubits, basis, readout):
    """The state where two readouts in a basis agree, not normalised: of Y, where they differ, as for Phi+."""
    (one, other), total = qubits, int(np.log2(len(state)))
    alike = 1 if basis != "Y" else -1
    found = 0
    right = readout[0] * readout[1] + (1 - readout[0]) * (1 - readout[1])
    for a in (1, -1):
        for b in (1, -1):
            seen = seen_on(one, basis, a, total) @ seen_on(other, basis, b, total)
            chance = right if a * b == alike else 1 - right
            found = found + chance * seen @ state @ seen
    return found


def weights_of(state, pair_number, n):
    """Probability, and weights of one pair of an unnormalised state."""
    qubits, total = [pair_number, n + pair_number], 2 * n
    found = [np.trace(on(qubits, np.outer(b, b.conj()), total) @ state).real for b in BELL]
    return sum(found), np.array(found) / sum(found)


def carried_out(gates, measured, kept, pairs, *, p2=(1, 1), readout=(1, 1)):
    """Noisy circuit on both sides: probability of success, and weights of the pair that is kept.

    Gates are ``(one, Pauli, other, Pauli)``; Bob's are complex conjugates of Alice's, which leaves Phi+ pairs alone.
    """
    n = len(pairs)
    state = register(pairs)
    for one, a, other, b in gates:
        for side in (0, 1):
            qubits = one + side * n, other + side * n
            state = gate(state, qubits, controlled_on(qubits, a, b, 2 * n, bool(side)), p2[side], 2 * n)
    for number, basis in measured:
        state = agreement(state, (number, n + number), basis, readout)
    return weights_of(state, kept, n)
