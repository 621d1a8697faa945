"""What a file says, value by value, each with its line and its column."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Position(NamedTuple):
    """A line and a column of a file, both counted from 1."""

    line: int
    column: int


class Node:
    """A value of a file: None, a text as it is written, a list of nodes, or a mapping of texts to nodes.

    `size` is the number of its values, itself among them, with what anchors repeat. `key_positions` are those of a
    mapping's keys.
    """

    __slots__ = ("key_positions", "position", "size", "value")

    def __init__(
        self,
        value: "str | bool | list[Node] | dict[str, Node] | None",
        position: Position,
        key_positions: Mapping[str, Position] | None = None,
    ) -> None:
        self.value = value
        self.position = position
        self.key_positions = key_positions or {}
        items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        self.size: int = 1 + sum(item.size for item in items)

    def plain(self) -> object:
        """The value in Python's own types, for a schema to decide what each text is."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


def position_of(node: Node, path: Sequence[int | str]) -> Position:
    """Where a path of keys and indices leads, as far as the file has it: a key's own position, or a list item's."""
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
