"""Reads YAML without loss: a scalar stays its text, and the schema of the field converts the text.

So `NO` can be a country and `1.10` a price. Only `null`, `~` and an empty scalar are null, as in the YAML 1.2 core
schema. A repeated key, an unknown tag and a second document are errors.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import yaml  # only commands use it: PyYAML does not ship to Lambda

from bidder.files.text import InvalidFile
from bidder.files.tree import Node, Position

MAX_LEVELS = 100
"""The deepest nesting of lists and mappings."""
MAX_REPEATED = 1_000_000
"""The most values that aliases may repeat. Without a limit, nine lines could expand to a billion values."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE = "<<"
_TAGS = frozenset({f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")})
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str, name: str, first_line: int = 1) -> Node:
    """The tree of a text of one YAML document; JSON is YAML too. Raises InvalidFile, with line and column.

    `first_line` is the number of the text's first line in its file.
    """
    composer = _Composer(name, first_line)
    try:
        root = composer.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = composer.position(mark) if mark else Position(first_line, 1)
        begun = f" that begins in line {composer.position(error.context_mark).line}" if error.context_mark else ""
        problem = f"{error.problem}{f', {error.context}{begun}' if error.context else ''}"
        raise composer.wrong(where, f"not YAML: {problem}") from None
    except yaml.YAMLError as error:
        msg = f"{name}: not YAML: {str(error).splitlines()[0]}"
        raise InvalidFile(msg) from None
    if composer.repeated_keys:
        raise InvalidFile("\n".join(map(str, composer.repeated_keys)))
    return root


class _Composer:
    """Builds nodes from a YAML parser's events."""

    def __init__(self, name: str, first_line: int) -> None:
        self._name = name
        self._first_line = first_line
        self._anchors: dict[str, Node] = {}
        self._repeated = 0
        self.repeated_keys: list[InvalidFile] = []

    def position(self, mark: Any) -> Position:
        return Position(mark.line + self._first_line, mark.column + 1)

    def wrong(self, position: Position, message: str) -> InvalidFile:
        return InvalidFile(f"{self._name}:{position.line}:{position.column}: {message}")

    def document(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.wrong(self.position(event.start_mark), "a second document: a file must have only one")
                root = self._node(next(events), events, 0)
        if root is None:
            msg = f"{self._name}: is empty"
            raise InvalidFile(msg)
        return root

    def _node(self, event: Any, events: Iterator[Any], level: int) -> Node:
        where = self.position(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), where)
        if event.tag and event.tag not in _TAGS:
            raise self.wrong(where, f"the tag {event.tag} is not known: leave it out")
        if level == MAX_LEVELS:
            raise self.wrong(where, f"more than {MAX_LEVELS} lists and mappings inside each other")
        if isinstance(event, yaml.ScalarEvent):
            is_null = event.value in _NULLS and event.implicit[0]
            node = Node(None if is_null else event.value, where, is_quoted=not event.implicit[0])
        elif isinstance(event, yaml.SequenceStartEvent):
            items = _until(events, yaml.SequenceEndEvent)
            node = Node([self._node(item, events, level + 1) for item in items], where)
        else:
            node = self._mapping(where, events, level)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _mapping(self, where: Position, events: Iterator[Any], level: int) -> Node:
        entries: dict[str, Node] = {}
        positions: dict[str, Position] = {}
        merged: list[Node] = []
        for event in _until(events, yaml.MappingEndEvent):
            at = self.position(event.start_mark)
            if not isinstance(event, yaml.ScalarEvent):
                raise self.wrong(at, "a key must be a text, not a list, a mapping or an alias")
            value = self._node(next(events), events, level + 1)
            if event.value == _MERGE and event.implicit[0]:
                merged.append(value)
                continue
            if event.value in entries:
                first = positions[event.value].line
                problem = f"{_short(event.value)} is given twice, first in line {first}: give it once"
                self.repeated_keys.append(self.wrong(at, problem))
                continue
            entries[event.value], positions[event.value] = value, at
        for base in chain.from_iterable(
            source.value if isinstance(source.value, list) else [source] for source in merged
        ):
            if not isinstance(base.value, dict):
                raise self.wrong(base.position, f"{_MERGE} takes a mapping")
            for key, value in base.value.items():
                if key not in entries:
                    entries[key], positions[key] = value, base.key_positions[key]
        return Node(entries, where, positions)

    def _alias(self, anchor: str, where: Position) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            raise self.wrong(where, f"*{_short(anchor)} comes before the end of &{_short(anchor)}, or without it")
        self._repeated += node.size
        if self._repeated > MAX_REPEATED:
            raise self.wrong(where, f"aliases repeat more than {MAX_REPEATED:,} values")
        return node


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
