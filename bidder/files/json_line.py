"""Reads JSON Lines without loss: a number stays its text, and a repeated key is an error."""

import json
from typing import Any, NoReturn

from bidder.files.text import InvalidFile
from bidder.files.tree import Node, Position
from bidder.files.yaml_tree import MAX_LEVELS, read_yaml


class _GivenTwice(ValueError):
    """An object has the same key twice; the message is the key."""


def read_json_line(line: str, name: str, number: int) -> dict[str, Any]:
    """The object in one line of a JSON Lines file, its numbers as texts.

    `name` and `number` are the file's name and the line's number. Raises InvalidFile, with line and column.
    """
    try:
        document = json.loads(
            line, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_no_number
        )
    except _GivenTwice as error:
        tree_of_line(line, name, number)  # raises with the column of the key
        msg = f"{name}:{number}: {str(error)[:60]} is given twice: give it once"
        raise InvalidFile(msg) from None
    except json.JSONDecodeError as error:
        msg = f"{name}:{number}:{error.colno}: not JSON: {error.msg}"
        raise InvalidFile(msg) from None
    except RecursionError:
        raise InvalidFile(_too_deep(name, number)) from None
    except ValueError as error:
        msg = f"{name}:{number}: not JSON: {error}"
        raise InvalidFile(msg) from None
    if not isinstance(document, dict):
        msg = f"{name}:{number}:1: a line is one object, in braces"
        raise InvalidFile(msg)
    # Counting brackets first is cheaper: most lines have too few of them to exceed the limit.
    if line.count("[") + line.count("{") > MAX_LEVELS and _levels(document) > MAX_LEVELS:
        raise InvalidFile(_too_deep(name, number))
    return document


def tree_of_line(line: str, name: str, number: int) -> Node:
    """The object in one line as a tree with positions, read as YAML, which includes JSON. Raises InvalidFile."""
    return read_yaml(line, name, number)


def without_positions(number: int) -> Node:
    """A tree for a line whose number is its only known position."""
    return Node(None, Position(number, 1))


def _levels(document: object) -> int:
    """The depth of nested arrays and objects."""
    levels, layer = 0, [document]
    while layer:
        nested = [node for node in layer if isinstance(node, list | dict)]
        levels += bool(nested)
        layer = [item for node in nested for item in (node.values() if isinstance(node, dict) else node)]
    return levels


def _too_deep(name: str, number: int) -> str:
    return f"{name}:{number}: more than {MAX_LEVELS} arrays and objects inside each other"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        keys: set[str] = set()
        for key, _ in pairs:
            if key in keys:
                raise _GivenTwice(key)
            keys.add(key)
    return entries


def _no_number(text: str) -> NoReturn:
    msg = f"{text} is not a JSON number"
    raise ValueError(msg)
