"""The whole waiting time of four policies, drawn to the file named on the command line."""

import sys

from lpdistill import Problem, distribution, pictures, policy_named

node = Problem(p=0.7, memories=5, f0=0.75, target=0.79)

axes = pictures.canvas(None, node)
print("policy      mean  deviation  90% by  99% by  done by 10  tail rate")
for name in ("optimal", "pumping", "greedy", "nested"):
    law = distribution(policy_named(node, name))
    print(
        f"{name:8s} {law.mean:7.4f}  {law.standard_deviation:9.4f}  {law.quantile('0.9'):6g}  {law.quantile('0.99'):6g}"
        f"  {law.cdf(10):10.6f}  {law.tail_rate:9.6f}"
    )
    law.plot(axes, label=name)
pictures.save(axes, sys.argv[1] if len(sys.argv) > 1 else "waiting_time.png")
