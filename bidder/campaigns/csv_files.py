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

from bidder.campaigns.targeting import ATTRIBUTES, AttributeRule
from bidder.files.text import InvalidFile
from bidder.files.tree import Node, Position

_BETWEEN = "|"
_SEPARATORS = ",;\t"
"""The possible separators of cells. The most frequent one in the header is used."""

_ID, _DOMAIN = "id", "domain"
_CREATIVE, _MEDIA, _DEAL = "creative", "media", "deal"
_LISTS = frozenset({"categories", "competes_in", "attributes", "apis", "mimes", "include", "exclude", "all"})
"""The fields that are lists. In other fields a `|` is part of the text."""


class _Column(NamedTuple):
    """The owner of a column's cells (campaign, creative, rendition or deal), and the path of the field in it."""

    owner: str
    path: Sequence[str]


def read_csv(lines: Iterator[str], name: str) -> Iterator[Node]:
    """The campaigns of a CSV file, each value at the line and the column of its cell's number.

    Raises InvalidFile.
    """
    first = next(lines, "")
    while not first.strip():
        first = next(lines)
    rows = csv.reader(chain([first], lines), delimiter=_separator(first), strict=True)
    try:
        head = next(rows)
        columns = _columns(head, name, rows.line_num)
        campaign: _Builder | None = None
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(head):
                msg = f"{name}:{rows.line_num}: has {len(row)} cells, the head {len(head)}: is a comma not in quotes?"
                raise InvalidFile(msg)
            cells = _cells(row, columns, rows.line_num)
            if (_DOMAIN,) in cells.get("", {}):  # the limits of an advertiser
                yield _tree(cells[""], Position(rows.line_num, 1))
                continue
            identity = cells.get("", {}).get((_ID,))
            if campaign is not None and (identity is None or identity.value == campaign.identity):
                campaign.add(cells)
                continue
            if campaign is not None:
                yield campaign.node()
            campaign = _Builder(name, Position(rows.line_num, 1), identity and identity.value)
            campaign.add(cells)
        if campaign is not None:
            yield campaign.node()
    except csv.Error as error:
        msg = f"{name}:{rows.line_num}: not CSV: {error}"
        raise InvalidFile(msg) from None


def is_csv(first_line: str, name: str) -> bool:
    """Whether a file is CSV, by its name or its first line."""
    cells = [cell.strip().strip('"') for cell in first_line.split(_separator(first_line))]
    return name.lower().endswith((".csv", ".tsv")) or (len(cells) > 2 and _ID in cells)


def _separator(head: str) -> str:
    return max(_SEPARATORS, key=head.count)


def _columns(head: Sequence[str], name: str, number: int) -> list[_Column]:
    columns = []
    for cell in head:
        path = cell.strip().split(".")
        if not all(path):
            msg = f"{name}:{number}: a column of the head has no name: {cell[:40]!r}"
            raise InvalidFile(msg)
        if path[0] in ATTRIBUTES and path[-1] in AttributeRule.model_fields:  # short for `targeting.country.include`
            path = ["targeting", *path]
        owner = path[0] if path[0] in {_CREATIVE, _MEDIA, _DEAL} and len(path) > 1 else ""
        columns.append(_Column(owner, tuple(path[1:] if owner else path)))
    repeated = sorted({cell for cell in head if head.count(cell) > 1})
    if repeated:
        msg = f"{name}:{number}: {', '.join(repeated)[:80]}: in the head more than once"
        raise InvalidFile(msg)
    if _Column("", (_ID,)) not in columns:
        msg = f"{name}:{number}: the head has no column id"
        raise InvalidFile(msg)
    return columns


_Cells = dict[str, dict[Sequence[str], Node]]


def _cells(row: Sequence[str], columns: Sequence[_Column], number: int) -> _Cells:
    """The cells that are not empty, by their owner and path."""
    cells: _Cells = {}
    for column, (text, (owner, path)) in enumerate(zip(row, columns, strict=False), start=1):
        if text.strip():
            where = Position(number, column)
            words = [Node(word.strip(), where) for word in text.split(_BETWEEN) if word.strip()]
            value = Node(words, where) if path[-1] in _LISTS else Node(text.strip(), where)
            cells.setdefault(owner, {})[path] = value
    return cells


class _Builder:
    """Builds a campaign from its rows."""

    def __init__(self, name: str, position: Position, identity: object) -> None:
        self.identity = identity
        self._name = name
        self._position = position
        self._fields: dict[Sequence[str], Node] = {}
        self._creatives: list[tuple[dict[Sequence[str], Node], list[dict[Sequence[str], Node]]]] = []
        self._deals: list[dict[Sequence[str], Node]] = []

    def add(self, cells: _Cells) -> None:
        """Adds the cells of a row."""
        self._merge(self._fields, cells.get("", {}), "campaign")
        creative, media, deal = cells.get(_CREATIVE), cells.get(_MEDIA), cells.get(_DEAL)
        if creative and (not self._creatives or _named(creative) not in {None, _named(self._creatives[-1][0])}):
            self._creatives.append(({}, []))
        if creative:
            self._merge(self._creatives[-1][0], creative, "creative")
        if media:
            if not self._creatives:
                self._creatives.append(({}, []))
            self._creatives[-1][1].append(media)
        if deal and _named(deal) not in map(_named, self._deals):
            self._deals.append(deal)

    def _merge(self, held: dict[Sequence[str], Node], more: dict[Sequence[str], Node], owner: str) -> None:
        """Adds the fields of a further row. Raises InvalidFile if a field differs from that of an earlier row."""
        for path, value in more.items():
            before = held.setdefault(path, value)
            if before.plain() != value.plain():
                line, column = value.position
                problem = f"{'.'.join(path)} is not what line {before.position.line} has for the same {owner}"
                msg = f"{self._name}:{line}:{column}: {problem}"
                raise InvalidFile(msg)

    def node(self) -> Node:
        """The campaign as a node, like that of a YAML file."""
        campaign = _tree(self._fields, self._position)
        entries, positions = _entries(campaign)
        creatives = [_creative(fields, media, self._position) for fields, media in self._creatives]
        for key, items in (("creatives", creatives), ("deals", [_tree(deal, self._position) for deal in self._deals])):
            if items:
                entries[key], positions[key] = Node(items, items[0].position), items[0].position
        return Node(entries, self._position, positions)


def _creative(fields: dict[Sequence[str], Node], media: Sequence[dict[Sequence[str], Node]], where: Position) -> Node:
    creative = _tree(fields, where)
    entries, positions = _entries(creative)
    if media:
        items = [_tree(file, where) for file in media]
        entries["media"], positions["media"] = Node(items, items[0].position), items[0].position
    return Node(entries, creative.position, positions)


def _tree(fields: dict[Sequence[str], Node], where: Position) -> Node:
    """A node of the fields by their paths. Its position is that of its first field."""
    inner: dict[str, dict[Sequence[str], Node]] = {}
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


def _named(fields: dict[Sequence[str], Node]) -> object:
    identity = fields.get((_ID,))
    return identity and identity.value
