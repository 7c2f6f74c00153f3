"""Where the lattice changes for the gap 0.04, and how the least waiting time of four memories jumps there."""

from fractions import Fraction

from lpdistill import Problem, solve
from symbolic import changes

ASIDE = Fraction(1, 10**9)

for change in changes(gap="0.04", raw_pairs=4):
    print(change)
    sides = change.f0.low - ASIDE, change.f0.high + ASIDE
    for p in ("0.3", "0.9") if all(change.finite) else ():
        below, above = (solve(Problem(p, 4, f0, gap="0.04")).waiting_time for f0 in sides)
        print(f"            p = {p}: {below:.4f} below, {above:.4f} above")
