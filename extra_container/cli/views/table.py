"""Tables for people: as wide as the terminal, which loses the columns that matter least."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extra_container.cli.views.amounts import NOTHING
from extra_container.model.frozen import dataclass
from extra_container.model.plain import one_line

_BETWEEN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. ``weight`` is how much it matters: of those that do not fit, the one with the least goes first.

    One with the weight 0 is always there. ``right`` aligns it to the right.
    """

    title: str
    weight: int = 0
    right: bool = False


def lines(columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int | None) -> list[str]:
    """Return the lines of a table; without ``width`` all columns have room. Pure.

    Columns that could go and have nothing but dashes do go. What stands in a cell is one line of plain text.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    kept = [
        number
        for number, column in enumerate(columns)
        if not column.weight or any(row[number] != NOTHING for row in cells)
    ]
    widths = [max(len(text) for text in (column.title, *(row[i] for row in cells))) for i, column in enumerate(columns)]
    while width is not None and sum(widths[number] + _BETWEEN for number in kept) - _BETWEEN > width:
        weights = [(columns[number].weight, number) for number in kept if columns[number].weight]
        if not weights:
            break
        kept.remove(min(weights)[1])
    every = [[column.title for column in columns], *cells]
    return [_line(columns, row, kept, widths) for row in every]


def _line(columns: Sequence[Column], row: Sequence[str], kept: Sequence[int], widths: Sequence[int]) -> str:
    shown = (
        row[number].rjust(widths[number]) if columns[number].right else row[number].ljust(widths[number])
        for number in kept
    )
    return (" " * _BETWEEN).join(shown).rstrip()
