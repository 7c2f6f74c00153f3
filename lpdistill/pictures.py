"""Pictures: one style for all of them, and files that say when they cannot be written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from textwrap import wrap
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lpdistill.arguments import named, wrong_type
from lpdistill.errors import ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours that remain distinct for colour-blind readers (Okabe and Ito)."""

DASHES = ("-", "--", ":", "-.")
"""Lines that remain distinct where the colours do not suffice."""

UNIT = "in the unit of the step durations"
"""What times are measured in: the user's unit."""

ROUND = (1.0, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)
"""Numbers at which a logarithmic scale is marked, with their multiples by powers of ten; finest first."""

MOST_MARKS = 10
"""Marks of a logarithmic scale."""

LETTERS = 15
"""Letters of a title per inch."""

INK = "#333333"
"""Colour of text and lines that carry no category."""

HALF_BRIGHT = 140
"""Brightness, of 255, above which a colour takes black text."""

MISSING = "needs matplotlib; install lpdistill[plot]"


def shades(count: int) -> list[str]:
    """Colours of so many ordered classes, light to dark: equal steps of lightness, distinct for colour-blind readers.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import colormaps  # noqa: PLC0415 - an extra, and slow to import
        from matplotlib.colors import to_hex  # noqa: PLC0415 - the same
    except ImportError:
        raise ModelError("plot", MISSING, None) from None
    steps = [0.92 - 0.8 * step / max(count - 1, 1) for step in range(count)]
    return [to_hex(colormaps["cividis"](step)) for step in steps]


def ink_on(colour: str) -> str:
    """Black or white, whichever can be read on a colour given as ``#rrggbb``."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > HALF_BRIGHT else "white"


def style(number: int) -> dict[str, Any]:
    """Colour and dashes of a line by its number: distinct for the first 24, by their colours alone for six.

    >>> style(0), style(7)
    ({'color': '#0072B2', 'ls': '-'}, {'color': '#D55E00', 'ls': '--'})
    """
    dashes, colour = divmod(number, len(COLOURS))
    return {"color": COLOURS[colour], "ls": DASHES[dashes % len(DASHES)]}


def axes(width: float = 7.0, height: float = 4.2) -> Axes:
    """Axes of a new figure, in inches.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    return panels(1, width=width, height=height)[0]


def canvas(given: Axes | None, about: object, *, width: float = 7.0, height: float = 4.2) -> Axes:
    """The axes that a caller gives, or those of a new figure, in inches, whose title says what it is about.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    return panels(1, width=width, height=height, about=about)[0] if given is None else axes_in(given)


def bars(given: Axes | None, about: object, rows: Sequence[tuple[str, float]], marked: Sequence[bool] = ()) -> Axes:
    """Bars from left to right with their names, the first at the top; those marked have a colour of their own."""
    drawn = canvas(given, about, width=8.0, height=1.3 + 0.3 * max(len(rows), 2))
    colours = [COLOURS[1 if one else 0] for one in marked] or COLOURS[0]
    drawn.barh(range(len(rows)), [size for _, size in rows], height=0.62, color=colours)
    drawn.set_yticks(range(len(rows)), [name for name, _ in rows])
    drawn.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    drawn.axvline(0.0, color=INK, lw=0.8)
    return drawn


def axes_in(given: Any) -> Axes:
    """The axes that a caller means: those given, or the only ones of a figure or a list.

    Raises
    ------
    ModelTypeError
        If there are none, or several.
    """
    from matplotlib.axes import Axes  # noqa: PLC0415 - an extra, and slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415 - the same

    parts: Sequence[Any] = [given]
    if isinstance(given, Figure):
        parts = given.axes or [given.subplots()]
    elif isinstance(given, list | tuple) or hasattr(given, "flat"):
        parts = [*getattr(given, "flat", given)]
    if len(parts) == 1 and isinstance(parts[0], Axes):
        return parts[0]
    several = f" with {len(parts)} of them; give one" if len(parts) > 1 else ""
    remedy = "; those of pyplot are plt.gca()" if isinstance(given, ModuleType) else several
    raise wrong_type("ax", f"must be the Axes of a figure, not {named(given)}{remedy}", given)


def panels(
    count: int, *, width: float = 10.0, height: float = 4.2, share: bool = False, about: object = ""
) -> list[Axes]:
    """Axes side by side in a new figure, in inches; with ``share`` they have one vertical scale.

    Its title, over all of them, says what it is ``about``.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise ModelError("plot", MISSING, None) from None
    figure = Figure(figsize=(width, height), layout="constrained")
    drawn = figure.subplots(1, count, squeeze=False, sharey=share)[0]
    for one in drawn:
        one.spines[["top", "right"]].set_visible(False)
    entitle(figure, about)
    return list(drawn)


def entitle(figure: Figure, about: object) -> None:
    """Write over a figure what it is about, in as many lines as it takes."""
    lines = wrap(str(about), int(LETTERS * figure.get_figwidth()))
    if lines:
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=9, color=INK)


def figure_of(drawn: Axes) -> Figure:
    """The figure that some axes are part of."""
    figure = drawn.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes have one
    return figure


def marks(low: float, high: float) -> list[float]:
    """Round numbers between two positive ones that mark a logarithmic scale, as many as can be read.

    >>> marks(3.2, 84), marks(0.002, 40000)
    ([5.0, 7.0, 10.0, 20.0, 30.0, 50.0, 70.0], [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for leading in ROUND:
        found = [float(f"{digit:g}e{power}") for power in powers for digit in leading]
        found = [mark for mark in found if low <= mark <= high]
        if len(found) <= MOST_MARKS:
            break
    return found if len(found) > 1 else [low, high]


def mark(scale: Axis, low: float, high: float) -> None:
    """Mark a logarithmic scale by round numbers, written out."""
    ticks = marks(low, high)
    scale.set_ticks(ticks, labels=[f"{tick:.3g}" if tick < 1e3 else f"{tick:,.0f}" for tick in ticks])
    scale.set_ticks([], minor=True)


def require(file: str | PathLike[str], where: str = "plot") -> None:
    """Raise ModelError unless a picture can be written to a file: its suffix, its folder, matplotlib."""
    figure, path = figure_of(axes()), Path(file)
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in known:
        raise ModelError(where, f"must be a file with one of the suffixes {', '.join(sorted(known))}", str(file))
    if not path.parent.is_dir() or path.is_dir():
        raise ModelError(where, "must be a file in a folder that exists", str(file))


def save(drawn: Axes, file: str | PathLike[str]) -> None:
    """Write the figure of some axes; the file's suffix says how.

    Raises
    ------
    ModelError
        If the suffix is unknown, or the file cannot be written.
    """
    figure, path = figure_of(drawn), Path(file)
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in known:
        raise ModelError("plot", f"must be a file with one of the suffixes {', '.join(sorted(known))}", str(file))
    try:
        figure.savefig(path, dpi=160)
    except OSError as error:
        raise ModelError("plot", f"cannot be written: {error.strerror or error}", str(file)) from None
