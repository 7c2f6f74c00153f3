"""What every answer has in common: a value with what is proved about it, in words, as data, as a table, as a picture.

A kind of answer says five things of itself: what it is about, its lines, the content of its document, the cells of its
table, and how it is drawn, if it is.  Everything else follows here, alike for all of them.
"""

from __future__ import annotations

import html
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from lpdistill.errors import ModelError
from lpdistill.solution.document import Question, headed, question_in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LINES = 12
"""Lines of a summary, at most."""

NAME_WIDTH = 15
"""Width of the names of lines, at least."""

SHOWN = 20
"""Rows of a table that a notebook or a terminal shows unasked."""


class Summary(list[tuple[str, str]]):
    """Lines with their names, which print one below the other, and what stands above them, if anything."""

    def __init__(self, lines: Iterable[tuple[str, str]] = (), title: str = "") -> None:
        super().__init__(lines)
        self.title = title

    def __repr__(self) -> str:
        return "\n".join(self.aligned())

    def aligned(self, before: str = "", after: str = "") -> list[str]:
        """The lines with their texts one below the other, and what stands before and after every name."""
        names = [f"{name}{after}" for name, _ in self]
        width = max([NAME_WIDTH, *(len(name) + 1 for name in names)])
        return [f"{before}{name:<{width}}{text}" for name, (_, text) in zip(names, self, strict=True)]

    def _repr_html_(self) -> str:
        rows = (f"<th>{html.escape(name)}</th><td>{html.escape(text)}</td>" for name, text in self)
        return "<table>" + "".join(f'<tr style="text-align:left">{row}</tr>' for row in rows) + "</table>"


class Table(NamedTuple):
    """Rows in words.

    Attributes
    ----------
    title
        What they are.
    headings
        The names of the columns, each with the side that its texts stand on, ``left`` or ``right``.
    rows
        A text for every column.
    note
        What the rows are a part of, where there are more.
    """

    title: str
    headings: Mapping[str, str]
    rows: Sequence[tuple[str, ...]]
    note: str = ""

    def to_html(self) -> str:
        """The table for a notebook."""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.headings)
        cells = ("".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in row) for row in self.rows)
        title, note = (f"<p>{html.escape(text)}</p>" if text else "" for text in (self.title, self.note))
        return f"{title}<table>" + "".join(f"<tr>{row}</tr>" for row in (head, *cells)) + f"</table>{note}"


Block: TypeAlias = Summary | Table | str
"""What a terminal shows of an answer in one piece."""


class Answer(ABC):
    """A kind of answer."""

    __slots__ = ()

    _KIND: ClassVar[str]
    """What its document is called: ``frontier`` for one that follows ``lpdistill.frontier/1``."""

    _UNDRAWN: ClassVar[str] = ""
    """Why there is no picture of it, in one sentence, where there is none."""

    @property
    @abstractmethod
    def _question(self) -> Question | Mapping[str, Any]:
        """The problem, the state graph or the process that it is about, or what is known of it."""

    @abstractmethod
    def _lines(self) -> Iterable[tuple[str, str]]:
        """The lines of the summary below the problem: value and proof, status, how it was found, what binds."""

    @abstractmethod
    def _content(self) -> Mapping[str, Any]:
        """What the document says besides its head."""

    @abstractmethod
    def _cells(self) -> Iterable[Mapping[str, Any]] | Mapping[str, Any]:
        """The table: a row each, as cells by name; or whole columns by name."""

    def summary(self) -> Summary:
        """The answer in at most twelve named lines, which print one below the other; they are pairs of texts."""
        return self._summed_up(self._lines())

    def _summed_up(self, lines: Iterable[tuple[str, str]]) -> Summary:
        """What it is about, and lines below, as many as a summary has."""
        about = self._question
        found = [] if isinstance(about, Mapping) else [("problem", question_in_words(about))]
        found += lines
        more = len(found) - LINES
        return Summary(found if more <= 0 else [*found[: LINES - 1], ("...", f"and {more + 1} lines more")])

    def _above(self) -> Iterable[tuple[str, str]]:
        """The lines that stand above the table: all of them, where it says none of them again."""
        return self._lines()

    def printed(self, most: int | None = SHOWN) -> Iterable[Block]:
        """All that a terminal shows: lines, and details below, in tables of so many rows at most, or all."""
        yield self._summed_up(self._above())
        yield from self.details(most)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:
        """What stands below the lines: the table, and others."""
        yield self.shown(most)
        yield from self._others(most)

    def _others(self, most: int | None) -> Iterable[Table]:  # noqa: ARG002 - where there are some
        """Tables besides the one that is shown, of so many rows at most, or all."""
        return ()

    def shown(self, most: int | None = SHOWN) -> Table:
        """The table in words, as a notebook and a terminal show it: so many rows of it at most, or all."""
        cells = self._cells()
        if isinstance(cells, Mapping):
            cells = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
        rows = list(islice(cells, most))
        names = dict.fromkeys(name for row in rows for name in row)
        kinds = {name: value for row in rows for name, value in row.items()}
        headings = {name.replace("_", " "): _side(kinds[name]) for name in names}
        return Table("", headings, [tuple(_in_words(row.get(name)) for name in names) for row in rows])

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON data: what it is about, and what was found (:doc:`documents`)."""
        return {**headed(self._KIND, self._question), **self._content()}

    def to_json(self, *, indent: int | None = 2) -> str:
        """The answer as a JSON document."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """The answer as a pandas DataFrame (:doc:`answers` says what a row is)."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        cells = self._cells()
        return pd.DataFrame(cells if isinstance(cells, Mapping) else list(cells))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the answer, on new axes if none are given (:doc:`answers` says what is drawn).

        Raises
        ------
        ModelError
            If there is nothing to draw, or matplotlib is not installed.
        """
        raise ModelError("plot", self._UNDRAWN, None if ax is None else ax)

    def __repr__(self) -> str:
        return "\n".join([type(self).__name__, *self.summary().aligned("  ", ":")])

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_() + self.shown().to_html()


def _side(value: object) -> str:
    """Where the texts of a column stand."""
    return "right" if isinstance(value, int | float) and not isinstance(value, bool) else "left"


def _in_words(value: object) -> str:
    """A cell in words."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
