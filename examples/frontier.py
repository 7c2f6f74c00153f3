"""Waiting time against generation attempts, with and without rules, drawn to the file named on the command line."""

import sys

from lpdistill import MaxDistillations, NoGenerationWhileDistilling, Problem, frontier, pictures

node = Problem(p=0.5, memories=4, f0=0.9, target=0.94)
crosstalk, laser = MaxDistillations(1), NoGenerationWhileDistilling()

axes = pictures.canvas(None, node)
for i, (name, rules) in enumerate(
    {"none": [], "laser": [laser], "crosstalk": [crosstalk], "both": [crosstalk, laser]}.items()
):
    curve = frontier(node.with_constraints(*rules), "generation_attempts")
    used, times = zip(*((point.used, point.waiting_time) for point in curve.points), strict=True)
    axes.plot([*used, 13], [*times, times[-1]], color=pictures.COLOURS[i], lw=1.8, label=name)
    axes.plot(used, times, "o", color=pictures.COLOURS[i], ms=4)
    print(f"{name}: {len(used)} breakpoints, the first at {used[0]:.6f}")
    for point in curve.points if name == "both" else ():
        print(f"{point.used:12.6f} {point.waiting_time:12.6f} {point.price:12.6f}")
axes.axvspan(9.9, used[0], color="0.92", lw=0)
axes.annotate("no policy", (used[0], 11.8), (-4, 0), textcoords="offset points", ha="right", va="top", rotation=90)
axes.set(
    xlim=(9.9, 13),
    xlabel="limit on the expected generation attempts",
    ylabel=f"least expected waiting time\n({pictures.UNIT})",
)
axes.legend(frameon=False, title="rules")
pictures.save(axes, sys.argv[1] if len(sys.argv) > 1 else "frontier.png")
