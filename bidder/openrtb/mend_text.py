"""Mends the text of a body that is not Unicode, so that it can be read as JSON."""

import re

MENDED = "\ufffd"
"""Stands for what could not be read (Unicode Standard, section 5.22)."""

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""A pair of surrogates; one alone, as a group; any other escape, among them a backslash's own."""

_CONTROL = bytes(code if code >= 0x20 else 0x20 for code in range(256))


def mend_text(body: bytes) -> bytes:
    """The body in UTF-8 without a byte order mark.

    `MENDED` stands for bytes that are not UTF-8 (a text that was cut within a character, or in another encoding) and
    for halves of surrogate pairs (one that was cut within an emoji); blanks stand for control characters.
    """
    text = body.removeprefix(_BOM).translate(_CONTROL).decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], text)
