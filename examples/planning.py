"""The cheapest hardware for an objective, what more would cost, and what to improve first, as a picture."""

import sys

from lpdistill import pictures, plan

fixed = {"f0": 0.9, "target": 0.93}
ranges = {
    "p": {"values": "0.2:0.8:0.1", "price": 10},
    "memories": {"values": [2, 3, 4, 5], "prices": [1, 3, 5, 8]},
    "gate": {"values": ["0.99", "0.995", "0.999"], "prices": [0, 2, 6]},
}
objectives = {
    "a pair within 9 on average": {"waiting_time": 9},
    "within 15, 95 times of 100": {"window": 15, "confidence": "0.95"},
    "a tenth of a pair per unit": {"throughput": "0.1"},
}
for name, objective in objectives.items():
    found = plan(fixed, objective, ranges)
    chosen = ", ".join(f"{setting} {float(value):g}" for setting, value in found.settings.items())
    print(f"{name}: {chosen}; cost {float(found.cost):g}, attains {found.value:.6f} ({found.solved} of 84 solved)")

found = plan(fixed, objectives["a pair within 9 on average"], ranges, frontier=True)
print("\ncost  waiting time  p    M  gate")
for one in found.frontier:
    p, memories, gate = (float(value) for value in found.shelf.settings(one.place).values())
    print(f"{float(one.cost):4g}  {one.measured.value:12.6f}  {p:g}  {memories:g}  {gate:g}")
print("\nimprove         gain  cost  gain per price")
for step in found.improvements:
    after = "a little" if step.after is None else f"{float(step.after):g}"
    name = f"{step.setting} {float(step.before):g} -> {after}"
    print(f"{name:22s} {step.gain:9.6f}  {float(step.cost):4g}  {step.per_price:.6f}")

finer = {
    "p": {"values": "0.05:1:0.05", "price": 20},
    "memories": {"values": "2:8", "prices": [0, 2, 4, 7, 10, 14, 18]},
    "f0": {"values": [".75", ".76", ".77", ".78"], "prices": [0, 1, 3, 6]},
}
many = plan({"target": ".79"}, {"waiting_time": 8}, finer)
print(f"\n{many.shelf.size} combinations: {many.solved} problems solved, cost {float(many.cost or 0):g}")

axes = found.plot()
axes.set_ylim(0, 45)
pictures.save(axes, sys.argv[1] if len(sys.argv) > 1 else "planning.png")
