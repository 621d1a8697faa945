"""Macros that nobody replaced: a parameter that holds one says nothing."""

import re
from urllib.parse import unquote

_MACRO = re.compile(
    r"""\[[^\[\]]+\]        # [PAGEURL], VAST 3 and later
      | %%[^%]+%%           # %%PAGE_URL%%
      | \$\{[^{}]+\}        # ${PAGE_URL}
      | \{\{[^{}]+\}\}      # {{page_url}}
      | \{[^{}]+\}          # {page_url}
      | __[^_].*__          # __PAGE_URL__
    """,
    re.VERBOSE | re.DOTALL,
)
_UNKNOWN = frozenset({"-1", "-2"})
"""The texts of players for a macro that the player cannot or may not replace (VAST 4.3, section 6.1)."""


def is_unresolved(text: str) -> bool:
    """Whether the text is one macro as it stood in the tag, of any style; some players escape it once more."""
    text = text.strip()
    return _MACRO.fullmatch(text) is not None or ("%" in text and _MACRO.fullmatch(unquote(text)) is not None)


def is_unknown(text: str) -> bool:
    """Whether a player says that it has no value for the macro, or does not share it."""
    return text.strip() in _UNKNOWN
