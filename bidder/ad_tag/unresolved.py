"""Recognizes values without information: macros that no one replaced, and a player's codes for "no value"."""

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
"""The values by which a player states that it cannot or may not replace a macro (VAST 4.3, section 6.1)."""


def is_unresolved(text: str) -> bool:
    """Whether the text is an unreplaced macro, in the syntax of any ad server. Some players percent-encode it again."""
    text = text.strip()
    return _MACRO.fullmatch(text) is not None or ("%" in text and _MACRO.fullmatch(unquote(text)) is not None)


def is_unknown(text: str) -> bool:
    """Whether the text is a player's code for an unknown or withheld value."""
    return text.strip() in _UNKNOWN
