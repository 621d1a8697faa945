"""JSON as it is written: a number is its text, and a key that an object has twice is an error."""

import json
from typing import Any, NoReturn

from bidder.files.text import InvalidFile
from bidder.files.tree import Node, Position
from bidder.files.yaml_tree import MOST_LEVELS, read_yaml


class _GivenTwice(ValueError):
    """An object has this key twice."""


def read_json_line(line: str, name: str, number: int) -> dict[str, Any]:
    """The object of one line of a file, its numbers as texts. Raises InvalidFile, with line and column."""
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
    # Most lines have too few brackets to be deep, and need not be gone through.
    if line.count("[") + line.count("{") > MOST_LEVELS and _levels(document) > MOST_LEVELS:
        raise InvalidFile(_too_deep(name, number))
    return document


def tree_of_line(line: str, name: str, number: int) -> Node:
    """The same with positions, as far as YAML, of which JSON is a part, knows them. Raises InvalidFile."""
    return read_yaml(line, name, number)


def without_positions(number: int) -> Node:
    """Stands for a line whose positions are not known but for its number."""
    return Node(None, Position(number, 1))


def _levels(document: object) -> int:
    """How many arrays and objects are inside each other."""
    levels, layer = 0, [document]
    while layer:
        nested = [node for node in layer if isinstance(node, list | dict)]
        levels += bool(nested)
        layer = [item for node in nested for item in (node.values() if isinstance(node, dict) else node)]
    return levels


def _too_deep(name: str, number: int) -> str:
    return f"{name}:{number}: more than {MOST_LEVELS} arrays and objects inside each other"


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
