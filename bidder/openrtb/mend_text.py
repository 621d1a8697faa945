"""Repairs the text of a body that is not valid Unicode, so that a JSON parser can read the body."""

import re

MENDED = "\ufffd"
"""The replacement character for unreadable bytes (Unicode Standard, section 5.22)."""

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape: a pair of surrogates, a lone surrogate (group 1), or any other, an escaped backslash included."""

_CONTROL = bytes(code if code >= 0x20 else 0x20 for code in range(256))


def mend_text(body: bytes) -> bytes:
    """The body in UTF-8 without a byte order mark.

    `MENDED` replaces bytes that are not UTF-8 (text in another encoding, or cut within a character) and lone surrogates
    (text cut within an emoji). Blanks replace control characters.
    """
    text = body.removeprefix(_BOM).translate(_CONTROL).decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], text)
