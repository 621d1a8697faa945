"""The line `sep=;` that spreadsheets write before a table to state its separator."""

import re

SEPARATORS = ",;\t"
"""The possible separators of cells."""
_STATED = re.compile(rf'"?sep=([{SEPARATORS}])"?[{SEPARATORS}]*', re.IGNORECASE)


def stated_separator(line: str) -> str | None:
    """The separator that a line such as `sep=;` states, or None for any other line."""
    match = _STATED.fullmatch(line.rstrip("\r\n"))
    return match and match[1]
