"""A map of one's own: distillation with linear optics, which succeeds half as often as with gates."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lpdistill import Combination, Problem, Reach, Werner, compare
from lpdistill.physics.werner import WernerPair

GATES = Werner()
"""What gates do; beam splitters make the same of two pairs, half of the times."""


@dataclass(frozen=True)
class Optical:
    """Distillation of two Werner pairs with beam splitters, which keep half of what two CNOTs would."""

    kept: Fraction = Fraction(1, 2)
    monotone = True

    def raw(self, fidelity: Fraction) -> WernerPair:
        """A Werner pair."""
        return GATES.raw(fidelity)

    def combine(self, *pairs: WernerPair) -> Combination[WernerPair]:
        """What gates make of two pairs, less often."""
        made = GATES.combine(*pairs)
        return Combination(made.state, self.kept * made.success)

    def reach(self, raw: WernerPair, target: Fraction, memories: int) -> Reach:
        """As far as gates do."""
        return GATES.reach(raw, target, memories)


if __name__ == "__main__":
    print("waiting time, 0.75 -> 0.79, p = 0.5, four memories")
    for name, distillation in {"gates": GATES, "linear optics": Optical()}.items():
        found = compare(Problem("1/2", 4, "3/4", "79/100", distillation=distillation))
        times = ", ".join(f"{policy} {one.waiting_time:.4f}" for policy, one in found.policies.items())
        print(f"{name:13}  {times}")
