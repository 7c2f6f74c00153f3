"""Whether distilling helps at all: a named answer, with the gates that would."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import DoNotDistilError, Problem, UnreachableTargetError, Werner, solve
from lpdistill.hardware.helping import helps, least_gate, made_of_raw
from lpdistill.physics.noise import Noise
from lpdistill.problem.presets import PRESETS

NOISY = Problem("1/2", 3, ".9", ".93", gate=".9")
FIDELITIES = st.fractions(Fraction(1, 2), 1, max_denominator=500)


def refusal(problem):
    """The error that says not to distil."""
    with pytest.raises(DoNotDistilError) as refused:
        solve(problem)
    return refused.value


def test_gates_that_lower_fidelity_are_answered_by_name():
    """The error says not to distil, from which gates it helps, and which reach the target: average gate fidelities."""
    error = refusal(NOISY)
    assert isinstance(error, UnreachableTargetError)
    assert error.exit_code == 3
    assert error.helps_from == pytest.approx((1 + 3 * sqrt(225 / 241)) / 4, abs=2e-9)
    assert "do not distil" in str(error)
    assert f"average gate fidelity {error.helps_from}" in str(error)


def test_the_gates_that_are_named_do():
    """With the gates that reach the target it is reached; with those that help alone, it is not, but pairs improve."""
    error = refusal(NOISY)
    assert NOISY.replace(gate=None, gate_fidelity=error.reaches_from).reach.memories_needed == 3
    helping = NOISY.replace(gate=None, gate_fidelity=error.helps_from)
    with pytest.raises(UnreachableTargetError) as refused:
        solve(helping)
    assert not isinstance(refused.value, DoNotDistilError)
    assert helping.reach.memory_limit > 0.9


def test_readout_alone_may_be_too_bad_for_any_gate():
    """Where perfect gates do not help either, there is no gate to name."""
    error = refusal(Problem("1/2", 3, ".9", ".93", readout=".6"))
    assert (error.helps_from, error.reaches_from) == (None, None)
    assert "no gates would do" in str(error)


@given(
    FIDELITIES, FIDELITIES, FIDELITIES, st.sampled_from(["9/10", "19/20", "97/100"]), st.sampled_from(["1", "49/50"])
)
def test_worse_pairs_make_nothing_better(f0, one, other, gate, readout):
    """If two raw pairs make no better one, no two pairs that are worse do: what the answer rests on."""
    known = Werner(noise=Noise(gate, readout))
    a, b = (min(f0, fidelity) for fidelity in (one, other))
    if not helps(known, f0, Fraction(1)):
        assert known.combine(known.raw(a), known.raw(b)).state.fidelity <= max(made_of_raw(known, f0), f0)


@pytest.mark.parametrize("name", ["ion-study", "colour-centre-study"])
def test_the_studies_lower_every_fidelity(name):
    """One round with the gates of either study lowers the fidelity everywhere on [1/2, 1)."""
    settings = PRESETS[name].settings
    known = Werner(noise=Noise(settings["gate"], settings.get("readout", 1)))
    fidelities = [Fraction(k, 200) for k in range(101, 200)]
    assert all(made_of_raw(known, fidelity) < fidelity for fidelity in fidelities)


def test_gates_are_those_from_which_something_holds():
    """The least gate is found from above, to nine digits, or is none."""
    found = least_gate(Werner(noise=Noise("0.5")), lambda known: known.noise.gates >= Fraction(1, 2))
    assert 0 <= float(found) - sqrt(1 / 2) <= 1e-9
    assert least_gate(Werner(), lambda _: True) is None
    assert least_gate(Werner(noise=Noise("0.5")), lambda _: False) is None


def test_perfect_gates_are_no_reason():
    """Where noise is not why a target is out of reach, the error is the plain one."""
    with pytest.raises(UnreachableTargetError) as refused:
        solve(Problem("1/2", 2, ".9", ".97"))
    assert not isinstance(refused.value, DoNotDistilError)


def test_raw_pairs_that_meet_the_target_are_a_verdict():
    """Where every raw pair meets the target, the answer is not to distil: with its time, proved, and a certificate."""
    found = solve(NOISY.replace(target=".9"))
    assert found.to_dict()["verdict"] == "do not distil"
    assert dict(found.summary())["verdict"] == "do not distil: every raw pair meets the target"
    assert found.waiting_time == pytest.approx(1 / (1 - 0.5**3), rel=1e-12)
    assert "verdict" not in solve(NOISY.replace(gate=1)).to_dict()
