"""Which protocol for which hardware: noise of gates and readout, DEJMPS, and several pairs into one.

The picture is drawn to the file named on the command line.
"""

import sys
from fractions import Fraction

from lpdistill import Dejmps, LpdistillError, Noise, Problem, pictures, solve
from lpdistill.physics.werner import least_gates, pumping_limit, useful_range

QUALITIES = ("1", ".999", ".99")
PROTOCOLS = {
    "BBPSSW, 2-to-1": {},
    "DEJMPS, 2-to-1": {"distillation": Dejmps()},
    "BBPSSW, 3-to-1": {"protocols": 3},
    "BBPSSW, 2- and 3-to-1": {"protocols": "2,3"},
}
GATES = ("1", ".998", ".996", ".994", ".992", ".99", ".988", ".986", ".984", ".982", ".98")
PLATFORMS = {
    "trapped ions, study": (".9", "1"),
    "colour centres, study": (".94", ".9625"),
    "gates of .987": (".987", "1"),
}


def time_of(problem: Problem) -> str:
    """The least waiting time, or why there is none."""
    try:
        return f"{solve(problem).waiting_time:.9f}"
    except LpdistillError as error:
        return type(error).__name__


print("useful range and pumping limit of .9 with p2 = eta")
for quality in QUALITIES[1:]:
    noise = Noise(quality, quality)
    low, high = useful_range(noise)
    print(f"  {quality:5} [{low:.9f}, {high:.9f}]  {pumping_limit(0.9, noise):.9f}")

print("\nwhere one round of two equal pairs helps")
for name, (gate, readout) in PLATFORMS.items():
    found = useful_range(Noise(gate, readout))
    print(f"  {name:22} " + ("nowhere: do not distil" if found is None else f"[{found[0]:.3f}, {found[1]:.3f}]"))
g = least_gates(Fraction(9, 10), Fraction(1))
print(f"  two pairs of .9 with perfect readout: from g = {g} = {float(g):.6f} on")

print("\np = .5, M = 3, .9 -> .93, by p2 = eta")
for quality in QUALITIES:
    print(f"  {quality:5} {time_of(Problem('.5', 3, '.9', '.93', gate=quality, readout=quality))}")

print("\np = .5, by protocol")
for memories, f0, target in (
    (2, ".9", ".94"),
    (3, ".9", ".94"),
    (4, ".9", ".94"),
    (2, ".75", ".79"),
    (3, ".75", ".79"),
):
    print(f"  M = {memories}, {f0} -> {target}")
    for name, operations in PROTOCOLS.items():
        if memories >= 3 or "3" not in name:
            print(f"    {name:22} {time_of(Problem('.5', memories, f0, target, **operations))}")

print("\nDEJMPS at a threshold, M = 2, .75 -> .79: the same first round, two ways on")
for distillation in (None, Dejmps()):
    problem = Problem(".5", 2, ".75", ".79", distillation=distillation)
    for recipe in problem.recipes:
        pairs = ", ".join(problem.levels[level].name for level in recipe.consumed)
        made = "target" if recipe.reaching else problem.levels[recipe.made[0].produced[0]].name
        print(f"  {problem.distillation.name:7} {pairs:12} -> {made:7} with probability {float(recipe.success):.6f}")

if len(sys.argv) > 1:
    axes = pictures.canvas(None, "p = 0.5, M = 3, 0.9 to 0.925", width=7.2, height=4.2)
    for number, (name, operations) in enumerate(PROTOCOLS.items()):
        points = []
        for gate in GATES:
            try:
                points.append(
                    (float(gate), solve(Problem(".5", 3, ".9", ".925", gate=gate, **operations)).waiting_time)
                )
            except LpdistillError:
                break
        axes.plot(*zip(*points, strict=True), marker="o", label=name, **pictures.style(number))
    axes.set(
        xlabel="depolarising parameter $p_2$ of two-qubit gates",
        ylabel=f"least expected waiting time\n({pictures.UNIT})",
    )
    axes.legend(frameon=False)
    pictures.save(axes, sys.argv[1])
