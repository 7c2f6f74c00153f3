"""Rate or first pair, and key per second: when what is left is worth keeping, and when distilling pays.

The picture is drawn to the file named on the command line.
"""

import sys

from lpdistill import Hardware, Problem, key_rate, pictures, throughput
from lpdistill.rates.worth import bb84

P = ("0.1", "0.5", "0.9")
MEMORIES = (2, 3, 4, 6, 8)
CHANCES = ("0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.4")
RAW = ("0.82", "0.84", "0.85", "0.86", "0.9")
TWO_TARGETS = {"a": "0.78", "b": "0.80"}


def pumped(p: str, memories: int) -> Problem:
    """A link that is to deliver pairs of .79 made of pairs of .75."""
    return Problem(p, memories, "0.75", "0.79")


def sold(p: str, f0: str) -> str:
    """What is delivered of three memories for BB84."""
    found = key_rate(Hardware(p, 3, f0))
    shares = {float(one.fidelity): one.rate for one in found.delivered}
    if list(shares) == [float(f0)]:
        return "raw"
    return "both" if float(f0) in shares else "distilled"


print("pairs of .79 per unit of time, by memories: the best; after a fresh start each; by the policy of the first pair")
rates = {(p, memories): throughput(pumped(p, memories)) for p in P for memories in MEMORIES}
for p in P:
    print(f"  p = {p}")
    for memories in MEMORIES:
        found = rates[p, memories]
        fresh, run_on = (100 * (1 - one / found.gain) for one in (found.first.rate, found.first.run_on))
        numbers = (
            f"{found.first.rate:.9f} ({abs(fresh):4.1f} % less)  {found.first.run_on:.9f} ({abs(run_on):4.1f} % less)"
        )
        print(f"    M = {memories}  {found.gain:.9f}  {numbers}")

print("\nwhat three memories deliver for BB84: raw pairs, distilled ones, or both, by f0 and p")
print("         " + "".join(f"{p:>11}" for p in CHANCES))
for f0 in RAW:
    print(f"  {f0:7}" + "".join(f"{sold(p, f0):>11}" for p in CHANCES))

print("\nbits of key per unit of time, p = 0.1, M = 3, f0 = 0.85")
for name, found in (
    ("BB84", key_rate(Hardware("0.1", 3, "0.85"))),
    ("six-state", key_rate(Hardware("0.1", 3, "0.85"), "six-state")),
    ("BB84, an attempt costs 0.001", key_rate(Hardware("0.1", 3, "0.85"), cost="0.001")),
    ("BB84, two attempts per unit of time", key_rate(Problem("0.1", 3, "0.85", 1, budgets={"generation_attempts": 2}))),
):
    delivered = ", ".join(f"{one.rate:.6f} of {float(one.fidelity):.4f}" for one in found.delivered)
    print(f"  {name:36} {found.gain:.9f}: {delivered}")

print("\ntwo users of p = 0.5, M = 3, f0 = 0.75, with pairs of 0.78 and of 0.80")
link = Problem("0.5", 3, "0.75", "0.80")
for name, options in (
    ("all pairs alike", {"tenants": TWO_TARGETS}),
    ("the least of both", {"tenants": TWO_TARGETS, "fair": "max-min"}),
    ("sum of logarithms", {"tenants": TWO_TARGETS, "fair": "proportional"}),
    ("b has 0.05 at least", {"tenants": {"a": "0.78", "b": ("0.80", "0.05")}}),
):
    found = throughput(link, **options)
    print(f"  {name:20} " + "  ".join(f"{user} {has.rate:.6f}" for user, has in found.tenants.items()))

if len(sys.argv) > 1:
    left, right = pictures.panels(2, width=10.0, height=4.2, about="")
    for number, p in enumerate(P):
        gains = [100 * (rates[p, memories].gain / rates[p, memories].first.rate - 1) for memories in MEMORIES]
        left.plot(MEMORIES, gains, marker="o", label=f"p = {p}", **pictures.style(number))
    left.set(xlabel="memories", ylabel="more pairs than with a fresh start each (%)", title="0.75 to 0.79")
    left.legend(frameon=False)
    fidelities = [f"0.{hundredths}" for hundredths in range(80, 92)]
    for number, p in enumerate(("0.05", "0.2", "0.5")):
        key = [key_rate(Hardware(p, 3, f0)).gain / (3 * float(p)) for f0 in fidelities]
        right.plot(list(map(float, fidelities)), key, marker="o", label=f"p = {p}", **pictures.style(number))
    raw = [bb84(float(f0)) for f0 in fidelities]
    right.plot(list(map(float, fidelities)), raw, color=pictures.INK, ls=":", label="raw pairs alone")
    right.set(xlabel="fidelity of a raw pair", ylabel="bits of key per attempt / p", title="BB84, M = 3")
    right.legend(frameon=False)
    pictures.save(left, sys.argv[1])
