"""All optimal policies of four memories, 0.75 -> 0.79, for 0 < p <= 1 and along the ratio of durations.

Then of the throughput.  Draws the maps to the files named on the command line, such as policy_map.png,
policy_map_ratio.png and policy_map_rates.png.
"""

import sys
import textwrap

from lpdistill import Problem, pictures
from symbolic import policy_map

problem = Problem(p="1/2", memories=4, f0="3/4", target="79/100")
found = policy_map(problem)
print(found)
for point in found.breakpoints:
    print(f"\np = {point.value.decimals(50)}")
    print(f"is a root of an irreducible polynomial of degree {point.value.degree}; there")
    for counts, before, after in point.changes:
        words = found.wording
        print(f"  in    {words.configuration(counts)}")
        print(f"  from  {words.phrase(before)}\n  to    {words.phrase(after)}")
for piece in found.pieces:
    print(f"\nfrom p = {piece.low.label()} to {piece.high.label()}, T = N / D with")
    for name, formula in zip("ND", piece.waiting_time.text, strict=True):
        print(textwrap.fill(f"{name} = {formula}", width=112, initial_indent="  ", subsequent_indent="      "))
order, terms = found.pieces[0].waiting_time.series(0, terms=2)
print(f"\nas p -> 0, T = ({terms[0]}) p^{order} + ({terms[1]}) + ...; at p = 1, T = {found.waiting_time(1)}")

ratios = policy_map(problem, axis="tau_d/tau_g")
print(f"\n{ratios}")
for piece in ratios.pieces:
    print(f"  to {'infinity' if piece.high is None else piece.high.label():<14} T = {piece.waiting_time}")

rates = policy_map(problem, per_time=True)
print(f"\npairs per unit of time\n{rates}")
print(f"g(1/2) = {rates.gain('1/2')}, g(1) = {rates.gain(1)}")

for drawn, path in zip((found, ratios, rates), sys.argv[1:], strict=False):
    pictures.save(drawn.plot(), path)
