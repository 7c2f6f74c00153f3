"""The least expected waiting time against the number of memories, drawn to the file named on the command line."""

import sys

from lpdistill import Problem, pictures, solve

MEMORIES = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32]
STYLES = {"0.3": ("#0072b2", "o"), "0.6": ("#d55e00", "s"), "0.9": ("#009e73", "^")}
LIMIT = 5  # two rounds of distillation at least, and a step of generation before: 1 + 2 + 2

axes = pictures.canvas(None, "f0 = 0.75 -> 0.79, times 1 (generation) and 2 (distillation)", width=7.2, height=3.8)
for p, (colour, marker) in STYLES.items():
    times = [solve(Problem(p, memories, "0.75", "0.79")).waiting_time for memories in MEMORIES]
    axes.plot(MEMORIES, times, color=colour, marker=marker, markersize=5, label=f"p = {p}")
    print(f"p = {p}: " + ", ".join(f"{m}: {t:.4f}" for m, t in zip(MEMORIES, times, strict=True)))
axes.axhline(LIMIT, color="0.6", linewidth=0.8)
axes.axvline(6, color="0.4", linestyle=":")
note = {"textcoords": "offset points", "color": "0.4"}
axes.annotate("limit of many memories", (2, LIMIT), (0, 4), **note)
axes.annotate("six memories", (6, 17), (4, 0), **note)
axes.set(
    xlabel="memories",
    ylabel=f"least expected waiting time\n({pictures.UNIT})",
    xscale="log",
    yscale="log",
    xticks=[2, 4, 6, 8, 16, 32],
    yticks=[5, 7, 10, 15, 20],
)
axes.xaxis.set_major_formatter("{x:g}")
axes.yaxis.set_major_formatter("{x:g}")
axes.minorticks_off()
axes.legend(frameon=False)
pictures.save(axes, sys.argv[1] if len(sys.argv) > 1 else "memories.png")
