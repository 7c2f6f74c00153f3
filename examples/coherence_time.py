"""Least waiting time against the coherence time, with the age up to which a lone raw pair is kept, as a picture."""

import sys

from lpdistill import Problem, UnreachableTargetError, pictures, solve

TIMES = [30, 40, 50, 70, 100, 150, 200, 500]
STYLES = {2: ("#0072b2", "o", (4, 6)), 3: ("#d55e00", "s", (-4, -14))}

axes = pictures.canvas(
    None, "p = 0.5, f0 = 0.9 -> 0.93, times 1 and 2, fresh products; numbers: proved cutoffs of a lone raw pair"
)
for memories, (colour, marker, offset) in STYLES.items():
    drawn = []
    for time in TIMES:
        try:
            found = solve(Problem(0.5, memories, 0.9, 0.93, coherence_time=time, products="fresh"), within="2e-4")
        except UnreachableTargetError:
            print(f"M = {memories}, T_c = {time}: out of reach")
            continue
        raw = next(one for one in found.policy.cutoffs if one.raw and not one.beside)
        bounds = f"between {found.lower_bound:.3f} and {found.upper_bound:.3f}"
        print(f"M = {memories}, T_c = {time}: {bounds}; {raw.pair} {raw}{', proved' if raw.proved else ''}")
        drawn.append((time, found.waiting_time))
        kept = ("none" if raw.kept is None else f"{raw.kept}") if raw.proved else ""
        note = {"textcoords": "offset points", "color": colour, "fontsize": "small"}
        axes.annotate(kept, (time, found.waiting_time), offset, **note)
    axes.plot(*zip(*drawn, strict=True), color=colour, marker=marker, markersize=4, label=f"{memories} memories")
    axes.axhline(solve(Problem(0.5, memories, 0.9, 0.93)).waiting_time, color=colour, linestyle=":", linewidth=1)
axes.set(
    xlabel=f"coherence time ({pictures.UNIT})",
    ylabel=f"least expected waiting time\n({pictures.UNIT})",
    xscale="log",
    ylim=(6, 21),
    xticks=[30, 50, 100, 200, 500],
)
axes.xaxis.set_major_formatter("{x:g}")
axes.minorticks_off()
axes.legend(frameon=False)
pictures.save(axes, sys.argv[1] if len(sys.argv) > 1 else "coherence_time.png")
