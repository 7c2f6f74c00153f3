"""What the optimum saves over pumping, nested and greedy distillation, drawn to the file named on the command line."""

import sys
from fractions import Fraction

from lpdistill import Problem, compare, pictures
from lpdistill.pictures import COLOURS

GAP = "0.04"
SOURCES, CHANCES, MEMORIES = ("0.6", "0.75", "0.9"), ("0.1", "0.5", "0.9"), (2, 3, 4, 6, 8, 12)
STYLES = {"pumping": (COLOURS[0], "o"), "nested": (COLOURS[1], "s"), "greedy": (COLOURS[2], "^")}


def rounds(problem: Problem, *, pumped: bool) -> int:
    """Rounds that pass the target, one after the other: with a raw pair each time, or with an equal pair."""
    raw = problem.distillation.raw(problem.f0)
    count, state = 0, raw
    while state.fidelity < problem.target:
        count, state = count + 1, problem.distillation.combine(state, raw if pumped else state).state
    return count


print("-- rounds")
print("f0 -> target    pumping  nested  levels")
for f0 in SOURCES:
    problem = Problem("1/2", 4, f0, gap=GAP)
    target = float(Fraction(f0) + Fraction(GAP))
    counts = rounds(problem, pumped=True), rounds(problem, pumped=False), len(problem.levels)
    print(f"{f0:>4} -> {target:.2f}{counts[0]:11}{counts[1]:8}{counts[2]:8}")

print()
print("-- what the optimum saves over pumping / nested / greedy, in per cent of their time")
print("                 " + "".join(f"{f'p = {p}':>16}" for p in CHANCES))
found = {}
for f0 in SOURCES:
    for memories in MEMORIES:
        cells = []
        for p in CHANCES:
            compared = compare(Problem(p, memories, f0, gap=GAP))
            found[f0, memories, p] = compared
            saved = [
                f"{100 * share:.0f}" if compared.policies[name].proper else "never"
                for name, share in compared.advantages.items()
            ]
            cells.append(" / ".join(saved).replace("-0", "0"))
        print(f"f0 = {f0:<5}M = {memories:<4}" + "".join(f"{cell:>16}" for cell in cells))

print()
print("-- where it saves most")
for f0 in SOURCES:
    for name in STYLES:
        proper = {point: one for point, one in found.items() if point[0] == f0 and one.policies[name].proper}
        (_, memories, p), compared = max(proper.items(), key=lambda item: item[1].advantages[name])
        print(f"f0 = {f0:<5}over {name:<9}{compared.advantages[name]:6.1%} at M = {memories}, p = {p}")

panels = pictures.panels(3, width=9.6, height=3.8, share=True, about="times 1 (generation) and 2 (distillation)")
for axes, f0 in zip(panels, SOURCES, strict=True):
    for name, (colour, marker) in STYLES.items():
        for p, dashes in zip(CHANCES, (":", "--", "-"), strict=True):
            proper = [m for m in MEMORIES if found[f0, m, p].policies[name].proper]
            shares = [100 * found[f0, m, p].advantages[name] for m in proper]
            axes.plot(proper, shares, dashes, color=colour, marker=marker, ms=4, lw=1.3)
    trapped = [m for m in MEMORIES if not found[f0, m, "0.5"].policies["nested"].proper]
    axes.plot(trapped, [60] * len(trapped), "x", color=COLOURS[1], ms=8, mew=2, clip_on=False)
    axes.set(xscale="log", xticks=MEMORIES, xlabel="memories", ylim=(-2, 60))
    axes.set_title(f"{f0} → {float(Fraction(f0) + Fraction(GAP)):.2f}", fontsize=10)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
panels[0].set_ylabel("time that the optimum saves (%)")
for name, (colour, marker) in STYLES.items():
    panels[2].plot([], [], color=colour, marker=marker, ms=4, label=f"over {name}")
panels[2].plot([], [], "x", color=COLOURS[1], ms=8, mew=2, label="nested never ends")
for p, dashes in zip(CHANCES, (":", "--", "-"), strict=True):
    panels[2].plot([], [], dashes, color="0.3", lw=1.3, label=f"p = {p}")
legend = {"loc": "outside lower center", "ncols": 7, "fontsize": 8, "frameon": False}
pictures.figure_of(panels[2]).legend(*panels[2].get_legend_handles_labels(), **legend)
pictures.save(panels[2], sys.argv[1] if len(sys.argv) > 1 else "which_policy.png")
