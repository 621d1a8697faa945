"""Markup that is rendered once, with marks where the values of each answer go.

A mark is a name between two characters of Unicode's private use area, which XML holds as they are.
"""

import re
from collections.abc import Mapping

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = re.compile(f"{_OPEN}([A-Za-z0-9]+){_CLOSE}")


def mark(name: str) -> str:
    """Where the value of this name, a word of letters and digits, is to be filled in."""
    return f"{_OPEN}{name}{_CLOSE}"


class Template:
    """Markup with marks in it, taken apart at them."""

    __slots__ = ("_names", "_parts")

    def __init__(self, markup: str) -> None:
        self._parts = _MARKS.split(markup)
        self._names = self._parts[1::2]

    def fill(self, values: Mapping[str, str]) -> str:
        """The markup with the value of each name, which has to be fit for XML, in place of its marks."""
        parts = self._parts.copy()
        parts[1::2] = map(values.__getitem__, self._names)
        return "".join(parts)
