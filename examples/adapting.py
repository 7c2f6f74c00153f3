"""A controller that does not flap, what knowing p is worth at most, and which policy counts speak for, as a picture."""

import sys
from fractions import Fraction

import numpy as np

from lpdistill import Problem, adapt, pictures
from lpdistill.control.candidates import compared, recommended
from lpdistill.control.counts import interval_of
from lpdistill.control.pieces import Pieces

node = Problem(p=1, memories=4, f0="9/10", target="94/100")
pieces = Pieces.of(node)
print("pieces: " + ", ".join(f"{float(piece.low):.4f} to {float(piece.high):.4f}" for piece in pieces.map.pieces))

# Twelve links near a breakpoint, looked at every week, with all counts so far.
turn = float(pieces.map.breakpoints[0].value)
rng, weeks, attempts, p = np.random.default_rng(17), 26, 400, turn + 0.002
changes: dict[str, list[int]] = {"piece of the estimate": [], "sure gain": []}
for _ in range(12):
    counts = np.cumsum(rng.binomial(attempts, p, size=weeks))
    naive, sure, changed = None, 1, [0, 0]
    for week, successes in enumerate(counts.tolist(), start=1):
        estimate = Fraction(successes, attempts * week)
        place = pieces.place(estimate)
        changed[0] += naive is not None and place != naive
        naive = place
        span = interval_of(attempts * week, successes, Fraction(19, 20), week)
        found = recommended(compared(pieces, span, estimate, sure), sure, 0.0)
        changed[1] += found != sure
        sure = found
    for rule, number in zip(changes, changed, strict=True):
        changes[rule].append(number)
for rule, numbers in changes.items():
    print(f"changes in {weeks} weeks, by {rule}: {np.mean(numbers):.2f} on average, {max(numbers)} at most")

# What could be gained by learning p on the way: no more than by knowing it.
low, high, count = Fraction(1, 5), Fraction(9, 10), 141
grid = [low + (high - low) * Fraction(2 * step + 1, 2 * count) for step in range(count)]
known = np.mean([float(pieces.time(pieces.place(at), at)) for at in grid])
fixed = [float(np.mean([float(pieces.time(place, at)) for at in grid])) for place in range(len(pieces))]
best = int(np.argmin(fixed))
print(f"p uniform from {float(low):g} to {float(high):g}: known beforehand {known:.6f} on average")
print(f"policy {best + 1}, whatever p is: {fixed[best]:.6f}; learning is worth at most {1 - known / fixed[best]:.2%}")

found = adapt(node, 2000, 1000, in_use=1)
print(f"1000 of 2000: {'change to' if found.switch else 'keep'} policy {found.recommended}; {found.why}")
pictures.save(found.plot(), sys.argv[1] if len(sys.argv) > 1 else "adapting.png")
