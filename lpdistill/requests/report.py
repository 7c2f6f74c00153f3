"""An answer together with what else was wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.document import Question

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, repr=False, eq=False)
class Report(Answer, Generic[A]):
    """An answer, and below it others to the same question: one document, one summary, one table, one picture.

    Attributes
    ----------
    main
        The answer; table and picture are its own.
    document
        What the document says besides, by name.
    parts
        The other answers, by the name of what was wanted.
    lines
        What the summary says first, instead of lines of the answer that have the same names.
    table
        What is shown, where it is not the table of the answer.
    """

    main: A
    document: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Answer] = field(default_factory=dict)
    lines: tuple[tuple[str, str], ...] = ()
    table: Table | None = None

    @property
    def _KIND(self) -> str:  # type: ignore[override]  # noqa: N802 - what classes of answers have, a report takes over
        """The document is that of the answer."""
        return self.main._KIND

    @property
    def _question(self) -> Question | Mapping[str, Any]:
        return self.main._question

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield from self._led(self.main._lines())
        if self.parts:
            yield "parts", ", ".join(self.parts)

    def _above(self) -> Iterable[tuple[str, str]]:
        return self._led(self.main._above())

    def _led(self, lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Lines of the answer below those that stand for some of them."""
        yield from self.lines
        named = {name for name, _ in self.lines}
        yield from (line for line in lines if line[0] not in named)

    def _content(self) -> Mapping[str, Any]:
        return {**self.main._content(), **self.document}

    def _cells(self) -> Iterable[Mapping[str, Any]] | Mapping[str, Any]:
        return self.main._cells()

    def shown(self, most: int | None = SHOWN) -> Table:
        """What was asked for, if it is a table of its own; otherwise the table of the answer."""
        return self.table or self.main.shown(most)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:
        """The details of the answer, and those of all parts; tables of one kind are one."""
        yield from [self.table] if self.table else self.main.details(most)
        blocks: list[Block] = []
        for block in chain.from_iterable(part.details() for part in self.parts.values()):
            last = blocks[-1] if blocks else None
            if isinstance(block, Table) and isinstance(last, Table) and block.title == last.title:
                blocks[-1] = last._replace(rows=[*last.rows, *block.rows])
            else:
                blocks.append(block)
        yield from blocks

    def to_frame(self) -> pd.DataFrame:
        """The answer as a pandas DataFrame."""
        return self.main.to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the answer."""
        return self.main.plot(ax)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + "".join(part._repr_html_() for part in self.parts.values())
