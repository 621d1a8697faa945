"""The field types that campaigns, creatives and their parts share."""

from typing import Annotated

from pydantic import BeforeValidator, Field

_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_URL = r"^https?://[^\s<>\"]+$"
_SECURE_URL = r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])[^\s<>\"]+$"
_VIDEO = r"^video/[a-z0-9.+-]+$"
_IMAGE = r"^image/[a-z0-9.+-]+$"

PATTERNS = {
    _ID: "an id: letters, digits, dot, underscore and hyphen, 64 at most, and a letter or digit first",
    _URL: "a URL that begins with http:// or https:// and has no blanks",
    _SECURE_URL: "a URL that begins with https:// and has no blanks",
    _VIDEO: "a type of video, such as video/mp4",
    _IMAGE: "a type of picture, such as image/png",
}
"""What a text that has to match a pattern is, for messages."""

Id = Annotated[str, Field(pattern=_ID)]
"""An id of ours: in URLs, keys and metrics, so letters, digits, dot, underscore and hyphen."""

HttpUrl = Annotated[str, Field(pattern=_URL, max_length=2048)]

SecureUrl = Annotated[str, Field(pattern=_SECURE_URL, max_length=2048)]
"""What every page may load: over https, or from this machine itself (W3C Secure Contexts, section 3.1)."""


def lower(value: object) -> str:
    """What is no text yet becomes text too."""
    return str(value).lower()


VideoMime = Annotated[str, Field(pattern=_VIDEO), BeforeValidator(lower)]
ImageMime = Annotated[str, Field(pattern=_IMAGE), BeforeValidator(lower)]

Pixels = Annotated[int, Field(gt=0, le=16384)]
