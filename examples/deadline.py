"""Meeting a deadline, and its price in expected time; drawn to the files named on the command line."""

import sys

from lpdistill import Problem, baseline, deadline, deadline_frontier, least_time_within, pictures, smallest_window

node = Problem(p=0.7, memories=5, f0=0.75, target=0.79)

found = deadline(node, 10)
print(f"within 10: {found.probability:.3f}, the fastest policy on average {found.probability_of_fastest_mean:.3f}")
print(f"expected time: {found.waiting_time:.3f}, the fastest policy on average {found.fastest.waiting_time:.3f}")
words = found.fastest.wording
for one in found.departures[:6]:
    print(f"{float(one.remaining):g} left, {words.configuration(one.key)}")
    print(f"    {words.phrase(one.action)}: in time {one.probability:.3f}")
    print(f"    {words.phrase(one.fastest)}: in time {one.probability_of_fastest:.3f}")

certain = smallest_window(node, 0.99)
before = certain.probabilities[-2]
print(f"99 % within {certain.window}: {certain.probability:.4f}, within {certain.window - 1} at most {before:.4f}")
longer = deadline(node, 24)
usual = next(window for window, done in zip(longer.curve, longer.of_fastest, strict=True) if done >= 0.99)
print(f"the fastest policy on average needs {usual}")

level = least_time_within(node, 10, 0.9)
print(level)

curve = deadline_frontier(node, 10)
print(curve)
for point in curve.points[:: len(curve.points) // 4]:
    print(f"{1 - point.used:.6f} in time: {point.waiting_time:.6f}, one percent more {-point.price / 100:.4f}")

files = sys.argv[1:] or ["deadline.png", "deadline_frontier.png"]
beside = {name: baseline(node, name) for name in ("pumping", "nested", "greedy")}
pictures.save(longer.plot(beside=beside), files[0])
pictures.save(curve.plot(), files[1])
