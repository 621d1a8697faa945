"""The field types that campaigns, creatives and their parts share."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from bidder import normal_forms

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_URL = r"^https?://[^\s<>\"]+$"
_SECURE_URL = r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])[^\s<>\"]+$"
_VIDEO = r"^video/[a-z0-9.+-]+$"
_IMAGE = r"^image/[a-z0-9.+-]+$"
_DOMAIN = r"^[a-z0-9.-]+\.[a-z0-9-]+$"
_LANGUAGE = r"^[a-z]{2}$"
A_ZONE = "a zone of the IANA database, such as Europe/Berlin"
_ZONE = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"
WINDOW_PATTERN = r"^(hour|day|week|month|lifetime|[1-9][0-9]{0,6}[smhd])$"
GAP_PATTERN = r"^[1-9][0-9]{0,6}[smhd]$"
X_PATTERN = r"^(\d{1,5}|left|right)$"
Y_PATTERN = r"^(\d{1,5}|top|bottom)$"

PATTERNS = {
    ID_PATTERN: "an id: letters, digits, dot, underscore and hyphen, 64 at most, and a letter or digit first",
    _URL: "a URL that begins with http:// or https:// and has no blanks",
    _SECURE_URL: "a URL that begins with https:// and has no blanks",
    _VIDEO: "a type of video, such as video/mp4",
    _IMAGE: "a type of picture, such as image/png",
    _DOMAIN: "a domain, such as shop.example",
    _LANGUAGE: "a language of ISO 639-1, such as en",
    _ZONE: A_ZONE,
    WINDOW_PATTERN: "hour, day, week, month, lifetime, or a number and a unit (s, m, h, d) such as 6h",
    GAP_PATTERN: "a number and a unit (s, m, h, d), such as 30m",
    X_PATTERN: "left, right or a number of pixels",
    Y_PATTERN: "top, bottom or a number of pixels",
}
"""The description of each pattern, for error messages."""

Id = Annotated[str, Field(pattern=ID_PATTERN)]
"""An id that this bidder assigns. It is used in URLs, keys and metrics, so its characters are limited."""


def is_id(text: str) -> bool:
    """Whether the text may be such an id."""
    return re.fullmatch(ID_PATTERN, text) is not None


HttpUrl = Annotated[str, Field(pattern=_URL, max_length=2048)]

SecureUrl = Annotated[str, Field(pattern=_SECURE_URL, max_length=2048)]
"""A URL that every page may load: over https, or from the same machine (W3C Secure Contexts, section 3.1)."""


def _domain(value: object) -> object:
    return _converted(normal_forms.domain, value)


def _bundle(value: object) -> object:
    return _converted(normal_forms.bundle, value)


def _mime(value: object) -> object:
    return _converted(normal_forms.mime, value)


def _language(value: object) -> object:
    return _converted(normal_forms.language, value)


def _category(value: object) -> object:
    """Ids of Content Taxonomy 1.0 are sent in capitals, as the standard has them; the others as they were written."""
    return _converted(lambda text: normal_forms.category(text) if text[:3].upper() == "IAB" else text, value)


def _converted(normal_form: Callable[[str], str], value: object) -> object:
    """The normal form of a text or a number. The type of the field refuses a mapping and a list."""
    return value if isinstance(value, Mapping | list | tuple) else normal_form(str(value).strip())


Domain = Annotated[str, Field(pattern=_DOMAIN), BeforeValidator(_domain)]
Bundle = Annotated[str, BeforeValidator(_bundle)]
Category = Annotated[str, Field(min_length=1), BeforeValidator(_category)]
Language = Annotated[str, Field(pattern=_LANGUAGE), BeforeValidator(_language)]
VideoMime = Annotated[str, Field(pattern=_VIDEO), BeforeValidator(_mime)]
ImageMime = Annotated[str, Field(pattern=_IMAGE), BeforeValidator(_mime)]

Pixels = Annotated[int, Field(gt=0, le=16384)]

Zone = Annotated[str, Field(pattern=_ZONE)]
"""The name of a time zone of the IANA database."""
