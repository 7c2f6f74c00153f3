"""The Hasse diagram of the levels of up to six raw pairs, drawn to the file named on the command line.

An edge leads from a level to the next above it for every raw fidelity in (1/2, 1); levels that change places are joined
by broken lines.
"""

import sys
from fractions import Fraction

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from lpdistill.solution.level_picture import depth, draw_tree
from symbolic import levels

EDGE, CROSSING = "#0072b2", "#d55e00"
F0 = Fraction(3, 4)
LABELS = {"0.6561": (4.86, 5.15), "0.7225": (7.36, 4.6), "0.8528": (8.3, 5.0)}
"""Where the raw fidelity of a crossing is written, beside its line."""
LEAF_WIDTH, ROUND_HEIGHT = 0.11, 0.13


lattice = levels(raw_pairs=6)
order = lattice.order(F0)
place = {index: (rank, lattice[index].tree.raw_pairs) for rank, index in enumerate(order)}

figure, axes = plt.subplots(figsize=(11, 5.6), layout="constrained")
for a, b in lattice.covers:
    axes.plot(*zip(place[a], place[b], strict=True), color=EDGE, linewidth=1.6, zorder=1)
    print(f"{lattice[a].tree} < {lattice[b].tree}")
for crossing in lattice.crossings:
    meeting = sorted({index for pair in crossing.pairs for index in pair}, key=lambda index: place[index])
    print(f"f0 = {crossing.f0}: " + " = ".join(str(lattice[index].tree) for index in meeting))
    for a, b in crossing.pairs:
        arc = {"arrowstyle": "-", "connectionstyle": "arc3,rad=0.22", "color": CROSSING, "ls": (0, (4, 3)), "lw": 1.2}
        axes.annotate("", place[a], place[b], arrowprops=arc, zorder=1)
    name = f"{float(crossing.f0):.4f}"
    axes.text(*LABELS[name], name, color=CROSSING)
for index, (x, y) in place.items():
    tree = lattice[index].tree
    width, height = LEAF_WIDTH * tree.raw_pairs, ROUND_HEIGHT * depth(tree)
    left, bottom = x - width / 2, y - height / 2
    box = FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0.06", fc="white", ec=EDGE, lw=1, zorder=3)
    axes.add_patch(box)
    draw_tree(axes, tree, (left, bottom), (LEAF_WIDTH, ROUND_HEIGHT))
axes.set(
    xlabel="level, by increasing fidelity at f0 = 3/4",
    ylabel="raw pairs",
    xticks=range(len(order)),
    xticklabels=[f"{float(lattice[index].formula.at(F0)):.4f}" for index in order],
    yticks=range(1, 7),
    xlim=(-0.6, len(order) - 0.4),
    ylim=(0.5, 6.6),
)
axes.plot([], [], color=EDGE, label="below for every f0")
axes.plot([], [], color=CROSSING, linestyle=(0, (4, 3)), label="change places at the f0 beside the line")
axes.legend(frameon=False, loc="upper left")
axes.spines[["top", "right"]].set_visible(False)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "level_lattice.png", dpi=130)
