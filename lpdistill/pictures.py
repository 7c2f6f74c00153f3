"""Pictures: one style for all of them, and files that say when they cannot be written."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from lpdistill.errors import ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours that remain distinct for colour-blind readers (Okabe and Ito)."""

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


def axes(width: float = 7.0, height: float = 4.2) -> Axes:
    """Axes of a new figure, in inches.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    return panels(1, width=width, height=height)[0]


def panels(count: int, *, width: float = 10.0, height: float = 4.2, share: bool = False) -> list[Axes]:
    """Axes side by side in a new figure, in inches; with ``share`` they have one vertical scale.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise ModelError("plot", MISSING, None) from None
    drawn = Figure(figsize=(width, height), layout="constrained").subplots(1, count, squeeze=False, sharey=share)[0]
    for one in drawn:
        one.spines[["top", "right"]].set_visible(False)
    return list(drawn)


def require(file: str | PathLike[str], where: str = "plot") -> None:
    """Raise ModelError unless a picture can be written to a file: its suffix, its folder, matplotlib."""
    figure, path = axes().get_figure(root=True), Path(file)
    assert figure is not None  # noqa: S101 - axes made here have one
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
    figure, path = drawn.get_figure(root=True), Path(file)
    assert figure is not None  # noqa: S101 - axes made here have one
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in known:
        raise ModelError("plot", f"must be a file with one of the suffixes {', '.join(sorted(known))}", str(file))
    try:
        figure.savefig(path, dpi=160)
    except OSError as error:
        raise ModelError("plot", f"cannot be written: {error.strerror or error}", str(file)) from None
