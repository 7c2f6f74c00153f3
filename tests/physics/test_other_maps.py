"""Other distillation maps pass through the same door."""

from dataclasses import dataclass
from fractions import Fraction

import pytest

from lpdistill import Problem, Rule, solve
from lpdistill.physics.maps import Combination, Reach


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


@dataclass(frozen=True)
class Lossy(Dejmps):
    """The same, but the second pair loses some of its fidelity before; ``ordered`` puts the better pair first."""

    ordered: bool = False

    def combine(self, a: BellDiagonal, b: BellDiagonal) -> Combination[BellDiagonal]:
        if self.ordered:
            a, b = sorted((a, b), key=lambda pair: pair.weights, reverse=True)
        loss = Fraction(1, 100)
        worse = BellDiagonal(tuple((1 - loss) * weight + loss / 4 for weight in b.weights))
        return super().combine(a, worse)


class Unlucky(Dejmps):
    """A map whose pairs do not depend on the order, but whose success does."""

    def combine(self, a: BellDiagonal, b: BellDiagonal) -> Combination[BellDiagonal]:
        made = super().combine(a, b)
        return Combination(made.state, made.success * (1 if a.fidelity <= b.fidelity else Fraction(99, 100)))


@pytest.mark.parametrize("lossy", [Lossy(), Unlucky()])
def test_where_the_order_matters_a_policy_chooses_it(lossy):
    """Where it makes a difference which of two pairs is kept, both are recipes; the optimum is as fast as with one."""
    both = Problem("1/2", 4, "3/4", "0.84", distillation=lossy)
    consumed = [recipe.consumed for recipe in both.recipes]
    assert {(0, 1), (1, 0)} <= set(consumed)
    found, one = solve(both), solve(both.with_constraints(Rule(lambda step: all(a <= b for a, b in step.distil))))
    assert found.lower_bound <= one.upper_bound
    assert one.policy.waiting_time == pytest.approx(one.waiting_time)


def test_a_map_may_put_its_pairs_into_an_order():
    """Put into an order by the map itself, pairs of different roles are distilled as ever."""
    ordered = Problem("1/2", 4, "3/4", "0.80", distillation=Lossy(ordered=True))
    assert solve(ordered).lower_bound > solve(problem("0.80")).upper_bound


def test_one_level_needs_no_order():
    """A map that treats its pairs differently is no trouble where all pairs are alike."""
    alike = Problem("1/2", 2, "3/4", "0.76", distillation=Lossy())
    assert len(alike.levels) == 1
    assert solve(alike).waiting_time > 0


def problem(target: str, memories: int = 4) -> Problem:
    return Problem("1/2", memories, "3/4", target, distillation=Dejmps())


def test_first_round_of_dejmps_equals_the_werner_map():
    """One round from two Werner pairs gives the fidelity and probability of the Werner map."""
    werner = Problem("1/2", 4, "3/4", "0.78")
    dejmps = problem("0.78")
    assert dejmps.recipes[0].success == werner.recipes[0].success
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
