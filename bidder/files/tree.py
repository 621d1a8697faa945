"""The values of a file as a tree of nodes, each with its line and its column."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Position(NamedTuple):
    """A line and a column of a file, both counted from 1."""

    line: int
    column: int


class Node:
    """A value of a file: None, a text as the file spells it, a list of nodes, or a mapping of texts to nodes.

    `size` is the number of nodes in its subtree, including itself; a repeated YAML anchor counts each time.
    `key_positions` holds the position of each key of a mapping.
    """

    __slots__ = ("is_quoted", "key_positions", "position", "size", "value")

    def __init__(
        self,
        value: "str | bool | list[Node] | dict[str, Node] | None",
        position: Position,
        key_positions: Mapping[str, Position] | None = None,
        *,
        is_quoted: bool = False,
    ) -> None:
        self.value = value
        self.position = position
        self.is_quoted = is_quoted
        self.key_positions = key_positions or {}
        items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        self.size: int = 1 + sum(item.size for item in items)

    def plain(self) -> object:
        """The value in Python's own types, with scalars as texts: a schema converts each by its field."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value

    def core(self) -> object:
        """The value with scalars converted by the YAML 1.2 core schema (section 10.3), for data without a schema."""
        if isinstance(self.value, list):
            return [item.core() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.core() for key, item in self.value.items()}
        return self.value if self.is_quoted or not isinstance(self.value, str) else _core(self.value)


def _core(text: str) -> object:
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


def position_of(node: Node, path: Sequence[int | str]) -> Position:
    """The position of the key or list item that a path leads to, or of the last one on the path that the file has."""
    position = node.position
    for step in path:
        if isinstance(node.value, dict) and str(step) in node.value:
            position = node.key_positions[str(step)]
            node = node.value[str(step)]
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            position = node.position
        else:
            break
    return position
