"""A regular expression of a module in the package, which is compiled at its first use.

`tools/slim.py` copies this file into the package, and `tools/patterns.py` makes the modules use it. A bid imports 53
expressions and uses a dozen; to compile the others takes 3 % of the time of the imports and the first bid.
"""

import re
from typing import Any

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


class Pattern:
    """A regular expression with the methods and attributes of `re.Pattern`."""

    def __init__(self, pattern: Any, flags: int = 0) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Compiles the expression. From then on, Python finds its methods in the instance."""
        compiled = re.compile(*self._source)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
