"""The field types that campaigns, creatives and their parts share."""

from typing import Annotated

from pydantic import BeforeValidator, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id of ours: in URLs, keys and metrics, so letters, digits, dot, underscore and hyphen."""

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$", max_length=2048)]

SecureUrl = Annotated[
    str,
    Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])[^\s<>\"]+$", max_length=2048),
]
"""What every page may load: over https, or from this machine itself (W3C Secure Contexts, section 3.1)."""


def _lower(value: object) -> str:
    return str(value).lower()


VideoMime = Annotated[str, BeforeValidator(_lower), Field(pattern=r"^video/[a-z0-9.+-]+$")]
ImageMime = Annotated[str, BeforeValidator(_lower), Field(pattern=r"^image/[a-z0-9.+-]+$")]

Pixels = Annotated[int, Field(gt=0, le=16384)]
