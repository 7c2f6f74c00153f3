"""How many test pairs certify a fidelity, by four rules, and with worse readouts; drawn to the file named."""

import sys

from lpdistill import Problem, acceptance_plan, pictures

plan = acceptance_plan("0.9", "0.95")
print(plan.summary())

print("\nreadout  fewest  from here on  one by one  Hoeffding")
for readout in ("1", "0.99", "0.98", "0.95"):
    one = acceptance_plan("0.9", "0.95", readout=readout)
    mean = one.courses["sequential"][1].pairs
    print(f"{readout:>7}  {one.pairs:6,}  {one.always.pairs:12,}  {mean:10.1f}  {one.hoeffding:9,}")

link = Problem(p="1/2", memories=4, f0="0.9", target="0.94")
made = acceptance_plan("0.9", "0.94", problem=link)
cost = made.generation.cost(made.pairs)
print(f"\n{link}: {made.pairs} pairs in {cost['waiting_time']:.0f} units of time, with {cost['attempts']:.0f} attempts")
pictures.save(plan.plot(), sys.argv[1] if len(sys.argv) > 1 else "acceptance.png")
