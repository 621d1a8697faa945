"""The head of a table of campaigns: the field of each column, by its path in a campaign file.

`creative.`, `media.` and `deal.` begin the columns of a creative, a rendition and a deal.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bidder.campaigns.targeting import AttributeRule, full_path
from bidder.files.separator_line import SEPARATORS, stated_separator
from bidder.files.text import InvalidFile

ID, DOMAIN = "id", "domain"
CREATIVE, MEDIA, DEAL = "creative", "media", "deal"
_LISTS_OF = {CREATIVE: ("creatives",), MEDIA: ("creatives", "media"), DEAL: ("deals",)}
"""The path of the list to which the fields of an owner belong."""


class Column(NamedTuple):
    """The owner of a column's cells (campaign, creative, rendition or deal), and the path of the field in it."""

    owner: str
    path: Sequence[str]

    @property
    def whole_path(self) -> tuple[str, ...]:
        """The path of the field in a campaign, without the indices of lists."""
        return (*_LISTS_OF.get(self.owner, ()), *self.path)


def most_frequent_separator(head: str) -> str:
    """The separator that is most frequent in the head."""
    return max(SEPARATORS, key=head.count)


def is_csv(first_line: str, name: str) -> bool:
    """Whether a file is CSV, by its name or its first line."""
    cells = [_field(cell.strip().strip('"')) for cell in first_line.split(most_frequent_separator(first_line))]
    is_table = stated_separator(first_line) is not None or (len(cells) > 2 and ID in cells)
    return is_table or name.lower().endswith((".csv", ".tsv"))


def read_head(head: Sequence[str], name: str, line: int) -> list[Column | None]:
    """The columns of a head. A column without a name is None.

    Raises InvalidFile if two columns state the same field, or one a part of the other, or if there is no column id.
    """
    columns = [_column(cell, f"{name}:{line}:{number}") for number, cell in enumerate(head, start=1)]
    for problem in _conflicts(head, columns):
        msg = f"{name}:{line}: {problem}"
        raise InvalidFile(msg)
    if Column("", (ID,)) not in columns:
        msg = f"{name}:{line}: the head has no column id"
        raise InvalidFile(msg)
    return columns


def _column(cell: str, where: str) -> Column | None:
    text = _field(cell)
    if not text:
        return None
    path = text.split(".")
    if not all(path):
        msg = f"{where}: {cell[:40]!r} is not the path of a field, such as budget.daily"
        raise InvalidFile(msg)
    if path[0] in _LISTS_OF and len(path) > 1 and path[1] not in AttributeRule.model_fields:
        return Column(path[0], tuple(path[1:]))
    return Column("", (DOMAIN,) if path == [DOMAIN] else full_path(path))


def _field(cell: str) -> str:
    """The field that a cell of the head names. Spreadsheets capitalise words, and fields have no capitals."""
    return cell.strip().lower()


def _conflicts(head: Sequence[str], columns: Sequence[Column | None]) -> Iterator[str]:
    """A sentence for each column whose field another column states, whole or in part."""
    cells = sorted(
        (column.whole_path, cell.strip()) for column, cell in zip(columns, head, strict=True) if column is not None
    )
    for (path, cell), (next_path, next_cell) in pairwise(cells):
        if path == next_path:
            both = cell[:40] if cell == next_cell else f"{cell[:40]} and {next_cell[:40]}"
            yield f"{both}: in the head more than once"
        elif next_path[: len(path)] == path:
            yield f"{next_cell[:40]} is a part of the column {cell[:40]}: remove one of the two"
