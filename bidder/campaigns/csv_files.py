"""Campaigns as a table: CSV with a line for each rendition, creative or campaign, and paths of fields for its head.

`id,name,advertiser.name,advertiser.domain,cpm,creative.id,creative.duration,media.url,…`: the fields of a creative
begin with `creative.`, of a rendition with `media.`, of a deal with `deal.`. `|` separates several words of a cell. A
row with the campaign id of the row before, or without a campaign id, continues that campaign; the same holds for
creatives.
An empty cell states nothing. docs/campaign_files.md has the whole header.
"""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from bidder.campaigns.csv_head import (
    CREATIVE,
    DEAL,
    DOMAIN,
    ID,
    MEDIA,
    Column,
    most_frequent_separator,
    read_head,
)
from bidder.files.separator_line import stated_separator
from bidder.files.text import InvalidFile
from bidder.files.tree import Node, Position

_BETWEEN = "|"
_LISTS = frozenset({"categories", "competes_in", "attributes", "apis", "mimes", "include", "exclude", "all"})
"""The fields that are lists. In other fields a `|` is part of the text."""


def csv_list(values: Sequence[str]) -> str:
    """The spelling of a list of values in a cell."""
    return _BETWEEN.join(values)


def read_csv(lines: Iterator[str], name: str) -> Iterator[Node]:
    """The campaigns of a CSV file, each value at the line where its row begins, and the column of its cell's number.

    Raises InvalidFile.
    """
    rows = _rows(lines, name)
    line, head = next(rows, (1, []))
    columns = read_head(head, name, line)
    campaign: _Builder | None = None
    for line, row in rows:
        cells = _cells(row, columns, name, line)
        if (DOMAIN,) in cells.get("", {}):
            yield _advertiser(cells, name, line)
            continue
        identity = cells.get("", {}).get((ID,))
        if campaign is not None and (identity is None or identity.value == campaign.identity):
            campaign.add(cells)
            continue
        if campaign is not None:
            yield campaign.node()
        campaign = _Builder(name, Position(line, 1), identity and identity.value)
        campaign.add(cells)
    if campaign is not None:
        yield campaign.node()


def _rows(lines: Iterator[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, the head first, each with the number of its first line. Raises InvalidFile."""
    before, first = 0, next(lines)
    separator = None
    while first and (not first.strip() or stated_separator(first)):
        separator = separator or stated_separator(first)
        before, first = before + 1, next(lines, "")
    rows = csv.reader(chain([first], lines), delimiter=separator or most_frequent_separator(first), strict=True)
    line = before + 1
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                yield line, row
            line = before + rows.line_num + 1
    except csv.Error as error:
        msg = f"{name}:{line}: not CSV: {error} in the row that begins here; a quote in a cell is written twice"
        raise InvalidFile(msg) from None


_Fields = dict[Sequence[str], Node]
_Cells = dict[str, _Fields]


class _Creative(NamedTuple):
    """The fields of a creative, and of its renditions."""

    fields: _Fields
    media: list[_Fields]


def _cells(row: Sequence[str], columns: Sequence[Column | None], name: str, line: int) -> _Cells:
    """The cells that are not empty, by their owner and path. Raises InvalidFile for a cell without a column."""
    cells: _Cells = {}
    for number, text in enumerate(row, start=1):
        if not text.strip():
            continue
        column = columns[number - 1] if number <= len(columns) else None
        if column is None:
            problem = f"the head has no name for column {number}, which has {text.strip()[:40]!r} here"
            msg = f"{name}:{line}:{number}: {problem}: is a cell with a separator in it not in quotes?"
            raise InvalidFile(msg)
        where = Position(line, number)
        words = [Node(word.strip(), where) for word in text.split(_BETWEEN) if word.strip()]
        value = Node(words, where) if column.path[-1] in _LISTS else Node(text.strip(), where)
        cells.setdefault(column.owner, {})[column.path] = value
    return cells


def _advertiser(cells: _Cells, name: str, line: int) -> Node:
    """The limits of an advertiser. Raises InvalidFile if the row has cells of a campaign's parts too."""
    for owner in cells.keys() - {""}:
        path, value = next(iter(cells[owner].items()))
        problem = f"{owner}.{'.'.join(path)}: a row with a domain has the limits of an advertiser, and no {owner}"
        msg = f"{name}:{line}:{value.position.column}: {problem}"
        raise InvalidFile(msg)
    return _tree(cells[""], Position(line, 1))


class _Builder:
    """Builds a campaign from its rows."""

    def __init__(self, name: str, position: Position, identity: object) -> None:
        self.identity = identity
        self._name = name
        self._position = position
        self._fields: _Fields = {}
        self._creatives: list[_Creative] = []
        self._creative: _Creative | None = None
        self._deals: list[_Fields] = []

    def add(self, cells: _Cells) -> None:
        """Adds the cells of a row."""
        self._merge(self._fields, cells.get("", {}), "campaign")
        creative, media, deal = cells.get(CREATIVE), cells.get(MEDIA), cells.get(DEAL)
        if creative or (media and self._creative is None):
            self._creative = self._creative_of(creative or {})
            self._merge(self._creative.fields, creative or {}, "creative")
        if media and self._creative is not None:
            self._creative.media.append(media)
        if deal:
            self._merge(self._deal_of(deal), deal, "deal")

    def _creative_of(self, fields: _Fields) -> _Creative:
        """The creative with the id of a row, or the creative of the row before; a new one if there is none."""
        identity = _identity(fields)
        if identity is None and self._creative is not None:
            return self._creative
        for creative in self._creatives:
            if _identity(creative.fields) == identity:
                return creative
        self._creatives.append(_Creative({}, []))
        return self._creatives[-1]

    def _deal_of(self, fields: _Fields) -> _Fields:
        """The fields of the deal with the id of a row, or of a new deal."""
        identity = _identity(fields)
        for deal in self._deals:
            if identity is not None and _identity(deal) == identity:
                return deal
        self._deals.append({})
        return self._deals[-1]

    def _merge(self, fields: _Fields, more: _Fields, owner: str) -> None:
        """Adds the fields of a further row. Raises InvalidFile if a field differs from that of an earlier row."""
        for path, value in more.items():
            before = fields.setdefault(path, value)
            if before.plain() != value.plain():
                line, column = value.position
                problem = f"{'.'.join(path)} is not what line {before.position.line} has for the same {owner}"
                msg = f"{self._name}:{line}:{column}: {problem}"
                raise InvalidFile(msg)

    def node(self) -> Node:
        """The campaign as a node, like that of a YAML file."""
        campaign = _tree(self._fields, self._position)
        entries, positions = _entries(campaign)
        creatives = [_creative_node(creative, self._position) for creative in self._creatives]
        for key, items in (("creatives", creatives), ("deals", [_tree(deal, self._position) for deal in self._deals])):
            if items:
                entries[key], positions[key] = Node(items, items[0].position), items[0].position
        return Node(entries, self._position, positions)


def _creative_node(creative: _Creative, where: Position) -> Node:
    node = _tree(creative.fields, where)
    entries, positions = _entries(node)
    if creative.media:
        items = [_tree(file, where) for file in creative.media]
        entries["media"], positions["media"] = Node(items, items[0].position), items[0].position
    return Node(entries, node.position, positions)


def _tree(fields: _Fields, where: Position) -> Node:
    """A node of the fields by their paths. Its position is that of its first field."""
    inner: dict[str, _Fields] = {}
    entries: dict[str, Node] = {}
    for path, value in fields.items():
        if len(path) == 1:
            entries[path[0]] = value
        else:
            inner.setdefault(path[0], {})[tuple(path[1:])] = value
    entries |= {key: _tree(below, where) for key, below in inner.items()}
    positions = {key: entry.position for key, entry in entries.items()}
    return Node(entries, min(positions.values(), default=where), positions)


def _entries(node: Node) -> tuple[dict[str, Node], dict[str, Position]]:
    return (dict(node.value) if isinstance(node.value, dict) else {}), dict(node.key_positions)


def _identity(fields: _Fields) -> object:
    identity = fields.get((ID,))
    return identity and identity.value
