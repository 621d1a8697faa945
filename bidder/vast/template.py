"""Markup templates: markup that is rendered once, with marks for the values of each answer.

A mark is a name between two characters of Unicode's Supplementary Private Use Area-A, which XML and JSON hold as they
are. Texts do not have them, unlike the characters from U+E000 on, which fonts use for icons and emoji.
"""

import re
from collections.abc import Mapping

_OPEN, _CLOSE = "\U000f1ad0", "\U000f1ad1"
_MARKS = re.compile(f"{_OPEN}([A-Za-z0-9]+){_CLOSE}")


def mark(name: str) -> str:
    """The mark of the value with this name, which consists of letters and digits."""
    return f"{_OPEN}{name}{_CLOSE}"


class Template:
    """Markup with marks."""

    __slots__ = ("_names", "_parts")

    def __init__(self, markup: str) -> None:
        self._parts = _MARKS.split(markup)
        self._names = self._parts[1::2]

    def markup_with_marks(self) -> str:
        """The markup with its marks."""
        return self.fill({name: mark(name) for name in self._names})

    def fill(self, values: Mapping[str, str]) -> str:
        """The markup with the value of each name in place of its marks. Values are escaped for XML or JSON already."""
        parts = self._parts.copy()
        parts[1::2] = map(values.__getitem__, self._names)
        return "".join(parts)
