"""Reads the ids of a text file: one or several in a line, with or without quotes, as spreadsheets export them."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bidder.files.separator_line import SEPARATORS, stated_separator

_QUOTES = "\"'"
_HEADS = frozenset(
    {
        *("id", "ids", "ifa", "idfa", "idfv", "gaid", "aaid", "maid", "rida", "tifa", "afai", "msai", "hash", "sha256"),
        *("deviceid", "userid", "advertisingid", "mobileid", "buyeruid", "identifier", "email", "hashedid"),
    }
)
"""The names of the id column in the header of a table, without blanks, hyphens and underscores."""


class BadLine(ValueError):
    """A line holds a value that is not an id. The message quotes no id, since ids are personal data."""


class ReadId(NamedTuple):
    """An id, and the number of its line."""

    line: int
    text: str


def ids_in(lines: Iterable[str]) -> Iterator[ReadId]:
    """The ids of all lines, without the quotes and blanks around them. The header of an id column is skipped.

    A value of only zeros and hyphens is skipped: devices send it for viewers who limit ad tracking. Raises BadLine.
    """
    is_first = True
    for number, line in enumerate(lines, start=1):
        if is_first and stated_separator(line.lstrip("\ufeff")):
            continue
        cells = _cells(line.strip("\ufeff \t\r\n"), number)
        if is_first and any(re.sub(r"[-_ ]", "", cell).lower() in _HEADS for cell in cells):
            if len(cells) > 1:
                msg = f"line {number} is the header of a table of {len(cells)} columns: give a file with only the ids"
                raise BadLine(msg)
            is_first = False
            continue
        is_first = is_first and not cells
        for cell in cells:
            if not cell.isprintable() or re.search(rf"[\s{_QUOTES}]", cell):
                msg = f"line {number} is not an id: it has a blank, a quote or a control character in it"
                raise BadLine(msg)
            if cell.strip("0-"):
                yield ReadId(number, cell)


def _cells(text: str, number: int) -> list[str]:
    """The cells of a line that are not empty."""
    separator = next((separator for separator in SEPARATORS if separator in text), None)
    if separator is None and text[:1] not in _QUOTES:
        return [text] if text else []
    try:
        cells = next(csv.reader([text], delimiter=separator or ",", skipinitialspace=True, strict=True), [])
    except csv.Error:
        msg = f"line {number} has a quote that does not end"
        raise BadLine(msg) from None
    bare = (cell.strip() for cell in cells)
    return [cell for text_of_cell in bare if (cell := _unquote(text_of_cell))]


def _unquote(cell: str) -> str:
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in _QUOTES else cell
