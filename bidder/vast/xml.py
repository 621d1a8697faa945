"""Escapes text for XML 1.0.

Characters that XML 1.0 does not allow are dropped. An XML parser reads back every other character unchanged.
"""

# Without these references, a parser turns a carriage return into a newline, and all three into spaces in an attribute.
_WHITESPACE = str.maketrans({"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def text(value: str) -> str:
    """`value` escaped as the content of an element or of a quoted attribute."""
    # Almost every value is printable, and this test is several times faster than a search.
    if value.isprintable():
        return _escape(value)
    return _escape(_legal(value)).translate(_WHITESPACE)


def cdata(value: str) -> str:
    """A URL as a CDATA section, which players expect around URLs."""
    return f"<![CDATA[{in_cdata(value)}]]>"


def in_cdata(value: str) -> str:
    """`value` escaped for a CDATA section, which may hold other text too."""
    if not value.isprintable():
        value = _legal(value)
    if "]]>" in value or "\r" in value:
        value = value.replace("]]>", "]]]]><![CDATA[>").replace("\r", "]]>&#13;<![CDATA[")
    return value


def _escape(value: str) -> str:
    # html.escape imports a table of all entities, which takes 1 ms of a cold start.
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace('"', "&quot;").replace("'", "&#x27;")


def _legal(value: str) -> str:
    """The characters of `value` that XML 1.0 allows (section 2.2)."""
    # This is no regular expression, since compiling one takes 3 ms of a cold start.
    return "".join(
        char
        for char in value
        if " " <= char <= "\ud7ff" or char in "\t\n\r" or "\ue000" <= char <= "\ufffd" or char >= "\U00010000"
    )
