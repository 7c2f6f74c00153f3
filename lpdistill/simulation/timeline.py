"""The picture of a run: memories as rows, time from left to right."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from lpdistill import pictures
from lpdistill.pictures import INK
from lpdistill.solution.document import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.lines import Line2D

    from lpdistill.simulation.history import Event, History

MAP = "cividis_r"
"""Colours of fidelities: perceptually uniform, the same for colour-blind readers, darker for better pairs."""

STORED, DISTILLED, TRIED = 0.5, 0.72, 0.26
"""Heights of the boxes, where rows are 1 apart."""

WIDTHS = (7.0, 14.0)
"""Width of a picture, least and greatest, in inches."""

SIZE = 6.0
"""Size of a marker, in points."""

STUB = 0.03
"""Share of the time axis behind the end, which shows what is stored then."""


Style: TypeAlias = dict[str, Any]
"""Keywords of matplotlib."""


def drawn(history: History, ax: Axes | None = None) -> Axes:
    """Draw a run, on new axes if none are given."""
    from matplotlib import colormaps  # noqa: PLC0415 - an extra, and slow to import
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415 - as above
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - as above

    memories, steps = history.problem.memories, max((event.step for event in history.events), default=1)
    width = min(max(WIDTHS[0], 2.5 + 0.55 * steps), WIDTHS[1])
    canvas = pictures.canvas(ax, _about(history), width=width, height=2.2 + 0.5 * memories)
    norm, colours = _norm(history), colormaps[MAP]

    def box(memory: int, span: tuple[float, float], height: float, **style: Any) -> None:
        start, end = span
        canvas.add_patch(Rectangle((start, memory - height / 2), end - start, height, **style))

    for pair in history.stored:
        box(
            pair.memory,
            (pair.since, pair.until if pair.until < history.end else history.end * (1 + STUB)),
            STORED,
            facecolor=colours(norm(float(pair.fidelity))),
            lw=0,
            zorder=1,
        )
    for event in history.events:
        span = event.start, event.end
        if not event.consumed:
            face = INK if event.success else "white"
            box(event.memories[0], span, TRIED, facecolor=face, edgecolor=INK, lw=0.8, zorder=2)
            canvas.plot([sum(span) / 2], [event.memories[0]], **(HELD_MARK if event.success else MISSED), zorder=3)
            continue
        for memory, fidelity in zip(event.memories, event.consumed, strict=True):
            colour = colours(norm(float(fidelity)))
            box(memory, span, DISTILLED, facecolor=colour, edgecolor=INK, lw=1.2, zorder=2)
    for _, events in groupby(history.events, key=lambda event: event.step):
        busy = [event for event in events if event.consumed]
        for event, lane in zip(busy, _lanes(len(busy)), strict=True):
            _link(canvas, event, event.start + lane * (event.end - event.start))
    if (made := history.delivered) is not None:
        canvas.plot([made.end * (1 + STUB / 2)], [made.memories[0]], **STAR, zorder=6, clip_on=False)
    canvas.set_ylim(memories + 0.6, 0.4)
    canvas.set_yticks(range(1, memories + 1), [f"memory {memory}" for memory in range(1, memories + 1)])
    canvas.tick_params(axis="y", length=0)
    canvas.spines["left"].set_visible(False)
    canvas.set_xlim(0, history.end * (1 + STUB) or 1)
    canvas.set_xlabel(f"time ({measure(history.problem)})")
    bar = pictures.figure_of(canvas).colorbar(ScalarMappable(norm, colours), ax=canvas, fraction=0.04, pad=0.02)
    bar.set_label("fidelity of the stored pair")
    shown = sorted({float(pair.fidelity) for pair in history.stored})
    if 1 <= len(shown) <= 8:
        bar.set_ticks(shown, labels=[f"{fidelity:.3f}" for fidelity in shown])
    canvas.legend(
        handles=_explained(history),
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=3,
        frameon=False,
        borderaxespad=0.2,
        fontsize="small",
        handlelength=1.2,
        columnspacing=1.4,
    )
    return canvas


def _about(history: History) -> str:
    """What a run is one of."""
    real = f"; in reality {history.deviations}" if history.deviations else ""
    return f"{history.problem}{real}; a run, seed {history.seed}"


STAR: Style = {"marker": "*", "color": pictures.COLOURS[1], "markersize": 15, "markeredgecolor": "white", "ls": ""}
"""Where the pair is delivered."""

DONE: Style = {"marker": "o", "color": "white", "markeredgecolor": INK, "markersize": SIZE, "ls": ""}
LOST: Style = {"marker": "X", "color": "white", "markeredgecolor": INK, "markersize": SIZE + 2, "ls": ""}
"""The memories of a distillation: where what is made stays, and both of them where it fails."""

HELD_MARK: Style = {"marker": "o", "color": "white", "markersize": SIZE - 3, "ls": ""}
MISSED: Style = {"marker": "x", "color": INK, "markersize": SIZE - 1.5, "ls": ""}
"""An attempt that succeeds, and one that fails."""

THROWN: Style = {"marker": "v", "color": "white", "markeredgecolor": INK, "markersize": SIZE + 2, "ls": ""}
"""A pair discarded."""

DASHED = (0, (2, 1.5))
"""The link of a distillation that fails."""


def _lanes(count: int) -> list[float]:
    """Where in a step the links of parallel distillations run: apart, and clear of the middle, where attempts are."""
    left = (count + 1) // 2
    return [0.4 * (i + 1) / (left + 0.3) for i in range(left)] + [
        1 - 0.4 * (count - i) / (left + 0.3) for i in range(left, count)
    ]


def _link(canvas: Axes, event: Event, place: float) -> None:
    """Join the memories of a distillation, and mark how it went; or mark a discard."""
    if len(event.memories) == 1:
        canvas.plot([place], event.memories, **THROWN, zorder=5)
        return
    places = [place] * len(event.memories)
    canvas.plot(places, event.memories, color=INK, lw=1.6, ls="-" if event.success else DASHED, zorder=4)
    if event.success:
        canvas.plot(places[:1], event.memories[:1], **DONE, zorder=5)
        canvas.plot(places[1:], event.memories[1:], **(DONE | {"color": INK, "markersize": SIZE - 2}), zorder=5)
    else:
        canvas.plot(places, event.memories, **LOST, zorder=5)


def _norm(history: History) -> Normalize:
    """The scale of fidelities, from the worst pair to the best."""
    from matplotlib.colors import Normalize  # noqa: PLC0415 - an extra, and slow to import

    values = [float(pair.fidelity) for pair in history.stored] or [float(history.problem.f0)]
    low, high = min(values), max(values)
    return Normalize(low, high if high > low else low + 0.01)


def _explained(history: History) -> list[Line2D]:
    """The legend: what there is in the picture."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - an extra, and slow to import

    def of(style: Style, label: str) -> Line2D:
        return Line2D([], [], **style, label=label)

    seen = {(str(event.operation), event.success) for event in history.events}
    boxed: Style = {"marker": "s", "ls": "", "markersize": SIZE + 1, "markeredgecolor": INK}
    lined: Style = {"color": INK, "markerfacecolor": "white"}
    found = {
        ("generate", True): of(boxed | {"color": INK}, "pair generated"),
        ("generate", False): of(MISSED | {"markeredgewidth": 1}, "attempt failed"),
        ("distil", True): of(DONE | lined | {"ls": "-"}, "distilled, pair kept at the ring"),
        ("distil", False): of(LOST | lined | {"ls": DASHED}, "distillation failed"),
        ("discard", True): of(THROWN, "discarded"),
    }
    handles = [handle for key, handle in found.items() if key in seen]
    return handles + ([of(STAR, "target reached")] if history.waiting_time is not None else [])
