"""Other distillation maps pass through the same door."""

from dataclasses import dataclass
from fractions import Fraction

import pytest

from lpdistill import Problem, solve
from lpdistill.model.physics import Combination, Reach


@dataclass(frozen=True)
class BellDiagonal:
    """A Bell-diagonal pair: weights of Phi+, Psi-, Psi+ and Phi-."""

    weights: tuple[Fraction, Fraction, Fraction, Fraction]

    @property
    def fidelity(self) -> Fraction:
        return self.weights[0]


@dataclass(frozen=True)
class Dejmps:
    """The protocol of Deutsch et al., Phys. Rev. Lett. 77, 2818 (1996), Eq. 4, from raw Werner pairs."""

    name: str = "dejmps"

    def raw(self, fidelity: Fraction) -> BellDiagonal:
        rest = (1 - fidelity) / 3
        return BellDiagonal((fidelity, rest, rest, rest))

    def combine(self, a: BellDiagonal, b: BellDiagonal) -> Combination[BellDiagonal]:
        (a1, b1, c1, d1), (a2, b2, c2, d2) = a.weights, b.weights
        success = (a1 + b1) * (a2 + b2) + (c1 + d1) * (c2 + d2)
        kept = (a1 * a2 + b1 * b2, c1 * d2 + d1 * c2, c1 * c2 + d1 * d2, a1 * b2 + b1 * a2)
        return Combination(BellDiagonal(tuple(weight / success for weight in kept)), success)

    def reach(self, raw: BellDiagonal, target: Fraction, memories: int) -> Reach:
        return Reach(pumping_limit=1.0, memory_limit=1.0, finite=True, memories_needed=2)


def problem(target: str, memories: int = 4) -> Problem:
    return Problem("1/2", memories, "3/4", target, distillation=Dejmps())


def test_first_round_of_dejmps_equals_the_werner_map():
    """One round from two Werner pairs gives the fidelity and probability of the Werner map."""
    werner = Problem("1/2", 4, "3/4", "0.78")
    dejmps = problem("0.78")
    assert dejmps.levels.kinds[0].success == werner.levels.kinds[0].success
    assert solve(dejmps).waiting_time == pytest.approx(solve(werner).waiting_time, rel=1e-12)


def test_closure_holds_states_not_fidelities():
    """Whatever two levels make below the target is a level, state by state."""
    levels = problem("0.86").levels
    states = {level.state for level in levels}
    made = [Dejmps().combine(a.state, b.state).state for a in levels for b in levels]
    assert {state for state in made if state.fidelity < levels.target} <= states


def test_keeping_the_bell_diagonal_state_saves_time():
    """Towards 0.82 from 0.75, a map that does not twirl needs fewer levels and waits less than the Werner map."""
    werner = Problem("1/2", 4, "3/4", "0.82")
    assert len(problem("0.82").levels) < len(werner.levels)
    assert solve(problem("0.82")).upper_bound < solve(werner).lower_bound
