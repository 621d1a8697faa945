"""Lenient parsing: repairs a request that does not fit the models, where the repair changes no term of the sale.

A wrong value is removed, as if the sender had left the field out. A list longer than its limit keeps its first items.
A wrong value is a fault if its removal would change the terms of the sale or lose a privacy signal. Before that, text
that is not valid Unicode is repaired, so that a JSON parser can read the body.
"""

import re
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

REPLACEMENT = "\ufffd"
"""The replacement character for unreadable bytes (Unicode Standard, section 5.22)."""

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape: a pair of surrogates, a lone surrogate (group 1), or any other, an escaped backslash included."""

_CONTROL = bytes(code if code >= 0x20 else 0x20 for code in range(256))

TERMS = frozenset(
    {"", "imp", "imp.video", "imp.video.durfloors", "imp.qty", "imp.pmp", "imp.pmp.deals"}
    | {"imp.pmp.deals.durfloors", "regs", "regs.dsa", "regs.ext", "regs.ext.dsa"}
)
"""The objects whose fields are terms of the sale, by their path without indices."""

BINDING_SIGNALS = frozenset({"device.dnt", "device.lmt", "device.ext.atts", "user.consent", "user.ext.consent"})
"""Privacy signals in objects whose other fields are no terms of the sale."""

DESCRIPTIVE_FIELDS = frozenset(
    {"tmax", "imp.displaymanager", "imp.displaymanagerver", "imp.dt", "imp.exp", "imp.tagid"}
    | {"imp.instl", "imp.qty.sourcetype", "imp.qty.vendor", "imp.ext", "imp.video.ext"}
    | {"imp.video.companionad", "imp.video.companiontype", "imp.video.placement", "imp.video.plcmt", "imp.video.pos"}
    | {"imp.video.playbackmethod", "imp.video.playbackend", "imp.video.boxingallowed"}
    | {"imp.video.sequence", "imp.video.podseq"}
)
"""Fields of the objects in `TERMS` that are no terms of the sale: they only describe the impression."""

FLOORS = frozenset({"imp.video.durfloors", "imp.pmp.deals.durfloors"})
"""Lists whose items may not be left out: without an item, ads of its length would have a lower floor."""

SIGNALS = frozenset(
    {"regs.gpp", "regs.us_privacy", "regs.ext.gpp", "regs.ext.us_privacy", "user.consent", "user.ext.consent"}
)
"""The texts of privacy signals."""

_NUMBER = re.compile(r"-?\d+")
_NUMBERS = re.compile(r"[\s\[]*-?\d+(?:[\s,;|_]+-?\d+)*[\s\]]*")

# Senders write these values for an absent value of any type.
_BLANKS = " \t\r\n,"
_EMPTY_VALUES: tuple[object, ...] = (None, "", [], {})


def mend_text(body: bytes) -> bytes:
    """The body in UTF-8 without a byte order mark.

    `REPLACEMENT` replaces bytes that are not UTF-8 (text in another encoding, or cut within a character) and lone
    surrogates (text cut within an emoji). Blanks replace control characters.
    """
    text = body.removeprefix(_BOM).translate(_CONTROL).decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], text)


def mend(document: Any, error: "ErrorDetails") -> bool:
    """Changes `document`, decoded JSON, so that `error` does not occur again. Returns False if the error is a fault.

    The caller mends the errors of one validation from last to first, since removing an item moves the later items.
    """
    if error["type"] == "missing" or not error["loc"]:
        return False
    *parents, key = error["loc"]
    parent = document
    for step in parents:
        parent = parent[step]
    value = parent[key]
    path = field_path(error["loc"])
    if error["type"] == "too_long" and path not in FLOORS:
        del value[error["ctx"]["max_length"] :]
    elif error["type"] == "string_too_long" and path in SIGNALS:
        parent[key] = REPLACEMENT  # unreadable as a signal, so the request is restricted
    elif value in _EMPTY_VALUES or (isinstance(value, str) and not value.strip(_BLANKS)):
        del parent[key]
    elif error["type"] == "tuple_type" and isinstance(value, str | int | float):
        parent[key] = _NUMBER.findall(value) if _is_numbers(value) else [value]
    elif isinstance(parent, list) and error["type"] == "int_parsing" and _is_numbers(value):
        position = parent.index(value)
        parent[position : position + 1] = _NUMBER.findall(value)
    elif error["type"] == "int_from_float":
        parent[key] = int(value)
    elif _is_binding(path):
        return False
    else:
        del parent[key]
    return True


def _is_numbers(value: object) -> TypeGuard[str]:
    """Whether a text is a list of numbers: `7,8`, `[7, 8]`, `7_8`."""
    return isinstance(value, str) and _NUMBERS.fullmatch(value) is not None


def field_path(loc: tuple[int | str, ...]) -> str:
    """The path of a field without indices, such as `imp.pmp.deals`."""
    return ".".join(step for step in loc if isinstance(step, str))


def _is_binding(path: str) -> bool:
    return path in BINDING_SIGNALS or (path.rpartition(".")[0] in TERMS and path not in DESCRIPTIVE_FIELDS)
